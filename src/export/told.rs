//! What is told of a story, in words: the same for every format, which lays it out and makes it harmless.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{TableStyle, counted};
use crate::cluster::drift::DriftKind;
use crate::model::{ArticleId, Timestamp};
use crate::view::{ArticleView, FeedView, StoryDetail, StoryView};

/// Copies of copies are shown one level deeper, but never deeper than this.
const MAX_DEPTH: usize = 4;

/// At most this many outlets are named; the rest are counted.
const MAX_NAMED: usize = 3;

/// A member in its place: in time order, copies under what they copy.
pub(super) struct Row<'a> {
    /// The article.
    pub member: &'a ArticleView,
    /// How deep below what it copies.
    pub depth: usize,
    /// The article it repeats, with the share of its text found there; none at the top.
    pub copies: Option<(ArticleId, f64)>,
    /// Other outlets it credits.
    pub credits: BTreeSet<&'a str>,
}

/// The members in time order, copies folded under what they copy.
pub(super) fn rows(story: &StoryDetail) -> Vec<Row<'_>> {
    let present: BTreeSet<ArticleId> = story.members.iter().map(|member| member.id).collect();
    let mut copies: BTreeMap<ArticleId, Vec<&ArticleView>> = BTreeMap::new();
    let mut top = Vec::new();
    for member in &story.members {
        match copied_from(member, &present) {
            Some(source) => copies.entry(source).or_default().push(member),
            None => top.push(member),
        }
    }
    let mut rows = Vec::with_capacity(story.members.len());
    for member in top {
        unfold(member, 0, &copies, &mut rows);
    }
    rows
}

fn unfold<'a>(
    member: &'a ArticleView,
    depth: usize,
    copies: &BTreeMap<ArticleId, Vec<&'a ArticleView>>,
    rows: &mut Vec<Row<'a>>,
) {
    let source = member.copy_of.first().filter(|edge| depth > 0 && edge.grade == "copy");
    rows.push(Row { member, depth, copies: source.map(|edge| (edge.of, edge.containment)), credits: credits(member) });
    for copy in copies.get(&member.id).into_iter().flatten() {
        unfold(copy, (depth + 1).min(MAX_DEPTH), copies, rows);
    }
}

/// The member this one repeats: the source it shares most with, when that is in the story.
fn copied_from(member: &ArticleView, present: &BTreeSet<ArticleId>) -> Option<ArticleId> {
    member.copy_of.iter().find(|edge| edge.grade == "copy" && present.contains(&edge.of)).map(|edge| edge.of)
}

/// The other outlets an article credits for the news.
pub(super) fn credits(article: &ArticleView) -> BTreeSet<&str> {
    article
        .cites
        .iter()
        .filter(|cite| !matches!(cite.kind.as_str(), "photo-credit" | "self-reference" | "denial"))
        .filter(|cite| cite.outlet_domain.is_none() || cite.outlet_domain != article.outlet_domain)
        .filter(|cite| Some(&cite.outlet) != article.outlet.as_ref())
        .map(|cite| cite.outlet.as_str())
        .collect()
}

/// A headline as shown; an article may have none.
#[must_use]
pub fn headline(title: &str) -> &str {
    if title.is_empty() { "(no headline)" } else { title }
}

/// The headline of an article.
pub(super) fn title(article: &ArticleView) -> &str {
    headline(article.title.as_deref().unwrap_or_default())
}

/// An article's outlet.
pub(super) fn outlet(article: &ArticleView) -> &str {
    article.outlet.as_deref().unwrap_or("?")
}

/// What a person reads for a role: that a copy has a credit is seen, that it has a licence is not.
pub(super) fn role(article: &ArticleView) -> &str {
    match article.role.as_deref() {
        None => "not analyzed",
        Some("licensed-copy") => "copy-with-credit",
        Some(other) => other,
    }
}

/// Whether an article counts from our clock, for want of a usable time of publication.
pub(super) fn is_own_clock(member: &ArticleView) -> bool {
    member.published_at != member.event_time
}

