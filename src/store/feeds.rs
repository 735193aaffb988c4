//! Feeds: adding and removing them, which are due, and what a poll writes.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use super::articles::{self, EntryCounts};
use super::{StoreError, hosts, json_list};
use crate::model::{FeedId, OutletId, Timestamp};
use crate::plan::poll::{self, FeedRecord, PermanentRedirect, PollPlan, ScheduleHints};
use crate::plan::{self, OutletPlan};

/// A feed about to be added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewFeed {
    /// Its address.
    pub url: String,
    /// Title for people.
    pub title: Option<String>,
    /// The outlet, when known.
    pub outlet: Option<OutletPlan>,
    /// Tags.
    pub tags: Vec<String>,
    /// Unknown OPML attributes as a JSON object, kept for export.
    pub opml: Option<String>,
    /// `register`, `opml` or `user`.
    pub added_by: &'static str,
}

/// What adding a feed did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New(FeedId),
    /// It had been removed, or switched off because it was gone, and is back.
    Restored(FeedId),
    /// It was there already; new tags were added.
    Known(FeedId),
}

/// What a poll changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppliedPoll {
    /// Counts of entries and articles.
    pub counts: EntryCounts,
    /// When the feed is due again.
    pub next_poll_at: Timestamp,
}

const DUE_FEEDS: &str = "
SELECT f.id, f.url, f.title, f.outlet_id, o.domain, o.name, f.tags, f.added_at,
       s.etag, s.last_modified, s.validators_url, s.last_body_at, s.last_success_at, s.n_failures, s.interval_s,
       s.entries_per_week, s.last_new_at, s.permanent_url, s.n_permanent, s.permanent_since,
       s.ttl_minutes, s.skip_hours, s.skip_days, s.syndication_minutes
FROM feed f JOIN feed_state s ON s.feed_id = f.id LEFT JOIN outlet o ON o.id = f.outlet_id
WHERE f.removed_at IS NULL AND s.enabled = 1 AND (:all OR s.next_poll_at <= :now)
ORDER BY s.next_poll_at, f.id";

/// Which feeds to poll.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DueFilter {
    /// Whether due times are ignored.
    pub all: bool,
    /// Only the feed with this address or id.
    pub feed: Option<String>,
    /// Only feeds with this tag.
    pub tag: Option<String>,
}

