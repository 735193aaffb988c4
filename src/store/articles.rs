//! Entries, articles and versions: what polls, scrapes and imports write.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use super::feeds::outlet_id;
use super::{StoreError, bodies, hosts, json_list};
use crate::model::{ArticleId, BodyState, ClaimedDate, OutletId, StoryId, Timestamp, VersionId};
use crate::plan::VersionPlan;
use crate::plan::entry::{EntryArticle, EntryPlan};
use crate::plan::import::ImportPlan;
use crate::plan::poll::FeedRecord;
use crate::plan::scrape::{Lead, ScrapePlan, ScrapeRecord};
use crate::schedule::{self, ScrapeSchedule};

/// A story covered by so many outlets is one that grows, not an article with its own follow-up.
const HOT_OUTLETS: i64 = 3;

/// A story whose latest article is older than this, in seconds, has stopped growing: 12 hours, a night.
const HOT_FOR_S: i64 = 12 * 3600;

/// What the entries of a poll changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntryCounts {
    /// Entries not listed by this feed before.
    pub n_new: usize,
    /// Known entries whose content changed.
    pub n_changed: usize,
    /// Articles not known before.
    pub n_new_articles: usize,
}

/// What an imported line did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// A new article.
    New,
    /// A known article with a new version.
    Changed,
    /// Nothing new.
    Unchanged,
}

type DateColumns<'a> = (Option<&'a str>, Option<i64>, Option<i32>, Option<&'static str>, i64);

fn date_columns(claim: Option<&ClaimedDate>) -> DateColumns<'_> {
    claim.map_or((None, None, None, None, 0), |claim| {
        (
            Some(claim.raw.as_str()),
            claim.utc.map(|utc| utc.0),
            claim.offset_minutes,
            Some(claim.precision.as_str()),
            claim.flags(),
        )
    })
}

