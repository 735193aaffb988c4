//! What the texts of one story tell differently: numbers, dates and names, with who says what.
//!
//! A value that stands in one text beside the value most others have is another fact, not another version of it: only
//! what never occurs together is told. Nothing here says which version is right.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::ArticleId;
use crate::text::{self, dates};

/// The text of a member.
#[derive(Debug, Clone, Copy)]
pub struct DriftText<'a> {
    /// The article.
    pub article: ArticleId,
    /// BCP 47 language, when known.
    pub language: Option<&'a str>,
    /// Headline and body.
    pub text: &'a str,
}

/// What sort of detail differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftKind {
    /// A number of something.
    Number,
    /// A day of the year.
    Date,
    /// A name.
    Name,
}

/// One version of a detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftValue {
    /// As it is told.
    pub value: String,
    /// The articles that tell it so.
    pub articles: Vec<ArticleId>,
}

/// A detail that differs between members, the version most of them tell first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// What sort of detail.
    pub kind: DriftKind,
    /// What it is a number of; for dates and names the version most tell.
    pub about: String,
    /// The versions.
    pub versions: Vec<DriftValue>,
}

/// At least so many articles tell a version before another one counts as a drift from it.
const MIN_ARTICLES: usize = 2;

/// Letters of the counted thing that must agree: endings differ by case and number.
const STEM: usize = 6;

/// Shorter names are too easily other names.
const MIN_NAME: usize = 6;

/// Names of so many letters may differ in two of them.
const LONG_NAME: usize = 9;

/// Details of one kind: each value with the articles that tell it.
type Told = BTreeMap<String, BTreeSet<ArticleId>>;

/// The numbers of one thing that each article tells.
type Counts = BTreeMap<ArticleId, BTreeSet<String>>;

/// Lists what differs between the members of a story.
#[must_use]
pub fn drift(texts: &[DriftText<'_>]) -> Vec<Drift> {
    let mut numbers: BTreeMap<(String, String), (String, Counts)> = BTreeMap::new();
    let (mut days, mut names) = (Told::new(), Told::new());
    for member in texts {
        let words: Vec<&str> = member.text.split(|c: char| !is_part(c)).filter(|word| !word.is_empty()).collect();
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
        let language = member.language.unwrap_or_default();
        let stop_words: BTreeSet<&str> = text::stop_words(language).collect();
        for (index, word) in words.iter().enumerate() {
            let next = words.get(index + 1).copied().unwrap_or_default();
            let before = index.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
            if let Some((day, month)) = day_of_year(before, word, next) {
                days.entry(format!("{month:02}-{day:02}")).or_default().insert(member.article);
            } else if let Some(number) = number(word) {
                let counted = next.to_lowercase();
                let is_counted = counted.chars().count() >= 4 && counted.chars().all(char::is_alphabetic);
                if is_counted
                    && !stop_words.contains(counted.as_str())
                    && month(next).is_none()
                    && month(before).is_none()
                {
                    let stem: String = counted.chars().take(STEM).collect();
                    let told = numbers.entry((language.to_owned(), stem)).or_insert_with(|| (counted, BTreeMap::new()));
                    told.1.entry(member.article).or_default().insert(number);
                }
            } else if is_name(word) && month(word).is_none() {
                names.entry((*word).to_owned()).or_default().insert(member.article);
            }
        }
    }
    let mut found: Vec<Drift> =
        numbers.into_values().filter_map(|(about, told)| numbers_differ(about, &told)).collect();
    found.extend(near_misses(DriftKind::Date, &days, is_near_day));
    found.extend(near_misses(DriftKind::Name, &names, is_near_name));
    found
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '\'' | '’')
}

fn month(word: &str) -> Option<i8> {
    let is_word = word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
    is_word.then(|| dates::month_of(word)).flatten()
}

/// "14 October", "October 14", "14. Oktober".
fn day_of_year(before: &str, word: &str, next: &str) -> Option<(u8, i8)> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let day: u8 = digits.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = month(next).or_else(|| month(before))?;
    Some((day, month))
}

/// A whole number as digits; years and numbers with a fraction are none.
fn number(word: &str) -> Option<String> {
    let mut groups = word.split([',', '.']);
    let first = groups.next().filter(|group| !group.is_empty() && group.len() <= 9)?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    let value: u64 = digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    (word.len() != 4 || !(1900..2100).contains(&value)).then(|| value.to_string())
}

fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.all(|c| c.is_alphabetic() && c.is_lowercase())
        && word.chars().count() >= MIN_NAME
}

