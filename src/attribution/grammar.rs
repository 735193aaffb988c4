//! Patterns over tokens: which words stand around a name.

use super::lexicon::{Cue, WordClass};
use super::tokens::{Kind, Token};
use super::{AttributionKind, LexiconError};

/// Words that a small gap (`~`) may hold: determiners, adjectives, "newspaper".
const SMALL_GAP: usize = 5;

/// Words that a wide gap (`..`) may hold.
const WIDE_GAP: usize = 7;

/// A character of a script without spaces is a third of a word.
const GAP_UNIT: usize = 3;

/// A loose pattern holds only where no better one does.
const LOOSE_COST: f64 = 0.3;

/// What a word in a gap costs, against 1 for a word that the pattern asks for.
const GAP_COST: f64 = 0.12;

/// A pattern that shows what a name is not knows more than one that shows what it may be.
const REFUSAL_BONUS: f64 = 0.2;

/// Text taken over is rarer than reporting credited, and its words are plainer.
const TAKEN_OVER_BONUS: f64 = 0.3;

/// "told X" says more than "X said" beside it.
const QUOTE_BONUS: f64 = 0.25;

/// One place of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Element {
    Class(u64),
    Optional(u64),
    Word(u32),
    Punctuation(char),
    SmallGap,
    WideGap,
    /// Start or end of the sentence, or punctuation that ends a clause.
    Edge,
    /// The very start of the line.
    LineStart,
}

/// A compiled cue.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) kind: Option<AttributionKind>,
    pub(super) is_loose: bool,
    pub(super) is_for_unknown: bool,
    pub(super) is_for_initials: bool,
    pub(super) text: String,
    /// Elements before the name, nearest first.
    before: Vec<Element>,
    after: Vec<Element>,
    /// For each class element its mask: a text without one of them can't fit.
    needed_classes: Vec<u64>,
    /// Its literal words, each as the bit of [`word_bit`].
    needed_words: u64,
}

/// What the words of a text are, taken together, so that most patterns needn't be tried on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    classes: u64,
    words: u64,
}

impl Summary {
    /// Sums up the tokens of a text.
    pub(super) fn of(tokens: &[Token]) -> Self {
        tokens.iter().fold(Self::default(), |all, token| Self {
            classes: all.classes | token.classes,
            words: all.words | word_bit(token.word),
        })
    }
}

/// One of 64 bits for a word of the lexicon; several words share a bit.
fn word_bit(word: u32) -> u64 {
    if word == 0 { 0 } else { 1 << (word % 64) }
}

/// How well a pattern fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    pub(super) score: f64,
    pub(super) gap: usize,
}

impl Pattern {
    /// Compiles a cue; `word` numbers its literal words.
    pub(super) fn compile(cue: &Cue, mut word: impl FnMut(&str) -> u32) -> Result<Self, LexiconError> {
        let wrong = |what: &str| LexiconError { pattern: cue.pattern.clone(), problem: what.to_owned() };
        let (before, after) = cue.pattern.split_once("{outlet}").ok_or_else(|| wrong("no {outlet}"))?;
        let mut side = |text: &str| -> Result<Vec<Element>, LexiconError> {
            text.split_whitespace()
                .map(|piece| {
                    Ok(match piece {
                        "~" => Element::SmallGap,
                        ".." => Element::WideGap,
                        "$" => Element::Edge,
                        "^" => Element::LineStart,
                        _ if piece.starts_with('<') => {
                            let (names, is_optional) = match piece.strip_suffix('?') {
                                Some(names) => (names, true),
                                None => (piece, false),
                            };
                            let mut mask = 0;
                            for name in names.trim_matches(['<', '>']).split('|') {
                                mask |= WordClass::from_word(name)
                                    .ok_or_else(|| wrong(&format!("there is no class {name:?}")))?
                                    .bit();
                            }
                            if is_optional { Element::Optional(mask) } else { Element::Class(mask) }
                        }
                        _ => match single_punctuation(piece) {
                            Some(c) => Element::Punctuation(c),
                            None => Element::Word(word(piece)),
                        },
                    })
                })
                .collect()
        };
        let mut before = side(before)?;
        before.reverse();
        let after = side(after)?;
        let (mut needed_classes, mut needed_words) = (Vec::new(), 0);
        for element in before.iter().chain(&after) {
            match element {
                Element::Class(mask) => needed_classes.push(*mask),
                Element::Word(word) => needed_words |= word_bit(*word),
                _ => {}
            }
        }
        Ok(Self {
            kind: cue.kind,
            is_loose: cue.is_loose,
            is_for_unknown: cue.is_for_unknown,
            is_for_initials: cue.is_for_initials,
            text: cue.pattern.clone(),
            before,
            after,
            needed_classes,
            needed_words,
        })
    }

    /// Whether the pattern can fit in a text at all: every class and word it asks for occurs.
    pub(super) fn may_fit(&self, text: Summary) -> bool {
        self.needed_words & !text.words == 0 && self.needed_classes.iter().all(|mask| text.classes & mask != 0)
    }

