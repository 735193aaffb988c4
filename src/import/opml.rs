//! OPML in: tolerant of what feed readers really write.
//!
//! Versions, titles and bodies may be missing, names come in any case, quotes and ampersands raw, in any encoding. What
//! was odd is a warning. Attributes we don't know are kept, so that an export can give them back.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::text::encoding;
use crate::text::markup::{self, Tag, Token, Tokens};

/// Folders nested deeper than this are read as if they lay at this depth; people nest three or four.
const MAX_DEPTH: usize = 64;

/// A feed list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlDocument {
    /// The list's title.
    pub title: Option<String>,
    /// Its feeds in order, without repetitions.
    pub feeds: Vec<OpmlFeed>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}

/// A feed of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlFeed {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// Its home page.
    pub html_url: Option<String>,
    /// The folders it lies in, outermost first.
    pub folders: Vec<String>,
    /// Attributes we don't know, to be written back.
    pub attributes: BTreeMap<String, String>,
}

/// What is stored of a feed's place in the list it came from, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    html_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folders: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

impl OpmlFeed {
    /// Its home page, folders and unknown attributes as JSON; none when there is nothing to keep.
    #[must_use]
    pub fn to_stored(&self) -> Option<String> {
        let is_empty = self.html_url.is_none() && self.folders.is_empty() && self.attributes.is_empty();
        let stored = Stored {
            html_url: self.html_url.clone(),
            folders: self.folders.clone(),
            attributes: self.attributes.clone(),
        };
        serde_json::to_string(&stored).ok().filter(|_| !is_empty)
    }

    /// Takes over what [`OpmlFeed::to_stored`] kept; what can't be read counts as nothing.
    #[must_use]
    pub fn with_stored(mut self, stored: Option<&str>) -> Self {
        let stored: Stored = stored.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        self.html_url = self.html_url.or(stored.html_url);
        self.folders = stored.folders;
        self.attributes = stored.attributes;
        self
    }
}

/// Why a file is no feed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Neither an `opml` root nor any outline.
    #[error("the file has no <outline>: it is not an OPML feed list")]
    NotOpml,
}

/// Reads a feed list.
///
/// # Errors
/// When the file is empty, or has neither an `opml` element nor an outline.
pub fn read(bytes: &[u8]) -> Result<OpmlDocument, OpmlError> {
    let (text, warnings) = encoding::decode(bytes, None);
    if text.trim().is_empty() {
        return Err(OpmlError::Empty);
    }
    let mut reader = Reader { document: OpmlDocument { warnings, ..OpmlDocument::default() }, ..Reader::default() };
    let mut tokens = Tokens::new(&text);
    for token in tokens.by_ref() {
        reader.take(token);
    }
    if !reader.is_opml {
        return Err(OpmlError::NotOpml);
    }
    let mut document = reader.document;
    for (n_times, what) in [
        (reader.n_bare, "ampersands that begin no reference were taken as they are"),
        (tokens.n_repairs, "pieces of broken markup were read as they were meant"),
        (reader.n_nameless, "folders have no name; their feeds were put one level up"),
        (reader.n_unclosed, "outlines were not closed"),
    ] {
        if n_times > 0 {
            document.warnings.push(format!("{n_times} {what}"));
        }
    }
    if document.feeds.is_empty() {
        document.warnings.push("no feed is listed".to_owned());
    }
    Ok(document)
}

#[derive(Default)]
struct Reader {
    document: OpmlDocument,
    /// One for each open outline: the folder's name, or none for a feed that was not self-closing.
    open: Vec<Option<String>>,
    /// Addresses with the folder they were first seen in.
    seen: HashMap<String, String>,
    is_opml: bool,
    in_title: bool,
    n_bare: usize,
    n_nameless: usize,
    n_unclosed: usize,
}

