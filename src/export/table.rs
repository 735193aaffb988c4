//! Tables that fit the terminal.

use std::io::Write;

use anstyle::{Effects, Style};
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::ExportError;
use super::escape::terminal;
use crate::model::Timestamp;

/// How text for people looks.
#[derive(Debug, Clone, PartialEq)]
pub struct TableStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether headings are set off by escape sequences; they never carry meaning.
    pub is_colored: bool,
    /// The zone times are shown in.
    pub zone: TimeZone,
}

impl Default for TableStyle {
    /// Plain text of 120 columns in UTC.
    fn default() -> Self {
        Self { width: 120, is_colored: false, zone: TimeZone::UTC }
    }
}

impl TableStyle {
    /// The zone's name for a heading: `UTC`, `Europe/Berlin`.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("local")
    }

    /// A moment to the minute in the zone, for example `2025-11-25 18:12`.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        match jiff::Timestamp::from_second(at.0) {
            Ok(moment) => self.zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M").to_string(),
            Err(_) => at.rfc3339(),
        }
    }

    /// The day a claim without a time of day names, in no zone: `2025-11-25`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        in_utc(at, "%Y-%m-%d")
    }

    /// The same in short: `25 Nov`.
    #[must_use]
    pub fn short_day(&self, at: Timestamp) -> String {
        in_utc(at, "%-d %b")
    }

    /// Text set off as a heading.
    #[must_use]
    pub fn heading(&self, text: &str) -> String {
        if self.is_colored {
            let bold = Style::new().effects(Effects::BOLD);
            format!("{bold}{text}{bold:#}")
        } else {
            text.to_owned()
        }
    }
}

fn in_utc(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_second(at.0) {
        Ok(moment) => jiff::tz::TimeZone::UTC.to_datetime(moment).strftime(format).to_string(),
        Err(_) => at.rfc3339(),
    }
}

/// No column gets narrower than this, even on a very narrow terminal: enough for an id or the beginning of a name.
const MIN_COLUMN: usize = 8;

/// Writes rows under a header; where they don't fit the width, the widest columns are cut with an ellipsis.
///
/// # Errors
/// When the destination refuses.
pub fn table(
    header: &[&str],
    rows: &[Vec<String>],
    style: &TableStyle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let cleaned: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| terminal(cell).into_owned()).collect()).collect();
    let n_columns = header.len();
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.width()).collect();
    for row in &cleaned {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    shrink(&mut widths, style.width);
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for (number, row) in std::iter::once(&header).chain(&cleaned).enumerate() {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = fit(cell, *width);
            line.push_str(&cell);
            if index + 1 < n_columns {
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
        }
        let line = line.trim_end();
        if number == 0 { writeln!(out, "{}", style.heading(line))? } else { writeln!(out, "{line}")? }
    }
    Ok(())
}

/// Takes columns off the widest column, again and again, until the row fits.
fn shrink(widths: &mut [usize], width: usize) {
    const BETWEEN: usize = 2;
    loop {
        let total = widths.iter().sum::<usize>() + BETWEEN * widths.len().saturating_sub(1);
        // Of equally wide columns the last one goes first: the headline stands there.
        match widths.iter_mut().max() {
            Some(widest) if total > width && *widest > MIN_COLUMN => *widest -= 1,
            _ => return,
        }
    }
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

/// A number and what it counts: `1 story`, `2 stories`, `0 articles`.
#[must_use]
pub fn counted(n: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if n == 1 => format!("1 {noun}"),
        Some(stem) => format!("{n} {stem}ies"),
        None => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_and_align() {
        let rows = vec![vec!["1".to_owned(), "世界 and a long headline that does not fit".to_owned()]];
        let mut out = Vec::new();
        let style = TableStyle { width: 24, ..TableStyle::default() };
        table(&["ID", "STORY"], &rows, &style, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ID  STORY\n1   世界 and a long hea…\n");
    }

    #[test]
    fn the_widest_columns_give_way() {
        let check = |mut widths: Vec<usize>, width: usize, expected: &[usize]| {
            shrink(&mut widths, width);
            assert_eq!(widths, expected);
        };
        check(vec![3, 40, 200], 120, &[3, 40, 73]);
        check(vec![3, 40, 20], 50, &[3, 23, 20]);
        check(vec![30, 30], 10, &[8, 8]);
        check(vec![], 10, &[]);
    }

    #[test]
    fn moments_are_told_in_the_zone_asked_for() {
        let berlin = TableStyle { zone: TimeZone::get("Europe/Berlin").unwrap(), ..TableStyle::default() };
        assert_eq!(TableStyle::default().moment(Timestamp(1_764_097_920)), "2025-11-25 19:12");
        assert_eq!(
            (berlin.moment(Timestamp(1_764_097_920)).as_str(), berlin.zone_name()),
            ("2025-11-25 20:12", "Europe/Berlin")
        );
    }

    #[test]
    fn headings_are_set_off_only_where_colors_are_wanted() {
        let colored = TableStyle { is_colored: true, ..TableStyle::default() };
        assert_eq!(colored.heading("ID"), "\u{1b}[1mID\u{1b}[0m");
        assert_eq!(TableStyle::default().heading("ID"), "ID");
    }
}
