//! Views to bytes in each format; all escaping lives here.

pub mod escape;
mod lists;
mod provenance;
mod story;
mod table;

use std::io::Write;
use std::str::FromStr;

use serde::Serialize;

pub use lists::{AtomFeed, articles_atom, opml, stories_atom};
pub use provenance::{story_dot, story_tree};
pub use story::{headline, story_text};
pub use table::{TableStyle, counted, table};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people, in the width of the terminal.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// An OPML feed list.
    Opml,
    /// An Atom feed.
    Atom,
    /// A graph for Graphviz.
    Dot,
}

impl Format {
    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Opml => "opml",
            Self::Atom => "atom",
            Self::Dot => "dot",
        }
    }
}

impl FromStr for Format {
    type Err = ExportError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Opml, Self::Atom, Self::Dot]
            .into_iter()
            .find(|format| format.as_str() == word)
            .ok_or_else(|| ExportError::UnknownFormat(word.to_owned()))
    }
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No such format.
    #[error("unknown format {0:?}: use table, json, jsonl, csv, opml, atom or dot")]
    UnknownFormat(String),
    /// A format this kind of thing has not.
    #[error("{what} can't be written as {format}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// The format.
        format: &'static str,
    },
    /// The destination refused, for example a closed pipe.
    #[error("cannot write the output")]
    Io(#[from] std::io::Error),
    /// A value could not be written as JSON.
    #[error("cannot write JSON")]
    Json(#[source] serde_json::Error),
    /// A row could not be written as CSV.
    #[error("cannot write CSV")]
    Csv(#[source] csv::Error),
}

/// Writes one value as pretty JSON.
///
/// # Errors
/// When the destination refuses.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), ExportError> {
    let text = serde_json::to_string_pretty(value).map_err(ExportError::Json)?;
    Ok(writeln!(out, "{text}")?)
}

/// Writes one value as a line of JSON.
///
/// # Errors
/// When the destination refuses.
pub fn json_line(value: &impl Serialize, out: &mut dyn Write) -> Result<(), ExportError> {
    let text = serde_json::to_string(value).map_err(ExportError::Json)?;
    Ok(writeln!(out, "{text}")?)
}

/// Writes rows as CSV; cells that a spreadsheet would take for a formula are defused.
///
/// # Errors
/// When the destination refuses.
pub fn csv(header: &[&str], rows: &[Vec<String>], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    {
        let mut writer = csv::Writer::from_writer(&mut bytes);
        writer.write_record(header.iter().map(|name| column(name))).map_err(ExportError::Csv)?;
        for row in rows {
            writer.write_record(row.iter().map(|cell| escape::cell(cell))).map_err(ExportError::Csv)?;
        }
        writer.flush()?;
    }
    Ok(out.write_all(&bytes)?)
}

/// A table's header as the name of a CSV column: `MADE (UTC)` is `made_utc`.
fn column(header: &str) -> String {
    let words = header.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
