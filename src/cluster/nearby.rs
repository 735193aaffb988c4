//! Which stories are near an article by their heaviest terms: candidates to be one with it, and its background.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::StoryId;

use super::contract::Candidates;

/// First rank of the stories that make the background of an article, as many on: too far to be of its event, near enough to be
/// of its beat. Of 30-60, 40-80, 60-120, 100-200, 100-300 and 150-300, 100-200 gave the labeled articles the best score,
/// three seeds of folds averaged; without any background they had .006 less (B-cubed).
const FIRST_RANK: usize = 100;

/// Among fewer stories than `FIRST_RANK` of these parts, one part is the first rank, but none under the least one: at
/// rank 100 of 500 nothing is of the beat any more. Labeled articles that come 20 and 50 at a time gain .002 and .003 (B-cubed),
/// 150 at a time they lose .002; a seventh and a tenth do the same, a fifteenth from rank 20 loses .005. From rank 40 one affair
/// of 146 articles loses .024, since what is near in it is of the same events.
const PARTS: usize = 8;
const LEAST_FIRST_RANK: usize = 50;

/// The same for a headline without text: few words tell it from others of its beat. At 100-200 pairs of one set of labeled
/// headlines fell from a precision of .82 to .54 by the shipped weights, while the other set's stayed.
const BACKGROUND_OF_HEADLINE: Range<usize> = 30..50;

/// Stories measured for the background: one in each part of its ranks.
pub(super) const N_BACKGROUND: usize = 10;

/// A term in more stories than this says little and costs much; only rarer ones lead to candidates.
const MAX_POSTINGS: usize = 500;

/// Rows of the store that are loaded for the backgrounds of one batch: those of a hundred articles. The articles of a large
/// batch and what is loaded as candidates of some of them make a background for all.
const MAX_BACKGROUND_ROWS: usize = 1_000;

/// Stories by the heavy terms they have, numbered from 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Postings {
    by_term: FxHashMap<u32, Vec<(u32, f32)>>,
    /// By story, while one is looked for: the dot product of heavy terms so far; all 0 in between.
    sums: Vec<f32>,
    /// Stories whose sum isn't 0.
    touched: Vec<u32>,
    /// The nearest ones of the last question, nearest first once sorted.
    best: Vec<(f32, u32)>,
}

fn number(story: usize) -> u32 {
    u32::try_from(story).unwrap_or(u32::MAX)
}

impl Postings {
    /// Stories so far: of a store those that have a term in common with the batch.
    pub(super) fn n_stories(&self) -> usize {
        self.sums.len()
    }

    /// Adds a story by its number.
    pub(super) fn add(&mut self, story: usize, terms: &[(u32, f32)]) {
        for (term, weight) in terms {
            self.by_term.entry(*term).or_default().push((number(story), *weight));
        }
        self.sums.resize(self.sums.len().max(story + 1), 0.0);
    }

    /// Adds rows of the store's index but for the stories that `is_known` tells of; returns these stories, ascending, numbered
    /// on from those that are there.
    pub(super) fn add_rows(&mut self, rows: &Candidates, is_known: impl Fn(StoryId) -> bool) -> Vec<StoryId> {
        let unknown: FxHashSet<StoryId> =
            rows.terms.values().flatten().map(|(story, _)| *story).filter(|story| !is_known(*story)).collect();
        let mut stories: Vec<StoryId> = unknown.into_iter().collect();
        stories.sort_unstable();
        let first = self.sums.len();
        let numbers: FxHashMap<StoryId, u32> =
            stories.iter().enumerate().map(|(at, story)| (*story, number(first + at))).collect();
        for (term, of_term) in &rows.terms {
            let numbered = of_term.iter().filter_map(|(story, weight)| Some((*numbers.get(story)?, *weight)));
            let numbered: Vec<(u32, f32)> = numbered.collect();
            if !numbered.is_empty() {
                self.by_term.entry(*term).or_default().extend(numbered);
            }
        }
        self.sums.resize(first + stories.len(), 0.0);
        stories
    }

