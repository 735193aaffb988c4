//! Names by their capitals: word sequences that are capitalized in the middle of a sentence.
//!
//! Scripts without case have no names here; their terms carry the comparison alone.

use crate::text::{self, Stems};

/// Lower-case words that stand inside a name (`Ministry of Defense`, `van der Berg`).
const CONNECTORS: &[&str] = &["of", "de", "del", "da", "di", "du", "al", "bin", "van", "von", "der", "den", "la", "el"];

/// Share of capitalized words from which a headline is in title case and tells nothing about names.
const TITLE_CASE_SHARE: f64 = 0.6;

/// Names of a headline and the beginning of a body: whole sequences and their parts, stemmed and folded.
pub(super) fn names(title: &str, body: &str, stems: &Stems) -> Vec<String> {
    let mut found = Vec::new();
    let words: Vec<&str> = title.split_whitespace().collect();
    let n_capital = words.iter().filter(|word| is_capital(word)).count();
    if (n_capital as f64) < TITLE_CASE_SHARE * words.len() as f64 {
        in_sentence(title, stems, &mut found);
    }
    for sentence in text::sentences(body) {
        in_sentence(sentence, stems, &mut found);
    }
    found
}

fn is_capital(word: &str) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase)
}

fn in_sentence(sentence: &str, stems: &Stems, found: &mut Vec<String>) {
    // The open sequence and whether it began the sentence.
    let mut open: Vec<&str> = Vec::new();
    let mut at_start = false;
    for (index, raw) in sentence.split_whitespace().enumerate() {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
        let opens_anew = raw.starts_with(['(', '"', '“', '«', '\'', '‘']);
        if opens_anew {
            close(&mut open, at_start, stems, found);
        }
        if is_capital(word) {
            if open.is_empty() {
                at_start = index == 0 || opens_anew;
            }
            open.push(word);
        } else if open.is_empty() || !CONNECTORS.contains(&word) {
            close(&mut open, at_start, stems, found);
        } else {
            open.push(word);
        }
        // An initial's period doesn't end a name, any other mark does.
        let marks_end = raw.ends_with(|c: char| !c.is_alphanumeric()) && !(raw.ends_with('.') && word.len() <= 2);
        if marks_end {
            close(&mut open, at_start, stems, found);
        }
    }
    close(&mut open, at_start, stems, found);
}

fn close(open: &mut Vec<&str>, at_start: bool, stems: &Stems, found: &mut Vec<String>) {
    while open.last().is_some_and(|word| !is_capital(word)) {
        open.pop();
    }
    let alone_at_start = at_start && open.len() == 1;
    let terms: Vec<String> = open.drain(..).filter_map(|word| stems.term(word)).collect();
    if alone_at_start || terms.is_empty() {
        return;
    }
    if terms.len() > 1 {
        found.push(terms.join(" "));
    }
    found.extend(terms);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(names("", text, &Stems::new(None)), expected, "{text}");
        };
        check("Yesterday Ida Brandt spoke.", &["yesterday ida brandt", "yesterday", "ida", "brandt"]);
        check("The mayor, Ida Brandt, left Velmouth.", &["ida brandt", "ida", "brandt", "velmouth"]);
        check("Crews worked. Boats came.", &[]);
        check("at the Ministry of Defense of", &["ministry of defense", "ministry", "of", "defense"]);
        check("会談した。", &[]);
    }

    #[test]
    fn headlines_in_title_case_are_skipped() {
        assert!(names("Mayor Ida Brandt Speaks Out", "", &Stems::new(None)).is_empty());
        assert_eq!(names("Mayor says Brandt will stay", "", &Stems::new(None)), ["brandt"]);
    }
}
