//! Names outside the register that a text itself shows to be outlets: once credited, they are known by their name and
//! by its initials for the rest of the text.

/// Bytes of a line in which the parentheses of a dateline open.
const MAX_PLACE_BYTES: usize = 60;

/// Words of a dateline before its parentheses: place, country, day.
const MAX_PLACE_WORDS: usize = 7;

/// Characters of an agency's name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=60;

/// Letters of an acronym.
const ACRONYM_CHARS: std::ops::RangeInclusive<usize> = 2..=8;

/// The outlets that a text has introduced: short and full names, each with the full one.
#[derive(Debug, Default)]
pub(super) struct Introduced {
    names: Vec<(String, String)>,
}

impl Introduced {
    /// Remembers a credited name.
    pub(super) fn add(&mut self, name: &str) {
        if self.names.iter().any(|(_, full)| full == name) {
            return;
        }
        self.names.push((name.to_owned(), name.to_owned()));
        let words: Vec<&str> = name.split_whitespace().collect();
        if let Some(initials) = initials_of(&words) {
            self.names.push((initials, name.to_owned()));
        }
    }

    /// The full name of what is written so.
    pub(super) fn full(&self, written: &str) -> Option<&str> {
        self.names.iter().find(|(short, _)| short == written).map(|(_, full)| full.as_str())
    }

    /// Whether any stands in a line.
    pub(super) fn is_named_in(&self, line: &str) -> bool {
        self.names.iter().any(|(short, _)| line.contains(short.as_str()))
    }
}

/// The initials of a name's capitalized words, where there are several.
pub(super) fn initials_of(words: &[&str]) -> Option<String> {
    let initials: String =
        words.iter().filter(|word| is_capitalized(word)).filter_map(|word| word.chars().next()).collect();
    (initials.chars().count() > 1 && is_acronym(&initials)).then_some(initials)
}

/// The name in the parentheses of a dateline, when it has the form of an agency's: `PLACE, Nov 3 (Valley Wire) -`.
pub(super) fn dateline_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let open = line.find('(').filter(|open| *open <= MAX_PLACE_BYTES)?;
    let (place, rest) = line.split_at(open);
    let (name, rest) = rest[1..].split_once(')')?;
    let words: Vec<&str> =
        place.split(|c: char| c.is_whitespace() || c == ',' || c == '/').filter(|word| !word.is_empty()).collect();
    let is_place = |word: &&str| {
        let first = word.chars().next();
        first.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit()) || word.chars().count() <= 3
    };
    let is_begun = words.first().is_some_and(|word| word.chars().count() >= 3 && is_shouted(word));
    let is_dateline = is_begun
        && words.len() <= MAX_PLACE_WORDS
        && words.iter().all(is_place)
        && rest.trim_start().starts_with(['-', '–', '—', '―']);
    let name = name.trim();
    (is_dateline && is_name(name)).then_some(name)
}

/// An acronym, a word with a capital inside, or several words with capitals.
fn is_name(name: &str) -> bool {
    if !NAME_CHARS.contains(&name.chars().count()) || name.chars().any(|c| c.is_numeric() || c == '.' || c == ',') {
        return false;
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    match words[..] {
        [] => false,
        [word] => is_acronym(word) || word.chars().filter(|c| c.is_uppercase()).count() > 1,
        _ => {
            let is_part = |word: &&str| is_capitalized(word) || word.chars().count() <= 3;
            words.iter().all(is_part) && words.iter().filter(|word| is_capitalized(word)).count() > 1
        }
    }
}

fn is_capitalized(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

fn is_acronym(word: &str) -> bool {
    ACRONYM_CHARS.contains(&word.chars().count()) && word.chars().all(char::is_uppercase)
}

fn is_shouted(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dateline_names_an_agency_nobody_registered() {
        let check = |line: &str, expected: Option<&str>| assert_eq!(dateline_name(line), expected, "{line}");
        check("TALBACH (Orrin Valley Wire) — The dike broke.", Some("Orrin Valley Wire"));
        check("PORT ONDINE, 3 March (OVW) - The ferry sank.", Some("OVW"));
        check("ТАЛЬБАХ (ОрринИнформ) – Дамба прорвана.", Some("ОрринИнформ"));
        check("TALBACH (Monday) — The dike broke.", None);
        check("NATO (the alliance) — a short history", None);
        check("Talbach (Orrin Valley Wire) — The dike broke.", None);
        check("THE DIKE (built in 1931) - broke", None);
        check("TALBACH (Orrin Valley Wire) The dike broke.", None);
        check("(", None);
    }

    #[test]
    fn what_was_introduced_is_known_by_its_initials() {
        let mut introduced = Introduced::default();
        introduced.add("Orrin Valley Wire");
        assert_eq!(introduced.full("OVW"), Some("Orrin Valley Wire"));
        assert_eq!(introduced.full("OV"), None);
        assert!(introduced.is_named_in("an aide told OVW on Monday"));
    }
}
