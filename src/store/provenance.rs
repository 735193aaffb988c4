//! The read side of who rests on whom: what happened in a story, what its texts tell differently, uncredited copies,
//! outlets in numbers.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::analysis;
use super::read::TimeRange;
use crate::attribution::RoleMark;
use crate::cluster::drift::{Drift, DriftText, drift};
use crate::cluster::marks;
use crate::cluster::origins::FirstReport;
use crate::cluster::roles::{self, StoryMember};
use crate::model::{ArticleId, OutletKind, StoryId, ThreadId, Timestamp};
use crate::view::provenance::{ClocksView, EventView, OutletStatsView, OutletView, UncreditedView, median};
use crate::view::{ArticleView, SCHEMA};

/// The clocks of one member.
///
/// # Errors
/// When SQLite refuses.
pub fn clocks(connection: &Connection, member: &ArticleView) -> Result<ClocksView, StoreError> {
    let polling_gap_s: Option<Option<i64>> = connection
        .prepare_cached(
            "SELECT e.first_seen_at - (SELECT max(p.started_at) FROM poll p
                                       WHERE p.feed_id = e.feed_id AND p.started_at < e.first_seen_at
                                         AND p.outcome IN ('new', 'unchanged')
                                         AND p.id < (SELECT max(q.id) FROM poll q WHERE q.feed_id = e.feed_id
                                                     AND q.started_at <= e.first_seen_at))
             FROM entry e WHERE e.article_id = ?1 ORDER BY e.first_seen_at, e.id LIMIT 1",
        )?
        .query_row([member.id.0], |row| row.get(0))
        .optional()?;
    Ok(ClocksView {
        published_at: member.published_at,
        updated_at: member.updated_at,
        first_seen_at: member.first_seen_at,
        polling_gap_s: polling_gap_s.flatten(),
    })
}

/// What happened in a story, in the order we saw it: origins that joined, headlines that changed, corrections.
///
/// # Errors
/// When SQLite refuses.
pub fn events(
    connection: &Connection,
    story: StoryId,
    members: &[ArticleView],
    role_marks: &[RoleMark],
) -> Result<Vec<EventView>, StoreError> {
    let read: Vec<StoryMember> = analysis::story_members(connection, story)?;
    let mut found = Vec::new();
    for (index, member) in read.iter().enumerate() {
        if let Some(of) = marks::corrected(&read, index, role_marks) {
            found.push(EventView {
                seen_at: member.first_seen_at,
                kind: "correction",
                article: member.article,
                of: Some(of),
                before: None,
                title: member.title.clone(),
            });
        }
    }
    let mut origins: Vec<&ArticleView> = members
        .iter()
        .filter(|member| matches!(member.role.as_deref(), Some("original" | "own-confirmation")))
        .collect();
    origins.sort_by_key(|member| (member.first_seen_at, member.event_time, member.id));
    let mut known = BTreeSet::new();
    for (index, origin) in origins.into_iter().enumerate() {
        if known.insert(origin.outlet_domain.clone()) && index > 0 {
            found.push(EventView {
                seen_at: origin.first_seen_at,
                kind: "origin-joined",
                article: origin.id,
                of: None,
                before: None,
                title: origin.title.clone().unwrap_or_default(),
            });
        }
    }
    let mut versions = connection
        .prepare_cached("SELECT seen_at, title FROM version WHERE article_id = ?1 AND title <> '' ORDER BY id")?;
    for member in members {
        let rows = versions.query_map([member.id.0], |row| Ok((Timestamp(row.get(0)?), row.get::<_, String>(1)?)))?;
        let titles: Vec<(Timestamp, String)> = rows.collect::<Result<_, _>>()?;
        for pair in titles.windows(2) {
            if let [(_, before), (seen_at, title)] = pair
                && before.trim() != title.trim()
            {
                found.push(EventView {
                    seen_at: *seen_at,
                    kind: "headline-changed",
                    article: member.id,
                    of: None,
                    before: Some(before.clone()),
                    title: title.clone(),
                });
            }
        }
    }
    found.sort_by(|a, b| (a.seen_at, a.article, a.kind).cmp(&(b.seen_at, b.article, b.kind)));
    Ok(found)
}

