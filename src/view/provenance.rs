//! Who rests on whom in a story: the citation graph with its chains and circles, what happened in it, outlets in numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ArticleView;
use crate::attribution::is_outlet_name;
use crate::model::{ArticleId, StoryId, Timestamp};

/// The clocks of a first report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClocksView {
    /// Claimed publication.
    pub published_at: Option<Timestamp>,
    /// Claimed change.
    pub updated_at: Option<Timestamp>,
    /// Our first sight.
    pub first_seen_at: Timestamp,
    /// Seconds between the poll that showed it and the one before: it was out for up to that long before we saw it.
    /// None where no feed brought it or no earlier poll is known.
    pub polling_gap_s: Option<i64>,
}

/// An outlet with reporting of its own joined a story that had an origin already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginJoinedView {
    /// Version of this shape.
    pub schema: u32,
    /// The story it is in today.
    pub story: StoryId,
    /// The article with the outlet's own reporting.
    pub article: ArticleId,
    /// Its outlet's name.
    pub outlet: Option<String>,
    /// Its outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// When the analysis first read it so, by our clock.
    pub joined_at: Timestamp,
    /// The time the article counts from.
    pub event_time: Timestamp,
    /// Its headline.
    pub title: Option<String>,
}

/// Something that happened to a story after its first article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// When we saw it.
    pub seen_at: Timestamp,
    /// `origin-joined`, `headline-changed` or `correction`.
    pub kind: &'static str,
    /// The article.
    pub article: ArticleId,
    /// The article it corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<ArticleId>,
    /// The old headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The new headline.
    pub title: String,
}

/// One outlet rests on another in a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CitationEdge {
    /// The outlet that credits or copies.
    pub from: String,
    /// The credited or copied one.
    pub to: String,
    /// `credit` or `copy` (a text overlap without a credit).
    pub kind: &'static str,
    /// The articles that do.
    pub articles: Vec<ArticleId>,
    /// Whether `to` has an article in the story.
    pub is_here: bool,
}

/// Who rests on whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CitationGraph {
    /// Its edges, by name.
    pub edges: Vec<CitationEdge>,
    /// Longest ways of three or more outlets, each crediting the next for what was there by then.
    pub chains: Vec<Vec<String>>,
    /// Outlets that credit each other round in a circle.
    pub circles: Vec<Vec<String>>,
}

/// An uncredited overlap.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UncreditedView {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// The later article.
    pub article: ArticleId,
    /// Its outlet.
    pub outlet: Option<String>,
    /// Its role: `copy-stripped` or `rewrite-without-credit`.
    pub role: String,
    /// The earlier article.
    pub of: ArticleId,
    /// The earlier article's outlet.
    pub of_outlet: Option<String>,
    /// Share of its word sequences found in the earlier one.
    pub overlap: Option<f64>,
    /// Its headline.
    pub title: Option<String>,
}

/// An outlet in numbers, over the articles analyzed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OutletStatsView {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// Its name.
    pub outlet: String,
    /// Its domain.
    pub domain: String,
    /// Articles.
    pub articles: u32,
    /// Articles with reporting of their own.
    pub original: u32,
    /// Articles on others' reporting that credit it, agencies aside.
    pub credited: u32,
    /// Articles with others' text or report and without a credit.
    pub uncredited: u32,
    /// Agency copy.
    pub wire: u32,
    /// Share of agency copy in its articles.
    pub wire_share: f64,
    /// Articles whose source is not known.
    pub unsure: u32,
    /// Outlets that credit it.
    pub cited_by: u32,
    /// Median seconds from a story's first article to this outlet's first, in stories of several outlets; only articles whose
    /// time of day is known.
    pub median_delay_s: Option<i64>,
}

/// An outlet of the register or of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutletView {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// Its name.
    pub outlet: String,
    /// Its primary domain.
    pub domain: String,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// What sort of organisation it is.
    pub kind: String,
    /// Other names.
    pub aliases: Vec<String>,
}

