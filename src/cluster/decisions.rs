//! Editors' decisions: what they ask of every later run, and what each changes at once.
//!
//! A decision names articles, never stories alone, so that it means the same after a rebuild. Where two contradict each
//! other, the later one stands. Carrying one out moves articles between stories and touches nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ArticleId, DecisionId, RunId, StoryId, Timestamp};

use super::contract::{ClusterPlan, Constraints, Membership, Neighbourhood, NextIds, PlacedItem, StoredStory};
use super::decide::story_of_items;
use super::model::Idf;

/// What an editor decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    /// Stories are one; each side is a story's articles.
    Merge,
    /// Articles (the first side) are a story apart from the rest (the second side).
    Split,
    /// An article (the first side) belongs with another (the second side); the third side is the story it came from, the
    /// fourth one that to which it goes.
    Pin,
    /// The story of the articles has this title.
    Title,
    /// The story of the articles takes no others.
    Hold,
    /// An earlier decision no longer counts.
    Undo,
}

impl DecisionKind {
    const ALL: [Self; 6] = [Self::Merge, Self::Split, Self::Pin, Self::Title, Self::Hold, Self::Undo];

    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Pin => "pin",
            Self::Title => "title",
            Self::Hold => "hold",
            Self::Undo => "undo",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A decision, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number in the log.
    pub id: DecisionId,
    /// When it was made.
    pub made_at: Timestamp,
    /// The last analysis run before it: its place in a replay.
    pub after_run: RunId,
    /// What was decided on.
    pub kind: DecisionKind,
    /// The stories it was about, as they were numbered then: for people, and for giving a number back.
    pub stories: Vec<StoryId>,
    /// The articles it is about.
    pub sides: Vec<BTreeSet<ArticleId>>,
    /// By story that gave up its number (of a merge all but the first, of a pin that from which the article came): an article
    /// of another story of its thread, none when it was alone in it. Missing in decisions that were recorded without.
    pub threads: Option<Vec<Option<ArticleId>>>,
    /// The title given.
    pub title: Option<String>,
    /// The decision undone.
    pub undoes: Option<DecisionId>,
}

impl Decision {
    fn side(&self, at: usize) -> BTreeSet<ArticleId> {
        self.sides.get(at).cloned().unwrap_or_default()
    }

    /// All articles it names.
    #[must_use]
    pub fn articles(&self) -> BTreeSet<ArticleId> {
        self.sides.iter().flatten().copied().collect()
    }
}

/// The decisions that count: not undone, or undone by one that is itself undone.
#[must_use]
pub fn standing(decisions: &[Decision]) -> Vec<&Decision> {
    let mut undone = BTreeSet::new();
    for decision in decisions.iter().rev() {
        if !undone.contains(&decision.id) {
            undone.extend(decision.undoes);
        }
    }
    decisions.iter().filter(|decision| !undone.contains(&decision.id)).collect()
}

/// What the standing decisions ask of a run; a later one beats an earlier one.
#[must_use]
pub fn constraints(decisions: &[Decision]) -> Constraints {
    let mut asked = Constraints::default();
    for decision in standing(decisions) {
        match decision.kind {
            DecisionKind::Merge => bind(&mut asked, decision.articles()),
            DecisionKind::Pin => {
                let article = decision.side(0);
                leave(&mut asked, &article, None);
                let target = &article | &decision.side(3);
                for one in &article {
                    asked.apart.entry(*one).or_default().retain(|other| !target.contains(other));
                }
                for other in &target {
                    asked.apart.entry(*other).or_default().retain(|one| !article.contains(one));
                }
                bind(&mut asked, &article | &decision.side(1));
            }
            DecisionKind::Split => {
                let (apart, rest) = (decision.side(0), decision.side(1));
                leave(&mut asked, &apart, Some(&rest));
                for (one, others) in [(&apart, &rest), (&rest, &apart)] {
                    for article in one {
                        asked.apart.entry(*article).or_default().extend(others.iter().copied());
                    }
                }
                bind(&mut asked, apart);
            }
            DecisionKind::Title => asked.titles.push((decision.side(0), decision.title.clone().unwrap_or_default())),
            DecisionKind::Hold => {
                asked.together.push(decision.side(0));
                asked.held.push(decision.side(0));
            }
            DecisionKind::Undo => {}
        }
    }
    asked
}

/// These articles belong together from here on, whatever was said before.
fn bind(asked: &mut Constraints, articles: BTreeSet<ArticleId>) {
    for article in &articles {
        if let Some(others) = asked.apart.get_mut(article) {
            others.retain(|other| !articles.contains(other));
        }
    }
    for held in asked.held.iter_mut().filter(|held| !held.is_disjoint(&articles)) {
        held.extend(articles.iter().copied());
    }
    asked.together.push(articles);
}

/// These articles leave the sets they were bound in: all of them, or those that hold one of `rest`.
fn leave(asked: &mut Constraints, articles: &BTreeSet<ArticleId>, rest: Option<&BTreeSet<ArticleId>>) {
    for set in asked.together.iter_mut().chain(&mut asked.held) {
        if rest.is_none_or(|rest| !set.is_disjoint(rest)) {
            set.retain(|article| !articles.contains(article));
        }
    }
}

