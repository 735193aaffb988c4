//! Threads: stories of one developing story, linked by the same likeness as stories are merged by, over a looser threshold.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{StoryId, ThreadId};

use super::agglomerate::Agglomeration;
use super::contract::{Neighbourhood, NextIds, StoryLink};
use super::decide::Working;
use super::model::{ClusterOptions, named};

/// Links kept for one story.
const MAX_LINKS: usize = 10;

/// Two threads become one when stories with this share of the smaller one's articles, at least, are linked on either side: one
/// article that tells of both makes no thread of two. On the labeled stories of November 2025 (`story`), where two great threads have
/// one article between them, any share from .05 to .5 does the same (benches/README.md).
const LINKED_SHARE: f64 = 0.25;

/// Two linked stories by their positions.
struct Linked {
    lead: f64,
    a: usize,
    b: usize,
}

/// Links touched stories with similar ones and joins their threads, the smaller id staying.
pub(super) fn link(
    stories: &mut [Working],
    merging: &Agglomeration<'_>,
    neighbourhood: &Neighbourhood,
    options: &ClusterOptions,
    next_ids: &mut NextIds,
) -> Vec<StoryLink> {
    let mut links = Vec::new();
    let mut linked = Vec::new();
    for (at, story) in stories.iter().enumerate() {
        if story.members.is_empty() || !story.touched {
            continue;
        }
        let mut found = Vec::new();
        for other in merging.partners(at) {
            let (partner, weights) = (&stories[other], merging.weights(at, other));
            let Some(signals) = merging.signals(at, other) else { continue };
            let lead = weights.score(&signals) - weights.threshold;
            if lead >= options.thread_margin && !partner.members.is_empty() && !(partner.touched && other < at) {
                found.push((lead, other, signals));
            }
        }
        found.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        found.truncate(MAX_LINKS);
        for (lead, other, signals) in found {
            if let (Some(x), Some(y)) = (story.id, stories[other].id) {
                let score = 1.0 / (1.0 + (-lead).exp());
                links.push(StoryLink { a: x.min(y), b: x.max(y), score, signals: named(&signals) });
                linked.push(Linked { lead, a: at, b: other });
            }
        }
    }
    // Ids decide between equals: they don't depend on the order of a batch.
    let ids = |pair: &Linked| {
        let (x, y) = (stories[pair.a].id, stories[pair.b].id);
        (x.min(y), x.max(y))
    };
    linked.sort_by(|x, y| y.lead.total_cmp(&x.lead).then_with(|| ids(x).cmp(&ids(y))));
    join(stories, &linked, neighbourhood, next_ids);
    links
}

/// Stories of one thread stay together, none is ever torn apart by a run; threads with enough links between them become one.
fn join(stories: &mut [Working], linked: &[Linked], neighbourhood: &Neighbourhood, next_ids: &mut NextIds) {
    let mut threads = Threads::of(stories, linked, neighbourhood);
    while linked.iter().filter(|pair| threads.join(pair.a, pair.b)).count() > 0 {}
    let mut found = threads.stories;
    found.retain(|thread| thread.iter().any(|at| stories[*at].touched && !stories[*at].members.is_empty()));
    found.sort_by_key(|thread| thread.iter().min().copied());
    for thread in found {
        let old = thread.iter().filter_map(|at| stories[*at].thread).min();
        let id = old.unwrap_or_else(|| {
            let id = next_ids.thread;
            next_ids.thread.0 += 1;
            id
        });
        for at in thread {
            stories[at].touched |= stories[at].thread != Some(id);
            stories[at].thread = Some(id);
        }
    }
}

/// Threads on their way to be joined.
struct Threads {
    /// By story: how many articles it has.
    n_articles: Vec<usize>,
    /// By story: the stories it is linked with.
    links: Vec<Vec<usize>>,
    /// By story: where its thread is.
    thread_of: Vec<usize>,
    /// By thread: its stories; none when they are in another one.
    stories: Vec<Vec<usize>>,
    /// By thread: how many articles it has, in stories that are not here, too.
    sizes: Vec<usize>,
    /// Pairs of threads, each with the number of its stories, that stay apart as they are.
    refused: BTreeSet<[(usize, usize); 2]>,
}

