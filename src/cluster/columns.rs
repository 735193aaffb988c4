//! Recurring columns: one form of headline that many places, teams or days fill with their own names.
//!
//! Weather, draws, closing prices and score sheets repeat their form and most of their text. A form that came with several
//! different names among the articles at hand is a column, and its items are the same news only when the names and the
//! figures agree. They are no news of anything else.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::fingerprint::Terms;

use super::contract::{Item, TimeBasis};
use super::look_alike::{MAX_WORDS, MIN_FORM_SHARE, MIN_FORM_WORDS, is_figure, is_name, words};
use super::state::Member;

/// Different names in one form from which it is a column.
const MIN_FILLINGS: usize = 3;

/// Characters of a form beside what fills it: fewer are grammar, not a form.
const MIN_FORM_CHARS: usize = 12;

/// Likeness of the figures from which two items of a column with the same names are one.
const MIN_SAME_NUMBERS: f64 = 0.5;

/// Seconds between two issues of a column that one outlet publishes under one headline: lotteries are drawn at midday and in the
/// evening, weather is told in the morning and at night; the same headline sooner is a text that was put up again.
const MIN_ISSUE_GAP_S: u64 = 8 * 3_600;

/// What tells the issues of a column apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issue<'a> {
    pub(super) title: &'a str,
    pub(super) outlet: Option<i64>,
    /// When it was published, seconds; none when that is unknown.
    pub(super) published: Option<i64>,
}

impl<'a> From<&'a Item> for Issue<'a> {
    fn from(item: &'a Item) -> Self {
        let published = (item.time_basis != TimeBasis::Imported).then_some(item.event_time.0);
        Self { title: &item.title, outlet: item.outlet.map(|outlet| outlet.0), published }
    }
}

impl<'a> From<&'a Member> for Issue<'a> {
    fn from(member: &'a Member) -> Self {
        Self { title: &member.title, outlet: member.outlet, published: member.dated.then_some(member.time.0) }
    }
}

/// The columns among a set of headlines.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    forms: HashSet<String>,
}

/// An item of a column: its form, the names that fill it and the figures of the headline.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ColumnItem {
    form: String,
    names: String,
    figures: String,
}

impl ColumnItem {
    /// Whether two items of one column tell different news; none when they are not of one column.
    fn is_apart(&self, other: &Self, numbers: f64) -> Option<bool> {
        (self.form == other.form).then(|| self.names != other.names || numbers < MIN_SAME_NUMBERS)
    }
}

