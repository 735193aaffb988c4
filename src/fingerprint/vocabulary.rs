//! The words of a language and what becomes of them, each worked out once.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::text::Stems;
use crate::text::language::primary;

use super::{SEED_ACROSS, SEED_NUMBER, SEED_TERM, across, hash};

/// What a word stands for.
#[derive(Debug)]
pub(super) struct Term {
    /// The stem, folded.
    pub(super) text: String,
    across: OnceCell<Option<u32>>,
}

impl Term {
    /// Hash of the key that the word has in other languages and scripts, were it a name.
    pub(super) fn across(&self) -> Option<u32> {
        *self.across.get_or_init(|| across::key(&self.text).map(|key| hash(SEED_ACROSS, &key)))
    }
}

/// Words kept of one language: few words make up most of any text, a month of news has about twice as many.
const MAX_WORDS: usize = 20_000;

/// Languages kept at a time.
const MAX_LANGUAGES: usize = 16;

thread_local! {
    /// By primary language.
    static KNOWN: RefCell<FxHashMap<String, Vocabulary>> = RefCell::default();
}

/// Works with the words of a language that this thread has met in earlier texts. What a word stands for depends on the word
/// and the language alone, so that it never matters which texts these were.
pub(super) fn with_vocabulary<T>(language: Option<&str>, work: impl FnOnce(&mut Vocabulary) -> T) -> T {
    let language = primary(language.unwrap_or_default());
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MAX_LANGUAGES && !known.contains_key(&language) {
            known.clear();
        }
        let vocabulary = known.entry(language).or_insert_with_key(|language| Vocabulary::new(Some(language)));
        if vocabulary.known.len() > MAX_WORDS {
            vocabulary.known.clear();
        }
        work(vocabulary)
    })
}

/// What a digest asks of a term, and the term.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Hash among the terms.
    pub(super) hash: u32,
    /// Hash among the numbers, where the term is one.
    pub(super) number: Option<u32>,
    pub(super) term: Rc<Term>,
}

/// The terms of the words met so far: texts repeat their words, and each is asked for by several fields of a digest.
pub(super) struct Vocabulary {
    stems: Stems,
    /// By 64-bit hash of the word: that two of the words kept share one has a chance of one in ten to the eleventh.
    known: FxHashMap<u64, Option<Entry>>,
}

impl Vocabulary {
    pub(super) fn new(language: Option<&str>) -> Self {
        Self { stems: Stems::new(language), known: FxHashMap::default() }
    }

    /// The term of a word; none where it counts for nothing.
    pub(super) fn term(&mut self, word: &str) -> Option<&Entry> {
        let Self { stems, known } = self;
        let described = || {
            let text = stems.term(word)?;
            let number = number(&text).map(|digits| hash(SEED_NUMBER, &digits));
            Some(Entry { hash: hash(SEED_TERM, &text), number, term: Rc::new(Term { text, across: OnceCell::new() }) })
        };
        known.entry(xxh3_64(word.as_bytes())).or_insert_with(described).as_ref()
    }
}

/// The digits of a word that is a number of at least two characters, without separators.
fn number(word: &str) -> Option<String> {
    if !word.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = word.chars().filter(|c| *c != ',').collect();
    if digits.chars().count() >= 2 { Some(digits) } else { None }
}
