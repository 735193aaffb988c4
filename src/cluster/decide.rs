//! The decision on a batch: near-duplicate groups, stories, repair, threads; everything in a fixed order.

use std::collections::{BTreeMap, BTreeSet};

use crate::fingerprint::Fingerprint;
use crate::model::{ArticleId, GroupId, StoryId, ThreadId, Timestamp};

use super::contract::{
    ClusterPlan, Constraints, CopyGrade, Item, Membership, NearDuplicate, Neighbourhood, NextIds, PlacedItem,
    StoredStory, StoryLink,
};
use super::model::{ClusterOptions, Idf, score};
use super::near;
use super::state::{Centroid, Member, decode, encode};

/// Terms of a story that go into the index.
const N_INDEX_TERMS: usize = 60;

/// Links kept for one story.
const MAX_LINKS: usize = 10;

/// A story being worked on.
#[derive(Debug)]
struct Working {
    id: Option<StoryId>,
    thread: Option<ThreadId>,
    members: Vec<Member>,
    centroid: Centroid,
    touched: bool,
    merged_into: Option<usize>,
}

impl Working {
    fn has(&self, article: ArticleId) -> bool {
        self.members.iter().any(|member| member.article == article)
    }

    fn alive(&self) -> bool {
        self.merged_into.is_none() && !self.members.is_empty()
    }
}

/// Decides where the items belong. `now` is part of the run's facts; the result doesn't depend on the order of `items`.
#[must_use]
pub fn decide(
    items: &[Item],
    neighbourhood: &Neighbourhood,
    next_ids: NextIds,
    _now: Timestamp,
    options: &ClusterOptions,
) -> ClusterPlan {
    let batch: BTreeMap<ArticleId, &Item> = items.iter().map(|item| (item.article, item)).collect();
    let known: BTreeMap<ArticleId, &Item> = neighbourhood
        .articles
        .iter()
        .filter(|(article, _)| !batch.contains_key(article))
        .map(|(article, placed)| (*article, &placed.item))
        .collect();
    let mut next_ids = next_ids;
    let (changes, n_change) = frequency_changes(&batch, neighbourhood);
    let idf = Idf::new(&neighbourhood.statistics, &changes, n_change);
    let edges = near::edges(&batch, &known, &neighbourhood.candidates, options);
    let groups = groups(&batch, &known, neighbourhood, &edges, &mut next_ids);

    let mut stories = load(neighbourhood, &batch, &idf);
    let mut memberships = BTreeMap::new();
    place(&batch, &groups, neighbourhood, &mut stories, &idf, options, &mut memberships);
    merge(&mut stories, &neighbourhood.constraints, options);
    for story in stories.iter_mut().filter(|story| story.alive() && story.id.is_none()) {
        story.id = Some(next_ids.story);
        next_ids.story.0 += 1;
    }
    let story_links = link(&mut stories, options, &mut next_ids);
    let mut plan = ClusterPlan {
        placed: Vec::new(),
        memberships: memberships.into_iter().collect(),
        edges,
        stories: Vec::new(),
        retired_stories: Vec::new(),
        emptied_stories: Vec::new(),
        story_links,
        document_frequency_changes: changes,
        n_documents_change: n_change,
        next_ids,
    };
    finish(&mut plan, &stories, &batch, &groups, neighbourhood);
    plan
}

/// What the batch changes in the document frequencies; a new version first takes its old one's terms back.
fn frequency_changes(batch: &BTreeMap<ArticleId, &Item>, neighbourhood: &Neighbourhood) -> (BTreeMap<u32, i64>, i64) {
    let mut changes: BTreeMap<u32, i64> = BTreeMap::new();
    let mut n_change = 0;
    let mut add = |fingerprint: &Fingerprint, sign: i64| {
        for term in fingerprint.terms() {
            *changes.entry(term).or_insert(0) += sign;
        }
    };
    for (article, item) in batch {
        add(&item.fingerprint, 1);
        match neighbourhood.articles.get(article) {
            Some(old) => add(&old.item.fingerprint, -1),
            None => n_change += 1,
        }
    }
    changes.retain(|_, change| *change != 0);
    (changes, n_change)
}

