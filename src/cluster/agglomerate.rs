//! Best-first merging of stories by the linear model, over candidate pairs only.
//!
//! Dot products of sums add up when two stories merge, so a merge costs one addition for each of their candidate
//! pairs, and the order of the input doesn't matter: the best pair of all goes first, ties by position.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::model::{ClusterOptions, Extent, N_SIGNALS, Overlap, Weights, centered, gap_s, signals};
use super::nearby::{self, Postings};
use super::sketch::{self, Sketch};
use super::state::{DOTS, NAMES, Profile, Vector};

/// Scores this far under the threshold are forgotten: no later merge lifts a pair by that much. From 3 to 12 the labeled
/// articles and headlines come out the same.
const HOPELESS: f64 = 4.0;

/// Where only one of two merging stories was compared with a third and fell this far short, the other isn't compared:
/// it wasn't even among the third's candidates. More than what links stories into threads
/// ([`ClusterOptions::thread_margin`]); of 1.5, 3 and 6 none changed a score by more than .002.
const DISTANT: f64 = 2.0;

/// By pair of positions: the containment of the shorter text, summed over the pairs of articles that share text.
pub(super) type SharedText = BTreeMap<(usize, usize), f64>;

/// A story, or a unit on its way into one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) profile: Profile,
    pub(super) extent: Extent,
    /// Stored stories are compared among each other only once one of them has changed.
    pub(super) stored: bool,
    pub(super) changed: bool,
    /// Terms by which candidates are found.
    pub(super) top_terms: Vector,
    /// Its latest items on their own.
    pub(super) sketches: Vec<Sketch>,
    /// Languages of the members, as far as they are known.
    pub(super) languages: BTreeSet<String>,
    pub(super) merged_into: Option<usize>,
    revision: u32,
}

impl Node {
    pub(super) fn new(
        profile: Profile,
        n_members: usize,
        span: Option<(i64, i64)>,
        top_terms: Vector,
        stored: bool,
    ) -> Self {
        let extent = Extent {
            has_text: profile.has_body,
            n_members: n_members as f64,
            squares: profile.dots(&profile),
            expected: profile.expected,
            background: profile.background,
            n_names: profile.fields[NAMES].len() as f64,
            span,
        };
        Self {
            profile,
            extent,
            stored,
            changed: !stored,
            top_terms,
            sketches: Vec::new(),
            languages: BTreeSet::new(),
            merged_into: None,
            revision: 0,
        }
    }

    fn alive(&self) -> bool {
        self.merged_into.is_none()
    }
}

/// A pair that the model wants to merge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proposal {
    /// The pair; `into` has the smaller position.
    pub(super) into: usize,
    pub(super) from: usize,
    pub(super) score: f64,
    pub(super) threshold: f64,
    pub(super) signals: [f64; N_SIGNALS],
}

#[derive(Debug, PartialEq)]
struct Queued {
    lead: f64,
    pair: (usize, usize),
    revisions: (u32, u32),
}

impl Eq for Queued {}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        self.lead.total_cmp(&other.lead).then_with(|| other.pair.cmp(&self.pair))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a measured pair is for.
const IS_CANDIDATE: u8 = 1;
const IS_BACKGROUND_OF_FIRST: u8 = 2;
const IS_BACKGROUND_OF_SECOND: u8 = 4;

/// Nodes with the overlap of their candidate pairs: nothing of it depends on the weights.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) nodes: Vec<Node>,
    /// Candidate pairs with their overlap, both ways.
    pairs: Vec<BTreeMap<usize, Overlap>>,
    postings: Postings,
}

