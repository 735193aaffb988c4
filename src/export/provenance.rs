//! Who rests on whom, for people and for Graphviz: the tree of a story, its events, what differs, its citation graph.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::table::{TableStyle, fit};
use crate::cluster::drift::DriftKind;
use crate::model::ArticleId;
use crate::view::StoryDetail;

/// Writes the citation graph in the language of Graphviz: outlets without an article here are dashed, uncredited
/// overlaps dotted.
///
/// # Errors
/// When the destination refuses.
pub fn story_dot(story: &StoryDetail, out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "digraph {} {{", quoted(&format!("story {}", story.story.id)))?;
    writeln!(out, "  label={};\n  rankdir=RL;\n  node [shape=box];", quoted(&story.story.title))?;
    let first = story.story.first_outlet.as_deref();
    let here: BTreeSet<&str> = story.members.iter().filter_map(|member| member.outlet.as_deref()).collect();
    for outlet in &here {
        let style = if Some(*outlet) == first { " [style=bold]" } else { "" };
        writeln!(out, "  {}{style};", quoted(outlet))?;
    }
    let absent: BTreeSet<&str> =
        story.citations.edges.iter().filter(|edge| !edge.is_here).map(|edge| edge.to.as_str()).collect();
    for outlet in absent.difference(&here) {
        writeln!(out, "  {} [style=dashed];", quoted(outlet))?;
    }
    for edge in &story.citations.edges {
        let style = if edge.kind == "copy" { ", style=dotted" } else { "" };
        let articles: Vec<String> = edge.articles.iter().map(ToString::to_string).collect();
        let (from, to) = (quoted(&edge.from), quoted(&edge.to));
        writeln!(out, "  {from} -> {to} [tooltip={}{style}];", quoted(&articles.join(" ")))?;
    }
    Ok(writeln!(out, "}}")?)
}

/// A string of Graphviz: one line, quotes and backslashes escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", terminal(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}

/// Writes who rests on whom as a tree: each outlet under the one it credits or copies, the one most rest on first.
///
/// # Errors
/// When the destination refuses.
pub fn story_tree(story: &StoryDetail, style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "{}", style.heading(&format!("{}  {}", story.story.id, terminal(&story.story.title))))?;
    let mut under: BTreeMap<&str, BTreeMap<&str, &'static str>> = BTreeMap::new();
    for edge in &story.citations.edges {
        under.entry(&edge.to).or_default().entry(&edge.from).or_insert(edge.kind);
    }
    let resting: BTreeSet<&str> = story.citations.edges.iter().map(|edge| edge.from.as_str()).collect();
    let here: BTreeSet<&str> = story.members.iter().filter_map(|member| member.outlet.as_deref()).collect();
    let mut roots: Vec<&str> = under.keys().copied().filter(|outlet| !resting.contains(outlet)).collect();
    roots.sort_by_key(|outlet| (std::cmp::Reverse(under[outlet].len()), *outlet));
    let mut shown = BTreeSet::new();
    for root in &roots {
        let mark = if here.contains(root) { "" } else { " (no article here)" };
        writeln!(out, "{}", fit(&format!("{}{mark}", terminal(root)), style.width))?;
        branch(root, "", &under, &mut shown, style, out)?;
    }
    // Outlets that only credit each other have no root.
    let circles: Vec<&str> =
        under.keys().copied().filter(|outlet| !shown.contains(outlet) && !roots.contains(outlet)).collect();
    for outlet in circles {
        if !shown.contains(outlet) {
            writeln!(out, "{}", fit(&format!("{} (in a circle)", terminal(outlet)), style.width))?;
            branch(outlet, "", &under, &mut shown, style, out)?;
        }
    }
    let alone: Vec<&str> =
        here.iter().copied().filter(|outlet| !resting.contains(outlet) && !under.contains_key(outlet)).collect();
    for outlet in alone {
        writeln!(out, "{}", fit(&format!("{} (credits nobody, credited by nobody)", terminal(outlet)), style.width))?;
    }
    ways("CHAINS", &story.citations.chains, style, out)?;
    ways("CIRCLES", &story.citations.circles, style, out)
}

