//! Who signed the article, as names.

use serde_json::Value;
use url::Url;

use super::linked::letters;
use super::marks::Marks;
use super::metadata::{Known, meta};

/// Words before a name, lower case.
const BEFORE: &[&str] = &[
    "by",
    "von",
    "par",
    "por",
    "di",
    "da",
    "de",
    "door",
    "av",
    "af",
    "autor",
    "autorin",
    "author",
    "authors",
    "autore",
    "auteur",
    "автор",
    "текст",
    "text",
    "written by",
    "posted by",
    "words by",
    "story by",
    "reported by",
    "von:",
    "by:",
    "autor:",
    "redaktion:",
    "texto:",
    "tekst:",
    "oleh",
    "tác giả",
    "tekijä",
    "penulis",
    "reporter:",
    "记者",
    "作者",
    "文",
];

/// A byline longer than this is a sentence, in characters.
const MAX_NAME: usize = 60;

/// More names than this are no byline but a list of contributors to the site.
const MAX_AUTHORS: usize = 12;

/// Reads the authors: JSON-LD, then meta, then what the page shows near the headline.
///
/// The outlet itself is an author only when nobody else signed and JSON-LD says so.
pub(super) fn read(known: &Known<'_>, site: Option<&str>) -> Vec<String> {
    let site = &Site::new(site, known.base);
    let ruled = clean(known.ruled.authors.clone(), site);
    if !ruled.is_empty() {
        return ruled;
    }
    let declared = known.linked.names(known.object.and_then(|object| object.get("author")));
    let linked = clean(declared.clone(), site);
    if !linked.is_empty() {
        return linked;
    }
    let metas = || {
        let names: Vec<String> = [
            "author",
            "article:author",
            "parsely-author",
            "byl",
            "sailthru.author",
            "cxenseparse:author",
            "dc.creator",
            "dcterms.creator",
            "og:article:author",
            "mediator_author",
            "citation_author",
        ]
        .iter()
        .find_map(|name| {
            let found: Vec<String> = known
                .page
                .metas
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, content)| super::plain_text(content))
                .collect();
            let found = clean(found, site);
            (!found.is_empty()).then_some(found)
        })
        .unwrap_or_default();
        names
    };
    let creator = || {
        let value = known.object.and_then(|object| object.get("creator")).filter(|value| !matches!(value, Value::Null));
        clean(known.linked.names(value), site)
    };
    for found in [metas(), creator(), shown(known, site)] {
        if !found.is_empty() {
            return found;
        }
    }
    let twitter = meta(known.page, &["twitter:data1"]).filter(|_| {
        meta(known.page, &["twitter:label1"]).is_some_and(|label| {
            let label = label.to_lowercase();
            ["written by", "verfasst von", "écrit par", "escrito por", "geschrieben von"].contains(&label.trim())
        })
    });
    let found = clean(twitter.map(str::to_owned).into_iter().collect(), site);
    if found.is_empty() { clean(declared, &Site::default()) } else { found }
}

/// The names under which the outlet may sign.
#[derive(Default)]
struct Site {
    names: Vec<String>,
}

impl Site {
    fn new(name: Option<&str>, base: Option<&Url>) -> Self {
        let host = base.and_then(Url::host_str).map(|host| letters(host.trim_start_matches("www.")));
        Self { names: name.map(letters).into_iter().chain(host).chain(super::title::domain(base)).collect() }
    }

    fn is(&self, own: &str) -> bool {
        self.names
            .iter()
            .any(|name| name == own || (own.len() > 4 && own.strip_suffix("com").is_some_and(|own| own == name)))
    }
}

