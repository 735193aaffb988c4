//! The decision on a batch: near-duplicate groups, stories, threads; everything in a fixed order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ArticleId, GroupId, StoryId, ThreadId, Timestamp};
use crate::text::language::primary;

use super::agglomerate::{Agglomeration, Measured, Node, Proposal, SharedText};
use super::columns::Columns;
use super::contract::{
    ClusterPlan, Constraints, Item, Membership, NearDuplicate, Neighbourhood, NextIds, PlacedItem, StoredStory,
};
use super::groups::groups;
use super::look_alike::are_look_alikes;
use super::model::{ClusterOptions, Idf, named};
use super::near;
use super::nearby::Postings;
use super::query::document_frequencies;
use super::sets::Sets;
use super::sketch::{self, Sketch};
use super::state::{Member, NAMES, NUMBERS, Profile, State, decode, encode, only_sketch};
use super::threads;

/// Terms of a story that go into the index.
const N_INDEX_TERMS: usize = 60;

/// A story being worked on; its sums are in the node of the same position.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) id: Option<StoryId>,
    pub(super) thread: Option<ThreadId>,
    pub(super) members: Vec<Member>,
    /// Whether its members or its thread change.
    pub(super) touched: bool,
}

impl Working {
    fn articles(&self) -> BTreeSet<ArticleId> {
        self.members.iter().map(|member| member.article).collect()
    }
}

/// Decides where the items belong. The result doesn't depend on the order of `items`.
#[must_use]
pub fn decide(
    items: &[Item],
    neighbourhood: &Neighbourhood,
    next_ids: NextIds,
    options: &ClusterOptions,
) -> ClusterPlan {
    decide_on(items, neighbourhood, next_ids, options, None)
}

/// Decides anew where the articles of reopened stories belong; their texts, and what they share with others, are as stored.
/// A story's id stays with most of its articles, those that were nowhere before the batch (`fresh`) left out.
#[must_use]
pub fn decide_again(
    items: &[Item],
    fresh: &BTreeSet<ArticleId>,
    neighbourhood: &Neighbourhood,
    next_ids: NextIds,
    options: &ClusterOptions,
) -> ClusterPlan {
    decide_on(items, neighbourhood, next_ids, options, Some(fresh))
}

fn decide_on(
    items: &[Item],
    neighbourhood: &Neighbourhood,
    mut next_ids: NextIds,
    options: &ClusterOptions,
    again: Option<&BTreeSet<ArticleId>>,
) -> ClusterPlan {
    let batch: BTreeMap<ArticleId, &Item> = items.iter().map(|item| (item.article, item)).collect();
    let new = if again.is_none() { batch.clone() } else { BTreeMap::new() };
    let known: BTreeMap<ArticleId, &Item> = neighbourhood
        .articles
        .iter()
        .filter(|(article, _)| !new.contains_key(article))
        .map(|(article, placed)| (*article, &placed.item))
        .collect();
    let (changes, n_change) = frequency_changes(&new, neighbourhood);
    let idf = Idf::new(&neighbourhood.statistics, &changes, n_change);
    let options = &options.among(neighbourhood.statistics.n_documents as f64 + n_change as f64);
    let columns = Columns::of(
        (items.iter().map(|item| item.title.as_str()))
            .chain(neighbourhood.articles.values().map(|placed| placed.item.title.as_str()))
            .chain(neighbourhood.stories.values().map(|story| story.title.as_str())),
    );
    let edges = near::edges(&new, &known, &neighbourhood.candidates, &columns, options);
    let groups = groups(&new, &known, neighbourhood, &edges, &mut next_ids);
    let stored = neighbourhood.edges.values().filter(|e| !new.contains_key(&e.copy) && !new.contains_key(&e.source));
    let all_edges: Vec<NearDuplicate> = edges.iter().chain(stored).copied().collect();

    let mut work = Work::new(&batch, &groups, neighbourhood, &idf, again.is_none());
    let shared_text = work.shared_text(&all_edges);
    let nodes = std::mem::take(&mut work.nodes);
    let mut postings = postings(&nodes);
    postings.add_rows(&neighbourhood.candidates, |story| neighbourhood.stories.contains_key(&story));
    let measured = Measured::new(nodes, &shared_text, postings, options.n_candidates);
    let mut merging = Agglomeration::new(measured, options);
    work.force(&mut merging, &groups);
    merging.run(&mut |_, proposal| work.judge(proposal, &columns));
    let replaced = again.map_or_else(Vec::new, |fresh| work.give_ids_back(fresh));
    let mut stories = work.stories;
    for (at, story) in stories.iter_mut().enumerate() {
        if merging.nodes[at].merged_into.is_none() && !story.members.is_empty() && story.id.is_none() {
            story.id = Some(next_ids.story);
            next_ids.story.0 += 1;
        }
    }
    let story_links = threads::link(&mut stories, &merging, neighbourhood, options, &mut next_ids);
    let mut plan = ClusterPlan {
        placed: Vec::new(),
        memberships: work.memberships.into_iter().collect(),
        edges,
        stories: Vec::new(),
        retired_stories: replaced,
        emptied_stories: Vec::new(),
        story_links,
        document_frequency_changes: changes,
        n_documents_change: n_change,
        next_ids,
    };
    finish(&mut plan, &stories, &mut merging, &batch, &groups, neighbourhood);
    plan
}