/// Gives an outlet that is known by its domain alone the name in its feed's title.
fn name_outlet(transaction: &Transaction<'_>, feed: FeedId, title: &str) -> Result<(), StoreError> {
    let unnamed: Option<(i64, String)> = transaction
        .prepare_cached(
            "SELECT outlet.id, domain FROM outlet JOIN feed ON feed.outlet_id = outlet.id
             WHERE feed.id = ?1 AND from_register = 0 AND name = domain",
        )?
        .query_row([feed.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((outlet, name)) =
        unnamed.and_then(|(outlet, domain)| Some((outlet, plan::outlet_name(title, &domain)?)))
    {
        transaction.prepare_cached("UPDATE outlet SET name = ?2 WHERE id = ?1")?.execute(params![outlet, name])?;
    }
    Ok(())
}

/// Finds or adds an outlet; facts of the register replace what was guessed from a domain.
///
/// # Errors
/// When SQLite refuses.
pub fn outlet_id(connection: &Connection, outlet: &OutletPlan, now: Timestamp) -> Result<OutletId, StoreError> {
    let known: Option<(i64, bool)> = connection
        .prepare_cached("SELECT id, from_register FROM outlet WHERE domain = ?1")?
        .query_row([&outlet.domain], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match known {
        Some((id, true)) => Ok(OutletId(id)),
        Some((id, false)) if !outlet.from_register => Ok(OutletId(id)),
        Some((id, false)) => {
            connection
                .prepare_cached(
                    "UPDATE outlet SET name = ?2, country = ?3, language = ?4, kind = ?5, from_register = 1 WHERE id = ?1",
                )?
                .execute(params![id, outlet.name, outlet.country, outlet.language, outlet.kind])?;
            Ok(OutletId(id))
        }
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO outlet (domain, name, country, language, kind, from_register, added_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    outlet.domain,
                    outlet.name,
                    outlet.country,
                    outlet.language,
                    outlet.kind,
                    outlet.from_register,
                    now.0
                ])?;
            Ok(OutletId(connection.last_insert_rowid()))
        }
    }
}

/// Adds a feed, or brings one back that was removed or switched off.
///
/// # Errors
/// When SQLite refuses.
pub fn add(transaction: &Transaction<'_>, feed: &NewFeed, now: Timestamp) -> Result<Added, StoreError> {
    let known: Option<(i64, bool, String)> = transaction
        .query_row(
            "SELECT f.id, f.removed_at IS NOT NULL OR s.enabled = 0, f.tags
             FROM feed f JOIN feed_state s ON s.feed_id = f.id WHERE f.url = ?1",
            [&feed.url],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    if let Some((id, is_off, tags)) = known {
        let mut all_tags = super::from_json_list(Some(&tags));
        all_tags.extend(feed.tags.iter().filter(|tag| !all_tags.contains(tag)).cloned().collect::<Vec<_>>());
        transaction.execute(
            "UPDATE feed SET tags = ?2, opml = coalesce(opml, ?3), removed_at = NULL WHERE id = ?1",
            params![id, serde_json::Value::from(all_tags).to_string(), feed.opml],
        )?;
        if !is_off {
            return Ok(Added::Known(FeedId(id)));
        }
        transaction
            .execute("UPDATE feed_state SET enabled = 1, n_failures = 0, next_poll_at = 0 WHERE feed_id = ?1", [id])?;
        event(transaction, FeedId(id), now, "restored", None)?;
        return Ok(Added::Restored(FeedId(id)));
    }
    let outlet = feed.outlet.as_ref().map(|outlet| outlet_id(transaction, outlet, now)).transpose()?;
    transaction.execute(
        "INSERT INTO feed (url, outlet_id, title, tags, opml, added_by, added_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            feed.url,
            outlet.map(|id| id.0),
            feed.title,
            serde_json::Value::from(feed.tags.clone()).to_string(),
            feed.opml,
            feed.added_by,
            now.0
        ],
    )?;
    let id = FeedId(transaction.last_insert_rowid());
    transaction.execute("INSERT INTO feed_state (feed_id) VALUES (?1)", [id.0])?;
    event(transaction, id, now, "added", Some(feed.added_by))?;
    Ok(Added::New(id))
}

/// Adds a feed that another one named, with its outlet and tags, unless the address was ever a feed here: one that
/// somebody removed stays removed.
fn adopt(transaction: &Transaction<'_>, url: &str, parent: FeedId, now: Timestamp) -> Result<(), StoreError> {
    const ADDED_BY: &str = "sitemap-index";
    let n_new = transaction.execute(
        "INSERT OR IGNORE INTO feed (url, outlet_id, tags, added_by, added_at)
         SELECT ?1, outlet_id, tags, ?3, ?4 FROM feed WHERE id = ?2",
        params![url, parent.0, ADDED_BY, now.0],
    )?;
    if n_new > 0 {
        let id = FeedId(transaction.last_insert_rowid());
        transaction.execute("INSERT INTO feed_state (feed_id) VALUES (?1)", [id.0])?;
        event(transaction, id, now, "added", Some(ADDED_BY))?;
    }
    Ok(())
}

/// Removes a feed, by address or id; its entries and articles stay. Returns whether there was one.
///
/// # Errors
/// When SQLite refuses.
pub fn remove(transaction: &Transaction<'_>, url_or_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let id: Option<i64> = transaction
        .query_row(
            "SELECT id FROM feed WHERE (url = ?1 OR CAST(id AS TEXT) = ?1) AND removed_at IS NULL",
            [url_or_id],
            |row| row.get(0),
        )
        .optional()?;
    let Some(id) = id else { return Ok(false) };
    transaction.execute("UPDATE feed SET removed_at = ?2 WHERE id = ?1", params![id, now.0])?;
    event(transaction, FeedId(id), now, "removed", None)?;
    Ok(true)
}

fn event(
    transaction: &Transaction<'_>,
    feed: FeedId,
    now: Timestamp,
    kind: &str,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO feed_event (feed_id, happened_at, kind, detail) VALUES (?1, ?2, ?3, ?4)",
        params![feed.0, now.0, kind, detail],
    )?;
    Ok(())
}

/// The number of feeds ever added, removed ones included: zero means a fresh database.
///
/// # Errors
/// When SQLite refuses.
pub fn count_ever(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("SELECT count(*) FROM feed", [], |row| row.get(0))?)
}