impl Columns {
    /// Finds the columns among these headlines; their order doesn't matter.
    pub(super) fn of<'a>(titles: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fillings: HashMap<String, BTreeSet<String>> = HashMap::new();
        for item in titles.into_iter().filter_map(form) {
            fillings.entry(item.form).or_default().insert(item.names);
        }
        fillings.retain(|_, names| names.len() >= MIN_FILLINGS);
        Self { forms: fillings.into_keys().collect() }
    }

    /// Reads a headline as an item of a column.
    fn item(&self, title: &str) -> Option<ColumnItem> {
        if self.forms.is_empty() {
            return None;
        }
        form(title).filter(|item| self.forms.contains(&item.form))
    }

    /// Whether two headlines are items of one column that tell different news. `numbers` is the likeness of their figures.
    pub(super) fn are_apart(&self, a: &str, b: &str, numbers: f64) -> bool {
        self.item(a).zip(self.item(b)).is_some_and(|(a, b)| a.is_apart(&b, numbers) == Some(true))
    }

    /// Whether two articles are two issues of one outlet's column, under one headline on two days or under one that differs in
    /// its figures alone: whatever they repeat, the news in them is another. Two outlets may report one thing with
    /// different figures.
    pub(super) fn are_two_issues(&self, a: Issue<'_>, b: Issue<'_>) -> bool {
        if a.outlet.is_none() || a.outlet != b.outlet {
            return false;
        }
        if a.title == b.title {
            let is_another_day = a.published.zip(b.published).is_some_and(|(a, b)| a.abs_diff(b) >= MIN_ISSUE_GAP_S);
            return is_another_day && self.item(a.title).is_some();
        }
        let is_one_but_for_figures =
            |a: ColumnItem, b: ColumnItem| a.form == b.form && a.names == b.names && a.figures != b.figures;
        self.item(a.title).zip(self.item(b.title)).is_some_and(|(a, b)| is_one_but_for_figures(a, b))
    }

    /// Whether two sets of headlines have a column in common and none of its items on both sides tells the same.
    pub(super) fn keep_apart<'a>(
        &self,
        a: impl Iterator<Item = &'a str>,
        b: impl Iterator<Item = &'a str>,
        numbers: f64,
    ) -> bool {
        let items: Vec<ColumnItem> = a.filter_map(|title| self.item(title)).collect();
        if items.is_empty() {
            return false;
        }
        let others: Vec<ColumnItem> = b.filter_map(|title| self.item(title)).collect();
        let mut pairs = items.iter().flat_map(|a| others.iter().filter_map(|b| a.is_apart(b, numbers))).peekable();
        pairs.peek().is_some() && pairs.all(|is_apart| is_apart)
    }

    /// Whether one of two sets of headlines is nothing but items of columns that the other has none of: the weather of a place is
    /// not the news of that place, and no draw is a closing price.
    pub(super) fn stand_alone<'a>(&self, a: impl Iterator<Item = &'a str>, b: impl Iterator<Item = &'a str>) -> bool {
        if self.forms.is_empty() {
            return false;
        }
        let a: Vec<Option<ColumnItem>> = a.map(|title| self.item(title)).collect();
        let b: Vec<Option<ColumnItem>> = b.map(|title| self.item(title)).collect();
        let is_column = |items: &[Option<ColumnItem>]| !items.is_empty() && items.iter().all(Option::is_some);
        let have_one = a.iter().flatten().any(|a| b.iter().flatten().any(|b| a.form == b.form));
        !have_one && (is_column(&a) || is_column(&b))
    }
}

/// Share of the different numbers of the shorter text that stand in the other; 1 when it has none.
pub(super) fn shared_numbers(a: &Terms, b: &Terms) -> f64 {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let n = few.iter().filter(|(term, _)| many.binary_search_by_key(term, |entry| entry.0).is_ok()).count();
    if few.is_empty() { 1.0 } else { n as f64 / few.len() as f64 }
}