impl Reader {
    fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("outline") => {
                self.is_opml = true;
                let folder = self.outline(&tag);
                if !tag.is_empty && self.open.len() < MAX_DEPTH {
                    self.open.push(folder);
                }
            }
            Token::Start(tag) => {
                self.is_opml |= tag.name.eq_ignore_ascii_case("opml");
                self.in_title = tag.name.eq_ignore_ascii_case("title") && !tag.is_empty;
            }
            Token::End(name) => {
                self.in_title = false;
                if name.eq_ignore_ascii_case("outline") {
                    self.open.pop();
                } else if name.eq_ignore_ascii_case("body") {
                    self.n_unclosed += self.open.len();
                    self.open.clear();
                }
            }
            Token::Text(text) if self.in_title => self.take_title(&markup::decode(text)),
            Token::CData(text) if self.in_title => self.take_title(text),
            _ => {}
        }
    }

    fn take_title(&mut self, text: &str) {
        let title = text.trim();
        if self.document.title.is_none() && !title.is_empty() {
            self.document.title = Some(title.to_owned());
        }
    }

    /// Takes one outline; returns the folder's name when it is no feed.
    fn outline(&mut self, tag: &Tag<'_>) -> Option<String> {
        let mut feed = OpmlFeed { folders: self.open.iter().flatten().cloned().collect(), ..OpmlFeed::default() };
        let (mut text, mut address) = (None, None);
        for (key, raw) in tag.attributes() {
            self.n_bare += raw.split('&').skip(1).filter(|rest| markup::reference(rest).is_none()).count();
            let value = markup::decode(raw).trim().to_owned();
            let filled = Some(value.clone()).filter(|value| !value.is_empty());
            match key.to_ascii_lowercase().as_str() {
                "xmlurl" => feed.url = value,
                "htmlurl" => feed.html_url = filled,
                "title" => feed.title = filled,
                "text" => text = filled,
                "type" if is_feed_type(&value) => address = address.or(tag.attribute("url")),
                _ => {
                    feed.attributes.insert(key.to_owned(), value);
                }
            }
        }
        feed.title = feed.title.or(text);
        if let (true, Some(address)) = (feed.url.is_empty(), address) {
            feed.url = address.trim().to_owned();
            feed.attributes.retain(|key, _| !key.eq_ignore_ascii_case("url"));
        }
        if feed.url.is_empty() {
            self.n_nameless += usize::from(feed.title.is_none() && !tag.is_empty);
            return feed.title;
        }
        // An export names a feed without a title by its address.
        feed.title = feed.title.filter(|title| *title != feed.url);
        let place = feed.folders.join(" / ");
        if let Some(first) = self.seen.get(&feed.url) {
            let shown = |place: &str| if place.is_empty() { "no folder".to_owned() } else { format!("{place:?}") };
            let warning = format!("{} is listed twice: in {} and in {}", feed.url, shown(first), shown(&place));
            self.document.warnings.push(warning);
        } else {
            self.seen.insert(feed.url.clone(), place);
            self.document.feeds.push(feed);
        }
        None
    }
}

/// The values of `type` that only say that an outline is a feed.
fn is_feed_type(value: &str) -> bool {
    ["rss", "atom", "feed", "rss1", "rdf", "json", ""].iter().any(|kind| kind.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_unknown_attributes_survive() {
        let file = r#"<opml><head><title>Mine</title></head><body><outline text="World"><outline text="East">
            <outline text="A" XMLURL="https://example.org/a?x=1&y=2" custom="7"/></outline>
            <outline title="B" xmlUrl="https://example.org/b"></outline></outline>
            <outline xmlUrl="https://example.org/b"/></body></opml>"#;
        let list = read(file.as_bytes()).unwrap();
        assert_eq!(list.title.as_deref(), Some("Mine"));
        assert_eq!(list.feeds.len(), 2);
        assert_eq!(list.feeds[0].url, "https://example.org/a?x=1&y=2");
        assert_eq!(list.feeds[0].folders, ["World", "East"]);
        assert_eq!(list.feeds[0].attributes.get("custom").map(String::as_str), Some("7"));
        assert_eq!(list.feeds[1].folders, ["World"]);
        assert_eq!(list.warnings.len(), 2, "{:?}", list.warnings);
        let stored = list.feeds[0].to_stored();
        let again = OpmlFeed { folders: Vec::new(), attributes: BTreeMap::new(), ..list.feeds[0].clone() };
        assert_eq!(again.with_stored(stored.as_deref()), list.feeds[0]);
        assert_eq!(OpmlFeed::default().to_stored(), None);
    }

    #[test]
    fn damaged_lists_are_read_with_a_warning() {
        let feed = "https://example.org/feed";
        for (file, n_feeds, n_warnings) in [
            (format!("<opml version='2.0'><body><outline xmlurl=\"{feed}\"/></body></opml>"), 1, 0),
            (format!("<OPML><BODY><OUTLINE TEXT='A \"B\" C' XMLURL='{feed}'/></BODY></OPML>"), 1, 0),
            (format!("<opml><body><outline text=\"A \"B\" C\" xmlUrl=\"{feed}\"/></body></opml>"), 1, 0),
            (format!("<opml><body><outline text='R&D &nbsp; &amp; more' xmlUrl='{feed}'/></body></opml>"), 1, 1),
            (format!("<opml><body><outline><outline xmlUrl='{feed}'/></outline></body></opml>"), 1, 1),
            (format!("<opml><body><outline text='x'><outline xmlUrl='{feed}'/></body></opml>"), 1, 1),
            (format!("<opml><body><outline xmlUrl='{feed}'/><outline xmlUrl='{feed}' text='cut"), 1, 1),
            (format!("<outline type='rss' url='{feed}'/>"), 1, 0),
            ("<opml version='1.0'><head/><body/></opml>".to_owned(), 0, 1),
        ] {
            let list = read(file.as_bytes()).unwrap();
            assert_eq!((list.feeds.len(), list.warnings.len()), (n_feeds, n_warnings), "{file} {:?}", list.warnings);
            assert!(list.feeds.iter().all(|listed| listed.url == feed), "{file}");
        }
        let utf16: Vec<u8> = format!("\u{feff}<opml><outline xmlUrl='{feed}' text='é'/></opml>")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&utf16).unwrap().feeds[0].title.as_deref(), Some("é"));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><opml><outline xmlUrl='x' text='\xe9'/></opml>";
        assert_eq!(read(latin).unwrap().feeds[0].title.as_deref(), Some("é"));
    }

    #[test]
    fn what_is_no_list_is_named() {
        assert_eq!(read(b"  "), Err(OpmlError::Empty));
        assert_eq!(read(b"<html></html>"), Err(OpmlError::NotOpml));
    }
}
