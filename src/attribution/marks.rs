//! Marks that tell by their form what a name is: datelines, sign-offs, bylines, photo credits, source lists.

use super::AttributionKind::{AgencyByline, LicensedByline, OriginalReport, PhotoCredit};
use super::lexicon::WordClass;
use super::mention::{Mention, Verdict, Who};
use super::tokens::{Kind, Token};

/// Where a line stands in its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The headline.
    pub(super) is_title: bool,
    /// One of the last two lines of the body.
    pub(super) is_near_end: bool,
}

/// Tokens before an agency's name in a dateline: place, country, date.
const DATELINE_TOKENS: usize = 16;

/// Tokens of a line that is nothing but a byline.
const BYLINE_TOKENS: usize = 24;

/// Reads the marks of a line and writes what they say into its mentions.
pub(super) fn read(
    tokens: &[Token],
    sentences: &[std::ops::Range<usize>],
    mentions: &mut [Mention],
    line: &str,
    place: Place,
    is_agency: impl Fn(usize) -> bool,
    is_photo_agency: impl Fn(usize) -> bool,
) {
    for at in 0..tokens.len() {
        let Some(index) = tokens[at].mention() else { continue };
        if mentions[index].verdict != Verdict::Open {
            continue;
        }
        let Who::Known(outlet) = mentions[index].who else { continue };
        let wire = |kind, word| Verdict::Mark(kind, word);
        let verdict = if is_label(tokens, at) {
            Verdict::Nothing
        } else if is_photo_agency(outlet) {
            wire(PhotoCredit, "photo agency")
        } else if is_dateline(tokens, sentences, at, line) {
            wire(AgencyByline, "dateline")
        } else if is_initialed_sign_off(tokens, at, line, place) {
            wire(AgencyByline, "sign-off")
        } else if let Some(word) = photo(tokens, at, line) {
            wire(PhotoCredit, word)
        } else if is_sign_off(tokens, sentences, at, place) {
            wire(if is_agency(outlet) { AgencyByline } else { LicensedByline }, "sign-off")
        } else if is_byline(tokens, sentences, at, line) {
            wire(if is_agency(outlet) { AgencyByline } else { LicensedByline }, "byline")
        } else if let Some(word) = headline_credit(tokens, at, place) {
            wire(OriginalReport, word)
        } else {
            Verdict::Open
        };
        mentions[index].verdict = verdict;
    }
}

/// "Bild:" before a photo credit is a label, not a newspaper.
fn is_label(tokens: &[Token], at: usize) -> bool {
    let next_is_colon = tokens.get(at + 1).is_some_and(|token| token.is_mark(&[':']));
    let is_first = at == 0 || tokens[at - 1].is_mark(&['.', '(', '[', '|']);
    tokens[at].is(WordClass::Photo) && next_is_colon && is_first
}

/// `PARIS, Nov 3 (X) -`, `ROME. /X/ —`, `PARIS | X |`, `[ニコシア 23日 X]`, `МОСКВА, 3 ноября. X -`.
fn is_dateline(tokens: &[Token], sentences: &[std::ops::Range<usize>], at: usize, line: &str) -> bool {
    // The dateline may follow a byline that is a sentence of its own.
    let is_place = |start: usize, end: usize| {
        end - start <= DATELINE_TOKENS
            && tokens[start..end].iter().all(|token| match token.kind {
                Kind::Word => {
                    token.is_capital
                        || token.end - token.start <= 3
                        || is_month(token, line)
                        || token.is(WordClass::Abbreviation)
                }
                Kind::Number => true,
                Kind::Punctuation(c) => matches!(c, ',' | '.' | '-' | '/' | '\'' | '|' | '年' | '月' | '日'),
                Kind::Mention(_) => false,
            })
    };
    let mark = |n: usize, marks: &[char]| tokens.get(n).is_some_and(|token| token.is_mark(marks));
    let starts = || {
        std::iter::once(0)
            .chain(sentences.iter().map(|sentence| sentence.start))
            .filter(move |start| *start < at && at - *start <= DATELINE_TOKENS + 2)
    };
    let is_begun = |end: usize| starts().any(|start| start <= end && is_place(start, end)) || end == 0;
    let before = |n: usize| at.checked_sub(n);
    // In parentheses before a dash, or before a capital where the dash got lost.
    if let Some(open) = before(1).filter(|open| mark(*open, &['('])) {
        // Names before the parenthesis are a byline: then a dash must follow.
        let has_dash = mark(at + 2, &['-', ':']) || (mark(at + 2, &['.']) && mark(at + 3, &['-']));
        if mark(at + 1, &[')']) && has_dash && is_begun(open) {
            return true;
        }
    }
    if let Some(open) = before(1).filter(|open| mark(*open, &['/', '|'])) {
        let is_closed =
            mark(at + 1, &['/', '|']) && (mark(at + 1, &['|']) || mark(at + 2, &['-', '.']) || at + 2 >= tokens.len());
        if is_closed && tokens[open].is_spaced && is_begun(open) {
            return true;
        }
    }
    if mark(at + 1, &[']']) && mark(0, &['[']) && at <= DATELINE_TOKENS && at > 1 {
        return tokens[1..at].iter().all(|token| !token.is_mark(&['/']));
    }
    // "X北京3月3日电": the wire, the place and the day before the word for dispatch.
    if is_begun(at) || (before(1).is_some_and(|open| open == 0 && mark(open, &['(']))) {
        let end = (at + 1..tokens.len().min(at + DATELINE_TOKENS))
            .find(|n| line[tokens[*n].start..].starts_with(['电', '電', '讯', '訊']));
        if end.is_some_and(|end| {
            tokens[at + 1..end]
                .iter()
                .all(|token| token.is_unspaced || token.kind == Kind::Number || token.is_mark(&['/', '-']))
        }) {
            return true;
        }
    }
    // Without parentheses the place must be in capitals: "МОСКВА, 3 ноября. X -", "КИЕВ, 3 марта - X.".
    let is_upper_case = |token: &Token| {
        let word = &line[token.start..token.end];
        word.chars().count() >= 3 && word.chars().all(|c| c.is_uppercase())
    };
    let starts_in_capitals = tokens.first().is_some_and(|token| token.kind == Kind::Word && is_upper_case(token));
    let is_closed = mark(at + 1, &['-']) || (mark(at + 1, &['.']) && before(1).is_some_and(|n| mark(n, &['-'])));
    let has_day = tokens[..at].iter().any(|token| token.kind == Kind::Number);
    let is_shouted =
        is_upper_case(&tokens[at]) || line[tokens[at].start..tokens[at].end].chars().all(|c| !c.is_lowercase());
    (starts_in_capitals || (has_day && is_shouted)) && at > 0 && is_closed && is_place(0, at)
}