/// The words of a headline that are no name and no figure, with the slots between them, and the names in the slots.
fn form(title: &str) -> Option<ColumnItem> {
    let words = words(title);
    let (mut form, mut names, mut figures) = (String::new(), String::new(), String::new());
    let (mut n_words, mut n_chars) = (0, 0);
    for word in words.iter().take(MAX_WORDS + 1) {
        if is_name(word) || is_figure(word) {
            if !form.ends_with('_') {
                form.push('_');
            }
            let filling = if is_name(word) { &mut names } else { &mut figures };
            filling.push_str(word);
            filling.push(' ');
        } else {
            n_words += 1;
            n_chars += word.chars().count();
            form.push(' ');
            form.push_str(word);
        }
    }
    let is_form = n_words >= MIN_FORM_WORDS
        && n_chars >= MIN_FORM_CHARS
        && words.len() <= MAX_WORDS
        && n_words as f64 >= MIN_FORM_SHARE * words.len() as f64;
    (is_form && !names.is_empty()).then_some(ColumnItem { form, names, figures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_many_names_is_a_column() {
        let titles = [
            "Marlow lottery: the numbers of Monday",
            "Kestrel lottery: the numbers of Friday",
            "Lennshire lottery: the numbers of Monday",
            "Mayor of Marlow denies a leak",
        ];
        let columns = Columns::of(titles);
        assert!(columns.are_apart(titles[0], titles[1], 1.0));
        assert!(columns.are_apart(titles[0], titles[0], 0.1), "another day's numbers under one headline");
        assert!(!columns.are_apart(titles[0], titles[0], 1.0));
        assert!(!columns.are_apart(titles[0], titles[3], 0.0));
        let two = Columns::of(titles[..2].iter().copied());
        assert!(!two.are_apart(titles[0], titles[1], 0.0), "two of a form are not yet a column");
        let keep =
            |a: &[&'static str], b: &[&'static str]| columns.keep_apart(a.iter().copied(), b.iter().copied(), 1.0);
        assert!(keep(&titles[..1], &titles[1..2]));
        assert!(!keep(&titles[..2], &titles[1..2]), "one item tells the same");
        assert!(!keep(&titles[..1], &titles[3..]), "no column in common");
        let alone = |a: &[&'static str], b: &[&'static str]| columns.stand_alone(a.iter().copied(), b.iter().copied());
        assert!(alone(&titles[..1], &titles[3..]) && alone(&titles[3..], &titles[..2]), "a draw and news of the place");
        assert!(!alone(&titles[1..], &titles[3..]), "a story that has news beside a draw");
        assert!(!alone(&titles[..1], &titles[1..2]), "two of one column are told apart by their names and figures");
        assert!(!alone(&titles[3..], &titles[3..]) && !alone(&[], &titles[3..]));
    }

    #[test]
    fn one_headline_on_two_days_is_two_issues() {
        let titles = ["Marlow", "Kestrel", "Lennshire"].map(|place| format!("{place} lottery: the numbers of Monday"));
        let columns = Columns::of(titles.iter().map(String::as_str));
        let issue = |title, outlet, hour: i64| Issue { title, outlet, published: Some(hour * 3_600) };
        let first = issue(&titles[0], Some(1), 0);
        assert!(columns.are_two_issues(first, issue(&titles[0], Some(1), 24)));
        assert!(columns.are_two_issues(first, issue(&titles[0], Some(1), 9)), "midday and evening");
        assert!(!columns.are_two_issues(first, issue(&titles[0], Some(1), 3)), "put up again");
        assert!(!columns.are_two_issues(first, issue(&titles[0], Some(2), 24)), "another outlet's");
        assert!(!columns.are_two_issues(first, Issue { published: None, ..first }), "no date");
        let news = issue("Mayor of Marlow denies a leak", Some(1), 0);
        assert!(!columns.are_two_issues(news, Issue { published: Some(90_000), ..news }), "no column");
    }

    #[test]
    fn one_outlets_headlines_that_differ_in_figures_are_two_issues() {
        let titles = ["Marlow", "Kestrel", "Lennshire", "Marlow"];
        let titles =
            titles.iter().zip(11..).map(|(place, n)| format!("Weather for {place}: {n} degrees and light wind"));
        let titles: Vec<String> = titles.collect();
        let columns = Columns::of(titles.iter().map(String::as_str));
        let issue = |at: usize, outlet| Issue { title: &titles[at], outlet: Some(outlet), published: Some(0) };
        assert!(columns.are_two_issues(issue(0, 1), issue(3, 1)));
        assert!(!columns.are_two_issues(issue(0, 1), issue(3, 2)), "two outlets measure differently");
        assert!(!columns.are_two_issues(issue(0, 1), issue(1, 1)), "another place: told apart by its name");
    }

    #[test]
    fn a_figure_that_rises_makes_no_column() {
        let tolls: Vec<String> = (10..20).map(|n| format!("Storm kills at least {n} people in Marlow")).collect();
        let columns = Columns::of(tolls.iter().map(String::as_str));
        assert_eq!(columns.item(&tolls[0]), None);
    }

    #[test]
    fn numbers_in_common() {
        assert!((shared_numbers(&vec![(1, 1), (2, 1)], &vec![(2, 3), (3, 1), (4, 1)]) - 0.5).abs() < 1e-9);
        assert!((shared_numbers(&Terms::new(), &vec![(2, 3)]) - 1.0).abs() < 1e-9);
    }
}
