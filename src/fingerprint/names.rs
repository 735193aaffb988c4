//! Names by their capitals: word sequences that are capitalized in the middle of a sentence.
//!
//! Scripts without case have no names here; their terms carry the comparison alone.

use std::rc::Rc;

use crate::text;

use super::vocabulary::{Term, Vocabulary};

/// Lower-case words that stand inside a name (`Ministry of Defense`, `van der Berg`).
const CONNECTORS: &[&str] = &["of", "de", "del", "da", "di", "du", "al", "bin", "van", "von", "der", "den", "la", "el"];

/// Share of capitalized words from which a headline is in title case and tells nothing about names.
const TITLE_CASE_SHARE: f64 = 0.6;

/// A sequence of capitalized words, each by its term.
type Name = Vec<Rc<Term>>;

/// Names of a headline and the beginning of a body.
pub(super) fn names(title: &str, body: &str, vocabulary: &mut Vocabulary) -> Vec<Name> {
    let mut found = Vec::new();
    let (mut n_words, mut n_capital) = (0_usize, 0_usize);
    for word in title.split_whitespace() {
        n_words += 1;
        n_capital += usize::from(is_capital(word));
    }
    if (n_capital as f64) < TITLE_CASE_SHARE * n_words as f64 {
        in_text(title, vocabulary, &mut found);
    }
    in_text(body, vocabulary, &mut found);
    found
}

/// The whole of a name, its parts spaced.
pub(super) fn joined(name: &[Rc<Term>]) -> String {
    name.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn is_capital(word: &str) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase)
}

/// A sequence that is being read.
#[derive(Default)]
struct Open<'t> {
    words: Vec<&'t str>,
    /// Whether it began a sentence.
    at_start: bool,
}

fn in_text(text: &str, vocabulary: &mut Vocabulary, found: &mut Vec<Name>) {
    let mut open = Open::default();
    for line in text.lines() {
        let mut begins_sentence = true;
        for raw in line.split_whitespace() {
            let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
            let opens_anew = raw.starts_with(['(', '"', '“', '«', '\'', '‘']);
            if opens_anew {
                open.close(vocabulary, found);
            }
            if is_capital(word) {
                if open.words.is_empty() {
                    open.at_start = begins_sentence || opens_anew;
                }
                open.words.push(word);
            } else if open.words.is_empty() || !CONNECTORS.contains(&word) {
                open.close(vocabulary, found);
            } else {
                open.words.push(word);
            }
            // An initial's period doesn't end a name, any other mark does.
            let marks_end = raw.ends_with(|c: char| !c.is_alphanumeric()) && !(raw.ends_with('.') && word.len() <= 2);
            if marks_end {
                open.close(vocabulary, found);
            }
            begins_sentence = marks_end && text::ends_sentence(raw);
        }
        open.close(vocabulary, found);
    }
}

impl<'t> Open<'t> {
    fn close(&mut self, vocabulary: &mut Vocabulary, found: &mut Vec<Name>) {
        while self.words.last().is_some_and(|word| !is_capital(word)) {
            self.words.pop();
        }
        let alone_at_start = self.at_start && self.words.len() == 1;
        let terms: Name =
            self.words.drain(..).filter_map(|word| Some(Rc::clone(&vocabulary.term(word)?.term))).collect();
        if !alone_at_start && !terms.is_empty() {
            found.push(terms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(title: &str, body: &str) -> Vec<String> {
        names(title, body, &mut Vocabulary::new(None)).iter().map(|name| joined(name)).collect()
    }

    #[test]
    fn finds_names() {
        let check = |text: &str, expected: &[&str]| assert_eq!(found("", text), expected, "{text}");
        check("Yesterday Ida Brandt spoke.", &["yesterday ida brandt"]);
        check("The mayor, Ida Brandt, left Velmouth.", &["ida brandt", "velmouth"]);
        check("Crews worked. Boats came. \"Lines held.\" Pumps ran! Why? Nobody knew…", &[]);
        check("Asked by Gen. Brandt, Mr. Hill left", &["gen", "brandt", "mr hill"]);
        check("at the Ministry of Defense of", &["ministry of defense"]);
        check("会談した。", &[]);
    }

    #[test]
    fn headlines_in_title_case_are_skipped() {
        assert!(found("Mayor Ida Brandt Speaks Out", "").is_empty());
        assert_eq!(found("Mayor says Brandt will stay", ""), ["brandt"]);
    }
}