impl Measured {
    /// Finds and measures the candidates of the new nodes; nodes that share text are candidates in any case. `postings` has
    /// the nodes by their position; what it has beyond them only takes its rank.
    pub(super) fn new(
        mut nodes: Vec<Node>,
        shared_text: &SharedText,
        mut postings: Postings,
        n_candidates: usize,
    ) -> Self {
        let mut pairs: Vec<(usize, usize, u8)> = shared_text.keys().map(|(a, b)| (*a, *b, IS_CANDIDATE)).collect();
        // By new node: in how many parts its background comes.
        let mut n_parts = vec![0; nodes.len()];
        let is_there = |at: usize| at < nodes.len();
        for at in (0..nodes.len()).filter(|at| !nodes[*at].stored) {
            let near = nearby::near(&mut postings, &nodes[at].top_terms, Some(at), n_candidates);
            let candidates = near.iter().copied().filter(|other| is_there(*other)).take(n_candidates);
            pairs.extend(candidates.map(|other| (at.min(other), at.max(other), IS_CANDIDATE)));
            let (background, n) = nearby::background(&near, postings.n_stories(), nodes[at].profile.has_body, is_there);
            n_parts[at] = n;
            pairs.extend(background.into_iter().map(|other| {
                let role = if at < other { IS_BACKGROUND_OF_FIRST } else { IS_BACKGROUND_OF_SECOND };
                (at.min(other), at.max(other), role)
            }));
        }
        pairs.sort_unstable();
        pairs.dedup_by(|next, kept| {
            let is_same = (next.0, next.1) == (kept.0, kept.1);
            kept.2 |= if is_same { next.2 } else { 0 };
            is_same
        });
        let mut candidates: Vec<(usize, usize, Overlap)> = Vec::new();
        let mut backgrounds = vec![[0.0; DOTS]; nodes.len()];
        for of_one in pairs.chunk_by(|x, y| x.0 == y.0) {
            let a = of_one[0].0;
            let lookup = nodes[a].profile.lookup();
            for (_, b, role) in of_one {
                let dots = nodes[a].profile.dots_by(&lookup, &nodes[*b].profile);
                if role & IS_CANDIDATE != 0 {
                    let shared_text = shared_text.get(&(a, *b)).copied().unwrap_or(0.0);
                    candidates.push((a, *b, Overlap { dots, shared_text, nearest: 0.0 }));
                }
                for (at, is_asked) in [(a, IS_BACKGROUND_OF_FIRST), (*b, IS_BACKGROUND_OF_SECOND)] {
                    if role & is_asked != 0 {
                        let cosine = |field| centered(&nodes[a].extent, &nodes[*b].extent, dots[field], field);
                        backgrounds[at].iter_mut().zip(0..).for_each(|(sum, field)| *sum += cosine(field));
                    }
                }
            }
        }
        for ((node, mut background), n_parts) in nodes.iter_mut().zip(backgrounds).zip(n_parts) {
            if !node.stored {
                background.iter_mut().for_each(|sum| *sum *= node.extent.n_members / f64::from(n_parts.max(1)));
                node.extent.background = background;
                node.profile.background = background;
                let Node { sketches, profile, extent, .. } = node;
                sketches.iter_mut().for_each(|sketch| sketch.set_shared(profile, extent.n_members as usize));
            }
        }
        // By node, ascending: each list takes its smaller partners first, in their order, then its larger ones.
        let mut partners: Vec<Vec<(usize, Overlap)>> = vec![Vec::new(); nodes.len()];
        for (a, b, mut overlap) in candidates {
            overlap.nearest = nearest(&nodes[a], &nodes[b], &overlap.dots);
            partners[a].push((b, overlap));
            partners[b].push((a, overlap));
        }
        let pairs = partners.into_iter().map(BTreeMap::from_iter).collect();
        Self { nodes, pairs, postings }
    }
}

/// The state of a merging.
#[derive(Debug)]
pub(super) struct Agglomeration<'a> {
    pub(super) nodes: Vec<Node>,
    options: &'a ClusterOptions,
    pairs: Vec<BTreeMap<usize, Overlap>>,
    postings: Postings,
    /// Stored stories that were measured against the stored ones near them.
    compared: BTreeSet<usize>,
    refused: BTreeSet<(usize, usize)>,
    queue: BinaryHeap<Queued>,
}

