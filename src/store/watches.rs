//! Watches and alerts: saved queries, what they raised, and how its delivery went.
//!
//! An alert is raised by an analysis run and by nothing else: each watch remembers the last run it was held against, so
//! that a run cut short is made up for by the next one, and a rebuild, which replays old runs, is silent.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::read::{self, TimeRange};
use super::{StoreError, from_json_list};
use crate::model::{AlertId, AlertKind, ArticleId, Delivery, StoryId, Timestamp, WatchId};
use crate::view::SCHEMA;
use crate::view::alert::{AlertView, DeliveredAlertView, WatchView};

/// Attempts to deliver one alert, one a round: with a round every ten minutes, a receiver may be away for two hours.
pub const MAX_ATTEMPTS: u32 = 12;

/// A watch to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWatch {
    /// The query, as typed.
    pub query: String,
    /// What raises an alert.
    pub on: Vec<AlertKind>,
    /// Where alerts go.
    pub delivery: Delivery,
}

/// A watch that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedWatch {
    /// Its id.
    pub id: WatchId,
    /// The stories that match already: no news, and followed from now on.
    pub stories: Vec<StoryId>,
}

/// An alert that waits, with where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingAlert {
    /// The alert.
    pub alert: AlertView,
    /// Where it goes.
    pub delivery: Delivery,
}

/// How an attempt to deliver an alert ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It arrived, or was told.
    Delivered,
    /// It did not, for this reason.
    Failed(String),
}

/// A standing watch, as raising needs it.
struct Standing {
    id: i64,
    query: String,
    on: Vec<AlertKind>,
    after_version: i64,
    checked_run: i64,
}

impl Standing {
    fn wants(&self, kind: AlertKind) -> bool {
        self.on.contains(&kind)
    }
}

/// The stories of a watch: those with an article that matches it.
const WATCHED: &str =
    "SELECT DISTINCT m.story_id FROM watch_article w JOIN analyzed_article m ON m.article_id = w.article_id
    WHERE w.watch_id = ?1 AND m.story_id IS NOT NULL";

/// Articles of the runs since the watch was last checked that match it, the earliest first. A version that was stored
/// before the watch was added is no news.
const MATCHING: &str = "
    SELECT d.article_id, d.story_id, s.title, coalesce(v.title, ''), 0, NULL, d.version_id > ?3
    FROM article_text t JOIN analyzed_article d ON d.article_id = t.rowid JOIN story s ON s.id = d.story_id
    JOIN version v ON v.id = d.version_id
    WHERE article_text MATCH ?1
      AND t.rowid IN (SELECT i.article_id FROM analysis_input n JOIN version i ON i.id = n.version_id WHERE n.run_id > ?2)
    ORDER BY d.event_time, d.article_id";

/// Origins that joined in those runs.
const JOINED: &str = "
    SELECT e.article_id, d.story_id, s.title, coalesce(v.title, ''), 0, NULL
    FROM origin_event e JOIN analyzed_article d ON d.article_id = e.article_id JOIN story s ON s.id = d.story_id
    JOIN version v ON v.id = d.version_id
    WHERE e.joined_at IN (SELECT now FROM analysis_run WHERE id > ?1) AND d.role IN ('original', 'own-confirmation')
      AND d.version_id > ?2
    ORDER BY d.event_time, e.article_id";

/// Headlines of those runs that differ from the one analyzed before: feed and page of one round are one state.
const RETITLED: &str = "
    SELECT v.article_id, d.story_id, s.title, v.title, v.id,
      (SELECT b.title FROM version b JOIN analysis_input p ON p.version_id = b.id
       WHERE b.article_id = v.article_id AND b.id < v.id AND b.title <> '' ORDER BY b.id DESC LIMIT 1) AS old
    FROM analysis_input n JOIN version v ON v.id = n.version_id JOIN analyzed_article d ON d.article_id = v.article_id
    JOIN story s ON s.id = d.story_id
    WHERE n.run_id > ?1 AND v.id > ?2 AND v.title <> '' AND trim(old) <> trim(v.title)
    ORDER BY v.id";

