//! The read side: rows for views, from a read-only connection.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{StoreError, provenance};
use crate::attribution::RoleMark;
use crate::model::{ArticleId, FeedId, GroupId, StoryId, ThreadId, Timestamp};
use crate::view::provenance::citation_graph;
use crate::view::{ArticleView, CiteView, CitingView, CopyView, FeedView, SCHEMA, SearchView, StoryDetail, StoryView};

/// How stories are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StorySort {
    /// Most articles first.
    #[default]
    Size,
    /// Latest article first.
    New,
    /// Earliest first report first.
    First,
    /// Most origins first.
    Origins,
}

/// Which stories are wanted.
#[derive(Debug, Clone, Default)]
pub struct StoryFilter {
    /// Full-text query, already in FTS5 form.
    pub query: Option<String>,
    /// Not wholly outside.
    pub range: TimeRange,
    /// Fewest outlets.
    pub min_outlets: u32,
    /// Order.
    pub sort: StorySort,
    /// At most so many.
    pub limit: usize,
}

/// Which articles are wanted by their event time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

impl TimeRange {
    pub(super) fn first(self) -> i64 {
        self.since.map_or(i64::MIN, |since| since.0)
    }

    pub(super) fn last(self) -> i64 {
        self.until.map_or(i64::MAX, |until| until.0)
    }
}

const STORY_COLUMNS: &str = "s.id, s.thread_id, s.title, s.first_time, s.last_time, s.n_outlets, s.n_articles,
    coalesce(s.n_origins, 0), coalesce(s.n_unsure, 0),
    (SELECT o.name FROM article a JOIN outlet o ON o.id = a.outlet_id WHERE a.id = json_extract(s.first_report, '$.article')),
    json_extract(s.first_report, '$.credited_elsewhere.outlet'),
    EXISTS (SELECT 1 FROM analyzed_article d JOIN version v ON v.id = d.version_id
            WHERE d.story_id = s.id AND d.event_time = s.first_time AND d.event_time_basis = 'published'
              AND v.published_precision = 'day')";

const ARTICLE_COLUMNS: &str = "a.id, a.url, o.name, o.domain, v.title, v.published_at, v.updated_at, a.first_seen_at,
    d.event_time, coalesce(d.language, v.language), v.body_state, d.group_id, d.story_id, s.thread_id, d.role, v.published_precision
    FROM article a LEFT JOIN outlet o ON o.id = a.outlet_id LEFT JOIN article_state t ON t.article_id = a.id
    LEFT JOIN version v ON v.id = t.current_version LEFT JOIN analyzed_article d ON d.article_id = a.id
    LEFT JOIN story s ON s.id = d.story_id";

fn story_view(row: &Row<'_>) -> Result<StoryView, rusqlite::Error> {
    Ok(StoryView {
        schema: SCHEMA,
        id: StoryId(row.get(0)?),
        thread: row.get::<_, Option<i64>>(1)?.map(ThreadId),
        title: row.get(2)?,
        first_time: Timestamp(row.get(3)?),
        last_time: Timestamp(row.get(4)?),
        outlets: row.get(5)?,
        articles: row.get(6)?,
        origins: row.get(7)?,
        unsure: row.get(8)?,
        first_outlet: row.get(9)?,
        credited_elsewhere: row.get(10)?,
        first_time_is_day: row.get(11)?,
    })
}

fn article_view(row: &Row<'_>) -> Result<ArticleView, rusqlite::Error> {
    Ok(ArticleView {
        schema: SCHEMA,
        id: ArticleId(row.get(0)?),
        external_id: None,
        url: row.get(1)?,
        outlet: row.get(2)?,
        outlet_domain: row.get(3)?,
        title: row.get(4)?,
        published_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        published_precision: row.get(15)?,
        updated_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        first_seen_at: Timestamp(row.get(7)?),
        event_time: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        lang: row.get(9)?,
        body_state: row.get(10)?,
        near_duplicate_group: row.get::<_, Option<i64>>(11)?.map(GroupId),
        story: row.get::<_, Option<i64>>(12)?.map(StoryId),
        thread: row.get::<_, Option<i64>>(13)?.map(ThreadId),
        role: row.get(14)?,
        copy_of: Vec::new(),
        cites: Vec::new(),
    })
}

