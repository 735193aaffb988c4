//! The linear model of two stories as one event: its signals, their weights, document frequencies.

use std::collections::BTreeMap;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::contract::Statistics;
use super::shares;
use super::state::{ACROSS, DOTS, FIELDS, MAX_EXPECTED, NAMES, Profile};

/// What steers clustering; the defaults suit news in any amount.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterOptions {
    /// Weights for articles with text.
    pub text: Weights,
    /// Weights where one side is a headline without text.
    pub headline: Weights,
    /// Weights for articles with text where the two sides have no language in common.
    pub across: Weights,
    /// Score over the threshold from which two stories are linked into one thread; negative: looser than one story.
    pub thread_margin: f64,
    /// Stories without news for this many days take no new articles.
    pub window_days: i64,
    /// Best terms of an item that are looked up in the index.
    pub n_query_terms: usize,
    /// Best candidates of an item that are scored in full.
    pub n_candidates: usize,
    /// Most recent stories fetched a term.
    pub max_stories_per_term: usize,
    /// A shingle in more articles than this is boilerplate.
    pub max_articles_per_shingle: usize,
}

impl ClusterOptions {
    /// Options with these weights and the measured defaults for everything else.
    #[must_use]
    pub fn new(text: Weights, headline: Weights, across: Weights) -> Self {
        Self {
            text,
            headline,
            across,
            thread_margin: -1.5,
            window_days: 14,
            n_query_terms: 60,
            n_candidates: 30,
            max_stories_per_term: 200,
            max_articles_per_shingle: 50,
        }
    }
}

impl ClusterOptions {
    /// These options with the thresholds that hold among this many stored articles.
    #[must_use]
    pub fn among(&self, n_documents: f64) -> Self {
        let raised = |weights: &Weights| Weights {
            threshold: weights.threshold_among(n_documents),
            caution: 0.0,
            ..weights.clone()
        };
        Self {
            text: raised(&self.text),
            headline: raised(&self.headline),
            across: raised(&self.across),
            ..self.clone()
        }
    }

    /// The weights for a pair: whether both sides have text, and whether they have no language in common.
    #[must_use]
    pub fn weights(&self, with_text: bool, across: bool) -> &Weights {
        match (with_text, across) {
            (true, true) => &self.across,
            (true, false) => &self.text,
            // A language guessed from a headline is no reason to keep two apart.
            (false, _) => &self.headline,
        }
    }
}

/// Number of signals of a pair.
pub const N_SIGNALS: usize = 2 * DOTS + 7;

/// The signals of a pair in their order: for each field the cosine of the two sums and its square root (which lets
/// the model count the first bit of likeness for more than the last), then the rest.
///
/// `across`: names by keys that languages and scripts have in common;
/// `shared_text`: mean containment of the shorter text over the pairs of members; `size` and `smaller_size`: logarithm of the number of
/// members; `gap`: 1 − exp(−days/4) between the two, 0 when one side has no date;
/// `undated`: whether one side has none, so that nothing says the two are close in time; `nearest`: mean of the cosines of lead
/// and text of the two nearest members.
pub const SIGNALS: [&str; N_SIGNALS] = [
    "title",
    "title_root",
    "lead",
    "lead_root",
    "body",
    "body_root",
    "names",
    "names_root",
    "numbers",
    "numbers_root",
    "characters",
    "characters_root",
    "across",
    "across_root",
    "title_body",
    "title_body_root",
    "shared_text",
    "size",
    "smaller_size",
    "gap",
    "undated",
    "nearest",
    "nearest_root",
];

/// Which sign a weight may have: likeness never speaks against one event, a gap or a missing date never for it.
#[must_use]
pub fn sign_of(signal: usize) -> i8 {
    match SIGNALS.get(signal) {
        Some(&"size" | &"smaller_size") => 0,
        Some(&"gap" | &"undated") => -1,
        _ => 1,
    }
}

/// Articles from which a store is as good as any to decide by: as many as the labeled stream has that the thresholds were
/// fitted to. Among fewer, less is known of what unrelated articles share, so that all look more alike.
pub const FULL_STORE: f64 = 1_445.0;

/// A linear model over [`SIGNALS`]; two stories are one from the threshold on.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Score without any signal.
    pub bias: f64,
    /// Score from which two stories are one.
    pub threshold: f64,
    /// What the threshold is raised by in an empty store; less with each article stored, nothing from [`FULL_STORE`] on.
    pub caution: f64,
    /// Weight by signal.
    pub signals: [f64; N_SIGNALS],
}

/// Why a set of weights can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// No signal has this name.
    #[error("there is no signal `{0}`; the signals are {list}", list = SIGNALS.join(", "))]
    UnknownSignal(String),
    /// The caution is negative or isn't a number.
    #[error("the caution {0} is not allowed: it raises the threshold, by 0 or more")]
    Caution(f64),
    /// A weight has the wrong sign or isn't a number.
    #[error("the weight {1} of `{0}` is not allowed: likeness may only speak for one event, a gap only against it")]
    Sign(String, f64),
}

