//! One story for people: first report, members in time order, copies folded under what they copy.

use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::table::{self, TableStyle, counted};
use super::told::{self, Row, headline};
use crate::model::Timestamp;
use crate::view::{ArticleView, StoryDetail};

/// Stories of a thread shown under one of its stories.
const N_RELATED_SHOWN: usize = 12;

/// Where the words after `FIRST` begin.
const FIRST_INDENT: usize = 8;

/// Where the names of outlets begin in a timeline.
const TIME_INDENT: usize = 16;

/// Writes a story as text.
///
/// # Errors
/// When the destination refuses.
pub fn story_text(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    heading(story, style, out)?;
    for (number, line) in told::first_report(story, style).iter().enumerate() {
        let before = if number == 0 { "FIRST" } else { "     " };
        titled(&format!("{before}   {}", terminal(line)), "FIRST", FIRST_INDENT, style, out)?;
    }
    writeln!(out)?;
    timeline(story, style, out)?;
    let events = told::events(story, style);
    if !events.is_empty() {
        writeln!(out)?;
        titled(&format!("EVENTS ({}, when we saw them)", style.zone_name()), "EVENTS", 2, style, out)?;
    }
    indented(&events, style, out)?;
    let differences = told::differences(story);
    if !differences.is_empty() {
        writeln!(out)?;
        titled("DIFFERENCES (who says what; the version most tell first)", "DIFFERENCES", 2, style, out)?;
    }
    indented(&differences, style, out)?;
    if !story.related.is_empty() {
        writeln!(out, "\n{} (same thread)", style.heading("RELATED"))?;
        for related in story.related.iter().take(N_RELATED_SHOWN) {
            let text = format!(
                "  {}  {} ({})",
                related.id,
                terminal(headline(&related.title)),
                counted(related.articles as usize, "article")
            );
            table::line(&text, 5, style, out)?;
        }
        if let Some(n_more) = story.related.len().checked_sub(N_RELATED_SHOWN).filter(|n_more| *n_more > 0) {
            writeln!(out, "  and {n_more} more (all of them with --json)")?;
        }
    }
    Ok(())
}

/// Writes the timeline of a story as text, under its headline.
///
/// # Errors
/// When the destination refuses.
pub fn story_timeline(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    heading(story, style, out)?;
    timeline(story, style, out)
}

fn heading(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let head = &story.story;
    writeln!(out, "{}", style.heading(&format!("{}  {}", head.id, terminal(headline(&head.title)))))?;
    table::paragraph(&told::counts(story), 2, style, out)?;
    Ok(writeln!(out)?)
}

fn timeline(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    // Times are counted from the first claimed one; where days are all that is claimed, days are shown.
    let has_days = story.members.iter().any(ArticleView::is_day_only);
    let timed =
        story.members.iter().filter(|member| !member.is_day_only() && (!has_days || !told::is_own_clock(member)));
    let start = timed.filter_map(|member| member.event_time).min();
    let since = start.map_or_else(String::new, |at| format!(" since {} {}", style.moment(at), style.zone_name()));
    let days = if has_days { " · a date: no time of day claimed" } else { "" };
    let legend = format!("TIMELINE{since} (#n article · ~ our first sight, no usable time of publication{days})");
    titled(&legend, "TIMELINE", 2, style, out)?;
    for row in told::rows(story) {
        line(&row, start, style, out)?;
    }
    Ok(())
}

fn indented(lines: &[String], style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    for line in lines {
        table::line(&terminal(&format!("  {line}")), 4, style, out)?;
    }
    Ok(())
}

/// Writes text that begins with a heading, whole.
fn titled(
    text: &str,
    heading: &str,
    indent: usize,
    style: &TableStyle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut plain = Vec::new();
    table::paragraph(text, indent, style, &mut plain)?;
    let plain = String::from_utf8_lossy(&plain);
    match plain.strip_prefix(heading) {
        Some(rest) => Ok(write!(out, "{}{rest}", style.heading(heading))?),
        None => Ok(write!(out, "{plain}")?),
    }
}

fn line(row: &Row<'_>, start: Option<Timestamp>, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let member = row.member;
    let mark = if told::is_own_clock(member) { "~" } else { "" };
    let time = match (member.event_time, start) {
        (Some(at), _) if member.is_day_only() => style.short_day(at),
        (Some(at), Some(start)) => elapsed(at.0 - start.0),
        (Some(at), None) => style.short_day(at),
        (None, _) => String::new(),
    };
    let share = row.copies.map_or_else(String::new, |(_, share)| format!(" {:.0} % of it from there", share * 100.0));
    let credits = if row.credits.is_empty() {
        String::new()
    } else {
        format!(" · credits {}", row.credits.iter().copied().collect::<Vec<_>>().join(", "))
    };
    let text = format!(
        "{mark:>1}{time:>7} {:>5}  {}{}  {}{share}{credits} · {}",
        format!("#{}", member.id),
        "  ".repeat(row.depth),
        told::outlet(member),
        told::role(member),
        told::title(member),
    );
    table::line(&terminal(&text), TIME_INDENT + 2 * row.depth, style, out)
}

/// Time since the first member: `+0:39`, `+2d`.
fn elapsed(seconds: i64) -> String {
    match seconds {
        0 => "0:00".to_owned(),
        s if s >= 48 * 3600 => format!("+{}d", s / 86_400),
        s => format!("+{}:{:02}", s / 3600, s % 3600 / 60),
    }
}
