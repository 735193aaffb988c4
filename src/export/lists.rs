//! OPML and Atom.

use std::io::Write;

use super::ExportError;
use super::escape::xml;
use crate::view::{FeedView, StoryView};

/// Writes feeds as OPML 2.0, one folder per first tag.
///
/// # Errors
/// When the destination refuses.
pub fn opml(feeds: &[FeedView], out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">")?;
    writeln!(out, "  <head><title>copytaster feeds</title></head>\n  <body>")?;
    let mut folders: Vec<&str> = feeds.iter().filter_map(|feed| feed.tags.first().map(String::as_str)).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        writeln!(out, "    <outline text=\"{}\">", xml(folder))?;
        for feed in feeds.iter().filter(|feed| feed.tags.first().map(String::as_str) == Some(folder)) {
            outline(feed, "      ", out)?;
        }
        writeln!(out, "    </outline>")?;
    }
    for feed in feeds.iter().filter(|feed| feed.tags.is_empty()) {
        outline(feed, "    ", out)?;
    }
    Ok(writeln!(out, "  </body>\n</opml>")?)
}

fn outline(feed: &FeedView, indent: &str, out: &mut dyn Write) -> Result<(), ExportError> {
    let title = feed.title.as_deref().unwrap_or(&feed.url);
    write!(out, "{indent}<outline type=\"rss\" text=\"{0}\" title=\"{0}\" xmlUrl=\"{1}\"", xml(title), xml(&feed.url))?;
    if let Some(link) = &feed.link {
        write!(out, " htmlUrl=\"{}\"", xml(link))?;
    }
    Ok(writeln!(out, "/>")?)
}

/// Writes stories as an Atom feed (RFC 4287).
///
/// # Errors
/// When the destination refuses.
pub fn stories_atom(stories: &[StoryView], out: &mut dyn Write) -> Result<(), ExportError> {
    let updated = stories.iter().map(|story| story.last_time).max().unwrap_or_default();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">")?;
    writeln!(out, "  <title>copytaster stories</title>\n  <id>urn:copytaster:stories</id>")?;
    writeln!(out, "  <author><name>copytaster</name></author>\n  <updated>{updated}</updated>")?;
    for story in stories {
        writeln!(out, "  <entry>\n    <id>urn:copytaster:story:{}</id>", story.id)?;
        writeln!(out, "    <title>{}</title>\n    <updated>{}</updated>", xml(&story.title), story.last_time)?;
        writeln!(
            out,
            "    <summary>{} articles from {} outlets, {} origins; first in this database: {}</summary>\n  </entry>",
            story.articles,
            story.outlets,
            story.origins,
            xml(story.first_outlet.as_deref().unwrap_or("not known"))
        )?;
    }
    Ok(writeln!(out, "</feed>")?)
}
