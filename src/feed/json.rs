//! JSON Feed, read for what feed-rs refuses: other types than the specification's, a missing version, a broken tail.

use serde_json::{Map, Value};
use url::Url;

use super::json_value::{self, Document};
use super::reading::Reading;
use super::{ParseOptions, html};
use crate::model::{ClaimedDate, FeedKind, ParsedEntry, ParsedFeed};
use crate::text::dates;
use crate::text::markup;

/// Containers nested deeper than this end the document; serde_json refuses 128 itself.
const MAX_DEPTH: usize = 120;

/// Reads a JSON feed; none when it is no JSON object with `items`, even after its tail was cut off.
pub(super) fn read(text: &str, options: &ParseOptions<'_>) -> Option<Reading> {
    let mut feed = ParsedFeed::new(FeedKind::Json);
    let document = match json_value::read(text, options.max_entries) {
        Ok(document) => document,
        Err(error) => {
            let document = json_value::read(&without_broken_tail(text)?, options.max_entries).ok()?;
            feed.warnings.push(format!("broken JSON ({error}); what came before was read"));
            document
        }
    };
    let Document { fields: document, items, n_items } = document;
    let document = &document;
    let items = items?;
    if !document.get("version").and_then(Value::as_str).is_some_and(|version| version.contains("jsonfeed.org")) {
        feed.warnings.push("no version of JSON Feed is named".to_owned());
    }
    let reader = Reader { base: options.base_url.and_then(|base| Url::parse(base).ok()), options };
    feed.title = text_of(document, "title").map(|title| html::fold(&title));
    feed.link = reader.address(document, "home_page_url");
    feed.self_url = reader.address(document, "feed_url");
    feed.language = text_of(document, "language");
    feed.hubs = list(document, "hubs").filter_map(|hub| reader.address(hub.as_object()?, "url")).collect();
    feed.updated = reader.date(document, "date_modified");
    feed.entries = items.iter().filter_map(Value::as_object).map(|item| reader.entry(item)).collect();
    Some(Reading { feed, n_entries: n_items })
}

struct Reader<'a> {
    base: Option<Url>,
    options: &'a ParseOptions<'a>,
}

impl Reader<'_> {
    fn entry(&self, item: &Map<String, Value>) -> ParsedEntry {
        let guid = text_of(item, "id");
        let guid_is_permalink = guid.as_deref().is_some_and(|guid| guid.starts_with("http"));
        let url = self.address(item, "url").or_else(|| self.address(item, "external_url"));
        let prose = |key: &str| text_of(item, key).map(|html| html::clean(&html, self.base.as_ref()).into_owned());
        ParsedEntry {
            url: url.or_else(|| guid.clone().filter(|_| guid_is_permalink)),
            title: text_of(item, "title").map(|title| html::fold(&markup::decode(&title))),
            authors: authors(item),
            summary: text_of(item, "summary"),
            content: prose("content_html").or_else(|| text_of(item, "content_text")),
            published: self.date(item, "date_published"),
            updated: self.date(item, "date_modified"),
            tags: list(item, "tags").filter_map(Value::as_str).map(html::fold).collect(),
            language: text_of(item, "language"),
            guid,
            guid_is_permalink,
            ..ParsedEntry::default()
        }
    }

    fn address(&self, object: &Map<String, Value>, key: &str) -> Option<String> {
        let address = text_of(object, key)?;
        match &self.base {
            Some(base) => base.join(&address).ok().map(String::from).or(Some(address)),
            None => Some(address),
        }
    }

    fn date(&self, object: &Map<String, Value>, key: &str) -> Option<ClaimedDate> {
        text_of(object, key).map(|text| dates::parse(&text, Some(self.options.now)))
    }
}

/// A text; numbers count as one (ids often are).
fn text_of(object: &Map<String, Value>, key: &str) -> Option<String> {
    let text = match object.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// `authors` of version 1.1, `author` of 1.0, each an object or a bare name.
fn authors(item: &Map<String, Value>) -> Vec<String> {
    list(item, "authors")
        .chain(item.get("author"))
        .filter_map(|author| match author {
            Value::Object(author) => text_of(author, "name"),
            Value::String(name) => Some(name.clone()),
            _ => None,
        })
        .filter_map(|name| super::person::name(&name))
        .fold(Vec::new(), |mut names, name| {
            if !names.contains(&name) {
                names.push(name);
            }
            names
        })
}

/// The document up to the last complete item, closed again; none when no item is complete.
fn without_broken_tail(text: &str) -> Option<String> {
    let (mut open, mut in_string, mut is_escaped, mut keep) = (Vec::new(), false, false, None);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    break;
                }
                // `{ "items": [ {…}`: an item ends two levels deep, the document at none.
                if open.len() <= 2 {
                    keep = Some((at + 1, open.clone()));
                }
                if open.is_empty() {
                    break;
                }
            }
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            break;
        }
    }
    let (end, mut open) = keep?;
    open.reverse();
    Some(format!("{}{}", &text[..end], String::from_utf8(open).ok()?))
}
