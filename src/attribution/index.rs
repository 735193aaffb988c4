//! Names and words compiled into one automaton.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::fold::{Folded, fold, is_word_char};
use super::grammar::Pattern;
use super::lexicon::Lexicon;
use super::names::{self, Case, Endings, NameForm};
use super::tokens::{Found, Hit};
use crate::model::{OutletKind, OutletRegister};

/// Words up to this many letters count only in texts of their own language: "a", "di" and "von" are others elsewhere.
const SHORT_WORD_CHARS: usize = 3;

/// A lexicon or register that can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cue {pattern:?}: {problem}")]
pub struct LexiconError {
    /// The cue.
    pub pattern: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The compiled cues and names; built once a run.
#[derive(Debug)]
pub struct AttributionIndex {
    automaton: AhoCorasick,
    entries: Vec<Entry>,
    forms: Vec<NameForm>,
    entry_of_form: Vec<usize>,
    words: Vec<WordEntry>,
    /// The words of contracted forms' prepositions.
    prefixes: HashMap<String, u32>,
    pub(super) patterns: Vec<Pattern>,
    /// Folded phrases that give an agency away, with its position in the register.
    pub(super) agency_phrases: Vec<(String, usize)>,
    pub(super) register: OutletRegister,
}

/// What a spelling can be.
#[derive(Debug, Default)]
struct Entry {
    forms: Vec<usize>,
    word: u32,
}

#[derive(Debug, Default)]
struct WordEntry {
    everywhere: u64,
    by_language: Vec<(String, u64)>,
}

/// Collects spellings while the index is built.
#[derive(Default)]
struct Builder {
    at: HashMap<String, usize>,
    spellings: Vec<String>,
    entries: Vec<Entry>,
    words: Vec<WordEntry>,
}

impl Builder {
    fn entry(&mut self, folded: &str) -> &mut Entry {
        let next = self.entries.len();
        let at = *self.at.entry(folded.to_owned()).or_insert(next);
        if at == next {
            self.spellings.push(folded.to_owned());
            self.entries.push(Entry::default());
        }
        &mut self.entries[at]
    }

    /// The number of a word of the lexicon; a new one when it isn't known yet.
    fn word(&mut self, spelling: &str) -> u32 {
        if self.words.is_empty() {
            self.words.push(WordEntry::default());
        }
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let (bare, is_stem) = spelling.strip_suffix('*').map_or((spelling, false), |bare| (bare, true));
        let folded = fold(bare);
        let entry = self.entry(if is_stem { folded.trim_end() } else { &folded });
        let slot = &mut entry.word;
        if *slot == 0 {
            *slot = next;
            self.words.push(WordEntry::default());
            return next;
        }
        *slot
    }
}

impl AttributionIndex {
    /// Compiles the lexicon and the register's names into one automaton.
    ///
    /// # Errors
    /// When a cue can't be read.
    pub fn new(lexicon: &Lexicon, register: &OutletRegister) -> Result<Self, LexiconError> {
        let mut builder = Builder::default();
        for list in &lexicon.words {
            for spelling in &list.words {
                let word = builder.word(spelling) as usize;
                let is_short = spelling.trim_end_matches('*').chars().count() <= SHORT_WORD_CHARS
                    && !spelling.chars().any(crate::text::is_unspaced);
                let entry = &mut builder.words[word];
                if is_short {
                    entry.by_language.push((list.language.clone(), list.class.bit()));
                } else {
                    entry.everywhere |= list.class.bit();
                }
            }
        }
        let patterns = lexicon
            .cues
            .iter()
            .map(|cue| Pattern::compile(cue, |word| builder.word(word)))
            .collect::<Result<Vec<_>, _>>()?;
        let forms = names::forms(register);
        let mut entry_of_form = Vec::with_capacity(forms.len());
        for (index, form) in forms.iter().enumerate() {
            builder.entry(&form.folded).forms.push(index);
            entry_of_form.push(builder.at[&form.folded]);
            if form.endings != Endings::None {
                builder.entry(form.folded.trim_end()).forms.push(index);
            }
        }
        let mut prefixes = HashMap::new();
        for form in forms.iter().filter(|form| form.prefix > 0) {
            let prefix = &form.folded[1..=form.prefix];
            if let Some(at) = builder.at.get(&format!(" {prefix} ")) {
                prefixes.insert(prefix.to_owned(), builder.entries[*at].word);
            }
        }
        let agency_phrases = lexicon
            .agency_phrases
            .iter()
            .map(|phrase| {
                let position = register.outlets().iter().position(|outlet| outlet.domains.contains(&phrase.outlet));
                position.map(|outlet| (fold(&phrase.phrase), outlet)).ok_or_else(|| LexiconError {
                    pattern: phrase.phrase.clone(),
                    problem: format!("no outlet publishes under {}", phrase.outlet),
                })
            })
            .collect::<Result<_, _>>()?;
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&builder.spellings)
            .map_err(|error| LexiconError { pattern: "all".to_owned(), problem: error.to_string() })?;
        Ok(Self {
            automaton,
            entries: builder.entries,
            forms,
            entry_of_form,
            words: builder.words,
            prefixes,
            patterns,
            agency_phrases,
            register: register.clone(),
        })
    }

