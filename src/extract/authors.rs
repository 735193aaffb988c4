//! Who signed the article, as names.

use serde_json::Value;
use url::Url;

use super::linked::letters;
use super::marks::Marks;
use super::metadata::{Known, meta};
use super::signed;
use crate::text::{dates, is_unspaced};

/// Words before a name in an element that is known to be a byline, beside [`signed::SIGNS`]: in any other line they would be
/// too little. Lower case.
const BEFORE: &[&str] = &["di", "da", "de", "af", "autore", "redaktion:", "reporter:"];

/// A byline longer than this is a sentence, in characters.
const MAX_NAME: usize = 60;

/// More names than this are no byline but a list of contributors to the site.
const MAX_AUTHORS: usize = 12;

/// Reads the authors: JSON-LD, then meta, then what the page shows near the headline, then what signs the text.
///
/// The outlet itself is an author only when nobody else signed and JSON-LD says so.
pub(super) fn read(known: &Known<'_>, site: Option<&str>) -> Vec<String> {
    let site = &Site::new(site, known.base);
    let ruled = clean(known.ruled.authors.clone(), site);
    if !ruled.is_empty() {
        return ruled;
    }
    let declared = known.linked.names(known.object.and_then(|object| object.get("author")));
    // An organization counts where no person is named.
    let is_person = known.object.and_then(|object| object.get("author")).is_some_and(|value| !is_organization(value));
    let linked = if is_person { clean(declared.clone(), site) } else { Vec::new() };
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
                .filter(|text| !site.signs(text))
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
    let (from, to) = near(known);
    let asked = || {
        let questions = known.linked.objects(|kind| kind == "Question");
        known.linked.names(questions.iter().find_map(|question| question.get("author")))
    };
    for found in [asked(), signed::near(known, from, to), signed::below(known)] {
        let found = clean(found, site);
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

/// Whether a value of JSON-LD names organizations only.
fn is_organization(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_organization),
        Value::Object(object) => super::linked::has_type(object, |kind| kind.ends_with("Organization")),
        _ => false,
    }
}

/// The names under which the outlet may sign.
#[derive(Default)]
struct Site {
    names: Vec<String>,
    /// The host of the page without `www.`.
    host: Option<String>,
}

impl Site {
    fn new(name: Option<&str>, base: Option<&Url>) -> Self {
        let host = base.and_then(Url::host_str).map(|host| host.trim_start_matches("www.").to_owned());
        Self {
            names: name
                .map(letters)
                .into_iter()
                .chain(host.as_deref().map(letters))
                .chain(super::title::domain(base))
                .collect(),
            host,
        }
    }

    /// Whether a byline names the address of the page.
    fn signs(&self, text: &str) -> bool {
        self.host.as_ref().is_some_and(|host| text.contains(host.as_str()) && !text.contains('@'))
    }

    fn is(&self, own: &str) -> bool {
        self.names
            .iter()
            .any(|name| name == own || (own.len() > 4 && own.strip_suffix("com").is_some_and(|own| own == name)))
    }
}

/// The blocks between which a byline stands.
fn near(known: &Known<'_>) -> (usize, usize) {
    let from = known.headline.unwrap_or(0).saturating_sub(N_BEFORE);
    (from, known.first.unwrap_or(known.page.blocks.len()) + N_AFTER)
}

/// Names in elements that say they are the author, near the headline rather than in a list of other articles.
fn shown(known: &Known<'_>, site: &Site) -> Vec<String> {
    let page = known.page;
    let (from, to) = near(known);
    let is_near = |note: &&super::page::Span<'_>| {
        note.from.0 >= from
            && note.from.0 <= to
            && !page.elements.get(note.element).is_some_and(|e| e.inherited.has(Marks::OTHERS))
    };
    // The menu of whoever reads has the name of a user, too.
    let is_beside = |note: &super::page::Span<'_>| {
        page.elements.get(note.element).is_some_and(|e| e.inherited.has(Marks::JUNK.without(Marks::BYLINE)))
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
        } else if is_user_class(&class) && !is_beside(note) {
            Some(4)
        } else {
            None
        }
    };
    for wanted in 0..5 {
        let notes = page.notes.iter().filter(is_near).filter(|note| rank(note) == Some(wanted));
        let names = notes.map(|note| page.text_of(note)).collect();
        let names = clean(names, site);
        if !names.is_empty() {
            return names;
        }
    }
    Vec::new()
}

