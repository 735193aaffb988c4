//! Two texts word by word: what both have in the same order, what only one has.
//!
//! ```text
//! text ─▶ tokens (words with their place) ─▶ blocks (longest common run first, then left and right of it) ─▶ changes
//! ```

use std::collections::HashMap;
use std::ops::Range;

use super::{fold, is_unspaced};

/// Words compared; longer texts are compared up to here.
pub const MAX_TOKENS: usize = 8_000;

/// Words that make a shared run a passage: shorter runs are turns of phrase.
pub const PASSAGE_WORDS: usize = 8;

/// A word with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Bytes of the text.
    pub place: Range<usize>,
    /// The folded word.
    pub word: String,
}

/// Words that both texts have in a row: `n` of them, from position `a` of the first and `b` of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Position in the first text's tokens.
    pub a: usize,
    /// Position in the second text's tokens.
    pub b: usize,
    /// Number of words.
    pub n: usize,
}

/// A stretch of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// In both (as the second text writes it).
    Same(&'a str),
    /// Only in the first text.
    Removed(&'a str),
    /// Only in the second text.
    Added(&'a str),
}

/// The words of a text with their places; a character of an unspaced script is a word of its own.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut start = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let end = at + c.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        if c.is_alphanumeric() && !is_unspaced(c) {
            start.get_or_insert(at);
        } else if is_unspaced(c) {
            found.push(Token { place: at..end, word: c.to_string() });
            continue;
        }
        // A mark between letters or digits belongs to the word: `won't`, `1,200`.
        let goes_on = next.is_some_and(|next| next.is_alphanumeric() && !is_unspaced(next))
            && (c.is_alphanumeric() || matches!(c, '\'' | '’' | '.' | ','));
        if let Some(from) = start.filter(|_| !goes_on) {
            let marks_on = matches!(next, Some('\'' | '’' | '.' | ',')) && c.is_alphanumeric();
            let after = text[end..].chars().nth(1);
            if marks_on && after.is_some_and(|after| after.is_alphanumeric() && !is_unspaced(after)) {
                continue;
            }
            let end = if c.is_alphanumeric() { end } else { at };
            found.push(Token { place: from..end, word: fold(&text[from..end].replace('’', "'")) });
            start = None;
        }
        if found.len() >= MAX_TOKENS {
            break;
        }
    }
    found
}

/// The runs that both texts have in the same order, in that order.
#[must_use]
pub fn blocks(a: &[Token], b: &[Token]) -> Vec<Block> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, token) in b.iter().enumerate() {
        places.entry(&token.word).or_default().push(at);
    }
    // Words that are everywhere extend a run but start none: they cost most and tell least.
    let most = b.len() / 100 + 20;
    places.retain(|_, at| at.len() <= most);
    let mut found = Vec::new();
    let mut open = vec![(0..a.len(), 0..b.len())];
    while let Some((in_a, in_b)) = open.pop() {
        let Some(block) = longest(a, b, &places, &in_a, &in_b) else { continue };
        open.push((in_a.start..block.a, in_b.start..block.b));
        open.push((block.a + block.n..in_a.end, block.b + block.n..in_b.end));
        found.push(block);
    }
    found.sort_unstable_by_key(|block| block.a);
    found
}

/// The longest common run within two ranges, extended over words that start none.
fn longest(
    a: &[Token],
    b: &[Token],
    places: &HashMap<&str, Vec<usize>>,
    in_a: &Range<usize>,
    in_b: &Range<usize>,
) -> Option<Block> {
    let mut best = Block { a: in_a.start, b: in_b.start, n: 0 };
    let mut ending: HashMap<usize, usize> = HashMap::new();
    for i in in_a.clone() {
        let mut next = HashMap::new();
        for j in places.get(a[i].word.as_str()).into_iter().flatten().copied().filter(|j| in_b.contains(j)) {
            let n = j.checked_sub(1).and_then(|before| ending.get(&before)).copied().unwrap_or(0) + 1;
            next.insert(j, n);
            if n > best.n {
                best = Block { a: i + 1 - n, b: j + 1 - n, n };
            }
        }
        ending = next;
    }
    if best.n == 0 {
        return None;
    }
    while best.a > in_a.start && best.b > in_b.start && a[best.a - 1].word == b[best.b - 1].word {
        best = Block { a: best.a - 1, b: best.b - 1, n: best.n + 1 };
    }
    let fits = |block: &Block| block.a + block.n < in_a.end && block.b + block.n < in_b.end;
    while fits(&best) && a[best.a + best.n].word == b[best.b + best.n].word {
        best.n += 1;
    }
    Some(best)
}

