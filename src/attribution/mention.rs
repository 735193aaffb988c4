//! One place of a text that names an outlet, or stands for one.

use super::AttributionKind;
use super::introduced::Introduced;
use super::lexicon::WordClass;
use super::stored::{self, StoredOutlets};
use super::tokens::{Kind, Token};

/// A name in a line, or what stands for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    /// What it names.
    pub(super) who: Who,
    /// The name is also a person, a place or a word.
    pub(super) is_ambiguous: bool,
    /// What the line's form already decided.
    pub(super) verdict: Verdict,
}

/// What a mention names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// An outlet, by position in the register.
    Known(usize),
    /// A name that the register doesn't know, as written.
    Unknown(String),
    /// "the newspaper": an outlet named before.
    Anaphor {
        /// The noun is used of wires only.
        is_agency: bool,
        /// The noun is used of nothing but news organisations.
        is_sure: bool,
        /// Nothing stands between the article and the noun.
        is_bare: bool,
        /// "the report": what an outlet named before has published.
        is_report: bool,
        /// As written.
        written: String,
    },
}

/// What the form of a line says about a name in it, before any cue is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Open,
    /// A mark of this kind, with the word for it.
    Mark(AttributionKind, &'static str),
    /// No credit: a label, a person, a company.
    Nothing,
}

/// Words that may stand inside a name between its capitals.
const NAME_LINKS: &[&str] =
    &["of", "de", "del", "della", "di", "der", "des", "du", "la", "le", "el", "do", "da", "van", "a", "i"];

/// Whether a word may join two parts of a name.
pub(super) fn is_name_link(word: &str) -> bool {
    matches!(word, "of" | "de" | "del" | "della" | "di" | "do" | "da" | "van")
}

/// Longest unknown name, in words.
const MAX_NAME_WORDS: usize = 6;

/// Last labels of domains that need no register to be seen as such.
const COMMON_TLDS: &[&str] = &["com", "net", "org", "info", "news", "media", "online", "press", "live", "today"];

/// What shows that a name which the register doesn't know is an outlet's.
pub(super) struct Clues<'a> {
    /// Whether a name is the publisher's.
    pub(super) is_own: &'a dyn Fn(&str) -> bool,
    /// Whether the words around a name, given as a range of the tokens, are said of outlets only.
    pub(super) is_outlet: &'a dyn Fn(&[Token], std::ops::Range<usize>) -> bool,
    /// The same for initials, which mean an outlet where a name may be a person's, too, or which one of the database has.
    pub(super) are_initials: &'a dyn Fn(&[Token], usize) -> bool,
    /// Names that the text has shown to be outlets.
    pub(super) introduced: &'a Introduced,
    /// Outlets of the database.
    pub(super) stored: &'a StoredOutlets,
}

/// Finds names that the register doesn't know and nouns that stand for a name, and puts them into the sentence's
/// tokens as mentions.
pub(super) fn find_unnamed(
    tokens: &mut Vec<Token>,
    mentions: &mut Vec<Mention>,
    line: &str,
    is_german: bool,
    clues: &Clues<'_>,
) {
    let mut at = 0;
    while at < tokens.len() {
        if !may_begin(tokens, at) {
            at += 1;
            continue;
        }
        let found = stored_name(tokens, at, line, clues)
            .or_else(|| domain(tokens, at, line))
            .or_else(|| named_by_noun(tokens, at, line, is_german))
            .or_else(|| paper_name(tokens, at, line))
            .or_else(|| paper_of_known_name(tokens, at, line, mentions, is_german, clues.is_outlet))
            .or_else(|| first_reporter(tokens, at, line, is_german))
            .or_else(|| title_marks(tokens, at, line))
            .or_else(|| quoted_after_cue(tokens, at, line))
            .or_else(|| state_media(tokens, at, line))
            .or_else(|| own_name(tokens, at, line, clues.is_own))
            .or_else(|| introduced_name(tokens, at, line, clues.introduced))
            .or_else(|| initials(tokens, at, line, clues))
            .or_else(|| anaphor(tokens, at, line, is_german));
        if let Some((range, who)) = found {
            let (start, end) = (range.start, range.end);
            let mention = Token {
                start: tokens[start].start,
                end: tokens[end - 1].end,
                kind: Kind::Mention(mentions.len()),
                classes: 0,
                word: 0,
                ..tokens[start]
            };
            mentions.push(Mention { who, is_ambiguous: false, verdict: Verdict::Open });
            tokens.splice(start..end, [mention]);
            at = start;
        }
        at += 1;
    }
}