/// What the batch changes in the document frequencies, ascending by term; a new version first takes its old one's terms back.
fn frequency_changes(batch: &BTreeMap<ArticleId, &Item>, neighbourhood: &Neighbourhood) -> (Vec<(u32, i64)>, i64) {
    let mut changes = document_frequencies(batch.values().copied());
    let old: Vec<&Item> =
        batch.keys().filter_map(|article| neighbourhood.articles.get(article)).map(|placed| &placed.item).collect();
    if !old.is_empty() {
        let mut by_term: BTreeMap<u32, i64> = changes.into_iter().collect();
        for (term, n) in document_frequencies(old.iter().copied()) {
            *by_term.entry(term).or_insert(0) -= n;
        }
        changes = by_term.into_iter().filter(|(_, change)| *change != 0).collect();
    }
    (changes, batch.len() as i64 - old.len() as i64)
}

/// Nodes of a batch against an empty store, measured, with the members of each: what fitting starts from.
pub(super) fn unit_nodes(items: &[Item], options: &ClusterOptions) -> (Measured, Vec<Vec<Member>>, Columns) {
    let neighbourhood = Neighbourhood::default();
    let batch: BTreeMap<ArticleId, &Item> = items.iter().map(|item| (item.article, item)).collect();
    let (changes, n_change) = frequency_changes(&batch, &neighbourhood);
    let idf = Idf::new(&neighbourhood.statistics, &changes, n_change);
    let columns = Columns::of(items.iter().map(|item| item.title.as_str()));
    let edges = near::edges(&batch, &BTreeMap::new(), &neighbourhood.candidates, &columns, options);
    let mut next_ids = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };
    let groups = groups(&batch, &BTreeMap::new(), &neighbourhood, &edges, &mut next_ids);
    let mut work = Work::new(&batch, &groups, &neighbourhood, &idf, true);
    let shared_text = work.shared_text(&edges);
    let members = work.stories.iter().map(|story| story.members.clone()).collect();
    let nodes = std::mem::take(&mut work.nodes);
    let postings = postings(&nodes);
    (Measured::new(nodes, &shared_text, postings, options.n_candidates), members, columns)
}

/// The nodes by their heavy terms.
fn postings(nodes: &[Node]) -> Postings {
    let mut postings = Postings::default();
    nodes.iter().enumerate().for_each(|(at, node)| postings.add(at, &node.top_terms));
    postings
}

/// The stories and units of a batch on their way to a decision.
struct Work<'a> {
    constraints: &'a Constraints,
    batch: &'a BTreeMap<ArticleId, &'a Item>,
    /// The story an article of the batch was in before.
    old_story: BTreeMap<ArticleId, StoryId>,
    stories: Vec<Working>,
    nodes: Vec<Node>,
    memberships: BTreeMap<ArticleId, Membership>,
}