impl Weights {
    /// Builds weights without caution from signal names; a signal without a weight counts for nothing.
    ///
    /// # Errors
    /// When a signal is unknown or a weight has a sign that its signal can't have.
    pub fn new(
        bias: f64,
        threshold: f64,
        weights: impl IntoIterator<Item = (String, f64)>,
    ) -> Result<Self, WeightsError> {
        let mut signals = [0.0; N_SIGNALS];
        for (name, weight) in weights {
            let Some(at) = SIGNALS.iter().position(|signal| *signal == name) else {
                return Err(WeightsError::UnknownSignal(name));
            };
            if !weight.is_finite() || weight * f64::from(sign_of(at)) < 0.0 {
                return Err(WeightsError::Sign(name, weight));
            }
            signals[at] = weight;
        }
        Ok(Self { bias, threshold, caution: 0.0, signals })
    }

    /// The same weights with this caution.
    ///
    /// # Errors
    /// When it is negative or no number.
    pub fn with_caution(self, caution: f64) -> Result<Self, WeightsError> {
        if !caution.is_finite() || caution < 0.0 {
            return Err(WeightsError::Caution(caution));
        }
        Ok(Self { caution, ..self })
    }

    /// The threshold among this many stored articles.
    #[must_use]
    pub fn threshold_among(&self, n_documents: f64) -> f64 {
        self.threshold + self.caution * (1.0 - n_documents / FULL_STORE).clamp(0.0, 1.0)
    }

    /// The score of a pair.
    #[must_use]
    pub fn score(&self, signals: &[f64; N_SIGNALS]) -> f64 {
        self.bias + self.signals.iter().zip(signals).map(|(weight, signal)| weight * signal).sum::<f64>()
    }
}

/// Names, parts of names included, from which their likeness counts for more than half.
const FEW_NAMES: f64 = 3.0;

/// How many times the mean likeness of what is close to an article texts must share to count as more than that: the
/// closest of a beat lie above its mean. Of 1, 1.5, 2 and 3, 2 kept the labeled articles at their score and gave the
/// loopback universe the best one but for 3, which cost the labeled articles .02.
const BACKGROUND_SCALE: f64 = 2.0;

/// Most of the likeness of texts that is taken for background: the articles of a great event are closer than those of a beat.
const MAX_BACKGROUND: f64 = 0.2;

/// Days after which most of the weight of a gap is reached; news of one event comes within days.
const GAP_DAYS: f64 = 4.0;

/// What of a story goes into a pair's signals beside the overlap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    /// Whether a member has text.
    pub(super) has_text: bool,
    pub(super) n_members: f64,
    /// Dot products of the sums with themselves.
    pub(super) squares: [f64; DOTS],
    /// Dot products of the sums with an unrelated article's.
    pub(super) expected: [f64; DOTS],
    /// Cosines with what is close to the members and no more than that, summed over them.
    pub(super) background: [f64; DOTS],
    /// Different names in its members.
    pub(super) n_names: f64,
    /// Earliest and latest time of a dated member, seconds.
    pub(super) span: Option<(i64, i64)>,
}

/// What two stories have in common; everything adds up when stories merge.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Overlap {
    /// Dot products of the sums, by field.
    pub(super) dots: [f64; DOTS],
    /// Sum over the pairs of articles of the containment of the shorter text.
    pub(super) shared_text: f64,
    /// Likeness of the two nearest members.
    pub(super) nearest: f64,
}

impl Overlap {
    /// The overlap of a third story with two that merge.
    pub(super) fn combine(&self, other: &Self) -> Self {
        let mut dots = self.dots;
        dots.iter_mut().zip(other.dots).for_each(|(sum, dot)| *sum += dot);
        let nearest = self.nearest.max(other.nearest);
        Self { dots, shared_text: self.shared_text + other.shared_text, nearest }
    }
}

