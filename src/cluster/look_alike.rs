//! Headlines of one form: a recurring column, or two events of one kind, fill the same form with other names.
//!
//! `Marlow lottery: the numbers of Monday` and `Kestrel lottery: the numbers of Friday` say the same of different things.
//! A figure alone may differ within one event (a toll that rises), so a name, a place or a day must.

use crate::text::longest_common;

use super::columns::Columns;
use super::state::Member;

/// Longest run of words that fills a slot.
const MAX_SLOT_WORDS: usize = 3;

/// Share of the longer headline's words that belong to the form.
pub(super) const MIN_FORM_SHARE: f64 = 0.45;

/// Words of the form, so that two short headlines don't make one.
pub(super) const MIN_FORM_WORDS: usize = 3;

/// Members of a story whose headlines are compared across outlets, the latest ones: bounds the cost of a large story.
const MAX_COMPARED: usize = 16;

/// Cosine of the names from which the headlines of two outlets are not told apart by their form: when a name inside
/// differs, and when only the first word does, which has its capital in any case.
const MIN_SHARED_NAMES: f64 = 0.5;
const MIN_SHARED_NAMES_START: f64 = 0.25;

/// Cosine of the numbers from which two items of a column with some names in common may be one: a column's news is its
/// figures.
const MIN_SHARED_NUMBERS: f64 = 0.25;

/// Whether the headlines tell that two stories are two events: one outlet fills one form with other names in both, or two
/// outlets do and the texts don't name the same people and places either, or both are items of one column, or two issues of
/// it, or one is of a column and the other isn't. `names` and `numbers` are the cosines of the stories' names and numbers.
pub(super) fn are_look_alikes(a: &[Member], b: &[Member], columns: &Columns, names: f64, numbers: f64) -> bool {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let latest = |members: &[Member]| members.len().saturating_sub(MAX_COMPARED);
    let (few_latest, many_latest) = (&few[latest(few)..], &many[latest(many)..]);
    // Items of a column name little beside their place; texts that name the same people are one event under any headline.
    let names_little = names < MIN_SHARED_NAMES_START || names < MIN_SHARED_NAMES && numbers < MIN_SHARED_NUMBERS;
    if names_little
        && (columns.keep_apart(titles_of(few_latest), titles_of(many_latest), numbers)
            || columns.stand_alone(titles_of(few_latest), titles_of(many_latest)))
    {
        return true;
    }
    let one_outlet = few.iter().filter(|member| member.outlet.is_some()).any(|member| {
        many.iter().any(|other| {
            member.outlet == other.outlet
                && (is_same_form(&member.title, &other.title) || columns.are_two_issues(member.into(), other.into()))
        })
    });
    if one_outlet || names >= MIN_SHARED_NAMES {
        return one_outlet;
    }
    few_latest.iter().filter(|member| !is_title_case(&member.title)).any(|member| {
        many_latest.iter().any(|other| {
            form(&member.title, &other.title).is_some_and(|slots| slots.has_inside || names < MIN_SHARED_NAMES_START)
        })
    })
}

fn titles_of(members: &[Member]) -> impl Iterator<Item = &str> {
    members.iter().map(|member| member.title.as_str())
}

/// Whether two headlines are one form whose slots are filled with different names.
pub(super) fn is_same_form(a: &str, b: &str) -> bool {
    form(a, b).is_some()
}

/// Whether they are one form with several slots that differ, such as a place and a day: of one text under two headlines
/// of this kind, both are fillings of a template.
pub(super) fn is_template(a: &str, b: &str) -> bool {
    form(a, b).is_some_and(|slots| slots.n_names > 1) && !is_title_case(a) && !is_title_case(b)
}

/// Slots that hold different names.
#[derive(Debug, Clone, Copy, Default)]
struct Slots {
    n_names: usize,
    /// Whether one is not the first word.
    has_inside: bool,
}

fn is_title_case(title: &str) -> bool {
    let words = words(title);
    2 * words.iter().filter(|word| is_name(word)).count() > words.len() + 1
}

fn form(a: &str, b: &str) -> Option<Slots> {
    let (a, b) = (words(a), words(b));
    let longer = a.len().max(b.len());
    if longer > MAX_WORDS || a.len().min(b.len()) < MIN_FORM_WORDS {
        return None;
    }
    let lower = |words: &[&str]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
    let common = longest_common(&lower(&a), &lower(&b));
    if common.len() < MIN_FORM_WORDS || (common.len() as f64) < MIN_FORM_SHARE * longer as f64 {
        return None;
    }
    let mut found = Slots::default();
    let (mut i, mut j) = (0, 0);
    for (at_a, at_b) in common.into_iter().chain([(a.len(), b.len())]) {
        let (left, right) = (&a[i..at_a], &b[j..at_b]);
        if !left.is_empty() || !right.is_empty() {
            let fits = |slot: &[&str]| {
                (1..=MAX_SLOT_WORDS).contains(&slot.len()) && slot.iter().all(|word| is_name(word) || is_figure(word))
            };
            if !fits(left) || !fits(right) {
                return None;
            }
            if left.iter().any(|word| is_name(word)) && right.iter().any(|word| is_name(word)) {
                found.n_names += 1;
                found.has_inside |= i > 0 || j > 0;
            }
        }
        (i, j) = (at_a + 1, at_b + 1);
    }
    (found.n_names > 0).then_some(found)
}

/// Longest headline that is compared, in words.
pub(super) const MAX_WORDS: usize = 40;

pub(super) fn words(title: &str) -> Vec<&str> {
    let trimmed = title.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    trimmed.filter(|word| !word.is_empty()).collect()
}

pub(super) fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

pub(super) fn is_figure(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_with_other_names() {
        let check = |a: &str, b: &str, expected: bool| {
            assert_eq!(is_same_form(a, b), expected, "{a} / {b}");
            assert_eq!(is_same_form(b, a), expected, "{b} / {a}");
        };
        check("Marlow lottery: the numbers of Monday", "Kestrel lottery: the numbers of Friday", true);
        check("Police look for missing boy in Marlow", "Police look for missing boy in New Lenn", true);
        check("Storm kills 12 in Marlow", "Storm kills 14 in Marlow", false);
        check("Storm kills 12 in Marlow", "Storm kills 12 in Marlow", false);
        check("Marlow bridge reopens after repairs", "Bridge in Marlow reopens", false);
        check("Mayor of Marlow resigns over leak", "Mayor of Marlow denies a leak", false);
        check("Rain", "Snow", false);
        check("", "", false);
        assert!(is_template("Marlow lottery: the numbers of Monday", "Kestrel lottery: the numbers of Friday"));
        assert!(!is_template("Police look for missing boy in Marlow", "Police look for missing boy in Lennshire"));
    }
}