/// Classes of the words at which [`find_unnamed`] looks for something.
const BEGINNERS: u64 = WordClass::OutletNoun.bit()
    | WordClass::ReportNoun.bit()
    | WordClass::According.bit()
    | WordClass::Cite.bit()
    | WordClass::Inverted.bit()
    | WordClass::StateMedia.bit();

/// Whether something that [`find_unnamed`] looks for can begin at a token: most words in small letters say nothing.
fn may_begin(tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    let is_label = || tokens.get(at + 1).is_some_and(|dot| !dot.is_spaced && dot.is_mark(&['.', '-']));
    token.classes & BEGINNERS != 0
        || match token.kind {
            Kind::Word => token.is_capital || is_label(),
            Kind::Number => is_label(),
            Kind::Punctuation(c) => c == '"',
            Kind::Mention(_) => false,
        }
}

type Found = (std::ops::Range<usize>, Who);

fn unknown(tokens: &[Token], range: std::ops::Range<usize>, line: &str) -> Option<Found> {
    let name = line.get(tokens[range.start].start..tokens[range.end - 1].end)?.trim();
    let n_chars = name.chars().count();
    (2..=60).contains(&n_chars).then(|| (range, Who::Unknown(name.to_owned())))
}

/// A run of capitalised words from `at`; returns its end.
fn capital_run(tokens: &[Token], at: usize, line: &str) -> usize {
    let mut end = at;
    let mut here = at;
    while let Some(token) = tokens.get(here).filter(|_| here - at < MAX_NAME_WORDS) {
        let is_part = match token.kind {
            Kind::Word => token.is_capital && (token.is_spaced || here == at),
            Kind::Number => here > at && token.is_spaced,
            Kind::Punctuation('-' | '.' | '&') => here > at && !token.is_spaced,
            Kind::Punctuation(_) | Kind::Mention(_) => false,
        };
        let is_joined =
            here > at && token.kind == Kind::Word && !token.is_spaced && tokens[here - 1].is_mark(&['-', '.']);
        if is_part || is_joined {
            here += 1;
            if matches!(token.kind, Kind::Word | Kind::Number) {
                end = here;
            }
        } else if here > at
            && NAME_LINKS.contains(&&line[token.start..token.end])
            && tokens.get(here + 1).is_some_and(|next| next.is_capital)
        {
            here += 1;
        } else {
            break;
        }
    }
    end
}

/// Words of a run that are no part of a name: a sentence's first word, a cue, an article.
fn trimmed_start(tokens: &[Token], start: usize, end: usize) -> usize {
    let mut start = start;
    while start < end
        && tokens[start].kind == Kind::Word
        && tokens[start].classes != 0
        && !tokens[start].is(WordClass::PaperWord)
    {
        start += 1;
    }
    start
}

/// `example.org`, written as a name.
fn domain(tokens: &[Token], at: usize, line: &str) -> Option<Found> {
    let is_label = |token: &Token| matches!(token.kind, Kind::Word | Kind::Number);
    if !is_label(&tokens[at]) {
        return None;
    }
    let mut end = at + 1;
    while tokens.get(end).is_some_and(|dot| dot.is_mark(&['.', '-']) && !dot.is_spaced)
        && tokens.get(end + 1).is_some_and(|label| is_label(label) && !label.is_spaced)
    {
        end += 2;
    }
    if end - at < 3 || !tokens[end - 2].is_mark(&['.']) {
        return None;
    }
    let last = tokens[end - 1];
    let tld = line[last.start..last.end].to_lowercase();
    let is_domain = (COMMON_TLDS.contains(&tld.as_str())
        || (tld.len() == 2 && tld.chars().all(|c| c.is_ascii_lowercase())))
        && tokens[at].end - tokens[at].start >= 3;
    if is_domain { unknown(tokens, at..end, line) } else { None }
}

