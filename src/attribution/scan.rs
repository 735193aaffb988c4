//! One automaton pass for outlet names, then the words around each name.

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Attribution, AttributionKind, CreditedText, Cue};
use crate::model::{OutletKind, OutletRegister};

/// Words allowed between a cue and the name: articles, titles and adjectives ("according to the US broadcaster X").
const MAX_GAP_CHARS: usize = 28;

/// An agency's mark stands this near to the start of a text (a dateline) or of its last line (a credit line).
const DATELINE_CHARS: usize = 60;

/// The compiled cues and names; built once a run.
#[derive(Debug)]
pub struct AttributionIndex {
    names: AhoCorasick,
    /// The outlet of each pattern of `names`.
    outlet_of: Vec<usize>,
    /// Whether the name of that pattern is also a person, a place or a word.
    outlets: Vec<KnownOutlet>,
    cues: Vec<CompiledCue>,
    register: OutletRegister,
}

#[derive(Debug)]
struct KnownOutlet {
    name: String,
    domain: String,
    is_agency: bool,
}

#[derive(Debug)]
struct CompiledCue {
    kind: AttributionKind,
    before: String,
    after: String,
}

impl AttributionIndex {
    /// Compiles the cues and the register's names into one automaton.
    #[must_use]
    pub fn new(cues: &[Cue], register: &OutletRegister) -> Self {
        let (mut patterns, mut outlet_of, mut outlets) = (Vec::new(), Vec::new(), Vec::new());
        for (index, outlet) in register.outlets().iter().enumerate() {
            outlets.push(KnownOutlet {
                name: outlet.name.clone(),
                domain: outlet.key().to_owned(),
                is_agency: outlet.kind == OutletKind::Agency,
            });
            for name in std::iter::once(&outlet.name).chain(&outlet.aliases).filter(|name| name.chars().count() > 1) {
                patterns.push(name.clone());
                outlet_of.push(index);
            }
        }
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns)
            .expect("a few thousand short names fit an automaton");
        let cues = cues
            .iter()
            .filter_map(|cue| {
                let (before, after) = cue.pattern.split_once("{outlet}")?;
                Some(CompiledCue {
                    kind: cue.kind,
                    before: before.trim().to_lowercase(),
                    after: after.trim().to_lowercase(),
                })
            })
            .collect();
        Self { names, outlet_of, outlets, cues, register: register.clone() }
    }
}

/// Finds the credits of an article: one per outlet and kind, in order of appearance.
#[must_use]
pub fn attributions(text: &CreditedText<'_>, index: &AttributionIndex) -> Vec<Attribution> {
    let mut found = Vec::new();
    for part in [text.title, text.body] {
        for line in part.lines() {
            scan_line(line, text, index, &mut found);
        }
    }
    agency_marks(text, index, &mut found);
    for link in text.links {
        let host = link.url.split('/').nth(2).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let Some(outlet) = index.register.by_host(host) else { continue };
        // A link to a front page names an outlet; only a link to an article credits it.
        let is_article = link.url.splitn(4, '/').nth(3).is_some_and(|path| path.len() > 1);
        if is_article && text.publisher_domain != Some(outlet.key()) {
            add(
                &mut found,
                Attribution {
                    kind: AttributionKind::Link,
                    outlet_name: outlet.name.clone(),
                    outlet_domain: Some(outlet.key().to_owned()),
                    cue: link.anchor.clone(),
                    sentence: link.sentence.clone(),
                },
            );
        }
    }
    found
}

fn add(found: &mut Vec<Attribution>, new: Attribution) {
    let is_known = found.iter().any(|old| {
        old.outlet_name == new.outlet_name
            && (old.kind == new.kind || (new.kind == AttributionKind::Link && old.kind.is_source()))
    });
    if !is_known {
        found.push(new);
    }
}

