//! What users see: the JSON and table shapes, with a schema number.

pub mod alert;
pub mod compare;
pub mod provenance;

use serde::Serialize;

use crate::cluster::drift::Drift;
use crate::cluster::origins::FirstReport;
use crate::model::{ArticleId, ClaimedDate, ExtractedArticle, GroupId, ParsedFeed, StoryId, ThreadId, Timestamp};
use crate::text::dates;

/// The version of every JSON shape here; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A line of the story list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its id.
    pub id: StoryId,
    /// Its thread.
    pub thread: Option<ThreadId>,
    /// Headline.
    pub title: String,
    /// Earliest time of a member.
    pub first_time: Timestamp,
    /// Whether that is a day without a time of day, counted from its start.
    pub first_time_is_day: bool,
    /// Latest time of a member.
    pub last_time: Timestamp,
    /// Number of outlets.
    pub outlets: u32,
    /// Number of articles.
    pub articles: u32,
    /// Articles with reporting not traced to another article here.
    pub origins: u32,
    /// Articles of which that is not known.
    pub unsure: u32,
    /// The outlet of the first report in this database.
    pub first_outlet: Option<String>,
    /// An outlet without an article here that more of the story credit.
    pub credited_elsewhere: Option<String>,
}

/// A credit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CiteView {
    /// The register's name, or as written.
    pub outlet: String,
    /// The outlet's domain where known.
    pub outlet_domain: Option<String>,
    /// Kind of credit.
    pub kind: String,
    /// The sentence.
    pub sentence: String,
}

/// A text overlap with an earlier article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopyView {
    /// The earlier article.
    pub of: ArticleId,
    /// Share of this article's shingles found there.
    pub containment: f64,
    /// Share of the other's shingles found here.
    pub containment_of_source: f64,
    /// `copy` or `partial`.
    pub grade: String,
}

/// An article, as exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArticleView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its id.
    pub id: ArticleId,
    /// The id it was imported under.
    pub external_id: Option<String>,
    /// Address.
    pub url: Option<String>,
    /// Outlet's name.
    pub outlet: Option<String>,
    /// Outlet's domain.
    pub outlet_domain: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// Claimed publication.
    pub published_at: Option<Timestamp>,
    /// How exact that claim is: `second`, `minute`, `day` where no time of day stands there, `month` where no day does.
    pub published_precision: Option<String>,
    /// Claimed change.
    pub updated_at: Option<Timestamp>,
    /// Our first sight.
    pub first_seen_at: Timestamp,
    /// The time it counts from.
    pub event_time: Option<Timestamp>,
    /// Language.
    pub lang: Option<String>,
    /// What the body is.
    pub body_state: Option<String>,
    /// Near-duplicate group.
    pub near_duplicate_group: Option<GroupId>,
    /// Story.
    pub story: Option<StoryId>,
    /// Thread.
    pub thread: Option<ThreadId>,
    /// Role in the story.
    pub role: Option<String>,
    /// Overlap with earlier articles.
    pub copy_of: Vec<CopyView>,
    /// Credits.
    pub cites: Vec<CiteView>,
}

impl ArticleView {
    /// Whether the time it counts from is a day without a time of day.
    #[must_use]
    pub fn is_day_only(&self) -> bool {
        self.published_at == self.event_time && self.published_precision.as_deref() == Some("day")
    }

    /// When it last changed as the outlet claims, else when we first saw it.
    #[must_use]
    pub fn last_changed(&self) -> Timestamp {
        self.updated_at.or(self.published_at).unwrap_or(self.first_seen_at)
    }
}

/// One story with its members in time order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryDetail {
    /// The story.
    #[serde(flatten)]
    pub story: StoryView,
    /// Why the first report is held to be the first, with its confidence.
    pub first_report: Option<serde_json::Value>,
    /// The clocks of the first report, where its article is here.
    pub clocks: Option<provenance::ClocksView>,
    /// The same as `first_report` over all stories of the thread, where it has several.
    pub thread_first_report: Option<FirstReport>,
    /// Who rests on whom.
    pub citations: provenance::CitationGraph,
    /// What happened after the first article.
    pub events: Vec<provenance::EventView>,
    /// What the members tell differently.
    pub drift: Vec<Drift>,
    /// Members in time order.
    pub members: Vec<ArticleView>,
    /// Other stories of the thread.
    pub related: Vec<StoryView>,
}

/// A feed with its state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its id.
    pub id: crate::model::FeedId,
    /// Address.
    pub url: String,
    /// Title.
    pub title: Option<String>,
    /// Home page.
    pub link: Option<String>,
    /// Outlet's name.
    pub outlet: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether it is polled.
    pub enabled: bool,
    /// Failures in a row.
    pub failures: u32,
    /// Why the last poll failed.
    pub reason: Option<String>,
    /// When it was last polled.
    pub last_poll_at: Option<Timestamp>,
    /// When it is due.
    pub next_poll_at: Timestamp,
    /// Hubs that would push it (WebSub); shown, not used: they can't reach a machine without an address of its own.
    pub hubs: Vec<String>,
    /// Its place in the OPML list it came from, as stored.
    #[serde(skip)]
    pub opml: Option<String>,
}

