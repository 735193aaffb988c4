//! Near-duplicates: candidate pairs from the sampled shingles, verified on the full sets.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::model::ArticleId;

use super::columns::{Columns, shared_numbers};
use super::contract::{Candidates, CopyGrade, Item, NearDuplicate};
use super::look_alike::{is_same_form, is_template};
use super::model::ClusterOptions;

/// Sampled shingles that make a candidate pair.
pub(super) const MIN_SAMPLED: usize = 2;

/// Shared shingles of a copy; fewer is a quotation.
const MIN_SHARED_COPY: u32 = 30;

/// Share of the shorter text's own words, those outside quotation marks, that a copy has in common: a long statement that
/// two outlets quote is in both of them, around it each has words of its own. At .25 four of 110 labeled copies, which share
/// little but a speech, were in no group with each other; at this one all are.
const MIN_CONTAINMENT_OWN: f64 = 0.08;

/// Containment of the shorter text from which it is a copy.
const MIN_CONTAINMENT_COPY: f64 = 0.4;

/// The same for a shared passage.
const MIN_SHARED_PARTIAL: u32 = 16;
const MIN_CONTAINMENT_PARTIAL: f64 = 0.1;

/// Finds verified edges of the batch's items with each other and with the loaded articles.
pub(super) fn edges(
    batch: &BTreeMap<ArticleId, &Item>,
    known: &BTreeMap<ArticleId, &Item>,
    candidates: &Candidates,
    columns: &Columns,
    options: &ClusterOptions,
) -> Vec<NearDuplicate> {
    let mut postings: FxHashMap<u32, Vec<ArticleId>> = FxHashMap::default();
    for (article, item) in batch {
        for shingle in item.fingerprint.sampled_shingles() {
            postings.entry(shingle).or_default().push(*article);
        }
    }
    let mut shared: FxHashMap<(ArticleId, ArticleId), usize> = FxHashMap::default();
    let mut others: Vec<ArticleId> = Vec::new();
    for (shingle, new) in postings {
        // The store's rows of a batch article are of its old version.
        let stored = candidates.shingles.get(&shingle).into_iter().flatten();
        others.clear();
        others.extend(stored.filter(|article| !batch.contains_key(article)));
        if new.len() + others.len() > options.max_articles_per_shingle {
            continue;
        }
        for (at, a) in new.iter().enumerate() {
            for b in new[at + 1..].iter().chain(&others) {
                *shared.entry((*a, *b)).or_insert(0) += 1;
            }
        }
    }
    let mut pairs: Vec<(ArticleId, ArticleId)> =
        shared.into_iter().filter(|(_, n)| *n >= MIN_SAMPLED).map(|(pair, _)| pair).collect();
    pairs.sort_unstable();
    let verified =
        |(a, b): (ArticleId, ArticleId)| verify(batch.get(&a)?, batch.get(&b).or_else(|| known.get(&b))?, columns);
    pairs.into_iter().filter_map(verified).collect()
}

/// Measures the overlap of two texts; none when it is too little to show.
pub(super) fn verify(a: &Item, b: &Item, columns: &Columns) -> Option<NearDuplicate> {
    let earlier_first = (a.event_time, &a.identity) <= (b.event_time, &b.identity);
    let (source, copy) = if earlier_first { (a, b) } else { (b, a) };
    let (x, y) = (&copy.fingerprint.shingles, &source.fingerprint.shingles);
    let n_shared = n_common(x, y);
    let share = |n: usize| f64::from(n_shared) / n.max(1) as f64;
    let of_shorter = share(x.len().min(y.len()));
    let (shorter, longer) = if x.len() <= y.len() { (copy, source) } else { (source, copy) };
    let quoted = &shorter.fingerprint.quoted;
    let n_own = shorter.fingerprint.shingles.len() - quoted.len();
    let n_shared_own = n_shared - n_common(quoted, &longer.fingerprint.shingles);
    let is_quotation = f64::from(n_shared_own) < MIN_CONTAINMENT_OWN * n_own as f64;
    // A column with other names in it repeats its own text: its boilerplate is shared, not its news.
    let is_column = a.outlet.is_some() && a.outlet == b.outlet && is_same_form(&a.title, &b.title)
        || is_template(&a.title, &b.title)
        || columns.are_apart(&a.title, &b.title, shared_numbers(&a.fingerprint.numbers, &b.fingerprint.numbers))
        || columns.are_two_issues(a.into(), b.into());
    let grade = if n_shared >= MIN_SHARED_COPY && of_shorter >= MIN_CONTAINMENT_COPY && !is_column && !is_quotation {
        CopyGrade::Copy
    } else if n_shared >= MIN_SHARED_PARTIAL && of_shorter >= MIN_CONTAINMENT_PARTIAL {
        CopyGrade::Partial
    } else {
        return None;
    };
    Some(NearDuplicate {
        copy: copy.article,
        source: source.article,
        containment_of_copy: share(x.len()),
        containment_of_source: share(y.len()),
        resemblance: share(x.len() + y.len() - n_shared as usize),
        n_shared,
        grade,
    })
}

/// How many numbers two ascending lists have in common.
fn n_common(x: &[u32], y: &[u32]) -> u32 {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while i < x.len() && j < y.len() {
        match x[i].cmp(&y[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                n += 1;
                i += 1;
                j += 1;
            }
        }
    }
    n
}
