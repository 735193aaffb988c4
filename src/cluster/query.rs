//! The three questions to the store.

use crate::model::{ArticleId, Timestamp};

use super::contract::{CandidateQuery, Candidates, Item, RowQuery, Statistics};
use super::model::{ClusterOptions, Idf};
use super::near;
use super::nearby::{self, Postings};
use super::state::{Profile, Vector};

/// The terms of many items, ascending, each with the number of items it occurs in.
pub(super) fn document_frequencies<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<(u32, i64)> {
    let mut terms: Vec<u32> = Vec::new();
    items.for_each(|item| terms.extend(item.fingerprint.terms()));
    terms.sort_unstable();
    terms.chunk_by(|a, b| a == b).map(|run| (run[0], i64::try_from(run.len()).unwrap_or(i64::MAX))).collect()
}

/// A batch with the questions it puts to the store.
#[derive(Debug)]
pub struct Batch<'a> {
    items: &'a [Item],
    frequencies: Vec<(u32, i64)>,
    /// Whether the store's document frequencies leave the items out.
    are_new: bool,
}

/// A batch whose terms are weighted by the document frequencies of the store, its own documents counted in.
#[derive(Debug)]
pub struct WeightedBatch<'a> {
    items: &'a [Item],
    are_new: bool,
    /// By item: the best terms.
    top_terms: Vec<Vector>,
}

impl<'a> Batch<'a> {
    /// Collects the terms of the items.
    #[must_use]
    pub fn new(items: &'a [Item]) -> Self {
        Self { items, frequencies: document_frequencies(items.iter()), are_new: true }
    }

    /// The same of items that are decided anew: the store has their terms, and what their texts share with others.
    #[must_use]
    pub fn again(items: &'a [Item]) -> Self {
        Self { are_new: false, ..Self::new(items) }
    }

    /// The first question: terms whose document frequency is wanted, ascending.
    pub fn wanted_terms(&self) -> impl Iterator<Item = u32> + '_ {
        self.frequencies.iter().map(|(term, _)| *term)
    }

    /// Weights the terms.
    #[must_use]
    pub fn weighted(&self, statistics: &Statistics, options: &ClusterOptions) -> WeightedBatch<'a> {
        let (changes, n_change) =
            if self.are_new { (self.frequencies.as_slice(), self.items.len() as i64) } else { (&[][..], 0) };
        let idf = Idf::new(statistics, changes, n_change);
        let top_terms = |item| Profile::of(item, &idf).top_terms(options.n_query_terms);
        WeightedBatch {
            items: self.items,
            are_new: self.are_new,
            top_terms: self.items.iter().map(top_terms).collect(),
        }
    }
}

impl WeightedBatch<'_> {
    /// The second question: rows of the two indexes that are wanted.
    #[must_use]
    pub fn wanted_candidates(&self, now: Timestamp, options: &ClusterOptions) -> CandidateQuery {
        // A back-filled archive is compared with the stories of its own time.
        let times = || self.items.iter().map(|item| item.event_time);
        let (earliest, latest) = (times().min().unwrap_or(now).min(now), times().max().unwrap_or(now));
        let window_s = options.window_days.saturating_mul(86_400);
        let new = if self.are_new { self.items } else { &[] };
        CandidateQuery {
            shingles: new.iter().flat_map(|item| item.fingerprint.sampled_shingles()).collect(),
            terms: self.top_terms.iter().flatten().map(|(term, _)| *term).collect(),
            stories_since: earliest.plus(-window_s),
            stories_until: latest.plus(window_s.saturating_mul(2)),
            max_stories_per_term: options.max_stories_per_term,
            max_articles_per_shingle: options.max_articles_per_shingle,
        }
    }

    /// The third question: articles and stories to load whole.
    #[must_use]
    pub fn wanted_rows(&self, candidates: &Candidates, options: &ClusterOptions) -> RowQuery {
        let mut query = RowQuery::default();
        let mut postings = Postings::default();
        let stories = postings.add_rows(candidates, |_| false);
        let mut sharing: Vec<ArticleId> = Vec::new();
        let n_stories = stories.len() + self.items.len();
        let is_background_loaded = nearby::is_background_loaded(self.items.len());
        for (item, top_terms) in self.items.iter().zip(&self.top_terms) {
            query.articles.insert(item.article);
            sharing.clear();
            for shingle in item.fingerprint.sampled_shingles() {
                let articles = candidates.shingles.get(&shingle).map(Vec::as_slice).unwrap_or_default();
                if articles.len() <= options.max_articles_per_shingle {
                    sharing.extend(articles);
                }
            }
            sharing.sort_unstable();
            let sharing_enough = sharing.chunk_by(|a, b| a == b).filter(|run| run.len() >= near::MIN_SAMPLED);
            query.articles.extend(sharing_enough.map(|run| run[0]));
            let near = nearby::near(&mut postings, top_terms, None, options.n_candidates);
            query.stories.extend(near.iter().take(options.n_candidates).map(|story| stories[*story]));
            if is_background_loaded {
                let (background, _) = nearby::background(&near, n_stories, item.fingerprint.has_body, |_| true);
                query.stories.extend(background.into_iter().map(|story| stories[story]));
            }
        }
        query
    }
}