/// Names in elements that say they are the author, near the headline rather than in a list of other articles.
fn shown(known: &Known<'_>, site: &Site) -> Vec<String> {
    let page = known.page;
    let is_near = |note: &&super::page::Span<'_>| {
        let from = known.headline.unwrap_or(0).saturating_sub(N_BEFORE);
        let to = known.first.unwrap_or(page.blocks.len()) + N_AFTER;
        note.from.0 >= from
            && note.from.0 <= to
            && !page.elements.get(note.element).is_some_and(|e| e.inherited.has(Marks::OTHERS))
    };
    let rank = |note: &super::page::Span<'_>| {
        let class = note.html.attr("class").unwrap_or_default().to_ascii_lowercase();
        if note.html.attr("itemprop") == Some("author") {
            Some(0)
        } else if note.html.attr("rel") == Some("author") {
            Some(1)
        } else if class.contains("author") || class.contains("autor") {
            Some(2)
        } else if class.contains("byline") {
            Some(3)
        } else {
            None
        }
    };
    for wanted in 0..4 {
        let notes = page.notes.iter().filter(is_near).filter(|note| rank(note) == Some(wanted));
        let names = notes.map(|note| page.text_of(note)).collect();
        let names = clean(names, site);
        if !names.is_empty() {
            return names;
        }
    }
    Vec::new()
}

/// How many blocks before the headline a byline may stand.
const N_BEFORE: usize = 4;

/// How many blocks after the beginning of the text.
const N_AFTER: usize = 3;

/// Splits lists of names, takes off what is no name, drops what can't be one.
fn clean(raw: Vec<String>, site: &Site) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in raw {
        let text = super::plain_text(&text).replace('\n', " ");
        for part in split(&text) {
            let Some(name) = name(part) else { continue };
            let own = letters(&name);
            if site.is(&own) {
                continue;
            }
            if !names.iter().any(|other| letters(other) == own) {
                names.push(name);
            }
        }
    }
    // "Ann Poe" and "Ann Poe, published on Monday" are one.
    let all: Vec<String> = names.iter().map(|name| letters(name)).collect();
    names.retain(|name| {
        let own = letters(name);
        !all.iter().any(|other| other.len() > 4 && other.len() < own.len() && own.starts_with(other.as_str()))
    });
    names.truncate(MAX_AUTHORS);
    names
}

/// The parts of "Ann Poe, Jo Roe and Al Loe".
fn split(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for separator in [
        ",", ";", " / ", "|", " & ", " and ", " und ", " et ", " y ", " e ", " og ", " och ", " en ", " и ", " та ",
        " i ", " dan ", " ve ", "、", "•", "·",
    ] {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    parts
}

fn name(part: &str) -> Option<String> {
    let mut name = part
        .trim()
        .trim_matches(|c: char| matches!(c, '-' | '–' | '—' | ':' | '*' | '(' | ')' | '"' | '“' | '”' | '@'))
        .trim();
    loop {
        let lower = name.to_lowercase();
        let before = BEFORE.iter().filter(|before| {
            lower.strip_prefix(**before).is_some_and(|rest| rest.starts_with([' ', ':', '：', '\u{a0}']))
        });
        let Some(before) = before.max_by_key(|before| before.len()) else { break };
        let Some(rest) = name.get(before.len()..) else { break };
        name = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：')).trim();
    }
    // "Ann Poe (poe)", "Ann Poe in Rome".
    let name = name.split('(').next().unwrap_or_default();
    let name = [" - ", " – ", " — "].iter().fold(name, |name, dash| name.split(dash).next().unwrap_or_default()).trim();
    let n_chars = name.chars().count();
    let n_digits = name.chars().filter(char::is_ascii_digit).count();
    let is_address = name.contains("://") || name.contains("www.") || name.contains('@');
    let n_words = name.split_whitespace().count();
    let is_word = BEFORE.contains(&name.to_lowercase().as_str());
    let is_name = !is_word
        && (2..=MAX_NAME).contains(&n_chars)
        && n_words <= 6
        && n_digits <= 3
        && !is_address
        && name.chars().any(char::is_alphabetic);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(clean(vec![text.to_owned()], &Site { names: vec!["theexample".to_owned()] }), expected, "{text}")
        };
        check("By Ann Poe and Jo Roe", &["Ann Poe", "Jo Roe"]);
        check("Von Ann Poe, dpa", &["Ann Poe", "dpa"]);
        check("https://example.org/ann", &[]);
        check("Ann Poe (poe)", &["Ann Poe"]);
        check("The Example", &[]);
        check("Автор: Анна По", &["Анна По"]);
        check("By", &[]);
    }
}