/// Stores one entry of a feed and what it tells of its article.
pub(super) fn apply_entry(
    transaction: &Transaction<'_>,
    feed: &FeedRecord,
    plan: &EntryPlan,
    now: Timestamp,
    counts: &mut EntryCounts,
) -> Result<(), StoreError> {
    let known: Option<(i64, i64, Option<i64>)> = transaction
        .prepare_cached("SELECT id, content_hash, article_id FROM entry WHERE feed_id = ?1 AND entry_key = ?2")?
        .query_row(params![feed.id.0, plan.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if known.is_some_and(|(_, hash, _)| hash == plan.content_hash) {
        return Ok(());
    }
    let article = match &plan.article {
        None => None,
        Some(article) => {
            let id = match find_article(transaction, &article.identity)? {
                Some(id) => {
                    let stored = store_feed_version(transaction, id, &article.version, now)?;
                    if stored || known.is_some() {
                        // The feed says something else than before: look at the page again.
                        transaction
                            .prepare_cached(
                                "UPDATE article_state SET next_scrape_at = ?2
                                 WHERE article_id = ?1 AND n_scrapes > 0
                                   AND (next_scrape_at IS NULL OR next_scrape_at > ?2)",
                            )?
                            .execute(params![id.0, now.0])?;
                    }
                    id
                }
                None => {
                    counts.n_new_articles += 1;
                    insert_listed(transaction, feed, article, now)?
                }
            };
            Some(id)
        }
    };
    let entry = &plan.entry;
    let published = date_columns(entry.published.as_ref());
    let updated = date_columns(entry.updated.as_ref());
    let (source_title, source_url) =
        entry.source.as_ref().map_or((None, None), |source| (source.title.as_deref(), source.url.as_deref()));
    transaction
        .prepare_cached(
            "INSERT INTO entry (feed_id, article_id, entry_key, guid, url, title, author, source_title, source_url,
               published_raw, published_at, published_offset, published_precision, published_flags,
               updated_raw, updated_at, updated_offset, updated_precision, updated_flags, tags, content_hash, first_seen_at)
             VALUES (:feed, :article, :key, :guid, :url, :title, :author, :source_title, :source_url,
               :p0, :p1, :p2, :p3, :p4, :u0, :u1, :u2, :u3, :u4, :tags, :hash, :now)
             ON CONFLICT (feed_id, entry_key) DO UPDATE SET article_id = coalesce(excluded.article_id, article_id),
               url = excluded.url, title = excluded.title, author = excluded.author,
               updated_raw = excluded.updated_raw, updated_at = excluded.updated_at, updated_offset = excluded.updated_offset,
               updated_precision = excluded.updated_precision, updated_flags = excluded.updated_flags,
               content_hash = excluded.content_hash",
        )?
        .execute(named_params! {
            ":feed": feed.id.0,
            ":article": article.map(|id| id.0),
            ":key": plan.key,
            ":guid": entry.guid,
            ":url": entry.url,
            ":title": entry.title,
            ":author": (!entry.authors.is_empty()).then(|| entry.authors.join(", ")),
            ":source_title": source_title,
            ":source_url": source_url,
            ":p0": published.0, ":p1": published.1, ":p2": published.2, ":p3": published.3, ":p4": published.4,
            ":u0": updated.0, ":u1": updated.1, ":u2": updated.2, ":u3": updated.3, ":u4": updated.4,
            ":tags": json_list(&entry.tags),
            ":hash": plan.content_hash,
            ":now": now.0,
        })?;
    if known.is_some() {
        counts.n_changed += 1;
    } else {
        counts.n_new += 1;
    }
    Ok(())
}

/// The article with this identity, directly or through another address of it.
fn find_article(connection: &Connection, identity: &str) -> Result<Option<ArticleId>, StoreError> {
    let direct: Option<i64> = connection
        .prepare_cached("SELECT id FROM article WHERE identity = ?1")?
        .query_row([identity], |row| row.get(0))
        .optional()?;
    if let Some(id) = direct {
        return Ok(Some(ArticleId(id)));
    }
    let other: Option<i64> = connection
        .prepare_cached("SELECT article_id FROM article_url WHERE identity = ?1")?
        .query_row([identity], |row| row.get(0))
        .optional()?;
    Ok(other.map(ArticleId))
}

/// Follows a link that stands for an article. An article known already takes over the link's entries, and is
/// returned; otherwise the link's own article has the address from now on.
fn follow(
    transaction: &Transaction<'_>,
    link: ArticleId,
    lead: &Lead,
    now: Timestamp,
) -> Result<Option<ArticleId>, StoreError> {
    let known = find_article(transaction, &lead.identity)?.filter(|known| *known != link);
    let Some(known) = known else {
        let outlet = lead.outlet.as_ref().map(|outlet| outlet_id(transaction, outlet, now)).transpose()?;
        transaction.execute(
            "UPDATE article SET url = ?2, outlet_id = coalesce(?3, outlet_id) WHERE id = ?1",
            params![link.0, lead.url, outlet.map(|id| id.0)],
        )?;
        transaction.execute(
            "INSERT OR IGNORE INTO article_url (identity, article_id, kind, seen_at) VALUES (?1, ?2, 'google-news', ?3)",
            params![lead.identity, link.0, now.0],
        )?;
        return Ok(None);
    };
    transaction.execute("UPDATE entry SET article_id = ?2 WHERE article_id = ?1", params![link.0, known.0])?;
    transaction.execute("DELETE FROM pending_analysis WHERE article_id = ?1", [link.0])?;
    Ok(Some(known))
}

fn insert_article(
    transaction: &Transaction<'_>,
    identity: &str,
    url: Option<&str>,
    outlet: Option<OutletId>,
    now: Timestamp,
) -> Result<ArticleId, StoreError> {
    transaction
        .prepare_cached("INSERT INTO article (identity, url, outlet_id, first_seen_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![identity, url, outlet.map(|id| id.0), now.0])?;
    Ok(ArticleId(transaction.last_insert_rowid()))
}

/// Stores an article that a feed listed for the first time, with what the feed tells of it.
fn insert_listed(
    transaction: &Transaction<'_>,
    feed: &FeedRecord,
    listed: &EntryArticle,
    now: Timestamp,
) -> Result<ArticleId, StoreError> {
    let outlet = match &listed.outlet {
        Some(outlet) => Some(outlet_id(transaction, outlet, now)?),
        None => feed.outlet,
    };
    let id = insert_article(transaction, &listed.identity, Some(&listed.url), outlet, now)?;
    let version = insert_version(transaction, id, &listed.version, listed.version.content_hash(), now)?;
    let scrape_at = (!listed.has_full_text).then_some(now.0);
    let page_state = listed.has_full_text.then_some("full-text-in-feed");
    transaction
        .prepare_cached(
            "INSERT INTO article_state (article_id, current_version, next_scrape_at, page_state) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id.0, version.0, scrape_at, page_state])?;
    transaction.prepare_cached("INSERT INTO pending_analysis (article_id) VALUES (?1)")?.execute([id.0])?;
    Ok(id)
}

/// Stores what a feed says of an article, unless the page already told more: a scraped page's text stands until the
/// page itself is seen to change.
fn store_feed_version(
    transaction: &Transaction<'_>,
    article: ArticleId,
    version: &VersionPlan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let current: Option<(String, String, Option<i64>)> = transaction
        .prepare_cached(
            "SELECT v.source, v.body_state, length(v.body) FROM article_state s JOIN version v ON v.id = s.current_version
             WHERE s.article_id = ?1",
        )?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((source, state, length)) = current {
        if source == "page" {
            return bodies::store_longer(transaction, article, version, now);
        }
        let own_length = version.body.as_deref().map_or(0, str::len);
        let richer = source != "feed"
            || (BodyState::from_stored(&state) == BodyState::Complete && version.body_state != BodyState::Complete)
            || length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > own_length));
        if richer {
            return Ok(false);
        }
    }
    store_version(transaction, article, version, now)
}

/// Appends a version with its links.
fn insert_version(
    transaction: &Transaction<'_>,
    article: ArticleId,
    version: &VersionPlan,
    hash: i64,
    now: Timestamp,
) -> Result<VersionId, StoreError> {
    let published = date_columns(version.published.as_ref());
    let updated = date_columns(version.updated.as_ref());
    transaction
        .prepare_cached(
            "INSERT INTO version (article_id, seen_at, source, title, byline, language,
               published_raw, published_at, published_offset, published_precision, published_flags,
               updated_raw, updated_at, updated_offset, updated_precision, updated_flags,
               body, body_state, credit_lines, content_hash)
             VALUES (:article, :now, :source, :title, :byline, :language, :p0, :p1, :p2, :p3, :p4,
               :u0, :u1, :u2, :u3, :u4, :body, :state, :credits, :hash)",
        )?
        .execute(named_params! {
            ":article": article.0,
            ":now": now.0,
            ":source": version.source,
            ":title": version.title,
            ":byline": version.byline,
            ":language": version.language,
            ":p0": published.0, ":p1": published.1, ":p2": published.2, ":p3": published.3, ":p4": published.4,
            ":u0": updated.0, ":u1": updated.1, ":u2": updated.2, ":u3": updated.3, ":u4": updated.4,
            ":body": version.body,
            ":state": version.body_state.as_str(),
            ":credits": json_list(&version.credit_lines),
            ":hash": hash,
        })?;
    let id = VersionId(transaction.last_insert_rowid());
    let mut insert_link = transaction
        .prepare_cached("INSERT INTO link (version_id, position, url, anchor, sentence) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (position, link) in (0_i64..).zip(&version.links) {
        insert_link.execute(params![id.0, position, link.url, link.anchor, link.sentence])?;
    }
    Ok(id)
}