/// Origins, with those of which that is not known: `1 (+2)`.
#[must_use]
pub fn origins(story: &StoryView) -> String {
    if story.unsure > 0 { format!("{} (+{})", story.origins, story.unsure) } else { story.origins.to_string() }
}

/// How large a story is.
pub(super) fn counts(story: &StoryDetail) -> String {
    let head = &story.story;
    let languages: BTreeSet<&str> = story.members.iter().filter_map(|member| member.lang.as_deref()).collect();
    let counts = [
        counted(head.articles as usize, "article"),
        counted(head.outlets as usize, "outlet"),
        counted(languages.len(), "language"),
        counted(head.origins as usize, "origin"),
    ];
    let unsure = if head.unsure > 0 { format!(" (+{} unsure)", head.unsure) } else { String::new() };
    format!("{}{unsure}", counts.join(" · "))
}

/// The article held to be the first report, where it is a member.
pub(super) fn first_member(story: &StoryDetail) -> Option<&ArticleView> {
    let wanted = story.first_report.as_ref()?.get("article")?.as_str()?;
    story.members.iter().find(|member| member.id.to_string() == wanted)
}

/// Who was first in this database, on what clocks, and why; a line each.
pub(super) fn first_report(story: &StoryDetail, style: &TableStyle) -> Vec<String> {
    let Some(report) = &story.first_report else {
        return vec!["not known: no origin was found in this database".to_owned()];
    };
    let elsewhere = report.get("credited_elsewhere").filter(|outlet| !outlet.is_null());
    let absent = elsewhere.map(|outlet| {
        let name = outlet.get("outlet").and_then(serde_json::Value::as_str).unwrap_or("?");
        let n = outlet.get("n_cited_by").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let n = counted(usize::try_from(n).unwrap_or(usize::MAX), "outlet");
        format!("{name}, credited by {n}, has no article here")
    });
    let text = |key: &str| report.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let number = |key: &str| report.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let mut lines = Vec::new();
    match (first_member(story), absent) {
        (None, Some(absent)) => {
            lines.push(format!("not in this database: {absent}"));
            lines.push(format!("{} · confidence {}", text("basis"), text("confidence")));
        }
        (None, None) => lines.push(format!("not known: {}", text("basis"))),
        (Some(member), absent) => {
            let outlet = story.story.first_outlet.as_deref().unwrap_or("?");
            lines.push(format!("{outlet}  {}", clocks(member, style)));
            if let Some(gap) = story.clocks.as_ref().and_then(|clocks| clocks.polling_gap_s) {
                let minutes = gap / 60;
                lines.push(format!(
                    "its feed was polled {minutes} min earlier: it may have been out that long before we saw it"
                ));
            }
            let credited = match number("n_cited_by") {
                0 => String::new(),
                n => format!(" · credited by {n} of {}", other_outlets(number("n_other_outlets"))),
            };
            lines.push(format!("{} · confidence {}{credited}", text("basis"), text("confidence")));
            lines.extend(absent);
        }
    }
    lines.extend(thread_first(story));
    lines
}

/// The three clocks of an article.
fn clocks(member: &ArticleView, style: &TableStyle) -> String {
    let claimed = match (member.published_at, member.published_precision.as_deref()) {
        (None, _) | (_, Some("month")) => "no page time".to_owned(),
        (Some(at), Some("day")) => format!("{} page date, no time of day", style.day(at)),
        (Some(at), _) => format!("{} page time", style.moment(at)),
    };
    let changed = member.updated_at.map_or_else(String::new, |at| format!(" · {} page says changed", style.moment(at)));
    let seen = style.moment(member.first_seen_at);
    format!("{claimed}{changed} · {seen} first seen by us ({})", style.zone_name())
}

fn other_outlets(n: u64) -> String {
    if n == 1 { "1 other outlet".to_owned() } else { format!("{n} other outlets") }
}

