//! A line as tokens: names found in it, words with their classes, punctuation.

use super::fold::{Folded, Piece};
use super::lexicon::WordClass;
use crate::text::is_unspaced;

/// One token of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token {
    /// Bytes of the line.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// Bits of [`WordClass`].
    pub(super) classes: u64,
    /// Number of the lexicon's word, 0 for none.
    pub(super) word: u32,
    /// Whether it starts with a capital.
    pub(super) is_capital: bool,
    /// Whether white space stands before it.
    pub(super) is_spaced: bool,
    /// Whether it is a character of a script without spaces that the lexicon doesn't know.
    pub(super) is_unspaced: bool,
    /// Whether a possessive hung on it.
    pub(super) is_possessive: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Punctuation(char),
    /// Position in the list of the line's mentions.
    Mention(usize),
}

impl Token {
    /// Whether the token has one of the classes.
    pub(super) fn is(&self, class: WordClass) -> bool {
        self.classes & class.bit() != 0
    }

    /// Whether it is this punctuation mark.
    pub(super) fn is_mark(&self, marks: &[char]) -> bool {
        matches!(self.kind, Kind::Punctuation(c) if marks.contains(&c))
    }

    /// Whether it is a mention.
    pub(super) fn mention(&self) -> Option<usize> {
        match self.kind {
            Kind::Mention(index) => Some(index),
            _ => None,
        }
    }
}

/// What the automaton found in a folded line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    /// Bytes of the folded text, without the space before.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: Found,
}

/// A name's form or a word of the lexicon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Position of the first form in the list of name forms.
    Name(usize),
    /// Number of the word.
    Word(u32),
}

/// Cuts a folded line into tokens: its hits, and the pieces that none covers. `classes` gives the classes of a word of the
/// lexicon.
pub(super) fn tokens(folded: &Folded, hits: &[Hit], classes: impl Fn(u32) -> u64) -> Vec<Token> {
    let mut found = Vec::with_capacity(folded.pieces.len());
    let mut hits = hits.iter().peekable();
    let mut n_mentions = 0;
    let mut pieces = folded.pieces.iter().peekable();
    while let Some(first) = pieces.next() {
        let mut line_end = first.line_end;
        let (kind, word, mask) = match hits.next_if(|hit| hit.start == first.start) {
            Some(hit) => {
                while let Some(inside) = pieces.next_if(|piece| piece.start < hit.end) {
                    line_end = inside.line_end;
                }
                match hit.what {
                    Found::Name(_) => {
                        n_mentions += 1;
                        (Kind::Mention(n_mentions - 1), 0, 0)
                    }
                    Found::Word(word) => (Kind::Word, word, classes(word)),
                }
            }
            None => (kind(folded, first), 0, 0),
        };
        found.push(Token {
            start: first.line_start,
            end: line_end,
            kind,
            classes: mask,
            word,
            is_capital: first.first.is_uppercase(),
            is_spaced: first.is_spaced,
            is_unspaced: word == 0 && is_unspaced(first.first),
            is_possessive: false,
        });
    }
    without_possessives(&mut found);
    found
}

/// What a piece is of which nothing is known.
fn kind(folded: &Folded, piece: &Piece) -> Kind {
    match folded.text[piece.start..].chars().next() {
        Some('0'..='9') => Kind::Number,
        Some(c) if !c.is_alphanumeric() => Kind::Punctuation(c),
        _ => Kind::Word,
    }
}

/// "'s", Turkish "'ye" and the bare apostrophe of a plural hang on a name and say nothing of their own.
fn without_possessives(tokens: &mut Vec<Token>) {
    let mut at = 0;
    while at + 1 < tokens.len() {
        if tokens[at].mention().is_some() && tokens[at + 1].is_mark(&['\'']) && !tokens[at + 1].is_spaced {
            let has_tail = tokens.get(at + 2).is_some_and(|tail| {
                tail.kind == Kind::Word && !tail.is_spaced && tail.end - tail.start <= 6 && !tail.is_capital
            });
            tokens[at].is_possessive = has_tail;
            tokens.drain(at + 1..at + 2 + usize::from(has_tail));
        }
        at += 1;
    }
}

/// Cuts tokens into sentences; returns ranges of tokens.
pub(super) fn sentences(tokens: &[Token]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Punctuation(c) = token.kind else { continue };
        let next = tokens.get(at + 1);
        let is_end = match c {
            '。' | '！' | '？' | '!' | '?' | '…' | '।' | '؟' => {
                next.is_none_or(|next| c != '…' || next.is_capital)
            }
            '.' => {
                let before = at.checked_sub(1).map(|n| &tokens[n]);
                let is_abbreviation = before.is_some_and(|word| {
                    word.is(WordClass::Abbreviation) || (word.end - word.start == 1 && word.kind == Kind::Word)
                });
                next.is_none_or(|next| {
                    let begins = next.is_capital || matches!(next.kind, Kind::Number | Kind::Punctuation(_));
                    (next.is_spaced && begins && !is_abbreviation) || next.is_mark(&['"'])
                })
            }
            _ => false,
        };
        if is_end {
            // A closing quotation mark or parenthesis belongs to the sentence it closes.
            let end = match next {
                Some(next) if next.is_mark(&['"', '\'', ')']) && !next.is_spaced => at + 2,
                _ => at + 1,
            };
            if end > start {
                found.push(start..end);
                start = end;
            }
        }
    }
    if start < tokens.len() {
        found.push(start..tokens.len());
    }
    found
}
