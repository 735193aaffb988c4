//! Bytes to a parsed feed; the only user of feed-rs.
//!
//! ```text
//! bytes ─▶ decode ─▶ sanitize ─▶ feed-rs (dates by text::dates) ─▶ hints ─▶ ParsedFeed
//! ```
//!
//! What was repaired is a warning. A panic in a dependency is that feed's failure alone.

mod convert;
mod decode;
mod hints;
mod sanitize;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{ParsedFeed, Timestamp};

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

/// Parses RSS, Atom, RDF or JSON Feed.
///
/// # Errors
/// When the document is empty, a web page, or nothing feed-rs can read even after repairs.
pub fn parse(bytes: &[u8], options: &ParseOptions<'_>) -> Result<ParsedFeed, FeedError> {
    let (text, mut warnings) = decode::decode(bytes, options.content_type);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\0']);
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let is_json = text.starts_with('{');
    let prepared = if is_json {
        sanitize::json(text, &mut warnings).ok_or_else(|| FeedError::NotAFeed("broken JSON".to_owned()))?
    } else {
        if sanitize::is_html(text) {
            return Err(FeedError::Html);
        }
        sanitize::xml(text, &mut warnings)
    };
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(options.base_url)
            .timestamp_parser(convert::to_feed_rs_moment)
            .build()
            .parse(prepared.as_bytes())
    }))
    .map_err(|_| FeedError::Panicked)?
    .map_err(|error| FeedError::NotAFeed(error.to_string()))?;
    let hints = if is_json { hints::Hints::default() } else { hints::read(&prepared) };
    let mut feed = convert::convert(parsed, hints, options);
    if feed.entries.len() > options.max_entries {
        warnings.push(format!("{} entries, only the first {} were read", feed.entries.len(), options.max_entries));
        feed.entries.truncate(options.max_entries);
    }
    warnings.append(&mut feed.warnings);
    feed.warnings = warnings;
    Ok(feed)
}

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
