//! The words of one article and what becomes of them, each worked out once.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::text::Stems;

use super::{SEED_ACROSS, SEED_NUMBER, SEED_TERM, across, hash};

/// What a word stands for.
#[derive(Debug)]
pub(super) struct Term {
    /// The stem, folded.
    pub(super) text: String,
    /// Hash among the terms.
    pub(super) hash: u32,
    /// Hash among the numbers, where the term is one.
    pub(super) number: Option<u32>,
    across: OnceCell<Option<u32>>,
}

impl Term {
    /// Hash of the key that the word has in other languages and scripts, were it a name.
    pub(super) fn across(&self) -> Option<u32> {
        *self.across.get_or_init(|| across::key(&self.text).map(|key| hash(SEED_ACROSS, &key)))
    }
}

/// The terms of the words met so far: a text repeats its words, and each is asked for by several fields of a digest.
pub(super) struct Vocabulary<'t> {
    stems: Stems,
    known: FxHashMap<&'t str, Option<Rc<Term>>>,
}

impl<'t> Vocabulary<'t> {
    pub(super) fn new(language: Option<&str>) -> Self {
        Self { stems: Stems::new(language), known: FxHashMap::default() }
    }

    /// The term of a word; none where it counts for nothing.
    pub(super) fn term(&mut self, word: &'t str) -> Option<Rc<Term>> {
        let stems = &self.stems;
        let described = || {
            let text = stems.term(word)?;
            let number = number(&text).map(|digits| hash(SEED_NUMBER, &digits));
            Some(Rc::new(Term { hash: hash(SEED_TERM, &text), number, text, across: OnceCell::new() }))
        };
        self.known.entry(word).or_insert_with(described).clone()
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
