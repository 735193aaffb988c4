//! Articles side by side: why together or apart, what differs, what changed; and the log of what editors decided.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{ArticleView, SCHEMA};
use crate::model::{ArticleId, DecisionId, GroupId, StoryId, Timestamp, VersionId};
use crate::text::compare::{Change, PASSAGE_WORDS, Token, blocks, changes, is_figure_or_date, tokens};

/// One of two articles that are compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedView {
    /// The article.
    pub article: ArticleId,
    /// Outlet's name.
    pub outlet: Option<String>,
    /// Headline.
    pub title: String,
    /// Its story.
    pub story: Option<StoryId>,
    /// Its near-duplicate group.
    pub near_duplicate_group: Option<GroupId>,
    /// The time it counts from.
    pub event_time: Timestamp,
    /// Language.
    pub lang: Option<String>,
    /// Why it is in its story, as recorded when it came there.
    pub membership: Option<serde_json::Value>,
}

/// A signal of a pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalView {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What it adds to the score.
    pub adds: f64,
}

/// A word that two articles share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedWordView {
    /// The word or name.
    pub word: String,
    /// What it adds to the cosine of its field.
    pub adds: f64,
}

/// Why two articles are together or apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The first article.
    pub a: ComparedView,
    /// The second article.
    pub b: ComparedView,
    /// Whether they are in one story.
    pub together: bool,
    /// The reasons, in sentences.
    pub reasons: Vec<String>,
    /// Score of the pair alone.
    pub score: f64,
    /// Score from which two stories are one.
    pub threshold: f64,
    /// What makes up the score.
    pub signals: Vec<SignalView>,
    /// The heaviest shared words and names.
    pub shared_words: Vec<SharedWordView>,
    /// Share of the first text's shingles found in the second, 0 to 1; none when too little is shared to show.
    pub containment_of_a: Option<f64>,
    /// Share of the second text's shingles found in the first.
    pub containment_of_b: Option<f64>,
    /// Passages that both have.
    pub passages: Vec<String>,
    /// The standing decisions that name both.
    pub decisions: Vec<DecisionId>,
}

/// A stretch of two compared texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeView {
    /// `same`, `removed`, `added`.
    pub change: &'static str,
    /// The words.
    pub text: String,
    /// Whether a number or a date differs here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub figures: bool,
}

/// Two texts word by word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Share of the first text's words that the second has in the same order, 0 to 1.
    pub kept_of_a: f64,
    /// Share of the second text's words that the first has.
    pub kept_of_b: f64,
    /// Numbers and dates that only the first has.
    pub figures_only_a: Vec<String>,
    /// Numbers and dates that only the second has.
    pub figures_only_b: Vec<String>,
    /// The stretches in order.
    pub changes: Vec<ChangeView>,
}

/// One observed state of an article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version.
    pub version: VersionId,
    /// When we saw it.
    pub seen_at: Timestamp,
    /// Where it came from: feed, page, import.
    pub source: String,
    /// Headline.
    pub title: String,
    /// Words of its text; none when there is no text (any more).
    pub words: Option<usize>,
    /// Why its text stands, or why a later look at the page brought none.
    pub reason: Option<String>,
    /// Against the version before: the headline; none when it didn't change.
    pub title_diff: Option<DiffView>,
    /// Against the version before: the text; none when it didn't change or either has none.
    pub body_diff: Option<DiffView>,
}

/// What is known of an article, with every text that was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvidenceView {
    /// The article, as exported.
    #[serde(flatten)]
    pub article: ArticleView,
    /// Its observed states, the oldest first.
    pub versions: Vec<VersionView>,
}

/// An observed state of an article, with its text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionView {
    /// The version.
    pub version: VersionId,
    /// When we saw it.
    pub seen_at: Timestamp,
    /// feed, page, import.
    pub source: String,
    /// Headline.
    pub title: String,
    /// Text; none when there is none (any more).
    pub body: Option<String>,
}

/// An editor's decision, as logged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionView {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its number.
    pub id: DecisionId,
    /// When it was made.
    pub made_at: Timestamp,
    /// What was decided on.
    pub kind: &'static str,
    /// The stories, as they were numbered then.
    pub stories: Vec<StoryId>,
    /// The articles it names, side by side.
    pub articles: Vec<Vec<ArticleId>>,
    /// The title given.
    pub title: Option<String>,
    /// The decision undone.
    pub undoes: Option<DecisionId>,
    /// Whether it still counts.
    pub stands: bool,
}

/// Compares two texts word by word.
#[must_use]
pub fn diff(a: &str, b: &str) -> DiffView {
    let (left, right) = (tokens(a), tokens(b));
    let common = blocks(&left, &right);
    let n_same: usize = common.iter().map(|block| block.n).sum();
    let share = |n: usize| if n == 0 { 1.0 } else { n_same as f64 / n as f64 };
    let view = |change: Change<'_>| {
        let (change, text) = match change {
            Change::Same(text) => ("same", text),
            Change::Removed(text) => ("removed", text),
            Change::Added(text) => ("added", text),
        };
        let figures = change != "same" && tokens(text).iter().any(|token| is_figure_or_date(&token.word));
        ChangeView { change, text: text.to_owned(), figures }
    };
    DiffView {
        schema: SCHEMA,
        kept_of_a: share(left.len()),
        kept_of_b: share(right.len()),
        figures_only_a: figures_only(a, &left, &right),
        figures_only_b: figures_only(b, &right, &left),
        changes: changes(a, &left, b, &right, &common).into_iter().map(view).collect(),
    }
}

/// Numbers and dates of one text that the other doesn't have, as written, each once.
fn figures_only(text: &str, tokens: &[Token], others: &[Token]) -> Vec<String> {
    let known: BTreeSet<&str> = others.iter().map(|token| token.word.as_str()).collect();
    let mut seen = BTreeSet::new();
    tokens
        .iter()
        .filter(|token| is_figure_or_date(&token.word) && !known.contains(token.word.as_str()))
        .filter(|token| seen.insert(token.word.as_str()))
        .map(|token| text[token.place.clone()].to_owned())
        .collect()
}

/// The passages two texts share, as the second writes them, in its order.
#[must_use]
pub fn passages(a: &str, b: &str) -> Vec<String> {
    let (left, right) = (tokens(a), tokens(b));
    let found = blocks(&left, &right).into_iter().filter(|block| block.n >= PASSAGE_WORDS);
    found
        .filter_map(|block| {
            let (first, last) = (right.get(block.b)?, right.get(block.b + block.n - 1)?);
            Some(b[first.place.start..last.place.end].to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_marked() {
        let found = diff("At least 12 died on Monday, officials said.", "At least 14 died, officials said.");
        assert_eq!(found.figures_only_a, ["12", "Monday"]);
        assert_eq!(found.figures_only_b, ["14"]);
        assert!(found.changes.iter().filter(|change| change.change != "same").all(|change| change.figures));
        assert!(found.kept_of_b > 0.8);
    }

    #[test]
    fn passages_are_long_runs() {
        let shared = "the council of Marlow said on Tuesday that the bridge stays closed";
        let found = passages(&format!("First {shared}. Then more."), &format!("Other words. But {shared} today."));
        assert_eq!(found, [shared]);
        assert_eq!(passages("of the council", "of the council"), Vec::<String>::new());
    }
}