/// Seconds between two spans, 0 when they overlap; none when either is unknown.
pub(super) fn gap_s(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<i64> {
    let (a, b) = (a?, b?);
    Some(a.0.saturating_sub(b.1).max(b.0.saturating_sub(a.1)).max(0))
}

/// Cosine of two sums in one field, beyond what unrelated articles share.
pub(super) fn centered(a: &Extent, b: &Extent, dot: f64, field: usize) -> f64 {
    beyond(a, b, dot, field, |extent| extent.expected[field])
}

/// What members share with unrelated articles and with others close to them, summed over them as its parts are.
fn shared(expected: f64, background: f64, n_members: f64) -> f64 {
    let background = (BACKGROUND_SCALE * background).min(MAX_BACKGROUND * n_members);
    expected + background * (1.0 - expected / n_members.max(1.0))
}

/// Cosine of a member, on average, with an article that has nothing of its event.
pub(super) fn shared_by_member(profile: &Profile, n_members: f64, field: usize) -> f64 {
    shared(profile.expected[field], profile.background[field], n_members) / n_members.max(1.0)
}

/// Cosine of two sums beyond what both share with unrelated articles and with others close to them: on a beat with few
/// words of its own, or in a story of a kind that comes every day, likeness says less.
pub(super) fn distinct(a: &Extent, b: &Extent, dot: f64, field: usize) -> f64 {
    let shared = |extent: &Extent| shared(extent.expected[field], extent.background[field], extent.n_members);
    if field < FIELDS && a.has_text && b.has_text {
        return beyond(a, b, dot, field, shared);
    }
    let of = |extent: &Extent| (extent.background[field] / extent.n_members.max(1.0)).min(MAX_EXPECTED);
    let background = f64::midpoint(of(a), of(b));
    ((centered(a, b, dot, field) - background) / (1.0 - background)).clamp(0.0, 1.0)
}

/// Cosine of two sums once what each member shares with anything is taken off, as if that were the origin: sums of many
/// members come close to it, so that without this any two large stories of one beat would be alike. `shared` gives its
/// dot product with one other article, summed over the members.
fn beyond(a: &Extent, b: &Extent, dot: f64, field: usize, shared: impl Fn(&Extent) -> f64) -> f64 {
    let shared = |extent: &Extent| shared(extent).min(MAX_EXPECTED * extent.n_members);
    let (of_a, of_b) = (shared(a), shared(b));
    let rest = |extent: &Extent, shared: f64| {
        // Members that have nothing else in common still differ from each other.
        let apart = if field < FIELDS { extent.squares[field].min(extent.n_members) - shared } else { 0.0 };
        (extent.squares[field] - extent.n_members * shared).max(apart).max(0.0)
    };
    let norm = (rest(a, of_a) * rest(b, of_b)).sqrt();
    let dot = dot - f64::midpoint(b.n_members * of_a, a.n_members * of_b);
    // Headline against text is no true cosine: a story whose headlines and texts share nothing has no norm.
    let floor = if field < FIELDS { f64::MIN_POSITIVE } else { 1e-3 * a.n_members * b.n_members };
    (dot / norm.max(floor)).clamp(0.0, 1.0)
}

/// The signals of a pair, in the order of [`SIGNALS`].
pub(super) fn signals(a: &Extent, b: &Extent, overlap: &Overlap) -> [f64; N_SIGNALS] {
    let mut signals = [0.0; N_SIGNALS];
    for field in 0..DOTS {
        let mut cosine = distinct(a, b, overlap.dots[field], field);
        if field == NAMES || field == ACROSS {
            // The one place that a short item names proves little, however alike that makes the two.
            let n_names = a.n_names.min(b.n_names);
            cosine *= n_names / (n_names + FEW_NAMES);
        }
        signals[2 * field] = cosine;
        signals[2 * field + 1] = cosine.sqrt();
    }
    let rest = [
        overlap.shared_text / (a.n_members * b.n_members),
        a.n_members.max(b.n_members).ln(),
        a.n_members.min(b.n_members).ln(),
        gap_s(a.span, b.span).map_or(0.0, |gap| 1.0 - (-(gap as f64) / 86_400.0 / GAP_DAYS).exp()),
        if a.span.is_some() && b.span.is_some() { 0.0 } else { 1.0 },
        overlap.nearest,
        overlap.nearest.sqrt(),
    ];
    signals[2 * DOTS..].copy_from_slice(&rest);
    signals
}

/// The signals by name, for people; square roots say nothing new.
pub(super) fn named(signals: &[f64; N_SIGNALS]) -> BTreeMap<&'static str, f64> {
    let shown = SIGNALS.iter().zip(signals).filter(|(name, _)| !name.ends_with("_root"));
    shown.map(|(name, value)| (*name, *value)).collect()
}

/// Documents that the table of shares counts as: what is stored outweighs it from as many on. At 1,000 a stream that comes
/// in batches of 50 gains no more, and labeled headlines lose .01 (B-cubed).
const PRIOR_DOCUMENTS: f64 = 200.0;

/// Weight of a term that is in every document.
const MIN_IDF: f64 = 0.05;

/// Inverse document frequencies of the store and the batch.
#[derive(Debug)]
pub(super) struct Idf {
    known: FxHashMap<u32, TermWeight>,
    unknown: TermWeight,
}

/// What the document frequency of a term says.
#[derive(Debug, Clone, Copy)]
pub(super) struct TermWeight {
    /// Inverse document frequency.
    pub(super) idf: f64,
    /// Share of all documents it occurs in.
    pub(super) share: f64,
}