    /// The classes of a word in texts of `language`; of any language when none is given.
    pub(super) fn classes(&self, word: u32, language: Option<&str>) -> u64 {
        let Some(entry) = self.words.get(word as usize) else { return 0 };
        entry
            .by_language
            .iter()
            .filter(|(own, _)| language.is_none_or(|language| own.split_whitespace().any(|own| own == language)))
            .fold(entry.everywhere, |mask, (_, bit)| mask | bit)
    }

    /// Everything known in a folded line, in one pass.
    pub(super) fn hits(&self, line: &str, folded: &Folded) -> Vec<Hit> {
        let text = folded.text.as_str();
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = self.automaton.find(Input::new(text).span(from..text.len())) {
            let start = hit.start() + usize::from(text[hit.start()..].starts_with(' '));
            // The longest spelling may fail by its ending or its capitals: then a shorter one is asked.
            let mut end = hit.end();
            let mut read = self.read(line, folded, start, end, &self.entries[hit.pattern().as_usize()]);
            while read.is_none() && end > start {
                let shorter = self.automaton.find(Input::new(text).span(hit.start()..end - 1));
                let Some(shorter) = shorter.filter(|shorter| shorter.start() == hit.start()) else { break };
                end = shorter.end();
                read = self.read(line, folded, start, end, &self.entries[shorter.pattern().as_usize()]);
            }
            match read {
                Some((end, what)) => {
                    // The preposition of a contracted form stays a word of its own: "au Monde", "dem Spiegel".
                    let prefix = match what {
                        Found::Name(form) => self.forms[form].prefix,
                        Found::Word(_) => 0,
                    };
                    if prefix > 0 {
                        let word = self.prefixes.get(&text[start..start + prefix]).copied().unwrap_or_default();
                        found.push(Hit { start, end: start + prefix, what: Found::Word(word) });
                        found.push(Hit { start: start + prefix + 1, end, what });
                    } else {
                        found.push(Hit { start, end, what });
                    }
                    // The space behind a word is also the one before the next.
                    from = end;
                }
                // Not a whole word: look on behind its first character.
                None => {
                    from = start + text[start..].chars().next().map_or(1, char::len_utf8);
                }
            }
        }
        found
    }

    /// What a spelling found at `start..end` is; a spelling that doesn't end with its word's end needs an ending.
    fn read(&self, line: &str, folded: &Folded, start: usize, end: usize, entry: &Entry) -> Option<(usize, Found)> {
        let text = folded.text.as_str();
        let is_whole = text[..end].ends_with(' ') || !text[..end].chars().next_back().is_some_and(is_word_char);
        let word_end = text[..end].trim_end().len();
        let tail_end = if is_whole {
            word_end
        } else {
            text[end..].char_indices().find(|(_, c)| !is_word_char(*c)).map_or(text.len(), |(n, _)| end + n)
        };
        let tail = &text[word_end..tail_end];
        let name = entry.forms.iter().find(|form| {
            let form = &self.forms[**form];
            (tail.is_empty() || names::is_ending(form.endings, tail))
                && is_written_as_name(line, folded, start, word_end, form.case, form.endings)
        });
        if let Some(form) = name {
            return Some((tail_end, Found::Name(*form)));
        }
        (entry.word != 0).then_some((tail_end, Found::Word(entry.word)))
    }

    /// The word of the lexicon that is spelled like this name's form, 0 for none.
    pub(super) fn word_of_form(&self, form: usize) -> u32 {
        self.entries[self.entry_of_form[form]].word
    }

    /// The outlets that a form may name, by position in the register.
    pub(super) fn candidates(&self, form: usize) -> impl Iterator<Item = usize> + '_ {
        self.entries[self.entry_of_form[form]].forms.iter().map(|form| self.forms[*form].outlet)
    }

    /// Whether the form is also a person, a place or a word.
    pub(super) fn is_ambiguous(&self, form: usize) -> bool {
        self.forms[form].is_ambiguous
    }

    /// Whether the outlet at a position of the register is a wire.
    pub(super) fn is_agency(&self, outlet: usize) -> bool {
        self.register.outlets()[outlet].kind == OutletKind::Agency
    }
}

fn is_written_as_name(line: &str, folded: &Folded, start: usize, end: usize, case: Case, endings: Endings) -> bool {
    let first = |at: usize| line[folded.original(at)..].chars().next();
    match case {
        Case::Any => true,
        Case::Capital(one, other) => {
            [one, other].iter().all(|at| first((start + at).min(end)).is_some_and(char::is_uppercase))
        }
        Case::Acronym => {
            let written = &line[folded.original(start)..folded.original(end)];
            let letters: Vec<char> = written.chars().filter(|c| c.is_alphabetic()).collect();
            let all = letters.iter().all(|c| c.is_uppercase());
            all || (letters.len() >= 3 && letters[0].is_uppercase() && endings != Endings::None)
        }
    }
}
