//! Bytes to a parsed feed; the only user of feed-rs.
//!
//! ```text
//! bytes ─▶ decode ─▶ reading ─┬─ nothing left open ────────────▶ ParsedFeed
//!                             └▶ feed-rs ─▶ complete ─▶ ParsedFeed
//! ```
//!
//! One tolerant pass reads every dialect: it keeps what feed-rs drops (raw dates, guids, markup, sources) and never
//! gives up. feed-rs is asked where that reading leaves something open, since it knows odd elements of its own;
//! where the two don't agree on an entry, what was found closer to the text wins. Asking it for every feed would double
//! the cost and change nothing: the reading has the last word on all that it found. What was repaired is a warning. A panic in a dependency is that feed's failure alone.

mod convert;
mod hints;
mod html;
mod json;
mod json_value;
mod names;
mod person;
mod reading;

use std::borrow::Cow;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{FeedKind, ParsedEntry, ParsedFeed, Timestamp};
use crate::text::encoding;
use crate::text::markup::{Token, Tokens};
use reading::Reading;

/// What the caller knows about a document.
#[derive(Debug, Clone, Copy)]
pub struct ParseOptions<'a> {
    /// `Content-Type` as received, for its charset.
    pub content_type: Option<&'a str>,
    /// The address relative links are resolved against.
    pub base_url: Option<&'a str>,
    /// When the document was seen, to flag dates in the future.
    pub now: Timestamp,
    /// Entries beyond this many are left out, with a warning.
    pub max_entries: usize,
}

/// Why a document is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Nothing arrived.
    #[error("the document is empty")]
    Empty,
    /// A web page.
    #[error("the address shows a web page, not a feed; `copytaster feed add` with the home page looks for its feeds")]
    Html,
    /// Something else.
    #[error("the document is not a feed ({0})")]
    NotAFeed(String),
    /// A dependency gave up.
    #[error("the parser gave up on this document; please report the feed")]
    Panicked,
}

/// Parses RSS, RDF, Atom, CDF, JSON Feed and news sitemaps, plain or gzipped.
///
/// # Errors
/// When the document is empty, a web page, or nothing in it is a feed even for the tolerant reader.
pub fn parse(bytes: &[u8], options: &ParseOptions<'_>) -> Result<ParsedFeed, FeedError> {
    let bytes = unpacked(bytes)?;
    let (text, mut warnings) = encoding::decode(&bytes, options.content_type);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\0']);
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let is_json = text.starts_with('{');
    let (body, junk) = if is_json { (text, false) } else { without_prologue(text) };
    if junk {
        warnings.push("text before the document was left out".to_owned());
    }
    let reading =
        catch_unwind(AssertUnwindSafe(
            || {
                if is_json { json::read(text, options) } else { reading::read(text, options) }
            },
        ))
        .map_err(|_| FeedError::Panicked)?
        .ok_or_else(|| no_feed(text, is_json))?;
    let n_entries = reading.n_entries;
    // feed-rs knows no sitemaps, and can't be told to stop at so many entries.
    let is_ours = reading.feed.kind == FeedKind::NewsSitemap || n_entries > options.max_entries;
    let mut feed = if is_ours || !leaves_open(&reading, body, is_json) {
        reading.feed
    } else {
        match by_feed_rs(body, options) {
            Ok(base) => convert::complete(base, reading.feed),
            Err(reason) => {
                warnings.push(format!("read by the tolerant reader alone ({reason})"));
                reading.feed
            }
        }
    };
    if n_entries > options.max_entries {
        warnings.push(format!("{n_entries} entries, only the first {} were read", options.max_entries));
    }
    feed.entries.truncate(options.max_entries);
    if feed.kind == FeedKind::NewsSitemap && feed.entries.is_empty() && feed.further.is_empty() {
        return Err(FeedError::NotAFeed("a sitemap without news".to_owned()));
    }
    warnings.append(&mut feed.warnings);
    feed.warnings = warnings;
    Ok(feed)
}

