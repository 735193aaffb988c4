//! What each article is in its story, how many origins there are, and which report was first.
//!
//! "Unsure" is a role: an article is never called independent because we failed to see its source.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{CopyGrade, NearDuplicate, TimeBasis};
use crate::attribution::{Attribution, AttributionKind};
use crate::model::{ArticleId, GroupId, OutletKind, Timestamp};

/// A text this short repeats a headline and a teaser.
const STUB_WORDS: u32 = 60;

/// An article of a story, with what its role is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryMember {
    /// The article.
    pub article: ArticleId,
    /// Its outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// Its outlet's kind.
    pub outlet_kind: OutletKind,
    /// The time it counts from.
    pub event_time: Timestamp,
    /// Where that time is from.
    pub time_basis: TimeBasis,
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
    /// A short notice that leads elsewhere.
    AggregatorStub,
    /// A credited translation.
    Translation,
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
            Self::AggregatorStub => "aggregator-stub",
            Self::Translation => "translation",
            Self::Unsure => "unsure",
        }
    }
}

/// Why an article has its role.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RoleEvidence {
    /// The crediting sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// Share of its shingles found in `of`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<f64>,
    /// The article it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<ArticleId>,
    /// The credited outlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
}

/// How sure a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Earliest and credited by most others.
    High,
    /// Earliest and credited by somebody.
    Medium,
    /// Earliest only.
    Low,
}

/// The earliest origin of a story in this database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirstReport {
    /// The article.
    pub article: ArticleId,
    /// Why it is held to be the first, in words.
    pub basis: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// Outlets of the story that credit its outlet.
    pub n_cited_by: u32,
    /// Other outlets in the story.
    pub n_other_outlets: u32,
}

/// What a story's members tell together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoryReading {
    /// The role of each member.
    pub roles: Vec<(ArticleId, Role, RoleEvidence)>,
    /// The first report, when an origin was found.
    pub first_report: Option<FirstReport>,
    /// Members with reporting not traced to another article here.
    pub n_origins: u32,
    /// Members of which that is not known.
    pub n_unsure: u32,
}

/// Reads roles, origins and first report of a story's members, given in time order.
#[must_use]
pub fn read_story(members: &[StoryMember]) -> StoryReading {
    let mut cited_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for member in members {
        let own = member.outlet_domain.as_deref().unwrap_or("");
        for credit in member.attributions.iter().filter(|credit| credit.kind.is_source()) {
            if let Some(domain) = credit.outlet_domain.as_deref().filter(|domain| *domain != own) {
                cited_by.entry(domain).or_default().insert(own);
            }
        }
    }
    let mut reading = StoryReading::default();
    for (index, member) in members.iter().enumerate() {
        let n_cited_by =
            member.outlet_domain.as_deref().and_then(|domain| cited_by.get(domain)).map_or(0, BTreeSet::len);
        let (role, evidence) = role(member, index == 0, n_cited_by > 0, members);
        reading.n_origins += u32::from(role == Role::Original);
        reading.n_unsure += u32::from(role == Role::Unsure);
        reading.roles.push((member.article, role, evidence));
    }
    reading.first_report = first_report(members, &reading, &cited_by);
    reading
}

