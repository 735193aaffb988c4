//! Tables that fit the terminal.

use std::io::Write;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::ExportError;
use super::escape::terminal;

/// How tables look.
#[derive(Debug, Clone, Copy)]
pub struct TableStyle {
    /// Columns of the terminal.
    pub width: usize,
}

/// The last column never gets narrower than this, even on a very narrow terminal.
const MIN_LAST_COLUMN: usize = 20;

/// Writes rows under a header; the last column takes what is left of the width and is cut with an ellipsis.
///
/// # Errors
/// When the destination refuses.
pub fn table(header: &[&str], rows: &[Vec<String>], style: TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let cleaned: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| terminal(cell).into_owned()).collect()).collect();
    let n_columns = header.len();
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.width()).collect();
    for row in &cleaned {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let before_last: usize = widths.iter().take(n_columns.saturating_sub(1)).map(|width| width + 2).sum();
    if let Some(last) = widths.last_mut() {
        *last = (*last).min(style.width.saturating_sub(before_last).max(MIN_LAST_COLUMN));
    }
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&header).chain(&cleaned) {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = fit(cell, *width);
            line.push_str(&cell);
            if index + 1 < n_columns {
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Cuts text to a width, with an ellipsis.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_and_align() {
        let rows = vec![vec!["1".to_owned(), "世界 and a long headline that does not fit".to_owned()]];
        let mut out = Vec::new();
        table(&["ID", "STORY"], &rows, TableStyle { width: 24 }, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ID  STORY\n1   世界 and a long hea…\n");
    }
}
