//! Why two articles are together or apart: the model's own arithmetic on the pair, for people to read.

use crate::fingerprint::Fingerprint;
use crate::text::language::primary;

use super::columns::Columns;
use super::contract::{Item, NearDuplicate, Statistics};
use super::look_alike::are_look_alikes;
use super::model::{ClusterOptions, Extent, Idf, Overlap, SIGNALS, gap_s, signals};
use super::near;
use super::sketch::nearest_of_alike;
use super::state::{DOTS, FULL, Member, NAMES, NUMBERS, Profile, dot, only_sketch};

/// Shared terms named of a pair.
const MAX_TERMS: usize = 12;

/// The model's view of two articles alone.
#[derive(Debug, Clone, PartialEq)]
pub struct PairReading {
    /// Signals with their values and what they add to the score; signals of no weight are left out.
    pub signals: Vec<(&'static str, f64, f64)>,
    /// Sum of bias and all that is added.
    pub score: f64,
    /// Score from which two stories are one among the articles that are stored now.
    pub threshold: f64,
    /// How much of the threshold is there because few articles are stored.
    pub caution: f64,
    /// Whether the weights are those for articles with text.
    pub with_text: bool,
    /// Seconds between the two, when both have a date.
    pub gap_s: Option<i64>,
    /// Whether the gap is longer than a story without news stays open.
    pub is_out_of_window: bool,
    /// Whether their headlines tell that they are two events.
    pub is_look_alike: bool,
    /// Whether one headline is of a recurring column and the other isn't of it.
    pub is_column_beside_news: bool,
    /// Hashes of shared terms and names, the heaviest first, with the cosine each adds.
    pub terms: Vec<(u32, f64)>,
    /// Verified text overlap.
    pub overlap: Option<NearDuplicate>,
}

/// Reads a pair with the model, as if both were alone in their stories and in the database: what they share with others
/// close to them is not taken off, so that a score can be somewhat higher than the one they were decided by. `titles` are
/// the headlines of their time: columns show among them.
#[must_use]
pub fn pair(a: &Item, b: &Item, statistics: &Statistics, titles: &[String], options: &ClusterOptions) -> PairReading {
    let columns = Columns::of(titles.iter().map(String::as_str));
    let idf = Idf::new(statistics, &[], 0);
    let (x, y) = (Profile::of(a, &idf), Profile::of(b, &idf));
    let extent = |item: &Item, profile: &Profile| {
        let member = Member::of(item);
        let span = member.dated.then_some((member.time.0, member.time.0));
        Extent {
            has_text: profile.has_body,
            n_members: 1.0,
            squares: profile.dots(profile),
            expected: profile.expected,
            background: [0.0; DOTS],
            n_names: profile.fields[NAMES].len() as f64,
            span,
        }
    };
    let overlap = near::verify(a, b, &columns);
    let shared_text = overlap.map_or(0.0, |edge| edge.containment_of_copy.max(edge.containment_of_source));
    let sketch = |item: &Item, profile: &Profile| only_sketch(&[Member::of(item)], profile);
    let (left, right) = (extent(a, &x), extent(b, &y));
    let dots = x.dots(&y);
    let nearest = nearest_of_alike((&left, &sketch(a, &x)), (&right, &sketch(b, &y)), &dots);
    let values = signals(&left, &right, &Overlap { dots, shared_text, nearest });
    let with_text = x.has_body && y.has_body;
    let language = |item: &Item| item.language.as_deref().map(primary);
    let across = matches!((language(a), language(b)), (Some(a), Some(b)) if a != b);
    let weights = options.weights(with_text, across);
    let threshold = weights.threshold_among(statistics.n_documents as f64);
    let gap_s = gap_s(left.span, right.span);
    let parts = SIGNALS.iter().zip(values).zip(weights.signals);
    let mut terms: Vec<(u32, f64)> = Vec::new();
    for field in [FULL, NAMES] {
        let theirs = &y.fields[field];
        for (term, weight) in &x.fields[field] {
            let one = vec![(*term, *weight)];
            let share = dot(&one, theirs);
            if share > 0.0 {
                terms.push((*term, share));
            }
        }
    }
    terms.sort_by(|p, q| q.1.total_cmp(&p.1).then(p.0.cmp(&q.0)));
    terms.truncate(MAX_TERMS);
    PairReading {
        signals: parts
            .filter(|(_, weight)| *weight != 0.0)
            .map(|((name, value), weight)| (*name, value, value * weight))
            .collect(),
        score: weights.score(&values),
        threshold,
        caution: threshold - weights.threshold,
        with_text,
        gap_s,
        is_out_of_window: gap_s.is_some_and(|gap| gap > options.window_days.saturating_mul(86_400)),
        is_look_alike: are_look_alikes(
            &[Member::of(a)],
            &[Member::of(b)],
            &columns,
            values[2 * NAMES],
            values[2 * NUMBERS],
        ),
        is_column_beside_news: columns.stand_alone([a.title.as_str()].into_iter(), [b.title.as_str()].into_iter()),
        terms,
        overlap,
    }
}

/// Terms whose document frequencies a reading of the pair needs.
#[must_use]
pub fn wanted(a: &Fingerprint, b: &Fingerprint) -> std::collections::BTreeSet<u32> {
    a.terms().chain(b.terms()).collect()
}