/// Gzip that is the document itself, not the transfer's encoding, as sitemaps have it.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FeedError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut unpacked = Vec::new();
    // A damaged tail leaves what was read before it.
    let read = flate2::read::MultiGzDecoder::new(bytes).take(MAX_UNPACKED).read_to_end(&mut unpacked);
    match read {
        Err(error) if unpacked.is_empty() => Err(FeedError::NotAFeed(format!("broken gzip: {error}"))),
        _ => Ok(Cow::Owned(unpacked)),
    }
}

/// The largest document gzip may unpack to, in bytes: the limit of the sitemap protocol.
const MAX_UNPACKED: u64 = 50 * 1024 * 1024;

/// Whether the reading leaves something open that feed-rs may know: an entry without an address or a headline, or
/// elements that look like entries and were not read as such.
fn leaves_open(reading: &Reading, body: &str, is_json: bool) -> bool {
    let entries = &reading.feed.entries;
    let is_whole = |entry: &ParsedEntry| entry.url.is_some() && entry.title.is_some();
    let is_entry = |tag: &&str| {
        tag.strip_prefix("item").or_else(|| tag.strip_prefix("entry")).is_some_and(|rest| rest.starts_with([' ', '>']))
    };
    let seen = || body.split('<').skip(1).filter(is_entry).count();
    entries.is_empty() || !entries.iter().all(is_whole) || (!is_json && seen() > entries.len())
}

/// feed-rs's reading. It is handed text without a declaration, since the text is UTF-8 by now whatever that says, and
/// without a document type, which may define entity bombs.
fn by_feed_rs(text: &str, options: &ParseOptions<'_>) -> Result<ParsedFeed, String> {
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(options.base_url)
            .timestamp_parser(|_| None)
            .build()
            .parse(text.as_bytes())
    }));
    match parsed {
        Ok(Ok(feed)) => Ok(convert::convert(feed)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the parser panicked".to_owned()),
    }
}

/// The document from its root element on, and whether anything but declarations and comments stood before it.
fn without_prologue(text: &str) -> (&str, bool) {
    let mut tokens = Tokens::new(text);
    let (mut at, mut junk) = (0, false);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start(_) => return (&text[at..], junk),
            Token::Aside | Token::Doctype(_) => {}
            Token::Text(between) => junk |= !between.trim().is_empty(),
            Token::End(_) | Token::CData(_) => junk = true,
        }
        at = tokens.position();
    }
    (text, junk)
}

/// What a document is in which no feed was found.
fn no_feed(text: &str, is_json: bool) -> FeedError {
    const HTML: [&str; 4] = ["html", "head", "body", "title"];
    if is_json {
        return FeedError::NotAFeed("not a JSON Feed".to_owned());
    }
    let mut tokens = Tokens::new(text).take(HEAD_TOKENS);
    let is_html = |name: &str| HTML.iter().any(|tag| tag.eq_ignore_ascii_case(name));
    let shows_html = tokens.any(|token| match token {
        Token::Start(tag) => is_html(tag.name),
        Token::Doctype(inside) => inside.to_ascii_lowercase().starts_with("doctype html"),
        _ => false,
    });
    if shows_html { FeedError::Html } else { FeedError::NotAFeed("no root element of a feed".to_owned()) }
}

