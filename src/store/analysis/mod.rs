//! Derived data: what analysis is given, what it asks of the past (`past`), what it writes back (`write`), the indexes by
//! hash that both go through (`recent`, in `blocks`), and how a rebuild gives things their old ids (`ids`).

mod blocks;
mod filter;
mod ids;
mod past;
mod recent;
mod rows;
mod write;

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::StoreError;
use super::articles::claimed_date;
use crate::attribution::Attribution;
use crate::cluster::ALGORITHM_VERSION;
use crate::model::{ArticleId, BodyState, ClaimedDate, OutgoingLink, OutletId, RunId, Timestamp, VersionId};

pub use ids::{Assignment, assignment, clear_derived, restore_ids};
pub(super) use past::placed_item;
pub use past::{candidates, neighbourhood, next_ids, placed_items, statistics, story_members, with_bound};
pub use recent::{IndexRows, index_rows, settle_indexes};
pub use write::{apply, apply_reading};

/// An article's current version, with everything analysis reads of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisInput {
    /// The article.
    pub article: ArticleId,
    /// Its version.
    pub version: VersionId,
    /// Its outlet.
    pub outlet: Option<OutletId>,
    /// The outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// Canonical URL.
    pub identity: String,
    /// When we first saw the article.
    pub first_seen_at: Timestamp,
    /// Whether the version came with an import, so that our first sight tells nothing of its age.
    pub imported: bool,
    /// Headline.
    pub title: String,
    /// Byline.
    pub byline: String,
    /// BCP 47 language as claimed.
    pub language: Option<String>,
    /// Claimed publication.
    pub published: Option<ClaimedDate>,
    /// Text; empty when there is none.
    pub body: String,
    /// What the text is.
    pub body_state: BodyState,
    /// Credit lines outside the text.
    pub credit_lines: Vec<String>,
    /// Links of the text.
    pub links: Vec<OutgoingLink>,
}

/// What is derived from one article alone.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleReading {
    /// The article.
    pub article: ArticleId,
    /// Credits found in it.
    pub attributions: Vec<Attribution>,
}

const INPUT: &str = "
SELECT a.id, v.id, a.outlet_id, o.domain, a.identity, a.first_seen_at, v.title, v.byline, v.language,
       v.published_raw, v.published_at, v.published_offset, v.published_precision, v.published_flags,
       v.body, v.body_state, v.credit_lines, v.source = 'import'
FROM version v JOIN article a ON a.id = v.article_id LEFT JOIN outlet o ON o.id = a.outlet_id
WHERE v.id = ?1";

