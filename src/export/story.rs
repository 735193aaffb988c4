//! One story for people: first report, members in time order, copies folded under what they copy.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::table::{TableStyle, counted, fit};
use crate::model::{ArticleId, Timestamp};
use crate::view::{ArticleView, StoryDetail};

/// Writes a story as text.
///
/// # Errors
/// When the destination refuses.
pub fn story_text(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let head = &story.story;
    let languages: BTreeSet<&str> = story.members.iter().filter_map(|member| member.lang.as_deref()).collect();
    writeln!(out, "{}", style.heading(&format!("{}  {}", head.id, terminal(headline(&head.title)))))?;
    let counts = [
        counted(head.articles as usize, "article"),
        counted(head.outlets as usize, "outlet"),
        counted(languages.len(), "language"),
        counted(head.origins as usize, "origin"),
    ];
    let unsure = if head.unsure > 0 { format!(" (+{} unsure)", head.unsure) } else { String::new() };
    writeln!(out, "{}{unsure}\n", counts.join(" · "))?;
    first_report(story, style, out)?;
    // Times are counted from the first claimed one; where days are all that is claimed, days are shown.
    let has_days = story.members.iter().any(ArticleView::is_day_only);
    let timed = story.members.iter().filter(|member| !member.is_day_only() && (!has_days || !is_own_clock(member)));
    let start = timed.filter_map(|member| member.event_time).min();
    let since = start.map_or_else(String::new, |at| format!(" since {} {}", style.moment(at), style.zone_name()));
    let days = if has_days { " · a date: no time of day claimed" } else { "" };
    writeln!(
        out,
        "{}{since} (#n article · ~ our first sight, no usable time of publication{days})",
        style.heading("TIMELINE")
    )?;
    let present: BTreeSet<ArticleId> = story.members.iter().map(|member| member.id).collect();
    let mut copies: BTreeMap<ArticleId, Vec<&ArticleView>> = BTreeMap::new();
    let mut top = Vec::new();
    for member in &story.members {
        match copied_from(member, &present) {
            Some(source) => copies.entry(source).or_default().push(member),
            None => top.push(member),
        }
    }
    for member in top {
        line(member, start, 0, &copies, style, out)?;
    }
    super::provenance::events_and_drift(story, style, out)?;
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

/// A headline as shown; an article may have none.
#[must_use]
pub fn headline(title: &str) -> &str {
    if title.is_empty() { "(no headline)" } else { title }
}

/// Stories of a thread shown under one of its stories.
const N_RELATED_SHOWN: usize = 12;

fn first_report(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    let Some(report) = &story.first_report else {
        let word = style.heading("FIRST");
        return Ok(writeln!(out, "{word}   not known: no origin was found in this database\n")?);
    };
    let zone = style.zone_name();
    let elsewhere = report.get("credited_elsewhere").filter(|outlet| !outlet.is_null());
    let absent = elsewhere.map(|outlet| {
        let name = outlet.get("outlet").and_then(serde_json::Value::as_str).unwrap_or("?");
        let n = outlet.get("n_cited_by").and_then(serde_json::Value::as_u64).unwrap_or_default();
        format!(
            "{}, credited by {}, has no article here",
            terminal(name),
            counted(usize::try_from(n).unwrap_or(usize::MAX), "outlet")
        )
    });
    let text = |key: &str| report.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let number = |key: &str| report.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let member = story.members.iter().find(|member| member.id.to_string() == text("article"));
    if let (None, Some(absent)) = (member, &absent) {
        let word = style.heading("FIRST");
        writeln!(out, "{word}   not in this database: {absent}")?;
        writeln!(out, "        {} · confidence {}", text("basis"), text("confidence"))?;
        thread_first(story, out)?;
        return Ok(writeln!(out)?);
    }
    let Some(member) = member else {
        writeln!(out, "{}   not known: {}", style.heading("FIRST"), text("basis"))?;
        thread_first(story, out)?;
        return Ok(writeln!(out)?);
    };
    let outlet = story.story.first_outlet.as_deref().unwrap_or("?");
    let claimed = match (member.published_at, member.published_precision.as_deref()) {
        (None, _) | (_, Some("month")) => "no page time".to_owned(),
        (Some(at), Some("day")) => format!("{} page date, no time of day", style.day(at)),
        (Some(at), _) => format!("{} page time", style.moment(at)),
    };
    let seen = format!(" · {} first seen by us", style.moment(member.first_seen_at));
    let changed = member.updated_at.map_or_else(String::new, |at| format!(" · {} page says changed", style.moment(at)));
    writeln!(out, "{}   {}  {claimed}{changed}{seen} ({zone})", style.heading("FIRST"), terminal(outlet))?;
    if let Some(gap) = story.clocks.as_ref().and_then(|clocks| clocks.polling_gap_s) {
        writeln!(
            out,
            "        its feed was polled {} min earlier: it may have been out that long before we saw it",
            gap / 60
        )?;
    }
    let credited = match number("n_cited_by") {
        0 => String::new(),
        n => format!(" · credited by {n} of {}", other_outlets(number("n_other_outlets"))),
    };
    writeln!(out, "        {} · confidence {}{credited}", text("basis"), text("confidence"))?;
    if let Some(absent) = absent {
        writeln!(out, "        {absent}")?;
    }
    thread_first(story, out)?;
    Ok(writeln!(out)?)
}

fn other_outlets(n: u64) -> String {
    if n == 1 { "1 other outlet".to_owned() } else { format!("{n} other outlets") }
}

/// The first report of the whole thread, where it is another one.
fn thread_first(story: &StoryDetail, out: &mut dyn Write) -> Result<(), ExportError> {
    let Some(report) = &story.thread_first_report else { return Ok(()) };
    let own = story.first_report.as_ref().and_then(|own| own.get("article")?.as_str());
    let words = match (report.article, &report.credited_elsewhere) {
        (Some(article), _) if own != Some(article.to_string().as_str()) => {
            let outlet = report.outlet.as_deref().map_or_else(String::new, |outlet| format!("{}, ", terminal(outlet)));
            format!("{outlet}article #{article}")
        }
        (None, Some(outlet)) => {
            let n = counted(usize::try_from(outlet.n_cited_by).unwrap_or(usize::MAX), "outlet");
            let name = terminal(&outlet.outlet);
            return Ok(writeln!(out, "        of the whole thread: {name}, credited by {n}, has no article here")?);
        }
        _ => return Ok(()),
    };
    Ok(writeln!(out, "        of the whole thread: {words} ({})", report.basis)?)
}

/// The member this one repeats: the source it shares most with, when that is in the story.
fn copied_from(member: &ArticleView, present: &BTreeSet<ArticleId>) -> Option<ArticleId> {
    member.copy_of.iter().find(|edge| edge.grade == "copy" && present.contains(&edge.of)).map(|edge| edge.of)
}

/// Whether an article counts from our clock, for want of a usable time of publication.
fn is_own_clock(member: &ArticleView) -> bool {
    member.published_at != member.event_time
}

/// What a person reads for a role: that a copy has a credit is seen, that it has a licence is not.
fn role_words(role: &str) -> &str {
    match role {
        "licensed-copy" => "copy-with-credit",
        other => other,
    }
}

/// Copies of copies are shown one level deeper, but never deeper than this.
const MAX_DEPTH: usize = 4;

fn line(
    member: &ArticleView,
    start: Option<Timestamp>,
    depth: usize,
    copies: &BTreeMap<ArticleId, Vec<&ArticleView>>,
    style: &TableStyle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mark = if is_own_clock(member) { "~" } else { "" };
    let time = match (member.event_time, start) {
        (Some(at), _) if member.is_day_only() => style.short_day(at),
        (Some(at), Some(start)) => elapsed(at.0 - start.0),
        (Some(at), None) => style.short_day(at),
        (None, _) => String::new(),
    };
    let share = member
        .copy_of
        .first()
        .filter(|edge| depth > 0 && edge.grade == "copy")
        .map_or_else(String::new, |edge| format!(" {:.0} % of it from there", edge.containment * 100.0));
    let credits: BTreeSet<&str> = member
        .cites
        .iter()
        .filter(|cite| !matches!(cite.kind.as_str(), "photo-credit" | "self-reference" | "denial"))
        .filter(|cite| cite.outlet_domain.is_none() || cite.outlet_domain != member.outlet_domain)
        .filter(|cite| Some(&cite.outlet) != member.outlet.as_ref())
        .map(|cite| cite.outlet.as_str())
        .collect();
    let credits = if credits.is_empty() {
        String::new()
    } else {
        format!(" · credits {}", credits.into_iter().collect::<Vec<_>>().join(", "))
    };
    let text = format!(
        "{mark:>1}{time:>7} {:>5}  {}{}  {}{share}{credits} · {}",
        format!("#{}", member.id),
        "  ".repeat(depth),
        member.outlet.as_deref().unwrap_or("?"),
        member.role.as_deref().map_or("not analyzed", role_words),
        headline(member.title.as_deref().unwrap_or_default()),
    );
    writeln!(out, "{}", fit(&terminal(&text), style.width))?;
    for copy in copies.get(&member.id).into_iter().flatten() {
        line(copy, start, (depth + 1).min(MAX_DEPTH), copies, style, out)?;
    }
    Ok(())
}

/// Time since the first member: `+0:39`, `+2d`.
fn elapsed(seconds: i64) -> String {
    match seconds {
        0 => "0:00".to_owned(),
        s if s >= 48 * 3600 => format!("+{}d", s / 86_400),
        s => format!("+{}:{:02}", s / 3600, s % 3600 / 60),
    }
}
