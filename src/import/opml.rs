//! OPML in: tolerant of what feed readers really write.

use std::collections::{BTreeMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

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

/// Why a file is no feed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// No outline at all.
    #[error("the file has no <outline>: it is not an OPML feed list")]
    NotOpml,
}

/// Reads a feed list.
///
/// # Errors
/// When the file is empty or has no outline.
pub fn read(bytes: &[u8]) -> Result<OpmlDocument, OpmlError> {
    let (encoding, _) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let mut document = OpmlDocument::default();
    let (text, _, had_errors) = match std::str::from_utf8(bytes) {
        Err(_) if encoding == encoding_rs::UTF_8 => {
            document.warnings.push("the file is not UTF-8; it was read as windows-1252".to_owned());
            encoding_rs::WINDOWS_1252.decode(bytes)
        }
        _ => encoding.decode(bytes),
    };
    if had_errors {
        document.warnings.push("unreadable characters were replaced".to_owned());
    }
    if text.trim().is_empty() {
        return Err(OpmlError::Empty);
    }
    let text = escape_ampersands(&text, &mut document.warnings);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    // One entry an open outline: the folder's name, or none for a feed that was not self-closing.
    let (mut open, mut seen, mut n_outlines, mut in_title) =
        (Vec::<Option<String>>::new(), HashSet::new(), 0_usize, false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_outline(&tag) => {
                n_outlines += 1;
                let folder = outline(&tag, &open, &mut seen, &mut document);
                open.push(folder);
            }
            Ok(Event::Empty(tag)) if is_outline(&tag) => {
                n_outlines += 1;
                outline(&tag, &open, &mut seen, &mut document);
            }
            Ok(Event::End(tag)) => {
                in_title = false;
                if tag.name().as_ref().eq_ignore_ascii_case("outline") {
                    open.pop();
                }
            }
            Ok(Event::Start(tag)) => in_title = tag.name().as_ref().eq_ignore_ascii_case("title"),
            Ok(Event::Text(text)) if in_title => document.title = Some(text.trim().to_owned()),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                document.warnings.push(format!("the file is damaged ({error}); what came before was read"));
                break;
            }
        }
    }
    if n_outlines == 0 { Err(OpmlError::NotOpml) } else { Ok(document) }
}

fn is_outline(tag: &BytesStart<'_>) -> bool {
    tag.name().as_ref().eq_ignore_ascii_case("outline")
}

/// Takes one outline; returns the folder's name when it is no feed.
fn outline(
    tag: &BytesStart<'_>,
    open: &[Option<String>],
    seen: &mut HashSet<String>,
    document: &mut OpmlDocument,
) -> Option<String> {
    let mut feed = OpmlFeed { folders: open.iter().flatten().cloned().collect(), ..OpmlFeed::default() };
    let mut text = None;
    for attribute in tag.html_attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref().to_owned();
        let raw = attribute.value.to_string();
        let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), |value| value.into_owned());
        let value = value.trim().to_owned();
        match key.to_ascii_lowercase().as_str() {
            "xmlurl" => feed.url = value,
            "htmlurl" => feed.html_url = Some(value).filter(|value| !value.is_empty()),
            "title" => feed.title = Some(value).filter(|value| !value.is_empty()),
            "text" => text = Some(value).filter(|value| !value.is_empty()),
            "type" => {}
            _ => {
                feed.attributes.insert(key, value);
            }
        }
    }
    feed.title = feed.title.or(text);
    if feed.url.is_empty() {
        return feed.title;
    }
    if seen.insert(feed.url.clone()) {
        document.feeds.push(feed);
    } else {
        document.warnings.push(format!("{} is listed twice", feed.url));
    }
    None
}

fn escape_ampersands(text: &str, warnings: &mut Vec<String>) -> String {
    let (mut out, mut n_bare) = (String::with_capacity(text.len()), 0_usize);
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let is_reference = rest.find(';').is_some_and(|end| {
            end > 0 && end <= 8 && rest[..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        });
        out.push_str(if is_reference { "&" } else { "&amp;" });
        n_bare += usize::from(!is_reference);
    }
    out.push_str(rest);
    if n_bare > 0 {
        warnings.push(format!("{n_bare} bare ampersands were escaped"));
    }
    out
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
    }

    #[test]
    fn what_is_no_list_is_named() {
        assert_eq!(read(b"  "), Err(OpmlError::Empty));
        assert_eq!(read(b"<html></html>"), Err(OpmlError::NotOpml));
    }
}
