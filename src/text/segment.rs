//! Where words and sentences begin and end.

use unicode_segmentation::UnicodeSegmentation;

/// Whether a character belongs to a script that is cut into pairs instead of words.
///
/// Korean has spaces, but its particles hang on the nouns; pairs find the noun without a stemmer.
#[must_use]
pub fn is_unspaced(c: char) -> bool {
    // Most letters lie below; one comparison tells.
    c >= '\u{e01}'
        && matches!(
            u32::from(c),
            0x0E01..=0x0E4E // Thai
            | 0x0E81..=0x0ECE // Lao
            | 0x1000..=0x109F // Burmese
            | 0x1780..=0x17D3 // Khmer
            | 0x3005..=0x3007
            | 0x3041..=0x3096 // Hiragana
            | 0x30A1..=0x30FF // Katakana
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF // Han
            | 0xAC00..=0xD7A3 // Hangul
            | 0xF900..=0xFAFF
            | 0x20000..=0x323AF
        )
}

/// Words of a text in their order as they are written; runs of unspaced scripts as overlapping pairs.
pub fn segments(text: &str) -> impl Iterator<Item = &str> + '_ {
    runs(text).flat_map(|(unspaced, run)| {
        let words: Box<dyn Iterator<Item = &str>> =
            if unspaced { Box::new(pairs(run)) } else { Box::new(pieces(run).flat_map(str::unicode_words)) };
        words
    })
}

/// Words as [`segments`] gives them, each with the byte position at which it ends.
pub fn segment_ends(text: &str) -> impl Iterator<Item = (usize, &str)> + '_ {
    // Each is a slice of the text, so that its address tells where it stands.
    segments(text).map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize + word.len(), word))
}

/// Cuts a text where words end in any case, before ASCII letters and digits that follow a space, so that what is not ASCII
/// stands alone: the other pieces are cut into words by much simpler rules.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let is_cut = |at: &usize| bytes[at - 1] == b' ' && bytes[*at].is_ascii_alphanumeric();
        let cut = bytes
            .iter()
            .position(|byte| !byte.is_ascii())
            .and_then(|foreign| (1..foreign).rev().find(is_cut).or_else(|| (foreign + 1..bytes.len()).find(is_cut)));
        let (piece, after) = rest.split_at(cut.unwrap_or(rest.len()));
        rest = after;
        Some(piece)
    })
}

/// Cuts a text where unspaced script begins or ends.
fn runs(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let unspaced = is_unspaced(rest.chars().next()?);
        let end = rest.char_indices().find(|(_, c)| is_unspaced(*c) != unspaced).map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end);
        rest = after;
        Some((unspaced, run))
    })
}

/// Overlapping pairs of characters; a lone character stands for itself.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    let width = if starts.len() > 2 { 2 } else { 1 };
    let cuts: Vec<(usize, usize)> = starts.windows(width + 1).map(|cut| (cut[0], cut[width])).collect();
    cuts.into_iter().map(move |(start, end)| &run[start..end])
}

/// Short words that end in a period within a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "gen", "lt", "col", "sgt", "capt", "sen", "rep", "gov", "st", "jr", "sr", "no",
    "vs", "inc", "ltd", "co", "corp", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec", "u.s", "u.k", "u.n", "e.g", "i.e", "г", "стр", "руб", "млн", "млрд", "тыс", "им", "bzw", "z.b", "m", "mme",
    "sig", "dott",
];

/// Whether a piece ends in an abbreviation or an initial rather than a sentence.
fn ends_in_abbreviation(piece: &str) -> bool {
    let Some(before) = piece.trim_end().strip_suffix('.') else {
        return false;
    };
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“' | '«')).next();
    let word = word.unwrap_or_default();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Whether a word, written with its marks and followed by a space, ends a sentence.
#[must_use]
pub fn ends_sentence(word: &str) -> bool {
    let closed = word.trim_end_matches(['"', '”', '“', '»', '\'', '’', ')', ']']);
    closed.ends_with(['.', '!', '?', '…', '。', '!', '?']) && !ends_in_abbreviation(closed)
}

/// Sentences of a text, trimmed, none empty; a line break always ends one.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        for (at, piece) in line.split_sentence_bound_indices() {
            let end = at + piece.len();
            if end < line.len() && ends_in_abbreviation(&line[start..end]) {
                continue;
            }
            let sentence = line[start..end].trim();
            if !sentence.is_empty() {
                found.push(sentence);
            }
            start = end;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_have_the_words_of_the_whole(text in "([a-c0-9é'’.,:_\n\u{300}\u{200d}\u{ad}«ж\u{1f600} ] ?){0,40}") {
            let cut: Vec<&str> = pieces(&text).flat_map(str::unicode_words).collect();
            prop_assert_eq!(cut, text.unicode_words().collect::<Vec<_>>());
            prop_assert_eq!(pieces(&text).collect::<String>(), text);
        }
    }

    #[test]
    fn cuts_sentences() {
        let check = |text: &str, expected: &[&str]| assert_eq!(sentences(text), expected);
        check("Mr. Hill left. He smiled.", &["Mr. Hill left.", "He smiled."]);
        check("J. R. Ewing spoke.\nA new line", &["J. R. Ewing spoke.", "A new line"]);
        check("会談した。次は?", &["会談した。", "次は?"]);
        check(" \n\n", &[]);
        check("It ended in the U.S.", &["It ended in the U.S."]);
    }

    #[test]
    fn knows_the_end_of_a_sentence() {
        let check = |word: &str, expected: bool| assert_eq!(ends_sentence(word), expected, "{word}");
        check("left.", true);
        check("left.”", true);
        check("why?", true);
        check("Mr.", false);
        check("J.", false);
        check("left,", false);
        check("“", false);
    }

    #[test]
    fn words_know_where_they_end() {
        let text = "Zürich, 東京 met";
        let ends: Vec<_> = segment_ends(text).collect();
        assert_eq!(ends, [(7, "Zürich"), (15, "東京"), (19, "met")]);
        assert!(ends.iter().all(|(end, word)| text[..*end].ends_with(word)));
    }

    #[test]
    fn mixes_scripts() {
        let words: Vec<_> = segments("NATO加盟国 met").collect();
        assert_eq!(words, ["NATO", "加盟", "盟国", "met"]);
    }
}