/// A web page shows itself as one within this many tokens.
const HEAD_TOKENS: usize = 50;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::FeedKind;

    const OPTIONS: ParseOptions<'_> = ParseOptions {
        content_type: None,
        base_url: Some("https://example.org/feed"),
        now: Timestamp(1_764_100_000),
        max_entries: 100,
    };

    const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
        <title>Fish & chips</title><link>https://example.org/</link><ttl>45</ttl><skipHours><hour>3</hour></skipHours>
        <item><title>One &lt;b&gt;bold&lt;/b&gt; &amp; true</title><link>/one</link><guid isPermaLink="false">g1</guid>
          <pubDate>Tue, 25 Nov 2025 18:12:00 CET</pubDate><author>desk@example.org (Jane Roe)</author></item>
        <item><title>Two</title><guid>https://example.org/two</guid><dc:creator>Max</dc:creator></item>
        </channel></rss>"#;

    #[test]
    fn rss_is_read_and_repaired() {
        let feed = parse(RSS.as_bytes(), &OPTIONS).unwrap();
        assert_eq!((feed.kind, feed.title.as_deref()), (FeedKind::Rss, Some("Fish & chips")));
        assert_eq!((feed.ttl_minutes, feed.skip_hours.as_slice()), (Some(45), [3].as_slice()));
        assert!(!feed.warnings.is_empty(), "the bare ampersand is told");
        let one = &feed.entries[0];
        assert_eq!(one.title.as_deref(), Some("One bold & true"));
        assert_eq!(one.url.as_deref(), Some("https://example.org/one"));
        assert_eq!((one.guid.as_deref(), one.guid_is_permalink), (Some("g1"), false));
        assert_eq!(one.published.as_ref().unwrap().utc.unwrap().rfc3339(), "2025-11-25T17:12:00Z");
        assert_eq!(one.authors, ["Jane Roe"]);
        let two = &feed.entries[1];
        assert_eq!((two.url.as_deref(), two.guid_is_permalink), (Some("https://example.org/two"), true));
    }

    #[test]
    fn a_guid_is_a_link_as_far_as_the_feed_says_so() {
        let link = |guid: &str| {
            let rss = format!("<rss version=\"2.0\"><channel><item><title>T</title>{guid}</item></channel></rss>");
            let entry = parse(rss.as_bytes(), &OPTIONS).unwrap().entries.remove(0);
            (entry.url, entry.guid_is_permalink)
        };
        let tag = "tag:example.org,2025:1";
        assert_eq!(link(&format!("<guid>{tag}</guid>")), (Some(tag.to_owned()), false));
        assert_eq!(link(&format!("<guid isPermaLink=\"false\">{tag}</guid>")), (None, false));
        assert_eq!(link("<guid>12345</guid>"), (None, false));
        assert_eq!(link("<guid>Note: one</guid>"), (None, false));
    }

    #[test]
    fn other_dialects_are_read() {
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><id>x</id><updated>2025-11-25T00:00:00Z</updated>
            <entry><id>e1</id><title type="html">T</title><link href="https://example.org/e1"/><updated>2025-11-25T18:00:00Z</updated></entry></feed>"#;
        assert_eq!(parse(atom.as_bytes(), &OPTIONS).unwrap().entries[0].url.as_deref(), Some("https://example.org/e1"));
        let json =
            "\u{feff}{\"title\":\"J\",\"items\":[{\"id\":1,\"url\":\"https://example.org/j\",\"content_text\":\"x\"}]}";
        let feed = parse(json.as_bytes(), &OPTIONS).unwrap();
        assert_eq!((feed.kind, feed.entries[0].guid.as_deref()), (FeedKind::Json, Some("1")));
    }

    #[test]
    fn what_is_no_feed_is_named() {
        assert_eq!(parse(b" \n", &OPTIONS), Err(FeedError::Empty));
        assert_eq!(parse(b"<!DOCTYPE html><html><body>Hi</body></html>", &OPTIONS), Err(FeedError::Html));
        assert!(matches!(parse(b"plain text", &OPTIONS), Err(FeedError::NotAFeed(_))));
        let empty = "<rss version=\"2.0\"><channel><title>Quiet</title></channel></rss>";
        assert_eq!(parse(empty.as_bytes(), &OPTIONS).unwrap().entries.len(), 0);
    }

    proptest! {
        #[test]
        fn damaged_documents_never_panic(cut in 0..RSS.len(), byte in any::<u8>()) {
            let mut bytes = RSS.as_bytes().to_vec();
            bytes[cut] = byte;
            drop(parse(&bytes, &OPTIONS));
            drop(parse(&bytes[..cut], &OPTIONS));
        }
    }
}
