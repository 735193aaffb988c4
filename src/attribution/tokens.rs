//! A line as tokens: names found in it, words with their classes, punctuation.

use super::fold::{Folded, is_word_char};
use super::lexicon::WordClass;

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

/// Cuts a folded line into tokens around its hits. `classes` gives the classes of a word of the lexicon.
pub(super) fn tokens(line: &str, folded: &Folded, hits: &[Hit], classes: impl Fn(u32) -> u64) -> Vec<Token> {
    let mut found = Vec::with_capacity(line.len() / 5 + 4);
    let mut hits = hits.iter().peekable();
    let mut n_mentions = 0;
    let mut at = 0;
    let text = folded.text.as_str();
    while at < text.len() {
        let Some(c) = text[at..].chars().next() else { break };
        if let Some(hit) = hits.next_if(|hit| hit.start <= at) {
            if hit.start == at {
                let (kind, word, mask) = match hit.what {
                    Found::Name(_) => {
                        n_mentions += 1;
                        (Kind::Mention(n_mentions - 1), 0, 0)
                    }
                    Found::Word(word) => (Kind::Word, word, classes(word)),
                };
                found.push(token(line, folded, hit.start, hit.end, kind, word, mask));
                at = hit.end;
            }
            continue;
        }
        let end = if is_word_char(c) {
            text[at..].char_indices().find(|(_, c)| !is_word_char(*c)).map_or(text.len(), |(n, _)| at + n)
        } else {
            at + c.len_utf8()
        };
        if c != ' ' {
            let kind = if c.is_ascii_digit() {
                Kind::Number
            } else if c.is_alphanumeric() {
                Kind::Word
            } else {
                Kind::Punctuation(c)
            };
            found.push(token(line, folded, at, end, kind, 0, 0));
        }
        at = end;
    }
    without_possessives(&mut found);
    found
}

fn token(line: &str, folded: &Folded, from: usize, to: usize, kind: Kind, word: u32, classes: u64) -> Token {
    let start = folded.original(from);
    // The byte behind the last folded one, so that a letter that folds to several is taken whole.
    let last = folded.original(to.saturating_sub(1));
    let end = last + line[last..].chars().next().map_or(0, char::len_utf8);
    Token {
        start,
        end: end.max(start),
        kind,
        classes,
        word,
        is_capital: line[start..].chars().next().is_some_and(char::is_uppercase),
        is_spaced: line[..start].chars().next_back().is_none_or(char::is_whitespace),
        is_unspaced: word == 0 && line[start..].chars().next().is_some_and(crate::text::is_unspaced),
        is_possessive: false,
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
