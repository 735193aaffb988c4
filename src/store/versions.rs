//! What is read of single articles for comparing them: their place, their text, their versions.

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use super::analysis::placed_item;
use crate::cluster::PlacedItem;
use crate::model::{ArticleId, BodyState, Timestamp, VersionId};

/// An analyzed article with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedArticle {
    /// Its place and its digest.
    pub placed: PlacedItem,
    /// Outlet's name.
    pub outlet: Option<String>,
    /// Why it is in its story, as stored.
    pub membership: Option<String>,
    /// Its own text; empty when there is none (any more).
    pub body: String,
}

/// One observed state of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedVersion {
    /// The version.
    pub version: VersionId,
    /// When we saw it.
    pub seen_at: Timestamp,
    /// feed, page, import.
    pub source: String,
    /// Headline.
    pub title: String,
    /// The article's own text.
    pub body: Option<String>,
    /// What the text is.
    pub state: BodyState,
}

/// Loads an analyzed article with its text; none when there is no such article or it was not analyzed yet.
///
/// # Errors
/// When SQLite refuses or the stored digest is damaged.
pub fn compared(connection: &Connection, article: ArticleId) -> Result<Option<ComparedArticle>, StoreError> {
    let Some(placed) = placed_item(connection, article)? else { return Ok(None) };
    let row = connection
        .query_row(
            "SELECT o.name, d.membership, v.body, v.body_state
             FROM analyzed_article d JOIN article a ON a.id = d.article_id JOIN version v ON v.id = d.version_id
             LEFT JOIN outlet o ON o.id = a.outlet_id WHERE d.article_id = ?1",
            [article.0],
            |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, Option<String>>(2)?,
                    row.get::<_, String>(3)?,
                ))
            },
        )
        .optional()?;
    Ok(row.map(|(outlet, membership, body, state)| ComparedArticle {
        placed,
        outlet,
        membership,
        body: body.filter(|_| BodyState::from_stored(&state).is_article_text()).unwrap_or_default(),
    }))
}

/// Headlines of the analyzed articles of a range of time, both ends included.
///
/// # Errors
/// When SQLite refuses.
pub fn titles_between(connection: &Connection, first: Timestamp, last: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT v.title FROM analyzed_article d JOIN version v ON v.id = d.version_id
         WHERE d.event_time BETWEEN ?1 AND ?2 AND v.title IS NOT NULL",
    )?;
    let rows = statement.query_map([first.0, last.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every observed state of an article, the oldest first.
///
/// # Errors
/// When SQLite refuses.
pub fn versions(connection: &Connection, article: ArticleId) -> Result<Vec<ObservedVersion>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, seen_at, source, title, body, body_state FROM version WHERE article_id = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([article.0], |row| {
        let state = BodyState::from_stored(&row.get::<_, String>(5)?);
        Ok(ObservedVersion {
            version: VersionId(row.get(0)?),
            seen_at: Timestamp(row.get(1)?),
            source: row.get(2)?,
            title: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            body: row.get::<_, Option<String>>(4)?.filter(|_| state.is_article_text()),
            state,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
