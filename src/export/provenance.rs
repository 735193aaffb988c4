//! Who rests on whom in a story, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::table::{TableStyle, fit};
use crate::view::StoryDetail;

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