impl Threads {
    fn of(stories: &[Working], linked: &[Linked], neighbourhood: &Neighbourhood) -> Self {
        let position: BTreeMap<StoryId, usize> =
            stories.iter().enumerate().filter_map(|(at, story)| Some((story.id?, at))).collect();
        // What a run has touched is linked anew.
        let untouched = |story: &StoryId| position.get(story).copied().filter(|at| !stories[*at].touched);
        let stored = neighbourhood.story_links.iter().filter_map(|(a, b)| untouched(a).zip(untouched(b)));
        let mut links = vec![Vec::new(); stories.len()];
        for (a, b) in linked.iter().map(|pair| (pair.a, pair.b)).chain(stored) {
            links[a].push(b);
            links[b].push(a);
        }
        let n_articles: Vec<usize> = stories.iter().map(|story| story.members.len()).collect();
        let mut threads = Self {
            sizes: n_articles.clone(),
            n_articles,
            links,
            thread_of: (0..stories.len()).collect(),
            stories: (0..stories.len()).map(|at| vec![at]).collect(),
            refused: BTreeSet::new(),
        };
        let mut elsewhere = neighbourhood.thread_sizes.clone();
        for story in neighbourhood.stories.values() {
            if let Some(size) = story.thread.and_then(|thread| elsewhere.get_mut(&thread)) {
                *size = size.saturating_sub(story.members.len());
            }
        }
        let mut first: BTreeMap<ThreadId, usize> = BTreeMap::new();
        for (at, story) in stories.iter().enumerate().filter(|(_, story)| !story.members.is_empty()) {
            if let Some(thread) = story.thread {
                threads.sizes[threads.thread_of[at]] += elsewhere.remove(&thread).unwrap_or(0);
                let first = *first.entry(thread).or_insert(at);
                threads.unite(threads.thread_of[first], threads.thread_of[at]);
            }
        }
        threads
    }