/// Stores a version and makes it the current one, unless this very text was stored before. Returns whether it was new.
pub(super) fn store_version(
    transaction: &Transaction<'_>,
    article: ArticleId,
    version: &VersionPlan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let hash = version.content_hash();
    let current: Option<i64> = transaction
        .prepare_cached(
            "SELECT v.content_hash FROM article_state s JOIN version v ON v.id = s.current_version WHERE s.article_id = ?1",
        )?
        .query_row([article.0], |row| row.get(0))
        .optional()?;
    if current == Some(hash) {
        return Ok(false);
    }
    let id = insert_version(transaction, article, version, hash, now)?;
    transaction
        .prepare_cached("UPDATE article_state SET current_version = ?2 WHERE article_id = ?1")?
        .execute(params![article.0, id.0])?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO pending_analysis (article_id) VALUES (?1)")?
        .execute([article.0])?;
    Ok(true)
}

/// The articles whose page is due, oldest debt first.
///
/// # Errors
/// When SQLite refuses.
pub fn due_scrapes(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<ScrapeRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.id, a.url, a.identity, a.first_seen_at, s.n_scrapes, s.etag, s.last_modified, s.validators_url,
           EXISTS (SELECT 1 FROM analyzed_article d JOIN story t ON t.id = d.story_id
                   WHERE d.article_id = a.id AND (t.n_outlets >= ?3 AND t.last_time > ?4 OR EXISTS (
                     SELECT 1 FROM analyzed_article m JOIN watch_article w ON w.article_id = m.article_id
                     WHERE m.story_id = t.id)))
         FROM article_state s JOIN article a ON a.id = s.article_id
         WHERE s.next_scrape_at <= ?1 AND a.url IS NOT NULL ORDER BY s.next_scrape_at, a.id LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![now.0, limit, HOT_OUTLETS, now.0 - HOT_FOR_S], |row| {
        Ok(ScrapeRecord {
            article: ArticleId(row.get(0)?),
            url: row.get(1)?,
            identity: row.get(2)?,
            first_seen_at: Timestamp(row.get(3)?),
            n_scrapes: row.get(4)?,
            etag: row.get(5)?,
            last_modified: row.get(6)?,
            validators_url: row.get(7)?,
            is_hot: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Brings forward the next scrape of the articles of growing and of watched stories, to their next step while they are hot.
///
/// Returns how many were moved.
///
/// # Errors
/// When SQLite refuses.
pub fn hasten_scrapes(transaction: &Transaction<'_>, stories: &[StoryId], now: Timestamp) -> Result<usize, StoreError> {
    let mut members = transaction.prepare_cached(
        "SELECT a.id, a.first_seen_at, s.n_scrapes, s.next_scrape_at
         FROM story t JOIN analyzed_article d ON d.story_id = t.id JOIN article a ON a.id = d.article_id
           JOIN article_state s ON s.article_id = a.id
         WHERE t.id = ?1 AND s.n_scrapes > 0 AND s.next_scrape_at > ?4
           AND (t.n_outlets >= ?2 AND t.last_time > ?3 OR EXISTS (
             SELECT 1 FROM analyzed_article m JOIN watch_article w ON w.article_id = m.article_id WHERE m.story_id = t.id))",
    )?;
    let mut update =
        transaction.prepare_cached("UPDATE article_state SET next_scrape_at = ?2 WHERE article_id = ?1")?;
    let mut n_moved = 0;
    for story in stories {
        let rows = members.query_map(params![story.0, HOT_OUTLETS, now.0 - HOT_FOR_S, now.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u32>(2)?, row.get::<_, i64>(3)?))
        })?;
        for row in rows {
            let (article, first_seen_at, n_scrapes, planned) = row?;
            let input =
                ScrapeSchedule { first_seen_at: Timestamp(first_seen_at), n_scrapes, changed: false, is_hot: true };
            if let Some(at) = schedule::next_scrape(&input, now).filter(|at| at.0 < planned) {
                update.execute(params![article, at.0])?;
                n_moved += 1;
            }
        }
    }
    Ok(n_moved)
}

/// Writes one scrape. Returns whether a new version came of it.
///
/// # Errors
/// When SQLite refuses.
pub fn apply_scrape(transaction: &Transaction<'_>, plan: &ScrapePlan, now: Timestamp) -> Result<bool, StoreError> {
    let mut is_new = false;
    let mut reason = None;
    let known = match &plan.leads_to {
        Some(lead) => follow(transaction, plan.article, lead, now)?,
        None => None,
    };
    if let Some(version) = plan.version.as_ref().filter(|_| known.is_none()) {
        let mut version = version.clone();
        fill_from_feed(transaction, plan.article, &mut version)?;
        reason = bodies::settle(transaction, plan.article, &mut version)?;
        is_new = store_version(transaction, plan.article, &version, now)?;
    }
    for (identity, kind) in &plan.other_identities {
        // An address that is an article of its own keeps it: merging articles is a decision, not a side effect.
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO article_url (identity, article_id, kind, seen_at)
                 SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM article WHERE identity = ?1)",
            )?
            .execute(params![identity, plan.article.0, kind, now.0])?;
    }
    let outcome = if plan.version.is_some() && !is_new { "unchanged" } else { plan.outcome };
    transaction
        .prepare_cached(
            "INSERT INTO scrape (article_id, started_at, outcome, failure_kind, reason, http_status, final_url, n_wire_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            plan.article.0,
            plan.started_at.0,
            outcome,
            plan.failure.as_ref().map(|failure| failure.kind),
            plan.failure.as_ref().map(|failure| failure.reason.as_str()).or(reason.as_deref()),
            plan.http_status,
            plan.final_url,
            i64::try_from(plan.n_wire_bytes).unwrap_or(i64::MAX),
        ])?;
    let next_scrape_at = match known {
        Some(_) => None,
        None if is_new => plan.next_scrape_if_changed,
        None => plan.next_scrape_at,
    };
    // A page that was not asked for, because its host wants to be left alone, is still to be scraped.
    let n_made = i64::from(plan.resting_host.is_none());
    transaction
        .prepare_cached(
            "UPDATE article_state SET next_scrape_at = ?2, n_scrapes = n_scrapes + ?3, page_state = coalesce(?4, page_state)
             WHERE article_id = ?1",
        )?
        .execute(params![plan.article.0, next_scrape_at.map(|at| at.0), n_made, plan.page_state])?;
    if let Some(validators) = &plan.validators {
        transaction
            .prepare_cached(
                "UPDATE article_state SET etag = ?2, last_modified = ?3, validators_url = ?4 WHERE article_id = ?1",
            )?
            .execute(params![plan.article.0, validators.etag, validators.last_modified, validators.url])?;
    }
    if let Some((host, until)) = &plan.resting_host {
        hosts::rest(transaction, host, *until)?;
    }
    Ok(is_new)
}

