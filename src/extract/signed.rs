//! Names that a page shows without saying in its markup what they are: links to the pages of authors, lines that begin
//! with "by", and what signs a text below it.

use super::marks::Marks;
use super::metadata::Known;
use super::page::{Block, Page};
use super::{authors, written_date};
use crate::text::is_unspaced;

/// Parts of an address under which a site keeps the pages of its authors or users.
const FOLDERS: &[&str] = &[
    "author",
    "authors",
    "autor",
    "autoren",
    "autores",
    "autore",
    "autori",
    "auteur",
    "auteurs",
    "redacteur",
    "redakteur",
    "contributor",
    "contributors",
    "columnist",
    "columnists",
    "journalist",
    "journalists",
    "journaliste",
    "journalistes",
    "reporter",
    "reporters",
    "writer",
    "writers",
    "profile",
    "profiles",
    "profil",
    "people",
    "person",
    "staff",
    "team",
    "user",
    "users",
    "member",
    "members",
    "u",
    "by",
];

/// Words of a line that signs a text, before the name, lower case.
pub(super) const SIGNS: &[&str] = &[
    "by",
    "written by",
    "words by",
    "story by",
    "posted by",
    "reported by",
    "published by",
    "created by",
    "author",
    "authors",
    "von",
    "geschrieben von",
    "verfasst von",
    "veröffentlicht von",
    "ein beitrag von",
    "autor",
    "autorin",
    "autoren",
    "par",
    "écrit par",
    "publié par",
    "auteur",
    "por",
    "escrito por",
    "publicado por",
    "texto",
    "redacción:",
    "scritto da",
    "door",
    "geschreven door",
    "av",
    "skrevet av",
    "skrevet af",
    "skriven av",
    "tekst",
    "text",
    "tekijä",
    "автор",
    "текст",
    "autorka",
    "oleh",
    "penulis",
    "tác giả",
    "作者",
    "文",
    "撰文",
    "记者",
    "記者",
    "本报记者",
    "实习记者",
    "通讯员",
];

/// A line that signs a text is no longer, in weight.
const MAX_LINE: usize = 80;

/// Lower-case words of names.
const PARTICLES: &[&str] = &[
    "von", "van", "de", "der", "den", "da", "das", "dos", "di", "du", "del", "della", "la", "le", "el", "al", "bin",
    "ibn", "ter", "ten", "zu", "y", "e", "of",
];

/// How many lines below the text a name may stand.
const N_BELOW: usize = 3;

/// Names near the headline: in links to the pages of authors, else in lines that begin with "by".
pub(super) fn near(known: &Known<'_>, from: usize, to: usize) -> Vec<String> {
    let page = known.page;
    let linked: Vec<String> = page
        .links
        .iter()
        .filter(|link| (from..=to).contains(&link.from.0) && !is_away(page, link.element))
        .filter_map(|link| {
            let text = page.text_of(link);
            let href = link.html.attr("href")?;
            leads_to_author(href, &text).then_some(text)
        })
        .collect();
    if !linked.is_empty() {
        return linked;
    }
    let to = to.min(page.blocks.len().saturating_sub(1));
    let lines = || (from..=to).filter_map(|index| page.blocks.get(index)).filter(|block| !is_away(page, block.element));
    lines().find_map(signature).or_else(|| lines().find_map(beside_date)).into_iter().collect()
}

/// Names below the text, or at the end of it.
pub(super) fn below(known: &Known<'_>) -> Vec<String> {
    let page = known.page;
    let Some(last) = known.last else { return Vec::new() };
    let parent = |index: usize| page.elements[page.blocks[index].element].parent;
    let end = (last + N_BELOW).min(page.blocks.len().saturating_sub(1));
    for index in last..=end {
        let block = &page.blocks[index];
        // What stands beside the last paragraph, not in a box below.
        if parent(index) != parent(last) || is_away(page, block.element) {
            continue;
        }
        if let Some(names) = signature(block).or_else(|| in_brackets(&block.text)) {
            return vec![names];
        }
        if block.is_bold && block.link_weight == 0 && is_person(&block.text) {
            return vec![block.text.clone()];
        }
    }
    Vec::new()
}

fn is_away(page: &Page<'_>, element: usize) -> bool {
    page.elements.get(element).is_some_and(|element| element.inherited.has(Marks::OTHERS.with(Marks::HIDDEN)))
}

/// Whether an address is that of the page of whoever is called `text`.
fn leads_to_author(href: &str, text: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default().to_lowercase();
    let mut parts = path.split('/').filter(|part| !part.is_empty()).skip_while(|part| !FOLDERS.contains(part)).skip(1);
    let Some(first) = parts.next() else { return false };
    // A folder of people is also a section: the page is called by the name, or by a number.
    let slugs: Vec<&str> = std::iter::once(first).chain(parts).collect();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    let is_named = words.map(str::to_lowercase).any(|word| slugs.iter().any(|slug| slug.contains(&word)));
    let is_numbered = first.bytes().all(|byte| byte.is_ascii_digit());
    (is_named || is_numbered) && !text.is_empty()
}