/// Adds a watch. What matches it already is noted as known; `segment` turns the query into words as the index has them.
///
/// # Errors
/// When SQLite refuses.
pub fn add(
    transaction: &Transaction<'_>,
    watch: &NewWatch,
    segment: impl Fn(&str) -> String,
    now: Timestamp,
) -> Result<AddedWatch, StoreError> {
    let on: Vec<String> = watch.on.iter().map(|kind| kind.as_str().to_owned()).collect();
    let (command, webhook) = match &watch.delivery {
        Delivery::Summary => (None, None),
        Delivery::Command(words) => (super::json_list(words), None),
        Delivery::Webhook(url) => (None, Some(url)),
    };
    transaction.execute(
        "INSERT INTO watch (query, alert_on, command, webhook, added_at, after_version, checked_run)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(id), 0) FROM version),
                 (SELECT coalesce(max(id), 0) FROM analysis_run))",
        params![watch.query, super::json_list(&on), command, webhook, now.0],
    )?;
    let id = transaction.last_insert_rowid();
    if let Some(query) = read::match_query(&watch.query, segment) {
        transaction.execute(
            "INSERT INTO watch_article (watch_id, article_id) SELECT ?1, rowid FROM article_text WHERE article_text MATCH ?2",
            params![id, query],
        )?;
    }
    Ok(AddedWatch { id: WatchId(id), stories: watched(transaction, id)?.into_iter().map(StoryId).collect() })
}

/// Removes a watch; its alerts stay, those that wait are given up. Returns whether there was one.
///
/// # Errors
/// When SQLite refuses.
pub fn remove(transaction: &Transaction<'_>, id: WatchId, now: Timestamp) -> Result<bool, StoreError> {
    let n =
        transaction.execute("UPDATE watch SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL", [id.0, now.0])?;
    transaction.execute("DELETE FROM watch_article WHERE watch_id = ?1", [id.0])?;
    transaction.execute("UPDATE alert SET state = 'given-up' WHERE watch_id = ?1 AND state = 'waiting'", [id.0])?;
    Ok(n > 0)
}

/// Holds every watch against the analysis runs it has not seen yet and stores the alerts they raise; returns how many.
///
/// The full-text index must be up to date.
///
/// # Errors
/// When SQLite refuses.
pub fn raise(
    transaction: &Transaction<'_>,
    segment: impl Fn(&str) -> String,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let last_run: i64 = transaction.query_row("SELECT coalesce(max(id), 0) FROM analysis_run", [], |row| row.get(0))?;
    let mut n_raised = 0;
    for watch in standing(transaction, last_run)? {
        n_raised += raise_for(transaction, &watch, &segment, now)?;
        transaction.execute("UPDATE watch SET checked_run = ?2 WHERE id = ?1", [watch.id, last_run])?;
    }
    Ok(n_raised)
}