/// What the page doesn't tell, the feed may have told: headline, byline, language, dates.
pub(super) fn fill_from_feed(
    connection: &Connection,
    article: ArticleId,
    version: &mut VersionPlan,
) -> Result<(), StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT v.title, v.byline, v.language, v.published_raw, v.published_at, v.published_offset,
                    v.published_precision, v.published_flags
             FROM article_state s JOIN version v ON v.id = s.current_version WHERE s.article_id = ?1",
        )?
        .query_row([article.0], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<String>>(2)?,
                claimed_date(row, 3)?,
            ))
        })
        .optional()?;
    let Some((title, byline, language, published)) = known else { return Ok(()) };
    version.title = version.title.take().or(title);
    version.byline = version.byline.take().or(byline);
    version.language = version.language.take().or(language);
    // A feed's exact moment beats a page's bare day.
    let page_is_vague =
        version.published.as_ref().is_none_or(|claim| claim.utc.is_none() || !claim.precision.has_time());
    if page_is_vague && published.as_ref().is_some_and(|claim| claim.utc.is_some()) {
        version.published = published;
    }
    Ok(())
}

/// Reads the five columns of a claimed date from `first` on.
pub(super) fn claimed_date(row: &rusqlite::Row<'_>, first: usize) -> Result<Option<ClaimedDate>, rusqlite::Error> {
    let raw: Option<String> = row.get(first)?;
    let Some(raw) = raw else { return Ok(None) };
    let flags: i64 = row.get(first + 4)?;
    Ok(Some(ClaimedDate {
        raw,
        utc: row.get::<_, Option<i64>>(first + 1)?.map(Timestamp),
        offset_minutes: row.get(first + 2)?,
        precision: crate::model::DatePrecision::from_stored(
            row.get::<_, Option<String>>(first + 3)?.as_deref().unwrap_or("second"),
        ),
        future: flags & 1 != 0,
        impossible: flags & 2 != 0,
        zone_unknown: flags & 4 != 0,
    }))
}