/// A search hit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The article.
    pub article: ArticleId,
    /// Its story.
    pub story: Option<StoryId>,
    /// The time it counts from.
    pub event_time: Timestamp,
    /// Outlet's name.
    pub outlet: Option<String>,
    /// Headline.
    pub title: String,
    /// Address.
    pub url: Option<String>,
}

/// A credit with the article it stands in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CitingView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The article.
    pub article: ArticleId,
    /// Its outlet.
    pub from: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// The credit.
    #[serde(flatten)]
    pub cite: CiteView,
}

/// What `feed test` shows of an entry.
#[derive(Debug, Serialize)]
pub struct FeedTestEntry<'a> {
    id: Option<&'a str>,
    url: Option<&'a str>,
    title: Option<&'a str>,
    author: Option<String>,
    summary: Option<&'a str>,
    content: Option<&'a str>,
    published: Option<String>,
    updated: Option<String>,
    tags: &'a [String],
}

/// What `feed test` shows of a feed.
#[derive(Debug, Serialize)]
pub struct FeedTestView<'a> {
    source: &'a str,
    kind: &'static str,
    title: Option<&'a str>,
    link: Option<&'a str>,
    updated: Option<String>,
    /// The entries.
    pub entries: Vec<FeedTestEntry<'a>>,
    warnings: &'a [String],
}

impl<'a> FeedTestView<'a> {
    /// The view of a parsed feed.
    #[must_use]
    pub fn new(source: &'a str, feed: &'a ParsedFeed) -> Self {
        Self {
            source,
            kind: feed.kind.as_str(),
            title: feed.title.as_deref(),
            link: feed.link.as_deref(),
            updated: feed.updated.as_ref().map(date),
            entries: feed
                .entries
                .iter()
                .map(|entry| FeedTestEntry {
                    id: entry.guid.as_deref(),
                    url: entry.url.as_deref(),
                    title: entry.title.as_deref(),
                    author: (!entry.authors.is_empty()).then(|| entry.authors.join(", ")),
                    summary: entry.summary.as_deref(),
                    content: entry.content.as_deref(),
                    published: entry.published.as_ref().map(date),
                    updated: entry.updated.as_ref().map(date),
                    tags: &entry.tags,
                })
                .collect(),
            warnings: &feed.warnings,
        }
    }
}

/// What `extract` shows of a page.
#[derive(Debug, Serialize)]
pub struct ExtractView<'a> {
    id: &'a str,
    url: &'a str,
    title: Option<&'a str>,
    author: &'a [String],
    published: Option<String>,
    updated: Option<String>,
    lang: Option<&'a str>,
    outlet: Option<&'a str>,
    canonical_url: Option<&'a str>,
    amp_url: Option<&'a str>,
    is_free: Option<bool>,
    tags: &'a [String],
    credit_lines: &'a [String],
    body: &'a str,
    state: &'static str,
    links: Vec<LinkView<'a>>,
    warnings: &'a [String],
}

/// A link of the running text.
#[derive(Debug, Serialize)]
struct LinkView<'a> {
    url: &'a str,
    anchor: &'a str,
    sentence: &'a str,
}

impl<'a> ExtractView<'a> {
    /// The view of an extracted page.
    #[must_use]
    pub fn new(id: &'a str, article: &'a ExtractedArticle) -> Self {
        Self {
            id,
            url: &article.url,
            title: article.title.as_deref(),
            author: &article.authors,
            published: article.published.as_ref().map(date),
            updated: article.updated.as_ref().map(date),
            lang: article.language.as_deref(),
            outlet: article.outlet.as_deref(),
            canonical_url: article.canonical_url.as_deref(),
            amp_url: article.amp_url.as_deref(),
            is_free: article.is_free,
            tags: &article.tags,
            credit_lines: &article.credit_lines,
            body: &article.body,
            state: article.state.as_str(),
            links: article
                .links
                .iter()
                .map(|link| LinkView { url: &link.url, anchor: &link.anchor, sentence: &link.sentence })
                .collect(),
            warnings: &article.warnings,
        }
    }
}

/// A claimed date with the writer's own offset; without one where no zone is known, and as it stands where it is no date.
fn date(claim: &ClaimedDate) -> String {
    let Some(utc) = claim.utc else {
        return dates::as_written(&claim.raw)
            .map_or_else(|| claim.raw.clone(), |(time, _)| time.rfc3339().trim_end_matches('Z').to_owned());
    };
    let offset = claim.offset_minutes.unwrap_or(0);
    if offset == 0 {
        return utc.rfc3339();
    }
    let local = utc.plus(i64::from(offset) * 60).rfc3339();
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{}{sign}{:02}:{:02}", local.trim_end_matches('Z'), offset.abs() / 60, offset.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_the_writers_offset() {
        let mut claim = ClaimedDate::at(Timestamp(0));
        assert_eq!(date(&claim), "1970-01-01T00:00:00Z");
        claim.offset_minutes = Some(-90);
        assert_eq!(date(&claim), "1969-12-31T22:30:00-01:30");
        claim.utc = None;
        claim.raw = "yesterday".to_owned();
        assert_eq!(date(&claim), "yesterday");
        claim.raw = "25.11.2025 18:12".to_owned();
        assert_eq!(date(&claim), "2025-11-25T18:12:00");
    }
}