impl<'a> Agglomeration<'a> {
    /// Puts the candidate pairs in order of their score.
    pub(super) fn new(measured: Measured, options: &'a ClusterOptions) -> Self {
        let Measured { nodes, pairs, postings } = measured;
        let n = nodes.len();
        let (compared, refused, queue) = (BTreeSet::new(), BTreeSet::new(), BinaryHeap::new());
        let mut merging = Self { nodes, options, pairs, postings, compared, refused, queue };
        for a in 0..n {
            for b in merging.pairs[a].keys().copied().filter(|b| *b > a).collect::<Vec<_>>() {
                merging.enqueue(a, b);
            }
        }
        merging
    }

    /// Whether a measured pair is far from one story.
    fn is_distant(&self, a: usize, b: usize, overlap: &Overlap) -> bool {
        let weights = self.weights(a, b);
        let score = weights.score(&signals(&self.nodes[a].extent, &self.nodes[b].extent, overlap));
        overlap.shared_text == 0.0 && score < weights.threshold - DISTANT
    }

    fn measure(&mut self, a: usize, b: usize, shared_text: f64) {
        let overlap = overlap(&self.nodes[a], &self.nodes[b], shared_text);
        self.pairs[a].insert(b, overlap);
        self.pairs[b].insert(a, overlap);
    }

