//! From a text to its credits, line by line.
//!
//! ```text
//! line ─▶ Folded ─▶ hits (one automaton) ─▶ tokens ─▶ marks ─▶ unknown names, anaphora ─▶ grammar ─▶ Attribution
//! ```

use super::fold::{Folded, begins_with, fold};
use super::grammar::{Fit, Pattern, Summary};
use super::index::{AttributionIndex, LanguageGroups};
use super::introduced::{self, Introduced};
use super::lexicon::WordClass;
use super::marks::{self, Place};
use super::mention::{self, Clues, Mention, Verdict, Who};
use super::publisher::Publisher;
use super::surroundings::{group_end, is_of_institution, is_title_case};
use super::tokens::{self, Found, Kind, Token};
use super::{Attribution, AttributionKind, CreditedText};
use crate::model::OutletKind;

/// "the newspaper" takes up an outlet named at most so many sentences before.
const MAX_ANAPHOR_SENTENCES: usize = 4;

/// A pattern must fit at least this well: one word next to the name, or two words a little away.
const MIN_SCORE: f64 = 0.6;

/// For a name that is also a word, or that nobody knows, the cue must stand closer.
const MIN_SURE_SCORE: f64 = 0.75;

/// Finds the credits of an article: one per outlet and kind, in order of appearance.
#[must_use]
pub fn attributions(text: &CreditedText<'_>, index: &AttributionIndex) -> Vec<Attribution> {
    let mut scan = Scan {
        text,
        index,
        groups: index.groups(text.language),
        is_german: text.language == Some("de"),
        publisher: Publisher::new(text.publisher_domain, &index.register),
        found: Vec::new(),
        named: Vec::new(),
        unknown: None,
        introduced: Introduced::default(),
        n_sentences: 0,
    };
    scan.line(text.title, Place { is_title: true, is_near_end: false });
    let n_lines = text.body.lines().filter(|line| !line.trim().is_empty()).count();
    for (number, line) in text.body.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        scan.line(line, Place { is_title: false, is_near_end: number + 2 >= n_lines });
    }
    scan.byline(text.byline);
    for line in text.credit_lines {
        scan.credit_line(line);
    }
    scan.links();
    scan.found
}

/// An outlet named so far.
#[derive(Debug, Clone, Copy)]
struct Named {
    outlet: usize,
    sentence: usize,
}

struct Scan<'a> {
    text: &'a CreditedText<'a>,
    index: &'a AttributionIndex,
    groups: LanguageGroups,
    is_german: bool,
    publisher: Publisher<'a>,
    found: Vec<Attribution>,
    named: Vec<Named>,
    /// The last credited name that the register doesn't know, with its sentence.
    unknown: Option<(usize, String)>,
    /// Names outside the register that the text has shown to be outlets.
    introduced: Introduced,
    n_sentences: usize,
}

/// Words in the parentheses of a dateline that show that no agency stands there.
const NO_AGENCY: u64 = WordClass::Calendar.bit()
    | WordClass::Journalist.bit()
    | WordClass::Employee.bit()
    | WordClass::Photo.bit()
    | WordClass::Person.bit();

/// A line with everything found in it.
struct Line<'l> {
    text: &'l str,
    tokens: Vec<Token>,
    mentions: Vec<Mention>,
}

/// What is known of the sentence a name stands in.
struct Context<'l> {
    line: &'l str,
    sentence: &'l str,
    is_title_case: bool,
    summary: Summary,
}

