//! Editors' decisions: facts, appended only.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::cluster::decisions::{Decision, DecisionKind};
use crate::model::{ArticleId, DecisionId, RunId, StoryId, Timestamp};

/// What a decision says, as stored.
#[derive(Serialize, Deserialize, Default)]
struct Payload {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stories: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    articles: Vec<BTreeSet<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threads: Option<Vec<Option<i64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<i64>,
}

/// Every decision in the order in which they were made.
///
/// # Errors
/// When SQLite refuses or a decision can't be read.
pub fn all(connection: &Connection) -> Result<Vec<Decision>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, made_at, kind, payload, after_run FROM decision ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get(4)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, made_at, kind, payload, after_run) = row?;
        let damaged = || StoreError::Damaged { what: "decision" };
        let payload: Payload = serde_json::from_str(&payload).map_err(|_| damaged())?;
        found.push(Decision {
            id: DecisionId(id),
            made_at: Timestamp(made_at),
            after_run: RunId(after_run),
            kind: DecisionKind::from_word(&kind).ok_or_else(damaged)?,
            stories: payload.stories.into_iter().map(StoryId).collect(),
            sides: payload.articles.into_iter().map(|side| side.into_iter().map(ArticleId).collect()).collect(),
            threads: payload.threads.map(|threads| threads.into_iter().map(|peer| peer.map(ArticleId)).collect()),
            title: payload.title,
            undoes: payload.undoes.map(DecisionId),
        });
    }
    Ok(found)
}

/// Appends a decision; its number and its place among the runs are given here.
///
/// # Errors
/// When SQLite refuses.
pub fn record(transaction: &Transaction<'_>, mut decision: Decision) -> Result<Decision, StoreError> {
    let after_run = transaction.query_row("SELECT coalesce(max(id), 0) FROM analysis_run", [], |row| row.get(0))?;
    let payload = Payload {
        stories: decision.stories.iter().map(|story| story.0).collect(),
        articles: decision.sides.iter().map(|side| side.iter().map(|article| article.0).collect()).collect(),
        threads: (decision.threads.as_ref())
            .map(|threads| threads.iter().map(|peer| peer.map(|article| article.0)).collect()),
        title: decision.title.clone(),
        undoes: decision.undoes.map(|id| id.0),
    };
    let payload = serde_json::to_string(&payload).map_err(|_| StoreError::Damaged { what: "decision" })?;
    transaction.execute(
        "INSERT INTO decision (made_at, kind, payload, after_run) VALUES (?1, ?2, ?3, ?4)",
        params![decision.made_at.0, decision.kind.as_str(), payload, after_run],
    )?;
    decision.id = DecisionId(transaction.last_insert_rowid());
    decision.after_run = RunId(after_run);
    Ok(decision)
}

/// The story that an id leads to, also one that was merged away or rebuilt.
///
/// # Errors
/// When SQLite refuses.
pub fn resolve(connection: &Connection, story: StoryId) -> Result<Option<StoryId>, StoreError> {
    Ok(connection
        .query_row(
            "SELECT id FROM story WHERE id = coalesce((SELECT into_id FROM story_redirect WHERE story_id = ?1), ?1)",
            [story.0],
            |row| row.get(0).map(StoryId),
        )
        .optional()?)
}

/// The articles of a story, the earliest first.
///
/// # Errors
/// When SQLite refuses.
pub fn members(connection: &Connection, story: StoryId) -> Result<Vec<ArticleId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.article_id FROM analyzed_article d JOIN article a ON a.id = d.article_id
         WHERE d.story_id = ?1 ORDER BY d.event_time, a.identity",
    )?;
    let rows = statement.query_map([story.0], |row| row.get(0).map(ArticleId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The earliest article of another story of a story's thread, not counting the stories of `without`.
///
/// # Errors
/// When SQLite refuses.
pub fn thread_peer(
    connection: &Connection,
    story: StoryId,
    without: &[StoryId],
) -> Result<Option<ArticleId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, d.article_id FROM story s JOIN analyzed_article d ON d.story_id = s.id
         JOIN article a ON a.id = d.article_id
         WHERE s.thread_id = (SELECT thread_id FROM story WHERE id = ?1) AND s.id <> ?1
         ORDER BY d.event_time, a.identity",
    )?;
    let rows = statement.query_map([story.0], |row| Ok((StoryId(row.get(0)?), ArticleId(row.get(1)?))))?;
    for row in rows {
        let (other, article) = row?;
        if !without.contains(&other) {
            return Ok(Some(article));
        }
    }
    Ok(None)
}

/// The story an article is in; none for an article that was not analyzed yet, or that doesn't exist.
///
/// # Errors
/// When SQLite refuses.
pub fn story_of(connection: &Connection, article: ArticleId) -> Result<Option<StoryId>, StoreError> {
    let found: Option<Option<i64>> = connection
        .query_row("SELECT story_id FROM analyzed_article WHERE article_id = ?1", [article.0], |row| row.get(0))
        .optional()?;
    Ok(found.flatten().map(StoryId))
}