fn role(member: &StoryMember, is_earliest: bool, is_cited: bool, members: &[StoryMember]) -> (Role, RoleEvidence) {
    let own = member.outlet_domain.as_deref();
    let credit = |kinds: &[AttributionKind]| {
        member.attributions.iter().find(|credit| {
            kinds.contains(&credit.kind) && (credit.outlet_domain.is_none() || credit.outlet_domain.as_deref() != own)
        })
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
    // Of several sources that hold as much of it, the closest, then the earliest: not the one that was stored last.
    let position = |edge: &NearDuplicate| members.iter().position(|member| member.article == edge.source);
    let copy = member.copies.iter().filter(|edge| edge.grade == CopyGrade::Copy).min_by(|a, b| {
        let shares = |edge: &NearDuplicate| [edge.containment_of_copy, edge.containment_of_source];
        let [first, second] = [shares(a), shares(b)];
        second[0].total_cmp(&first[0]).then(second[1].total_cmp(&first[1])).then_with(|| {
            let place = |edge: &NearDuplicate| (position(edge).unwrap_or(usize::MAX), edge.source);
            place(a).cmp(&place(b))
        })
    });
    if let Some(edge) = copy {
        let credited = agency.or(licensed).or(reported);
        let role = match (agency, licensed.or(reported)) {
            (Some(_), _) => Role::AgencyCopy,
            (None, Some(_)) => Role::LicensedCopy,
            (None, None) => Role::CopyStripped,
        };
        let found = credited.map(evidence).unwrap_or_default();
        return (role, RoleEvidence { overlap: Some(edge.containment_of_copy), of: Some(edge.source), ..found });
    }
    if let Some(credit) = agency {
        return (Role::AgencyCopy, evidence(credit));
    }
    if let Some(credit) = credit(&[AttributionKind::TranslationCredit]) {
        return (Role::Translation, evidence(credit));
    }
    if let Some(credit) = reported {
        let role =
            if member.outlet_kind == OutletKind::Aggregator { Role::AggregatorStub } else { Role::RewriteWithCredit };
        return (role, evidence(credit));
    }
    let is_known = member.has_body && member.n_words >= STUB_WORDS;
    if is_known && (is_cited || is_earliest || members.len() == 1) {
        return (Role::Original, RoleEvidence::default());
    }
    (Role::Unsure, RoleEvidence::default())
}

fn first_report(
    members: &[StoryMember],
    reading: &StoryReading,
    cited_by: &BTreeMap<&str, BTreeSet<&str>>,
) -> Option<FirstReport> {
    let outlets: BTreeSet<&str> = members.iter().filter_map(|member| member.outlet_domain.as_deref()).collect();
    let origins = members.iter().zip(&reading.roles).filter(|(_, (_, role, _))| *role == Role::Original);
    let n_citing = |member: &StoryMember| {
        member.outlet_domain.as_deref().and_then(|domain| cited_by.get(domain)).map_or(0, BTreeSet::len)
    };
    // The earliest origin that others credit; an earlier one that nobody credits only lowers the confidence.
    let cited = origins.clone().map(|(member, _)| member).find(|member| n_citing(member) > 0);
    let earliest = origins.map(|(member, _)| member).next()?;
    let first = cited.unwrap_or(earliest);
    let (n_cited_by, n_other_outlets) = (n_citing(first), outlets.len().saturating_sub(1));
    let is_earliest = first.article == earliest.article;
    let (basis, confidence) = match (n_cited_by, is_earliest) {
        (0, _) => ("earliest in this database, credited by nobody", Confidence::Low),
        (n, true) if 2 * n > n_other_outlets => {
            ("earliest in this database and credited by most others", Confidence::High)
        }
        (_, true) => ("earliest in this database and credited by others", Confidence::Medium),
        (_, false) => ("credited by others, though an uncredited report in this database is earlier", Confidence::Low),
    };
    Some(FirstReport {
        article: first.article,
        basis,
        confidence: if first.time_basis == TimeBasis::FirstSeen && confidence == Confidence::High {
            Confidence::Medium
        } else {
            confidence
        },
        n_cited_by: u32::try_from(n_cited_by).unwrap_or(u32::MAX),
        n_other_outlets: u32::try_from(n_other_outlets).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: i64, domain: &str, credits: &[(&str, AttributionKind)]) -> StoryMember {
        StoryMember {
            article: ArticleId(id),
            outlet_domain: Some(domain.to_owned()),
            outlet_kind: OutletKind::Newspaper,
            event_time: Timestamp(id),
            time_basis: TimeBasis::Published,
            first_seen_at: Timestamp(id),
            title: String::new(),
            language: None,
            n_words: 300,
            has_body: true,
            group: None,
            copies: Vec::new(),
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
            let reading = read_story(&[member(first, "a.example", &[]), member(second, "b.example", &[]), copy]);
            let (_, role, evidence) = &reading.roles[2];
            assert_eq!((*role, evidence.of), (Role::CopyStripped, Some(ArticleId(first))));
        }
    }

    #[test]
    fn the_credited_origin_is_first_and_the_silent_one_unsure() {
        let mut copy = member(4, "d.example", &[]);
        copy.copies.push(edge(4, 2));
        let reading = read_story(&[
            member(1, "a.example", &[]),
            member(2, "b.example", &[("a.example", AttributionKind::OriginalReport)]),
            member(3, "c.example", &[]),
            copy,
        ]);
        let roles: Vec<Role> = reading.roles.iter().map(|(_, role, _)| *role).collect();
        assert_eq!(roles, [Role::Original, Role::RewriteWithCredit, Role::Unsure, Role::CopyStripped]);
        let first = reading.first_report.unwrap();
        assert_eq!((first.article, first.n_cited_by, first.confidence), (ArticleId(1), 1, Confidence::Medium));
        assert_eq!((reading.n_origins, reading.n_unsure), (1, 1));
    }
}