/// Near-duplicate groups of the batch's and the loaded articles: connected by copies, old ids kept.
fn groups(
    batch: &BTreeMap<ArticleId, &Item>,
    known: &BTreeMap<ArticleId, &Item>,
    neighbourhood: &Neighbourhood,
    edges: &[NearDuplicate],
    next_ids: &mut NextIds,
) -> BTreeMap<ArticleId, GroupId> {
    let apart = |a: ArticleId, b: ArticleId| is_apart(&neighbourhood.constraints, a, b);
    let mut sets = Sets::default();
    let stored = neighbourhood.edges.values().filter(|edge| {
        edge.grade == CopyGrade::Copy && !batch.contains_key(&edge.copy) && !batch.contains_key(&edge.source)
    });
    for edge in stored.chain(edges.iter().filter(|edge| edge.grade == CopyGrade::Copy)) {
        if !apart(edge.copy, edge.source) {
            sets.union(edge.copy, edge.source);
        }
    }
    for members in neighbourhood.groups.values() {
        // A group that lost nobody stays whole, whichever of its edges were loaded.
        if members.iter().all(|member| !batch.contains_key(member)) {
            let mut members = members.iter();
            if let Some(first) = members.next() {
                members.for_each(|member| sets.union(*first, *member));
            }
        }
    }
    let order = |article: &ArticleId| {
        let item = batch.get(article).or_else(|| known.get(article));
        item.map_or((Timestamp(i64::MAX), ""), |item| (item.event_time, item.identity.as_str()))
    };
    let mut components: Vec<Vec<ArticleId>> =
        sets.components().into_iter().filter(|members| members.len() > 1).collect();
    for members in &mut components {
        members.sort_by_key(|article| (order(article), *article));
    }
    components.sort_by_key(|members| (order(&members[0]), members[0]));
    let old_id = |article: &ArticleId| neighbourhood.articles.get(article).and_then(|placed| placed.group);
    let mut taken = BTreeSet::new();
    let mut found = BTreeMap::new();
    for members in components {
        let old = members.iter().filter_map(old_id).filter(|id| !taken.contains(id)).min();
        let id = old.unwrap_or_else(|| {
            let id = next_ids.group;
            next_ids.group.0 += 1;
            id
        });
        taken.insert(id);
        found.extend(members.into_iter().map(|article| (article, id)));
    }
    found
}

/// The loaded stories without the batch's articles: nothing is compared with its own old version.
fn load(neighbourhood: &Neighbourhood, batch: &BTreeMap<ArticleId, &Item>, idf: &Idf) -> Vec<Working> {
    let mut stories = Vec::new();
    for story in neighbourhood.stories.values() {
        // A state that can't be read is described again by those members that are loaded.
        let (mut members, mut centroid) = decode(&story.state).unwrap_or_else(|_| {
            let loaded = story.members.iter().filter_map(|article| neighbourhood.articles.get(article));
            let mut centroid = Centroid::default();
            let mut members = Vec::new();
            for placed in loaded {
                centroid.combine(&Centroid::of(&placed.item, idf), 1.0);
                members.push(Member::of(&placed.item));
            }
            members.sort();
            (members, centroid)
        });
        let mut touched = false;
        for article in members.iter().map(|member| member.article).collect::<Vec<_>>() {
            if batch.contains_key(&article) {
                if let Some(old) = neighbourhood.articles.get(&article) {
                    centroid.combine(&Centroid::of(&old.item, idf), -1.0);
                }
                members.retain(|member| member.article != article);
                touched = true;
            }
        }
        if let (Some(first), Some(last)) = (members.first(), members.last()) {
            centroid.first_time = first.time;
            centroid.last_time = last.time;
        }
        stories.push(Working {
            id: Some(story.id),
            thread: story.thread,
            members,
            centroid,
            touched,
            merged_into: None,
        });
    }
    stories
}

fn is_apart(constraints: &Constraints, a: ArticleId, b: ArticleId) -> bool {
    constraints.apart.iter().any(|(x, y)| (*x, *y) == (a, b) || (*y, *x) == (a, b))
}

/// Whether a constraint keeps these articles out of a story.
fn forbidden(story: &Working, articles: &[ArticleId], constraints: &Constraints) -> bool {
    let clash = |(a, b): &(ArticleId, ArticleId)| {
        (articles.contains(a) && story.has(*b)) || (articles.contains(b) && story.has(*a))
    };
    constraints.apart.iter().any(clash)
}

