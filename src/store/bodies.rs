//! Which text of an article stands where both its feed and its page gave one; [`crate::plan::body`] decides.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::articles::{fill_from_feed, store_version};
use super::{StoreError, from_json_list};
use crate::model::{ArticleId, BodyState, OutgoingLink, Timestamp};
use crate::plan::{VersionPlan, body};

/// Decides between the page's text and the one the feed gave before; the version then has the better one. Returns why.
pub(super) fn settle(
    connection: &Connection,
    article: ArticleId,
    version: &mut VersionPlan,
) -> Result<Option<String>, StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT v.id, v.body, v.body_state FROM article_state s JOIN version v ON v.id = s.current_version
             WHERE s.article_id = ?1 AND v.source = 'feed' AND v.body IS NOT NULL",
        )?
        .query_row([article.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
        .optional()?;
    let Some((feed_version, body, state)) = known else { return Ok(None) };
    let state = BodyState::from_stored(&state);
    let page = body::Text { body: version.body.as_deref().unwrap_or_default(), state: version.body_state };
    let choice = body::choose(body::Text { body: &body, state }, page);
    if choice.kept == body::Kept::Feed {
        version.links = connection
            .prepare_cached("SELECT url, anchor, sentence FROM link WHERE version_id = ?1 ORDER BY position")?
            .query_map([feed_version], |row| {
                Ok(OutgoingLink { url: row.get(0)?, anchor: row.get(1)?, sentence: row.get(2)? })
            })?
            .collect::<Result<_, _>>()?;
        (version.source, version.body, version.body_state) = ("feed", Some(body), state);
    }
    Ok(Some(choice.reason))
}

/// Stores the text of a feed for an article whose page was scraped, where it is the better one; what the page told
/// besides its text stands.
pub(super) fn store_longer(
    transaction: &Transaction<'_>,
    article: ArticleId,
    version: &VersionPlan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    // Only a whole text is worth a look at the page's.
    let Some(body) = version.body.as_deref().filter(|_| version.body_state == BodyState::Complete) else {
        return Ok(false);
    };
    let (old, state, credits): (Option<String>, String, Option<String>) = transaction
        .prepare_cached(
            "SELECT v.body, v.body_state, v.credit_lines FROM article_state s JOIN version v ON v.id = s.current_version
             WHERE s.article_id = ?1",
        )?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    // A page whose text was pruned had one.
    let Some(old) = old else { return Ok(false) };
    let page = body::Text { body: &old, state: BodyState::from_stored(&state) };
    if body::choose(body::Text { body, state: version.body_state }, page).kept == body::Kept::Page {
        return Ok(false);
    }
    let mut merged = VersionPlan { title: None, byline: None, language: None, published: None, ..version.clone() };
    fill_from_feed(transaction, article, &mut merged)?;
    merged.title = merged.title.or_else(|| version.title.clone());
    merged.byline = merged.byline.or_else(|| version.byline.clone());
    merged.language = merged.language.or_else(|| version.language.clone());
    merged.published = merged.published.or_else(|| version.published.clone());
    for line in from_json_list(credits.as_deref()) {
        if !merged.credit_lines.contains(&line) {
            merged.credit_lines.push(line);
        }
    }
    store_version(transaction, article, &merged, now)
}

/// What came of the scrapes of an article, in a sentence each, with the time of each; the oldest first.
///
/// # Errors
/// When SQLite refuses.
pub fn reasons(connection: &Connection, article: ArticleId) -> Result<Vec<(Timestamp, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT started_at, reason FROM scrape WHERE article_id = ?1 AND reason IS NOT NULL ORDER BY id",
    )?;
    let rows = statement.query_map(params![article.0], |row| Ok((Timestamp(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