/// The versions of a count, where each article tells one.
fn numbers_differ(about: String, told: &Counts) -> Option<Drift> {
    let mut by_value: BTreeMap<&String, Vec<ArticleId>> = BTreeMap::new();
    for (article, values) in told {
        // Several numbers of one thing in one text are a list, not a version.
        if let (Some(value), 1) = (values.first(), values.len()) {
            by_value.entry(value).or_default().push(*article);
        }
    }
    let mut versions: Vec<DriftValue> =
        by_value.into_iter().map(|(value, articles)| DriftValue { value: value.clone(), articles }).collect();
    versions.sort_by(|a, b| b.articles.len().cmp(&a.articles.len()).then(a.value.cmp(&b.value)));
    let is_told = versions.len() > 1 && versions[0].articles.len() >= MIN_ARTICLES;
    is_told.then_some(Drift { kind: DriftKind::Number, about, versions })
}

/// Values told by few that are close to one told by more and never stand beside it.
fn near_misses(kind: DriftKind, told: &Told, is_near: fn(&str, &str) -> bool) -> Vec<Drift> {
    let mut found = Vec::new();
    for (value, articles) in told.iter().filter(|(_, articles)| articles.len() >= MIN_ARTICLES) {
        let mut misses: Vec<DriftValue> = told
            .iter()
            .filter(|(other, by)| by.len() < articles.len() && is_near(value, other) && by.is_disjoint(articles))
            .map(|(other, by)| DriftValue { value: other.clone(), articles: by.iter().copied().collect() })
            .collect();
        if !misses.is_empty() {
            misses.sort_by_key(|version| std::cmp::Reverse(version.articles.len()));
            let most = DriftValue { value: value.clone(), articles: articles.iter().copied().collect() };
            let versions = std::iter::once(most).chain(misses).collect();
            found.push(Drift { kind, about: value.clone(), versions });
        }
    }
    found
}

/// The same day of another month, or a day or two beside it.
fn is_near_day(a: &str, b: &str) -> bool {
    let parts =
        |text: &str| text.split_once('-').and_then(|(m, d)| Some((m.parse::<i8>().ok()?, d.parse::<i8>().ok()?)));
    match (parts(a), parts(b)) {
        (Some((m, d)), Some((n, e))) => (d == e && m != n) || (m == n && (1..=2).contains(&(d - e).abs())),
        _ => false,
    }
}

/// One or two letters apart, and not merely in the ending.
fn is_near_name(a: &str, b: &str) -> bool {
    let (long, other) = (a.chars().count(), b.chars().count());
    let allowed = if long.min(other) >= LONG_NAME { 2 } else { 1 };
    let n_common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    a.chars().next() == b.chars().next()
        && long.abs_diff(other) <= allowed
        && n_common + 2 < long.min(other)
        && strsim::damerau_levenshtein(a, b) <= allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(texts: &[(&str, &str)]) -> Vec<(DriftKind, String, Vec<String>)> {
        let texts: Vec<DriftText<'_>> = (1..)
            .zip(texts)
            .map(|(id, (language, text))| DriftText { article: ArticleId(id), language: Some(language), text })
            .collect();
        let of = |drift: Drift| {
            let told = |version: &DriftValue| format!("{} x{}", version.value, version.articles.len());
            (drift.kind, drift.about, drift.versions.iter().map(told).collect())
        };
        drift(&texts).into_iter().map(of).collect()
    }

    #[test]
    fn who_counts_otherwise_is_listed() {
        let found = versions(&[
            ("en", "The flood took 44 houses in 2024, the mayor said."),
            ("en", "Some 44 houses are gone."),
            ("en", "At least 1,055 houses were lost."),
            ("en", "There were 12 houses on one bank and 32 houses on the other."),
        ]);
        assert_eq!(found, [(DriftKind::Number, "houses".to_owned(), vec!["44 x2".to_owned(), "1055 x1".to_owned()])]);
    }

    #[test]
    fn a_day_that_never_stands_beside_the_usual_one_differs() {
        let found = versions(&[
            ("en", "They spoke on 14 October; the vote is on 15 October."),
            ("en", "The talk of October 14 was recorded."),
            ("de", "Das Gespräch vom 14. November wurde bekannt."),
            ("en", "The vote of 15 October failed."),
        ]);
        let expected = vec!["10-14 x2".to_owned(), "11-14 x1".to_owned()];
        assert_eq!(found, [(DriftKind::Date, "10-14".to_owned(), expected)]);
    }

    #[test]
    fn a_misspelled_name_differs_and_an_inflected_one_does_not() {
        let found = versions(&[
            ("en", "Minister Barenholm resigned."),
            ("de", "Minister Barenholm trat zurück."),
            ("de", "Barenholms Rücktritt."),
            ("en", "Mr Bahrenholm is gone."),
        ]);
        let expected = vec!["Barenholm x2".to_owned(), "Bahrenholm x1".to_owned()];
        assert_eq!(found, [(DriftKind::Name, "Barenholm".to_owned(), expected)]);
    }
}
