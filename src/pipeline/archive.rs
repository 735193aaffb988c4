//! Back-filling from an archive of JSON Lines.

use std::io::BufRead;

use crate::import::articles::read_line;
use crate::model::Timestamp;
use crate::plan;
use crate::store::articles::{self, Imported};
use crate::store::{Store, StoreError};

use super::Tools;

/// Lines stored in one transaction.
const BATCH_SIZE: usize = 500;

/// The longest line that is read, in bytes: longer ones are reported and skipped.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// A line that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// New articles.
    pub n_new: usize,
    /// Known articles with new content.
    pub n_changed: usize,
    /// Lines that brought nothing new.
    pub n_unchanged: usize,
    /// Lines that could not be read.
    pub bad_lines: Vec<BadLine>,
    /// Lines that were stored, but whose time of publication tells no moment.
    pub untimed_lines: Vec<BadLine>,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read further.
    #[error("the archive could not be read after line {after_line}")]
    Read {
        /// The last line that was read.
        after_line: usize,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database failed.
    #[error("the database could not be used")]
    Store(#[from] StoreError),
}

/// Imports every good line; bad ones are reported by number and the rest goes on.
///
/// # Errors
/// When the file can't be read or the database fails; lines stored before stay.
pub fn import(
    store: &Store,
    tools: &Tools,
    namespace: &str,
    mut lines: impl BufRead,
    now: Timestamp,
) -> Result<ImportSummary, ImportError> {
    let mut summary = ImportSummary::default();
    let (mut number, mut batch, mut buffer) = (0_usize, Vec::new(), Vec::new());
    loop {
        buffer.clear();
        let n_bytes =
            lines.read_until(b'\n', &mut buffer).map_err(|source| ImportError::Read { after_line: number, source })?;
        if n_bytes > 0 {
            number += 1;
            let line = buffer.trim_ascii();
            if line.len() > MAX_LINE_BYTES {
                let reason = format!("longer than {} MiB", MAX_LINE_BYTES / 1024 / 1024);
                summary.bad_lines.push(BadLine { number, reason });
            } else if !line.is_empty() {
                match read_line(line) {
                    Ok(article) => {
                        if let Some(claim) = article.published.as_ref().filter(|claim| claim.utc.is_none()) {
                            let reason =
                                format!("{:?} tells no moment; the time of the import stands for it", claim.raw);
                            summary.untimed_lines.push(BadLine { number, reason });
                        }
                        batch.push(plan::import::import(article, namespace, &tools.rules, &tools.register, now));
                    }
                    Err(error) => summary.bad_lines.push(BadLine { number, reason: error.to_string() }),
                }
            }
        }
        if batch.len() >= BATCH_SIZE || (n_bytes == 0 && !batch.is_empty()) {
            let full = std::mem::take(&mut batch);
            let (n_new, n_changed, n_unchanged) = store.write(move |transaction| {
                let mut counts = (0, 0, 0);
                for plan in &full {
                    match articles::apply_import(transaction, plan, now)? {
                        Imported::New => counts.0 += 1,
                        Imported::Changed => counts.1 += 1,
                        Imported::Unchanged => counts.2 += 1,
                    }
                }
                Ok(counts)
            })?;
            summary.n_new += n_new;
            summary.n_changed += n_changed;
            summary.n_unchanged += n_unchanged;
        }
        if n_bytes == 0 {
            return Ok(summary);
        }
    }
}
