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

/// No column gets narrower than this, as long as its longest cell: a moment, which has 16 characters, is never cut, nor is
/// an id.
const MIN_COLUMN: usize = 16;

/// The same for the last column, where headlines and sentences stand: with less of them nobody knows which it is.
const MIN_LAST_COLUMN: usize = 28;

/// What stands between two columns.
const BETWEEN: usize = 2;

/// A first column up to this width is one of ids: what goes on below stands under the second column.
const MAX_INDENT: usize = 8;

/// Writes rows under a header. Where they don't fit the width, the widest columns are cut with an ellipsis; where too little
/// of them would be left, a row goes on in a further line. No name of a column, no id and no moment is cut.
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
    let mut columns: Vec<Column> =
        header.iter().map(|name| Column { name: name.width(), least: name.width(), width: name.width() }).collect();
    for row in &cleaned {
        for (column, cell) in columns.iter_mut().zip(row) {
            column.width = column.width.max(cell.width());
        }
    }
    let n_columns = columns.len();
    for (index, column) in columns.iter_mut().enumerate() {
        let least = if index + 1 == n_columns { MIN_LAST_COLUMN } else { MIN_COLUMN };
        column.least = column.least.max(column.width.min(least));
    }
    let lines = layout(&mut columns, style.width);
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for (number, row) in std::iter::once(&header).chain(&cleaned).enumerate() {
        for line in &lines {
            let mut text = " ".repeat(line.indent);
            for (cell, width) in row[line.first..].iter().zip(&line.widths) {
                let cell = fit(cell, *width);
                text.push_str(&cell);
                text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + BETWEEN));
            }
            let text = text.trim_end();
            if number == 0 {
                writeln!(out, "{}", style.heading(text))?;
            } else if line.first == 0 || !text.is_empty() {
                writeln!(out, "{text}")?;
            }
        }
    }
    Ok(())
}

/// The widths of a column.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Of its name.
    name: usize,
    /// The least that is of use.
    least: usize,
    /// Of its longest cell, or of its name.
    width: usize,
}

/// Columns that stand in one line of the screen.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// Spaces before it.
    indent: usize,
    /// Number of its first column.
    first: usize,
    /// The widths of its columns.
    widths: Vec<usize>,
}

/// Puts as many columns into each line as have room for what is of use of them, then gives them the room that is left.
fn layout(columns: &mut [Column], width: usize) -> Vec<Line> {
    let further = columns.first().filter(|first| first.least <= MAX_INDENT).map_or(0, |first| first.least) + BETWEEN;
    for column in columns.iter_mut().skip(1) {
        // A screen that is too narrow even for that.
        column.least = column.least.min(width.saturating_sub(further)).max(column.name);
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut used = 0;
    for (index, column) in columns.iter().enumerate() {
        match lines.last_mut() {
            Some(line) if used + BETWEEN + column.least <= width => {
                line.widths.push(column.width);
                used += BETWEEN + column.least;
            }
            _ => {
                let indent = if index == 0 { 0 } else { further };
                lines.push(Line { indent, first: index, widths: vec![column.width] });
                used = indent + column.least;
            }
        }
    }
    for line in &mut lines {
        shrink(&mut line.widths, &columns[line.first..], width.saturating_sub(line.indent));
    }
    lines
}

/// Takes from the widest column, again and again, until the row fits.
fn shrink(widths: &mut [usize], columns: &[Column], width: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + BETWEEN * widths.len().saturating_sub(1);
        let can_shrink = widths.iter_mut().zip(columns).filter(|(width, column)| **width > column.least);
        // Of equally wide columns the last one goes first: the headline stands there.
        match can_shrink.map(|(width, _)| width).max() {
            Some(widest) if total > width => *widest -= 1,
            _ => return,
        }
    }
}

/// Screens narrower than this show long lines whole, in several.
const NARROW: usize = 80;

/// Writes a line of text that may be long: cut on a wide screen, where enough of it is seen, and in as many lines as it
/// takes on a narrow one; what goes on stands under `indent` spaces.
pub(super) fn line(text: &str, indent: usize, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let is_narrow = style.width < NARROW;
    let text = if is_narrow { text.to_owned() } else { fit(text, style.width) };
    paragraph(&text, indent, style, out)
}