/// Stores one imported article; importing the same again changes nothing.
///
/// # Errors
/// When SQLite refuses.
pub fn apply_import(transaction: &Transaction<'_>, plan: &ImportPlan, now: Timestamp) -> Result<Imported, StoreError> {
    let by_id: Option<i64> = transaction
        .prepare_cached("SELECT article_id FROM article_import WHERE namespace = ?1 AND external_id = ?2")?
        .query_row(params![plan.namespace, plan.external_id], |row| row.get(0))
        .optional()?;
    let known = match by_id {
        Some(id) => Some(ArticleId(id)),
        None => find_article(transaction, &plan.identity)?,
    };
    let article = match known {
        Some(id) => id,
        None => {
            let outlet = plan.outlet.as_ref().map(|outlet| outlet_id(transaction, outlet, now)).transpose()?;
            let id = insert_article(transaction, &plan.identity, plan.url.as_deref(), outlet, now)?;
            transaction.prepare_cached("INSERT INTO article_state (article_id) VALUES (?1)")?.execute([id.0])?;
            transaction
                .prepare_cached("UPDATE article SET namespace = ?2, external_id = ?3 WHERE id = ?1")?
                .execute(params![id.0, plan.namespace, plan.external_id])?;
            id
        }
    };
    if by_id.is_none() {
        transaction
            .prepare_cached("INSERT INTO article_import (namespace, external_id, article_id) VALUES (?1, ?2, ?3)")?
            .execute(params![plan.namespace, plan.external_id, article.0])?;
    }
    // An archive may hold several states of one page: none of them is stored twice.
    let seen: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM version WHERE article_id = ?1 AND content_hash = ?2)")?
        .query_row(params![article.0, plan.version.content_hash()], |row| row.get(0))?;
    if seen || !store_version(transaction, article, &plan.version, now)? {
        return Ok(Imported::Unchanged);
    }
    Ok(if known.is_some() { Imported::Changed } else { Imported::New })
}