fn scan_line(line: &str, text: &CreditedText<'_>, index: &AttributionIndex, found: &mut Vec<Attribution>) {
    for hit in index.names.find_iter(line) {
        if !is_whole_word(line, hit.start(), hit.end()) {
            continue;
        }
        let outlet = &index.outlets[index.outlet_of[hit.pattern().as_usize()]];
        let (start, end) = sentence_bounds(line, hit.start(), hit.end());
        let before = line[start..hit.start()].to_lowercase();
        let after = line[hit.end()..end].to_lowercase();
        let Some((kind, cue)) = best_cue(&before, &after, index) else { continue };
        let is_own = text.publisher_domain == Some(outlet.domain.as_str());
        add(
            found,
            Attribution {
                kind: if is_own && kind.is_source() { AttributionKind::SelfReference } else { kind },
                outlet_name: outlet.name.clone(),
                outlet_domain: Some(outlet.domain.clone()),
                cue,
                sentence: line[start..end].trim().to_owned(),
            },
        );
    }
}

/// The longest cue around a name; a longer cue knows more.
fn best_cue(before: &str, after: &str, index: &AttributionIndex) -> Option<(AttributionKind, String)> {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || "\"'«„“”‘’《(".contains(c));
    let after = after.trim_start_matches(|c: char| c.is_whitespace() || "\"'»“”‘’》,)".contains(c));
    let near = near_end(before);
    index
        .cues
        .iter()
        .filter(|cue| {
            let fits_before = cue.before.is_empty() || near.is_some_and(|near| ends_with_words(near, &cue.before));
            let fits_after = cue.after.is_empty() || starts_with_words(after, &cue.after);
            fits_before && fits_after
        })
        .max_by_key(|cue| cue.before.len() + cue.after.len())
        .map(|cue| (cue.kind, format!("{} … {}", cue.before, cue.after).trim_matches([' ', '…']).to_owned()))
}

/// The end of the text before a name, long enough for a cue and the small words between.
fn near_end(before: &str) -> Option<&str> {
    (!before.is_empty()).then_some(before)
}

/// Whether `text` ends with `cue`, or with `cue` and a few small words that don't end a clause.
fn ends_with_words(text: &str, cue: &str) -> bool {
    let Some(at) = text.rfind(cue) else { return false };
    let starts_word = !is_spaced(cue) || text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let gap = &text[at + cue.len()..];
    let ends_word = gap.chars().next().is_none_or(|c| !c.is_alphanumeric());
    starts_word && ends_word && gap.chars().count() <= MAX_GAP_CHARS && !gap.contains([',', ';', ':', '.', '"', '“'])
}

fn starts_with_words(text: &str, cue: &str) -> bool {
    text.strip_prefix(cue)
        .is_some_and(|rest| !is_spaced(cue) || rest.chars().next().is_none_or(|c| !c.is_alphanumeric()))
}

/// Chinese and Japanese have no spaces between words.
fn is_spaced(text: &str) -> bool {
    !text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c))
}

fn is_whole_word(line: &str, start: usize, end: usize) -> bool {
    let name = &line[start..end];
    if !is_spaced(name) {
        return true;
    }
    let before = line[..start].chars().next_back();
    let after = line[end..].chars().next();
    // Slavic case endings follow a name without a gap: «Блумберга», «ТАССу».
    let tail: String = line[end..].chars().take_while(|c| c.is_alphabetic()).collect();
    let is_inflected = name.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c)) && tail.chars().count() <= 3;
    before.is_none_or(|c| !c.is_alphanumeric()) && (after.is_none_or(|c| !c.is_alphanumeric()) || is_inflected)
}

fn sentence_bounds(line: &str, start: usize, end: usize) -> (usize, usize) {
    let boundary = |at: usize, c: char| {
        matches!(c, '。' | '！' | '？')
            || (matches!(c, '.' | '!' | '?') && line[at + c.len_utf8()..].starts_with([' ', '"', '”', '»']))
    };
    let from =
        line[..start].char_indices().filter(|(at, c)| boundary(*at, *c)).map(|(at, c)| at + c.len_utf8()).next_back();
    let to = line[end..]
        .char_indices()
        .map(|(at, c)| (at + end, c))
        .find(|(at, c)| boundary(*at, *c))
        .map(|(at, c)| at + c.len_utf8());
    (from.unwrap_or(0), to.unwrap_or(line.len()))
}