/// The feeds to poll now, the longest overdue first.
///
/// # Errors
/// When SQLite refuses.
pub fn due(connection: &Connection, filter: &DueFilter, now: Timestamp) -> Result<Vec<FeedRecord>, StoreError> {
    let mut statement = connection.prepare_cached(DUE_FEEDS)?;
    let all = filter.all || filter.feed.is_some();
    let rows = statement.query_map(named_params! {":all": all, ":now": now.0}, |row| {
        let record = FeedRecord {
            id: FeedId(row.get(0)?),
            url: row.get(1)?,
            title: row.get(2)?,
            outlet: row.get::<_, Option<i64>>(3)?.map(OutletId),
            outlet_domain: row.get(4)?,
            outlet_name: row.get(5)?,
            added_at: Timestamp(row.get(7)?),
            etag: row.get(8)?,
            last_modified: row.get(9)?,
            validators_url: row.get(10)?,
            last_body_at: row.get::<_, Option<i64>>(11)?.map(Timestamp),
            last_success_at: row.get::<_, Option<i64>>(12)?.map(Timestamp),
            n_failures: row.get(13)?,
            interval_s: row.get(14)?,
            entries_per_week: row.get(15)?,
            last_new_at: row.get::<_, Option<i64>>(16)?.map(Timestamp),
            permanent_url: row.get(17)?,
            n_permanent: row.get(18)?,
            permanent_since: row.get::<_, Option<i64>>(19)?.map(Timestamp),
            hints: ScheduleHints {
                ttl_minutes: row.get(20)?,
                skip_hours: numbers(row.get::<_, Option<String>>(21)?.as_deref()),
                skip_days: numbers(row.get::<_, Option<String>>(22)?.as_deref()),
                syndication_minutes: row.get(23)?,
            },
        };
        Ok((record, row.get::<_, String>(6)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (record, tags) = row?;
        let wanted_feed =
            filter.feed.as_ref().is_none_or(|wanted| *wanted == record.url || *wanted == record.id.to_string());
        let wanted_tag = filter.tag.as_ref().is_none_or(|tag| super::from_json_list(Some(&tags)).contains(tag));
        if wanted_feed && wanted_tag {
            found.push(record);
        }
    }
    Ok(found)
}

/// Reads a stored JSON array of small numbers; anything else is an empty list.
fn numbers(text: Option<&str>) -> Vec<u8> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn json_numbers(numbers: &[u8]) -> Option<String> {
    (!numbers.is_empty()).then(|| serde_json::Value::from(numbers.to_vec()).to_string())
}

/// When the next feed or page is due, if any is.
///
/// # Errors
/// When SQLite refuses.
pub fn next_due(connection: &Connection, with_pages: bool) -> Result<Option<Timestamp>, StoreError> {
    let moment = connection.query_row(
        "SELECT min(at) FROM (
           SELECT min(s.next_poll_at) AS at FROM feed_state s JOIN feed f ON f.id = s.feed_id
           WHERE s.enabled = 1 AND f.removed_at IS NULL
           UNION ALL SELECT min(next_scrape_at) FROM article_state WHERE next_scrape_at IS NOT NULL AND ?1)",
        [with_pages],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(moment.map(Timestamp))
}

/// Writes one poll: the log row, the feed's state, its entries and their articles, all in the caller's transaction.
///
/// # Errors
/// When SQLite refuses.
pub fn apply(
    transaction: &Transaction<'_>,
    record: &FeedRecord,
    plan: &PollPlan,
    now: Timestamp,
) -> Result<AppliedPoll, StoreError> {
    let mut counts = EntryCounts::default();
    for entry in &plan.entries {
        articles::apply_entry(transaction, record, entry, now, &mut counts)?;
    }
    for url in &plan.news_sitemaps {
        adopt(transaction, url, record.id, now)?;
    }
    let scheduled = poll::next_poll(plan, record, counts.n_new, now);
    let outcome =
        if plan.outcome == "new" && counts.n_new == 0 && counts.n_changed == 0 { "unchanged" } else { plan.outcome };
    transaction
        .prepare_cached(
            "INSERT INTO poll (feed_id, started_at, outcome, failure_kind, reason, http_status, final_url, n_entries, n_new,
                               n_wire_bytes, warnings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            record.id.0,
            plan.started_at.0,
            outcome,
            plan.failure.as_ref().map(|failure| failure.kind),
            plan.failure.as_ref().map(|failure| failure.reason.as_str()),
            plan.http_status,
            plan.final_url,
            i64::try_from(plan.entries.len()).unwrap_or(i64::MAX),
            i64::try_from(counts.n_new).unwrap_or(i64::MAX),
            i64::try_from(plan.n_wire_bytes).unwrap_or(i64::MAX),
            json_list(&plan.warnings),
        ])?;
    let (permanent_url, n_permanent, permanent_since) = match &plan.permanent {
        PermanentRedirect::Keep => (record.permanent_url.as_deref(), record.n_permanent, record.permanent_since),
        PermanentRedirect::Forget => (None, 0, None),
        PermanentRedirect::Seen { url, n_sightings, since } => (Some(url.as_str()), *n_sightings, Some(*since)),
    };
    let permanent_since = permanent_since.map(|since| since.0);
    transaction
        .prepare_cached(
            "UPDATE feed_state SET next_poll_at = :next, interval_s = :interval, last_poll_at = :now,
               last_success_at = CASE WHEN :succeeded THEN :now ELSE last_success_at END,
               last_body_at = CASE WHEN :has_body THEN :now ELSE last_body_at END,
               n_failures = :n_failures, enabled = CASE WHEN :switch_off THEN 0 ELSE enabled END,
               fresh_until = :fresh_until, ttl_minutes = :ttl, skip_hours = :skip_hours, skip_days = :skip_days,
               syndication_minutes = :syndication, entries_per_week = :rate, last_new_at = :last_new,
               permanent_url = :permanent_url, n_permanent = :n_permanent, permanent_since = :permanent_since
             WHERE feed_id = :feed",
        )?
        .execute(named_params! {
            ":feed": record.id.0,
            ":next": scheduled.at.0,
            ":interval": scheduled.interval_s,
            ":now": now.0,
            ":succeeded": plan.failure.is_none(),
            ":has_body": plan.has_body,
            ":n_failures": plan.n_failures,
            ":switch_off": plan.switch_off,
            ":fresh_until": plan.fresh_until.map(|until| until.0),
            ":ttl": plan.hints.ttl_minutes,
            ":skip_hours": json_numbers(&plan.hints.skip_hours),
            ":skip_days": json_numbers(&plan.hints.skip_days),
            ":syndication": plan.hints.syndication_minutes,
            ":rate": scheduled.entries_per_week,
            ":last_new": scheduled.last_new_at.map(|at| at.0),
            ":permanent_url": permanent_url,
            ":n_permanent": n_permanent,
            ":permanent_since": permanent_since,
        })?;
    if let Some(validators) = &plan.validators {
        transaction
            .prepare_cached(
                "UPDATE feed_state SET etag = ?2, last_modified = ?3, validators_url = ?4 WHERE feed_id = ?1",
            )?
            .execute(params![record.id.0, validators.etag, validators.last_modified, validators.url])?;
    }
    if let Some((host, until)) = &plan.resting_host {
        hosts::rest(transaction, host, *until)?;
    }
    if let Some(facts) = &plan.feed_facts {
        transaction
            .prepare_cached("UPDATE feed_state SET kind = ?2, link = ?3, language = ?4, hubs = ?5 WHERE feed_id = ?1")?
            .execute(params![record.id.0, facts.kind, facts.link, facts.language, json_list(&facts.hubs)])?;
        transaction
            .prepare_cached("UPDATE feed SET title = ?2 WHERE id = ?1 AND title IS NULL")?
            .execute(params![record.id.0, facts.title])?;
        if let Some(title) = &facts.title {
            name_outlet(transaction, record.id, title)?;
        }
    }
    if plan.switch_off {
        let reason = plan.failure.as_ref().map(|failure| failure.reason.as_str());
        event(transaction, record.id, now, "gone", reason)?;
    }
    if let Some(url) = &plan.moved_to {
        // Another feed may already have the new address; then this one stays as it is.
        let moved =
            transaction.execute("UPDATE OR IGNORE feed SET url = ?2 WHERE id = ?1", params![record.id.0, url])?;
        if moved > 0 {
            event(transaction, record.id, now, "moved", Some(&record.url))?;
        }
    }
    Ok(AppliedPoll { counts, next_poll_at: scheduled.at })
}
