//! The form of a line in which names and words are looked for: lower case, without diacritics, with look-alike
//! letters of another alphabet put right, and a space before and behind every word so that a pattern can ask for whole
//! words.

use crate::text::{folded_letter, is_mark, is_unspaced};

/// A folded line that remembers where each of its bytes came from.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The folded text.
    pub(super) text: String,
    /// Its words and the characters between them, in their order.
    pub(super) pieces: Vec<Piece>,
}

/// A word, or a character that stands between words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Bytes of the folded text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Bytes of the line, without marks behind the last letter.
    pub(super) line_start: usize,
    pub(super) line_end: usize,
    /// The first character, as it is written.
    pub(super) first: char,
    /// Whether it is a word that is written with spaces around it.
    pub(super) is_word: bool,
    /// Whether white space or nothing stands before it.
    pub(super) is_spaced: bool,
}

/// Whether a character is part of a word that is written with spaces around it.
pub(super) fn is_word_char(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        // Letters without exception, so that most texts need no table.
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => true,
        _ => c.is_alphanumeric() && !is_unspaced(c),
    }
}

/// The first code point of a combining mark.
const FIRST_MARK: char = '\u{300}';

impl Folded {
    /// Folds a line.
    pub(super) fn of(line: &str) -> Self {
        let mut folded = Self {
            text: String::with_capacity(line.len() + line.len() / 4 + 32),
            pieces: Vec::with_capacity(line.len() / 5 + 8),
        };
        let lower = line.to_ascii_lowercase();
        let mut is_spaced = true;
        let mut at = 0;
        while let Some(c) = line[at..].chars().next() {
            if is_word_char(c) {
                at = folded.push_word(line, &lower, at, is_spaced);
                is_spaced = false;
                continue;
            }
            let end = at + c.len_utf8();
            if c.is_whitespace() {
                folded.push_space();
                is_spaced = true;
            } else {
                if !is_zero_width(c) {
                    let start = folded.text.len();
                    folded.text.push(plain_punctuation(c));
                    folded.pieces.push(Piece {
                        start,
                        end: folded.text.len(),
                        line_start: at,
                        line_end: end,
                        first: c,
                        is_word: false,
                        is_spaced,
                    });
                }
                is_spaced = false;
            }
            at = end;
        }
        folded
    }

    /// Folds the word that begins at a byte, with a space before and behind it; returns where it ends. `lower` is the line
    /// with its letters of ASCII in small ones.
    fn push_word(&mut self, line: &str, lower: &str, line_start: usize, is_spaced: bool) -> usize {
        self.push_space();
        let start = self.text.len();
        let mut has_cyrillic = false;
        let (mut at, mut line_end) = (line_start, line_start);
        while let Some(c) = line[at..].chars().next() {
            if c.is_ascii_alphanumeric() {
                let n_more = line.as_bytes()[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                line_end = at + 1 + n_more;
                self.text.push_str(&lower[at..line_end]);
                at = line_end;
            } else if is_word_char(c) {
                has_cyrillic |= is_cyrillic(c);
                fold_letter(c, |letter| self.text.push(letter));
                at += c.len_utf8();
                line_end = at;
            } else if c >= FIRST_MARK && is_mark(c) {
                at += c.len_utf8();
            } else {
                break;
            }
        }
        if has_cyrillic && line.as_bytes()[line_start..line_end].iter().any(u8::is_ascii_alphabetic) {
            self.unmix(start);
        }
        self.pieces.push(Piece {
            start,
            end: self.text.len(),
            line_start,
            line_end,
            first: line[line_start..].chars().next().unwrap_or_default(),
            is_word: true,
            is_spaced,
        });
        self.text.push(' ');
        at
    }

    /// The byte of the line that byte `at` of its folded text stands for.
    pub(super) fn original(&self, line: &str, at: usize) -> usize {
        let Some(piece) = self.pieces[..self.pieces.partition_point(|piece| piece.start <= at)].last() else {
            return 0;
        };
        if at >= piece.end {
            return piece.line_end;
        }
        // A letter may fold to several, in other lengths.
        let mut n_before = self.text[piece.start..at].chars().count();
        let letters = line[piece.line_start..piece.line_end].char_indices();
        let found = letters.filter(|(_, c)| is_word_char(*c)).find(|(_, c)| {
            let mut n_letters = 0;
            fold_letter(*c, |_| n_letters += 1);
            let is_it = n_before < n_letters;
            n_before = n_before.saturating_sub(n_letters);
            is_it
        });
        found.map_or(piece.line_start, |(offset, _)| piece.line_start + offset)
    }

    /// A space, where none stands yet.
    fn push_space(&mut self) {
        if !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// A word with letters of two alphabets is one whose look-alikes were exchanged: it is put into the one it fits.
    fn unmix(&mut self, start: usize) {
        let word = &self.text[start..];
        let into_latin: Option<String> = word.chars().map(latin_twin).collect();
        let into_cyrillic: Option<String> = word.chars().map(cyrillic_twin).collect();
        let n_cyrillic = word.chars().filter(|c| is_cyrillic(*c)).count();
        let is_cyrillic = 2 * n_cyrillic >= word.chars().count();
        let put_right = if is_cyrillic { into_cyrillic.or(into_latin) } else { into_latin.or(into_cyrillic) };
        if let Some(put_right) = put_right {
            self.text.replace_range(start.., &put_right);
        }
    }
}

/// Gives the letters that a character of a word folds to.
fn fold_letter(c: char, mut found: impl FnMut(char)) {
    match c {
        'a'..='z' | '0'..='9' => found(c),
        'A'..='Z' => found(c.to_ascii_lowercase()),
        'й' | 'Й' => found('и'),
        'а'..='я' => found(c),
        'А'..='Я' => found(char::from_u32(u32::from(c) + 32).unwrap_or(c)),
        'ß' => "ss".chars().for_each(found),
        'ł' | 'Ł' => found('l'),
        'ı' | 'İ' => found('i'),
        'ø' | 'Ø' => found('o'),
        'đ' | 'Đ' | 'ð' | 'Ð' => found('d'),
        'æ' | 'Æ' => "ae".chars().for_each(found),
        'œ' | 'Œ' => "oe".chars().for_each(found),
        'ς' => found('σ'),
        _ => folded_letter(c).for_each(found),
    }
}

/// Whether the folded form of a text begins with this mark.
pub(super) fn begins_with(text: &str, mark: char) -> bool {
    let first = text.chars().find(|c| !c.is_whitespace() && !is_zero_width(*c));
    first.is_some_and(|c| plain_punctuation(c) == mark)
}

/// The folded form alone.
pub(super) fn fold(text: &str) -> String {
    Folded::of(text).text
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

fn is_cyrillic(c: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&c)
}

/// Quotation marks, apostrophes and dashes each in one form.
fn plain_punctuation(c: char) -> char {
    match c {
        '’' | '‘' | '`' | 'ʼ' | '´' => '\'',
        '“' | '”' | '„' | '«' | '»' | '‹' | '›' | '「' | '」' | '『' | '』' | '《' | '》' | '〈' | '〉' | '‟' => {
            '"'
        }
        '–' | '—' | '―' | '−' | '‑' | '‐' => '-',
        '（' => '(',
        '）' => ')',
        '【' | '［' | '〔' => '[',
        '】' | '］' | '〕' => ']',
        '：' => ':',
        '，' | '、' => ',',
        '；' => ';',
        '！' => '!',
        '？' => '?',
        other => other,
    }
}

/// The Latin letter that a folded Cyrillic letter looks like; a Latin letter or a digit stays.
fn latin_twin(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'в' => 'b',
        'е' => 'e',
        'к' => 'k',
        'м' => 'm',
        'н' => 'h',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'т' => 't',
        'у' => 'y',
        'х' => 'x',
        'і' => 'i',
        'ј' => 'j',
        'ѕ' => 's',
        _ if c.is_ascii() => c,
        _ => return None,
    })
}