    /// Joins the threads of two linked stories, unless too little of them is linked.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (x, y) = (self.thread_of[a], self.thread_of[b]);
        let mut pair = [x, y].map(|thread| (thread, self.stories[thread].len()));
        pair.sort_unstable();
        if x == y || self.refused.contains(&pair) {
            return false;
        }
        let is_enough = self.are_linked(x, y);
        if is_enough {
            self.unite(x, y);
        } else {
            self.refused.insert(pair);
        }
        is_enough
    }

    fn are_linked(&self, x: usize, y: usize) -> bool {
        let (few, many) = if self.stories[x].len() <= self.stories[y].len() { (x, y) } else { (y, x) };
        let (mut of_few, mut of_many) = (0, BTreeSet::new());
        for story in &self.stories[few] {
            let n_articles = self.n_articles[*story];
            let others: Vec<usize> =
                self.links[*story].iter().copied().filter(|other| self.thread_of[*other] == many).collect();
            of_few += if others.is_empty() { 0 } else { n_articles };
            of_many.extend(others);
        }
        let of_many = of_many.into_iter().map(|story| self.n_articles[story]).sum::<usize>();
        of_few.min(of_many) as f64 >= LINKED_SHARE * self.sizes[few].min(self.sizes[many]) as f64
    }

    /// Makes two threads one.
    fn unite(&mut self, x: usize, y: usize) {
        if x == y {
            return;
        }
        let (into, from) = if self.stories[x].len() >= self.stories[y].len() { (x, y) } else { (y, x) };
        self.sizes[into] += self.sizes[from];
        let moved = std::mem::take(&mut self.stories[from]);
        moved.iter().for_each(|story| self.thread_of[*story] = into);
        self.stories[into].extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::StoredStory;
    use super::super::state::Member;
    use super::*;
    use crate::model::{ArticleId, GroupId, StoryId, Timestamp};

    fn stories(sizes: &[usize]) -> Vec<Working> {
        let member = |article: usize| Member {
            time: Timestamp(0),
            identity: article.to_string(),
            article: ArticleId(article.cast_signed() as i64),
            dated: true,
            outlet: None,
            language: None,
            title: String::new(),
        };
        let story = |(at, size): (usize, &usize)| Working {
            id: Some(StoryId(at.cast_signed() as i64 + 1)),
            thread: None,
            members: (0..*size).map(|n| member(1_000 * at + n)).collect(),
            touched: true,
        };
        sizes.iter().enumerate().map(story).collect()
    }

    /// Links stories, the first pair the nearest, and gives the thread of each.
    fn joined(stories: &mut [Working], pairs: &[(usize, usize)]) -> Vec<i64> {
        joined_beside(stories, pairs, &Neighbourhood::default())
    }

    fn joined_beside(stories: &mut [Working], pairs: &[(usize, usize)], neighbourhood: &Neighbourhood) -> Vec<i64> {
        let linked: Vec<Linked> = pairs.iter().map(|(a, b)| Linked { a: *a, b: *b, lead: 0.0 }).collect();
        let mut next_ids = NextIds { group: GroupId(1), story: StoryId(100), thread: ThreadId(1) };
        join(stories, &linked, neighbourhood, &mut next_ids);
        stories.iter().map(|story| story.thread.map_or(0, |thread| thread.0)).collect()
    }

    #[test]
    fn one_article_that_tells_of_both_makes_no_thread_of_two() {
        // Two developing stories of two events each, and an article that is linked with the first event of either.
        let mut both = stories(&[20, 5, 15, 8, 1]);
        assert_eq!(joined(&mut both, &[(0, 1), (2, 3), (4, 0), (4, 2)]), [1, 1, 2, 2, 1]);
        // Events that are linked themselves do, and a small thread needs little.
        let mut one = stories(&[20, 5, 15, 8, 1]);
        assert_eq!(joined(&mut one, &[(0, 1), (2, 3), (4, 0), (0, 2)]), [1, 1, 1, 1, 1]);
        let mut small = stories(&[20, 1, 1, 1]);
        assert_eq!(joined(&mut small, &[(0, 1), (2, 3), (1, 2)]), [1, 1, 1, 1]);
    }

    #[test]
    fn links_that_are_enough_together_join() {
        // Each of three links alone would be too little: stories of two in threads of twenty.
        let mut stories = stories(&[14, 2, 2, 2, 14, 2, 2, 2]);
        let inside = [(0, 1), (0, 2), (0, 3), (4, 5), (4, 6), (4, 7)];
        let between = [(1, 5), (2, 6), (3, 7)];
        let pairs: Vec<(usize, usize)> = inside.iter().chain(&between[..2]).copied().collect();
        assert_eq!(joined(&mut stories, &pairs), [1, 1, 1, 1, 2, 2, 2, 2]);
        stories.iter_mut().for_each(|story| story.thread = None);
        let pairs: Vec<(usize, usize)> = inside.into_iter().chain(between).collect();
        assert_eq!(joined(&mut stories, &pairs), [1; 8]);
    }

    #[test]
    fn a_refused_pair_is_asked_again_once_a_thread_has_grown() {
        // Three of twenty are too little for either of two threads; when these become one, it is six of twenty.
        let mut stories = stories(&[14, 6, 17, 3, 17, 3]);
        let mut pairs = vec![(0, 1), (2, 3), (4, 5), (1, 3), (1, 5)];
        assert_eq!(joined(&mut stories, &pairs), [1, 1, 2, 2, 3, 3]);
        stories.iter_mut().for_each(|story| story.thread = None);
        pairs.push((2, 4));
        assert_eq!(joined(&mut stories, &pairs), [1; 6]);
    }

    #[test]
    fn a_stored_thread_is_never_torn_and_keeps_the_older_id() {
        let mut stories = stories(&[3, 3, 1]);
        for (story, thread) in stories.iter_mut().zip([7, 7, 3]) {
            (story.thread, story.touched) = (Some(ThreadId(thread)), false);
        }
        stories[2].touched = true;
        assert_eq!(joined(&mut stories, &[(1, 2)]), [3, 3, 3], "the story that is not linked goes along");
        assert!(stories[0].touched && stories[1].touched);
    }

    /// What is stored of two threads of twenty articles each, three stories of two of them here, linked pair by pair.
    fn two_threads(stories: &mut [Working]) -> Neighbourhood {
        let mut neighbourhood = Neighbourhood::default();
        for (at, story) in stories.iter_mut().enumerate() {
            let thread = ThreadId(if at < 3 { 5 } else { 6 });
            (story.thread, story.touched) = (Some(thread), false);
            neighbourhood.thread_sizes.insert(thread, 20);
            let (id, members) =
                (StoryId(at.cast_signed() as i64 + 1), story.members.iter().map(|member| member.article));
            let stored = StoredStory { thread: Some(thread), ..StoredStory::of(id, members.collect()) };
            neighbourhood.stories.insert(id, stored);
        }
        neighbourhood
    }

    #[test]
    fn stories_that_are_not_loaded_count_for_the_size_of_a_thread() {
        let mut stories = stories(&[2, 2, 2, 2, 2, 2]);
        let mut neighbourhood = two_threads(&mut stories);
        stories[0].touched = true;
        assert_eq!(joined_beside(&mut stories, &[(0, 3)], &neighbourhood), [5, 5, 5, 6, 6, 6], "2 of 20");
        neighbourhood.thread_sizes = BTreeMap::from([(ThreadId(5), 6), (ThreadId(6), 6)]);
        assert_eq!(joined_beside(&mut stories, &[(0, 3)], &neighbourhood), [5; 6], "2 of 6");
    }

    #[test]
    fn links_of_earlier_runs_count() {
        let mut stories = stories(&[2, 2, 2, 2, 2, 2]);
        let mut neighbourhood = two_threads(&mut stories);
        stories[0].touched = true;
        neighbourhood.story_links = BTreeSet::from([(StoryId(2), StoryId(5)), (StoryId(1), StoryId(6))]);
        assert_eq!(
            joined_beside(&mut stories, &[(0, 3)], &neighbourhood),
            [5, 5, 5, 6, 6, 6],
            "that of a touched story is past"
        );
        neighbourhood.story_links.insert((StoryId(3), StoryId(6)));
        assert_eq!(joined_beside(&mut stories, &[(0, 3)], &neighbourhood), [5; 6], "6 of 20");
    }
}