impl<'a> Work<'a> {
    /// Loads the stored stories, oldest id first, and puts the batch's units behind them in order of time.
    fn new(
        batch: &'a BTreeMap<ArticleId, &'a Item>,
        groups: &BTreeMap<ArticleId, GroupId>,
        neighbourhood: &'a Neighbourhood,
        idf: &Idf,
        are_new: bool,
    ) -> Self {
        let old_story =
            batch.keys().filter_map(|article| Some((*article, neighbourhood.articles.get(article)?.story?))).collect();
        let constraints = &neighbourhood.constraints;
        let mut work = Self {
            constraints,
            batch,
            old_story,
            stories: Vec::new(),
            nodes: Vec::new(),
            memberships: BTreeMap::new(),
        };
        for story in neighbourhood.stories.values() {
            work.load(story, neighbourhood, idf);
        }
        for unit in units(batch, groups, constraints) {
            work.add_unit(&unit, idf, are_new);
        }
        work
    }

    /// Loads a stored story without the batch's articles: nothing is compared with its own old version.
    fn load(&mut self, story: &StoredStory, neighbourhood: &Neighbourhood, idf: &Idf) {
        // A state that can't be read is described again by those members that are loaded.
        let State { mut members, mut profile, mut sketches } = decode(&story.state).unwrap_or_else(|_| {
            let loaded = story.members.iter().filter_map(|article| neighbourhood.articles.get(article));
            State::of(loaded.map(|placed| &placed.item), idf)
        });
        let n_before = members.len();
        for member in members.iter().filter(|member| self.batch.contains_key(&member.article)) {
            if let Some(old) = neighbourhood.articles.get(&member.article) {
                profile.remove(&Profile::of(&old.item, idf));
            }
        }
        members.retain(|member| !self.batch.contains_key(&member.article));
        sketch::remove(&mut sketches, |article| self.batch.contains_key(&article));
        if sketches.is_empty() {
            sketches = only_sketch(&members, &profile);
        }
        if members.is_empty() {
            // What was summed with other frequencies leaves a rest that is no article's.
            profile = Profile::default();
        }
        let touched = members.len() < n_before;
        let top_terms = if touched { profile.top_terms(N_INDEX_TERMS) } else { story.index_terms.clone() };
        let mut node = Node::new(profile, members.len(), span(&members), top_terms, true);
        node.changed = touched;
        node.sketches = sketches;
        node.languages = languages(&members);
        self.nodes.push(node);
        self.stories.push(Working { id: Some(story.id), thread: story.thread, members, touched });
    }

    fn add_unit(&mut self, unit: &[&Item], idf: &Idf, are_new: bool) {
        let mut profile = Profile::default();
        for item in unit {
            profile.add(&Profile::of(item, idf));
        }
        let mut members: Vec<Member> = unit.iter().map(|item| Member::of(item)).collect();
        members.sort();
        let founded = Membership { how: "founded", score: None, threshold: None, signals: BTreeMap::new() };
        self.memberships.extend(members.iter().map(|member| (member.article, founded.clone())));
        let top_terms = profile.top_terms(N_INDEX_TERMS);
        let sketches = only_sketch(&members, &profile);
        let mut node = Node::new(profile, members.len(), span(&members), top_terms, false);
        node.sketches = sketches;
        node.languages = languages(&members);
        // A story whose only article has a new version keeps its id.
        let emptied = self.stories.iter().position(|story| {
            are_new
                && story.members.is_empty()
                && unit.iter().any(|item| self.old_story.get(&item.article) == story.id.as_ref())
        });
        if let Some(at) = emptied {
            self.stories[at].members = members;
            self.nodes[at] = node;
        } else {
            self.nodes.push(node);
            self.stories.push(Working { id: None, thread: None, members, touched: true });
        }
    }

    /// The story of each article, by its position.
    fn positions(&self) -> BTreeMap<ArticleId, usize> {
        let of_story = |(at, story): (usize, &'_ Working)| -> Vec<(ArticleId, usize)> {
            story.members.iter().map(|member| (member.article, at)).collect()
        };
        self.stories.iter().enumerate().flat_map(of_story).collect()
    }