/// Puts each unit (a near-duplicate group of the batch, or one article) into its story.
fn place(
    batch: &BTreeMap<ArticleId, &Item>,
    groups: &BTreeMap<ArticleId, GroupId>,
    neighbourhood: &Neighbourhood,
    stories: &mut Vec<Working>,
    idf: &Idf,
    options: &ClusterOptions,
    memberships: &mut BTreeMap<ArticleId, Membership>,
) {
    let constraints = &neighbourhood.constraints;
    let mut sets = Sets::default();
    let mut first_of_group: BTreeMap<GroupId, ArticleId> = BTreeMap::new();
    for article in batch.keys() {
        sets.union(*article, *article);
        if let Some(group) = groups.get(article) {
            sets.union(*first_of_group.entry(*group).or_insert(*article), *article);
        }
    }
    for (a, b) in constraints.together.iter().filter(|(a, b)| batch.contains_key(a) && batch.contains_key(b)) {
        sets.union(*a, *b);
    }
    let mut units: Vec<Vec<&Item>> = Vec::new();
    for component in sets.components() {
        let members: Vec<&Item> = component.iter().filter_map(|article| batch.get(article).copied()).collect();
        let torn = component.iter().any(|a| component.iter().any(|b| is_apart(constraints, *a, *b)));
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

    let window_s = options.window_days * 86_400;
    for unit in units {
        let articles: Vec<ArticleId> = unit.iter().map(|item| item.article).collect();
        let mut centroid = Centroid::default();
        for item in &unit {
            centroid.combine(&Centroid::of(item, idf), 1.0);
        }
        let old: BTreeSet<StoryId> =
            articles.iter().filter_map(|article| neighbourhood.articles.get(article)?.story).collect();
        let held = |story: &Working| story.id.is_some_and(|id| constraints.held.contains(&id) && !old.contains(&id));
        let open = |story: &Working| story.alive() && !held(story) && !forbidden(story, &articles, constraints);
        let linked = |(a, b): &(ArticleId, ArticleId)| match (articles.contains(a), articles.contains(b)) {
            (true, false) => Some(*b),
            (false, true) => Some(*a),
            _ => None,
        };
        let partners: Vec<ArticleId> = constraints.together.iter().filter_map(linked).collect();
        let unit_groups: BTreeSet<GroupId> =
            articles.iter().filter_map(|article| groups.get(article).copied()).collect();
        let shares_text =
            |member: &Member| groups.get(&member.article).is_some_and(|group| unit_groups.contains(group));
        let decided = stories.iter().position(|story| {
            open(story)
                && (partners.iter().any(|partner| story.has(*partner))
                    || story.id.is_some_and(|id| constraints.held.contains(&id) && old.contains(&id)))
        });
        let copied = stories.iter().position(|story| open(story) && story.members.iter().any(shares_text));
        let mut membership = Membership { how: "founded", score: None, threshold: None, signals: BTreeMap::new() };
        let mut target = None;
        if let Some(at) = decided {
            (target, membership.how) = (Some(at), "decided");
        } else if let Some(at) = copied {
            (target, membership.how) = (Some(at), "copy");
        } else {
            let mut best: Option<(usize, super::model::Score)> = None;
            for (at, story) in stories.iter().enumerate() {
                let gap = (centroid.first_time.0.saturating_sub(story.centroid.last_time.0))
                    .max(story.centroid.first_time.0.saturating_sub(centroid.last_time.0));
                if gap > window_s || !open(story) {
                    continue;
                }
                let scored = score(&centroid, &story.centroid, options);
                let lead = |score: &super::model::Score| score.value - score.threshold;
                if best.as_ref().is_none_or(|(_, other)| lead(&scored) > lead(other)) {
                    best = Some((at, scored));
                }
            }
            if let Some((at, scored)) = best {
                membership.score = Some(scored.value);
                membership.threshold = Some(scored.threshold);
                if scored.value >= scored.threshold {
                    (target, membership.how) = (Some(at), "joined");
                }
                membership.signals = scored.signals;
            }
        }
        let at = target.unwrap_or_else(|| {
            // A story whose only article has a new version keeps its id.
            let emptied = stories.iter().position(|story| {
                story.members.is_empty() && story.merged_into.is_none() && story.id.is_some_and(|id| old.contains(&id))
            });
            emptied.unwrap_or_else(|| {
                stories.push(Working {
                    id: None,
                    thread: None,
                    members: Vec::new(),
                    centroid: Centroid::default(),
                    touched: true,
                    merged_into: None,
                });
                stories.len() - 1
            })
        });
        let story = &mut stories[at];
        if story.members.is_empty() {
            story.centroid = Centroid::default();
        }
        story.touched = true;
        story.centroid.combine(&centroid, 1.0);
        story.members.extend(unit.iter().map(|item| Member::of(item)));
        story.members.sort();
        memberships.extend(articles.into_iter().map(|article| (article, membership.clone())));
    }
}

/// Repair: joins pairs of stories with a touched one among them, best first, at a stricter threshold.
fn merge(stories: &mut [Working], constraints: &Constraints, options: &ClusterOptions) {
    let window_s = options.window_days * 86_400;
    let lead = |a: &Working, b: &Working| -> Option<f64> {
        let held = |story: &Working| story.id.is_some_and(|id| constraints.held.contains(&id));
        let gap = (a.centroid.first_time.0.saturating_sub(b.centroid.last_time.0))
            .max(b.centroid.first_time.0.saturating_sub(a.centroid.last_time.0));
        if !a.alive() || !b.alive() || !(a.touched || b.touched) || held(a) || held(b) || gap > window_s {
            return None;
        }
        let articles: Vec<ArticleId> = b.members.iter().map(|member| member.article).collect();
        let scored = score(&a.centroid, &b.centroid, options);
        let lead = scored.value - scored.threshold - options.merge_margin;
        if lead < 0.0 || forbidden(a, &articles, constraints) { None } else { Some(lead) }
    };
    let mut leads: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for b in 0..stories.len() {
        for a in 0..b {
            if let Some(value) = lead(&stories[a], &stories[b]) {
                leads.insert((a, b), value);
            }
        }
    }
    while let Some(((a, b), _)) = leads.iter().max_by(|x, y| x.1.total_cmp(y.1).then(y.0.cmp(x.0))) {
        let (a, b) = (*a, *b);
        let members = std::mem::take(&mut stories[b].members);
        let centroid = std::mem::take(&mut stories[b].centroid);
        stories[b].merged_into = Some(a);
        stories[a].members.extend(members);
        stories[a].members.sort();
        stories[a].centroid.combine(&centroid, 1.0);
        stories[a].touched = true;
        leads.retain(|(x, y), _| ![a, b].contains(x) && ![a, b].contains(y));
        for other in (0..stories.len()).filter(|other| *other != a) {
            let pair = (a.min(other), a.max(other));
            if let Some(value) = lead(&stories[pair.0], &stories[pair.1]) {
                leads.insert(pair, value);
            }
        }
    }
}

/// Links touched stories with similar ones and joins their threads, the smaller id staying.
fn link(stories: &mut [Working], options: &ClusterOptions, next_ids: &mut NextIds) -> Vec<StoryLink> {
    let mut links = Vec::new();
    for at in 0..stories.len() {
        if !stories[at].alive() || !stories[at].touched {
            continue;
        }
        let mut found = Vec::new();
        for (other, story) in stories.iter().enumerate() {
            if other == at || !story.alive() || (story.touched && other < at) {
                continue;
            }
            let scored = score(&stories[at].centroid, &story.centroid, options);
            if scored.value - scored.threshold >= options.thread_threshold {
                found.push((scored, other));
            }
        }
        found.sort_by(|x, y| y.0.value.total_cmp(&x.0.value).then(x.1.cmp(&y.1)));
        found.truncate(MAX_LINKS);
        for (scored, other) in found {
            if let (Some(x), Some(y)) = (stories[at].id, stories[other].id) {
                let strength = 1.0 / (1.0 + (-scored.value).exp());
                links.push(StoryLink { a: x.min(y), b: x.max(y), score: strength, signals: scored.signals });
            }
        }
    }
    let mut sets = Sets::default();
    for story in stories.iter().filter(|story| story.alive()) {
        if let Some(id) = story.id {
            sets.union(ArticleId(id.0), ArticleId(id.0));
        }
    }
    for link in &links {
        sets.union(ArticleId(link.a.0), ArticleId(link.b.0));
    }
    // Stories of one thread stay together; none is ever torn apart by a run.
    let mut first_of_thread: BTreeMap<ThreadId, i64> = BTreeMap::new();
    for story in stories.iter().filter(|story| story.alive()) {
        if let (Some(id), Some(thread)) = (story.id, story.thread) {
            let first = *first_of_thread.entry(thread).or_insert(id.0);
            sets.union(ArticleId(first), ArticleId(id.0));
        }
    }
    for component in sets.components() {
        let inside = |story: &Working| story.id.is_some_and(|id| component.contains(&ArticleId(id.0)));
        let mut changed: Vec<&mut Working> =
            stories.iter_mut().filter(|story| story.alive() && inside(story)).collect();
        if !changed.iter().any(|story| story.touched) {
            continue;
        }
        let old = changed.iter().filter_map(|story| story.thread).min();
        let thread = old.unwrap_or_else(|| {
            let id = next_ids.thread;
            next_ids.thread.0 += 1;
            id
        });
        for story in &mut changed {
            story.touched |= story.thread != Some(thread);
            story.thread = Some(thread);
        }
    }
    links
}

/// Writes the stories and the places into the plan.
fn finish(
    plan: &mut ClusterPlan,
    stories: &[Working],
    batch: &BTreeMap<ArticleId, &Item>,
    groups: &BTreeMap<ArticleId, GroupId>,
    neighbourhood: &Neighbourhood,
) {
    let mut story_of: BTreeMap<ArticleId, StoryId> = BTreeMap::new();
    for story in stories {
        let Some(id) = story.id else { continue };
        if let Some(mut heir) = story.merged_into {
            while let Some(next) = stories[heir].merged_into {
                heir = next;
            }
            plan.retired_stories.extend(stories[heir].id.map(|heir| (id, heir)));
        } else if story.members.is_empty() {
            plan.emptied_stories.push(id);
        } else {
            story_of.extend(story.members.iter().map(|member| (member.article, id)));
            if story.touched {
                plan.stories.push(stored(id, story));
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

fn stored(id: StoryId, story: &Working) -> StoredStory {
    let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
    for language in story.members.iter().filter_map(|member| member.language.as_deref()) {
        *languages.entry(language).or_insert(0) += 1;
    }
    let language = languages.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(code, _)| (*code).to_owned());
    let speaks = |member: &&Member| member.language == language && !member.title.is_empty();
    let headline = story.members.iter().find(speaks).or_else(|| story.members.first());
    let outlets: BTreeSet<i64> = story.members.iter().filter_map(|member| member.outlet).collect();
    StoredStory {
        id,
        thread: story.thread,
        members: story.members.iter().map(|member| member.article).collect(),
        first_time: story.centroid.first_time,
        last_time: story.centroid.last_time,
        n_outlets: u32::try_from(outlets.len()).unwrap_or(u32::MAX),
        title: headline.map(|member| member.title.clone()).unwrap_or_default(),
        language,
        state: encode(&story.members, &story.centroid),
        index_terms: story.centroid.top_terms(N_INDEX_TERMS),
    }
}

/// Disjoint sets of articles.
#[derive(Debug, Default)]
struct Sets {
    parent: BTreeMap<ArticleId, ArticleId>,
}

impl Sets {
    fn root(&self, mut article: ArticleId) -> ArticleId {
        while let Some(parent) = self.parent.get(&article).filter(|parent| **parent != article) {
            article = *parent;
        }
        article
    }

    fn union(&mut self, a: ArticleId, b: ArticleId) {
        self.parent.entry(a).or_insert(a);
        self.parent.entry(b).or_insert(b);
        let (a, b) = (self.root(a), self.root(b));
        self.parent.insert(a.max(b), a.min(b));
    }

    fn components(&self) -> Vec<Vec<ArticleId>> {
        let mut found: BTreeMap<ArticleId, Vec<ArticleId>> = BTreeMap::new();
        for article in self.parent.keys() {
            found.entry(self.root(*article)).or_default().push(*article);
        }
        found.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::TimeBasis;
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

    #[test]
    fn copies_share_a_group_and_a_story_in_any_order() {
        let copied: String = (0..80).map(|n| format!("harbor{n} ")).collect();
        let other: String = (0..80).map(|n| format!("election{n} ")).collect();
        let mut items =
            vec![item(1, "Oil spill", &copied), item(2, "Spill of oil", &copied), item(3, "Vote counted", &other)];
        let next = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };
        let options = ClusterOptions::default();
        let plan = decide(&items, &Neighbourhood::default(), next, Timestamp(0), &options);
        assert_eq!(plan.stories.len(), 2);
        assert_eq!(plan.placed[0].group, Some(GroupId(1)));
        assert_eq!(plan.placed[1].group, Some(GroupId(1)));
        assert_eq!(plan.placed[2].group, None);
        assert_eq!((plan.edges[0].copy, plan.edges[0].source), (ArticleId(2), ArticleId(1)));
        items.reverse();
        assert_eq!(decide(&items, &Neighbourhood::default(), next, Timestamp(0), &options), plan);
    }
}
