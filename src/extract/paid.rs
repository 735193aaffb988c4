//! The part of an article that is for subscribers, where JSON-LD names it: `hasPart` with a CSS selector and
//! `isAccessibleForFree` false.
//!
//! A part that is there is text of the article, whatever its class says; where it is missing or empty the page holds
//! only the beginning.

use scraper::{Html, Selector};
use serde_json::Value;

use super::cues;
use super::linked::{Object, text_of};
use super::marks::Marks;
use super::page::{Page, is_running_text};

/// More parts than this are not looked for.
const MAX_PARTS: usize = 16;

/// A longer selector is none, in bytes.
const MAX_SELECTOR: usize = 300;

/// A part with less running text is empty: a heading, an offer, a hint that there is more. In weight.
const MIN_PART: usize = 120;

/// What a page shows of the part for subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaidPart {
    /// No part is named.
    Unnamed,
    /// The named part is missing. Pages also name a part where they send the whole text and count readers in a script.
    Missing,
    /// The named part is there, without text or with an offer in its place.
    Empty,
    /// The named part has text.
    Shown,
}

/// Looks for the named part, and lets its text count as text of the article.
pub(super) fn settle(document: &Html, page: &mut Page<'_>, object: Option<&Object>) -> PaidPart {
    let selectors = object.map(selectors).unwrap_or_default();
    let mut found = PaidPart::Unnamed;
    for selector in selectors {
        if found == PaidPart::Unnamed {
            found = PaidPart::Missing;
        }
        for element in document.select(&selector).map(|element| element.value()) {
            let Some(index) = page.elements.iter().position(|other| std::ptr::eq(other.html, element)) else {
                continue;
            };
            if found == PaidPart::Missing {
                found = PaidPart::Empty;
            }
            let blocks = &page.blocks[page.elements[index].first_block..page.elements[index].end_block];
            let is_text = |text: &str| !cues::PAYWALLS.stand_in(&text.to_lowercase());
            let texts = blocks.iter().filter(|block| is_running_text(block) && is_text(&block.text));
            if texts.map(|block| block.weight).sum::<usize>() >= MIN_PART {
                found = PaidPart::Shown;
                let element = &mut page.elements[index];
                element.marks = element.marks.without(Marks::DOUBTFUL);
            }
        }
    }
    if found == PaidPart::Shown {
        page.inherit_marks();
    }
    found
}

/// The selectors of the parts that are not free.
fn selectors(object: &Object) -> Vec<Selector> {
    let parts: Vec<&Value> = match object.get("hasPart") {
        Some(Value::Array(items)) => items.iter().collect(),
        part => part.into_iter().collect(),
    };
    let texts = parts.into_iter().filter_map(Value::as_object).filter(|part| is_paid(part)).flat_map(|part| match part
        .get("cssSelector")
    {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => text_of(part, "cssSelector").into_iter().collect::<Vec<_>>(),
    });
    // Attributes that nobody else reads are not in the tree: a selector that asks for one can't be answered.
    texts
        .filter(|text| text.len() <= MAX_SELECTOR && !text.contains('['))
        .take(MAX_PARTS)
        .filter_map(|text| Selector::parse(text).ok())
        .collect()
}

fn is_paid(part: &Object) -> bool {
    match part.get("isAccessibleForFree") {
        Some(Value::Bool(free)) => !free,
        Some(Value::String(free)) => free.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::{ExtractOptions, article};
    use crate::model::BodyState;

    const BEGINNING: &str = "<p>The harbor board will sell the old cranes this autumn, its chairwoman told the town \
        council on Monday evening after a long debate about the costs of keeping them.</p>";

    const REST: &str = "<p>Three bidders have come forward so far, and two of them would leave the cranes where they \
        are, as a landmark and a place to eat with a view of the docks and the ships.</p>";

    fn check(parts: &str, body: &str, expected: BodyState, has_rest: bool) {
        let page = format!(
            "<title>Cranes for sale</title><script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\
             \"headline\":\"Cranes for sale\",\"isAccessibleForFree\":false,\"hasPart\":{parts}}}</script>\
             <article><h1>Cranes for sale</h1>{body}</article>"
        );
        let article = article(page.as_bytes(), "https://example.org/cranes", &ExtractOptions::default());
        assert_eq!((article.state, article.body.contains("Three bidders")), (expected, has_rest), "{page}");
        assert_eq!(article.is_free, Some(false));
    }

    #[test]
    fn a_missing_part_makes_a_stub() {
        let part = r#"{"@type":"WebPageElement","isAccessibleForFree":false,"cssSelector":".paywall"}"#;
        let list = r##"[{"isAccessibleForFree":"False","cssSelector":["#rest",".paywall"]}]"##;
        let long = BEGINNING.replace("The harbor", "For the NTH time the harbor");
        let times = |n_times: usize| (0..n_times).map(|n| long.replace("NTH", &n.to_string())).collect::<String>();
        let long = times(16);
        check(part, &long, BodyState::PaywalledStub, false);
        check(list, &long, BodyState::PaywalledStub, false);
        check(part, &format!("{long}<div class=paywall></div>"), BodyState::PaywalledStub, false);
        // So long a text is no beginning, unless the part stands there empty.
        check(part, &times(40), BodyState::Complete, false);
        check(part, &format!("{}<div class=paywall></div>", times(40)), BodyState::PaywalledStub, false);
        let offer = "<div class=paywall><p>Already a subscriber? Log in, or choose one of our three offers, from one \
            coin a week, with all of the puzzles, the archive and the Sunday paper.</p></div>";
        check(part, &format!("{long}{offer}"), BodyState::PaywalledStub, false);
        // The part is there: its class is no reason to drop it, and the text is complete.
        check(part, &format!("{long}<div class=paywall>{REST}</div>"), BodyState::Complete, true);
        // What is free, and what a selector can't tell, says nothing.
        check(r#"{"isAccessibleForFree":true,"cssSelector":".paywall"}"#, &long, BodyState::Complete, false);
        check(r#"{"isAccessibleForFree":false,"cssSelector":"[data-locked]"}"#, &long, BodyState::Complete, false);
        check(r#"{"isAccessibleForFree":false,"cssSelector":"..("}"#, &long, BodyState::Complete, false);
    }
}