/// Kinds of credit that make no edge: pictures, denials and the outlet itself.
fn is_source(kind: &str) -> bool {
    !matches!(kind, "photo-credit" | "self-reference" | "denial")
}

/// Reads the citation graph of a story's members.
#[must_use]
pub fn citation_graph(members: &[ArticleView]) -> CitationGraph {
    let own = |member: &ArticleView| member.outlet.clone().or_else(|| member.outlet_domain.clone());
    let names: BTreeMap<&str, &str> = members
        .iter()
        .filter_map(|member| Some((member.outlet_domain.as_deref()?, member.outlet.as_deref()?)))
        .collect();
    let here: BTreeSet<String> = members.iter().filter_map(own).collect();
    let by_id: BTreeMap<ArticleId, &ArticleView> = members.iter().map(|member| (member.id, member)).collect();
    let mut found: BTreeMap<(String, String, &'static str), BTreeSet<ArticleId>> = BTreeMap::new();
    for member in members {
        let Some(from) = own(member) else { continue };
        for cite in member.cites.iter().filter(|cite| is_source(&cite.kind)) {
            let known = cite.outlet_domain.as_deref().and_then(|domain| names.get(domain)).copied();
            let to = known.unwrap_or(&cite.outlet).to_owned();
            let is_named = cite.outlet_domain.is_some() || is_outlet_name(&cite.outlet);
            if is_named && to != from && cite.outlet_domain.as_deref() != member.outlet_domain.as_deref().or(Some("")) {
                found.entry((from.clone(), to, "credit")).or_default().insert(member.id);
            }
        }
        let is_uncredited = matches!(member.role.as_deref(), Some("copy-stripped" | "rewrite-without-credit"));
        let source = member.copy_of.iter().find_map(|edge| by_id.get(&edge.of)).and_then(|source| own(source));
        if let Some(to) = source.filter(|to| is_uncredited && *to != from) {
            found.entry((from, to, "copy")).or_default().insert(member.id);
        }
    }
    let edges: Vec<CitationEdge> = found
        .into_iter()
        .map(|((from, to, kind), articles)| CitationEdge {
            is_here: here.contains(&to),
            from,
            to,
            kind,
            articles: articles.into_iter().collect(),
        })
        .collect();
    let mut next: Credits<'_> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.kind == "credit") {
        let times = edge.articles.iter().filter_map(|article| by_id.get(article)).map(|article| times(article));
        next.entry(&edge.from).or_default().insert(&edge.to, times.collect());
    }
    let (mut chains, mut circles) = (BTreeSet::new(), BTreeSet::new());
    let credited: BTreeSet<&str> = next.values().flat_map(BTreeMap::keys).copied().collect();
    for start in next.keys() {
        walk(&mut vec![start], i64::MAX, &next, !credited.contains(start), &mut chains, &mut circles);
    }
    let owned = |ways: BTreeSet<Vec<&str>>| {
        ways.into_iter().map(|way| way.into_iter().map(str::to_owned).collect()).collect::<Vec<Vec<String>>>()
    };
    let (chains, circles) = (owned(chains), owned(circles));
    CitationGraph { edges, chains, circles }
}

/// Longer ways are neither followed nor read by anybody.
const MAX_CHAIN: usize = 6;

/// The earliest and the latest moment at which an article may have been published.
type Times = (i64, i64);

/// Whom each outlet credits, in articles of which times.
type Credits<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<Times>>>;

/// An article without a usable claim may be of any time before we saw it.
fn times(article: &ArticleView) -> Times {
    match article.event_time {
        None => (i64::MIN, i64::MAX),
        Some(at) if article.published_at != Some(at) => (i64::MIN, at.0),
        Some(at) if article.is_day_only() => (at.0, at.day_end().0),
        Some(at) => (at.0, at.0),
    }
}