fn is_month(token: &Token, line: &str) -> bool {
    // Lower-case month names stand beside a number; a dateline has no other lower-case word of that length.
    token.end - token.start <= 20 && line[..token.start].trim_end().ends_with(|c: char| c.is_ascii_digit())
}

/// `ab/X`: an editor's initials and the wire.
fn is_initialed_sign_off(tokens: &[Token], at: usize, line: &str, place: Place) -> bool {
    let slash = at.checked_sub(1).filter(|slash| tokens[*slash].is_mark(&['/', '-']));
    let (Some(slash), true) = (slash, place.is_near_end && at + 1 == tokens.len()) else { return false };
    (1..=8).contains(&slash)
        && tokens[..slash].iter().all(|token| match token.kind {
            Kind::Word => token.end - token.start <= 4 && line[token.start..token.end].chars().all(char::is_lowercase),
            Kind::Punctuation(c) => matches!(c, '/' | ',' | '(' | '-'),
            Kind::Number | Kind::Mention(_) => false,
        })
}

/// Why a name is a picture's: a label before it, a slash beside it, "via", a word for picture behind it.
fn photo(tokens: &[Token], at: usize, line: &str) -> Option<&'static str> {
    let near = |n: Option<usize>| n.and_then(|n| tokens.get(n));
    let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
    if after.is_some_and(|token| token.is(WordClass::Photo))
        && !near(Some(at + 2)).is_some_and(|token| token.is_mark(&[':']))
    {
        return Some("a picture of it");
    }
    // The slash behind a domain is part of an address.
    let is_address = line[tokens[at].start..tokens[at].end].contains('.');
    if before.is_some_and(|token| token.is_mark(&['©', '/']))
        || (!is_address && after.is_some_and(|token| token.is_mark(&['/'])))
    {
        return Some("slash");
    }
    if before.is_some_and(|token| line[token.start..token.end].eq_ignore_ascii_case("via")) {
        // "NAME via X" at the end of a line or a parenthesis.
        let who = near(at.checked_sub(2));
        let is_name =
            who.is_some_and(|token| token.is_capital || token.is_mark(&['/', ')', ':']) || token.is(WordClass::Photo));
        if is_name && after.is_none_or(|token| token.is_mark(&[')', '.', ']', ',', ';'])) {
            return Some("via");
        }
    }
    // "What the picture shows. Source: X": a source behind a sentence of its line is the picture's.
    let label = at.checked_sub(2).filter(|n| tokens[*n].is(WordClass::SourceLabel) && tokens[at - 1].is_mark(&[':']));
    if label.is_some_and(|n| n > 2 && !tokens[n - 1].is_mark(&['(', '[', '|']) && tokens[n].is_capital)
        && after.is_none()
    {
        return Some("source behind a caption");
    }
    // A label holds until its sentence or its parenthesis ends.
    let mut n = at;
    let mut is_colon = false;
    while let Some(here) = n.checked_sub(1).map(|here| (here, &tokens[here])) {
        let (position, token) = here;
        if token.is_mark(&[')', ']', '!', '?', '。'])
            || (token.is_mark(&['.'])
                && tokens
                    .get(position + 1)
                    .is_some_and(|next| next.is_spaced && next.is_capital && !is_initial(tokens, position)))
        {
            return None;
        }
        if is_colon && (token.is(WordClass::Photo) || (token.mention().is_some() && token.is(WordClass::Photo))) {
            return Some("photo label");
        }
        is_colon = token.is_mark(&[':']) || (is_colon && token.kind == Kind::Word);
        n = position;
    }
    None
}