    /// The weights a pair is scored with.
    pub(super) fn weights(&self, a: usize, b: usize) -> &'a Weights {
        let (a, b) = (&self.nodes[a], &self.nodes[b]);
        let is_known = !a.languages.is_empty() && !b.languages.is_empty();
        self.options
            .weights(a.profile.has_body && b.profile.has_body, is_known && a.languages.is_disjoint(&b.languages))
    }

    /// The signals of a measured pair.
    pub(super) fn signals(&self, a: usize, b: usize) -> Option<[f64; N_SIGNALS]> {
        let overlap = self.pairs[a].get(&b)?;
        Some(signals(&self.nodes[a].extent, &self.nodes[b].extent, overlap))
    }

    /// Measured partners of a node.
    pub(super) fn partners(&self, a: usize) -> impl Iterator<Item = usize> + '_ {
        self.pairs[a].keys().copied()
    }

    fn enqueue(&mut self, a: usize, b: usize) {
        let (a, b) = (a.min(b), a.max(b));
        let (left, right) = (&self.nodes[a], &self.nodes[b]);
        let in_window = gap_s(left.extent.span, right.extent.span)
            .is_none_or(|gap| gap <= self.options.window_days.saturating_mul(86_400));
        if !in_window || !(left.changed || right.changed) || self.refused.contains(&(a, b)) {
            return;
        }
        let Some(signals) = self.signals(a, b) else { return };
        let weights = self.weights(a, b);
        let lead = weights.score(&signals) - weights.threshold;
        if lead >= 0.0 {
            let revisions = (left.revision, right.revision);
            self.queue.push(Queued { lead, pair: (a, b), revisions });
        } else if lead < -HOPELESS {
            self.pairs[a].remove(&b);
            self.pairs[b].remove(&a);
        }
    }

    /// Merges best first until no pair reaches its threshold. `judge` may refuse a proposal, for good.
    pub(super) fn run(&mut self, judge: &mut dyn FnMut(&Self, &Proposal) -> bool) {
        while let Some(Queued { lead, pair: (into, from), revisions }) = self.queue.pop() {
            let (left, right) = (&self.nodes[into], &self.nodes[from]);
            if !left.alive() || !right.alive() || (left.revision, right.revision) != revisions {
                continue;
            }
            let Some(signals) = self.signals(into, from) else { continue };
            let threshold = self.weights(into, from).threshold;
            let proposal = Proposal { into, from, score: lead + threshold, threshold, signals };
            if judge(self, &proposal) {
                self.merge(into, from);
            } else {
                self.refused.insert(pair_of(into, from));
            }
        }
    }

    /// Merges `from` into `into`, whatever the score.
    pub(super) fn merge(&mut self, into: usize, from: usize) {
        for at in [into, from] {
            self.measure_stored(at);
        }
        let own = match self.pairs[into].get(&from) {
            Some(own) => *own,
            None => overlap(&self.nodes[into], &self.nodes[from], 0.0),
        };
        let left = std::mem::take(&mut self.pairs[into]);
        let right = std::mem::take(&mut self.pairs[from]);
        let others: BTreeSet<usize> = left.keys().chain(right.keys()).copied().collect();
        let mut pairs = BTreeMap::new();
        for other in others.into_iter().filter(|other| *other != into && *other != from) {
            let both = match (left.get(&other), right.get(&other)) {
                (Some(left), Some(right)) => left.combine(right),
                (Some(known), None) if !self.is_distant(into, other, known) => {
                    known.combine(&overlap(&self.nodes[from], &self.nodes[other], 0.0))
                }
                (None, Some(known)) if !self.is_distant(from, other, known) => {
                    known.combine(&overlap(&self.nodes[into], &self.nodes[other], 0.0))
                }
                _ => {
                    self.pairs[other].remove(&into);
                    self.pairs[other].remove(&from);
                    continue;
                }
            };
            pairs.insert(other, both);
        }
        for (other, both) in &pairs {
            self.pairs[*other].remove(&from);
            self.pairs[*other].insert(into, *both);
        }
        self.pairs[into] = pairs;
        let refused: Vec<(usize, usize)> =
            self.refused.iter().copied().filter(|pair| pair.0 == from || pair.1 == from).collect();
        for (a, b) in refused {
            self.refused.insert(pair_of(into, if a == from { b } else { a }));
        }

        let gone = std::mem::take(&mut self.nodes[from].profile);
        let languages = std::mem::take(&mut self.nodes[from].languages);
        let sketches = std::mem::take(&mut self.nodes[from].sketches);
        let (extent, changed) = (self.nodes[from].extent, self.nodes[from].changed);
        self.nodes[from].merged_into = Some(into);
        let node = &mut self.nodes[into];
        node.profile.add(&gone);
        node.languages.extend(languages);
        node.sketches.extend(sketches);
        sketch::bound(&mut node.sketches);
        node.extent.has_text = node.profile.has_body;
        node.extent.n_names = node.profile.fields[NAMES].len() as f64;
        node.extent.n_members += extent.n_members;
        node.extent.expected.iter_mut().zip(extent.expected).for_each(|(sum, share)| *sum += share);
        node.extent.background.iter_mut().zip(extent.background).for_each(|(sum, part)| *sum += part);
        for ((sum, square), dot) in node.extent.squares.iter_mut().zip(extent.squares).zip(own.dots) {
            *sum += square + 2.0 * dot;
        }
        node.extent.span = match (node.extent.span, extent.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        node.changed |= changed;
        node.changed |= node.stored;
        node.revision += 1;
        for other in self.pairs[into].keys().copied().collect::<Vec<_>>() {
            self.enqueue(into, other);
        }
    }

    /// Measures a stored story against the ones near it, once it is about to change.
    fn measure_stored(&mut self, at: usize) {
        if !self.nodes[at].stored || !self.compared.insert(at) {
            return;
        }
        let near = nearby::near(&mut self.postings, &self.nodes[at].top_terms, Some(at), self.options.n_candidates);
        let others = near.into_iter().filter(|other| *other < self.nodes.len()).take(self.options.n_candidates);
        for mut other in others.collect::<Vec<_>>() {
            while let Some(next) = self.nodes[other].merged_into {
                other = next;
            }
            if other != at && !self.pairs[at].contains_key(&other) {
                self.measure(at, other, 0.0);
            }
        }
    }
}

fn pair_of(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

fn overlap(a: &Node, b: &Node, shared_text: f64) -> Overlap {
    let dots = a.profile.dots(&b.profile);
    Overlap { dots, shared_text, nearest: nearest(a, b, &dots) }
}

fn nearest(a: &Node, b: &Node, dots: &[f64; DOTS]) -> f64 {
    sketch::nearest_of_alike((&a.extent, &a.sketches), (&b.extent, &b.sketches), dots)
}
