//! What a page tells of stories, a story, articles and feeds; `html` and `md` write it.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Block, Document, Span};
use super::table::{TableStyle, counted};
use super::told::{self, Row};
use crate::view::{ArticleView, FeedView, StoryDetail, StoryView};

/// The list of stories.
#[must_use]
pub fn stories(stories: &[StoryView], style: &TableStyle) -> Document {
    let first = format!("First ({})", style.zone_name());
    let rows = stories.iter().map(|story| {
        vec![
            Span::text(story.id.to_string()),
            Span::text(told::began(story, style)),
            Span::text(story.outlets.to_string()),
            Span::text(story.articles.to_string()),
            Span::text(told::origins(story)),
            Span::text(story.first_outlet.as_deref().unwrap_or("not known")),
            Span::text(told::headline(&story.title)),
        ]
    });
    let header = ["ID", &first, "Outlets", "Articles", "Origins", "First here", "Story"];
    let said = format!(
        "{}. Origins: articles with reporting not traced to another one here; in brackets those of which that is not known.",
        counted(stories.len(), "story")
    );
    Document {
        title: "Stories".to_owned(),
        blocks: vec![Block::Paragraph(vec![Span::Text(said)]), table(&header, rows.collect()), database()],
    }
}

/// A list of articles.
#[must_use]
pub fn articles(articles: &[ArticleView], style: &TableStyle) -> Document {
    let rows = articles.iter().map(|article| {
        vec![
            Span::text(article.id.to_string()),
            Span::text(time(article, style)),
            Span::text(told::outlet(article)),
            Span::text(told::role(article)),
            Span::text(told::credits(article).into_iter().collect::<Vec<_>>().join(", ")),
            Span::text(article.story.map(|story| story.to_string()).unwrap_or_default()),
            link(article),
        ]
    });
    let time = format!("Time ({})", style.zone_name());
    let header = ["ID", &time, "Outlet", "Role", "Credits", "Story", "Article"];
    let said = format!("{}. {OWN_CLOCK}", counted(articles.len(), "article"));
    Document {
        title: "Articles".to_owned(),
        blocks: vec![Block::Paragraph(vec![Span::Text(said)]), table(&header, rows.collect())],
    }
}

/// The list of feeds.
#[must_use]
pub fn feeds(feeds: &[FeedView]) -> Document {
    let rows = feeds.iter().map(|feed| {
        vec![
            Span::text(feed.id.to_string()),
            Span::text(told::feed_state(feed)),
            Span::text(feed.outlet.as_deref().unwrap_or_default()),
            Span::text(feed.tags.join(" ")),
            Span::Link { text: feed.url.clone(), url: Some(feed.url.clone()), language: None },
            Span::text(told::feed_note(feed)),
        ]
    });
    let header = ["ID", "State", "Outlet", "Tags", "Feed", "Note"];
    Document {
        title: "Feeds".to_owned(),
        blocks: vec![Block::Paragraph(vec![Span::Text(counted(feeds.len(), "feed"))]), table(&header, rows.collect())],
    }
}

/// One story: first report, timeline, who credits whom, copies, what differs, members with their addresses.
#[must_use]
pub fn story(story: &StoryDetail, style: &TableStyle) -> Document {
    let head = &story.story;
    let mut blocks = vec![Block::Paragraph(vec![Span::Text(format!("Story {}: {}", head.id, told::counts(story)))])];
    blocks.push(Block::Heading("First report"));
    blocks.extend(told::first_member(story).map(|member| Block::Paragraph(vec![link(member)])));
    blocks.push(lines(told::first_report(story, style)));
    let rows = told::rows(story);
    blocks.push(Block::Heading("Timeline"));
    let said = format!("Times are of {}; copies stand under what they copy. {OWN_CLOCK}", style.zone_name());
    blocks.push(Block::Paragraph(vec![Span::Text(said)]));
    blocks.push(Block::List(rows.iter().map(|row| (row.depth, told_row(row, style))).collect()));
    section(&mut blocks, "Who credits whom", who_credits_whom(story));
    section(&mut blocks, "Copies", copies(story, &rows));
    section(&mut blocks, "What they tell differently", plain(told::differences(story)));
    section(&mut blocks, "What happened since", plain(told::events(story, style)));
    blocks.push(Block::Heading("Members"));
    let published = format!("Time ({})", style.zone_name());
    let header = ["ID", &published, "Outlet", "Language", "Role", "Article"];
    let members = story.members.iter().map(|member| {
        vec![
            Span::text(member.id.to_string()),
            Span::text(time(member, style)),
            Span::text(told::outlet(member)),
            Span::text(member.lang.as_deref().unwrap_or_default()),
            Span::text(told::role(member)),
            link(member),
        ]
    });
    blocks.push(table(&header, members.collect()));
    let related = story.related.iter().map(|related| {
        let size = counted(related.articles as usize, "article");
        format!("Story {}: {} ({size})", related.id, told::headline(&related.title))
    });
    section(&mut blocks, "Other stories of the thread", plain(related.collect()));
    blocks.push(database());
    Document { title: told::headline(&head.title).to_owned(), blocks }
}