/// What the current texts of a story tell differently.
///
/// # Errors
/// When SQLite refuses.
pub fn story_drift(connection: &Connection, story: StoryId) -> Result<Vec<Drift>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.article_id, d.language, coalesce(v.title, '') || char(10) || coalesce(v.body, '')
         FROM analyzed_article d JOIN version v ON v.id = d.version_id WHERE d.story_id = ?1 ORDER BY d.article_id",
    )?;
    let rows = statement.query_map([story.0], |row| {
        Ok((ArticleId(row.get(0)?), row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?))
    })?;
    let texts: Vec<(ArticleId, Option<String>, String)> = rows.collect::<Result<_, _>>()?;
    let texts: Vec<DriftText<'_>> = texts
        .iter()
        .map(|(article, language, text)| DriftText { article: *article, language: language.as_deref(), text })
        .collect();
    Ok(drift(&texts))
}

/// The first report of all stories of a thread together.
///
/// # Errors
/// When SQLite refuses.
pub fn thread_first_report(
    connection: &Connection,
    thread: ThreadId,
    role_marks: &[RoleMark],
) -> Result<Option<FirstReport>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM story WHERE thread_id = ?1 ORDER BY id")?;
    let stories: Vec<StoryId> =
        statement.query_map([thread.0], |row| Ok(StoryId(row.get(0)?)))?.collect::<Result<_, _>>()?;
    let mut members = Vec::new();
    for story in stories {
        members.extend(analysis::story_members(connection, story)?);
    }
    members.sort_by_key(|member| (member.event_time, member.article));
    Ok(roles::read_story(&members, role_marks).first_report)
}

