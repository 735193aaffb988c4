//! What each article is in its story, read from its credits, its overlaps and who credits it.
//!
//! "Unsure" is a role: an article is never called independent because we failed to see its source. Original is what
//! others credit, what speaks of its own reporting, or the only outlet of its story.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::marks;
use super::origins::{FirstReport, StoryCredits, first_report};
use super::translation::{self, Anchors};
use super::{CopyGrade, NearDuplicate, TimeBasis};
use crate::attribution::{Attribution, AttributionKind, RoleMark};
use crate::model::{ArticleId, GroupId, OutletKind, Timestamp};

/// A text this short repeats a headline and a teaser.
const STUB_WORDS: u32 = 60;

/// Share of its word sequences found in an earlier article from which a text without credit is called a rewrite of it.
/// Half of the way from a shared passage (0.1) to a copy (0.4): a shared quotation or statement mostly stays below.
const MIN_OVERLAP_REWRITE: f64 = 0.25;

/// Words besides the outlet's name of a sentence that tells of own reporting ("told the paper on Monday").
const MIN_OWN_WORDS: usize = 4;

/// An article of a story, with what its role is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryMember {
    /// The article.
    pub article: ArticleId,
    /// Its address.
    pub url: Option<String>,
    /// Its outlet's name.
    pub outlet_name: Option<String>,
    /// Its outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// Its outlet's kind.
    pub outlet_kind: OutletKind,
    /// The time it counts from.
    pub event_time: Timestamp,
    /// Where that time is from.
    pub time_basis: TimeBasis,
    /// Whether the claim names a day without a time of day: the time it counts from is the start of that day.
    pub is_day_only: bool,
    /// When we saw it.
    pub first_seen_at: Timestamp,
    /// Headline.
    pub title: String,
    /// BCP 47 language.
    pub language: Option<String>,
    /// Words of its text.
    pub n_words: u32,
    /// Whether its text is known.
    pub has_body: bool,
    /// Its near-duplicate group.
    pub group: Option<GroupId>,
    /// Edges in which it is the copy.
    pub copies: Vec<NearDuplicate>,
    /// Credits found in it.
    pub attributions: Vec<Attribution>,
    /// Names and numbers in order; empty where the story is in one language.
    pub anchors: Anchors,
}

/// What an article is in its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Own reporting that others rest on.
    Original,
    /// An agency's text, marked as such.
    AgencyCopy,
    /// Another outlet's text, with a credit.
    LicensedCopy,
    /// Another outlet's text, without a credit.
    CopyStripped,
    /// Own words on another outlet's reporting, credited.
    RewriteWithCredit,
    /// Another outlet's report in part, without a credit.
    RewriteWithoutCredit,
    /// Credits another outlet and adds reporting of its own.
    OwnConfirmation,
    /// A short notice that leads elsewhere.
    AggregatorStub,
    /// A translation: credited, or aligned with an earlier member by names and numbers.
    Translation,
    /// Says what somebody thinks of it.
    Opinion,
    /// Not enough is known.
    Unsure,
}

impl Role {
    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::AgencyCopy => "agency-copy",
            Self::LicensedCopy => "licensed-copy",
            Self::CopyStripped => "copy-stripped",
            Self::RewriteWithCredit => "rewrite-with-credit",
            Self::RewriteWithoutCredit => "rewrite-without-credit",
            Self::OwnConfirmation => "own-confirmation",
            Self::AggregatorStub => "aggregator-stub",
            Self::Translation => "translation",
            Self::Opinion => "opinion",
            Self::Unsure => "unsure",
        }
    }

    /// Whether the article has reporting of its own.
    #[must_use]
    pub fn is_origin(self) -> bool {
        matches!(self, Self::Original | Self::OwnConfirmation)
    }
}

/// Why an article has its role.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RoleEvidence {
    /// The crediting sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// Share of its shingles found in `of`; of a translation the share of the names that stand in both in one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<f64>,
    /// The article it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<ArticleId>,
    /// The credited outlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
}

/// What a story's members tell together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoryReading {
    /// The role of each member.
    pub roles: Vec<(ArticleId, Role, RoleEvidence)>,
    /// The first report, when an origin was found.
    pub first_report: Option<FirstReport>,
    /// Outlets with reporting of their own.
    pub n_origins: u32,
    /// Members of which that is not known.
    pub n_unsure: u32,
}