/// The Cyrillic letter that a folded Latin letter looks like; a Cyrillic letter or a digit stays.
fn cyrillic_twin(c: char) -> Option<char> {
    Some(match c {
        'a' => 'а',
        'b' => 'в',
        'e' => 'е',
        'k' => 'к',
        'm' => 'м',
        'h' => 'н',
        'o' => 'о',
        'p' => 'р',
        'c' => 'с',
        't' => 'т',
        'y' => 'у',
        'x' => 'х',
        'i' => 'і',
        _ if is_cyrillic(c) || c.is_ascii_digit() => c,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_that_need_no_table_agree_with_it() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_word_char(c), c.is_alphanumeric() && !is_unspaced(c), "{c:?}");
            assert!(c >= FIRST_MARK || !is_mark(c), "{c:?}");
        }
    }

    #[test]
    fn lines_are_folded_and_remember_where_they_came_from() {
        let check = |line: &str, expected: &str| assert_eq!(fold(line), expected, "{line}");
        check("Según «El Faro»", " segun \" el faro \"");
        check("l’Écho's", " l ' echo ' s ");
        // The first letter is Cyrillic in the one, the others Latin in the other.
        check("Вloomberg", " bloomberg ");
        check("Кoммepcaнт", " коммерсант ");
        check("据Courier报道", "据 courier 报道");
        check("Україна й Ёлка", " украіна и елка ");
    }

    #[test]
    fn a_byte_of_the_folded_text_knows_where_it_came_from() {
        let check = |line: &str, letters: &str, expected: &str| {
            let folded = Folded::of(line);
            let at = folded.text.find(letters).unwrap();
            assert_eq!(&line[folded.original(line, at)..folded.original(line, at + letters.len())], expected, "{line}");
        };
        check("«Été»", "ete", "Été");
        check("the Œuvre-Straße", "strasse", "Straße");
        // A letter of several stands for all of them.
        check("Œuvre", "euv", "Œuv");
        // Two Cyrillic letters of two bytes each before the one looked for.
        check("Вlооmberg", "mb", "mb");
        check("E\u{301}te\u{301}, x", "ete", "E\u{301}te");
        assert_eq!(Folded::of("«Été»").original("«Été»", 999), "«Été»".len());
    }

    #[test]
    fn pieces_cover_words_and_what_stands_between() {
        let line = "Ö, (X 据";
        let folded = Folded::of(line);
        let pieces: Vec<(&str, &str, bool)> = folded
            .pieces
            .iter()
            .map(|piece| {
                (&folded.text[piece.start..piece.end], &line[piece.line_start..piece.line_end], piece.is_spaced)
            })
            .collect();
        let expected = [("o", "Ö", true), (",", ",", false), ("(", "(", true), ("x", "X", false), ("据", "据", true)];
        assert_eq!(pieces, expected);
    }
}
