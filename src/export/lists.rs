//! OPML and Atom.

use std::collections::BTreeSet;
use std::io::Write;

use super::ExportError;
use super::escape::xml;
use super::table::counted;
use crate::import::opml::OpmlFeed;
use crate::model::Timestamp;
use crate::view::{ArticleView, FeedView, StoryView};

/// Writes feeds as OPML 2.0: in the folders of the list they came from, else in a folder of their first tag.
///
/// # Errors
/// When the destination refuses.
pub fn opml(feeds: &[FeedView], out: &mut dyn Write) -> Result<(), ExportError> {
    let outlines: Vec<OpmlFeed> = feeds
        .iter()
        .map(|feed| {
            let outline = OpmlFeed {
                url: feed.url.clone(),
                title: feed.title.clone(),
                html_url: feed.link.clone(),
                ..OpmlFeed::default()
            };
            let mut outline = outline.with_stored(feed.opml.as_deref());
            if outline.folders.is_empty() {
                outline.folders = feed.tags.first().cloned().into_iter().collect();
            }
            outline
        })
        .collect();
    opml_list("copytaster feeds", &outlines, out)
}

/// Writes a feed list as OPML 2.0; reading it gives the same feeds, folders and attributes.
///
/// # Errors
/// When the destination refuses.
fn opml_list(title: &str, feeds: &[OpmlFeed], out: &mut dyn Write) -> Result<(), ExportError> {
    let prefixes: BTreeSet<&str> = feeds
        .iter()
        .flat_map(|feed| feed.attributes.keys())
        .filter_map(|name| name.split_once(':').map(|(prefix, _)| prefix))
        .filter(|prefix| *prefix != "xml" && is_name(prefix))
        .collect();
    write!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\"")?;
    for prefix in prefixes {
        // The list it came from said what the prefix means; that it is declared at all keeps the document sound.
        write!(out, " xmlns:{prefix}=\"urn:opml:{prefix}\"")?;
    }
    writeln!(out, ">\n  <head><title>{}</title></head>\n  <body>", xml(title))?;
    let mut sorted: Vec<&OpmlFeed> = feeds.iter().collect();
    // Feeds of a folder stand together, before its subfolders' feeds; otherwise the order stays.
    sorted.sort_by(|left, right| left.folders.cmp(&right.folders));
    let mut open: Vec<&str> = Vec::new();
    for feed in sorted {
        let n_shared = open.iter().zip(&feed.folders).take_while(|(open, folder)| *open == folder).count();
        close_folders(&mut open, n_shared, out)?;
        for folder in &feed.folders[n_shared..] {
            writeln!(out, "{}<outline text=\"{}\">", indent(open.len()), xml(folder))?;
            open.push(folder);
        }
        outline(feed, &indent(open.len()), out)?;
    }
    close_folders(&mut open, 0, out)?;
    Ok(writeln!(out, "  </body>\n</opml>")?)
}

fn close_folders(open: &mut Vec<&str>, n_kept: usize, out: &mut dyn Write) -> Result<(), ExportError> {
    while open.len() > n_kept {
        open.pop();
        writeln!(out, "{}</outline>", indent(open.len()))?;
    }
    Ok(())
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth + 2)
}

fn outline(feed: &OpmlFeed, indent: &str, out: &mut dyn Write) -> Result<(), ExportError> {
    let title = feed.title.as_deref().unwrap_or(&feed.url);
    write!(out, "{indent}<outline type=\"rss\" text=\"{0}\" title=\"{0}\" xmlUrl=\"{1}\"", xml(title), xml(&feed.url))?;
    if let Some(link) = &feed.html_url {
        write!(out, " htmlUrl=\"{}\"", xml(link))?;
    }
    for (name, value) in &feed.attributes {
        if is_attribute_name(name) {
            write!(out, " {name}=\"{}\"", xml(value))?;
        }
    }
    Ok(writeln!(out, "/>")?)
}

/// Whether a kept attribute may be written: a sound name that is not one of ours.
fn is_attribute_name(name: &str) -> bool {
    const OURS: [&str; 5] = ["type", "text", "title", "xmlurl", "htmlurl"];
    let parts: Vec<&str> = name.split(':').collect();
    !OURS.contains(&name.to_ascii_lowercase().as_str())
        && parts.len() <= 2
        && parts[0] != "xmlns"
        && parts.iter().all(|part| is_name(part))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The head of an Atom feed.
#[derive(Debug, Clone, Copy)]
pub struct AtomFeed<'a> {
    /// Its lasting id, an IRI.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// When something in it last changed.
    pub updated: Timestamp,
}