/// Lists articles with others' text or report and without a credit.
///
/// # Errors
/// When SQLite refuses.
pub fn uncredited(
    connection: &Connection,
    to: Option<&str>,
    from: Option<&str>,
    range: TimeRange,
) -> Result<Vec<UncreditedView>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT d.article_id, o.name, d.role, CAST(json_extract(d.role_evidence, '$.of') AS INTEGER), p.name,
                json_extract(d.role_evidence, '$.overlap'), v.title
         FROM analyzed_article d JOIN article a ON a.id = d.article_id JOIN version v ON v.id = d.version_id
         LEFT JOIN outlet o ON o.id = a.outlet_id
         JOIN article b ON b.id = CAST(json_extract(d.role_evidence, '$.of') AS INTEGER) LEFT JOIN outlet p ON p.id = b.outlet_id
         WHERE d.role IN ('copy-stripped', 'rewrite-without-credit') AND d.event_time BETWEEN ?3 AND ?4
           AND (?1 IS NULL OR p.domain = ?1 OR p.name = ?1 COLLATE NOCASE)
           AND (?2 IS NULL OR o.domain = ?2 OR o.name = ?2 COLLATE NOCASE)
         ORDER BY d.article_id",
    )?;
    let rows = statement.query_map(params![to, from, range.first(), range.last()], |row| {
        Ok(UncreditedView {
            schema: SCHEMA,
            article: ArticleId(row.get(0)?),
            outlet: row.get(1)?,
            role: row.get(2)?,
            of: ArticleId(row.get(3)?),
            of_outlet: row.get(4)?,
            overlap: row.get(5)?,
            title: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Outlets in numbers, those with most articles first; only one when `only` names it (name or domain).
///
/// # Errors
/// When SQLite refuses.
pub fn outlet_stats(
    connection: &Connection,
    only: Option<&str>,
    range: TimeRange,
) -> Result<Vec<OutletStatsView>, StoreError> {
    let mut statement = connection.prepare(
        // A day without a time of day and the moment of an import tell no delay.
        "WITH timed AS (
           SELECT d.article_id, d.story_id, d.event_time FROM analyzed_article d JOIN version v ON v.id = d.version_id
           WHERE d.event_time_basis = 'first-seen'
              OR (d.event_time_basis = 'published' AND v.published_precision IS NOT 'day')),
         first AS (SELECT story_id, min(event_time) AS at FROM timed GROUP BY story_id)
         SELECT o.domain, o.name, d.role, d.story_id, t.event_time, f.at, s.n_outlets
         FROM analyzed_article d JOIN article a ON a.id = d.article_id JOIN outlet o ON o.id = a.outlet_id
         LEFT JOIN story s ON s.id = d.story_id
         LEFT JOIN timed t ON t.article_id = d.article_id LEFT JOIN first f ON f.story_id = d.story_id
         WHERE d.event_time BETWEEN ?1 AND ?2 AND (?3 IS NULL OR o.domain = ?3 OR o.name = ?3 COLLATE NOCASE)
         ORDER BY d.event_time, d.article_id",
    )?;
    let mut rows = statement.query(params![range.first(), range.last(), only])?;
    let mut found: BTreeMap<String, OutletStatsView> = BTreeMap::new();
    let mut delays: BTreeMap<(String, i64), i64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let domain: String = row.get(0)?;
        let stats = found.entry(domain.clone()).or_default();
        (stats.schema, stats.outlet, stats.domain) = (SCHEMA, row.get(1)?, domain.clone());
        stats.articles += 1;
        match row.get::<_, Option<String>>(2)?.as_deref() {
            Some("original" | "own-confirmation") => stats.original += 1,
            Some("agency-copy") => stats.wire += 1,
            Some("licensed-copy" | "rewrite-with-credit" | "translation" | "aggregator-stub") => stats.credited += 1,
            Some("copy-stripped" | "rewrite-without-credit") => stats.uncredited += 1,
            Some("unsure") => stats.unsure += 1,
            _ => {}
        }
        if let (Some(story), Some(at), Some(first), Some(2..)) = (
            row.get::<_, Option<i64>>(3)?,
            row.get::<_, Option<i64>>(4)?,
            row.get::<_, Option<i64>>(5)?,
            row.get::<_, Option<i64>>(6)?,
        ) {
            delays.entry((domain, story)).or_insert(at - first);
        }
    }
    let mut by_outlet: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for ((domain, _), delay) in delays {
        by_outlet.entry(domain).or_default().push(delay);
    }
    let mut cited = connection.prepare(
        "SELECT count(DISTINCT a.outlet_id) FROM attribution t JOIN article a ON a.id = t.article_id
         LEFT JOIN outlet o ON o.id = a.outlet_id
         WHERE t.kind NOT IN ('photo-credit', 'self-reference', 'denial') AND o.domain IS NOT ?1
           AND (t.outlet_domain = ?1 OR (t.outlet_domain IS NULL AND t.outlet_name = ?2 COLLATE NOCASE))",
    )?;
    for (domain, stats) in &mut found {
        stats.cited_by = cited.query_row(params![domain, stats.outlet], |row| row.get(0))?;
        stats.wire_share = f64::from(stats.wire) / f64::from(stats.articles.max(1));
        stats.median_delay_s = by_outlet.remove(domain).and_then(median);
    }
    let mut found: Vec<OutletStatsView> = found.into_values().collect();
    found.sort_by(|a, b| b.articles.cmp(&a.articles).then_with(|| a.domain.cmp(&b.domain)));
    Ok(found)
}

/// The outlets of the database: those whose articles or feeds it holds.
///
/// # Errors
/// When SQLite refuses.
pub fn outlets(connection: &Connection) -> Result<Vec<OutletView>, StoreError> {
    let mut statement =
        connection.prepare("SELECT name, domain, country, language, kind FROM outlet ORDER BY domain")?;
    let rows = statement.query_map([], |row| {
        let kind: String = row.get(4)?;
        Ok(OutletView {
            schema: SCHEMA,
            outlet: row.get(0)?,
            domain: row.get(1)?,
            country: row.get(2)?,
            language: row.get(3)?,
            kind: OutletKind::from_word(&kind).unwrap_or_default().as_str().to_owned(),
            aliases: Vec::new(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