/// Pending articles with what orders them: version, claimed time (if usable), first sight, identity.
///
/// # Errors
/// When SQLite refuses.
pub fn pending(connection: &Connection) -> Result<Vec<VersionId>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT s.current_version FROM pending_analysis p JOIN article_state s ON s.article_id = p.article_id
         JOIN version v ON v.id = s.current_version JOIN article a ON a.id = p.article_id
         ORDER BY CASE WHEN v.published_at IS NULL OR v.published_flags <> 0 THEN a.first_seen_at ELSE v.published_at END,
                  a.identity",
    )?;
    let rows = statement.query_map([], |row| row.get(0).map(VersionId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The recorded runs in order, with their `now` and inputs: what a rebuild replays.
///
/// # Errors
/// When SQLite refuses.
pub fn recorded_runs(connection: &Connection) -> Result<Vec<(RunId, Timestamp)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, now FROM analysis_run ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((RunId(row.get(0)?), Timestamp(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The versions a recorded run was given.
///
/// # Errors
/// When SQLite refuses.
pub fn recorded_inputs(connection: &Connection, run: RunId) -> Result<Vec<VersionId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT version_id FROM analysis_input WHERE run_id = ?1 ORDER BY version_id")?;
    let rows = statement.query_map([run.0], |row| row.get(0).map(VersionId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Name and domain of the outlets that the register doesn't know and that have an analyzed article or one among `inputs`,
/// by domain.
///
/// # Errors
/// When SQLite refuses.
pub fn unregistered_outlets(
    connection: &Connection,
    inputs: &[AnalysisInput],
) -> Result<Vec<(String, String)>, StoreError> {
    let new: BTreeSet<OutletId> = inputs.iter().filter_map(|input| input.outlet).collect();
    let mut statement = connection.prepare_cached(
        "SELECT o.id, o.name, o.domain, EXISTS (
           SELECT 1 FROM article a JOIN analyzed_article d ON d.article_id = a.id WHERE a.outlet_id = o.id)
         FROM outlet o WHERE NOT o.from_register ORDER BY o.domain",
    )?;
    let rows = statement
        .query_map([], |row| Ok((OutletId(row.get(0)?), (row.get(1)?, row.get(2)?), row.get::<_, bool>(3)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, outlet, is_analyzed) = row?;
        if is_analyzed || new.contains(&id) {
            found.push(outlet);
        }
    }
    Ok(found)
}

/// Loads versions with their texts and links.
///
/// # Errors
/// When SQLite refuses.
pub fn inputs(connection: &Connection, versions: &[VersionId]) -> Result<Vec<AnalysisInput>, StoreError> {
    let mut statement = connection.prepare_cached(INPUT)?;
    let mut link_statement =
        connection.prepare_cached("SELECT url, anchor, sentence FROM link WHERE version_id = ?1 ORDER BY position")?;
    let mut found = Vec::with_capacity(versions.len());
    for version in versions {
        let mut input = statement.query_row([version.0], |row| {
            Ok(AnalysisInput {
                article: ArticleId(row.get(0)?),
                version: VersionId(row.get(1)?),
                outlet: row.get::<_, Option<i64>>(2)?.map(OutletId),
                outlet_domain: row.get(3)?,
                identity: row.get(4)?,
                first_seen_at: Timestamp(row.get(5)?),
                imported: row.get(17)?,
                title: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                byline: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
                language: row.get(8)?,
                published: claimed_date(row, 9)?,
                body: row.get::<_, Option<String>>(14)?.unwrap_or_default(),
                body_state: BodyState::from_stored(&row.get::<_, String>(15)?),
                credit_lines: super::from_json_list(row.get::<_, Option<String>>(16)?.as_deref()),
                links: Vec::new(),
            })
        })?;
        let links = link_statement.query_map([version.0], |row| {
            Ok(OutgoingLink { url: row.get(0)?, anchor: row.get(1)?, sentence: row.get(2)? })
        })?;
        input.links = links.collect::<Result<_, _>>()?;
        found.push(input);
    }
    Ok(found)
}

/// Whether what is derived was derived by another version of the algorithm: then it has to be derived again before more
/// can be added to it.
///
/// # Errors
/// When SQLite refuses.
pub fn is_outdated(connection: &Connection) -> Result<bool, StoreError> {
    let value = |name: &str| -> Result<Option<i64>, StoreError> {
        Ok(connection
            .prepare_cached("SELECT value FROM corpus_statistics WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    };
    Ok(value("n_documents")?.is_some() && value("algorithm_version")? != Some(ALGORITHM_VERSION))
}

/// Records a run and its inputs as facts, and takes them off the pending list.
///
/// # Errors
/// When SQLite refuses.
pub fn record_run(
    transaction: &Transaction<'_>,
    inputs: &[(ArticleId, VersionId)],
    now: Timestamp,
) -> Result<RunId, StoreError> {
    transaction.execute(
        "INSERT INTO analysis_run (now, recorded_at, n_inputs) VALUES (?1, ?1, ?2)",
        params![now.0, i64::try_from(inputs.len()).unwrap_or(i64::MAX)],
    )?;
    let run = RunId(transaction.last_insert_rowid());
    let mut insert = transaction.prepare_cached("INSERT INTO analysis_input (run_id, version_id) VALUES (?1, ?2)")?;
    // A version that came in while the batch was decided stays pending.
    let mut done = transaction.prepare_cached(
        "DELETE FROM pending_analysis WHERE article_id = ?1
         AND ?2 = (SELECT current_version FROM article_state WHERE article_id = ?1)",
    )?;
    for (article, version) in inputs {
        insert.execute([run.0, version.0])?;
        done.execute([article.0, version.0])?;
    }
    Ok(run)
}