/// What the tilde means.
const OWN_CLOCK: &str = "~: our first sight, for want of a usable time of publication.";

fn database() -> Block {
    let said = "From copytaster. “First” means first in this database; a missing credit is no proof of copying.";
    Block::Paragraph(vec![Span::text(said)])
}

fn table(header: &[&str], rows: Vec<Vec<Span>>) -> Block {
    Block::Table { header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
}

fn plain(lines: Vec<String>) -> Vec<(usize, Vec<Span>)> {
    lines.into_iter().map(|line| (0, vec![Span::Text(line)])).collect()
}

fn lines(lines: Vec<String>) -> Block {
    Block::List(plain(lines))
}

/// A list under its heading; neither where there is nothing to list.
fn section(blocks: &mut Vec<Block>, heading: &'static str, items: Vec<(usize, Vec<Span>)>) {
    if !items.is_empty() {
        blocks.push(Block::Heading(heading));
        blocks.push(Block::List(items));
    }
}

/// An article's headline, leading to its address.
fn link(article: &ArticleView) -> Span {
    Span::Link { text: told::title(article).to_owned(), url: article.url.clone(), language: article.lang.clone() }
}

fn time(article: &ArticleView, style: &TableStyle) -> String {
    let mark = if told::is_own_clock(article) { "~" } else { "" };
    format!("{mark}{}", told::moment(article, style))
}

fn told_row(row: &Row<'_>, style: &TableStyle) -> Vec<Span> {
    let member = row.member;
    let mut said = format!(" (#{}, {}", member.id, told::role(member));
    if let Some((of, share)) = row.copies {
        said.push_str(&format!(", {:.0} % of it from #{of}", share * 100.0));
    }
    if !row.credits.is_empty() {
        said.push_str(&format!(", credits {}", row.credits.iter().copied().collect::<Vec<_>>().join(", ")));
    }
    said.push(')');
    vec![
        Span::Text(format!("{} ", time(member, style))),
        Span::Strong(told::outlet(member).to_owned()),
        Span::text(": "),
        link(member),
        Span::Text(said),
    ]
}

/// Each credited outlet with those that credit it, the most credited first; then chains and circles.
fn who_credits_whom(story: &StoryDetail) -> Vec<(usize, Vec<Span>)> {
    let mut credited: BTreeMap<&str, (bool, BTreeSet<&str>)> = BTreeMap::new();
    for edge in story.citations.edges.iter().filter(|edge| edge.kind == "credit") {
        let (is_here, by) = credited.entry(&edge.to).or_default();
        *is_here = edge.is_here;
        by.insert(&edge.from);
    }
    let mut credited: Vec<_> = credited.into_iter().collect();
    credited.sort_by_key(|(outlet, (_, by))| (std::cmp::Reverse(by.len()), *outlet));
    let mut items: Vec<(usize, Vec<Span>)> = credited
        .into_iter()
        .map(|(outlet, (is_here, by))| {
            let absent = if is_here { "" } else { " (no article here)" };
            let by = by.into_iter().collect::<Vec<_>>().join(", ");
            (0, vec![Span::Strong(outlet.to_owned()), Span::Text(format!("{absent} is credited by {by}"))])
        })
        .collect();
    let ways = |name: &str, ways: &[Vec<String>]| {
        plain(ways.iter().map(|way| format!("{name}: {}", way.join(" → "))).collect())
    };
    items.extend(ways("Chain", &story.citations.chains));
    items.extend(ways("Circle", &story.citations.circles));
    items
}

/// Texts that stand in an earlier one, with or without a credit.
fn copies(story: &StoryDetail, rows: &[Row<'_>]) -> Vec<(usize, Vec<Span>)> {
    let copied = rows.iter().filter_map(|row| Some((row.member, row.copies?))).map(|(member, (of, share))| {
        let source = format!("{} #{of}", told::name_of(story, of));
        let said =
            format!(" #{}: {:.0} % of its text stands in {source} ({})", member.id, share * 100.0, told::role(member));
        (0, vec![Span::Strong(told::outlet(member).to_owned()), Span::Text(said)])
    });
    copied.collect()
}
