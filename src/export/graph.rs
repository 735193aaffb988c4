//! Graphs in the language of Graphviz.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::told;
use crate::model::{ArticleId, ThreadId};
use crate::view::{ArticleView, StoryDetail, StoryView};

/// Writes a story's citation graph: outlets without an article here are dashed, uncredited overlaps dotted.
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

/// Writes stories as boxes in their threads, with the outlet that was first here; an outlet without an article here that
/// others credit is dashed.
///
/// # Errors
/// When the destination refuses.
pub fn stories_dot(stories: &[StoryView], out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "digraph \"stories\" {{\n  rankdir=LR;\n  node [shape=box];")?;
    let mut threads: BTreeMap<Option<ThreadId>, Vec<&StoryView>> = BTreeMap::new();
    for story in stories {
        threads.entry(story.thread).or_default().push(story);
    }
    for (thread, members) in &threads {
        // A thread of one story needs no frame.
        let framed = thread.filter(|_| members.len() > 1);
        if let Some(thread) = framed {
            writeln!(out, "  subgraph \"cluster_{thread}\" {{\n  label=\"thread {thread}\";")?;
        }
        for story in members {
            let size = format!("{}, {}", articles(story.articles), outlets(story.outlets));
            writeln!(out, "  \"story {}\" [label={}];", story.id, label(&[told::headline(&story.title), &size]))?;
        }
        if framed.is_some() {
            writeln!(out, "  }}")?;
        }
    }
    let named = |story: &StoryView| [story.first_outlet.clone(), story.credited_elsewhere.clone()];
    let outlets: BTreeSet<String> = stories.iter().flat_map(named).flatten().collect();
    for outlet in &outlets {
        writeln!(out, "  {} [label={}, shape=ellipse];", outlet_node(outlet), quoted(outlet))?;
    }
    for story in stories {
        if let Some(outlet) = &story.first_outlet {
            writeln!(out, "  {} -> \"story {}\" [label=\"first here\"];", outlet_node(outlet), story.id)?;
        }
        if let Some(outlet) = &story.credited_elsewhere {
            writeln!(out, "  {} -> \"story {}\" [label=\"credited\", style=dashed];", outlet_node(outlet), story.id)?;
        }
    }
    Ok(writeln!(out, "}}")?)
}

/// Writes articles with the earlier ones whose text they share (the share on the edge, dotted where only part of it is taken
/// over) and the outlets they credit (dashed); articles that do neither and of which nobody takes anything are left out.
///
/// # Errors
/// When the destination refuses.
pub fn articles_dot(articles: &[ArticleView], out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "digraph \"articles\" {{\n  rankdir=RL;\n  node [shape=box];")?;
    let here: BTreeSet<ArticleId> = articles.iter().map(|article| article.id).collect();
    let mut joined: BTreeSet<ArticleId> = BTreeSet::new();
    let mut credited: BTreeSet<&str> = BTreeSet::new();
    let mut edges = Vec::new();
    for article in articles {
        for copy in article.copy_of.iter().filter(|copy| here.contains(&copy.of)) {
            joined.extend([article.id, copy.of]);
            let style = if copy.grade == "copy" { "" } else { ", style=dotted" };
            let share = format!("{:.0} %", copy.containment * 100.0);
            edges.push(format!(
                "\"article {}\" -> \"article {}\" [label={}{style}]",
                article.id,
                copy.of,
                quoted(&share)
            ));
        }
        for outlet in told::credits(article) {
            joined.insert(article.id);
            credited.insert(outlet);
            edges.push(format!("\"article {}\" -> {} [style=dashed]", article.id, outlet_node(outlet)));
        }
    }
    for article in articles.iter().filter(|article| joined.contains(&article.id)) {
        let number = format!("#{}", article.id);
        let label = label(&[told::outlet(article), told::title(article), &number]);
        writeln!(out, "  \"article {}\" [label={label}];", article.id)?;
    }
    for outlet in credited {
        writeln!(out, "  {} [label={}, shape=ellipse];", outlet_node(outlet), quoted(outlet))?;
    }
    for edge in edges {
        writeln!(out, "  {edge};")?;
    }
    Ok(writeln!(out, "}}")?)
}

fn articles(n: u32) -> String {
    super::counted(n as usize, "article")
}

fn outlets(n: u32) -> String {
    super::counted(n as usize, "outlet")
}

/// The node of an outlet, which no story or article can have.
fn outlet_node(outlet: &str) -> String {
    quoted(&format!("outlet {outlet}"))
}

/// A string of Graphviz: one line, quotes and backslashes escaped.
fn quoted(text: &str) -> String {
    label(&[text])
}

/// A label of several lines.
fn label(lines: &[&str]) -> String {
    let lines: Vec<String> =
        lines.iter().map(|line| terminal(line).replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", lines.join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_quotes() {
        assert_eq!(label(&["a \"b\" \\n", "c\nd"]), r#""a \"b\" \\n\nc d""#);
    }
}