/// The members of a story by article: place in time order, outlet and time.
type Places<'a> = BTreeMap<ArticleId, (usize, Option<&'a str>, Timestamp)>;

/// Reads roles, origins and first report of a story's members, given in time order; `role_marks` tell opinions and corrections.
#[must_use]
pub fn read_story(members: &[StoryMember], role_marks: &[RoleMark]) -> StoryReading {
    let credits = StoryCredits::new(members);
    let mut reading = StoryReading::default();
    let mut found: BTreeMap<ArticleId, Role> = BTreeMap::new();
    let places: Places<'_> = members
        .iter()
        .enumerate()
        .map(|(place, member)| (member.article, (place, member.outlet_domain.as_deref(), member.event_time)))
        .collect();
    for (index, member) in members.iter().enumerate() {
        let own = member.outlet_domain.as_deref();
        // A later state of the outlet's own article is what the earlier one is.
        let earlier =
            closest(member, CopyGrade::Copy, &places).filter(|edge| own.is_some() && of(edge, &places) == own);
        let was = |article: ArticleId| found.get(&article).copied().unwrap_or(Role::Unsure);
        let (role, evidence) = match (earlier, marks::corrected(members, index, role_marks)) {
            (Some(edge), _) => (was(edge.source), shared(edge, RoleEvidence::default())),
            // A correction has no more reporting of its own than what it corrects.
            (None, Some(of)) => (was(of), RoleEvidence { of: Some(of), ..RoleEvidence::default() }),
            (None, None) => role(member, members, &places, &credits, role_marks),
        };
        found.insert(member.article, role);
        reading.n_unsure += u32::from(role == Role::Unsure);
        reading.roles.push((member.article, role, evidence));
    }
    let origins = members.iter().filter(|member| found.get(&member.article).is_some_and(|role| role.is_origin()));
    let outlets: BTreeSet<(Option<&str>, Option<ArticleId>)> = origins
        .map(|member| (member.outlet_domain.as_deref(), member.outlet_domain.is_none().then_some(member.article)))
        .collect();
    reading.n_origins = u32::try_from(outlets.len()).unwrap_or(u32::MAX);
    reading.first_report = first_report(members, &found, &credits);
    reading
}

/// The outlet a text overlap leads to, when it is in the story.
fn of<'a>(edge: &NearDuplicate, places: &Places<'a>) -> Option<&'a str> {
    places.get(&edge.source)?.1
}

/// Of several sources that hold as much of it, the closest, then the earliest: not the one that was stored last.
fn closest<'a>(member: &'a StoryMember, grade: CopyGrade, places: &Places<'_>) -> Option<&'a NearDuplicate> {
    member.copies.iter().filter(|edge| edge.grade == grade).min_by(|a, b| {
        let shares = |edge: &NearDuplicate| [edge.containment_of_copy, edge.containment_of_source];
        let [first, second] = [shares(a), shares(b)];
        second[0].total_cmp(&first[0]).then(second[1].total_cmp(&first[1])).then_with(|| {
            let place = |edge: &NearDuplicate| {
                (places.get(&edge.source).map_or(usize::MAX, |(place, _, _)| *place), edge.source)
            };
            place(a).cmp(&place(b))
        })
    })
}

/// Whether an article is later than the one it shares its text with.
fn is_later(member: &StoryMember, edge: &NearDuplicate, places: &Places<'_>) -> bool {
    places.get(&edge.source).is_none_or(|(_, _, at)| *at < member.event_time)
}

fn shared(edge: &NearDuplicate, found: RoleEvidence) -> RoleEvidence {
    RoleEvidence { overlap: Some(edge.containment_of_copy), of: Some(edge.source), ..found }
}

/// Whether a credit is little more than the name: a byline or a footer says nothing of the outlet's own reporting.
fn is_bare(credit: &Attribution) -> bool {
    let n_words = |text: &str| text.split_whitespace().count();
    !credit.sentence.is_empty() && n_words(&credit.sentence) < n_words(&credit.outlet_name) + MIN_OWN_WORDS
}

