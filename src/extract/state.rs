//! What the body is: the article, the beginning of one, a consent layer, a list of articles, or letters in disguise.

use std::collections::HashSet;

use url::Url;

use super::linked::{LinkedData, Object, has_type};
use super::marks::Marks;
use super::metadata::{is_free, meta};
use super::page::{Kind, Page};
use super::paid::PaidPart;
use super::{cues, page};
use crate::model::BodyState;
use crate::text::{self, language};

/// Texts shorter than this are no article: a headline and a teaser, in weight.
const MIN_ARTICLE: usize = 200;

/// A locked page that still carries a longer text shows it to us whole, in weight.
const MAX_STUB: usize = 1_800;

/// The same where the page names the part that it doesn't show.
const MAX_NAMED_STUB: usize = 2 * MAX_STUB;

/// A page is a list of articles with at least so many headings that are links.
const MIN_LINKED_HEADINGS: usize = 8;

/// Words of a page that wants a proof of humanity before it shows anything.
const CHALLENGES: &[&str] = &[
    "enable javascript and cookies",
    "verify you are human",
    "verifying you are human",
    "checking your browser",
    "are you a robot",
    "not a robot",
    "captcha",
    "unusual traffic",
    "access to this page has been denied",
    "access denied",
    "request unsuccessful",
    "please enable javascript",
    "just a moment",
    "подтвердите, что вы не робот",
];

/// Words of a consent layer, in the languages of the outlet register; two different ones make a text such a layer.
const CONSENTS: &[&str] = &[
    "cookie",
    "consent",
    "our partners",
    "personal data",
    "personalised ad",
    "personalized ad",
    "privacy policy",
    "personenbezogene",
    "einwilligung",
    "datenschutz",
    "unsere partner",
    "zustimmen",
    "nos partenaires",
    "données personnelles",
    "consentement",
    "nuestros socios",
    "datos personales",
    "consentimiento",
    "i nostri partner",
    "dati personali",
    "consenso",
    "dados pessoais",
    "toestemming",
    "partnerzy",
    "danych osobowych",
    "персональных данных",
];

/// What is known when the state is decided.
pub(super) struct Evidence<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) linked: &'a LinkedData,
    pub(super) object: Option<&'a Object>,
    pub(super) base: Option<&'a Url>,
    pub(super) language: Option<&'a str>,
    pub(super) body: &'a str,
    /// What the page shows of the part for subscribers.
    pub(super) paid: PaidPart,
}

/// Decides the state of a body.
pub(super) fn of(evidence: &Evidence<'_>) -> BodyState {
    let Evidence { page, body, .. } = *evidence;
    let weight = page::weight_of(body);
    if weight < MIN_ARTICLE && has_challenge(page) {
        return BodyState::Consent;
    }
    if is_consent(body, weight) {
        return BodyState::Consent;
    }
    if body.is_empty() {
        return BodyState::Missing;
    }
    // The beginning is often left plain.
    if is_scrambled(body, evidence.language) || is_scrambled(latter_part(body), evidence.language) {
        return BodyState::Scrambled;
    }
    if is_listing(evidence, weight) {
        return BodyState::Listing;
    }
    let is_cut_off = match evidence.paid {
        PaidPart::Empty => true,
        PaidPart::Missing => weight < MAX_NAMED_STUB,
        PaidPart::Unnamed | PaidPart::Shown => false,
    };
    if is_cut_off || (weight < MAX_STUB && is_locked(evidence)) {
        return BodyState::PaywalledStub;
    }
    if weight < MIN_ARTICLE {
        return BodyState::NotAnArticle;
    }
    if weight < MAX_STUB && breaks_off(body) {
        return BodyState::Truncated;
    }
    BodyState::Complete
}

/// Whether the page asks for a proof of humanity: a short page with the words of one.
fn has_challenge(page: &Page<'_>) -> bool {
    let n_words: usize = page.blocks.iter().map(|block| block.weight).sum();
    if n_words > 3_000 {
        return false;
    }
    let mut text = text::lowercase(&page.title);
    for block in &page.blocks {
        text.push('\n');
        text.push_str(&text::lowercase(&block.text));
    }
    CHALLENGES.iter().any(|words| text.contains(words))
}

fn is_consent(body: &str, weight: usize) -> bool {
    if weight > 2_500 {
        return false;
    }
    let lower = text::lowercase(body);
    let n_kinds = CONSENTS.iter().filter(|word| lower.contains(*word)).count();
    let n_lines = body.lines().count();
    let n_consent_lines = body
        .lines()
        .filter(|line| {
            let line = text::lowercase(line);
            CONSENTS.iter().any(|word| line.contains(word))
        })
        .count();
    n_kinds >= 2 && n_consent_lines * 2 >= n_lines
}

/// Whether the page says that the text is for subscribers.
fn is_locked(evidence: &Evidence<'_>) -> bool {
    is_free(evidence.page, evidence.object) == Some(false)
        || evidence.page.blocks.iter().filter(|block| block.weight <= 250).any(|block| {
            !evidence.page.marks_of(block).has(Marks::COMMENTS)
                && cues::PAYWALLS.stand_in(&text::lowercase(&block.text))
        })
}

