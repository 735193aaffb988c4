//! Names and words compiled into one automaton.

use std::collections::{HashMap, HashSet};

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;

use super::fold::{Folded, Piece, fold, is_word_char};
use super::grammar::Pattern;
use super::lexicon::Lexicon;
use super::mention::is_initials;
use super::names::{self, Case, Endings, NameForm};
use super::tokens::{Found, Hit};
use crate::model::{OutletKind, OutletRegister};

/// Words up to this many letters count only in texts of their own language: "a", "di" and "von" are others elsewhere.
const SHORT_WORD_CHARS: usize = 3;

/// States up to this depth (a space and two bytes) have a table of all bytes: nearly every word of a text comes so far.
/// Measured with the bench: a fifth less time for finding words than without, no gain from more.
const DENSE_DEPTH: usize = 3;

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
    automaton: contiguous::NFA,
    /// Its states at the first byte of a spelling and behind a space, where words begin.
    at_start: StateID,
    at_word: StateID,
    entries: Vec<Entry>,
    forms: Vec<NameForm>,
    entry_of_form: Vec<usize>,
    words: Vec<WordEntry>,
    /// The languages of each group of word lists, at the place of the group's bit.
    languages: Vec<String>,
    /// The words of contracted forms' prepositions.
    prefixes: HashMap<String, u32>,
    pub(super) patterns: Vec<Pattern>,
    /// Patterns that only show that initials are an outlet's.
    pub(super) initials_patterns: Vec<Pattern>,
    institutions: HashSet<String>,
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
    /// Bits of language groups with the classes that the word has there only.
    by_language: Vec<(u64, u64)>,
}

/// The language of a text, as the bits of the groups of word lists that are of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LanguageGroups(u64);

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
        let mut languages: Vec<String> = Vec::new();
        for list in &lexicon.words {
            let group = languages.iter().position(|known| *known == list.language).unwrap_or(languages.len());
            if group == languages.len() {
                languages.push(list.language.clone());
            }
            let group = u32::try_from(group).ok().and_then(|group| 1_u64.checked_shl(group)).ok_or_else(|| {
                LexiconError { pattern: list.language.clone(), problem: "more than 64 groups of languages".to_owned() }
            })?;
            for spelling in &list.words {
                let word = builder.word(spelling) as usize;
                let is_short = spelling.trim_end_matches('*').chars().count() <= SHORT_WORD_CHARS
                    && !spelling.chars().any(crate::text::is_unspaced);
                let entry = &mut builder.words[word];
                if is_short {
                    entry.by_language.push((group, list.class.bit()));
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
        let (initials_patterns, patterns) = patterns.into_iter().partition(|pattern: &Pattern| pattern.is_for_initials);
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
        let too_much =
            |error: &dyn std::error::Error| LexiconError { pattern: "all".to_owned(), problem: error.to_string() };
        let automaton = contiguous::NFA::builder()
            .dense_depth(DENSE_DEPTH)
            .build(&builder.spellings)
            .map_err(|error| too_much(&error))?;
        let at_start = automaton.start_state(Anchored::Yes).map_err(|error| too_much(&error))?;
        Ok(Self {
            at_start,
            at_word: automaton.next_state(Anchored::Yes, at_start, b' '),
            automaton,
            entries: builder.entries,
            forms,
            entry_of_form,
            words: builder.words,
            languages,
            prefixes,
            patterns,
            initials_patterns,
            institutions: lexicon.institutions.iter().cloned().collect(),
            agency_phrases,
            register: register.clone(),
        })
    }

    /// The groups of word lists that a text of `language` is read with; all when none is given.
    pub(super) fn groups(&self, language: Option<&str>) -> LanguageGroups {
        let of = |own: &String| language.is_none_or(|language| own.split_whitespace().any(|own| own == language));
        let groups = self.languages.iter().enumerate().filter(|(_, own)| of(own));
        LanguageGroups(groups.fold(0, |bits, (group, _)| bits | 1 << group))
    }

    /// The classes of a word in a text with these languages.
    pub(super) fn classes(&self, word: u32, groups: LanguageGroups) -> u64 {
        let Some(entry) = self.words.get(word as usize) else { return 0 };
        let own = entry.by_language.iter().filter(|(own, _)| own & groups.0 != 0);
        own.fold(entry.everywhere, |classes, (_, class)| classes | class)
    }

    /// Whether a word is of initials that may be an outlet's.
    pub(super) fn may_be_initials(&self, word: &str) -> bool {
        is_initials(word) && !self.institutions.contains(word)
    }

    /// Everything known in a folded line, in one pass.
    pub(super) fn hits(&self, line: &str, folded: &Folded) -> Vec<Hit> {
        let text = folded.text.as_str();
        let mut found = Vec::with_capacity(folded.pieces.len());
        let mut spelled = Vec::new();
        let mut from = 0;
        for piece in &folded.pieces {
            if piece.start < from {
                continue;
            }
            self.spelled(text, piece, &mut spelled);
            let start = piece.start;
            // The longest spelling may fail by its ending or its capitals: then a shorter one is asked.
            let read = spelled
                .iter()
                .rev()
                .find_map(|(end, entry)| self.read(line, folded, start, *end, &self.entries[*entry]));
            let Some((end, what)) = read else { continue };
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
            from = end;
        }
        found
    }

    /// The spellings that begin with a piece, shortest first: where each ends, and what it can be.
    fn spelled(&self, text: &str, piece: &Piece, found: &mut Vec<(usize, usize)>) {
        found.clear();
        // Every spelling begins with a space before a word, or with a character that no word has.
        let (mut state, n_before) = if piece.is_word { (self.at_word, 1) } else { (self.at_start, 0) };
        for (n, byte) in text.as_bytes()[piece.start..].iter().enumerate() {
            state = self.automaton.next_state(Anchored::Yes, state, *byte);
            if !self.automaton.is_special(state) {
                continue;
            }
            if self.automaton.is_dead(state) {
                return;
            }
            // A state's own spelling stands before those that end in the same way.
            if self.automaton.is_match(state) {
                let pattern = self.automaton.match_pattern(state, 0);
                if self.automaton.pattern_len(pattern) == n_before + n + 1 {
                    found.push((piece.start + n + 1, pattern.as_usize()));
                }
            }
        }
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
    let first = |at: usize| line[folded.original(line, at)..].chars().next();
    match case {
        Case::Any => true,
        Case::Capital(one, other) => {
            [one, other].iter().all(|at| first((start + at).min(end)).is_some_and(char::is_uppercase))
        }
        Case::Acronym => {
            let written = &line[folded.original(line, start)..folded.original(line, end)];
            let letters: Vec<char> = written.chars().filter(|c| c.is_alphabetic()).collect();
            let all = letters.iter().all(|c| c.is_uppercase());
            all || (letters.len() >= 3 && letters[0].is_uppercase() && endings != Endings::None)
        }
    }
}