/// The name of an outlet of the database. One without a word that names of papers are made of may be an institution's, and
/// a first word alone anybody's: there the words around it must be said of outlets only.
fn stored_name(tokens: &[Token], at: usize, line: &str, clues: &Clues<'_>) -> Option<Found> {
    let first = &tokens[at];
    let text = |end: usize| line.get(first.start..tokens[end - 1].end);
    let is_begun = first.is_capital && text(at + 1).is_some_and(|word| clues.stored.may_begin(word));
    if !is_begun || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let is_shown = |end: usize| {
        tokens[at..end].iter().any(|token| token.is(WordClass::PaperWord)) || (clues.is_outlet)(tokens, at..end)
    };
    let longest = tokens.len().min(at + stored::MAX_WORDS);
    let whole = (at + 2..=longest).rev().find(|end| text(*end).is_some_and(|name| clues.stored.is_name(name)));
    match whole {
        Some(end) if is_shown(end) => unknown(tokens, at..end, line),
        Some(_) => None,
        None => {
            let is_alone = first.kind == Kind::Word && capital_run(tokens, at, line) == at + 1;
            let is_short = is_alone && text(at + 1).is_some_and(|word| clues.stored.is_short_name(word));
            if is_short && (clues.is_outlet)(tokens, at..at + 1) { unknown(tokens, at..at + 1, line) } else { None }
        }
    }
}

/// "the newspaper X", "газета «X»", "X magazine".
fn named_by_noun(tokens: &[Token], at: usize, line: &str, is_german: bool) -> Option<Found> {
    let noun = tokens.get(at).filter(|token| token.is(WordClass::OutletNoun))?;
    let is_wire_only = noun.is(WordClass::AgencyNoun) && !noun.is(WordClass::SureNoun);
    // Behind the noun.
    let next = at + 1;
    if tokens.get(next).is_some_and(|mark| mark.is_mark(&['"', '\''])) {
        let close =
            (next + 1..tokens.len().min(next + 2 + MAX_NAME_WORDS)).find(|n| tokens[*n].is_mark(&['"', '\'']))?;
        let is_known = close == next + 2 && tokens[next + 1].mention().is_some();
        let is_name = close > next + 1 && tokens[next + 1].is_capital && !is_known;
        return if is_name { unknown(tokens, next + 1..close, line) } else { None };
    }
    if tokens
        .get(next)
        .is_some_and(|name| name.kind == Kind::Word && name.is_capital && name.is_spaced && name.classes == 0)
        && !is_german
        && !noun.is_capital
        && (noun.is(WordClass::SureNoun) || noun.is(WordClass::AgencyNoun))
    {
        let end = capital_run(tokens, next, line);
        if end > next {
            return unknown(tokens, next..end, line);
        }
    }
    // Before the noun.
    if is_german || is_wire_only || noun.is_capital || at == 0 || !noun.is(WordClass::SureNoun) {
        return None;
    }
    let mut start = at;
    while start > 0
        && at - start < MAX_NAME_WORDS
        && tokens[start - 1].kind == Kind::Word
        && tokens[start - 1].is_capital
    {
        start -= 1;
    }
    let start = trimmed_start(tokens, start, at);
    // A lone capitalised word before "newspaper" is an adjective of nation as often as a name.
    if at - start >= 2 { unknown(tokens, start..at, line) } else { None }
}

