//! From feed-rs's model to ours, and the two readings made one.

use feed_rs::model::{Entry, Feed, FeedType, Link};

use super::html;
use super::reading::MAX_LIST;
use crate::model::{EntrySource, FeedKind, ParsedEntry, ParsedFeed};

/// Converts a document. Dates, guids and names are left to the second reading, which has them as they were written;
/// texts are taken raw, since few of them are needed.
pub(super) fn convert(feed: Feed) -> ParsedFeed {
    let kind = match feed.feed_type {
        FeedType::Atom => FeedKind::Atom,
        FeedType::JSON => FeedKind::Json,
        FeedType::RSS1 => FeedKind::Rdf,
        FeedType::RSS0 | FeedType::RSS2 => FeedKind::Rss,
    };
    let relation = |wanted: &str| {
        feed.links
            .iter()
            .filter(|link| link.rel.as_deref() == Some(wanted))
            .map(|link| link.href.clone())
            .collect::<Vec<_>>()
    };
    ParsedFeed {
        title: feed.title.map(|text| text.content),
        link: main_link(&feed.links),
        self_url: relation("self").into_iter().next(),
        hubs: relation("hub"),
        language: feed.language,
        ttl_minutes: feed.ttl,
        entries: feed.entries.into_iter().map(convert_entry).collect(),
        ..ParsedFeed::new(kind)
    }
}

fn convert_entry(entry: Entry) -> ParsedEntry {
    ParsedEntry {
        url: main_link(&entry.links),
        title: entry.title.map(|text| text.content),
        summary: entry.summary.map(|text| text.content),
        content: entry.content.and_then(|content| content.body),
        tags: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
        source: entry.source.map(|source| EntrySource { title: None, url: Some(source) }),
        language: entry.language,
        media_credits: entry
            .media
            .into_iter()
            .flat_map(|media| media.credits.into_iter().map(|credit| credit.entity))
            .collect(),
        rights: entry.rights.map(|text| text.content),
        ..ParsedEntry::default()
    }
}

fn main_link(links: &[Link]) -> Option<String> {
    let is_main = |link: &&Link| matches!(link.rel.as_deref(), None | Some("alternate"));
    links.iter().find(is_main).map(|link| link.href.trim().to_owned()).filter(|href| !href.is_empty())
}

/// Completes feed-rs's reading by the second one: what the second found closer to the text wins, the rest stays.
///
/// Where the two do not see the same entries, the one that sees more is right.
pub(super) fn complete(base: ParsedFeed, reading: ParsedFeed) -> ParsedFeed {
    let entries = match base.entries.len().cmp(&reading.entries.len()) {
        std::cmp::Ordering::Equal => {
            base.entries.into_iter().zip(reading.entries).map(|(base, entry)| complete_entry(base, entry)).collect()
        }
        std::cmp::Ordering::Less => reading.entries,
        std::cmp::Ordering::Greater => {
            base.entries.into_iter().map(|base| complete_entry(base, ParsedEntry::default())).collect()
        }
    };
    ParsedFeed {
        title: reading.title.or_else(|| base.title.and_then(headline)),
        link: reading.link.or(base.link),
        language: reading.language.or(base.language),
        self_url: reading.self_url.or(base.self_url),
        hubs: if reading.hubs.is_empty() { base.hubs } else { reading.hubs },
        ttl_minutes: reading.ttl_minutes.or(base.ttl_minutes),
        entries,
        ..reading
    }
}

fn complete_entry(base: ParsedEntry, entry: ParsedEntry) -> ParsedEntry {
    let either = |mine: Vec<String>, mut other: Vec<String>| {
        other.truncate(MAX_LIST);
        if mine.is_empty() { other } else { mine }
    };
    ParsedEntry {
        url: entry.url.or(base.url),
        title: entry.title.or_else(|| base.title.and_then(headline)),
        summary: entry.summary.or_else(|| base.summary.and_then(prose)),
        content: entry.content.or_else(|| base.content.and_then(prose)),
        tags: either(entry.tags, base.tags),
        source: entry.source.or(base.source),
        language: entry.language.or(base.language),
        media_credits: either(entry.media_credits, base.media_credits),
        rights: entry.rights.or(base.rights),
        ..entry
    }
}

fn headline(text: String) -> Option<String> {
    Some(html::plain(&text)).filter(|text| !text.is_empty())
}

fn prose(text: String) -> Option<String> {
    Some(html::clean(text.trim(), None).into_owned()).filter(|text| !text.is_empty())
}