/// Lists stories.
///
/// # Errors
/// When SQLite refuses, for example a query that FTS5 can't read.
pub fn stories(connection: &Connection, filter: &StoryFilter) -> Result<Vec<StoryView>, StoreError> {
    let order = match filter.sort {
        StorySort::Size => "s.n_articles DESC, s.last_time DESC",
        StorySort::New => "s.last_time DESC",
        StorySort::First => "s.first_time",
        StorySort::Origins => "s.n_origins DESC, s.n_articles DESC",
    };
    // The inner query first: what is looked up of a story is looked up for those that are shown.
    let sql = format!(
        "SELECT {STORY_COLUMNS} FROM story s WHERE s.id IN (
           SELECT s.id FROM story s
           WHERE s.n_outlets >= ?1 AND s.last_time >= ?2 AND s.first_time <= ?3
             AND (?4 IS NULL OR s.id IN (SELECT d.story_id FROM article_text t JOIN analyzed_article d ON d.article_id = t.rowid
                                         WHERE article_text MATCH ?4))
           ORDER BY {order}, s.id LIMIT ?5)
         ORDER BY {order}, s.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        params![
            filter.min_outlets,
            filter.range.first(),
            filter.range.last(),
            filter.query,
            i64::try_from(filter.limit).unwrap_or(i64::MAX)
        ],
        story_view,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One story, also by an id that was merged away or rebuilt; `marks` tell its opinions and corrections.
///
/// # Errors
/// When SQLite refuses.
pub fn story(connection: &Connection, id: StoryId, marks: &[RoleMark]) -> Result<Option<StoryDetail>, StoreError> {
    let redirected: Option<i64> = connection
        .query_row("SELECT into_id FROM story_redirect WHERE story_id = ?1", [id.0], |row| row.get(0))
        .optional()?;
    let id = redirected.map_or(id, StoryId);
    let found = connection
        .query_row(&format!("SELECT {STORY_COLUMNS}, s.first_report FROM story s WHERE s.id = ?1"), [id.0], |row| {
            Ok((story_view(row)?, row.get::<_, Option<String>>(12)?))
        })
        .optional()?;
    let Some((story, first_report)) = found else { return Ok(None) };
    let mut members = connection
        .prepare_cached(&format!("SELECT {ARTICLE_COLUMNS} WHERE d.story_id = ?1 ORDER BY d.event_time, a.identity"))?;
    let mut members: Vec<ArticleView> = members.query_map([id.0], article_view)?.collect::<Result<_, _>>()?;
    for member in &mut members {
        complete(connection, member)?;
    }
    let mut related = connection.prepare_cached(&format!(
        "SELECT {STORY_COLUMNS} FROM story s WHERE s.thread_id = ?1 AND s.id <> ?2 ORDER BY s.first_time"
    ))?;
    let related: Vec<StoryView> =
        related.query_map(params![story.thread.map(|thread| thread.0), id.0], story_view)?.collect::<Result<_, _>>()?;
    let first_report: Option<serde_json::Value> = first_report.and_then(|text| serde_json::from_str(&text).ok());
    let first = first_report.as_ref().and_then(|report| report.get("article")?.as_str()).unwrap_or_default();
    let first = members.iter().find(|member| member.id.to_string() == first);
    Ok(Some(StoryDetail {
        clocks: first.map(|member| provenance::clocks(connection, member)).transpose()?,
        thread_first_report: match story.thread.filter(|_| !related.is_empty()) {
            Some(thread) => provenance::thread_first_report(connection, thread, marks)?,
            None => None,
        },
        citations: citation_graph(&members),
        events: provenance::events(connection, id, &members, marks)?,
        drift: provenance::story_drift(connection, id)?,
        story,
        first_report,
        members,
        related,
    }))
}

/// Adds credits and overlaps.
fn complete(connection: &Connection, article: &mut ArticleView) -> Result<(), StoreError> {
    let mut cites = connection.prepare_cached(
        "SELECT outlet_name, outlet_domain, kind, sentence FROM attribution WHERE article_id = ?1 ORDER BY position",
    )?;
    article.cites = cites
        .query_map([article.id.0], |row| {
            Ok(CiteView { outlet: row.get(0)?, outlet_domain: row.get(1)?, kind: row.get(2)?, sentence: row.get(3)? })
        })?
        .collect::<Result<_, _>>()?;
    let mut copies = connection.prepare_cached(
        "SELECT source_id, containment_of_copy, containment_of_source, grade FROM near_duplicate
         LEFT JOIN analyzed_article ON article_id = source_id WHERE copy_id = ?1
         ORDER BY containment_of_copy DESC, containment_of_source DESC, event_time, source_id",
    )?;
    article.copy_of = copies
        .query_map([article.id.0], |row| {
            Ok(CopyView {
                of: ArticleId(row.get(0)?),
                containment: row.get(1)?,
                containment_of_source: row.get(2)?,
                grade: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(())
}

/// Gives every article of the range to `each`, one row per imported id, without holding them all. Articles that no
/// analysis has seen yet count by our first sight of them.
///
/// # Errors
/// When SQLite refuses, or `each` does.
pub fn articles<E: From<StoreError>>(
    connection: &Connection,
    range: TimeRange,
    mut each: impl FnMut(ArticleView) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection
        .prepare(&format!(
            "SELECT {ARTICLE_COLUMNS} WHERE coalesce(d.event_time, a.first_seen_at) BETWEEN ?1 AND ?2 ORDER BY a.id"
        ))
        .map_err(StoreError::from)?;
    let mut ids = connection
        .prepare("SELECT external_id FROM article_import WHERE article_id = ?1 ORDER BY namespace, external_id")
        .map_err(StoreError::from)?;
    let mut rows = statement.query([range.first(), range.last()]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let mut article = article_view(row).map_err(StoreError::from)?;
        complete(connection, &mut article)?;
        let external: Vec<String> =
            ids.query_map([article.id.0], |row| row.get(0)).and_then(Iterator::collect).map_err(StoreError::from)?;
        if external.is_empty() {
            each(article)?;
            continue;
        }
        for id in external {
            each(ArticleView { external_id: Some(id), ..article.clone() })?;
        }
    }
    Ok(())
}

/// Lists feeds that were not removed.
///
/// # Errors
/// When SQLite refuses.
pub fn feeds(connection: &Connection, only_failing: bool) -> Result<Vec<FeedView>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT f.id, f.url, f.title, s.link, o.name, f.tags, s.enabled, s.n_failures, s.last_poll_at, s.next_poll_at,
                (SELECT p.reason FROM poll p WHERE p.feed_id = f.id ORDER BY p.id DESC LIMIT 1), f.opml, s.hubs
         FROM feed f JOIN feed_state s ON s.feed_id = f.id LEFT JOIN outlet o ON o.id = f.outlet_id
         WHERE f.removed_at IS NULL AND (NOT ?1 OR s.n_failures > 0 OR s.enabled = 0) ORDER BY f.id",
    )?;
    let rows = statement.query_map([only_failing], |row| {
        Ok(FeedView {
            schema: SCHEMA,
            id: FeedId(row.get(0)?),
            url: row.get(1)?,
            title: row.get(2)?,
            link: row.get(3)?,
            outlet: row.get(4)?,
            tags: super::from_json_list(row.get::<_, Option<String>>(5)?.as_deref()),
            enabled: row.get(6)?,
            failures: row.get(7)?,
            last_poll_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            next_poll_at: Timestamp(row.get(9)?),
            reason: row.get(10)?,
            opml: row.get(11)?,
            hubs: super::from_json_list(row.get::<_, Option<String>>(12)?.as_deref()),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When a feed was last polled, if one ever was.
///
/// # Errors
/// When SQLite refuses.
pub fn last_poll(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<i64> = connection.query_row("SELECT max(last_poll_at) FROM feed_state", [], |row| row.get(0))?;
    Ok(last.map(Timestamp))
}

/// Searches headlines and bodies; `query` is in FTS5 form.
///
/// # Errors
/// When SQLite refuses.
pub fn search(
    connection: &Connection,
    query: &str,
    limit: usize,
    range: TimeRange,
) -> Result<Vec<SearchView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.id, d.story_id, d.event_time, o.name, v.title, a.url FROM article_text t
         JOIN article a ON a.id = t.rowid JOIN analyzed_article d ON d.article_id = a.id
         JOIN version v ON v.id = d.version_id LEFT JOIN outlet o ON o.id = a.outlet_id
         WHERE article_text MATCH ?1 AND d.event_time BETWEEN ?3 AND ?4 ORDER BY rank, a.id LIMIT ?2",
    )?;
    let rows = statement.query_map(
        params![query, i64::try_from(limit).unwrap_or(i64::MAX), range.first(), range.last()],
        |row| {
            Ok(SearchView {
                schema: SCHEMA,
                article: ArticleId(row.get(0)?),
                story: row.get::<_, Option<i64>>(1)?.map(StoryId),
                event_time: Timestamp(row.get(2)?),
                outlet: row.get(3)?,
                title: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                url: row.get(5)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lists credits; those to one outlet without what it says of itself.
///
/// # Errors
/// When SQLite refuses.
pub fn cites(
    connection: &Connection,
    to: Option<&str>,
    from: Option<&str>,
    range: TimeRange,
) -> Result<Vec<CitingView>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT t.article_id, o.name, v.title, t.outlet_name, t.outlet_domain, t.kind, t.sentence FROM attribution t
         JOIN article a ON a.id = t.article_id LEFT JOIN outlet o ON o.id = a.outlet_id
         JOIN analyzed_article d ON d.article_id = a.id JOIN version v ON v.id = d.version_id
         WHERE d.event_time BETWEEN ?3 AND ?4
           AND (?1 IS NULL OR ((t.outlet_domain = ?1 OR t.outlet_name = ?1 COLLATE NOCASE)
                               AND t.kind <> 'self-reference' AND (t.outlet_domain IS NULL OR o.domain IS NOT t.outlet_domain)))
           AND (?2 IS NULL OR o.domain = ?2 OR o.name = ?2 COLLATE NOCASE)
         ORDER BY t.article_id, t.position",
    )?;
    let rows = statement.query_map(params![to, from, range.first(), range.last()], |row| {
        Ok(CitingView {
            schema: SCHEMA,
            article: ArticleId(row.get(0)?),
            from: row.get(1)?,
            title: row.get(2)?,
            cite: CiteView {
                outlet: row.get(3)?,
                outlet_domain: row.get(4)?,
                kind: row.get(5)?,
                sentence: row.get(6)?,
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Words typed by a person as an FTS5 query: each word or quoted phrase is matched as text, `word*` as a prefix.
#[must_use]
pub fn match_query(typed: &str, segment: impl Fn(&str) -> String) -> Option<String> {
    let mut parts = Vec::new();
    for (index, piece) in typed.split('"').enumerate() {
        if index % 2 == 1 {
            parts.push((segment(piece), false));
        } else {
            parts.extend(piece.split_whitespace().map(|word| (segment(word), word.ends_with('*'))));
        }
    }
    let quoted: Vec<String> = parts
        .into_iter()
        .filter(|(text, _)| !text.trim().is_empty())
        .map(|(text, is_prefix)| format!("\"{}\"{}", text.trim().replace('"', ""), if is_prefix { "*" } else { "" }))
        .collect();
    (!quoted.is_empty()).then(|| quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_words_can_never_be_query_syntax() {
        let check = |typed: &str, expected: Option<&str>| {
            assert_eq!(match_query(typed, |text| text.replace(['*', '"'], "")).as_deref(), expected, "{typed}");
        };
        check("leak call*", Some("\"leak\" \"call\"*"));
        check("\"peace plan\" NEAR(", Some("\"peace plan\" \"NEAR(\""));
        check("  ", None);
    }
}
