//! The full-text index over headlines and bodies, filled in batches off the write path.
//!
//! Bodies in FTS5 make an insert ten times dearer, so articles are stored first and indexed after analysis.

use rusqlite::{Transaction, params};

use super::StoreError;

/// Indexes up to `limit` articles whose analyzed text isn't indexed yet; returns how many.
///
/// `segment` turns text into space-separated words (CJK and Thai as bigrams), and must be the one that queries use.
///
/// # Errors
/// When SQLite refuses.
pub fn index_batch(
    transaction: &Transaction<'_>,
    limit: usize,
    segment: impl Fn(&str) -> String,
) -> Result<usize, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT p.article_id, v.title, v.body FROM pending_text p JOIN analyzed_article d ON d.article_id = p.article_id
         JOIN version v ON v.id = d.version_id ORDER BY p.article_id LIMIT ?1",
    )?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    let mut remove = transaction.prepare_cached("DELETE FROM article_text WHERE rowid = ?1")?;
    let mut insert = transaction.prepare_cached("INSERT INTO article_text (rowid, title, body) VALUES (?1, ?2, ?3)")?;
    let mut done = transaction.prepare_cached("DELETE FROM pending_text WHERE article_id = ?1")?;
    for (article, title, body) in &rows {
        remove.execute([article])?;
        insert.execute(params![
            article,
            title.as_deref().map(&segment).unwrap_or_default(),
            body.as_deref().map(&segment).unwrap_or_default()
        ])?;
        done.execute([article])?;
    }
    Ok(rows.len())
}
