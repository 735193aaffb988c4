//! Which stories a batch reopens: their articles are decided anew, one by one, with what the store knows by now.
//!
//! A story keeps what it was decided from: document frequencies of a young store, a beat that was not known yet, a first
//! article that said little. Decided again, items move to another story and a story that is none falls apart.

use std::collections::BTreeSet;

use crate::model::{ArticleId, StoryId};

use super::contract::{ClusterPlan, StoredStory};

/// Articles of the largest story that is reopened: bounds what one new article can cost. Of 20, 40, 80 and 200, 80 is the least
/// at which labeled headlines that come a hundred at a time reach the score they have in one batch (articles do at 40).
const MAX_ARTICLES: usize = 80;

/// Articles decided at once.
const MAX_PART: usize = 2_000;

/// Articles of the stories that grew by a quarter through a batch, `fresh` being those that were nowhere before; whole stories
/// together, in parts. So an article of a story that ends at `n` is decided anew some `log(n)` times, whether its news come one or
/// a hundred at a time.
#[must_use]
pub fn reopened(plan: &ClusterPlan, fresh: &BTreeSet<ArticleId>) -> Vec<BTreeSet<ArticleId>> {
    let is_reopened = |story: &&StoredStory| {
        let n_old = story.members.iter().filter(|article| !fresh.contains(article)).count();
        story.members.len() <= MAX_ARTICLES && outgrew(n_old, story.members.len())
    };
    let mut stories: Vec<&StoredStory> = plan.stories.iter().filter(is_reopened).collect();
    stories.sort_unstable_by_key(|story| story.id);
    let mut parts: Vec<BTreeSet<ArticleId>> = Vec::new();
    for story in stories {
        match parts.last_mut() {
            Some(part) if part.len() + story.members.len() <= MAX_PART => part.extend(&story.members),
            _ => parts.push(story.members.iter().copied().collect()),
        }
    }
    parts
}

/// Whether a story had two articles and went over one of the sizes 3, 4, 5, 6, 7, 8, 10, 12, 15, 18 and so on, each a quarter more.
/// Labeled articles that come 50 at a time are clustered the same (.002 either way) when a story is reopened for each article,
/// which costs a third more; at sizes half a time more each they lose .005.
fn outgrew(n_old: usize, n_now: usize) -> bool {
    let mut size = 3;
    while size <= n_old {
        size += (size / 4).max(1);
    }
    n_old >= 2 && size <= n_now
}

/// Notes the stories that a plan changed, and forgets those it ended.
pub fn note_touched(touched: &mut BTreeSet<StoryId>, plan: &ClusterPlan) {
    for gone in plan.retired_stories.iter().map(|(story, _)| story).chain(&plan.emptied_stories) {
        touched.remove(gone);
    }
    touched.extend(plan.stories.iter().map(|story| story.id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{ClusterOptions, Neighbourhood, NextIds, Weights, decide};
    use crate::model::{GroupId, ThreadId};

    fn empty_plan() -> ClusterPlan {
        let next = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };
        let weights = Weights::new(0.0, 0.0, []).unwrap();
        decide(&[], &Neighbourhood::default(), next, &ClusterOptions::new(weights.clone(), weights.clone(), weights))
    }

    fn story(id: i64, members: std::ops::Range<i64>) -> StoredStory {
        StoredStory::of(StoryId(id), members.map(ArticleId).collect())
    }

    #[test]
    fn stories_that_took_articles_in_are_reopened_whole() {
        let mut plan = empty_plan();
        let large = 100 + i64::try_from(MAX_ARTICLES).unwrap();
        // Two old ones and a new one; one old one; nothing new; nothing old; too large; a little larger.
        plan.stories = vec![
            story(5, 0..3),
            story(4, 10..12),
            story(3, 20..23),
            story(2, 32..35),
            story(1, 100..large + 1),
            story(7, 50..59),
        ];
        let fresh: BTreeSet<ArticleId> = [0, 10, 32, 33, 34, 100, 50].map(ArticleId).into();
        assert_eq!(reopened(&plan, &fresh), [(0..3).map(ArticleId).collect::<BTreeSet<_>>()]);
        plan.stories.push(story(6, 101..large));
        plan.stories.extend((0..30).map(|at| story(10 + at, 1_000 + 80 * at..1_080 + 80 * at)));
        let fresh: BTreeSet<ArticleId> =
            (0..30 * 80).filter(|at| at % 80 < 20).map(|at| ArticleId(1_000 + at)).collect();
        let sizes: Vec<usize> = reopened(&plan, &fresh).iter().map(BTreeSet::len).collect();
        assert_eq!(sizes, [2_000, 400]);
    }

    #[test]
    fn what_a_later_plan_ends_is_no_longer_touched() {
        let mut plan = empty_plan();
        let mut touched: BTreeSet<StoryId> = [1, 2, 3].map(StoryId).into();
        plan.stories = vec![story(4, 0..2)];
        plan.retired_stories = vec![(StoryId(1), StoryId(4))];
        plan.emptied_stories = vec![StoryId(3)];
        note_touched(&mut touched, &plan);
        assert_eq!(touched, [2, 4].map(StoryId).into());
    }
}