fn standing(connection: &Connection, last_run: i64) -> Result<Vec<Standing>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, query, alert_on, after_version, checked_run FROM watch
         WHERE removed_at IS NULL AND checked_run < ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([last_run], |row| {
        Ok(Standing {
            id: row.get(0)?,
            query: row.get(1)?,
            on: kinds(&row.get::<_, String>(2)?),
            after_version: row.get(3)?,
            checked_run: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kinds(stored: &str) -> Vec<AlertKind> {
    from_json_list(Some(stored)).iter().filter_map(|word| AlertKind::from_word(word)).collect()
}

fn watched(connection: &Connection, watch: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(WATCHED)?;
    let rows = statement.query_map([watch], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The reason of an alert.
struct Reason {
    kind: AlertKind,
    article: i64,
    version: i64,
    story: i64,
    story_title: String,
    title: String,
    before: Option<String>,
}

impl Reason {
    /// Reads a row of [`MATCHING`], [`JOINED`] or [`RETITLED`], which begin with the same columns.
    fn read(kind: AlertKind, row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            kind,
            article: row.get(0)?,
            story: row.get(1)?,
            story_title: row.get(2)?,
            title: row.get(3)?,
            version: row.get(4)?,
            before: row.get(5)?,
        })
    }
}

fn raise_for(
    transaction: &Transaction<'_>,
    watch: &Standing,
    segment: impl Fn(&str) -> String,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut reasons: Vec<Reason> = Vec::new();
    // Stories that matched before: what happens in them is told; in a new one, that it is new.
    let known = watched(transaction, watch.id)?;
    if let Some(query) = read::match_query(&watch.query, segment) {
        let mut statement = transaction.prepare_cached(MATCHING)?;
        let rows = statement.query_map(params![query, watch.checked_run, watch.after_version], |row| {
            Ok((Reason::read(AlertKind::New, row)?, row.get(6)?))
        })?;
        let matching: Vec<(Reason, bool)> = rows.collect::<Result<_, _>>()?;
        let mut insert =
            transaction.prepare_cached("INSERT OR IGNORE INTO watch_article (watch_id, article_id) VALUES (?1, ?2)")?;
        let mut told = known.clone();
        // A story with an article from before the watch is none of its news.
        told.extend(matching.iter().filter(|(_, is_news)| !is_news).map(|(reason, _)| reason.story));
        for (reason, _) in matching {
            insert.execute([watch.id, reason.article])?;
            if !told.contains(&reason.story) {
                told.push(reason.story);
                reasons.push(reason);
            }
        }
    }
    let mut later: Vec<Reason> = Vec::new();
    for (kind, sql) in [(AlertKind::Origin, JOINED), (AlertKind::Headline, RETITLED)] {
        let mut statement = transaction.prepare_cached(sql)?;
        let rows = statement.query_map([watch.checked_run, watch.after_version], |row| Reason::read(kind, row))?;
        later.extend(rows.collect::<Result<Vec<Reason>, _>>()?);
    }
    reasons.extend(later.into_iter().filter(|reason| known.contains(&reason.story)));
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO alert (watch_id, kind, article_id, version_id, story_id, story_title, title, before, raised_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'waiting')",
    )?;
    let mut n_raised = 0;
    for reason in reasons.iter().filter(|reason| watch.wants(reason.kind)) {
        n_raised += insert.execute(params![
            watch.id,
            reason.kind.as_str(),
            reason.article,
            reason.version,
            reason.story,
            reason.story_title,
            reason.title,
            reason.before,
            now.0
        ])?;
    }
    Ok(n_raised)
}

const ALERT_COLUMNS: &str =
    "l.id, l.watch_id, w.query, l.kind, l.raised_at, l.story_id, l.story_title, l.article_id, o.name, o.domain,
    l.title, l.before, a.url, w.command, w.webhook, l.state, l.n_attempts, l.attempted_at, l.failure
    FROM alert l JOIN watch w ON w.id = l.watch_id JOIN article a ON a.id = l.article_id
    LEFT JOIN outlet o ON o.id = a.outlet_id";

fn alert_view(row: &Row<'_>) -> Result<AlertView, rusqlite::Error> {
    Ok(AlertView {
        schema: SCHEMA,
        id: AlertId(row.get(0)?),
        watch: WatchId(row.get(1)?),
        query: row.get(2)?,
        kind: AlertKind::from_word(&row.get::<_, String>(3)?).map_or("", AlertKind::as_str),
        raised_at: Timestamp(row.get(4)?),
        story: StoryId(row.get(5)?),
        story_title: row.get(6)?,
        article: ArticleId(row.get(7)?),
        outlet: row.get(8)?,
        outlet_domain: row.get(9)?,
        title: row.get(10)?,
        before: row.get(11)?,
        url: row.get(12)?,
    })
}

fn delivery(command: Option<String>, webhook: Option<String>) -> Delivery {
    match (command, webhook) {
        (Some(words), _) => Delivery::Command(from_json_list(Some(&words))),
        (None, Some(url)) => Delivery::Webhook(url),
        (None, None) => Delivery::Summary,
    }
}

/// The alerts that wait for a delivery, the oldest first.
///
/// # Errors
/// When SQLite refuses.
pub fn waiting(connection: &Connection, limit: usize) -> Result<Vec<WaitingAlert>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {ALERT_COLUMNS} WHERE l.state = 'waiting' ORDER BY l.id LIMIT ?1"))?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok(WaitingAlert { alert: alert_view(row)?, delivery: delivery(row.get(13)?, row.get(14)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes how an attempt ended; returns whether it was the last one of a delivery that failed.
///
/// # Errors
/// When SQLite refuses.
pub fn note(
    transaction: &Transaction<'_>,
    alert: AlertId,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let failure = match attempt {
        Attempt::Delivered => None,
        Attempt::Failed(reason) => Some(reason),
    };
    let state: Option<String> = transaction
        .prepare_cached(
            "UPDATE alert SET n_attempts = n_attempts + 1, attempted_at = ?2, failure = ?3,
               state = CASE WHEN ?3 IS NULL THEN 'delivered' WHEN n_attempts + 1 >= ?4 THEN 'given-up' ELSE state END
             WHERE id = ?1 RETURNING state",
        )?
        .query_row(params![alert.0, now.0, failure, MAX_ATTEMPTS], |row| row.get(0))
        .optional()?;
    Ok(state.as_deref() == Some("given-up"))
}

/// Lists the standing watches.
///
/// # Errors
/// When SQLite refuses.
pub fn watches(connection: &Connection) -> Result<Vec<WatchView>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT w.id, w.query, w.alert_on, w.command, w.webhook, w.added_at,
           (SELECT count(DISTINCT m.story_id) FROM watch_article x JOIN analyzed_article m ON m.article_id = x.article_id
            WHERE x.watch_id = w.id),
           count(l.id), count(l.id) FILTER (WHERE l.state = 'waiting'), count(l.id) FILTER (WHERE l.state = 'given-up'),
           max(l.raised_at),
           (SELECT f.failure FROM alert f WHERE f.watch_id = w.id AND f.attempted_at IS NOT NULL
            ORDER BY f.attempted_at DESC, f.id DESC LIMIT 1)
         FROM watch w LEFT JOIN alert l ON l.watch_id = w.id WHERE w.removed_at IS NULL GROUP BY w.id ORDER BY w.id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(WatchView {
            schema: SCHEMA,
            id: WatchId(row.get(0)?),
            query: row.get(1)?,
            on: kinds(&row.get::<_, String>(2)?).into_iter().map(AlertKind::as_str).collect(),
            exec: row.get::<_, Option<String>>(3)?.map(|words| from_json_list(Some(&words))),
            webhook: row.get(4)?,
            added_at: Timestamp(row.get(5)?),
            stories: row.get(6)?,
            alerts: row.get(7)?,
            waiting: row.get(8)?,
            given_up: row.get(9)?,
            last_alert_at: row.get::<_, Option<i64>>(10)?.map(Timestamp),
            failure: row.get(11)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lists the alerts raised within a range of time, the latest first; those of removed watches too.
///
/// # Errors
/// When SQLite refuses.
pub fn alerts(connection: &Connection, range: TimeRange) -> Result<Vec<DeliveredAlertView>, StoreError> {
    let mut statement = connection
        .prepare(&format!("SELECT {ALERT_COLUMNS} WHERE l.raised_at BETWEEN ?1 AND ?2 ORDER BY l.id DESC"))?;
    let rows = statement.query_map(params![range.first(), range.last()], |row| {
        Ok(DeliveredAlertView {
            alert: alert_view(row)?,
            state: row.get(15)?,
            attempts: row.get(16)?,
            attempted_at: row.get::<_, Option<i64>>(17)?.map(Timestamp),
            failure: row.get(18)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