    /// The ids of reopened stories go to where most of their articles are now, `fresh` ones left out, the smaller id first;
    /// returns the stories whose place has an id already, with it.
    fn give_ids_back(&mut self, fresh: &BTreeSet<ArticleId>) -> Vec<(StoryId, StoryId)> {
        let position = self.positions();
        let mut articles: BTreeMap<StoryId, Vec<ArticleId>> = BTreeMap::new();
        self.old_story.iter().for_each(|(article, story)| articles.entry(*story).or_default().push(*article));
        let mut replaced = Vec::new();
        for slot in 0..self.stories.len() {
            let Working { id: Some(id), thread, members, .. } = &self.stories[slot] else { continue };
            let (id, thread) = (*id, *thread);
            let Some(own) = articles.get(&id).filter(|_| members.is_empty()) else { continue };
            let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
            for at in own.iter().filter(|article| !fresh.contains(article)).filter_map(|article| position.get(article))
            {
                *counts.entry(*at).or_insert(0) += 1;
            }
            let Some((at, _)) = counts.into_iter().max_by(|x, y| x.1.cmp(&y.1).then(y.0.cmp(&x.0))) else { continue };
            self.stories[slot].id = None;
            if let Some(taken) = self.stories[at].id {
                replaced.push((id, taken));
            } else {
                self.stories[at].id = Some(id);
                self.stories[at].thread = thread;
            }
        }
        replaced
    }

    /// By pair of positions: the containment of the shorter text, summed over the pairs of articles that share text.
    fn shared_text(&self, edges: &[NearDuplicate]) -> SharedText {
        let position = self.positions();
        let mut shared = BTreeMap::new();
        for edge in edges {
            if let (Some(a), Some(b)) = (position.get(&edge.copy), position.get(&edge.source))
                && a != b
            {
                let of_shorter = edge.containment_of_copy.max(edge.containment_of_source);
                *shared.entry((*a.min(b), *a.max(b))).or_insert(0.0) += of_shorter;
            }
        }
        shared
    }

    /// Merges what needs no score: copies with the story of what they copy, and what editors put together.
    fn force(&mut self, merging: &mut Agglomeration<'_>, groups: &BTreeMap<ArticleId, GroupId>) {
        let mut story_of_group: BTreeMap<GroupId, usize> = BTreeMap::new();
        for at in 0..self.stories.len() {
            for group in self.stories[at].articles().iter().filter_map(|article| groups.get(article)) {
                let first = *story_of_group.entry(*group).or_insert(at);
                // Stored stories that share a copy stay apart unless the model joins them.
                if merging.nodes[first].stored && !merging.nodes[at].stored {
                    self.join(merging, first, at, "copy");
                    break;
                }
            }
        }
        for set in &self.constraints.together {
            let mut inside =
                (0..self.stories.len()).filter(|at| self.stories[*at].members.iter().any(|m| set.contains(&m.article)));
            let Some(first) = inside.next() else { continue };
            for other in inside.collect::<Vec<_>>() {
                self.join(merging, first, other, "decided");
            }
        }
    }

    fn join(&mut self, merging: &mut Agglomeration<'_>, into: usize, from: usize, how: &'static str) {
        if merging.nodes[into].merged_into.is_some() || self.is_forbidden(into, from) {
            return;
        }
        merging.merge(into, from);
        let membership = Membership { how, score: None, threshold: None, signals: BTreeMap::new() };
        self.take_over(into, from, &membership);
    }

    /// Whether editors keep two stories apart.
    fn is_forbidden(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.stories[a], &self.stories[b]);
        let has_apart = |story: &Working, other: &Working| {
            let mut sets = story.members.iter().filter_map(|member| self.constraints.apart.get(&member.article));
            sets.any(|apart| other.members.iter().any(|member| apart.contains(&member.article)))
        };
        let is_held = |held: &BTreeSet<ArticleId>, story: &Working, other: &Working| {
            story.members.iter().any(|member| held.contains(&member.article))
                && !other.members.iter().all(|member| held.contains(&member.article))
        };
        let none = self.constraints.apart.is_empty() && self.constraints.held.is_empty();
        !none && (has_apart(a, b) || self.constraints.held.iter().any(|set| is_held(set, a, b) || is_held(set, b, a)))
    }

    /// Decides on a proposal of the model and takes the members over.
    fn judge(&mut self, proposal: &Proposal, columns: &Columns) -> bool {
        if self.is_forbidden(proposal.into, proposal.from) {
            return false;
        }
        let (into, from) = (&self.stories[proposal.into].members, &self.stories[proposal.from].members);
        let (names, numbers) = (proposal.signals[2 * NAMES], proposal.signals[2 * NUMBERS]);
        if are_look_alikes(into, from, columns, names, numbers) {
            return false;
        }
        let membership = Membership {
            how: "joined",
            score: Some(proposal.score),
            threshold: Some(proposal.threshold),
            signals: named(&proposal.signals),
        };
        self.take_over(proposal.into, proposal.from, &membership);
        true
    }

    fn take_over(&mut self, into: usize, from: usize, membership: &Membership) {
        let members = std::mem::take(&mut self.stories[from].members);
        for member in &members {
            let mut membership = membership.clone();
            match self.memberships.get(&member.article) {
                // The first join of an article is why it is here; later ones move whole stories.
                Some(known) if known.how != "founded" => continue,
                Some(_) => {}
                None => membership.how = "merged",
            }
            self.memberships.insert(member.article, membership);
        }
        let story = &mut self.stories[into];
        story.members.extend(members);
        story.members.sort();
        story.touched = true;
    }
}