/// "X Herald", "Daily Y".
fn paper_name(tokens: &[Token], at: usize, line: &str) -> Option<Found> {
    if tokens[at].kind != Kind::Word || !tokens[at].is_capital || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let end = capital_run(tokens, at, line);
    let start = trimmed_start(tokens, at, end);
    let is_paper = |token: &Token| token.is(WordClass::PaperWord);
    let has_paper = end - start >= 2 && (is_paper(&tokens[end - 1]) || is_paper(&tokens[start]));
    // "The Record Commission" is an institution, "the Record" no paper in its name.
    let is_institution = end > start && tokens[end - 1].is(WordClass::OrgNoun) && !is_paper(&tokens[end - 1]);
    if has_paper && !is_institution { unknown(tokens, start..end, line) } else { None }
}

/// "the Eastwell Post": a paper whose last word is another one's whole name. The article tells it from a person's name, or
/// words that are said of outlets only.
fn paper_of_known_name(
    tokens: &[Token],
    at: usize,
    line: &str,
    mentions: &[Mention],
    is_german: bool,
    is_outlet: &dyn Fn(&[Token], std::ops::Range<usize>) -> bool,
) -> Option<Found> {
    let is_name = tokens[at].kind == Kind::Word && tokens[at].is_capital && tokens[at].classes == 0;
    let is_any_ambiguous = || mentions.iter().any(|mention| mention.is_ambiguous);
    if is_german || !is_name || !is_any_ambiguous() || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let end = capital_run(tokens, at, line);
    let last = tokens.get(end).filter(|token| token.is_spaced && token.is(WordClass::PaperWord))?;
    let known = &mentions[last.mention()?];
    let has_article = at.checked_sub(1).is_some_and(|before| tokens[before].is(WordClass::Definite));
    let is_paper =
        known.is_ambiguous && known.verdict == Verdict::Open && (has_article || is_outlet(tokens, at..end + 1));
    // "the Eastwell Post Gazette".
    let is_more =
        |token: &&Token| (token.kind == Kind::Word || token.mention().is_some()) && token.is_capital && token.is_spaced;
    let n_more =
        tokens[end + 1..].iter().take_while(is_more).take_while(|token| token.is(WordClass::PaperWord)).count();
    if is_paper { unknown(tokens, at..end + 1 + n_more, line) } else { None }
}

fn is_inside_run(tokens: &[Token], at: usize) -> bool {
    let before = &tokens[at - 1];
    // A name behind an outlet's name is its reporter's.
    before.mention().is_some() || before.kind == Kind::Word && before.is_capital && before.classes == 0
}

/// A run of capitalised words that spells the publisher's domain.
fn own_name(tokens: &[Token], at: usize, line: &str, is_own: impl Fn(&str) -> bool) -> Option<Found> {
    let is_begun = tokens[at].kind == Kind::Word && (tokens[at].is_capital || tokens[at].kind == Kind::Number);
    if !is_begun || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let end = capital_run(tokens, at, line);
    let start = trimmed_start(tokens, at, end);
    (start..end).rev().map(|last| start..last + 1).find_map(|range| {
        let name = line.get(tokens[range.start].start..tokens[range.end - 1].end)?;
        if is_own(name) { unknown(tokens, range, line) } else { None }
    })
}

/// A name that the text has shown to be an outlet's.
fn introduced_name(tokens: &[Token], at: usize, line: &str, introduced: &Introduced) -> Option<Found> {
    if tokens[at].kind != Kind::Word || !tokens[at].is_capital || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let end = capital_run(tokens, at, line);
    let start = trimmed_start(tokens, at, end);
    (start..end).rev().find_map(|last| {
        let name = line.get(tokens[start].start..tokens[last].end)?;
        Some((start..last + 1, Who::Unknown(introduced.full(name)?.to_owned())))
    })
}

/// Letters of initials.
const INITIALS_LETTERS: std::ops::RangeInclusive<usize> = 2..=6;