/// Follows credits from the last outlet of a way: what it credits rests on an article of it that was there `until` the one
/// before credited it, not on what it published later. A circle is told once, from its first name in order.
fn walk<'a>(
    way: &mut Vec<&'a str>,
    until: i64,
    next: &Credits<'a>,
    is_start: bool,
    chains: &mut BTreeSet<Vec<&'a str>>,
    circles: &mut BTreeSet<Vec<&'a str>>,
) {
    let last = way.last().copied().unwrap_or_default();
    let mut is_end = true;
    for (to, articles) in next.get(last).into_iter().flatten() {
        let there = articles.iter().filter(|(earliest, _)| *earliest <= until).map(|(_, latest)| (*latest).min(until));
        let Some(until) = there.max() else { continue };
        if way.first() == Some(to) {
            let first = (0..way.len()).min_by_key(|at| way[*at]).unwrap_or_default();
            circles.insert([&way[first..], &way[..first]].concat());
        } else if !way.contains(to) && way.len() < MAX_CHAIN {
            is_end = false;
            way.push(to);
            walk(way, until, next, is_start, chains, circles);
            way.pop();
        }
    }
    if is_start && is_end && way.len() >= 3 {
        chains.insert(way.clone());
    }
}

/// The median of some seconds; none of none.
#[must_use]
pub fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{CiteView, SCHEMA};

    fn member(id: i64, outlet: &str, credits: &[&str]) -> ArticleView {
        ArticleView {
            schema: SCHEMA,
            id: ArticleId(id),
            external_id: None,
            url: None,
            outlet: Some(outlet.to_owned()),
            outlet_domain: Some(format!("{outlet}.example")),
            title: None,
            published_precision: None,
            published_at: None,
            updated_at: None,
            first_seen_at: Timestamp(id),
            event_time: None,
            lang: None,
            body_state: None,
            near_duplicate_group: None,
            story: None,
            thread: None,
            role: None,
            copy_of: Vec::new(),
            cites: credits
                .iter()
                .map(|outlet| CiteView {
                    outlet: (*outlet).to_owned(),
                    outlet_domain: None,
                    kind: "original-report".to_owned(),
                    sentence: String::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn chains_and_circles_are_found() {
        let graph = citation_graph(&[
            member(1, "A", &["B"]),
            member(2, "B", &["C", "Far"]),
            member(3, "C", &["D"]),
            member(4, "D", &["C"]),
        ]);
        assert_eq!(graph.chains, [vec!["A", "B", "C", "D"], vec!["A", "B", "Far"]]);
        assert_eq!(graph.circles, [vec!["C", "D"]]);
        let far = graph.edges.iter().find(|edge| edge.to == "Far").unwrap();
        assert_eq!((far.is_here, far.articles.as_slice()), (false, [ArticleId(2)].as_slice()));
        assert_eq!(citation_graph(&[]), CitationGraph::default());
    }

    #[test]
    fn a_chain_runs_back_in_time() {
        let at = |id: i64, outlet: &str, credits: &[&str], time: i64| ArticleView {
            event_time: Some(Timestamp(time)),
            published_at: Some(Timestamp(time)),
            ..member(id, outlet, credits)
        };
        // B credits C only after A has credited B.
        let graph = citation_graph(&[at(1, "A", &["B"], 10), at(2, "B", &["C"], 20)]);
        assert_eq!(graph.chains, Vec::<Vec<String>>::new());
        let graph = citation_graph(&[at(1, "A", &["B"], 10), at(2, "B", &["C"], 5), at(3, "B", &["D"], 20)]);
        assert_eq!(graph.chains, [vec!["A", "B", "C"]]);
        // Of one day nobody knows.
        let day = ArticleView { published_precision: Some("day".to_owned()), ..at(1, "A", &["B"], 10) };
        assert_eq!(citation_graph(&[day, at(2, "B", &["C"], 20)]).chains, [vec!["A", "B", "C"]]);
        let circle = citation_graph(&[at(1, "B", &["A"], 20), at(2, "A", &["B"], 10)]);
        assert_eq!(circle.circles, [vec!["A", "B"]]);
    }

    #[test]
    fn the_median_is_the_lower_middle() {
        assert_eq!(median(vec![9, 1, 4, 5]), Some(4));
        assert_eq!(median(Vec::new()), None);
    }
}