/// Writes text whole, on a narrow screen in as many lines as it takes; what goes on stands under `indent` spaces.
pub(super) fn paragraph(text: &str, indent: usize, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    if style.width >= NARROW {
        return Ok(writeln!(out, "{text}")?);
    }
    // Where nothing but the indent would have room, the terminal may break the line as it likes.
    let width = style.width.max(2 * indent);
    let mut current = String::new();
    let mut is_empty = true;
    for word in text.split_inclusive(' ') {
        if !is_empty && current.width() + word.trim_end().width() > width {
            writeln!(out, "{}", current.trim_end())?;
            current = " ".repeat(indent);
        }
        current.push_str(word);
        // Spaces at the beginning are the text's own indent, not a word to break after.
        is_empty = current.trim().is_empty();
    }
    Ok(writeln!(out, "{}", current.trim_end())?)
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
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ID  STORY\n1   世界 and a long hea…\n",
            "as much as there is room for"
        );
    }

    #[test]
    fn the_widest_columns_give_way_and_then_the_row_goes_on_below() {
        let check = |columns: &[(usize, usize)], width: usize, expected: &[(usize, &[usize])]| {
            let column = |(least, width): &(usize, usize)| Column { name: 2, least: *least, width: *width };
            let lines = layout(&mut columns.iter().map(column).collect::<Vec<_>>(), width);
            let found: Vec<(usize, &[usize])> = lines.iter().map(|line| (line.indent, &*line.widths)).collect();
            assert_eq!(found, expected);
        };
        check(&[(3, 3), (16, 40), (28, 200)], 120, &[(0, &[3, 40, 73])]);
        check(&[(3, 3), (16, 40), (20, 20)], 50, &[(0, &[3, 23, 20])]);
        check(&[(3, 3), (16, 40), (28, 200)], 50, &[(0, &[3, 40]), (5, &[45])]);
        check(&[(30, 30), (8, 30)], 35, &[(0, &[30]), (2, &[30])]);
        check(&[(30, 30)], 10, &[(0, &[30])]);
        check(&[], 10, &[]);
    }

    #[test]
    fn names_of_columns_ids_and_moments_are_never_cut() {
        let header = ["ID", "FIRST (UTC)", "OUTLETS", "ORIGINS", "FIRST HERE", "STORY"];
        let cells =
            ["1234", "2025-11-25 18:00", "7", "1 (+1)", "The Marlow and Lenn Valley Advertiser", "A dam above a town"];
        let rows = vec![cells.map(str::to_owned).to_vec()];
        for width in 24..140 {
            let mut out = Vec::new();
            table(&header, &rows, &TableStyle { width, ..TableStyle::default() }, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            for kept in header.iter().chain(&["1234", "2025-11-25 18:00", "1 (+1)"]) {
                assert!(text.contains(kept), "{kept} at {width}: {text}");
            }
            assert!(width < 36 || text.lines().all(|line| line.width() <= width), "{width}: {text}");
        }
        let mut out = Vec::new();
        table(&header, &rows, &TableStyle { width: 50, ..TableStyle::default() }, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ID    FIRST (UTC)       OUTLETS  ORIGINS\n      FIRST HERE                STORY\n\
             1234  2025-11-25 18:00  7        1 (+1)\n      The Marlow and Lenn Val…  A dam above a town\n"
        );
    }

    #[test]
    fn long_lines_are_cut_on_wide_screens_and_wrapped_on_narrow_ones() {
        let check = |width: usize, expected: &str| {
            let mut out = Vec::new();
            line(
                "  +0:10  The council votes on the bridge",
                9,
                &TableStyle { width, ..TableStyle::default() },
                &mut out,
            )
            .unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(100, "  +0:10  The council votes on the bridge\n");
        check(30, "  +0:10  The council votes on\n         the bridge\n");
        check(5, "  +0:10  The\n         council\n         votes on\n         the\n         bridge\n");
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
