//! One story for people: first report, members in time order, copies folded under what they copy.

use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::table::{TableStyle, counted, fit};
use super::told::{self, Row, headline};
use crate::model::Timestamp;
use crate::view::{ArticleView, StoryDetail};

/// Stories of a thread shown under one of its stories.
const N_RELATED_SHOWN: usize = 12;

/// Writes a story as text.
///
/// # Errors
/// When the destination refuses.
pub fn story_text(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let head = &story.story;
    writeln!(out, "{}", style.heading(&format!("{}  {}", head.id, terminal(headline(&head.title)))))?;
    writeln!(out, "{}\n", told::counts(story))?;
    for (number, line) in told::first_report(story, style).iter().enumerate() {
        let before = if number == 0 { style.heading("FIRST") } else { " ".repeat("FIRST".len()) };
        writeln!(out, "{before}   {}", terminal(line))?;
    }
    // Times are counted from the first claimed one; where days are all that is claimed, days are shown.
    let has_days = story.members.iter().any(ArticleView::is_day_only);
    let timed =
        story.members.iter().filter(|member| !member.is_day_only() && (!has_days || !told::is_own_clock(member)));
    let start = timed.filter_map(|member| member.event_time).min();
    let since = start.map_or_else(String::new, |at| format!(" since {} {}", style.moment(at), style.zone_name()));
    let days = if has_days { " · a date: no time of day claimed" } else { "" };
    writeln!(
        out,
        "\n{}{since} (#n article · ~ our first sight, no usable time of publication{days})",
        style.heading("TIMELINE")
    )?;
    for row in told::rows(story) {
        line(&row, start, style, out)?;
    }
    let events = told::events(story, style);
    if !events.is_empty() {
        writeln!(out, "\n{} ({}, when we saw them)", style.heading("EVENTS"), style.zone_name())?;
    }
    indented(&events, style, out)?;
    let differences = told::differences(story);
    if !differences.is_empty() {
        writeln!(out, "\n{} (who says what; the version most tell first)", style.heading("DIFFERENCES"))?;
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
            writeln!(out, "{}", fit(&text, style.width))?;
        }
        if let Some(n_more) = story.related.len().checked_sub(N_RELATED_SHOWN).filter(|n_more| *n_more > 0) {
            writeln!(out, "  and {n_more} more (all of them with --json)")?;
        }
    }
    Ok(())
}

fn indented(lines: &[String], style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    for line in lines {
        writeln!(out, "{}", fit(&terminal(&format!("  {line}")), style.width))?;
    }
    Ok(())
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
    Ok(writeln!(out, "{}", fit(&terminal(&text), style.width))?)
}

/// Time since the first member: `+0:39`, `+2d`.
fn elapsed(seconds: i64) -> String {
    match seconds {
        0 => "0:00".to_owned(),
        s if s >= 48 * 3600 => format!("+{}d", s / 86_400),
        s => format!("+{}:{:02}", s / 3600, s % 3600 / 60),
    }
}