/// The languages of the members.
fn languages(members: &[Member]) -> BTreeSet<String> {
    members.iter().filter_map(|member| member.language.as_deref().map(primary)).collect()
}

/// Earliest and latest time of the members with a date.
fn span(members: &[Member]) -> Option<(i64, i64)> {
    let mut dated = members.iter().filter(|member| member.dated).map(|member| member.time.0);
    let first = dated.next()?;
    Some((first, dated.next_back().unwrap_or(first)))
}

/// What enters clustering as one: the articles of the batch that share their text, in order of time.
fn units<'a>(
    batch: &BTreeMap<ArticleId, &'a Item>,
    groups: &BTreeMap<ArticleId, GroupId>,
    constraints: &Constraints,
) -> Vec<Vec<&'a Item>> {
    let mut sets = Sets::default();
    let mut first_of_group: BTreeMap<GroupId, ArticleId> = BTreeMap::new();
    for article in batch.keys() {
        sets.union(*article, *article);
        if let Some(group) = groups.get(article) {
            sets.union(*first_of_group.entry(*group).or_insert(*article), *article);
        }
    }
    let mut units: Vec<Vec<&Item>> = Vec::new();
    for component in sets.components() {
        let members: Vec<&Item> = component.iter().filter_map(|article| batch.get(article).copied()).collect();
        let torn = component.iter().any(|a| component.iter().any(|b| constraints.is_apart(*a, *b)));
        if torn {
            units.extend(members.into_iter().map(|item| vec![item]));
        } else {
            units.push(members);
        }
    }
    let order = |item: &Item| (item.event_time, item.identity.clone(), item.article);
    for unit in &mut units {
        unit.sort_by_key(|item| order(item));
    }
    units.sort_by_key(|unit| order(unit[0]));
    units
}

/// Writes the stories and the places into the plan.
fn finish(
    plan: &mut ClusterPlan,
    stories: &[Working],
    merging: &mut Agglomeration<'_>,
    batch: &BTreeMap<ArticleId, &Item>,
    groups: &BTreeMap<ArticleId, GroupId>,
    neighbourhood: &Neighbourhood,
) {
    let mut story_of: BTreeMap<ArticleId, StoryId> = BTreeMap::new();
    for (at, story) in stories.iter().enumerate() {
        let Some(id) = story.id else { continue };
        if let Some(mut heir) = merging.nodes[at].merged_into {
            while let Some(next) = merging.nodes[heir].merged_into {
                heir = next;
            }
            plan.retired_stories.extend(stories[heir].id.map(|heir| (id, heir)));
        } else if story.members.is_empty() {
            plan.emptied_stories.push(id);
        } else {
            story_of.extend(story.members.iter().map(|member| (member.article, id)));
            if story.touched {
                let node = &mut merging.nodes[at];
                let (profile, sketches) = (std::mem::take(&mut node.profile), std::mem::take(&mut node.sketches));
                plan.stories.push(stored(id, story, profile, &sketches, &neighbourhood.constraints));
            }
        }
    }
    for (article, item) in batch {
        let story = story_of.get(article).copied();
        plan.placed.push(PlacedItem { item: (*item).clone(), group: groups.get(article).copied(), story });
    }
    for (article, placed) in neighbourhood.articles.iter().filter(|(article, _)| !batch.contains_key(article)) {
        let (group, story) = (groups.get(article).copied(), story_of.get(article).copied().or(placed.story));
        if group != placed.group || story != placed.story {
            plan.placed.push(PlacedItem { item: placed.item.clone(), group, story });
        }
    }
    plan.placed.sort_by_key(|placed| placed.item.article);
}