/// The names of a line that signs a text.
fn signature(block: &Block) -> Option<String> {
    if block.weight > MAX_LINE {
        return None;
    }
    let lower = block.text.to_lowercase();
    let sign = SIGNS
        .iter()
        .filter(|sign| {
            lower.strip_prefix(**sign).is_some_and(|rest| {
                let is_open = sign.chars().count() > 1
                    && sign.chars().all(is_unspaced)
                    && rest.chars().next().is_some_and(is_unspaced);
                is_open || rest.starts_with([' ', ':', '：', '/', '\u{3000}'])
            })
        })
        .max_by_key(|sign| sign.len())?;
    // Lower-casing changes the length of few letters, none of which is in a sign.
    let rest = block.text.get(sign.len()..)?.trim_start_matches(|c: char| c.is_whitespace() || ":：/".contains(c));
    names_of(rest)
}

/// The name of a line that holds a name, a date, and nothing else.
fn beside_date(block: &Block) -> Option<String> {
    if block.weight > MAX_LINE {
        return None;
    }
    let parts = block.text.split([',', '|', '·', '•', '–', '—']).flat_map(|part| part.split(" - ")).map(str::trim);
    let mut others = parts.filter(|part| !part.is_empty() && !part.contains(|c: char| c.is_ascii_digit()));
    let name = others.next().filter(|name| is_person(name))?;
    let is_all = others.next().is_none() && written_date::find(&block.text, false, true).is_some();
    is_all.then(|| name.to_owned())
}

/// The names at the beginning of a text, if it is one or several names and nothing that reads on.
fn names_of(text: &str) -> Option<String> {
    let parts = authors::split(text);
    let people: Vec<&str> = parts.iter().map(|part| part.trim()).take_while(|part| is_person(part)).collect();
    (!people.is_empty()).then(|| people.join(", "))
}

/// `（记者 …）` at the end of a line.
fn in_brackets(text: &str) -> Option<String> {
    let inner = text.trim_end().strip_suffix(['）', ')'])?;
    let inner = &inner[inner.rfind(['（', '('])?..].trim_start_matches(['（', '(']);
    let at = ["记者", "記者", "作者", "通讯员"]
        .iter()
        .filter_map(|sign| inner.find(sign).map(|at| at + sign.len()))
        .min()?;
    let words = inner[at..].split(|c: char| c.is_whitespace() || "：:、，".contains(c));
    let names: Vec<&str> = words.filter(|word| !word.is_empty()).take_while(|word| is_person(word)).collect();
    (!names.is_empty()).then(|| names.join("、"))
}

/// Whether a text has the form of a person's name.
pub(super) fn is_person(text: &str) -> bool {
    let text = text.trim();
    if text.chars().all(is_unspaced) {
        return (2..=4).contains(&text.chars().count());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&str| {
        let first = word.chars().next().unwrap_or_default();
        let is_capital = first.is_uppercase() || (first.is_alphabetic() && !first.is_lowercase());
        let letters = word.chars().all(|c| c.is_alphabetic() || ".-'’".contains(c));
        letters && (is_capital || PARTICLES.contains(word))
    };
    let ends = text.ends_with(|c: char| c.is_alphabetic()) || words.last().is_some_and(|word| word.len() <= 3);
    (2..=5).contains(&words.len()) && words.iter().all(is_word) && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_authors_are_known() {
        let check =
            |href: &str, text: &str, expected: bool| assert_eq!(leads_to_author(href, text), expected, "{href}");
        check("/authors/ann-poe", "Ann Poe", true);
        check("https://forum.example/u/heron7?tab=1", "heron7", true);
        check("/de/autoren/name/ann-poe/", "Dr. Ann Poe", true);
        check("/profile/142450", "delta", true);
        check("/people/the-royal-wedding", "Ann Poe", false);
        check("/authors", "Authors", false);
        check("/ann-poe", "Ann Poe", false);
    }

    #[test]
    fn names_have_a_form() {
        for name in ["Ann Poe", "J. R. Poe", "Ana de la Cruz", "Анна По", "Ann O'Poe-Roe", "张小明", "Dr. Ann Poe"]
        {
            assert!(is_person(name), "{name}");
        }
        for text in ["Ann", "the old bridge", "Ann Poe said so.", "Ann Poe 2025", "一个很长的句子", ""] {
            assert!(!is_person(text), "{text}");
        }
    }

    #[test]
    fn reporters_in_brackets_are_read() {
        assert_eq!(in_brackets("桥梁将于星期二重新开放。（本报记者 张小明 李四）").as_deref(), Some("张小明、李四"));
        assert_eq!(in_brackets("桥梁将于星期二重新开放（见图）"), None);
    }
}
