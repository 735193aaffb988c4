//! The headline: what the page shows, told apart from what it calls itself elsewhere and from the outlet's name.
//!
//! The visible heading wins when another place (JSON-LD, OpenGraph, `title`) has the same words, or, on pages that don't
//! declare themselves news, most of them; on those that do, the headline handed out with the article (`og:title`) wins
//! when it differs.

use url::Url;

use super::linked::{LinkedData, Object, has_type, letters, text_of};
use super::metadata::meta;
use super::page::{Kind, Page, Span};

/// Separators between a headline and the outlet's name.
const SEPARATORS: [&str; 12] = ["：", "｜", " | ", " - ", " – ", " — ", " :: ", " · ", " • ", " » ", " « ", " › "];

/// A heading with fewer letters is a label.
const MIN_LETTERS: usize = 6;

/// A longer title is none, in bytes.
const MAX_LENGTH: usize = 1_000;

/// More headings of the first level are a list.
const MAX_HEADINGS: usize = 20;

/// The headline of a page.
pub(super) fn read(
    page: &Page<'_>,
    linked: &LinkedData,
    object: Option<&Object>,
    base: Option<&Url>,
) -> Option<String> {
    let site = super::metadata::site(page, linked, object);
    let headings = headings(page, base);
    let names = Names { site: site.as_deref().map(letters), domain: domain(base), headings: &headings };
    let clean = |text: &str| {
        let text = super::plain_text(text.get(..text.floor_char_boundary(MAX_LENGTH)).unwrap_or_default());
        Some(names.without_site(&text)).filter(|text| !text.is_empty())
    };
    let linked_title = object.and_then(|object| text_of(object, "headline")).and_then(clean);
    let shared = meta(page, &["og:title"]).and_then(clean);
    if let (Some(linked), Some(shared)) = (&linked_title, &shared)
        && letters(linked) == letters(shared)
    {
        return Some(shared.clone());
    }
    let window = clean(&page.title);
    let tweeted = meta(page, &["twitter:title"]).and_then(clean);
    let item = page
        .notes
        .iter()
        .find(|note| note.html.attr("itemprop") == Some("headline"))
        .map(|note| note.html.attr("content").map_or_else(|| page.text_of(note), str::to_owned))
        .and_then(|text| clean(&text));
    let others = [&shared, &linked_title, &window, &tweeted, &item];
    let supported = headings.iter().find(|heading| {
        let own = letters(heading);
        others.iter().any(|other| other.as_ref().is_some_and(|other| letters(other) == own))
    });
    let is_news = object.is_some_and(|object| has_type(object, |kind| kind.ends_with("NewsArticle")));
    if let Some(heading) = supported {
        let differs = |shared: &&String| {
            let own = letters(shared);
            is_news
                && !headings.iter().any(|heading| letters(heading) == own)
                && own == meta(page, &["og:title"]).map(super::plain_text).map(|raw| letters(&raw)).unwrap_or_default()
        };
        return Some(shared.as_ref().filter(differs).map_or_else(|| heading.clone(), Clone::clone));
    }
    let named = [&linked_title, &shared, &window].into_iter().flatten();
    if let Some(heading) = named.filter(|_| !is_news).find_map(|other| overlapping(&headings, other)) {
        return Some(heading);
    }
    item.or(linked_title)
        .or_else(|| shared.as_deref().and_then(|shared| overlapping(&headings, shared)))
        .or(shared)
        .or_else(|| if headings.len() == 1 { headings.first().cloned() } else { None })
        .or(window)
        .or(tweeted)
        .or_else(|| headings.first().cloned())
}

/// The headings of the first level, the lines of one joined, without those that lead to the front page: they name the
/// site.
fn headings(page: &Page<'_>, base: Option<&Url>) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut homeward = page.links.iter().filter(|link| leads_home(link, base)).map(|link| link.from.0).peekable();
    for (index, block) in page.blocks.iter().enumerate() {
        if block.kind != Kind::Heading(1) {
            continue;
        }
        while homeward.next_if(|home| *home < index).is_some() {}
        if homeward.peek() == Some(&index) && block.link_weight == block.weight {
            continue;
        }
        let mut element = block.element;
        while element != 0 && page.elements[element].html.name() != "h1" {
            element = page.elements[element].parent;
        }
        match found.last_mut() {
            Some((last, text)) if *last == element => {
                text.push(' ');
                text.push_str(&block.text);
            }
            _ => found.push((element, block.text.clone())),
        }
    }
    found.truncate(MAX_HEADINGS);
    found
        .into_iter()
        .map(|(_, text)| text)
        .filter(|text| text.len() <= MAX_LENGTH && letters(text).chars().count() >= MIN_LETTERS)
        .collect()
}

/// Whether a link leads to the front page of the site.
fn leads_home(link: &Span<'_>, base: Option<&Url>) -> bool {
    let Some(href) = link.html.attr("href") else { return false };
    let url = base.map_or_else(|| Url::parse(href).ok(), |base| base.join(href).ok());
    let is_here = |url: &Url| base.is_none_or(|base| base.host_str() == url.host_str());
    url.is_some_and(|url| is_here(&url) && url.path().len() <= 1 && url.query().is_none())
}

/// The heading that shares most of its words with a title.
fn overlapping(headings: &[String], title: &str) -> Option<String> {
    let words = |text: &str| -> std::collections::HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let wanted = words(title);
    let found = headings.iter().find(|heading| {
        let own = words(heading);
        own.len() > 2 && own.intersection(&wanted).count() * 2 >= own.len()
    });
    found.cloned()
}

/// The second level of a host name: `example` of `www.example.co.uk`.
pub(super) fn domain(base: Option<&Url>) -> Option<String> {
    let host = base?.host_str()?.trim_start_matches("www.");
    let labels: Vec<&str> = host.split('.').collect();
    let at = match labels.as_slice() {
        [.., second, last] if last.len() == 2 && second.len() <= 3 => labels.len().checked_sub(3)?,
        _ => labels.len().checked_sub(2)?,
    };
    labels.get(at).map(|label| letters(label)).filter(|label| label.len() > 2)
}

struct Names<'a> {
    site: Option<String>,
    domain: Option<String>,
    headings: &'a [String],
}

impl Names<'_> {
    /// Takes the outlet's name off either end of a headline.
    fn without_site(&self, title: &str) -> String {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut best = title.as_str();
        for separator in SEPARATORS {
            for (at, _) in title.match_indices(separator) {
                let (head, tail) = (title[..at].trim(), title[at + separator.len()..].trim());
                let own = letters(head);
                if self.headings.iter().any(|heading| letters(heading) == own) {
                    return head.to_owned();
                }
                if self.is_site(&letters(tail)) && head.len() < best.len() && !head.is_empty() {
                    best = head;
                } else if self.is_whole_site(&own) && tail.len() < best.len() && !tail.is_empty() {
                    best = tail;
                }
            }
        }
        best.to_owned()
    }

    fn is_whole_site(&self, part: &str) -> bool {
        !part.is_empty() && [&self.site, &self.domain].into_iter().flatten().any(|name| name == part)
    }

    fn is_site(&self, part: &str) -> bool {
        let is_part = |name: &String| part.len() > 3 && (name.contains(part) || part.contains(name.as_str()));
        self.is_whole_site(part) || [&self.site, &self.domain].into_iter().flatten().any(is_part)
    }
}