fn is_initial(tokens: &[Token], dot: usize) -> bool {
    dot.checked_sub(1).is_some_and(|n| tokens[n].end - tokens[n].start <= 2)
}

/// A last line or a last sentence that is nothing but names of outlets.
fn is_sign_off(tokens: &[Token], sentences: &[std::ops::Range<usize>], at: usize, place: Place) -> bool {
    if !place.is_near_end || place.is_title {
        return false;
    }
    let Some(sentence) = sentences.iter().find(|sentence| sentence.contains(&at)) else { return false };
    let is_last =
        sentence.end == tokens.len() || tokens[sentence.end..].iter().all(|token| token.kind == Kind::Punctuation('■'));
    is_last
        && tokens[sentence.clone()].iter().all(|token| {
            token.mention().is_some()
                || token.is(WordClass::OutletNoun)
                || token.is(WordClass::And)
                || token.is(WordClass::With)
                || token.is_mark(&['(', ')', '-', ',', '.', '"', '■', '[', ']', '*'])
        })
}

/// "By A. NAME, X", "NAME and NAME, X", "A. Name for X".
fn is_byline(tokens: &[Token], sentences: &[std::ops::Range<usize>], at: usize, line: &str) -> bool {
    let Some(sentence) = sentences.iter().find(|sentence| sentence.contains(&at)) else { return false };
    let range = &tokens[sentence.clone()];
    let Some(first) = range.first() else { return false };
    let position = at - sentence.start;
    if range.len() > BYLINE_TOKENS || position == 0 {
        return false;
    }
    // The name closes the byline; a link such as "Photos" may not follow.
    let rest = &range[position + 1..];
    let is_closed = rest.iter().all(|token| token.is_mark(&['.', ')', ',', '|']) || token.kind == Kind::Number);
    let is_names = range[..position].iter().enumerate().all(|(n, token)| match token.kind {
        Kind::Word => {
            token.is_capital
                || token.is(WordClass::And)
                || (token.is(WordClass::For) && n > 0)
                || (token.is(WordClass::By) && n == 0)
                || (token.is(WordClass::Determiner))
        }
        Kind::Punctuation(c) => matches!(c, ',' | '.' | '-' | '\'' | '|' | '('),
        Kind::Number | Kind::Mention(_) => false,
    });
    let n_words = range[..position].iter().filter(|token| token.kind == Kind::Word && token.is_capital).count();
    let is_led = first.is(WordClass::By) && first.is_capital;
    let has_comma = range[position - 1].is_mark(&[',', '|'])
        || (position > 1 && range[position - 1].is(WordClass::Determiner) && range[position - 2].is_mark(&[',']));
    let is_upper = |token: &Token| {
        let word = &line[token.start..token.end];
        word.chars().all(|c| !c.is_lowercase())
    };
    let is_shouted =
        range[..position].iter().filter(|token| token.kind == Kind::Word && !token.is(WordClass::And)).all(is_upper);
    is_closed && is_names && n_words >= 2 && (is_led || has_comma || (is_shouted && position >= 2))
}

/// "What happened - X", "X: what happened", "[X]" behind a link.
fn headline_credit(tokens: &[Token], at: usize, place: Place) -> Option<&'static str> {
    let is_last = at + 1 == tokens.len() || (at + 2 == tokens.len() && tokens[at + 1].is_mark(&['"']));
    let before = at.checked_sub(1).map(|n| &tokens[n]);
    if is_last
        && at >= 3
        && before.is_some_and(|token| token.is_mark(&['-', '|']) && token.is_spaced)
        && tokens[at].is_spaced
    {
        return Some("headline ending");
    }
    let is_bracketed = before.is_some_and(|token| token.is_mark(&['[']))
        && tokens.get(at + 1).is_some_and(|token| token.is_mark(&[']']));
    if is_bracketed && at >= 3 && at + 2 == tokens.len() {
        return Some("source in brackets");
    }
    let is_prefix = at == 0 && tokens.get(1).is_some_and(|token| token.is_mark(&[':'])) && tokens.len() > 4;
    if is_prefix && (place.is_title || tokens.get(2).is_some_and(|token| token.is_spaced)) {
        return Some("headline beginning");
    }
    None
}