impl Idf {
    /// Counts the batch's changes, ascending by term, in before weighting.
    pub(super) fn new(statistics: &Statistics, changes: &[(u32, i64)], n_change: i64) -> Self {
        let n_documents = (statistics.n_documents as f64 + n_change as f64).max(0.0) + PRIOR_DOCUMENTS;
        let weight = |term: u32, frequency: f64| {
            let frequency = frequency.max(0.0) + PRIOR_DOCUMENTS * shares::of(term);
            let idf = ((n_documents + 1.0) / (frequency + 1.0)).ln().max(MIN_IDF);
            TermWeight { idf, share: frequency / n_documents }
        };
        let stored = &statistics.document_frequency;
        let mut known: FxHashMap<u32, TermWeight> =
            FxHashMap::with_capacity_and_hasher(changes.len().max(stored.len()), FxBuildHasher);
        for (term, change) in changes {
            let frequency = stored.get(term).copied().unwrap_or(0);
            known.insert(*term, weight(*term, f64::from(frequency) + *change as f64));
        }
        for (term, frequency) in stored {
            known.entry(*term).or_insert_with(|| weight(*term, f64::from(*frequency)));
        }
        let unknown = TermWeight { idf: (n_documents + 1.0).ln().max(MIN_IDF), share: 0.0 };
        Self { known, unknown }
    }

    /// The weight of a term.
    pub(super) fn of(&self, term: u32) -> TermWeight {
        self.known.get(&term).copied().unwrap_or(self.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::FULL;
    use super::*;

    fn extent(n_members: f64, span: Option<(i64, i64)>) -> Extent {
        Extent {
            has_text: true,
            n_members,
            squares: [n_members; DOTS],
            expected: [0.0; DOTS],
            background: [0.0; DOTS],
            n_names: 9.0,
            span,
        }
    }

    #[test]
    fn weights_are_checked() {
        let build = |name: &str, weight| Weights::new(0.0, 0.0, [(name.to_owned(), weight)]);
        assert!(build("title", 1.0).is_ok());
        assert!(build("size", -1.0).is_ok());
        assert_eq!(build("titel", 1.0), Err(WeightsError::UnknownSignal("titel".to_owned())));
        assert_eq!(build("title", -1.0), Err(WeightsError::Sign("title".to_owned(), -1.0)));
        assert!(build("gap", 0.5).is_err());
        assert!(build("gap", f64::NAN).is_err());
    }

    #[test]
    fn a_small_store_asks_for_more() {
        let without = || Weights::new(0.0, -1.0, []).unwrap();
        let weights = without().with_caution(0.5).unwrap();
        let thresholds = [0.0, FULL_STORE / 2.0, FULL_STORE, 1e6].map(|n| weights.threshold_among(n));
        assert_eq!(thresholds, [-0.5, -0.75, -1.0, -1.0]);
        let options = ClusterOptions::new(weights.clone(), weights.clone(), weights);
        assert_eq!(options.among(FULL_STORE / 2.0).among(0.0).text.threshold, -0.75, "raised once");
        assert_eq!(without().with_caution(-0.5), Err(WeightsError::Caution(-0.5)));
        assert!(without().with_caution(f64::INFINITY).is_err());
    }

    #[test]
    fn large_stories_of_one_beat_are_no_more_alike_than_their_members() {
        // Members that share a tenth of their text with everything on the beat, and nothing else.
        let (n, beat) = (40.0, 0.1);
        let of_beat = |n: f64| Extent {
            squares: [n + n * (n - 1.0) * beat; DOTS],
            background: [n * beat; DOTS],
            ..extent(n, None)
        };
        let (a, b) = (of_beat(n), of_beat(n));
        assert!(centered(&a, &b, n * n * beat, FULL) > 0.7, "the plain cosine of the sums");
        assert!(distinct(&a, &b, n * n * beat, FULL) < 1e-9);
        // An article that shares more than the beat with each of them is still told.
        assert!(distinct(&a, &of_beat(1.0), n * 0.3, FULL) > 0.5);
    }

    #[test]
    fn signals_are_bounded_and_symmetric() {
        let (a, b) = (extent(2.0, Some((0, 100))), extent(3.0, Some((400_000, 500_000))));
        let overlap = Overlap { dots: [1.0; DOTS], shared_text: 3.0, nearest: 0.25 };
        let found = signals(&a, &b, &overlap);
        assert_eq!(found, signals(&b, &a, &overlap));
        assert!((found[16] - 0.5).abs() < 1e-9);
        assert!(found[19] > 0.6 && found[19] < 1.0);
        assert_eq!(signals(&a, &extent(1.0, None), &overlap)[19..], [0.0, 1.0, 0.25, 0.5]);
    }
}