impl AtomFeed<'_> {
    fn open(&self, out: &mut dyn Write) -> Result<(), ExportError> {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">")?;
        writeln!(out, "  <title>{}</title>\n  <id>{}</id>", xml(self.title), xml(self.id))?;
        Ok(writeln!(out, "  <author><name>copytaster</name></author>\n  <updated>{}</updated>", self.updated)?)
    }
}

/// Writes stories as an Atom feed (RFC 4287).
///
/// # Errors
/// When the destination refuses.
pub fn stories_atom(stories: &[StoryView], out: &mut dyn Write) -> Result<(), ExportError> {
    let updated = stories.iter().map(|story| story.last_time).max().unwrap_or_default();
    AtomFeed { id: "urn:copytaster:stories", title: "copytaster stories", updated }.open(out)?;
    for story in stories {
        writeln!(out, "  <entry>\n    <id>urn:copytaster:story:{}</id>", story.id)?;
        writeln!(out, "    <title>{}</title>\n    <updated>{}</updated>", xml(&story.title), story.last_time)?;
        writeln!(
            out,
            "    <summary>{} from {}, {}; first in this database: {}</summary>\n  </entry>",
            counted(story.articles as usize, "article"),
            counted(story.outlets as usize, "outlet"),
            counted(story.origins as usize, "origin"),
            xml(story.first_outlet.as_deref().unwrap_or("not known"))
        )?;
    }
    Ok(writeln!(out, "</feed>")?)
}

/// Writes articles as an Atom feed (RFC 4287): the outlet as the author, the role and the credits as the summary.
///
/// # Errors
/// When the destination refuses.
pub fn articles_atom(feed: &AtomFeed<'_>, articles: &[ArticleView], out: &mut dyn Write) -> Result<(), ExportError> {
    feed.open(out)?;
    for article in articles {
        writeln!(out, "  <entry>\n    <id>urn:copytaster:article:{}</id>", article.id)?;
        let title = article.title.as_deref().unwrap_or("(no headline)");
        writeln!(out, "    <title>{}</title>\n    <updated>{}</updated>", xml(title), article.last_changed())?;
        if let Some(at) = article.published_at {
            writeln!(out, "    <published>{at}</published>")?;
        }
        if let Some(outlet) = &article.outlet {
            writeln!(out, "    <author><name>{}</name></author>", xml(outlet))?;
        }
        if let Some(url) = &article.url {
            writeln!(out, "    <link href=\"{}\"/>", xml(url))?;
        }
        let mut said: Vec<String> = article.role.iter().cloned().collect();
        said.extend(article.cites.iter().map(|cite| format!("{} {}", cite.kind, cite.outlet)));
        writeln!(out, "    <summary>{}</summary>\n  </entry>", xml(&said.join("; ")))?;
    }
    Ok(writeln!(out, "</feed>")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::opml;

    fn feed(url: &str, title: Option<&str>, folders: &[&str], attributes: &[(&str, &str)]) -> OpmlFeed {
        OpmlFeed {
            url: url.to_owned(),
            title: title.map(str::to_owned),
            html_url: None,
            folders: folders.iter().map(|folder| (*folder).to_owned()).collect(),
            attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[test]
    fn a_list_comes_back_as_it_was_written() {
        let feeds = vec![
            feed("https://example.org/1", None, &[], &[]),
            feed("https://example.org/2?a=1&b=2", Some("A \"quoted\" <title>"), &["Asia"], &[("custom", "a&b")]),
            feed("https://example.org/3", Some("Three"), &["World", "East & West"], &[("x:rank", "7")]),
            feed("https://example.org/4", Some("Four"), &["World", "East & West", "Deep"], &[]),
            feed("https://example.org/5", Some("Five"), &["World", "Other"], &[]),
        ];
        let mut written = Vec::new();
        opml_list("Mine & yours", &feeds, &mut written).unwrap();
        let read = opml::read(&written).unwrap();
        assert_eq!(read.title.as_deref(), Some("Mine & yours"));
        assert_eq!(read.feeds, feeds);
        assert_eq!(read.warnings, Vec::<String>::new());
    }

    #[test]
    fn unsound_attributes_are_not_written() {
        let odd =
            feed("https://example.org/", None, &[], &[("a\"b", "1"), ("xmlns:x", "2"), ("XMLURL", "3"), ("ok", "4")]);
        let mut written = Vec::new();
        opml_list("t", &[odd], &mut written).unwrap();
        let read = opml::read(&written).unwrap();
        assert_eq!(read.feeds[0].attributes.keys().collect::<Vec<_>>(), ["ok"]);
    }
}
