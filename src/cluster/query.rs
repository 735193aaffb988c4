//! The three questions to the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{StoryId, Timestamp};

use super::contract::{CandidateQuery, Candidates, Item, RowQuery, Statistics};
use super::model::{ClusterOptions, Idf};
use super::state::Profile;

/// Terms whose document frequency is wanted.
#[must_use]
pub fn wanted_terms(items: &[Item]) -> BTreeSet<u32> {
    items.iter().flat_map(|item| item.fingerprint.terms()).collect()
}

/// Weights of a batch, its own documents counted in.
fn batch_idf(items: &[Item], statistics: &Statistics) -> Idf {
    let mut changes = BTreeMap::new();
    for term in items.iter().flat_map(|item| item.fingerprint.terms()) {
        *changes.entry(term).or_insert(0) += 1;
    }
    Idf::new(statistics, &changes, items.len() as i64)
}

/// Rows of the two indexes that are wanted.
#[must_use]
pub fn wanted_candidates(
    items: &[Item],
    statistics: &Statistics,
    now: Timestamp,
    options: &ClusterOptions,
) -> CandidateQuery {
    let idf = batch_idf(items, statistics);
    // A back-filled archive is compared with the stories of its own time.
    let earliest = items.iter().map(|item| item.event_time).min().unwrap_or(now).min(now);
    let latest = items.iter().map(|item| item.event_time).max().unwrap_or(now);
    let window_s = options.window_days.saturating_mul(86_400);
    let top = |item: &Item| Profile::of(item, &idf).top_terms(options.n_query_terms);
    CandidateQuery {
        shingles: items.iter().flat_map(|item| item.fingerprint.sampled_shingles()).collect(),
        terms: items.iter().flat_map(top).map(|(term, _)| term).collect(),
        stories_since: earliest.plus(-window_s),
        stories_until: latest.plus(window_s.saturating_mul(2)),
        max_stories_per_term: options.max_stories_per_term,
        max_articles_per_shingle: options.max_articles_per_shingle,
    }
}

/// Articles and stories to load whole.
#[must_use]
pub fn wanted_rows(
    items: &[Item],
    statistics: &Statistics,
    candidates: &Candidates,
    options: &ClusterOptions,
) -> RowQuery {
    let idf = batch_idf(items, statistics);
    let mut query = RowQuery::default();
    for item in items {
        query.articles.insert(item.article);
        for shingle in item.fingerprint.sampled_shingles() {
            let articles = candidates.shingles.get(&shingle).map(Vec::as_slice).unwrap_or_default();
            if articles.len() <= options.max_articles_per_shingle {
                query.articles.extend(articles);
            }
        }
        let mut partial: HashMap<StoryId, f32> = HashMap::new();
        for (term, weight) in Profile::of(item, &idf).top_terms(options.n_query_terms) {
            for (story, other) in candidates.terms.get(&term).into_iter().flatten() {
                *partial.entry(*story).or_insert(0.0) += weight * other;
            }
        }
        let mut best: Vec<(StoryId, f32)> = partial.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        query.stories.extend(best.into_iter().take(options.n_candidates).map(|(story, _)| story));
    }
    query
}