/// Datelines (`PARIS (AFP) -`), bylines and credit lines that name an agency.
fn agency_marks(text: &CreditedText<'_>, index: &AttributionIndex, found: &mut Vec<Attribution>) {
    let head: String = text.body.chars().take(DATELINE_CHARS).collect();
    let dateline =
        head.find([')', '—', '–', '-', ']']).map(|end| &head[..end]).filter(|head| head.contains(['(', '[']));
    let last_line = text.body.lines().next_back().filter(|line| line.chars().count() <= DATELINE_CHARS);
    let marks =
        dateline.into_iter().chain([text.byline]).chain(text.credit_lines.iter().map(String::as_str)).chain(last_line);
    for mark in marks {
        for hit in index.names.find_iter(mark) {
            let outlet = &index.outlets[index.outlet_of[hit.pattern().as_usize()]];
            if !outlet.is_agency
                || !is_whole_word(mark, hit.start(), hit.end())
                || text.publisher_domain == Some(outlet.domain.as_str())
            {
                continue;
            }
            add(
                found,
                Attribution {
                    kind: AttributionKind::AgencyByline,
                    outlet_name: outlet.name.clone(),
                    outlet_domain: Some(outlet.domain.clone()),
                    cue: "agency mark".to_owned(),
                    sentence: mark.trim().to_owned(),
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OutgoingLink, Outlet};

    fn index() -> AttributionIndex {
        let outlet = |name: &str, domain: &str, kind| Outlet {
            name: name.to_owned(),
            domains: vec![domain.to_owned()],
            kind,
            ..Outlet::default()
        };
        let register = OutletRegister::new(vec![
            outlet("Courier", "courier.example", OutletKind::Newspaper),
            outlet("Вестник", "vestnik.example", OutletKind::Newspaper),
            outlet("WireCo", "wire.example", OutletKind::Agency),
        ]);
        let cue = |kind, pattern: &str| Cue { language: "en".to_owned(), kind, pattern: pattern.to_owned() };
        AttributionIndex::new(
            &[
                cue(AttributionKind::OriginalReport, "according to {outlet}"),
                cue(AttributionKind::OriginalReport, "{outlet} reported"),
                cue(AttributionKind::QuoteToOutlet, "told {outlet}"),
                cue(AttributionKind::OriginalReport, "по данным {outlet}"),
                cue(AttributionKind::PhotoCredit, "photo: {outlet}"),
            ],
            &register,
        )
    }

    fn check(body: &str, expected: &[(&str, AttributionKind)]) {
        let text = CreditedText {
            title: "",
            body,
            byline: "",
            credit_lines: &[],
            links: &[],
            publisher_domain: Some("other.example"),
            language: None,
        };
        let found: Vec<_> =
            attributions(&text, &index()).into_iter().map(|found| (found.outlet_name, found.kind)).collect();
        let expected: Vec<_> = expected.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn credits_are_found_and_others_are_not() {
        use AttributionKind::{AgencyByline, OriginalReport, PhotoCredit, QuoteToOutlet};
        check("It fell, according to the newspaper Courier. More.", &[("Courier", OriginalReport)]);
        check("He told the Courier that it was late.", &[("Courier", QuoteToOutlet)]);
        check("The Courier reported it first.", &[("Courier", OriginalReport)]);
        check("По данным «Вестника», мост закрыт.", &[("Вестник", OriginalReport)]);
        check("Photo: WireCo", &[("WireCo", PhotoCredit), ("WireCo", AgencyByline)]);
        check("PARIS (WireCo) - It rained all day long in the city.", &[("WireCo", AgencyByline)]);
        check("According to the Commission, the Courier building is old.", &[]);
        check("The Couriers reported nothing.", &[]);
    }

    #[test]
    fn links_to_articles_credit_and_own_names_do_not() {
        let links = [OutgoingLink {
            url: "https://www.courier.example/a/b".to_owned(),
            anchor: "a report".to_owned(),
            sentence: "After a report it changed.".to_owned(),
        }];
        let mut text = CreditedText {
            title: "",
            body: "The Courier reported it.",
            byline: "",
            credit_lines: &[],
            links: &links,
            publisher_domain: Some("courier.example"),
            language: None,
        };
        assert_eq!(attributions(&text, &index())[0].kind, AttributionKind::SelfReference);
        text.publisher_domain = None;
        text.body = "";
        assert_eq!(attributions(&text, &index())[0].kind, AttributionKind::Link);
    }
}