impl Scan<'_> {
    fn read<'l>(&self, line: &'l str) -> Option<Line<'l>> {
        let folded = Folded::of(line);
        let hits = self.index.hits(line, &folded);
        let is_wanted = hits.iter().any(|hit| match hit.what {
            Found::Name(_) => true,
            Found::Word(word) => {
                let wanted = WordClass::OutletNoun.bit()
                    | WordClass::PaperWord.bit()
                    | WordClass::First.bit()
                    | WordClass::StateMedia.bit()
                    | WordClass::Cite.bit()
                    | WordClass::According.bit();
                self.index.classes(word, self.groups) & wanted != 0
            }
        });
        let may_name = || {
            let mut words = folded.pieces.iter().filter(|piece| piece.is_word && piece.first.is_uppercase());
            words.any(|word| {
                let word = &line[word.line_start..word.line_end];
                self.index.may_be_initials(word) || self.text.stored.may_begin(word)
            })
        };
        let is_wanted = is_wanted || line.contains('《') || may_name();
        if !is_wanted
            && !self.introduced.is_named_in(line)
            && !self.publisher.may_be_named_in(&folded.text)
            && !self.index.agency_phrases.iter().any(|(phrase, _)| folded.text.contains(phrase.as_str()))
        {
            return None;
        }
        let mut tokens = tokens::tokens(&folded, &hits, |word| self.index.classes(word, self.groups));
        let names = hits.iter().filter_map(|hit| match hit.what {
            Found::Name(form) => Some((
                form,
                line.get(folded.original(line, hit.start)..folded.original(line, hit.end)).unwrap_or_default(),
            )),
            Found::Word(_) => None,
        });
        let mentions: Vec<Mention> = names
            .map(|(form, written)| Mention {
                who: Who::Known(self.chosen(form, written)),
                is_ambiguous: self.index.is_ambiguous(form),
                verdict: Verdict::Open,
            })
            .collect();
        // A name that is also a word of the lexicon keeps the word's classes: "Bild" is a label, too.
        let forms: Vec<usize> = hits
            .iter()
            .filter_map(|hit| match hit.what {
                Found::Name(form) => Some(form),
                Found::Word(_) => None,
            })
            .collect();
        for token in &mut tokens {
            if let Some(form) = token.mention().and_then(|index| forms.get(index)) {
                token.classes = self.index.classes(self.index.word_of_form(*form), self.groups);
            }
        }
        Some(Line { text: line, tokens, mentions })
    }

    /// Of several outlets with one name: the publisher, the one named last, one of the text's language, best one that is
    /// called just so, the first.
    fn chosen(&self, form: usize, written: &str) -> usize {
        let candidates: Vec<usize> = self.index.candidates(form).collect();
        let outlets = self.index.register.outlets();
        let own = candidates.iter().find(|outlet| self.publisher.is(outlets[**outlet].key()));
        let last = || {
            let mut named = self.named.iter().rev();
            named.find(|named| candidates.contains(&named.outlet)).map(|named| named.outlet)
        };
        let speaks = |outlet: &&usize| outlets[**outlet].language.as_deref() == self.text.language;
        let is_named = |outlet: &&usize| outlets[**outlet].name == written;
        own.copied()
            .or_else(last)
            .or_else(|| candidates.iter().filter(speaks).find(is_named).copied())
            .or_else(|| candidates.iter().find(speaks).copied())
            .or_else(|| candidates.first().copied())
            .unwrap_or_default()
    }

    fn line(&mut self, text: &str, place: Place) {
        self.unknown_dateline(text, place);
        let Some(mut line) = self.read(text) else {
            self.n_sentences += 1;
            return;
        };
        let sentences = tokens::sentences(&line.tokens);
        let index = self.index;
        marks::read(
            &line.tokens,
            &sentences,
            &mut line.mentions,
            text,
            place,
            |outlet| index.is_agency(outlet),
            |outlet| index.register.outlets()[outlet].kind == OutletKind::PhotoAgency,
        );
        for sentence in sentences {
            self.n_sentences += 1;
            self.sentence(&mut line, sentence);
        }
    }

    /// A dateline with an agency that the register doesn't know.
    fn unknown_dateline(&mut self, text: &str, place: Place) {
        if place.is_title {
            return;
        }
        let Some(name) = introduced::dateline_name(text) else { return };
        let folded = Folded::of(name);
        let hits = self.index.hits(name, &folded);
        // "Valley Telegraph Service" holds a name of the register, but isn't it.
        let is_whole = |start: usize, end: usize| {
            folded.text[..start].trim().is_empty() && folded.text.get(end..).unwrap_or_default().trim().is_empty()
        };
        let is_else = hits.iter().any(|hit| match hit.what {
            Found::Name(_) => is_whole(hit.start, hit.end),
            Found::Word(word) => self.index.classes(word, self.groups) & NO_AGENCY != 0,
        });
        if !is_else {
            let sentence = text.split_inclusive(['.', '!', '?']).next().unwrap_or(text).trim();
            self.credit(&Who::Unknown(name.to_owned()), AttributionKind::AgencyByline, "dateline", sentence);
        }
    }

    fn sentence(&mut self, line: &mut Line<'_>, range: std::ops::Range<usize>) {
        let tokens = &line.tokens[range];
        let text = line.text;
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
        let written = text[first.start..last.end].trim();
        self.agency_phrase(written);
        let summary = Summary::of(tokens);
        // Names that the register doesn't know need a cue: without one nobody need look for them.
        if tokens.iter().all(|token| token.mention().is_none())
            && !self.index.patterns.iter().any(|pattern| pattern.may_fit(summary))
        {
            return;
        }
        let mut tokens = tokens.to_vec();
        let is_own = |name: &str| name.chars().count() >= 3 && self.publisher.is_called(name);
        let fits = |pattern: &Pattern, tokens: &[Token], range: std::ops::Range<usize>| {
            pattern.may_fit(summary) && pattern.fit(tokens, range.start, range.end).is_some()
        };
        let patterns = &self.index.initials_patterns;
        let is_outlet = |tokens: &[Token], range: std::ops::Range<usize>| {
            let mut reports = patterns.iter().filter(|pattern| pattern.kind == Some(AttributionKind::OriginalReport));
            reports.any(|pattern| fits(pattern, tokens, range.clone()))
        };
        let are_initials = |tokens: &[Token], at: usize| {
            let written = &text[tokens[at].start..tokens[at].end];
            self.index.may_be_initials(written)
                && (self.text.stored.has_initials(written)
                    || patterns.iter().any(|pattern| fits(pattern, tokens, at..at + 1)))
        };
        let clues = Clues {
            is_own: &is_own,
            is_outlet: &is_outlet,
            are_initials: &are_initials,
            introduced: &self.introduced,
            stored: self.text.stored,
        };
        mention::find_unnamed(&mut tokens, &mut line.mentions, text, self.is_german, &clues);
        if tokens.iter().all(|token| token.mention().is_none()) {
            return;
        }
        // A headline has no full stop; a sentence full of names has.
        let is_title_case = !written.ends_with('.') && is_title_case(&tokens);
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at].mention().is_none() {
                at += 1;
                continue;
            }
            let end = group_end(&tokens, at);
            self.group(
                &tokens,
                &line.mentions,
                at..end,
                &Context { line: text, sentence: written, is_title_case, summary },
            );
            at = end;
        }
    }

    /// One name, or several joined by "and": they have one cue.
    fn group(&mut self, tokens: &[Token], mentions: &[Mention], range: std::ops::Range<usize>, context: &Context<'_>) {
        let (start, end, sentence) = (range.start, range.end, context.sentence);
        let inside: Vec<usize> = (start..end).filter(|at| tokens[*at].mention().is_some()).collect();
        let mut best: Option<(&Pattern, Fit)> = None;
        let mut denial: Option<&Pattern> = None;
        let is_open = inside.iter().any(|at| mention_of(tokens, mentions, *at).verdict == Verdict::Open);
        if is_open {
            let is_unknown = inside.iter().all(|at| matches!(mention_of(tokens, mentions, *at).who, Who::Unknown(_)));
            let summary = context.summary;
            let patterns = self.index.patterns.iter().filter(|pattern| pattern.may_fit(summary));
            for pattern in patterns.filter(|pattern| is_unknown || !pattern.is_for_unknown) {
                let Some(fit) = pattern.fit(tokens, start, end) else { continue };
                if pattern.kind == Some(AttributionKind::Denial) {
                    denial = denial.or(Some(pattern));
                } else if best.is_none_or(|(_, old)| fit.score > old.score) {
                    best = Some((pattern, fit));
                }
            }
        }
        for at in inside {
            let mention = mention_of(tokens, mentions, at);
            let is_other = mention.verdict == Verdict::Open
                && (is_of_institution(tokens, at, context.is_title_case)
                    || (mention.is_ambiguous && self.is_somebody_else(&mention.who, tokens, at, context)));
            match mention.verdict {
                Verdict::Mark(kind, cue) => self.credit(&mention.who, kind, cue, sentence),
                Verdict::Nothing => {}
                Verdict::Open => {
                    if let Some((pattern, fit)) = best.filter(|_| !is_other) {
                        self.judged(mention, tokens[at].is_possessive, pattern, fit, denial, sentence);
                    } else if let Some(pattern) = denial.filter(|_| !is_other) {
                        self.credit(&mention.who, AttributionKind::Denial, &pattern.text, sentence);
                    }
                }
            }
            if let Who::Known(outlet) = mention.who
                && !is_other
                && !matches!(mention.verdict, Verdict::Mark(AttributionKind::PhotoCredit, _) | Verdict::Nothing)
                && !self.publisher.is(self.index.register.outlets()[outlet].key())
            {
                self.named.push(Named { outlet, sentence: self.n_sentences });
            }
        }
    }

    fn judged(
        &mut self,
        mention: &Mention,
        is_possessive: bool,
        pattern: &Pattern,
        fit: Fit,
        denial: Option<&Pattern>,
        sentence: &str,
    ) {
        // "X's reporter" is said of outlets more than of words.
        let least = if is_possessive { MIN_SCORE } else { MIN_SURE_SCORE };
        let is_sure = fit.score >= least && !pattern.is_loose;
        let is_enough = match &mention.who {
            Who::Known(_) => fit.score >= MIN_SCORE && (is_sure || !mention.is_ambiguous),
            Who::Unknown(_) => is_sure || pattern.kind == Some(AttributionKind::SelfReference),
            Who::Anaphor { .. } => is_sure,
        };
        let Some(kind) = pattern.kind.filter(|_| is_enough) else { return };
        self.credit(&mention.who, kind, &pattern.text, sentence);
        if let Some(denial) = denial {
            self.credit(&mention.who, AttributionKind::Denial, &denial.text, sentence);
        }
    }

    /// Whether a name that is also a person's, a company's or a word is that here.
    fn is_somebody_else(&self, who: &Who, tokens: &[Token], at: usize, context: &Context<'_>) -> bool {
        let before = at.checked_sub(1).map(|n| &tokens[n]);
        if before.is_some_and(|token| token.is(WordClass::Person)) {
            return true;
        }
        let after = tokens.get(at + 1);
        if let Who::Known(outlet) = who {
            let not_beside = &self.index.register.outlets()[*outlet].not_beside;
            let is_there = |token: Option<&Token>| {
                token.is_some_and(|token| {
                    let word = context.line[token.start..token.end].to_lowercase();
                    not_beside.iter().any(|other| *other == word || other.starts_with(&format!("{word}.")))
                })
            };
            if is_there(before) || is_there(after) {
                return true;
            }
        }
        // "El Faro del Sur" is another paper than "El Faro".
        if after.is_some_and(|token| mention::is_name_link(&context.line[token.start..token.end]))
            && tokens.get(at + 2).is_some_and(|token| token.is_capital && token.kind == Kind::Word && token.is_spaced)
        {
            return true;
        }
        if context.is_title_case || self.is_german {
            return false;
        }
        let is_name = |token: &Token| {
            token.kind == Kind::Word
                && token.is_capital
                && token.classes == 0
                && token.end - token.start > 3
                && token.is_spaced
        };
        let is_latin = |token: &Token| context.line[token.start..token.end].chars().all(|c| c.is_ascii_alphabetic());
        before.is_some_and(|token| is_name(token) && is_latin(token))
            || after.filter(|_| !tokens[at].is_possessive).is_some_and(|token| is_name(token) && is_latin(token))
    }

    /// Records a credit: names resolved, own reporting told apart.
    fn credit(&mut self, who: &Who, kind: AttributionKind, cue: &str, sentence: &str) {
        let (outlet, written) = match who {
            Who::Known(outlet) => (Some(*outlet), String::new()),
            Who::Unknown(name) => (None, name.clone()),
            Who::Anaphor { is_agency, is_sure, is_bare, is_report, written } => {
                match (self.unknown_antecedent(*is_agency), self.antecedent(*is_agency, *is_sure)) {
                    (Some(name), _) => (None, name.to_owned()),
                    (None, Some(outlet)) => (Some(outlet), String::new()),
                    (None, None) if *is_sure && *is_bare && !is_report && kind == AttributionKind::OriginalReport => {
                        (None, written.clone())
                    }
                    (None, None) => return,
                }
            }
        };
        let (outlet_name, outlet_domain) = match outlet {
            Some(position) => {
                let outlet = &self.index.register.outlets()[position];
                (outlet.name.clone(), Some(outlet.key().to_owned()))
            }
            None => match self.text.stored.outlet(&written) {
                Some((name, domain)) => (name.to_owned(), Some(domain.to_owned())),
                None => (written, None),
            },
        };
        let is_anaphor_of_publisher = matches!(who, Who::Anaphor { .. }) && Publisher::is_meant_by(&outlet_name);
        let is_own = match &outlet_domain {
            Some(domain) => self.publisher.owns(domain),
            None => self.publisher.is_called(&outlet_name) || is_anaphor_of_publisher,
        };
        if let Who::Unknown(name) = who
            && !is_own
            && kind.is_source()
        {
            self.introduced.add(name);
            self.unknown = Some((self.n_sentences, name.clone()));
        }
        let kind = if is_own && kind.is_source() && kind != AttributionKind::AgencyByline {
            AttributionKind::SelfReference
        } else {
            kind
        };
        if is_own && kind == AttributionKind::Denial {
            return;
        }
        add(
            &mut self.found,
            Attribution { kind, outlet_name, outlet_domain, cue: cue.to_owned(), sentence: sentence.to_owned() },
        );
    }

    /// The credited name outside the register that "the newspaper" stands for, when no other outlet was named since.
    fn unknown_antecedent(&self, is_agency: bool) -> Option<&str> {
        let (sentence, name) = self.unknown.as_ref().filter(|_| !is_agency)?;
        let is_near = self.n_sentences - sentence <= MAX_ANAPHOR_SENTENCES;
        (is_near && self.named.iter().all(|named| named.sentence < *sentence)).then_some(name)
    }

    /// The outlet that "the newspaper" stands for: the last one named of a fitting sort.
    fn antecedent(&self, is_agency: bool, is_sure: bool) -> Option<usize> {
        let is_near = |named: &&Named| self.n_sentences - named.sentence <= MAX_ANAPHOR_SENTENCES;
        self.named
            .iter()
            .rev()
            .take_while(is_near)
            .map(|named| named.outlet)
            .find(|outlet| match (is_agency, self.index.is_agency(*outlet)) {
                (true, is_wire) => is_wire,
                // A wire is called an outlet, too, but not a newspaper.
                (false, true) => !is_sure,
                (false, false) => true,
            })
            .or_else(|| {
                let last = self.named.iter().rev().take_while(is_near).map(|named| named.outlet).next();
                last.filter(|_| !is_agency)
            })
    }

    fn agency_phrase(&mut self, sentence: &str) {
        if self.index.agency_phrases.is_empty() || !begins_with(sentence, '(') {
            return;
        }
        let folded = fold(sentence);
        let start = folded.trim_start_matches([' ', '(', '[']);
        let outlet = self
            .index
            .agency_phrases
            .iter()
            .find(|(phrase, _)| start.starts_with(phrase.trim_start()))
            .map(|(_, outlet)| *outlet);
        if let Some(outlet) = outlet {
            self.credit(&Who::Known(outlet), AttributionKind::AgencyByline, "sign-off", sentence);
        }
    }

    /// A byline as claimed: an agency's name in it is its mark, another outlet's a licence.
    fn byline(&mut self, byline: &str) {
        let Some(line) = self.read(byline) else { return };
        for mention in &line.mentions {
            let Who::Known(outlet) = mention.who else { continue };
            if mention.is_ambiguous && line.tokens.len() > 1 {
                continue;
            }
            let kind = if self.index.is_agency(outlet) {
                AttributionKind::AgencyByline
            } else {
                AttributionKind::LicensedByline
            };
            self.credit(&mention.who, kind, "byline", byline.trim());
        }
    }

    /// A credit line found outside the running text.
    fn credit_line(&mut self, text: &str) {
        let n_before = self.found.len();
        self.line(text, Place { is_title: false, is_near_end: true });
        if self.found.len() > n_before {
            return;
        }
        let Some(line) = self.read(text) else { return };
        for mention in &line.mentions {
            if let Who::Known(outlet) = mention.who
                && self.index.is_agency(outlet)
            {
                self.credit(&mention.who, AttributionKind::AgencyByline, "credit line", text.trim());
            }
        }
    }

    /// A link to a front page names an outlet; only a link to an article credits it.
    fn links(&mut self) {
        for link in self.text.links {
            let host = link.url.split('/').nth(2).unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
            let Some(outlet) = self.index.register.by_host(host) else { continue };
            let is_article = link.url.splitn(4, '/').nth(3).is_some_and(|path| path.len() > 1);
            let is_own = self.publisher.owns(outlet.key());
            if is_article && !is_own {
                add(
                    &mut self.found,
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
    }
}

fn mention_of<'m>(tokens: &[Token], mentions: &'m [Mention], at: usize) -> &'m Mention {
    &mentions[tokens[at].mention().expect("the caller chose a mention")]
}

fn add(found: &mut Vec<Attribution>, new: Attribution) {
    let is_known = found.iter().any(|old| {
        old.outlet_name == new.outlet_name
            && old.outlet_domain == new.outlet_domain
            && (old.kind == new.kind || (new.kind == AttributionKind::Link && old.kind.is_source()))
    });
    if !is_known {
        found.push(new);
    }
}