    /// How well the pattern fits around the tokens `start..end`, which hold the name.
    pub(super) fn fit(&self, tokens: &[Token], start: usize, end: usize) -> Option<Fit> {
        let before = walk(&self.before, &tokens[..start], true)?;
        let after = walk(&self.after, &tokens[end..], false)?;
        let bonus = match self.kind {
            None => REFUSAL_BONUS,
            Some(AttributionKind::QuoteToOutlet) => QUOTE_BONUS,
            Some(AttributionKind::TranslationCredit | AttributionKind::LicensedByline) => TAKEN_OVER_BONUS,
            Some(_) => 0.0,
        };
        let bonus = if self.is_loose { bonus - LOOSE_COST } else { bonus };
        let gap = before.gap + after.gap;
        #[expect(clippy::cast_precision_loss, reason = "gaps are a few words")]
        let score = before.score + after.score + bonus - GAP_COST * gap as f64 / GAP_UNIT as f64;
        Some(Fit { score, gap })
    }
}

fn single_punctuation(piece: &str) -> Option<char> {
    let mut chars = piece.chars();
    let first = chars.next()?;
    (chars.next().is_none() && !first.is_alphanumeric()).then_some(first)
}

/// Words of a gap that cost nothing.
const FREE: u64 = WordClass::Determiner.bit() | WordClass::OutletNoun.bit() | WordClass::Calendar.bit();

/// Words that no gap crosses: they begin another statement.
const BARRIERS: u64 = WordClass::Conjunction.bit() | WordClass::About.bit() | WordClass::Employee.bit();

fn token(tokens: &[Token], at: usize, is_backward: bool) -> Option<&Token> {
    if is_backward {
        at.checked_add(1).and_then(|n| tokens.len().checked_sub(n)).map(|i| &tokens[i])
    } else {
        tokens.get(at)
    }
}

/// Whether a small gap may hold the token: a word of a noun phrase, a quotation mark, a hyphen.
fn is_soft(token: &Token) -> bool {
    match token.kind {
        Kind::Word => token.classes & BARRIERS == 0,
        Kind::Number => true,
        Kind::Punctuation(c) => matches!(c, '"' | '\'' | '-' | '.'),
        Kind::Mention(_) => false,
    }
}

fn is_wide(token: &Token) -> bool {
    match token.kind {
        Kind::Word | Kind::Number => true,
        Kind::Punctuation(c) => matches!(c, '"' | '\'' | '-' | '.' | ',' | '(' | ')'),
        Kind::Mention(_) => false,
    }
}

/// Quotation marks and hyphens between two places of a pattern say nothing.
fn is_silent(token: &Token) -> bool {
    matches!(token.kind, Kind::Punctuation('"' | '\'' | '-'))
}

/// Whether the pattern's side fits the tokens from the name outwards, with the smallest gaps.
fn walk(elements: &[Element], tokens: &[Token], is_backward: bool) -> Option<Fit> {
    step(elements, tokens, 0, is_backward)
}

fn step(elements: &[Element], tokens: &[Token], at: usize, is_backward: bool) -> Option<Fit> {
    let Some((first, rest)) = elements.split_first() else { return Some(Fit { score: 0.0, gap: 0 }) };
    let next = token(tokens, at, is_backward);
    let gap = |limit: usize, allowed: fn(&Token) -> bool| {
        let mut n = 0;
        let mut here = at;
        loop {
            if let Some(fit) = step(rest, tokens, here, is_backward) {
                return Some(Fit { gap: fit.gap + n, ..fit });
            }
            let token = token(tokens, here, is_backward).filter(|token| allowed(token))?;
            here += 1;
            // Punctuation and what the language puts before any noun cost nothing.
            n += match token.kind {
                Kind::Word | Kind::Number if token.classes & FREE == 0 => {
                    if token.is_unspaced {
                        1
                    } else {
                        GAP_UNIT
                    }
                }
                _ => 0,
            };
            if n > limit * GAP_UNIT {
                return None;
            }
        }
    };
    match first {
        Element::SmallGap => return gap(SMALL_GAP, is_soft),
        Element::WideGap => return gap(WIDE_GAP, is_wide),
        Element::Edge => {
            let is_edge = match next {
                None => true,
                Some(token) => match token.kind {
                    Kind::Punctuation(c) => matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')' | '(' | '…'),
                    Kind::Word => {
                        token.classes & (WordClass::Cite.bit() | WordClass::Which.bit() | WordClass::In.bit()) != 0
                    }
                    Kind::Number | Kind::Mention(_) => false,
                },
            };
            if is_edge {
                return step(rest, tokens, at, is_backward).map(|fit| Fit { score: fit.score + 0.2, ..fit });
            }
        }
        Element::LineStart => {
            return (next.is_none()).then_some(Fit { score: 0.3, gap: 0 });
        }
        Element::Class(mask) => {
            if next.is_some_and(|token| token.classes & mask != 0) {
                return step(rest, tokens, at + 1, is_backward).map(|fit| Fit { score: fit.score + 1.0, ..fit });
            }
        }
        Element::Optional(mask) => {
            if next.is_some_and(|token| token.classes & mask != 0)
                && let Some(fit) = step(rest, tokens, at + 1, is_backward)
            {
                return Some(Fit { score: fit.score + 0.5, ..fit });
            }
            return step(rest, tokens, at, is_backward);
        }
        Element::Word(word) => {
            if next.is_some_and(|token| token.word == *word) {
                return step(rest, tokens, at + 1, is_backward).map(|fit| Fit { score: fit.score + 1.0, ..fit });
            }
        }
        Element::Punctuation(c) => {
            if next.is_some_and(|token| token.kind == Kind::Punctuation(*c)) {
                return step(rest, tokens, at + 1, is_backward).map(|fit| Fit { score: fit.score + 0.3, ..fit });
            }
        }
    }
    // A quotation mark around the name or around a word of the cue is stepped over.
    if next.is_some_and(is_silent) { step(elements, tokens, at + 1, is_backward) } else { None }
}
