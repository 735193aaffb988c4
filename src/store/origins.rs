//! Origins that joined a story after it had one: recorded when an analysis run first reads them so, replayed by a rebuild.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};

use super::StoreError;
use super::read::TimeRange;
use crate::cluster::roles::StoryReading;
use crate::model::{ArticleId, StoryId, Timestamp};
use crate::view::SCHEMA;
use crate::view::provenance::OriginJoinedView;

/// Origins of a story, as its members' roles stand.
const PRESENT: &str = "
    SELECT e.article_id, e.outlet_id, e.seen_at, e.joined_at FROM analyzed_article d
    JOIN origin_event e ON e.article_id = d.article_id
    WHERE d.story_id = ?1 AND d.role IN ('original', 'own-confirmation')";

/// An origin of a story, as stored.
struct Present {
    article: ArticleId,
    outlet: Option<i64>,
    seen_at: Timestamp,
    has_joined: bool,
}

/// Records the origins of a story that were none before, and those that aren't its first, as of `now`; the roles of
/// `reading` are stored already.
pub(super) fn record(
    transaction: &Transaction<'_>,
    story: StoryId,
    reading: &StoryReading,
    now: Timestamp,
) -> Result<(), StoreError> {
    let origins: Vec<ArticleId> =
        reading.roles.iter().filter(|(_, role, _)| role.is_origin()).map(|(article, _, _)| *article).collect();
    if origins.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO origin_event (article_id, outlet_id, seen_at)
         SELECT id, outlet_id, ?2 FROM article WHERE id = ?1",
    )?;
    for article in &origins {
        insert.execute(params![article.0, now.0])?;
    }
    let mut statement = transaction.prepare_cached(PRESENT)?;
    let rows = statement.query_map([story.0], |row| {
        Ok(Present {
            article: ArticleId(row.get(0)?),
            outlet: row.get(1)?,
            seen_at: Timestamp(row.get(2)?),
            has_joined: row.get::<_, Option<i64>>(3)?.is_some(),
        })
    })?;
    let mut present: Vec<Present> = rows.collect::<Result<_, _>>()?;
    // Of several seen in one run the earliest is the first.
    let place = |article: ArticleId| origins.iter().position(|origin| *origin == article);
    present.sort_by_key(|origin| (origin.seen_at, place(origin.article), origin.article));
    let mut join = transaction.prepare_cached("UPDATE origin_event SET joined_at = ?2 WHERE article_id = ?1")?;
    let Some((first, later)) = present.split_first() else { return Ok(()) };
    let told = later.iter().filter(|origin| origin.has_joined).filter_map(|origin| origin.outlet);
    let mut known: BTreeSet<i64> = first.outlet.into_iter().chain(told).collect();
    for origin in later.iter().filter(|origin| !origin.has_joined) {
        if origin.outlet.is_none_or(|outlet| known.insert(outlet)) {
            join.execute(params![origin.article.0, now.0])?;
        }
    }
    Ok(())
}

/// The origins that joined a story within a range of time, by our clock, the latest first.
///
/// # Errors
/// When SQLite refuses.
pub fn joined(connection: &Connection, range: TimeRange) -> Result<Vec<OriginJoinedView>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT d.story_id, e.article_id, o.name, o.domain, e.joined_at, d.event_time, v.title
         FROM origin_event e JOIN analyzed_article d ON d.article_id = e.article_id
         JOIN version v ON v.id = d.version_id LEFT JOIN outlet o ON o.id = e.outlet_id
         WHERE e.joined_at BETWEEN ?1 AND ?2 AND d.role IN ('original', 'own-confirmation') AND d.story_id IS NOT NULL
         ORDER BY e.joined_at DESC, e.article_id DESC",
    )?;
    let rows = statement.query_map(params![range.first(), range.last()], |row| {
        Ok(OriginJoinedView {
            schema: SCHEMA,
            story: StoryId(row.get(0)?),
            article: ArticleId(row.get(1)?),
            outlet: row.get(2)?,
            outlet_domain: row.get(3)?,
            joined_at: Timestamp(row.get(4)?),
            event_time: Timestamp(row.get(5)?),
            title: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