/// The first report of the whole thread, where it is another one.
fn thread_first(story: &StoryDetail) -> Option<String> {
    let report = story.thread_first_report.as_ref()?;
    let own = story.first_report.as_ref().and_then(|own| own.get("article")?.as_str());
    match (report.article, &report.credited_elsewhere) {
        (Some(article), _) if own != Some(article.to_string().as_str()) => {
            let outlet = report.outlet.as_deref().map_or_else(String::new, |outlet| format!("{outlet}, "));
            Some(format!("of the whole thread: {outlet}article #{article} ({})", report.basis))
        }
        (None, Some(outlet)) => {
            let n = counted(usize::try_from(outlet.n_cited_by).unwrap_or(usize::MAX), "outlet");
            Some(format!("of the whole thread: {}, credited by {n}, has no article here", outlet.outlet))
        }
        _ => None,
    }
}

/// What happened in a story after its first article, a line each.
pub(super) fn events(story: &StoryDetail, style: &TableStyle) -> Vec<String> {
    let told = story.events.iter().map(|event| {
        let what = match (event.kind, &event.before, event.of) {
            ("headline-changed", Some(before), _) => format!("headline changed from {before:?} to {:?}", event.title),
            ("correction", _, Some(of)) => format!("corrects {of}: {}", event.title),
            _ => format!("another origin: {}", event.title),
        };
        format!("{}  {}  {} {what}", style.moment(event.seen_at), name_of(story, event.article), event.article)
    });
    told.collect()
}

/// What the members tell differently, a line each; who says what, the version most tell first.
pub(super) fn differences(story: &StoryDetail) -> Vec<String> {
    let told = story.drift.iter().map(|drift| {
        let told = drift.versions.iter().map(|version| {
            let outlets: BTreeSet<String> = version.articles.iter().map(|article| name_of(story, *article)).collect();
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
        format!("{about}: {}", told.collect::<Vec<_>>().join(" / "))
    });
    told.collect()
}

/// The outlet of a member, else its number.
pub(super) fn name_of(story: &StoryDetail, article: ArticleId) -> String {
    let member = story.members.iter().find(|member| member.id == article);
    member.and_then(|member| member.outlet.clone()).unwrap_or_else(|| article.to_string())
}

/// `10-14` as people write it: `14 Oct`.
fn day_of_year(value: &str) -> String {
    let parts = value.split_once('-').and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    // A leap year, so that 29 February is a day.
    let date = parts.and_then(|(month, day)| jiff::civil::Date::new(2024, month, day).ok());
    date.map_or_else(|| value.to_owned(), |date| date.strftime("%-d %b").to_string())
}

fn named(outlets: &[String]) -> String {
    let shown = outlets.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if outlets.len() > MAX_NAMED { format!("{shown} and {} more", outlets.len() - MAX_NAMED) } else { shown }
}

/// The time an article counts from, as long as it is known: a day where no time of day is claimed.
pub(super) fn moment(article: &ArticleView, style: &TableStyle) -> String {
    match article.event_time {
        None => String::new(),
        Some(at) if article.is_day_only() => style.day(at),
        Some(at) => style.moment(at),
    }
}

/// When a story began.
pub(super) fn began(story: &StoryView, style: &TableStyle) -> String {
    let at: Timestamp = story.first_time;
    if story.first_time_is_day { style.day(at) } else { style.moment(at) }
}

/// How a feed does, in a word or two.
#[must_use]
pub fn feed_state(feed: &FeedView) -> String {
    match (feed.enabled, feed.failures, feed.last_poll_at) {
        (false, _, _) => "off".to_owned(),
        (true, 0, None) => "not polled".to_owned(),
        (true, 0, Some(_)) => "ok".to_owned(),
        (true, n, _) => format!("failed {n}×"),
    }
}

/// Why a feed fails, else its title and the hubs that would push it.
#[must_use]
pub fn feed_note(feed: &FeedView) -> String {
    if let Some(reason) = &feed.reason {
        return reason.clone();
    }
    let title = feed.title.clone().unwrap_or_default();
    // The host tells enough; the whole address is in JSON.
    let hubs: Vec<&str> = feed.hubs.iter().map(|hub| host(hub)).collect();
    match (title.as_str(), hubs.is_empty()) {
        (_, true) => title,
        ("", false) => format!("hubs: {}", hubs.join(", ")),
        (_, false) => format!("{title} · hubs: {}", hubs.join(", ")),
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}
