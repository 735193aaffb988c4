//! Whether one article is another one in a second language: the same numbers and the same names in the same order.
//!
//! Reports of one event share names and some numbers, too, but not their order and not all of them. Both must agree, in
//! both directions for the numbers, before an article is called a translation; anything less says nothing.

use std::collections::BTreeSet;

use crate::fingerprint::name_key;
use crate::text::longest_common;

/// Distinct numbers that must stand in both texts in one order: two or three are shared by any two reports.
const MIN_NUMBERS: usize = 4;

/// Share of the numbers of the text with more of them that must be aligned; a translator drops or converts a few.
const MIN_NUMBER_SHARE: f64 = 0.75;

/// Distinct names that must be aligned.
const MIN_NAMES: usize = 5;

/// Share of the names of the text with fewer of them that must be aligned; endings and spellings hide some.
const MIN_NAME_SHARE: f64 = 0.6;

/// Names and numbers looked at, from the beginning of a text: bounds the cost of comparing two.
const MAX_ANCHORS: usize = 200;

/// Shorter capitalized words are articles and abbreviations more often than names.
const MIN_NAME_CHARS: usize = 4;

/// What a text and its translation have in common, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors {
    /// Digits of each number, without separators.
    numbers: Vec<String>,
    /// Keys of names that scripts share; a name repeated at once counts once.
    names: Vec<String>,
}

/// Reads the names and numbers of a text.
#[must_use]
pub fn anchors(text: &str) -> Anchors {
    let mut found = Anchors::default();
    // A sentence's first word has its capital from there, unless it has one inside a sentence, too.
    let (mut names, mut inside) = (Vec::new(), BTreeSet::new());
    let mut is_first = true;
    for piece in text.split_whitespace() {
        let is_end = piece.trim_end_matches(['"', '\'', '»', '”', '“', ')']).ends_with(['.', '!', '?', ':', '…']);
        if let Some(digits) = number(piece) {
            found.numbers.push(digits);
        } else {
            for word in piece.split(|c: char| !c.is_alphabetic()).filter(|word| is_capitalized(word)) {
                if let Some(key) = name_key(word) {
                    if !is_first {
                        inside.insert(key.clone());
                    }
                    names.push(key);
                }
            }
        }
        is_first = is_end;
    }
    names.retain(|key| inside.contains(key));
    names.dedup();
    names.truncate(MAX_ANCHORS);
    found.numbers.truncate(MAX_ANCHORS);
    found.names = names;
    found
}

/// The share of the names that stand in both texts in one order, when one is a translation of the other.
#[must_use]
pub fn aligned(a: &Anchors, b: &Anchors) -> Option<f64> {
    let most = a.numbers.len().max(b.numbers.len());
    let fewest = a.numbers.len().min(b.numbers.len());
    if fewest < MIN_NUMBERS || (fewest as f64) < MIN_NUMBER_SHARE * most as f64 {
        return None;
    }
    let numbers = in_order(&a.numbers, &b.numbers);
    if distinct(&numbers) < MIN_NUMBERS || (numbers.len() as f64) < MIN_NUMBER_SHARE * most as f64 {
        return None;
    }
    let names = in_order(&a.names, &b.names);
    let share = names.len() as f64 / a.names.len().min(b.names.len()).max(1) as f64;
    (distinct(&names) >= MIN_NAMES && share >= MIN_NAME_SHARE).then_some(share)
}

fn is_capitalized(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() >= MIN_NAME_CHARS
}

/// The digits of a piece that begins with one: "1,055", "14th", "3.5%".
fn number(piece: &str) -> Option<String> {
    let piece = piece.trim_start_matches(|c: char| !c.is_alphanumeric());
    piece.chars().next().filter(char::is_ascii_digit)?;
    let is_part = |c: &char| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '\'' | '’');
    Some(piece.chars().take_while(is_part).filter(char::is_ascii_digit).collect())
}

fn distinct(values: &[&str]) -> usize {
    values.iter().collect::<BTreeSet<_>>().len()
}

/// What two lists have in common in the same order.
fn in_order<'a>(a: &'a [String], b: &[String]) -> Vec<&'a str> {
    longest_common(a, b).into_iter().map(|(at, _)| a[at].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "On 14 March the ferry Ondine sank off Velmouth with 212 people aboard, Captain Marek Tolstoy \
        told the court in Brandburg on Monday. The hull had 37 cracks, and the owner, Havenko Lines, was warned on 3 \
        February by the engineer Ilona Vasarek. Repairs would have cost 480,000 crowns. Vasarek wrote to Havenko again \
        in 2023. Judge Pavel Drobny asked why 19 boats were missing. Tolstoy said he didn't know; the harbor of Velmouth \
        had cleared Ondine at 6:40.";

    const GERMAN: &str = "Am 14. März sank die Fähre Ondine vor Velmouth mit 212 Menschen an Bord, sagte Kapitän Marek \
        Tolstoi am Montag vor dem Gericht in Brandburg. Der Rumpf hatte 37 Risse, und die Reederei Havenko war am 3. \
        Februar von der Ingenieurin Ilona Vasarek gewarnt worden. Die Reparatur hätte 480.000 Kronen gekostet. Im Jahr \
        2023 schrieb Vasarek noch einmal an Havenko. Richter Pavel Drobny fragte, warum 19 Boote fehlten. Das wisse er \
        nicht, sagte Tolstoi; der Hafen von Velmouth habe die Ondine um 6.40 Uhr freigegeben.";

    const RUSSIAN: &str = "14 марта паром «Ондин» затонул у Вельмута с 212 людьми на борту, заявил капитан Марек Толстой в \
        понедельник в суде Брандбурга. В корпусе было 37 трещин, и 3 февраля инженер Илона Васарек предупредила компанию \
        Хавенко. Ремонт стоил бы 480000 крон. В 2023 году Васарек снова написала в Хавенко. Судья Павел Дробный спросил, \
        почему не хватало 19 лодок. Он не знает, ответил Толстой; порт Вельмута выпустил «Ондин» в 6:40.";

    /// The same event by another hand.
    const OTHER: &str = "Der Prozess um die Fähre Ondine hat in Brandburg begonnen. Richter Pavel Drobny hörte zuerst \
        Ilona Vasarek, die 37 Risse gezählt hatte. Kapitän Marek Tolstoi schwieg am Vormittag. An Bord waren 212 \
        Menschen, für 60 fehlte ein Platz in den 8 Booten. Havenko zahlt den Familien 12.000 Kronen. Am 14. April sagt \
        der Hafenmeister von Velmouth aus.";

    #[test]
    fn a_translation_keeps_names_and_numbers_in_order() {
        for (a, b) in [(ENGLISH, GERMAN), (ENGLISH, RUSSIAN), (GERMAN, RUSSIAN)] {
            assert!(aligned(&anchors(a), &anchors(b)).is_some(), "{:?}\n{:?}", anchors(a), anchors(b));
        }
    }

    #[test]
    fn another_report_of_the_event_is_none() {
        for text in [ENGLISH, RUSSIAN] {
            assert_eq!(aligned(&anchors(text), &anchors(OTHER)), None);
        }
        assert_eq!(aligned(&anchors("Nothing 1 here."), &anchors("Nichts 1 da.")), None);
    }

    #[test]
    fn numbers_are_read_without_their_separators() {
        assert_eq!(anchors("1,055 men, (14th) 3.5% 6:40").numbers, ["1055", "14", "35", "640"]);
    }
}