/// Carries a decision out on the stories of its articles. Of an undo, `undone` is what it takes back.
///
/// `neighbourhood` holds these stories with all their members.
#[must_use]
pub fn carry_out(
    decision: &Decision,
    undone: Option<&Decision>,
    neighbourhood: &Neighbourhood,
    next_ids: NextIds,
) -> ClusterPlan {
    let mut moving = Moving::new(neighbourhood, next_ids);
    match undone {
        Some(undone) => moving.take_back(undone),
        None => moving.apply(decision),
    }
    moving.plan()
}

/// Articles on their way between stories.
struct Moving<'a> {
    neighbourhood: &'a Neighbourhood,
    stories: BTreeMap<StoryId, BTreeSet<ArticleId>>,
    touched: BTreeSet<StoryId>,
    threads: BTreeMap<StoryId, Option<crate::model::ThreadId>>,
    next_ids: NextIds,
}

impl<'a> Moving<'a> {
    fn new(neighbourhood: &'a Neighbourhood, next_ids: NextIds) -> Self {
        let members = |story: &StoredStory| story.members.iter().copied().collect();
        let stories = neighbourhood.stories.iter().map(|(id, story)| (*id, members(story))).collect();
        let threads = neighbourhood.stories.iter().map(|(id, story)| (*id, story.thread)).collect();
        Self { neighbourhood, stories, touched: BTreeSet::new(), threads, next_ids }
    }

    /// The story that holds most of the articles, the oldest of several.
    fn home(&self, articles: &BTreeSet<ArticleId>) -> Option<StoryId> {
        let shared = self.stories.iter().map(|(id, members)| (members.intersection(articles).count(), *id));
        let best = shared.filter(|(n, _)| *n > 0).max_by_key(|(n, id)| (*n, std::cmp::Reverse(*id)));
        best.map(|(_, id)| id)
    }

    fn put(&mut self, articles: &BTreeSet<ArticleId>, into: StoryId) {
        let known: BTreeSet<ArticleId> = self.stories.values().flatten().copied().collect();
        let mut arriving: BTreeSet<ArticleId> = articles & &known;
        for (id, members) in &mut self.stories {
            if *id == into {
                arriving = &arriving - members;
            } else if !members.is_disjoint(&arriving) {
                members.retain(|member| !arriving.contains(member));
                self.touched.insert(*id);
            }
        }
        if !arriving.is_empty() {
            self.stories.entry(into).or_default().extend(arriving);
        }
        self.touched.insert(into);
    }

    /// A story of their own for articles that leave `from`, under `old` when nobody has that number.
    fn found(&mut self, articles: &BTreeSet<ArticleId>, from: Option<StoryId>, old: Option<StoryId>) {
        let id = old.filter(|old| *old < self.next_ids.story && !self.stories.contains_key(old)).unwrap_or_else(|| {
            let id = self.next_ids.story;
            self.next_ids.story.0 += 1;
            id
        });
        let thread = from.and_then(|from| self.threads.get(&from).copied().flatten()).unwrap_or_else(|| {
            let thread = self.next_ids.thread;
            self.next_ids.thread.0 += 1;
            thread
        });
        self.threads.insert(id, Some(thread));
        self.put(articles, id);
    }

    /// The story whose thread a story goes back to that a decision took the number of: none for a thread of its own.
    fn relative(&self, undone: &Decision, at: usize, present: Option<StoryId>) -> Option<StoryId> {
        match &undone.threads {
            Some(threads) => self.home(&threads.get(at).copied().flatten().into_iter().collect()),
            None => present,
        }
    }

    fn apply(&mut self, decision: &Decision) {
        let (first, second) = (decision.side(0), decision.side(1));
        match decision.kind {
            DecisionKind::Merge => {
                if let Some(into) = self.home(&first) {
                    self.put(&decision.articles(), into);
                }
            }
            DecisionKind::Pin => {
                if let Some(into) = self.home(&second) {
                    self.put(&first, into);
                }
            }
            DecisionKind::Split => {
                let home = self.home(&first);
                let own = home.filter(|home| self.stories.get(home).is_some_and(|story| story.is_disjoint(&second)));
                match own {
                    Some(own) => self.put(&first, own),
                    None => self.found(&first, home, None),
                }
            }
            DecisionKind::Title | DecisionKind::Hold => self.touched.extend(self.home(&first)),
            DecisionKind::Undo => {}
        }
    }