/// A story of these articles, as an editor puts it together.
pub(super) fn story_of_items(
    id: StoryId,
    thread: Option<ThreadId>,
    items: &[&Item],
    constraints: &Constraints,
    idf: &Idf,
) -> StoredStory {
    let State { members, profile, sketches } = State::of(items.iter().copied(), idf);
    stored(id, &Working { id: Some(id), thread, members, touched: true }, profile, &sketches, constraints)
}

fn stored(
    id: StoryId,
    story: &Working,
    mut profile: Profile,
    sketches: &[Sketch],
    constraints: &Constraints,
) -> StoredStory {
    profile.bound();
    let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
    for language in story.members.iter().filter_map(|member| member.language.as_deref()) {
        *languages.entry(language).or_insert(0) += 1;
    }
    let language = languages.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(code, _)| (*code).to_owned());
    let speaks = |member: &&Member| member.language == language && !member.title.is_empty();
    let headline = story.members.iter().find(speaks).or_else(|| story.members.first());
    let members = story.articles();
    let is_of_most = |set: &BTreeSet<ArticleId>| 2 * set.intersection(&members).count() > set.len();
    let given = constraints.titles.iter().rev().find(|(set, _)| is_of_most(set)).map(|(_, title)| title.clone());
    let outlets: BTreeSet<i64> = story.members.iter().filter_map(|member| member.outlet).collect();
    StoredStory {
        id,
        thread: story.thread,
        members: story.members.iter().map(|member| member.article).collect(),
        first_time: story.members.first().map_or(Timestamp(0), |member| member.time),
        last_time: story.members.last().map_or(Timestamp(0), |member| member.time),
        n_outlets: u32::try_from(outlets.len()).unwrap_or(u32::MAX),
        title: given.or_else(|| headline.map(|member| member.title.clone())).unwrap_or_default(),
        language,
        index_terms: profile.top_terms(N_INDEX_TERMS),
        state: encode(&story.members, &profile, sketches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::TimeBasis;
    use crate::cluster::model::Weights;
    use crate::fingerprint::fingerprint;
    use crate::model::VersionId;

    fn item(id: i64, title: &str, body: &str) -> Item {
        Item {
            article: ArticleId(id),
            version: VersionId(id),
            outlet: None,
            identity: format!("https://news.example/{id}"),
            title: title.to_owned(),
            language: Some("en".to_owned()),
            event_time: Timestamp(id * 60),
            time_basis: TimeBasis::Published,
            first_seen_at: Timestamp(id * 60),
            fingerprint: fingerprint(title, Some(body), Some("en")),
        }
    }

    fn options() -> ClusterOptions {
        let weights = Weights::new(-2.0, 0.0, [("body".to_owned(), 4.0), ("title".to_owned(), 2.0)]).unwrap();
        ClusterOptions::new(weights.clone(), weights.clone(), weights)
    }

    #[test]
    fn copies_share_a_group_and_a_story_in_any_order() {
        let copied: String = (0..80).map(|n| format!("harbor{n} ")).collect();
        let other: String = (0..80).map(|n| format!("election{n} ")).collect();
        let mut items =
            vec![item(1, "Oil spill", &copied), item(2, "Spill of oil", &copied), item(3, "Vote counted", &other)];
        let next = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };
        let options = options();
        let plan = decide(&items, &Neighbourhood::default(), next, &options);
        assert_eq!(plan.stories.len(), 2);
        assert_eq!(plan.placed[0].group, Some(GroupId(1)));
        assert_eq!(plan.placed[1].group, Some(GroupId(1)));
        assert_eq!(plan.placed[2].group, None);
        assert_eq!((plan.edges[0].copy, plan.edges[0].source), (ArticleId(2), ArticleId(1)));
        items.reverse();
        assert_eq!(decide(&items, &Neighbourhood::default(), next, &options), plan);
    }
}
