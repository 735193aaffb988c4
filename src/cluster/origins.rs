//! Who is credited in a story, and which report was first: earliest and credited, with what that rests on.
//!
//! "First in this database" is never shortened to "first": an outlet that others credit and whose report we don't hold
//! is named as such.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::TimeBasis;
use super::roles::{Role, StoryMember};
use crate::attribution::Attribution;
use crate::model::{ArticleId, Timestamp};

/// A credit this much earlier than a report still counts for it, in seconds: dates without a time are stored as the
/// start of their day.
const CLOCK_TOLERANCE_S: i64 = 24 * 3600;

/// An outlet without an article here that so many times as many credit as the earliest credited one here is the first
/// report, wherever it is: below, both may be origins.
const DOMINANCE: u32 = 2;

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

/// An outlet that members credit and that has no article among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditedElsewhere {
    /// Its name, by the register or as written.
    pub outlet: String,
    /// Its domain where known.
    pub outlet_domain: Option<String>,
    /// Outlets that credit it.
    pub n_cited_by: u32,
}

/// The earliest origin of a story in this database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirstReport {
    /// The article; none when the outlet most others credit has none here, or when several may be the earliest.
    pub article: Option<ArticleId>,
    /// The name of its outlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
    /// Why it is held to be the first, in words.
    pub basis: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// Outlets of the story that credit its outlet.
    pub n_cited_by: u32,
    /// Other outlets in the story.
    pub n_other_outlets: u32,
    /// The outlet credited most of those without an article here, when more credit it than the article's outlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited_elsewhere: Option<CreditedElsewhere>,
}

/// Who credits whom among the members of a story.
pub(super) struct StoryCredits<'a> {
    /// Names of the members' outlets, plain, to their domains.
    names: BTreeMap<String, &'a str>,
    /// The credits to each outlet: when, by which outlet, the credit.
    by_outlet: BTreeMap<String, Vec<(Timestamp, &'a str, &'a Attribution)>>,
    outlets: BTreeSet<&'a str>,
}

/// A name for comparison: small letters, no article.
fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.strip_prefix("the ").unwrap_or(&name).to_owned()
}

impl<'a> StoryCredits<'a> {
    pub(super) fn new(members: &'a [StoryMember]) -> Self {
        let mut credits = Self { names: BTreeMap::new(), by_outlet: BTreeMap::new(), outlets: BTreeSet::new() };
        for member in members {
            if let (Some(name), Some(domain)) = (&member.outlet_name, &member.outlet_domain) {
                credits.names.insert(plain(name), domain);
            }
            credits.outlets.extend(member.outlet_domain.as_deref());
        }
        for member in members {
            let own = member.outlet_domain.as_deref().unwrap_or_default();
            for credit in member.attributions.iter().filter(|credit| credit.kind.is_source() && credit.is_named()) {
                let key = credits.key(credit);
                if key != own {
                    credits.by_outlet.entry(key).or_default().push((member.event_time, own, credit));
                }
            }
        }
        credits
    }

    /// What identifies a credited outlet: its domain, that of a member of its name, else the name as written.
    pub(super) fn key(&self, credit: &Attribution) -> String {
        let name = plain(&credit.outlet_name);
        let known = credit.outlet_domain.as_deref().or_else(|| self.names.get(&name).copied());
        known.map_or(name, str::to_owned)
    }

    /// Outlets that credit this one in articles not earlier than `since`.
    pub(super) fn n_citing(&self, outlet: &str, since: Timestamp) -> usize {
        let credits = self.by_outlet.get(outlet).into_iter().flatten();
        let later = credits.filter(|(at, _, _)| at.0.saturating_add(CLOCK_TOLERANCE_S) >= since.0);
        later.map(|(_, by, _)| *by).collect::<BTreeSet<&str>>().len()
    }

    /// The earliest credit to an outlet.
    pub(super) fn credit_to(&self, outlet: &str) -> Option<&'a Attribution> {
        self.by_outlet.get(outlet)?.first().map(|(_, _, credit)| *credit)
    }

    /// Outlets among the members.
    pub(super) fn n_outlets(&self) -> usize {
        self.outlets.len()
    }

    /// The outlet credited by most of those that have no article among the members, and whether no other is credited as
    /// often.
    fn elsewhere(&self) -> Option<(CreditedElsewhere, bool)> {
        let absent = self.by_outlet.iter().filter(|(key, _)| !self.outlets.contains(key.as_str()));
        let mut counted: Vec<(usize, &Attribution)> = absent
            .filter_map(|(key, credits)| Some((self.n_citing(key, Timestamp(i64::MIN)), credits.first()?.2)))
            .collect();
        counted.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.outlet_name.cmp(&b.1.outlet_name)));
        let (n, credit) = *counted.first()?;
        let outlet = CreditedElsewhere {
            outlet: credit.outlet_name.clone(),
            outlet_domain: credit.outlet_domain.clone(),
            n_cited_by: u32::try_from(n).unwrap_or(u32::MAX),
        };
        Some((outlet, counted.get(1).is_none_or(|(next, _)| *next < n)))
    }
}