/// Whether a word is of initials that are spelled out when read: one read as a word ("Nato") stands without an article also
/// where it is no outlet's.
pub(super) fn is_initials(word: &str) -> bool {
    INITIALS_LETTERS.contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
        && !is_read_as_word(word)
}

/// Whether initials of four letters or more have vowels and consonants in turns, as a word has.
fn is_read_as_word(initials: &str) -> bool {
    let is_vowel: Vec<bool> =
        initials.bytes().map(|letter| matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U' | b'Y')).collect();
    let n_joined = is_vowel.windows(2).filter(|pair| pair[0] == pair[1]).count();
    is_vowel.len() >= 4 && is_vowel.contains(&true) && n_joined <= is_vowel.len() / 4 && (is_vowel[0] || is_vowel[1])
}

/// "VTS first reported": initials that nothing introduces, where the words around them are said of outlets only, or where
/// one outlet of the database has them.
fn initials(tokens: &[Token], at: usize, line: &str, clues: &Clues<'_>) -> Option<Found> {
    let token = &tokens[at];
    let written = &line[token.start..token.end];
    if !INITIALS_LETTERS.contains(&written.len()) || !is_initials(written) {
        return None;
    }
    let is_joined = |mark: &Token| !mark.is_spaced && mark.is_mark(&['-', '/', '&', '\'']);
    let is_name_part = |word: &Token| {
        word.mention().is_some() || (word.kind == Kind::Word && word.is_capital && !word.is(WordClass::Calendar))
    };
    let (before, after) = (at.checked_sub(1).map(|n| &tokens[n]), tokens.get(at + 1));
    let stands_alone = token.kind == Kind::Word
        && token.is_capital
        && token.classes == 0
        && token.is_spaced
        && !before.is_some_and(|token| is_name_part(token) && at > 1 || token.is(WordClass::Determiner))
        && !after.is_some_and(|token| is_name_part(token) || is_joined(token));
    // Among shouted words capitals show nothing.
    let is_shouted = || !tokens.iter().any(|token| token.kind == Kind::Word && !token.is_capital);
    if !stands_alone || is_shouted() || !(clues.are_initials)(tokens, at) {
        return None;
    }
    unknown(tokens, at..at + 1, line)
}

/// "first reported by X": whoever is first is a reporter.
fn first_reporter(tokens: &[Token], at: usize, line: &str, is_german: bool) -> Option<Found> {
    if is_german || tokens[at].kind != Kind::Word || !tokens[at].is_capital || (at > 0 && is_inside_run(tokens, at)) {
        return None;
    }
    let end = capital_run(tokens, at, line);
    let start = trimmed_start(tokens, at, end);
    if start >= end {
        return None;
    }
    let is = |n: Option<usize>, class: WordClass| n.and_then(|n| tokens.get(n)).is_some_and(|token| token.is(class));
    let before_name = |n: usize| start.checked_sub(n);
    let ahead = (is(before_name(1), WordClass::By) || is(before_name(1), WordClass::In))
        && is(before_name(2), WordClass::Published)
        && is(before_name(3), WordClass::First);
    if ahead { unknown(tokens, start..end, line) } else { None }
}

/// "according to «X»": a short name in quotation marks right behind a cue.
fn quoted_after_cue(tokens: &[Token], at: usize, line: &str) -> Option<Found> {
    const MAX_WORDS: usize = 4;
    let cue = &tokens[at];
    let next = at + 1;
    let is_cue = cue.is(WordClass::According) || cue.is(WordClass::Cite) || cue.is(WordClass::Inverted);
    if !is_cue || !tokens.get(next).is_some_and(|mark| mark.is_mark(&['"'])) {
        return None;
    }
    let close = (next + 1..tokens.len().min(next + 2 + MAX_WORDS)).find(|n| tokens[*n].is_mark(&['"']))?;
    let is_name = close > next + 1
        && tokens[next + 1].is_capital
        && tokens[next + 1..close]
            .iter()
            .all(|token| matches!(token.kind, Kind::Word | Kind::Number) || token.is_mark(&['.', '-']));
    if is_name && !tokens[close - 1].is_mark(&['.']) { unknown(tokens, next + 1..close, line) } else { None }
}

/// "told state media": outlets as a class; kept as written.
fn state_media(tokens: &[Token], at: usize, line: &str) -> Option<Found> {
    if !tokens[at].is(WordClass::StateMedia) {
        return None;
    }
    let told = at.checked_sub(1).map(|n| &tokens[n]);
    let is_told = |token: &Token| token.is(WordClass::Tell) || token.is(WordClass::To);
    let nation =
        told.filter(|token| token.is_capital || token.is(WordClass::Determiner)).and_then(|_| at.checked_sub(2));
    let start = if nation.is_some_and(|n| is_told(&tokens[n])) { at - 1 } else { at };
    if told.is_some_and(is_told) || start < at { unknown(tokens, start..at + 1, line) } else { None }
}

/// 《X》: marks that stand around titles only.
fn title_marks(tokens: &[Token], at: usize, line: &str) -> Option<Found> {
    let is_open = tokens[at].is_mark(&['"']) && line[tokens[at].start..].starts_with(['《', '〈']);
    if !is_open {
        return None;
    }
    let close = (at + 1..tokens.len().min(at + 16)).find(|n| tokens[*n].is_mark(&['"']))?;
    let is_bare = close > at + 1 && tokens[at + 1..close].iter().all(|token| token.mention().is_none());
    if is_bare { unknown(tokens, at + 1..close, line) } else { None }
}

/// "the newspaper", "das Blatt", "агентство": stands for the outlet named before.
fn anaphor(tokens: &[Token], at: usize, line: &str, is_german: bool) -> Option<Found> {
    let noun = tokens.get(at).filter(|token| token.is(WordClass::OutletNoun) || token.is(WordClass::ReportNoun))?;
    let is_report = !noun.is(WordClass::OutletNoun);
    // Up to two adjectives may stand between the article and the noun.
    let determiner = (at.saturating_sub(3)..at).rev().find(|n| tokens[*n].is(WordClass::Definite)).filter(|n| {
        tokens[n + 1..at].iter().all(|token| {
            token.kind == Kind::Word
                && token.mention().is_none()
                && token.classes & !(WordClass::OutletNoun.bit() | WordClass::Determiner.bit()) == 0
                && (!token.is_capital || token.classes != 0)
        })
    });
    let has_articles = !noun_without_article(line, noun);
    let is_named = |n: Option<&Token>| {
        n.is_some_and(|token| {
            token.mention().is_some()
                || token.is_mark(&['"'])
                || (token.is_capital && token.kind == Kind::Word && !is_german)
        })
    };
    if is_named(tokens.get(at + 1)) || (determiner.is_none() && (has_articles || is_report)) {
        return None;
    }
    if at > 0 && tokens[at - 1].mention().is_some() {
        return None;
    }
    let start = determiner.unwrap_or(at);
    let end = at + 1;
    // "The report" is taken up as the subject of its own sentence only: there are reports of ministries, too.
    let says = tokens[end..].iter().take(2).any(|token| token.is(WordClass::Reports));
    if is_report && (start > 0 || !says) {
        return None;
    }
    Some((
        start..end,
        Who::Anaphor {
            is_agency: noun.is(WordClass::AgencyNoun),
            is_sure: (noun.is(WordClass::SureNoun) || noun.is(WordClass::SubjectNoun)) && determiner.is_some(),
            is_bare: determiner == Some(at.wrapping_sub(1)),
            is_report,
            written: line[tokens[start].start..noun.end].to_owned(),
        },
    ))
}

/// Slavic and Chinese nouns have no article that would show that they take something up.
fn noun_without_article(line: &str, noun: &Token) -> bool {
    line[noun.start..]
        .chars()
        .next()
        .is_some_and(|c| ('\u{400}'..='\u{52f}').contains(&c) || crate::text::is_unspaced(c))
}