    /// The `n` stories nearest to one of these terms, itself (`except`) left out, nearest first, equals by number.
    pub(super) fn nearest(&mut self, terms: &[(u32, f32)], except: Option<usize>, n: usize) -> Vec<usize> {
        let Self { by_term, sums, touched, best } = self;
        for (term, weight) in terms {
            for (other, other_weight) in
                by_term.get(term).filter(|list| list.len() <= MAX_POSTINGS).into_iter().flatten()
            {
                let sum = &mut sums[*other as usize];
                if *sum == 0.0 {
                    touched.push(*other);
                }
                *sum += weight * other_weight;
            }
        }
        best.clear();
        for other in touched.drain(..) {
            let sum = std::mem::take(&mut sums[other as usize]);
            if except != Some(other as usize) {
                best.push((sum, other));
            }
        }
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if best.len() > n {
            best.select_nth_unstable_by(n, order);
            best.truncate(n);
        }
        best.sort_unstable_by(order);
        best.iter().map(|(_, other)| *other as usize).collect()
    }
}

/// Ranks of the background of an article with text, among so many stories.
fn ranks(n_stories: usize) -> Range<usize> {
    let first = (n_stories / PARTS).clamp(LEAST_FIRST_RANK, FIRST_RANK) / N_BACKGROUND * N_BACKGROUND;
    first..2 * first
}

/// Stories near an article, up to the last rank of its background.
pub(super) fn near(
    postings: &mut Postings,
    terms: &[(u32, f32)],
    except: Option<usize>,
    n_candidates: usize,
) -> Vec<usize> {
    postings.nearest(terms, except, (2 * FIRST_RANK).max(n_candidates))
}

/// The background of an article among `n_stories` by those near it, nearest first: one of each part that `is_there` tells
/// of, and how many parts count; the parts that so small a store doesn't have count as stories with nothing in common.
pub(super) fn background(
    near: &[usize],
    n_stories: usize,
    has_text: bool,
    is_there: impl Fn(usize) -> bool,
) -> (Vec<usize>, u32) {
    let ranks = if has_text { ranks(n_stories) } else { BACKGROUND_OF_HEADLINE };
    let n_ranks = ranks.len() / N_BACKGROUND;
    let mut found = Vec::with_capacity(N_BACKGROUND);
    let mut n_beyond = 0;
    for start in ranks.step_by(n_ranks) {
        match near.get(start..) {
            Some(part) if !part.is_empty() => {
                found.extend(part.iter().take(n_ranks).copied().find(|story| is_there(*story)));
            }
            _ => n_beyond += 1,
        }
    }
    let n_found = number(found.len());
    (found, n_found + n_beyond)
}

/// Whether the backgrounds of a batch of so many articles are loaded from the store.
pub(super) fn is_background_loaded(n_articles: usize) -> bool {
    n_articles * N_BACKGROUND <= MAX_BACKGROUND_ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first_and_never_itself() {
        let mut postings = Postings::default();
        for story in 0..5_u16 {
            postings.add(usize::from(story), &[(1, f32::from(story)), (u32::from(story) + 10, 1.0)]);
        }
        let mut rows = Candidates::default();
        rows.terms.insert(1, vec![(StoryId(7), 2.5), (StoryId(8), 9.0)]);
        assert_eq!(postings.add_rows(&rows, |story| story == StoryId(8)), [StoryId(7)]);
        assert_eq!(postings.nearest(&[(1, 1.0)], Some(4), 3), [3, 5, 2]);
        assert_eq!(postings.nearest(&[(1, 1.0), (11, 5.0)], None, 2), [1, 4]);
        assert!(postings.nearest(&[(99, 1.0)], None, 2).is_empty());
    }

    #[test]
    fn a_background_has_one_story_of_each_part() {
        let near: Vec<usize> = (0..150).collect();
        // Every second story is there; parts beyond the last rank count, parts with nothing there don't.
        assert_eq!(background(&near, 900, true, |story| story % 2 == 1), (vec![101, 111, 121, 131, 141], 10));
        assert_eq!(background(&near, 900, true, |story| story < 120), (vec![100, 110], 7));
        assert_eq!(background(&near[..40], 900, true, |_| true), (vec![], 10));
        assert_eq!(background(&near[..34], 900, false, |_| true), (vec![30, 32], 10));
    }

    #[test]
    fn the_background_of_a_small_store_is_nearer() {
        assert_eq!([0, 400, 505, 800, 1_000_000].map(|n| ranks(n).start), [50, 50, 60, 100, 100]);
        let near: Vec<usize> = (0..70).collect();
        assert_eq!(background(&near, 100, true, |_| true), (vec![50, 55, 60, 65], 10));
    }
}
