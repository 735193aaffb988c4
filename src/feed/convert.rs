//! From feed-rs's model to ours.

use feed_rs::model::{Entry, Feed, FeedType, Link};

use super::ParseOptions;
use super::hints::Hints;
use crate::model::{ClaimedDate, EntrySource, FeedKind, ParsedEntry, ParsedFeed, Timestamp};
use crate::text::dates;

/// The hook that reads dates for feed-rs: no moment where no zone is known.
pub(super) fn to_feed_rs_moment(text: &str) -> Option<chrono_moment::Moment> {
    chrono_moment::from_seconds(dates::parse(text, None).utc?.0)
}

/// feed-rs speaks chrono; this is the only place that does.
mod chrono_moment {
    pub(super) type Moment = chrono::DateTime<chrono::Utc>;

    pub(super) fn from_seconds(seconds: i64) -> Option<Moment> {
        chrono::DateTime::from_timestamp(seconds, 0)
    }
}

/// Converts a document.
pub(super) fn convert(feed: Feed, hints: Hints, options: &ParseOptions<'_>) -> ParsedFeed {
    let kind = match feed.feed_type {
        FeedType::Atom => FeedKind::Atom,
        FeedType::JSON => FeedKind::Json,
        FeedType::RSS1 => FeedKind::Rdf,
        FeedType::RSS0 | FeedType::RSS2 => FeedKind::Rss,
    };
    let guids_match = hints.guids.len() == feed.entries.len();
    let entries = feed
        .entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let guid = hints.guids.get(index).filter(|_| guids_match).cloned().flatten();
            convert_entry(entry, kind, guid, options.now)
        })
        .collect();
    let relation = |wanted: &str| {
        feed.links
            .iter()
            .filter(|link| link.rel.as_deref() == Some(wanted))
            .map(|link| link.href.clone())
            .collect::<Vec<_>>()
    };
    ParsedFeed {
        kind,
        title: feed.title.as_ref().map(|text| plain(&text.content)).filter(|text| !text.is_empty()),
        link: main_link(&feed.links),
        language: feed.language.clone(),
        updated: feed.updated.map(|moment| claimed(moment.timestamp(), options.now)),
        self_url: relation("self").into_iter().next(),
        hubs: relation("hub"),
        ttl_minutes: hints.ttl_minutes.or(feed.ttl),
        skip_hours: hints.skip_hours,
        skip_days: hints.skip_days,
        syndication_minutes: hints.syndication_minutes,
        entries,
        warnings: Vec::new(),
    }
}

fn convert_entry(entry: Entry, kind: FeedKind, guid: Option<(String, bool)>, now: Timestamp) -> ParsedEntry {
    let link = main_link(&entry.links);
    let is_address = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    let (guid, guid_is_permalink) = match guid {
        Some((guid, permalink)) => {
            let permalink = permalink && is_address(&guid);
            (Some(guid).filter(|guid| !guid.is_empty()), permalink)
        }
        // feed-rs invents an id from the link where RSS gives none.
        None if matches!(kind, FeedKind::Rss) => (None, false),
        None => {
            let permalink = is_address(&entry.id);
            (Some(entry.id.clone()).filter(|id| !id.is_empty()), permalink)
        }
    };
    let url = link.or_else(|| guid.clone().filter(|_| guid_is_permalink));
    ParsedEntry {
        guid_is_permalink,
        url,
        title: entry.title.map(|text| plain(&text.content)).filter(|text| !text.is_empty()),
        authors: entry
            .authors
            .iter()
            .filter_map(|person| author(person.name.as_deref(), person.email.as_deref()))
            .collect(),
        summary: entry.summary.map(|text| text.content).filter(|text| !text.trim().is_empty()),
        content: entry.content.and_then(|content| content.body).filter(|text| !text.trim().is_empty()),
        published: entry.published.map(|moment| claimed(moment.timestamp(), now)),
        updated: entry.updated.filter(|_| kind != FeedKind::Rss).map(|moment| claimed(moment.timestamp(), now)),
        tags: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
        source: entry.source.map(|source| EntrySource { title: None, url: Some(source) }),
        language: entry.language,
        media_credits: entry
            .media
            .iter()
            .flat_map(|media| media.credits.iter().map(|credit| credit.entity.clone()))
            .collect(),
        rights: entry.rights.map(|text| text.content),
        guid,
    }
}

fn claimed(seconds: i64, now: Timestamp) -> ClaimedDate {
    ClaimedDate::at(Timestamp(seconds)).observed_at(now)
}

fn main_link(links: &[Link]) -> Option<String> {
    let is_main = |link: &&Link| matches!(link.rel.as_deref(), None | Some("alternate"));
    links.iter().find(is_main).map(|link| link.href.trim().to_owned()).filter(|href| !href.is_empty())
}

/// `desk@example.org (Jane Roe)`, `Jane Roe`, an address alone.
fn author(name: Option<&str>, email: Option<&str>) -> Option<String> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    match name {
        Some(name) if name.starts_with('(') && name.ends_with(')') => Some(name[1..name.len() - 1].trim().to_owned()),
        Some(name) => {
            let inside = name
                .split_once('(')
                .and_then(|(before, rest)| before.contains('@').then(|| rest.trim_end_matches(')')));
            Some(inside.unwrap_or(name).trim().to_owned())
        }
        None => email.map(str::trim).filter(|email| !email.is_empty() && !email.contains('@')).map(str::to_owned),
    }
}

/// A headline as plain text: tags left out, the usual references decoded once more, white space folded.
fn plain(text: &str) -> String {
    let mut without_tags = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        without_tags.push_str(&rest[..at]);
        let is_tag = rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match rest[at..].find('>') {
            Some(end) if is_tag => rest = &rest[at + end + 1..],
            _ => {
                without_tags.push('<');
                rest = &rest[at + 1..];
            }
        }
    }
    without_tags.push_str(rest);
    let decoded =
        quick_xml::escape::unescape(&without_tags).map_or_else(|_| without_tags.clone(), |text| text.into_owned());
    decoded.split_whitespace().collect::<Vec<_>>().join(" ")
}