/// Writes what rests on an outlet; an outlet that was shown already is not unfolded again.
fn branch<'a>(
    outlet: &'a str,
    indent: &str,
    under: &BTreeMap<&'a str, BTreeMap<&'a str, &'static str>>,
    shown: &mut BTreeSet<&'a str>,
    style: &TableStyle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if !shown.insert(outlet) {
        return Ok(());
    }
    let Some(children) = under.get(outlet) else { return Ok(()) };
    for (index, (child, kind)) in children.iter().enumerate() {
        let is_last = index + 1 == children.len();
        let (twig, next) = if is_last { ("└─", "   ") } else { ("├─", "│  ") };
        let note = match (*kind, shown.contains(child) && under.contains_key(child)) {
            ("copy", _) => " (without credit)",
            (_, true) => " (see above)",
            _ => "",
        };
        writeln!(out, "{}", fit(&format!("{indent}{twig} {}{note}", terminal(child)), style.width))?;
        branch(child, &format!("{indent}{next}"), under, shown, style, out)?;
    }
    Ok(())
}

fn ways(name: &str, ways: &[Vec<String>], style: &TableStyle, out: &mut dyn Write) -> Result<(), ExportError> {
    if ways.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.heading(name))?;
    for way in ways {
        writeln!(out, "{}", fit(&format!("  {}", terminal(&way.join(" → "))), style.width))?;
    }
    Ok(())
}

/// Writes what happened in a story and what its members tell differently; nothing where there is neither.
pub(super) fn events_and_drift(
    story: &StoryDetail,
    style: &TableStyle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let outlet = |article: ArticleId| {
        let member = story.members.iter().find(|member| member.id == article);
        member.and_then(|member| member.outlet.clone()).unwrap_or_else(|| article.to_string())
    };
    if !story.events.is_empty() {
        writeln!(out, "\n{} ({}, when we saw them)", style.heading("EVENTS"), style.zone_name())?;
    }
    for event in &story.events {
        let what = match (event.kind, &event.before, event.of) {
            ("headline-changed", Some(before), _) => format!("headline changed from {before:?} to {:?}", event.title),
            ("correction", _, Some(of)) => format!("corrects {of}: {}", event.title),
            _ => format!("another origin: {}", event.title),
        };
        let line = format!("  {}  {}  {} {what}", style.moment(event.seen_at), outlet(event.article), event.article);
        writeln!(out, "{}", fit(&terminal(&line), style.width))?;
    }
    if !story.drift.is_empty() {
        writeln!(out, "\n{} (who says what; the version most tell first)", style.heading("DIFFERENCES"))?;
    }
    for drift in &story.drift {
        let told = drift.versions.iter().map(|version| {
            let outlets: BTreeSet<String> = version.articles.iter().map(|article| outlet(*article)).collect();
            let outlets: Vec<String> = outlets.into_iter().collect();
            let value = match drift.kind {
                DriftKind::Date => day_of_year(&version.value),
                DriftKind::Number | DriftKind::Name => version.value.clone(),
            };
            format!("{value} ({})", named(&outlets))
        });
        let about = match drift.kind {
            DriftKind::Number => drift.about.as_str(),
            DriftKind::Date => "date",
            DriftKind::Name => "name",
        };
        let line = format!("  {about}: {}", told.collect::<Vec<_>>().join(" / "));
        writeln!(out, "{}", fit(&terminal(&line), style.width))?;
    }
    Ok(())
}

/// `10-14` as people write it: `14 Oct`.
fn day_of_year(value: &str) -> String {
    let parts = value.split_once('-').and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    // A leap year, so that 29 February is a day.
    let date = parts.and_then(|(month, day)| jiff::civil::Date::new(2024, month, day).ok());
    date.map_or_else(|| value.to_owned(), |date| date.strftime("%-d %b").to_string())
}

/// At most this many outlets are named; the rest are counted.
const MAX_NAMED: usize = 3;

fn named(outlets: &[String]) -> String {
    let shown = outlets.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if outlets.len() > MAX_NAMED { format!("{shown} and {} more", outlets.len() - MAX_NAMED) } else { shown }
}
