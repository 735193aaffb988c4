//! What a headline or an address says of the piece itself: that it is an opinion, or that it corrects an earlier one.

use crate::model::ArticleId;

use super::roles::StoryMember;

/// Words that stand before a colon, a bar or a dash in the headline of an opinion piece.
const OPINION_HEADS: &[&str] = &[
    "opinion",
    "op-ed",
    "comment",
    "commentary",
    "editorial",
    "column",
    "kommentar",
    "meinung",
    "leitartikel",
    "kolumne",
    "gastkommentar",
    "tribune",
    "édito",
    "éditorial",
    "opinión",
    "columna",
    "opinião",
    "coluna",
    "opinione",
    "commento",
    "editoriale",
    "мнение",
    "колонка",
    "думка",
    "коментар",
    "opinia",
    "komentarz",
    "felieton",
    "opinie",
    "köşe yazısı",
    "görüş",
    "社评",
    "評論",
    "评论",
    "社説",
];

/// Parts of an address under which outlets keep opinion pieces.
const OPINION_SECTIONS: &[&str] = &[
    "opinion",
    "opinions",
    "op-ed",
    "oped",
    "commentary",
    "commentisfree",
    "editorials",
    "columnists",
    "kommentar",
    "kommentare",
    "meinung",
    "kolumne",
    "idees",
    "tribune",
    "opinia",
    "opinie",
    "opinion-analysis",
    "mneniya",
    "opinioni",
];

/// Words with which a headline says that the piece corrects an earlier one.
const CORRECTION_HEADS: &[&str] = &[
    "correction",
    "corrected",
    "corrects",
    "clarification",
    "korrektur",
    "berichtigung",
    "berichtigt",
    "richtigstellung",
    "rectificatif",
    "correctif",
    "corrección",
    "rectificación",
    "correção",
    "errata",
    "rettifica",
    "correzione",
    "исправление",
    "поправка",
    "уточнение",
    "виправлення",
    "уточнення",
    "korekta",
    "sprostowanie",
    "rectificatie",
    "correctie",
    "düzeltme",
    "更正",
    "訂正",
];

/// The least share of a correction's headline words that stand in the headline it corrects.
const MIN_HEADLINE_OVERLAP: f64 = 0.5;

/// Whether headline or address mark an opinion piece.
pub(super) fn is_opinion(member: &StoryMember) -> bool {
    let section = member.url.as_deref().unwrap_or_default().split(['/', '?', '#']).skip(3);
    head(&member.title).is_some_and(|word| OPINION_HEADS.contains(&word.as_str()))
        || section.into_iter().any(|part| OPINION_SECTIONS.contains(&part.to_lowercase().as_str()))
}

/// Whether a headline says that the piece corrects an earlier one.
#[must_use]
pub fn is_correction(title: &str) -> bool {
    let title = title.trim_start_matches(['(', '[', '*', ' ']);
    let end = title.find([':', ' ', ')', ']', '|', '-', '：']).unwrap_or(title.len());
    let (word, rest) = title.split_at(end);
    let is_set_apart = rest.starts_with([':', ')', ']', '|', '：']) || word.chars().all(char::is_uppercase);
    is_set_apart && CORRECTION_HEADS.contains(&word.to_lowercase().as_str())
}

/// The earlier member that the one at `index` corrects: what it repeats, else its outlet's piece with most of its headline.
#[must_use]
pub fn corrected(members: &[StoryMember], index: usize) -> Option<ArticleId> {
    let correction = members.get(index).filter(|member| is_correction(&member.title))?;
    let wanted = words(&correction.title);
    let earlier = members.iter().filter(|member| {
        member.article != correction.article
            && member.outlet_domain == correction.outlet_domain
            && member.first_seen_at <= correction.first_seen_at
            && !is_correction(&member.title)
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
        for title in
            ["CORRECTION: Dam holds two lakes", "KORREKTUR Der Damm hält", "(Corrected) Dam holds", "Поправка: дамба"]
        {
            assert!(is_correction(title), "{title}");
        }
        for title in ["Corrections officers walk out", "Correction of markets deepens", ""] {
            assert!(!is_correction(title), "{title}");
        }
    }

    #[test]
    fn a_headline_says_that_it_is_an_opinion() {
        assert_eq!(head("Opinion | The dam was old").as_deref(), Some("opinion"));
        assert_eq!(head("Kommentar: Der Damm war alt").as_deref(), Some("kommentar"));
        assert_eq!(head("Opinion polls move"), None);
    }
}
