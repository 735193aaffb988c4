//! Near-duplicate groups: connected by copies, their ids kept. Sharing a text is a fact about texts: what editors decide
//! on stories changes nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ArticleId, GroupId, Timestamp};

use super::contract::{CopyGrade, Item, NearDuplicate, Neighbourhood, NextIds};
use super::sets::Sets;

/// Near-duplicate groups of the batch's and the loaded articles: connected by copies, old ids kept.
pub(super) fn groups(
    batch: &BTreeMap<ArticleId, &Item>,
    known: &BTreeMap<ArticleId, &Item>,
    neighbourhood: &Neighbourhood,
    edges: &[NearDuplicate],
    next_ids: &mut NextIds,
) -> BTreeMap<ArticleId, GroupId> {
    let mut sets = Sets::default();
    let stored = neighbourhood.edges.values().filter(|edge| {
        edge.grade == CopyGrade::Copy && !batch.contains_key(&edge.copy) && !batch.contains_key(&edge.source)
    });
    for edge in stored.chain(edges.iter().filter(|edge| edge.grade == CopyGrade::Copy)) {
        sets.union(edge.copy, edge.source);
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
