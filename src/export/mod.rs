//! Views to bytes in each format; all escaping lives here.

mod document;
pub mod escape;
mod evidence;
mod graph;
mod html;
mod lists;
mod markdown;
pub mod pages;
mod provenance;
mod story;
mod table;
mod told;

use std::io::Write;
use std::str::FromStr;

use serde::Serialize;

pub use document::{Block, Document, Span};
pub use evidence::evidence_text;
pub use graph::{articles_dot, stories_dot, story_dot};
pub use html::html;
pub use lists::{AtomFeed, articles_atom, opml, stories_atom};
pub use markdown::markdown;
pub use provenance::story_tree;
pub use story::{story_text, story_timeline};
pub use table::{TableStyle, counted, table};
pub use told::{feed_note, feed_state, headline, origins};

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
    /// A page of HTML that stands alone.
    Html,
    /// Markdown, to paste into a note.
    Md,
    /// A graph for Graphviz.
    Dot,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] =
        [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Atom, Self::Html, Self::Md, Self::Opml, Self::Dot];
    /// What lists without a format of their own are written as.
    pub const ROWS: [Self; 4] = [Self::Table, Self::Json, Self::Jsonl, Self::Csv];
    /// What is one thing and no list.
    pub const VALUE: [Self; 3] = [Self::Table, Self::Json, Self::Jsonl];
    /// What stories, a story and articles are written as; only feeds make a feed list.
    pub const NEWS: [Self; 8] =
        [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Atom, Self::Html, Self::Md, Self::Dot];
    /// What feeds are written as: they are no news for an Atom feed, and nothing leads from one to another.
    pub const FEEDS: [Self; 7] = [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Html, Self::Md, Self::Opml];

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
            Self::Html => "html",
            Self::Md => "md",
            Self::Dot => "dot",
        }
    }
}

impl FromStr for Format {
    type Err = ExportError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == word)
            .ok_or_else(|| ExportError::UnknownFormat(word.to_owned()))
    }
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No such format.
    #[error("unknown format {0:?}: use {offered}", offered = words(&Format::ALL))]
    UnknownFormat(String),
    /// A format this kind of thing has not.
    #[error("{what} can't be written as {format}: use {offered}", format = format.as_str(), offered = words(offered))]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// The format.
        format: Format,
        /// The formats it has.
        offered: &'static [Format],
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

/// Formats as a sentence names them: `table, json or csv`.
fn words(formats: &[Format]) -> String {
    let words: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
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
