//! The data tables that come with the program: outlet register and attribution cues.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use crate::attribution::{AgencyPhrase, AttributionKind, Cue, Lexicon, MarkKind, RoleMark, WordClass, WordList};
use crate::model::{Outlet, OutletFeed, OutletKind, OutletRegister};

const OUTLETS: &str = include_str!("../../config/outlets.toml");
const ATTRIBUTION: &str = include_str!("../../config/attribution.toml");

/// Why a table can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The TOML is wrong.
    #[error("the table can't be read")]
    Toml(#[from] toml::de::Error),
    /// An entry is wrong.
    #[error("{entry}: {problem}")]
    Entry {
        /// Which entry.
        entry: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutletTable {
    /// Outlets known by name only.
    #[serde(default)]
    listed: Vec<OutletRow>,
    /// Outlets with feeds.
    #[serde(default)]
    outlet: Vec<OutletRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutletRow {
    name: String,
    domains: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    ambiguous_names: Vec<String>,
    #[serde(default)]
    not_beside: Vec<String>,
    country: Option<String>,
    language: Option<String>,
    kind: String,
    owner: Option<String>,
    /// Where the line is from, for people; an outlet with feeds says it of each feed.
    from: Option<String>,
    #[serde(default)]
    feed: Vec<FeedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedRow {
    url: String,
    title: Option<String>,
    seen: String,
    enabled: bool,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LexiconTable {
    words: Vec<WordsRow>,
    phrases: Vec<PhraseRow>,
    institutions: Vec<InstitutionsRow>,
    cues: Vec<CueRow>,
    marks: Vec<MarkRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsRow {
    language: String,
    class: String,
    list: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseRow {
    phrase: String,
    outlet: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstitutionsRow {
    note: String,
    list: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CueRow {
    language: String,
    kind: String,
    pattern: String,
    #[serde(default)]
    loose: bool,
    #[serde(default)]
    unknown: bool,
    #[serde(default)]
    initials: bool,
    example: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkRow {
    language: String,
    #[serde(deserialize_with = "mark_kind")]
    kind: MarkKind,
    #[serde(deserialize_with = "mark_word")]
    word: String,
    example: String,
}

/// Reads the kind of a mark; the parser adds file and line to the error.
pub(super) fn mark_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MarkKind, D::Error> {
    let word = String::deserialize(deserializer)?;
    MarkKind::from_word(&word).ok_or_else(|| {
        let known = MarkKind::ALL.map(|kind| format!("`{}`", kind.as_str())).join(", ");
        serde::de::Error::custom(format!("unknown kind of mark `{word}`, expected {known}"))
    })
}

/// Reads the word of a mark, in small letters.
pub(super) fn mark_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let word = String::deserialize(deserializer)?.trim().to_lowercase();
    if word.is_empty() {
        return Err(serde::de::Error::custom("the word of a mark is empty"));
    }
    Ok(word)
}

/// Reads an outlet register.
///
/// # Errors
/// When the TOML is wrong, a kind is unknown, a domain stands twice or an outlet has none.
pub fn outlet_register(text: &str) -> Result<OutletRegister, TableError> {
    let table: OutletTable = toml::from_str(text)?;
    let mut domains = BTreeSet::new();
    let mut outlets = Vec::with_capacity(table.outlet.len() + table.listed.len());
    // Outlets with feeds come first: of two outlets with one name they are meant more often.
    for row in table.outlet.into_iter().chain(table.listed) {
        let problem = |problem: String| TableError::Entry { entry: row.name.clone(), problem };
        let kind = OutletKind::from_word(&row.kind).ok_or_else(|| problem(format!("unknown kind {:?}", row.kind)))?;
        if row.domains.is_empty() {
            return Err(problem("no domain".to_owned()));
        }
        if row.from.as_deref() == Some("") {
            return Err(problem("it doesn't say where it is from".to_owned()));
        }
        for domain in &row.domains {
            if !domains.insert(domain.clone()) {
                return Err(problem(format!("the domain {domain} stands twice")));
            }
        }
        outlets.push(Outlet {
            name: row.name,
            domains: row.domains,
            aliases: row.aliases,
            ambiguous_names: row.ambiguous_names,
            not_beside: row.not_beside,
            country: row.country,
            language: row.language,
            kind,
            owner: row.owner,
            feeds: row
                .feed
                .into_iter()
                .map(|feed| OutletFeed {
                    url: feed.url,
                    title: feed.title,
                    seen: feed.seen,
                    enabled: feed.enabled,
                    tags: feed.tags,
                })
                .collect(),
        });
    }
    Ok(OutletRegister::new(outlets))
}

/// Reads the grammar of credits.
///
/// # Errors
/// When the TOML is wrong, a class or kind is unknown, a word is empty, or a pattern or its example lacks what it must hold.
pub fn lexicon(text: &str) -> Result<Lexicon, TableError> {
    let table: LexiconTable = toml::from_str(text)?;
    let mut lexicon = Lexicon::default();
    for row in table.words {
        let problem = |problem: String| TableError::Entry { entry: format!("{} {}", row.language, row.class), problem };
        let class = WordClass::from_word(&row.class).ok_or_else(|| problem("unknown class".to_owned()))?;
        let words: Vec<String> = row.list.split(',').map(|word| word.trim().to_owned()).collect();
        if words.iter().any(String::is_empty) {
            return Err(problem("an empty word".to_owned()));
        }
        lexicon.words.push(WordList { language: row.language, class, words });
    }
    for row in table.phrases {
        if row.note.is_empty() {
            return Err(TableError::Entry { entry: row.phrase, problem: "a phrase needs a note".to_owned() });
        }
        lexicon.agency_phrases.push(AgencyPhrase { phrase: row.phrase, outlet: row.outlet });
    }
    for row in table.institutions {
        let problem = |problem: &str| TableError::Entry { entry: row.note.clone(), problem: problem.to_owned() };
        if row.note.is_empty() {
            return Err(problem("initials of institutions need a note"));
        }
        let initials: Vec<String> = row.list.split(',').map(|initials| initials.trim().to_owned()).collect();
        if initials.iter().any(|initials| initials.is_empty() || initials.chars().any(|c| !c.is_uppercase())) {
            return Err(problem("initials that are not all capitals"));
        }
        lexicon.institutions.extend(initials);
    }
    for row in table.cues {
        let problem = |problem: String| TableError::Entry { entry: row.pattern.clone(), problem };
        let kind = match row.kind.as_str() {
            "none" => None,
            word => Some(AttributionKind::from_word(word).ok_or_else(|| problem(format!("unknown kind {word:?}")))?),
        };
        if !row.pattern.contains("{outlet}") || !row.example.contains("{outlet}") {
            return Err(problem("a pattern and its example need {outlet}".to_owned()));
        }
        lexicon.cues.push(Cue {
            language: row.language,
            kind,
            pattern: row.pattern,
            is_loose: row.loose,
            is_for_unknown: row.unknown,
            is_for_initials: row.initials,
            example: row.example,
        });
    }
    lexicon.marks = table
        .marks
        .into_iter()
        .map(|row| RoleMark { language: row.language, kind: row.kind, word: row.word, example: row.example })
        .collect();
    Ok(lexicon)
}

/// The register that comes with the program.
///
/// # Errors
/// Never for a released program: a test reads it.
pub fn embedded_register() -> Result<OutletRegister, TableError> {
    outlet_register(OUTLETS)
}

/// The grammar of credits that comes with the program.
///
/// # Errors
/// Never for a released program: a test reads it.
pub fn embedded_lexicon() -> Result<Lexicon, TableError> {
    lexicon(ATTRIBUTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_tables_are_sound() {
        let register = embedded_register().unwrap();
        let feeds: Vec<&OutletFeed> = register.outlets().iter().flat_map(|outlet| &outlet.feeds).collect();
        assert!(feeds.len() > 100);
        let urls: BTreeSet<&str> = feeds.iter().map(|feed| feed.url.as_str()).collect();
        assert_eq!(urls.len(), feeds.len(), "every feed stands once");
        assert!(urls.iter().all(|url| url.starts_with("http")));
        assert!(feeds.iter().filter(|feed| feed.seen.starts_with("unconfirmed")).all(|feed| !feed.enabled));
        assert!(embedded_lexicon().unwrap().cues.len() > 40);
    }

    #[test]
    fn bad_entries_are_named() {
        let twice = "[[outlet]]\nname='A'\ndomains=['a.example']\nkind='online'\n[[outlet]]\nname='B'\ndomains=['a.example']\nkind='online'";
        assert!(outlet_register(twice).unwrap_err().to_string().contains("B: the domain a.example stands twice"));
        let kind = "[[outlet]]\nname='A'\ndomains=['a.example']\nkind='blog'";
        assert!(outlet_register(kind).unwrap_err().to_string().contains("unknown kind \"blog\""));
        for (kind, word, line, problem) in
            [("joke", "ha", 7, "unknown kind of mark `joke`"), ("opinion", " ", 8, "the word of a mark is empty")]
        {
            let text = format!(
                "words = []\nphrases = []\ninstitutions = []\ncues = []\nmarks = [{{\nlanguage = 'en',\nkind = '{kind}',\nword = '{word}',\nexample = '' }}]"
            );
            let error = lexicon(&text).unwrap_err();
            let error = std::error::Error::source(&error).unwrap().to_string();
            assert!(error.contains(&format!("line {line}")) && error.contains(problem), "{error}");
        }
        for (note, list, problem) in [("", "UN", "need a note"), ("states", "UN, Nato", "not all capitals")] {
            let text = format!(
                "words = []\nphrases = []\ncues = []\nmarks = []\ninstitutions = [{{ note = '{note}', list = '{list}' }}]"
            );
            assert!(lexicon(&text).unwrap_err().to_string().contains(problem));
        }
    }
}