/// Whether a class is one of a user of a forum or of questions and answers.
fn is_user_class(class: &str) -> bool {
    const NAMES: [&str; 7] =
        ["username", "nickname", "usernick", "screenname", "postername", "userdetails", "userlink"];
    let compact: String = class.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    compact.split_whitespace().any(|word| NAMES.iter().any(|name| word.ends_with(name)))
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
        for part in split(&text).into_iter().flat_map(unspaced_names) {
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
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for separator in [
        ",", ";", " / ", "|", " & ", " and ", " und ", " et ", " y ", " e ", " og ", " och ", " en ", " и ", " та ",
        " i ", " dan ", " ve ", "、", "•", "·",
    ] {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    parts
}

/// Words before a name, in the middle of a line.
const WITHIN: &[&str] = &[
    "written by",
    "posted by",
    "words by",
    "published by",
    "geschrieben von",
    "verfasst von",
    "escrito por",
    "écrit par",
    "articles by",
    "posts by",
    "more by",
    "beitragvon",
];

/// First words of what is no name, or follows one.
const LABELS: &[&str] = &[
    "posted",
    "published",
    "updated",
    "last",
    "reviewed",
    "edited",
    "medically",
    "fact",
    "veröffentlicht",
    "aktualisiert",
    "zuletzt",
    "stand",
    "hace",
    "on",
    "am",
    "um",
    "publicado",
    "actualizado",
    "publié",
    "mis",
    "pubblicato",
    "aggiornato",
    "gepubliceerd",
];

/// What of a part can be a name: not the date, the time it takes to read, or who changed it.
fn without_notes(part: &str) -> String {
    let lower = part.to_lowercase();
    let at = WITHIN.iter().filter_map(|phrase| lower.find(phrase).map(|at| at + phrase.len())).max();
    // Letters that grow when they are lowered move the place: then nothing is cut.
    let part = at.filter(|_| lower.len() == part.len()).and_then(|at| part.get(at..)).unwrap_or(part);
    let words: Vec<&str> = part.split_whitespace().collect();
    let has_digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let end = words.iter().enumerate().position(|(at, word)| {
        let own = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let is_month = || words.get(at + 1).is_some_and(|next| has_digit(next)) && dates::month_of(&own).is_some();
        LABELS.contains(&own.as_str()) || (words.len() > 1 && has_digit(word)) || is_month()
    });
    let Some(mut end) = end else { return part.to_owned() };
    // What leads to the date goes with it.
    while end > 0 && words[end - 1].starts_with(char::is_lowercase) {
        end -= 1;
    }
    words[..end].join(" ")
}

/// Names of scripts without spaces that stand apart by spaces.
fn unspaced_names(part: &str) -> Vec<&str> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let is_name = |word: &&str| word.chars().all(is_unspaced) && signed::is_person(word);
    if words.len() > 2 && words.iter().all(is_name) { words } else { vec![part] }
}

fn name(part: &str) -> Option<String> {
    let part = without_notes(part);
    let mut name = part
        .trim()
        .trim_matches(|c: char| {
            matches!(c, '-' | '–' | '—' | ':' | '*' | '(' | ')' | '"' | '“' | '”' | '@' | '»' | '«' | '›')
        })
        .trim();
    loop {
        let lower = name.to_lowercase();
        let before = BEFORE.iter().chain(signed::SIGNS).filter(|before| {
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
    let lower = name.to_lowercase();
    let is_label = BEFORE.iter().chain(signed::SIGNS).any(|word| *word == lower);
    let is_name = !is_label
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
            assert_eq!(
                clean(vec![text.to_owned()], &Site { names: vec!["theexample".to_owned()], host: None }),
                expected,
                "{text}"
            )
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
