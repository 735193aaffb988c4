//! One entry of a feed: its key, its article and what the feed tells of it.

use crate::canonical::{self, UrlKind};
use crate::extract;
use crate::model::{BodyState, ParsedEntry, Timestamp};
use crate::plan::poll::{FeedRecord, PollContext};
use crate::plan::{OutletPlan, VersionPlan, content_hash};

/// A feed's body of fewer characters than this is a summary, however the feed labels it.
///
/// In captured full-text feeds articles run from about 800 characters; teasers stay under 500.
const MIN_FULL_TEXT_CHARS: usize = 700;

/// An entry and the article it leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryPlan {
    /// What identifies the entry within its feed: guid, else identity URL, else a hash of headline and date.
    pub key: String,
    /// The parsed entry.
    pub entry: ParsedEntry,
    /// Hash of what the feed says of it.
    pub content_hash: i64,
    /// The article, when the entry has an address.
    pub article: Option<EntryArticle>,
}

/// The article behind an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryArticle {
    /// Canonical URL.
    pub identity: String,
    /// The address to scrape.
    pub url: String,
    /// The publishing outlet; none means the feed's own.
    pub outlet: Option<OutletPlan>,
    /// What the feed itself tells of the article.
    pub version: VersionPlan,
    /// The feed carries the whole text: no need to fetch the page at once.
    pub has_full_text: bool,
}

/// Where a feed lies, for its entries to be compared with.
pub(super) struct FeedSite {
    /// Its host and registrable domain, when the feed has an outlet of its own.
    own: Option<(String, Option<String>)>,
}

impl FeedSite {
    pub(super) fn new(record: &FeedRecord, context: &PollContext<'_>) -> Self {
        let host =
            record.outlet.and_then(|_| canonical::canonical(&record.url, context.rules).ok()).map(|url| url.host);
        let own = host.map(|host| {
            let domain = canonical::registrable_domain(&host);
            (host, domain)
        });
        Self { own }
    }

    fn contains(&self, host: &str) -> bool {
        self.own.as_ref().is_some_and(|(own, domain)| {
            own == host || (domain.is_some() && *domain == canonical::registrable_domain(host))
        })
    }
}

/// An entry without an address, a guid and a headline says nothing and is left out.
pub(super) fn plan(
    mut entry: ParsedEntry,
    feed_language: Option<&str>,
    site: &FeedSite,
    now: Timestamp,
    context: &PollContext<'_>,
) -> Option<EntryPlan> {
    entry.published = entry.published.map(|claim| claim.observed_at(now));
    entry.updated = entry.updated.map(|claim| claim.observed_at(now));
    let address = entry.url.clone().or_else(|| entry.guid.clone().filter(|_| entry.guid_is_permalink));
    let identity = address.as_deref().and_then(|url| canonical::canonical(url, context.rules).ok());
    if identity.is_none() && entry.guid.is_none() && entry.title.is_none() {
        return None;
    }
    let key = entry.guid.clone().or_else(|| identity.as_ref().map(|url| url.identity.clone())).unwrap_or_else(|| {
        let date = entry.published.as_ref().map(|claim| claim.raw.as_str());
        format!("hash:{:016x}", content_hash(&[entry.title.as_deref(), date]))
    });
    let source = entry.source.take();
    let behind_google = identity.as_ref().filter(|url| url.kind == UrlKind::GoogleNews).and(source.as_ref());
    if let Some(name) = behind_google.and_then(|source| source.title.as_deref()) {
        entry.title = entry.title.map(|title| without_outlet(title, name));
    }
    let version = feed_version(&entry, feed_language, address.as_deref());
    let has_full_text = version.body_state == BodyState::Complete;
    // The text is in the version now; a plan that waits for the writer need not hold it twice.
    (entry.content, entry.summary) = (None, None);
    let hash = content_hash(&[
        entry.title.as_deref(),
        address.as_deref(),
        entry.updated.as_ref().map(|claim| claim.raw.as_str()),
        version.body.as_deref(),
    ]);
    let outlet_host = behind_google
        .and_then(|source| canonical::canonical(source.url.as_deref()?, context.rules).ok())
        .map(|url| url.host);
    entry.source = source;
    let article = identity.zip(address).map(|(identity, url)| EntryArticle {
        outlet: entry_outlet(outlet_host.as_ref().unwrap_or(&identity.host), site, context),
        identity: identity.identity,
        url,
        version,
        has_full_text,
    });
    Some(EntryPlan { key, content_hash: hash, article, entry })
}

/// Google News writes the outlet behind each headline: "Headline - Outlet".
fn without_outlet(title: String, outlet: &str) -> String {
    let headline = title.trim_end().strip_suffix(outlet).and_then(|rest| rest.trim_end().strip_suffix(['-', '–', '—']));
    headline.map(|headline| headline.trim_end().to_owned()).filter(|headline| !headline.is_empty()).unwrap_or(title)
}

/// The outlet of an entry: the register's by the article's host, else the feed's own when the article lies on the
/// feed's host or nowhere else we know, else one named after the host.
fn entry_outlet(host: &str, site: &FeedSite, context: &PollContext<'_>) -> Option<OutletPlan> {
    if let Some(outlet) = context.register.by_host(host) {
        return Some(OutletPlan::from_register(outlet));
    }
    if site.contains(host) {
        return None;
    }
    OutletPlan::for_host(host, context.register)
}

fn feed_version(entry: &ParsedEntry, feed_language: Option<&str>, address: Option<&str>) -> VersionPlan {
    let (content, links) =
        entry.content.as_deref().map(|html| extract::feed_text(html, address.unwrap_or_default())).unwrap_or_default();
    // The longer of the two is told; text is never longer than its markup.
    let length = content.chars().count();
    let summary = entry
        .summary
        .as_deref()
        .filter(|summary| summary.chars().count() > length)
        .map(extract::plain_text)
        .unwrap_or_default();
    let (body, links) = if length >= summary.chars().count() { (content, links) } else { (summary, Vec::new()) };
    let body_state = match body.chars().count() {
        0 => BodyState::Missing,
        n if n >= MIN_FULL_TEXT_CHARS && entry.content.is_some() => BodyState::Complete,
        _ => BodyState::Summary,
    };
    VersionPlan {
        source: "feed",
        title: entry.title.clone(),
        byline: (!entry.authors.is_empty()).then(|| entry.authors.join(", ")),
        language: entry.language.clone().or_else(|| feed_language.map(str::to_owned)),
        published: entry.published.clone(),
        updated: entry.updated.clone(),
        body: (!body.is_empty()).then_some(body),
        body_state,
        credit_lines: entry.media_credits.clone(),
        links,
    }
}
