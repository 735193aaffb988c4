//! The linear model: cosines by field, size and gap in time, and what they weigh.

use std::collections::{BTreeMap, HashMap};

use super::contract::Statistics;
use super::state::{Centroid, FIELDS};

/// What steers clustering; the defaults suit news in any amount.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterOptions {
    /// Score from which an article with text joins a story.
    pub join_threshold: f64,
    /// Score from which a headline without text joins a story.
    pub title_join_threshold: f64,
    /// How much higher the score of two stories must be for them to merge: a wrong merge costs more than a wrong join.
    pub merge_margin: f64,
    /// Score from which two stories are linked into one thread.
    pub thread_threshold: f64,
    /// Stories without news for this many days take no new articles.
    pub window_days: i64,
    /// Best terms of an item that are looked up in the index.
    pub n_query_terms: usize,
    /// Best stories of an item that are scored in full.
    pub n_candidates: usize,
    /// Most recent stories fetched a term.
    pub max_stories_per_term: usize,
    /// A shingle in more articles than this is boilerplate.
    pub max_articles_per_shingle: usize,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            join_threshold: 0.0,
            title_join_threshold: 0.0,
            merge_margin: 0.76,
            thread_threshold: -1.2,
            window_days: 14,
            n_query_terms: 60,
            n_candidates: 50,
            max_stories_per_term: 200,
            max_articles_per_shingle: 50,
        }
    }
}

/// Weights of the fields' cosines (title, lead, full, names, numbers, grams), of size and of the gap; then the bias.
struct Weights {
    fields: [f64; FIELDS],
    size: f64,
    gap: f64,
    bias: f64,
}

/// For articles with text. Found by random search over 1,445 labeled articles (pairwise F1 .850, B-cubed F1 .858 on those).
const BODY: Weights = Weights { fields: [1.63, 4.62, 4.75, 1.33, 1.33, 0.0], size: -0.45, gap: -3.87, bias: -3.15 };

/// For headlines alone.
const TITLE: Weights = Weights { fields: [3.0, 0.0, 3.0, 0.5, 0.5, 4.0], size: -0.2, gap: -1.0, bias: -3.4 };

/// Names of the fields as signals, in the order of the fields.
const SIGNALS: [&str; FIELDS] = ["title", "lead", "body", "names", "numbers", "characters"];

/// Days after which most of the weight of a gap is reached; news of one event comes within days.
const GAP_DAYS: f64 = 4.0;

/// Pseudo-documents that keep frequencies of a small store from being taken at their word.
const PRIOR_DOCUMENTS: f64 = 100.0;

/// Inverse document frequencies of the store and the batch.
#[derive(Debug)]
pub(super) struct Idf {
    n: f64,
    frequency: HashMap<u32, f64>,
}

impl Idf {
    /// Counts the batch's changes in before weighting.
    pub(super) fn new(statistics: &Statistics, changes: &BTreeMap<u32, i64>, n_change: i64) -> Self {
        let mut frequency: HashMap<u32, f64> =
            statistics.document_frequency.iter().map(|(term, n)| (*term, f64::from(*n))).collect();
        for (term, change) in changes {
            *frequency.entry(*term).or_insert(0.0) += *change as f64;
        }
        Self { n: (statistics.n_documents as f64 + n_change as f64).max(0.0), frequency }
    }

    /// The weight of a term.
    pub(super) fn of(&self, term: u32) -> f64 {
        let frequency = self.frequency.get(&term).copied().unwrap_or(0.0).max(0.0);
        ((self.n + PRIOR_DOCUMENTS + 1.0) / (frequency + 1.0)).ln().max(0.05)
    }
}

/// A score with the signals it is the sum of.
#[derive(Debug, Clone)]
pub(super) struct Score {
    pub(super) value: f64,
    pub(super) threshold: f64,
    pub(super) signals: BTreeMap<&'static str, f64>,
}

/// Scores two centroids as one event.
pub(super) fn score(a: &Centroid, b: &Centroid, options: &ClusterOptions) -> Score {
    let with_text = a.has_body && b.has_body;
    let (weights, threshold) =
        if with_text { (&BODY, options.join_threshold) } else { (&TITLE, options.title_join_threshold) };
    let mut signals = BTreeMap::new();
    let mut value = weights.bias;
    for (field, (weight, name)) in weights.fields.iter().zip(SIGNALS).enumerate() {
        let cosine = a.cosine(b, field);
        value += weight * cosine;
        signals.insert(name, cosine);
    }
    let size = f64::from(a.n_members.max(b.n_members)).ln_1p();
    let gap_s = (a.first_time.0.saturating_sub(b.last_time.0)).max(b.first_time.0.saturating_sub(a.last_time.0)).max(0);
    let gap_days = gap_s as f64 / 86_400.0;
    value += weights.size * size + weights.gap * (1.0 - (-gap_days / GAP_DAYS).exp());
    signals.insert("size", size);
    signals.insert("gap_days", gap_days);
    Score { value, threshold, signals }
}
