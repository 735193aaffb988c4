//! What stands around a name: further names with the same cue, an institution that it goes on to, a headline's capitals.

use super::lexicon::WordClass;
use super::tokens::{Kind, Token};

/// A headline whose words mostly begin with capitals tells nothing by a capital.
const TITLE_CASE_SHARE: f64 = 0.6;

/// The end of a list of names: "X, Y and the Z".
pub(super) fn group_end(tokens: &[Token], start: usize) -> usize {
    let mut end = start + 1;
    loop {
        // An acronym or another spelling in parentheses belongs to its name.
        if tokens.get(end).is_some_and(|token| token.is_mark(&['('])) {
            let close = (end + 1..tokens.len().min(end + 8)).find(|n| tokens[*n].is_mark(&[')']));
            if let Some(close) = close.filter(|close| is_other_spelling(&tokens[end + 1..*close])) {
                end = close + 1;
            }
        }
        let mut next = end;
        let mut has_link = false;
        while let Some(token) = tokens.get(next) {
            let is_link = token.is_mark(&[',', '&']) || token.is(WordClass::And) || token.is(WordClass::With);
            let is_filler =
                token.is_mark(&['"', '\'']) || token.is(WordClass::Determiner) || token.is(WordClass::OutletNoun);
            has_link |= is_link;
            if next - end >= 5 || token.mention().is_some() || !(is_link || is_filler) {
                break;
            }
            next += 1;
        }
        if has_link && tokens.get(next).is_some_and(|token| token.mention().is_some()) {
            end = next + 1;
        } else {
            return end;
        }
    }
}

/// What stands in parentheses behind a name when it says the name again.
fn is_other_spelling(inside: &[Token]) -> bool {
    match inside {
        [] => false,
        [one] => one.mention().is_some() || one.is_capital,
        several => several.len() <= 4 && several.iter().any(|token| token.mention().is_some()),
    }
}

/// Words looked at behind a name for what it belongs to.
const MAX_NAME_WORDS: usize = 3;

/// Whether a name goes on to that of an institution: "the National Poll Council" is no paper's council, nor is "the
/// National Rail-safety Council".
pub(super) fn is_of_institution(tokens: &[Token], at: usize, is_title_case: bool) -> bool {
    let is_hyphen = |token: &Token| token.is_mark(&['-']) && !token.is_spaced;
    let behind = &tokens[at + 1..];
    !is_title_case
        && !tokens[at].is_possessive
        && (0..behind.len())
            .filter(|n| !is_hyphen(&behind[*n]))
            .take(MAX_NAME_WORDS)
            .take_while(|n| {
                let token = &behind[*n];
                let is_joined = n.checked_sub(1).is_some_and(|before| is_hyphen(&behind[before]));
                // A name of the register may be part of it: "the National CCTV Council".
                let is_word = token.kind == Kind::Word || token.mention().is_some();
                is_word && (is_joined || (token.is_capital && token.is_spaced))
            })
            .any(|n| behind[n].is(WordClass::OrgNoun))
}

/// Whether most words of a line begin with a capital.
pub(super) fn is_title_case(tokens: &[Token]) -> bool {
    let words: Vec<&Token> =
        tokens.iter().filter(|token| token.kind == Kind::Word && token.end - token.start > 3).collect();
    let n_capitals = words.iter().filter(|token| token.is_capital).count();
    #[expect(clippy::cast_precision_loss, reason = "a headline has a few words")]
    let share = n_capitals as f64 / words.len().max(1) as f64;
    words.len() >= 3 && share >= TITLE_CASE_SHARE
}