/// Whether the page lists articles: linked headings, no article of its own.
fn is_listing(evidence: &Evidence<'_>, weight: usize) -> bool {
    let page = evidence.page;
    let is_front = evidence.base.is_some_and(|url| url.path().trim_matches('/').is_empty() && url.query().is_none());
    let is_list_type = evidence.object.is_none()
        && !evidence
            .linked
            .objects(|kind| matches!(kind, "CollectionPage" | "ItemList" | "SearchResultsPage" | "ProfilePage"))
            .is_empty();
    let is_declared = evidence.object.is_some_and(|object| !has_type(object, |kind| kind == "Review"))
        || meta(page, &["og:type"]).is_some_and(|kind| kind.eq_ignore_ascii_case("article"));
    let n_linked = page
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, Kind::Heading(_)) && block.link_share() > 0.8 && block.weight >= 15)
        .count();
    if is_front {
        return n_linked >= MIN_LINKED_HEADINGS || !is_declared;
    }
    let n_lines = evidence.body.lines().count().max(1);
    let mean = weight / n_lines;
    !is_declared
        && (n_linked >= 2 * MIN_LINKED_HEADINGS || (is_list_type && n_linked >= MIN_LINKED_HEADINGS))
        && mean < 180
}

/// Whether the last line stops in the middle.
fn breaks_off(body: &str) -> bool {
    let end = body.trim_end();
    let end = end.strip_suffix([']', ')']).unwrap_or(end);
    end.ends_with('…') || end.ends_with("...")
}

/// Characters looked at for disguised letters.
const SAMPLE: usize = 1_500;

/// Languages in Latin letters have 35 to 50 % vowels; exchanged letters rarely do.
const MIN_VOWELS: f64 = 0.33;

/// Signs per letter: a tenth in plain text, a third after ROT47.
const MAX_SIGNS: f64 = 0.2;

/// Share of words that are the most frequent words of their language: real text has over a third, disguised text none.
const PLAIN_SHARE: f64 = 0.04;
/// See [`PLAIN_SHARE`]: the share that shows a disguise was taken off.
const UNMASKED_SHARE: f64 = 0.15;

/// The lines after the first third of a text.
fn latter_part(body: &str) -> &str {
    let third = body.floor_char_boundary(body.len() / 3);
    body[third..].split_once('\n').map_or("", |(_, rest)| rest)
}

/// Whether the letters were exchanged (ROT47, or the alphabet shifted) to keep programs from reading.
fn is_scrambled(body: &str, declared: Option<&str>) -> bool {
    let sample: String = body.chars().take(SAMPLE).collect();
    if sample.chars().filter(char::is_ascii).count() * 10 < sample.chars().count() * 8 || sample.len() < MIN_ARTICLE {
        return false;
    }
    let n_letters = sample.bytes().filter(u8::is_ascii_alphabetic).count();
    let n_vowels = sample.bytes().filter(|byte| b"aeiouAEIOU".contains(byte)).count();
    let n_signs = sample.bytes().filter(u8::is_ascii_punctuation).count();
    if page::ratio(n_vowels, n_letters) > MIN_VOWELS && page::ratio(n_signs, n_letters) < MAX_SIGNS {
        return false;
    }
    let declared = declared.map(language::primary);
    let languages: Vec<&str> = match declared.as_deref() {
        Some(language) => vec![language, "en"],
        None => vec!["en", "de", "fr", "es"],
    };
    let stop_words: Vec<HashSet<&str>> =
        languages.iter().map(|language| text::stop_words(language).collect()).collect();
    let share = |text: &str| {
        let words: Vec<String> = text
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        let count = |common: &HashSet<&str>| words.iter().filter(|word| common.contains(word.as_str())).count();
        page::ratio(stop_words.iter().map(count).max().unwrap_or(0), words.len())
    };
    if share(&sample) > PLAIN_SHARE {
        return false;
    }
    let rot47 = sample.chars().map(|c| match u8::try_from(c) {
        Ok(byte @ 33..=126) => char::from(33 + (byte - 33 + 47) % 94),
        _ => c,
    });
    if share(&rot47.collect::<String>()) >= UNMASKED_SHARE {
        return true;
    }
    (1..26_u8).any(|shift| {
        let shifted: String = sample
            .chars()
            .map(|c| match u8::try_from(c) {
                Ok(byte @ b'a'..=b'z') => char::from(b'a' + (byte - b'a' + shift) % 26),
                Ok(byte @ b'A'..=b'Z') => char::from(b'A' + (byte - b'A' + shift) % 26),
                _ => c,
            })
            .collect();
        share(&shifted) >= UNMASKED_SHARE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The old bridge over the river reopened on Tuesday after eleven months of repairs, the council said in a \
        statement. Engineers had found cracks in two of its piers, and it was closed to all of the traffic in the town. The \
        tram will follow in the spring, when the last of the rails has been laid.";

    #[test]
    fn disguised_letters_are_seen() {
        let rot47: String = TEXT
            .chars()
            .map(|c| if c.is_ascii_graphic() { char::from(33 + (c as u8 - 33 + 47) % 94) } else { c })
            .collect();
        let shifted: String = TEXT
            .chars()
            .map(|c| if c.is_ascii_lowercase() { char::from(b'a' + (c as u8 - b'a' + 1) % 26) } else { c })
            .collect();
        let check = |text: &str, expected: bool| assert_eq!(is_scrambled(text, Some("en")), expected, "{text}");
        check(TEXT, false);
        check(&rot47, true);
        check(&shifted, true);
        check("Z 1 2 3 4 5 6 7 8 9", false);
    }

    #[test]
    fn the_latter_part_begins_with_a_line() {
        let check = |text: &str, expected: &str| assert_eq!(latter_part(text), expected);
        check("one\ntwo\nthree\nfour", "three\nfour");
        check("one line", "");
        check("é\né", "é");
        check("", "");
    }

    #[test]
    fn a_cut_text_is_seen() {
        assert!(breaks_off("The bridge was closed and …"));
        assert!(breaks_off("The bridge was closed and [...]"));
        assert!(!breaks_off("The bridge was closed."));
    }
}