/// The whole of two texts as stretches that both have or only one has.
#[must_use]
pub fn changes<'a>(text_a: &'a str, a: &[Token], text_b: &'a str, b: &[Token], blocks: &[Block]) -> Vec<Change<'a>> {
    let slice = |text: &'a str, tokens: &[Token], range: Range<usize>| -> Option<&'a str> {
        let (first, last) = (tokens.get(range.start)?, tokens.get(range.end.checked_sub(1)?)?);
        (range.start < range.end).then(|| &text[first.place.start..last.place.end])
    };
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    let end = Block { a: a.len(), b: b.len(), n: 0 };
    for block in blocks.iter().copied().chain([end]) {
        found.extend(slice(text_a, a, i..block.a).map(Change::Removed));
        found.extend(slice(text_b, b, j..block.b).map(Change::Added));
        found.extend(slice(text_b, b, block.b..block.b + block.n).map(Change::Same));
        (i, j) = (block.a + block.n, block.b + block.n);
    }
    found
}

/// Days of the week and months as news in several languages writes them, folded.
const DATE_WORDS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "lunedi",
    "martedi",
    "mercoledi",
    "giovedi",
    "venerdi",
    "sabato",
    "domenica",
    "понедельник",
    "вторник",
    "среду",
    "четверг",
    "пятницу",
    "субботу",
    "воскресенье",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januar",
    "februar",
    "marz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// Whether a word is a number or a part of a date: the differences that change what a text says.
#[must_use]
pub fn is_figure_or_date(word: &str) -> bool {
    word.chars().any(char::is_numeric) || DATE_WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| &text[token.place]).collect()
    }

    #[test]
    fn tokens_have_their_places() {
        let check = |text: &str, expected: &[&str]| assert_eq!(words(text), expected, "{text}");
        check("It won't cost 1,200.50, he said.", &["It", "won't", "cost", "1,200.50", "he", "said"]);
        check("NATO加盟国", &["NATO", "加", "盟", "国"]);
        check("“Yes”—no…", &["Yes", "no"]);
        check("", &[]);
        check("ends in a word", &["ends", "in", "a", "word"]);
    }

    #[test]
    fn says_what_changed() {
        let (old, new) = ("The fire killed 12 people in Marlow on Monday.", "The fire killed 14 people in Marlow.");
        let (a, b) = (tokens(old), tokens(new));
        let found = changes(old, &a, new, &b, &blocks(&a, &b));
        assert_eq!(
            found,
            [
                Change::Same("The fire killed"),
                Change::Removed("12"),
                Change::Added("14"),
                Change::Same("people in Marlow"),
                Change::Removed("on Monday"),
            ]
        );
    }

    #[test]
    fn marks_figures_and_dates() {
        assert!(is_figure_or_date("14"));
        assert!(is_figure_or_date("monday"));
        assert!(is_figure_or_date("november"));
        assert!(!is_figure_or_date("mayor"));
    }

    proptest::proptest! {
        #[test]
        fn blocks_are_common_and_in_order(a in "[a-e ]{0,60}", b in "[a-e ]{0,60}") {
            let (x, y) = (tokens(&a), tokens(&b));
            let found = blocks(&x, &y);
            let (mut i, mut j) = (0, 0);
            for block in &found {
                proptest::prop_assert!(block.a >= i && block.b >= j && block.n > 0);
                for step in 0..block.n {
                    proptest::prop_assert_eq!(&x[block.a + step].word, &y[block.b + step].word);
                }
                (i, j) = (block.a + block.n, block.b + block.n);
            }
        }

        #[test]
        fn tokens_never_panic(text in ".{0,200}") {
            for token in tokens(&text) {
                proptest::prop_assert!(!text[token.place].is_empty());
            }
        }
    }
}
