//! Which text of an article is kept where its feed and its page both give one.
//!
//! The page's is, as the newer one with the page's own markup, unless the feed's is the same text and more of it:
//!
//! ```text
//! no running text on one side ─▶ the other
//! the feed's holds the page's and is longer by a fifth, or whole where the page has a stub ─▶ the feed
//! anything else ─▶ the page
//! ```
//!
//! Both were cleaned of captions, lists of links and offers before; of what is left only running text counts, so that
//! neither wins by labels and buttons.

use crate::model::BodyState;
use crate::text;

/// Shorter lines are labels and buttons more often than sentences, in characters; those of scripts without spaces count
/// twice.
const MIN_LINE: usize = 60;

/// A text has to be longer by this to be more than another edition, as a percentage of the other.
///
/// Editions of one text differ by a sentence or two; what a stub leaves out is most of it.
const LONGER_PERCENT: usize = 120;

/// Letters at the beginning of a line that tell whether it is the same as another.
const N_LETTERS: usize = 40;

/// A text of one origin.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// One paragraph a line.
    pub body: &'a str,
    /// What it is.
    pub state: BodyState,
}

/// Which of two texts is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The page's.
    Page,
    /// The feed's.
    Feed,
}

/// A decision between two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which is kept.
    pub kept: Kept,
    /// Why, as one sentence for people.
    pub reason: String,
}

/// Decides between the text of a feed and that of the page of the same article.
#[must_use]
pub fn choose(feed: Text<'_>, page: Text<'_>) -> Choice {
    let of_feed: Vec<&str> = running_lines(feed);
    let of_page: Vec<&str> = running_lines(page);
    let (n_feed, n_page) = (weight(&of_feed), weight(&of_page));
    let lengths = format!("{n_feed} characters of running text in the feed, {n_page} on the page");
    let keep = |kept, why: &str| Choice { kept, reason: format!("{why}: {lengths}") };
    if n_feed == 0 {
        return keep(Kept::Page, "the page's text is kept, the feed has none");
    }
    if n_page == 0 {
        return keep(Kept::Feed, "the feed's text is kept, the page has none");
    }
    let is_stub = matches!(page.state, BodyState::PaywalledStub | BodyState::Truncated);
    let why = if is_stub && feed.state == BodyState::Complete && n_feed >= n_page {
        format!("the feed's text is kept, it is whole and the page's is {}", page.state.as_str())
    } else if n_feed * 100 > n_page * LONGER_PERCENT {
        "the feed's text is kept, it holds the page's and more".to_owned()
    } else {
        return keep(Kept::Page, "the page's text is kept, the feed has no more of it");
    };
    if !holds(&of_feed, &of_page) {
        return keep(Kept::Page, "the page's text is kept, the feed's is longer but another one");
    }
    keep(Kept::Feed, &why)
}

fn running_lines(text: Text<'_>) -> Vec<&str> {
    if !text.state.is_article_text() {
        return Vec::new();
    }
    text.body.lines().filter(|line| weight(&[line]) >= MIN_LINE).collect()
}

fn weight(lines: &[&str]) -> usize {
    lines.iter().flat_map(|line| line.chars()).map(|c| if text::is_unspaced(c) { 2 } else { 1 }).sum()
}

/// Whether at least half of the lines begin as lines of another text do.
fn holds(outer: &[&str], inner: &[&str]) -> bool {
    let start = |line: &&str| -> String {
        line.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(N_LETTERS).collect()
    };
    let known: std::collections::HashSet<String> = outer.iter().map(start).collect();
    let n_found = inner.iter().filter(|line| known.contains(&start(line))).count();
    n_found * 2 >= inner.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(range: std::ops::Range<usize>) -> String {
        let line =
            |n| format!("{n} times the ferry crossed the sound that day, said its captain after the last of them.\n");
        range.map(line).collect()
    }

    #[test]
    fn the_fuller_of_the_same_text_is_kept() {
        use BodyState::{Complete, Consent, PaywalledStub, Summary};
        let check = |feed: (String, BodyState), page: (String, BodyState), expected: Kept, why: &str| {
            let choice = choose(Text { body: &feed.0, state: feed.1 }, Text { body: &page.0, state: page.1 });
            assert_eq!(choice.kept, expected, "{}", choice.reason);
            assert!(choice.reason.contains(why), "{}", choice.reason);
        };
        check((lines(0..3), Summary), (lines(0..20), Complete), Kept::Page, "no more of it");
        check((lines(0..20), Complete), (lines(0..20), Complete), Kept::Page, "no more of it");
        check((lines(0..21), Complete), (lines(0..20), Complete), Kept::Page, "no more of it");
        check((lines(0..30), Complete), (lines(0..20), Complete), Kept::Feed, "and more");
        check((lines(0..9), Complete), (lines(0..8), PaywalledStub), Kept::Feed, "paywalled-stub");
        check((lines(50..90), Complete), (lines(0..8), PaywalledStub), Kept::Page, "another one");
        check((lines(0..9), Summary), (String::new(), Complete), Kept::Feed, "the page has none");
        check((lines(0..9), Summary), (lines(0..20), Consent), Kept::Feed, "the page has none");
        // Labels are no text, however many.
        let labels = lines(0..8) + &"Share this\n".repeat(200);
        check((labels, Complete), (lines(0..8), Complete), Kept::Page, "no more of it");
        check((String::new(), Complete), (lines(0..2), Complete), Kept::Page, "the feed has none");
    }
}
