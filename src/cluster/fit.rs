//! What the fitting of the weights learns from: the decisions that the clustering of labeled articles comes to.

use std::collections::BTreeMap;

use crate::model::ArticleId;

use super::agglomerate::{Agglomeration, Measured, Proposal};
use super::columns::Columns;
use super::contract::Item;
use super::decide::unit_nodes;
use super::look_alike::are_look_alikes;
use super::model::{ClusterOptions, N_SIGNALS};
use super::state::{Member, NAMES, NUMBERS};

/// A pair of stories that came up for merging.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// In the order of [`super::SIGNALS`].
    pub signals: [f64; N_SIGNALS],
    /// Whether both sides have text: which weights it is an example for.
    pub with_text: bool,
    /// Whether most articles of both sides are of one event.
    pub same: bool,
    /// What is lost when the pair is decided wrongly: for sides of `a` and `b` articles `2ab / (a + b)` of them. That much of
    /// B-cubed precision goes when two events are taken for one, and that much of its recall when one is taken for two.
    pub stake: f64,
}

/// A stream of labeled articles, measured once and clustered with many weights.
#[derive(Debug, Clone)]
pub struct Stream {
    measured: Measured,
    /// The members of each node.
    members: Vec<Vec<Member>>,
    columns: Columns,
}

impl Stream {
    /// Measures the articles as one batch on an empty store.
    #[must_use]
    pub fn new(items: &[Item], options: &ClusterOptions) -> Self {
        let (measured, members, columns) = unit_nodes(items, options);
        Self { measured, members, columns }
    }

    fn n_articles(&self) -> f64 {
        self.members.iter().map(Vec::len).sum::<usize>() as f64
    }

    /// The number of the story of each article, with these options' weights.
    #[must_use]
    pub fn stories(&self, options: &ClusterOptions) -> BTreeMap<ArticleId, usize> {
        let options = options.among(self.n_articles());
        let mut merging = Agglomeration::new(self.measured.clone(), &options);
        let mut members = self.members.clone();
        merging.run(&mut |_, proposal| join(&mut members, proposal, &self.columns));
        let mut found = BTreeMap::new();
        for (at, unit) in self.members.iter().enumerate() {
            let mut heir = at;
            while let Some(next) = merging.nodes[heir].merged_into {
                heir = next;
            }
            found.extend(unit.iter().map(|member| (member.article, heir)));
        }
        found
    }

    /// Clusters and notes the decisions. With `corrected`, wrong proposals are refused, so that the stories stay pure and
    /// every pair that the model gets wrong comes up; without, its mistakes take their course.
    #[must_use]
    pub fn examples(
        &self,
        labels: &BTreeMap<ArticleId, u32>,
        corrected: bool,
        options: &ClusterOptions,
    ) -> Vec<Example> {
        let mut counts: Vec<BTreeMap<u32, usize>> = Vec::new();
        for unit in &self.members {
            let mut count = BTreeMap::new();
            unit.iter()
                .filter_map(|member| labels.get(&member.article))
                .for_each(|label| *count.entry(*label).or_insert(0) += 1);
            counts.push(count);
        }
        let mut found = Vec::new();
        let options = options.among(self.n_articles());
        let mut merging = Agglomeration::new(self.measured.clone(), &options);
        let mut n_proposals = 0_usize;
        let mut members = self.members.clone();
        merging.run(&mut |merging, proposal| {
            let (into, from) = (proposal.into, proposal.from);
            let same = main_label(&counts[into]) == main_label(&counts[from]);
            found.push(example(merging, into, from, same));
            n_proposals += 1;
            if n_proposals.is_multiple_of(2) {
                runners_up(merging, &counts, into, from, &mut found);
            }
            if (corrected && !same) || !join(&mut members, proposal, &self.columns) {
                return false;
            }
            let gone = std::mem::take(&mut counts[from]);
            for (label, n) in gone {
                *counts[into].entry(label).or_insert(0) += n;
            }
            true
        });
        // Pairs that belong together and never came up.
        for a in 0..merging.nodes.len() {
            let partners: Vec<usize> = merging.partners(a).filter(|b| *b > a).collect();
            for b in partners {
                if main_label(&counts[a]) == main_label(&counts[b]) {
                    found.push(example(&merging, a, b, true));
                }
            }
        }
        found.retain(|example| example.signals.iter().any(|signal| *signal != 0.0));
        found
    }
}

/// Joins the members of two nodes, unless their headlines keep them apart.
fn join(members: &mut [Vec<Member>], proposal: &Proposal, columns: &Columns) -> bool {
    let (names, numbers) = (proposal.signals[2 * NAMES], proposal.signals[2 * NUMBERS]);
    if are_look_alikes(&members[proposal.into], &members[proposal.from], columns, names, numbers) {
        return false;
    }
    let gone = std::mem::take(&mut members[proposal.from]);
    members[proposal.into].extend(gone);
    members[proposal.into].sort();
    true
}

fn main_label(count: &BTreeMap<u32, usize>) -> Option<u32> {
    count.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(label, _)| *label)
}

fn example(merging: &Agglomeration<'_>, a: usize, b: usize, same: bool) -> Example {
    let with_text = merging.nodes[a].profile.has_body && merging.nodes[b].profile.has_body;
    let (n_a, n_b) = (merging.nodes[a].extent.n_members, merging.nodes[b].extent.n_members);
    let stake = 2.0 * n_a * n_b / (n_a + n_b);
    Example { signals: merging.signals(a, b).unwrap_or([0.0; N_SIGNALS]), with_text, same, stake }
}

/// The best right and the best wrong partner beside the proposed one.
fn runners_up(
    merging: &Agglomeration<'_>,
    counts: &[BTreeMap<u32, usize>],
    into: usize,
    from: usize,
    found: &mut Vec<Example>,
) {
    for wanted in [true, false] {
        let best = merging
            .partners(into)
            .filter(|other| *other != from)
            .filter(|other| (main_label(&counts[*other]) == main_label(&counts[into])) == wanted)
            .filter_map(|other| Some((merging.weights(into, other).score(&merging.signals(into, other)?), other)))
            .max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1)));
        if let Some((_, other)) = best {
            found.push(example(merging, into, other, wanted));
        }
    }
}
