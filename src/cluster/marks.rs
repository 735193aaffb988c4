//! What a headline or an address says of the piece itself: that it is an opinion, or that it corrects an earlier one.
//!
//! The words stand in `config/attribution.toml`, `marks`.

use crate::attribution::{MarkKind, RoleMark};
use crate::model::ArticleId;

use super::roles::StoryMember;

/// The least share of a correction's headline words that stand in the headline it corrects.
const MIN_HEADLINE_OVERLAP: f64 = 0.5;

/// Whether headline or address mark an opinion piece.
#[must_use]
pub fn is_opinion(title: &str, url: Option<&str>, marks: &[RoleMark]) -> bool {
    let mut section = url.unwrap_or_default().split(['/', '?', '#']).skip(3);
    head(title).is_some_and(|word| has(marks, MarkKind::Opinion, &word))
        || section.any(|part| has(marks, MarkKind::OpinionSection, &part.to_lowercase()))
}

/// Whether a headline says that the piece corrects an earlier one.
#[must_use]
pub fn is_correction(title: &str, marks: &[RoleMark]) -> bool {
    let title = title.trim_start_matches(['(', '[', '*', ' ']);
    let end = title.find([':', ' ', ')', ']', '|', '-', '：']).unwrap_or(title.len());
    let (word, rest) = title.split_at(end);
    let is_set_apart = rest.starts_with([':', ')', ']', '|', '：']) || word.chars().all(char::is_uppercase);
    is_set_apart && has(marks, MarkKind::Correction, &word.to_lowercase())
}

/// The earlier member that the one at `index` corrects: what it repeats, else its outlet's piece with most of its headline.
#[must_use]
pub fn corrected(members: &[StoryMember], index: usize, marks: &[RoleMark]) -> Option<ArticleId> {
    let correction = members.get(index).filter(|member| is_correction(&member.title, marks))?;
    let wanted = words(&correction.title);
    let earlier = members.iter().filter(|member| {
        member.article != correction.article
            && member.outlet_domain == correction.outlet_domain
            && member.first_seen_at <= correction.first_seen_at
            && !is_correction(&member.title, marks)
    });
    let best = earlier
        .map(|member| {
            let is_repeated = correction.copies.iter().any(|edge| edge.source == member.article);
            let title = words(&member.title);
            let n_shared = wanted.iter().filter(|word| title.contains(word)).count();
            let overlap = n_shared as f64 / title.len().max(1) as f64;
            (is_repeated, overlap, member)
        })
        .filter(|(is_repeated, overlap, _)| *is_repeated || *overlap >= MIN_HEADLINE_OVERLAP)
        .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.event_time.cmp(&b.2.event_time)));
    best.map(|(_, _, member)| member.article)
}

fn has(marks: &[RoleMark], kind: MarkKind, word: &str) -> bool {
    marks.iter().any(|mark| mark.kind == kind && mark.word == word)
}

/// What stands before the first colon, bar or spaced dash of a headline, in small letters.
fn head(title: &str) -> Option<String> {
    let end = [":", "|", " – ", " — ", " - ", "："].iter().filter_map(|mark| title.find(mark)).min()?;
    Some(title[..end].trim().to_lowercase())
}

fn words(title: &str) -> Vec<String> {
    title.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_says_that_it_corrects() {
        let marks = ["correction", "corrected", "korrektur", "поправка"].map(|word| RoleMark {
            language: "mul".to_owned(),
            kind: MarkKind::Correction,
            word: word.to_owned(),
            example: String::new(),
        });
        for title in
            ["CORRECTION: Dam holds two lakes", "KORREKTUR Der Damm hält", "(Corrected) Dam holds", "Поправка: дамба"]
        {
            assert!(is_correction(title, &marks), "{title}");
        }
        for title in ["Corrections officers walk out", "Correction of markets deepens", ""] {
            assert!(!is_correction(title, &marks), "{title}");
        }
    }

    #[test]
    fn a_headline_says_that_it_is_an_opinion() {
        assert_eq!(head("Opinion | The dam was old").as_deref(), Some("opinion"));
        assert_eq!(head("Kommentar: Der Damm war alt").as_deref(), Some("kommentar"));
        assert_eq!(head("Opinion polls move"), None);
    }
}
