//! The form of a line in which names and words are looked for: lower case, without diacritics, with look-alike
//! letters of another alphabet put right, and a space before and behind every word so that a pattern can ask for whole
//! words.

use crate::text::{folded_letter, is_mark, is_unspaced};

/// A folded line that remembers where each of its bytes came from.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The folded text.
    pub(super) text: String,
    /// For each byte of `text` the byte of the line it stands for.
    origin: Vec<u32>,
    line_len: usize,
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
            text: String::with_capacity(line.len() + 32),
            origin: Vec::with_capacity(line.len() + 32),
            line_len: line.len(),
        };
        // Where the present word began in the folded text, and which alphabets it has letters of.
        let (mut word, mut has_latin, mut has_cyrillic) = (None, false, false);
        for (at, c) in line.char_indices() {
            if !is_word_char(c) {
                if c >= FIRST_MARK && word.is_some() && is_mark(c) {
                    continue;
                }
                folded.end_word(word.take(), at, has_latin && has_cyrillic);
                if is_zero_width(c) {
                    continue;
                }
                if !c.is_whitespace() {
                    folded.push(plain_punctuation(c), at);
                } else if !folded.text.ends_with(' ') {
                    folded.push(' ', at);
                }
                continue;
            }
            if word.is_none() {
                if !folded.text.ends_with(' ') {
                    folded.push(' ', at);
                }
                (word, has_latin, has_cyrillic) = (Some(folded.text.len()), false, false);
            }
            has_latin |= c.is_ascii_alphabetic();
            has_cyrillic |= is_cyrillic(c);
            folded.push_letter(c, at);
        }
        folded.end_word(word, line.len(), has_latin && has_cyrillic);
        folded
    }

    /// The byte of the line that byte `at` of the folded text stands for.
    pub(super) fn original(&self, at: usize) -> usize {
        self.origin.get(at).map_or(self.line_len, |at| *at as usize)
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        for _ in 0..c.len_utf8() {
            self.origin.push(at);
        }
    }

    fn push_letter(&mut self, c: char, at: usize) {
        match c {
            'a'..='z' | '0'..='9' | 'а'..='я' => self.push(if c == 'й' { 'и' } else { c }, at),
            'A'..='Z' => self.push(c.to_ascii_lowercase(), at),
            'Й' => self.push('и', at),
            'А'..='Я' => self.push(char::from_u32(u32::from(c) + 32).unwrap_or(c), at),
            'ß' => {
                self.push('s', at);
                self.push('s', at);
            }
            'ł' | 'Ł' => self.push('l', at),
            'ı' | 'İ' => self.push('i', at),
            'ø' | 'Ø' => self.push('o', at),
            'đ' | 'Đ' | 'ð' | 'Ð' => self.push('d', at),
            'æ' | 'Æ' => {
                self.push('a', at);
                self.push('e', at);
            }
            'œ' | 'Œ' => {
                self.push('o', at);
                self.push('e', at);
            }
            'ς' => self.push('σ', at),
            _ => {
                for part in folded_letter(c) {
                    self.push(part, at);
                }
            }
        }
    }

    /// Ends a word that began at `start`, before byte `at` of the line.
    fn end_word(&mut self, start: Option<usize>, at: usize, is_mixed: bool) {
        let Some(start) = start else { return };
        if is_mixed {
            self.unmix(start);
        }
        self.push(' ', at);
    }

    /// A word with letters of two alphabets is one whose look-alikes were exchanged: it is put into the one it fits.
    fn unmix(&mut self, start: usize) {
        let word: Vec<(char, u32)> =
            self.text[start..].char_indices().map(|(at, c)| (c, self.origin[start + at])).collect();
        let into_latin: Option<Vec<char>> = word.iter().map(|(c, _)| latin_twin(*c)).collect();
        let into_cyrillic: Option<Vec<char>> = word.iter().map(|(c, _)| cyrillic_twin(*c)).collect();
        let n_cyrillic = word.iter().filter(|(c, _)| is_cyrillic(*c)).count();
        let put_right =
            if 2 * n_cyrillic >= word.len() { into_cyrillic.or(into_latin) } else { into_latin.or(into_cyrillic) };
        let Some(put_right) = put_right else { return };
        self.text.truncate(start);
        self.origin.truncate(start);
        for (c, (_, at)) in put_right.into_iter().zip(word) {
            self.push(c, at as usize);
        }
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
        let folded = Folded::of("«Été»");
        let at = folded.text.find("ete").unwrap();
        assert_eq!(folded.original(at), "«".len());
        assert_eq!(folded.original(999), "«Été»".len());
    }
}