/// The member in another language that this one aligns with best, and how much of the names does. It is the earlier one; of
/// two of one time, often dated by the day only, it is the one whose outlet the other credits.
fn translated<'a>(
    member: &StoryMember,
    members: &'a [StoryMember],
    credits: &StoryCredits<'_>,
) -> Option<(&'a StoryMember, f64)> {
    let is_credited = |other: &StoryMember| {
        let mut sources = member.attributions.iter().filter(|credit| credit.kind.is_source());
        other.outlet_domain.is_some() && sources.any(|credit| Some(credits.key(credit)) == other.outlet_domain)
    };
    let earlier = members.iter().filter(|other| {
        (other.event_time < member.event_time || (other.event_time == member.event_time && is_credited(other)))
            && matches!((&other.language, &member.language), (Some(other), Some(own)) if other != own)
    });
    let aligned = earlier.filter_map(|other| Some((other, translation::aligned(&other.anchors, &member.anchors)?)));
    aligned.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn role(
    member: &StoryMember,
    members: &[StoryMember],
    places: &Places<'_>,
    credits: &StoryCredits<'_>,
    role_marks: &[RoleMark],
) -> (Role, RoleEvidence) {
    let own = member.outlet_domain.as_deref();
    let is_own = |credit: &Attribution| own.is_some() && credits.key(credit) == own.unwrap_or_default();
    let credit = |kinds: &[AttributionKind]| {
        member.attributions.iter().find(|credit| kinds.contains(&credit.kind) && !is_own(credit))
    };
    let evidence = |credit: &Attribution| RoleEvidence {
        sentence: Some(credit.sentence.clone()),
        outlet: Some(credit.outlet_name.clone()),
        ..RoleEvidence::default()
    };
    let agency = credit(&[AttributionKind::AgencyByline]);
    let licensed = credit(&[AttributionKind::LicensedByline]);
    let reported = credit(&[AttributionKind::OriginalReport])
        .or_else(|| credit(&[AttributionKind::Link, AttributionKind::QuoteToOutlet]));
    if let Some(edge) = closest(member, CopyGrade::Copy, places) {
        let credited = agency.or(licensed).or(reported);
        let role = match (agency, licensed.or(reported)) {
            (Some(_), _) => Role::AgencyCopy,
            (None, Some(_)) => Role::LicensedCopy,
            // Of two texts of one time, often dated by the day only, either may be the copy.
            (None, None) if !is_later(member, edge, places) => Role::Unsure,
            (None, None) => Role::CopyStripped,
        };
        return (role, shared(edge, credited.map(evidence).unwrap_or_default()));
    }
    if let Some(credit) = agency {
        return (Role::AgencyCopy, evidence(credit));
    }
    if let Some(credit) = licensed {
        return (Role::LicensedCopy, evidence(credit));
    }
    if let Some(credit) = credit(&[AttributionKind::TranslationCredit]) {
        return (Role::Translation, evidence(credit));
    }
    if let Some((of, share)) = translated(member, members, credits) {
        let credited = reported.map(evidence).unwrap_or_default();
        return (Role::Translation, RoleEvidence { overlap: Some(share), of: Some(of.article), ..credited });
    }
    if marks::is_opinion(&member.title, member.url.as_deref(), role_marks) {
        return (Role::Opinion, RoleEvidence { sentence: Some(member.title.clone()), ..RoleEvidence::default() });
    }
    let speaks_of_itself = member.attributions.iter().find(|credit| {
        (credit.kind == AttributionKind::SelfReference && !is_bare(credit))
            || (is_own(credit) && credit.kind == AttributionKind::QuoteToOutlet)
    });
    let n_citing = own.map_or(0, |own| credits.n_citing(own, member.event_time));
    if let Some(credit) = reported {
        // Credited by more outlets of the story than the outlet it credits: its own reporting, with background.
        if n_citing > credits.n_citing(&credits.key(credit), member.event_time) {
            return (Role::Original, evidence(credit));
        }
        let role = match speaks_of_itself {
            _ if member.outlet_kind == OutletKind::Aggregator => Role::AggregatorStub,
            Some(_) => Role::OwnConfirmation,
            None => Role::RewriteWithCredit,
        };
        return (role, evidence(speaks_of_itself.unwrap_or(credit)));
    }
    if member.outlet_kind == OutletKind::Aggregator {
        return (Role::AggregatorStub, RoleEvidence::default());
    }
    if n_citing > 0 {
        let credit = own.and_then(|own| credits.credit_to(own)).map(evidence).unwrap_or_default();
        return (Role::Original, credit);
    }
    // What an article shares with one of another story is a form (a weather report's), not that story's report.
    let rewritten = closest(member, CopyGrade::Partial, places)
        .filter(|edge| edge.containment_of_copy >= MIN_OVERLAP_REWRITE && places.contains_key(&edge.source))
        .filter(|edge| of(edge, places) != own);
    if let Some(edge) = rewritten.filter(|edge| is_later(member, edge, places)) {
        return (Role::RewriteWithoutCredit, shared(edge, RoleEvidence::default()));
    }
    if let Some(credit) = speaks_of_itself {
        return (Role::Original, evidence(credit));
    }
    if member.has_body && member.n_words >= STUB_WORDS && credits.n_outlets() <= 1 {
        return (Role::Original, RoleEvidence::default());
    }
    (Role::Unsure, RoleEvidence::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::MarkKind;
    use crate::cluster::origins::Confidence;

    fn member(id: i64, domain: &str, credits: &[(&str, AttributionKind)]) -> StoryMember {
        StoryMember {
            article: ArticleId(id),
            url: None,
            outlet_name: Some(domain.to_owned()),
            outlet_domain: Some(domain.to_owned()),
            outlet_kind: OutletKind::Newspaper,
            event_time: Timestamp(id),
            time_basis: TimeBasis::Published,
            is_day_only: false,
            first_seen_at: Timestamp(id),
            title: String::new(),
            language: None,
            n_words: 300,
            has_body: true,
            group: None,
            copies: Vec::new(),
            anchors: Anchors::default(),
            attributions: credits
                .iter()
                .map(|(domain, kind)| Attribution {
                    kind: *kind,
                    outlet_name: (*domain).to_owned(),
                    outlet_domain: Some((*domain).to_owned()),
                    cue: String::new(),
                    sentence: String::new(),
                })
                .collect(),
        }
    }

    fn read(members: &[StoryMember]) -> StoryReading {
        let mark = RoleMark {
            language: "en".to_owned(),
            kind: MarkKind::Opinion,
            word: "opinion".to_owned(),
            example: String::new(),
        };
        read_story(members, &[mark])
    }

    fn edge(copy: i64, source: i64) -> NearDuplicate {
        NearDuplicate {
            copy: ArticleId(copy),
            source: ArticleId(source),
            containment_of_copy: 0.9,
            containment_of_source: 0.8,
            resemblance: 0.7,
            n_shared: 200,
            grade: CopyGrade::Copy,
        }
    }

    #[test]
    fn of_equal_sources_the_earliest_is_repeated_in_whatever_order_they_were_stored() {
        for (first, second) in [(1, 2), (2, 1)] {
            let mut copy = member(3, "c.example", &[]);
            copy.copies = vec![edge(3, 1), edge(3, 2)];
            let reading = read(&[member(first, "a.example", &[]), member(second, "b.example", &[]), copy]);
            let (_, role, evidence) = &reading.roles[2];
            assert_eq!((*role, evidence.of), (Role::CopyStripped, Some(ArticleId(first))));
        }
    }

    #[test]
    fn an_aligned_text_in_another_language_is_a_translation_and_its_original_stays_one() {
        let text = "On 14 May Ondra Vasarek, who runs Havenko with Pavel Drobny, told Velmouth council of 37 cracks. It \
            cost Havenko 480 crowns, and Drobny wrote to Tolstoy in 2023.";
        let anchors = translation::anchors(text);
        let with = |id, domain, language: &str, anchors: &Anchors| StoryMember {
            language: Some(language.to_owned()),
            anchors: anchors.clone(),
            ..member(id, domain, &[])
        };
        let reading = read(&[
            with(1, "a.example", "en", &anchors),
            with(2, "b.example", "fr", &anchors),
            with(3, "c.example", "en", &Anchors::default()),
        ]);
        let roles: Vec<(Role, Option<ArticleId>)> =
            reading.roles.iter().map(|(_, role, evidence)| (*role, evidence.of)).collect();
        assert_eq!(roles, [(Role::Unsure, None), (Role::Translation, Some(ArticleId(1))), (Role::Unsure, None)]);
        // Of two texts of one time the one that credits the other is the translation.
        let mut crediting = with(2, "b.example", "fr", &anchors);
        crediting.event_time = Timestamp(1);
        let silent = crediting.clone();
        crediting.attributions = member(2, "b.example", &[("a.example", AttributionKind::OriginalReport)]).attributions;
        assert_eq!(roles_of(&[with(1, "a.example", "en", &anchors), crediting]), [Role::Original, Role::Translation]);
        assert_eq!(roles_of(&[with(1, "a.example", "en", &anchors), silent]), [Role::Unsure, Role::Unsure]);
    }

    #[test]
    fn of_reports_of_one_day_none_is_called_the_first() {
        let report = AttributionKind::OriginalReport;
        let day = |id: i64, domain: &str, credits: &[(&str, AttributionKind)], at: i64| StoryMember {
            event_time: Timestamp(at),
            is_day_only: true,
            ..member(id, domain, credits)
        };
        let silent = [day(1, "a.example", &[], 0), day(2, "b.example", &[], 0)];
        let first = read(&silent).first_report.unwrap();
        assert_eq!((first.article, first.confidence), (None, Confidence::Low));
        assert!(first.basis.contains("which was first is not known"), "{}", first.basis);
        // A time of that day may be before the other's, too.
        let timed = [day(1, "a.example", &[], 0), member(7200, "b.example", &[])];
        assert_eq!(read(&timed).first_report.unwrap().article, None);
        let later = [day(1, "a.example", &[], 0), member(2 * 86_400, "b.example", &[])];
        assert_eq!(read(&later).first_report.unwrap().article, Some(ArticleId(1)));
        // A credited one is named, but not as the earliest.
        let credited = [
            day(1, "a.example", &[], 0),
            day(2, "b.example", &[], 0),
            day(3, "c.example", &[("a.example", report)], 0),
        ];
        let first = read(&credited).first_report.unwrap();
        assert_eq!((first.article, first.confidence), (Some(ArticleId(1)), Confidence::Low));
        assert!(first.basis.contains("as early"), "{}", first.basis);
    }

    #[test]
    fn an_absent_outlet_that_many_more_credit_is_first() {
        let report = AttributionKind::OriginalReport;
        let crediting = |id: i64, domain: &str, credited: &str| member(id, domain, &[(credited, report)]);
        let mut members = vec![member(1, "a.example", &[]), crediting(2, "b.example", "a.example")];
        members.extend([crediting(3, "c.example", "far.example"), crediting(4, "d.example", "far.example")]);
        assert_eq!(read(&members).first_report.unwrap().article, Some(ArticleId(1)));
        members.push(crediting(5, "e.example", "far.example"));
        let first = read(&members).first_report.unwrap();
        assert_eq!((first.article, first.credited_elsewhere.unwrap().n_cited_by), (None, 3));
    }

    #[test]
    fn one_credit_of_several_makes_no_outlet_the_first_with_confidence() {
        let report = AttributionKind::OriginalReport;
        let first = read(&[member(1, "a.example", &[("far.example", report)])]).first_report.unwrap();
        assert_eq!((first.article, first.confidence), (None, Confidence::Low));
    }

    #[test]
    fn the_credited_origin_is_first_and_the_silent_one_unsure() {
        let mut copy = member(4, "d.example", &[]);
        copy.copies.push(edge(4, 2));
        let reading = read(&[
            member(1, "a.example", &[]),
            member(2, "b.example", &[("a.example", AttributionKind::OriginalReport)]),
            member(3, "c.example", &[]),
            copy,
        ]);
        let roles: Vec<Role> = reading.roles.iter().map(|(_, role, _)| *role).collect();
        assert_eq!(roles, [Role::Original, Role::RewriteWithCredit, Role::Unsure, Role::CopyStripped]);
        let first = reading.first_report.unwrap();
        assert_eq!((first.article, first.n_cited_by, first.confidence), (Some(ArticleId(1)), 1, Confidence::Medium));
        assert_eq!((reading.n_origins, reading.n_unsure), (1, 1));
    }

    fn roles_of(members: &[StoryMember]) -> Vec<Role> {
        read(members).roles.iter().map(|(_, role, _)| *role).collect()
    }

    #[test]
    fn an_early_report_that_nobody_credits_is_unsure() {
        let reading = read(&[member(1, "a.example", &[]), member(2, "b.example", &[])]);
        assert_eq!((reading.n_origins, reading.n_unsure), (0, 2));
        let first = reading.first_report.unwrap();
        assert_eq!((first.article, first.confidence), (Some(ArticleId(1)), Confidence::Low));
        assert!(first.basis.contains("not known"), "{}", first.basis);
        assert_eq!(roles_of(&[member(1, "a.example", &[])]), [Role::Original]);
    }

    #[test]
    fn a_credited_outlet_without_a_report_here_is_named() {
        let report = AttributionKind::OriginalReport;
        let reading = read(&[
            member(1, "a.example", &[]),
            member(2, "b.example", &[("far.example", report)]),
            member(3, "c.example", &[("far.example", report)]),
        ]);
        let first = reading.first_report.unwrap();
        let elsewhere = first.credited_elsewhere.unwrap();
        assert_eq!((first.article, elsewhere.outlet.as_str(), elsewhere.n_cited_by), (None, "far.example", 2));
    }

    #[test]
    fn own_words_of_own_reporting_confirm() {
        let report = AttributionKind::OriginalReport;
        let own = ("b.example", AttributionKind::SelfReference);
        let members = [member(1, "a.example", &[]), member(2, "b.example", &[("a.example", report), own])];
        assert_eq!(roles_of(&members), [Role::Original, Role::OwnConfirmation]);
        assert_eq!(read(&members).n_origins, 2);
        // The outlet most others credit stays an origin when it credits a third one for background.
        let members = [
            member(1, "a.example", &[("z.example", report)]),
            member(2, "b.example", &[("a.example", report)]),
            member(3, "c.example", &[("a.example", report)]),
        ];
        assert_eq!(roles_of(&members)[0], Role::Original);
    }

    #[test]
    fn of_two_texts_of_one_time_none_is_called_the_copy() {
        let mut copy = member(3, "c.example", &[]);
        copy.copies = vec![edge(3, 1)];
        copy.event_time = Timestamp(1);
        let reading = read(&[member(1, "a.example", &[]), copy]);
        let (_, role, evidence) = &reading.roles[1];
        assert_eq!((*role, evidence.of), (Role::Unsure, Some(ArticleId(1))));
    }

    #[test]
    fn later_states_opinions_and_partial_rewrites_are_no_origins() {
        let edge = |copy: i64, grade, containment| NearDuplicate {
            copy: ArticleId(copy),
            source: ArticleId(1),
            containment_of_copy: containment,
            containment_of_source: containment,
            resemblance: containment,
            n_shared: 60,
            grade,
        };
        let mut update = member(2, "a.example", &[]);
        update.copies.push(edge(2, CopyGrade::Copy, 0.9));
        let mut rewrite = member(3, "b.example", &[]);
        rewrite.copies.push(edge(3, CopyGrade::Partial, 0.3));
        let mut opinion = member(4, "c.example", &[]);
        opinion.title = "Opinion: the dam was old".to_owned();
        let crediting = member(5, "d.example", &[("a.example", AttributionKind::OriginalReport)]);
        let members = [member(1, "a.example", &[]), update, rewrite, opinion, crediting];
        let expected =
            [Role::Original, Role::Original, Role::RewriteWithoutCredit, Role::Opinion, Role::RewriteWithCredit];
        assert_eq!(roles_of(&members), expected);
        assert_eq!(read(&members).n_origins, 1, "one outlet is one origin");
    }

    #[test]
    fn a_form_shared_with_another_story_is_no_rewrite() {
        let mut weather = member(2, "a.example", &[]);
        weather.copies.push(NearDuplicate { grade: CopyGrade::Partial, ..edge(2, 9) });
        assert_eq!(roles_of(&[member(1, "b.example", &[]), weather]), [Role::Unsure, Role::Unsure]);
    }

    #[test]
    fn a_name_the_register_lacks_is_the_member_of_that_name() {
        let mut crediting = member(2, "b.example", &[("x", AttributionKind::OriginalReport)]);
        crediting.attributions[0].outlet_name = "The A.example".to_owned();
        crediting.attributions[0].outlet_domain = None;
        assert_eq!(roles_of(&[member(1, "a.example", &[]), crediting])[0], Role::Original);
    }
}