    fn take_back(&mut self, undone: &Decision) {
        let (first, second) = (undone.side(0), undone.side(1));
        match undone.kind {
            DecisionKind::Merge => {
                for (at, (side, old)) in undone.sides.iter().zip(&undone.stories).skip(1).enumerate() {
                    let together = self.home(&first).filter(|home| self.home(side) == Some(*home));
                    if together.is_some() {
                        let from = self.relative(undone, at, together);
                        self.found(side, from, Some(*old));
                    }
                }
            }
            DecisionKind::Split => {
                if let (Some(own), Some(home)) = (self.home(&first), self.home(&second))
                    && own != home
                {
                    // What came to the split-off story since goes back with it.
                    let all = self.stories.get(&own).cloned().unwrap_or_default();
                    self.put(&all, home);
                }
            }
            DecisionKind::Pin => match (self.home(&undone.side(2)), self.home(&first)) {
                (Some(home), _) => self.put(&first, home),
                (None, from) => {
                    let from = self.relative(undone, 0, from);
                    self.found(&first, from, undone.stories.get(1).copied());
                }
            },
            DecisionKind::Title | DecisionKind::Hold => self.touched.extend(self.home(&first)),
            DecisionKind::Undo => {}
        }
    }

    fn plan(self) -> ClusterPlan {
        let hood = self.neighbourhood;
        let idf = Idf::new(&hood.statistics, &[], 0);
        let mut plan = ClusterPlan {
            placed: Vec::new(),
            memberships: Vec::new(),
            edges: Vec::new(),
            stories: Vec::new(),
            retired_stories: Vec::new(),
            emptied_stories: Vec::new(),
            story_links: Vec::new(),
            document_frequency_changes: Vec::new(),
            n_documents_change: 0,
            next_ids: self.next_ids,
        };
        for id in &self.touched {
            let members = self.stories.get(id).cloned().unwrap_or_default();
            if members.is_empty() {
                let old: BTreeSet<ArticleId> =
                    hood.stories.get(id).map(|story| story.members.iter().copied().collect()).unwrap_or_default();
                match self.home(&old) {
                    Some(heir) => plan.retired_stories.push((*id, heir)),
                    None => plan.emptied_stories.push(*id),
                }
                continue;
            }
            let items: Vec<&PlacedItem> = members.iter().filter_map(|article| hood.articles.get(article)).collect();
            let thread = self.threads.get(id).copied().flatten();
            let items_only: Vec<_> = items.iter().map(|placed| &placed.item).collect();
            plan.stories.push(story_of_items(*id, thread, &items_only, &hood.constraints, &idf));
            for placed in items.into_iter().filter(|placed| placed.story != Some(*id)) {
                plan.placed.push(PlacedItem { story: Some(*id), ..placed.clone() });
                let decided = Membership { how: "decided", score: None, threshold: None, signals: BTreeMap::new() };
                plan.memberships.push((placed.item.article, decided));
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[i64]) -> BTreeSet<ArticleId> {
        ids.iter().map(|id| ArticleId(*id)).collect()
    }

    fn decision(id: i64, kind: DecisionKind, sides: &[&[i64]], undoes: Option<i64>) -> Decision {
        Decision {
            id: DecisionId(id),
            made_at: Timestamp(id),
            after_run: RunId(1),
            kind,
            stories: Vec::new(),
            sides: sides.iter().map(|side| set(side)).collect(),
            threads: None,
            title: None,
            undoes: undoes.map(DecisionId),
        }
    }

    #[test]
    fn an_undo_can_be_undone() {
        let log = [
            decision(1, DecisionKind::Merge, &[&[1], &[2]], None),
            decision(2, DecisionKind::Undo, &[], Some(1)),
            decision(3, DecisionKind::Undo, &[], Some(2)),
        ];
        let ids = |n: usize| standing(&log[..n]).iter().map(|decision| decision.id.0).collect::<Vec<_>>();
        assert_eq!(ids(1), [1]);
        assert_eq!(ids(2), [2]);
        assert_eq!(ids(3), [1, 3]);
    }

    #[test]
    fn the_later_decision_stands() {
        let merge = decision(1, DecisionKind::Merge, &[&[1, 2], &[3, 4]], None);
        let split = decision(2, DecisionKind::Split, &[&[3], &[1, 2, 4]], None);
        let asked = constraints(&[merge.clone(), split.clone()]);
        assert_eq!(asked.together, [set(&[1, 2, 4]), set(&[3])]);
        assert_eq!(asked.apart[&ArticleId(3)], set(&[1, 2, 4]));
        let again = Decision { id: DecisionId(3), ..merge };
        let asked = constraints(&[split, again]);
        assert!(asked.apart.values().all(BTreeSet::is_empty));
    }

    #[test]
    fn a_pin_back_into_a_story_beats_the_split_from_it() {
        let split = decision(1, DecisionKind::Split, &[&[4], &[1, 2, 3]], None);
        let pin = decision(2, DecisionKind::Pin, &[&[4], &[1], &[], &[1, 2, 3]], None);
        assert!(constraints(&[split, pin]).apart.values().all(BTreeSet::is_empty));
    }

    #[test]
    fn a_hold_takes_in_what_is_merged_later() {
        let hold = decision(1, DecisionKind::Hold, &[&[1, 2]], None);
        let merge = decision(2, DecisionKind::Merge, &[&[1, 2], &[5]], None);
        assert_eq!(constraints(&[hold, merge]).held, [set(&[1, 2, 5])]);
    }
}
