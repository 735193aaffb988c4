//! Words: Unicode segmentation, folding, stems, sentences, language guess.
//!
//! Scripts written without spaces (Han, kana, Hangul, Thai, Lao, Khmer, Burmese) are cut into overlapping pairs of
//! characters; everything else into words by Unicode's rules. Every function is total: any text gives some answer.

mod calendar_words;
mod iranian;
mod quotation;
mod segment;
mod stop;
mod subsequence;
mod vietnamese;

pub mod calendars;
pub mod compare;
pub mod dates;
pub mod encoding;
pub mod language;
pub mod markup;

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub use quotation::quotations;
pub use segment::{ends_sentence, is_unspaced, segment_ends, segments, sentences};
pub use stop::stop_words;
pub use subsequence::longest_common;

/// Longest word kept, in characters; longer ones are data, not language.
const MAX_WORD_CHARS: usize = 64;

/// The lower case of a text: what [`str::to_lowercase`] gives, without looking up each letter of scripts that have no case.
#[must_use]
pub fn lowercase(text: &str) -> String {
    // Han, kana, Hangul, Thai and their signs; general punctuation.
    let is_uncased = |c: char| {
        c.is_ascii()
            || matches!(c, '\u{e01}'..='\u{e5b}' | '\u{2010}'..='\u{205f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{ff20}')
    };
    if text.chars().all(is_uncased) { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Lower-cases a word and takes its diacritics off, so that `Élysée`, `Все` and `Ελλάδα` meet their plain spellings.
#[must_use]
pub fn fold(word: &str) -> String {
    if word.is_ascii() { word.to_ascii_lowercase() } else { fold_beyond_ascii(word) }
}

fn fold_beyond_ascii(word: &str) -> String {
    // In unspaced scripts marks are letters: taking them off would make other words.
    if word.chars().any(is_unspaced) {
        return word.nfkc().flat_map(char::to_lowercase).collect();
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)) {
        for lower in c.to_lowercase() {
            match lower {
                'ς' => folded.push('σ'),
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' | 'ð' => folded.push('d'),
                'ı' => folded.push('i'),
                other if is_combining_mark(other) => {}
                other => folded.push(other),
            }
        }
    }
    folded
}

/// The letters that one character folds to: lower case, without its marks. Letters that no mark sets apart from others
/// (`ß`, `ø`) stay as they are.
pub fn folded_letter(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c).nfkd().flat_map(char::to_lowercase).filter(|part| !is_combining_mark(*part))
}

/// Whether a character is a mark on the one before it.
#[must_use]
pub fn is_mark(c: char) -> bool {
    is_combining_mark(c)
}

/// The Snowball stemmer for a language, when there is one.
fn stemmer(language: &str) -> Option<Stemmer> {
    let algorithm = match language {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" => Algorithm::English,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "es" => Algorithm::Spanish,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    };
    Some(Stemmer::create(algorithm))
}

/// Turns words of one language into terms: lower case, without possessive and elision, stemmed, folded.
pub struct Stems {
    stop_words: Option<&'static FxHashSet<&'static str>>,
    stemmer: Option<Stemmer>,
}

/// The stop words of each language, to be looked up.
static STOP_WORDS: LazyLock<FxHashMap<&str, FxHashSet<&str>>> =
    LazyLock::new(|| stop::languages().map(|language| (language, stop_words(language).collect())).collect());

impl Stems {
    /// Prepares the stems of `language` (its primary subtag counts); none or an unknown one only folds.
    #[must_use]
    pub fn new(language: Option<&str>) -> Self {
        let language = language::primary(language.unwrap_or_default());
        Self { stemmer: stemmer(&language), stop_words: STOP_WORDS.get(language.as_str()) }
    }

    /// The term a word stands for; none for a stop word, a lone letter or something too long to be a word.
    #[must_use]
    pub fn term(&self, word: &str) -> Option<String> {
        let lower = straight(word).to_lowercase();
        let bare = without_clitics(&lower);
        let n_chars = bare.chars().take(MAX_WORD_CHARS + 1).count();
        let lone = n_chars == 1 && bare.chars().all(char::is_alphabetic) && !bare.chars().any(is_unspaced);
        if n_chars == 0
            || n_chars > MAX_WORD_CHARS
            || lone
            || self.stop_words.is_some_and(|stop_words| stop_words.contains(bare))
        {
            return None;
        }
        let stem = match &self.stemmer {
            Some(stemmer) => fold(&stemmer.stem(bare)),
            None => fold(bare),
        };
        if stem.is_empty() { None } else { Some(stem) }
    }
}

/// A word with the typewriter's apostrophe in place of the typographic one.
fn straight(word: &str) -> Cow<'_, str> {
    if word.contains('’') { Cow::Owned(word.replace('’', "'")) } else { Cow::Borrowed(word) }
}

/// Takes off `'s` and the elided articles and pronouns of Romance languages (`l'`, `d'`, `qu'`).
fn without_clitics(lower: &str) -> &str {
    let bare = lower.strip_suffix("'s").unwrap_or(lower);
    match bare.split_once('\'') {
        Some((before, after)) if before.chars().count() <= 2 && after.chars().count() >= 3 => after,
        _ => bare,
    }
}

/// The folded words of a text in their order, without stemming or stop words; unspaced scripts as pairs.
pub fn folded_words(text: &str) -> impl Iterator<Item = String> + '_ {
    segments(text).map(folded_word).filter(|word| !word.is_empty())
}

/// One word as [`folded_words`] gives it.
#[must_use]
pub fn folded_word(word: &str) -> String {
    fold(&straight(word))
}

/// The segmented form of a text for the full-text index, space-joined; the same call makes a query's words.
#[must_use]
pub fn search_terms(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in folded_words(text) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&word);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_is_that_of_the_standard_library() {
        for text in [
            "",
            "Read ALSO：记者 A",
            "“记者”在会上说，桥梁",
            "ＲＥＡＤ ＡＬＳＯ",
            "ΟΔΟΣ",
            "İstanbul",
            "ÜBER – 記者",
            "กรุงเทพ OK",
            "Ⅻ",
        ] {
            assert_eq!(lowercase(text), text.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn folds_case_and_diacritics() {
        let check = |word: &str, expected: &str| assert_eq!(fold(word), expected);
        check("ÉLYSÉE", "elysee");
        check("Ещё", "еще");
        check("Ελλάδα", "ελλαδα");
        check("ΛΌΓΟΣ", "λογοσ");
        check("Straße", "strasse");
        check("İstanbul", "istanbul");
    }

    #[test]
    fn stems_by_language() {
        let check = |language: &str, text: &str, expected: &[&str]| {
            let stems = Stems::new(Some(language));
            let terms: Vec<String> = segments(text).filter_map(|word| stems.term(word)).collect();
            assert_eq!(terms, expected, "{text}");
        };
        check("en", "The ministers' talks, and Reuters’s report", &["minist", "talk", "reuter", "report"]);
        check("fr", "L’ambassadeur d’Italie", &["ambassadeur", "ital"]);
        check("ru", "Переговоры и переговоров", &["переговор", "переговор"]);
        check("xx", "Word and 12", &["word", "and", "12"]);
    }

    #[test]
    fn the_index_form_is_segmented() {
        let check = |text: &str, expected: &str| assert_eq!(search_terms(text), expected);
        check("Zürich: 1,200 people", "zurich 1,200 people");
        check("東京都で会談", "東京 京都 都で で会 会談");
        check("日", "日");
        check("", "");
    }
}