/// The first report of members given in time order with their roles.
pub(super) fn first_report(
    members: &[StoryMember],
    roles: &BTreeMap<ArticleId, Role>,
    credits: &StoryCredits<'_>,
) -> Option<FirstReport> {
    let role = |member: &StoryMember| roles.get(&member.article).copied().unwrap_or(Role::Unsure);
    let n_citing = |member: &StoryMember| {
        member.outlet_domain.as_deref().map_or(0, |domain| credits.n_citing(domain, member.event_time))
    };
    let n_other_outlets = u32::try_from(credits.n_outlets().saturating_sub(1)).unwrap_or(u32::MAX);
    // An opinion, a copy or a rewrite is no first report; one whose source we don't see may be.
    let may_be_first = |member: &&StoryMember| role(member).is_origin() || role(member) == Role::Unsure;
    let earliest = members.iter().find(may_be_first);
    let cited = members.iter().find(|member| role(member).is_origin() && n_citing(member) > 0);
    let first = cited.or(earliest);
    let n_cited_by = u32::try_from(first.map_or(0, n_citing)).unwrap_or(u32::MAX);
    let (elsewhere, is_alone) = credits
        .elsewhere()
        .filter(|(outlet, _)| outlet.n_cited_by > n_cited_by)
        .map_or((None, false), |(outlet, is_alone)| (Some(outlet), is_alone));
    if let Some(outlet) = elsewhere.as_ref().filter(|outlet| outlet.n_cited_by > DOMINANCE * n_cited_by) {
        // A single credit, or one of several, shows too little.
        let most = is_alone && outlet.n_cited_by > 1 && 2 * outlet.n_cited_by > n_other_outlets + 1;
        return Some(FirstReport {
            article: None,
            outlet: None,
            basis: "the outlet that others credit has no report in this database",
            confidence: if most { Confidence::Medium } else { Confidence::Low },
            n_cited_by: 0,
            n_other_outlets,
            credited_elsewhere: elsewhere,
        });
    }
    let first = first?;
    // A day without a time of day may stand for any moment of it: of such times none is surely the earlier.
    let until = |member: &StoryMember| if member.is_day_only { member.event_time.day_end() } else { member.event_time };
    let is_other = |member: &&StoryMember| {
        member.article != first.article
            && (member.outlet_domain != first.outlet_domain || member.outlet_domain.is_none())
    };
    let rivals = || members.iter().filter(may_be_first).filter(is_other);
    let is_preceded = rivals().any(|other| until(other) < first.event_time);
    let is_tied = rivals().any(|other| other.event_time <= until(first) && until(other) >= first.event_time);
    if n_cited_by == 0 && is_tied {
        return Some(FirstReport {
            article: None,
            outlet: None,
            basis: "several reports in this database may be the earliest, credited by nobody; which was first is not known",
            confidence: Confidence::Low,
            n_cited_by,
            n_other_outlets,
            credited_elsewhere: elsewhere,
        });
    }
    let (basis, confidence) = match (n_cited_by, is_tied) {
        _ if elsewhere.is_some() => {
            ("earliest credited report in this database, though more credit an outlet without one", Confidence::Low)
        }
        (0, _) if role(first) == Role::Unsure => {
            ("earliest in this database, credited by nobody; whether it is the origin is not known", Confidence::Low)
        }
        (0, _) if n_other_outlets == 0 => ("the only outlet of its story in this database", Confidence::Low),
        (0, _) => ("earliest origin in this database, credited by nobody", Confidence::Low),
        _ if is_preceded => {
            ("credited by others, though an uncredited report in this database is earlier", Confidence::Low)
        }
        (n, true) if 2 * n > n_other_outlets => {
            ("credited by most others, though another report in this database may be as early", Confidence::Medium)
        }
        (_, true) => ("credited by others, though another report in this database may be as early", Confidence::Low),
        (n, false) if 2 * n > n_other_outlets => {
            ("earliest in this database and credited by most others", Confidence::High)
        }
        (_, false) => ("earliest in this database and credited by others", Confidence::Medium),
    };
    let is_guessed = first.time_basis != TimeBasis::Published && confidence == Confidence::High;
    Some(FirstReport {
        article: Some(first.article),
        outlet: first.outlet_name.clone(),
        basis,
        confidence: if is_guessed { Confidence::Medium } else { confidence },
        n_cited_by,
        n_other_outlets,
        credited_elsewhere: elsewhere,
    })
}
