//! Editors' decisions: recorded, then carried out in the same transaction.

use std::collections::BTreeSet;

use crate::attribution::RoleMark;
use crate::cluster::decisions::{self as rules, Decision, DecisionKind, standing};
use crate::cluster::{self, Candidates, Item, RowQuery, roles};
use crate::model::{ArticleId, DecisionId, RunId, StoryId, Timestamp};
use crate::store::{Store, StoreError, Transaction, analysis, decisions};

/// What an editor asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The second and further stories become part of the first one.
    Merge(Vec<StoryId>),
    /// Articles leave a story and make one of their own.
    Split(StoryId, Vec<ArticleId>),
    /// An article stays in its story, or goes to this one and stays there.
    Pin(ArticleId, Option<StoryId>),
    /// A story has this title.
    Title(StoryId, String),
    /// A story takes no further articles.
    Hold(StoryId),
    /// A decision no longer counts: this one, or the last one that still does.
    Undo(Option<DecisionId>),
}

/// Why a request makes no decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such story.
    #[error("there is no story {0}; `copytaster stories` lists them")]
    NoStory(StoryId),
    /// No such article, or none that was analyzed.
    #[error("there is no analyzed article {0}; `copytaster story ID` lists the articles of a story")]
    NoArticle(ArticleId),
    /// The article is elsewhere.
    #[error("article {article} is not in story {story}")]
    NotInStory {
        /// The article.
        article: ArticleId,
        /// The story.
        story: StoryId,
    },
    /// Two ids lead to one story.
    #[error("these are one story already: {0}")]
    OneStory(StoryId),
    /// Nothing would stay.
    #[error("a split must leave at least one article in the story")]
    NothingLeft,
    /// A story with one article has nothing to be pinned to.
    #[error("article {0} is alone in its story; name the story to pin it to")]
    Alone(ArticleId),
    /// A title without a visible character.
    #[error("the title is empty")]
    EmptyTitle,
    /// No decision stands.
    #[error("there is no decision to undo")]
    NothingToUndo,
    /// No such decision, or it no longer counts.
    #[error("decision {0} doesn't exist or doesn't count any more; `copytaster log` lists them")]
    NotStanding(DecisionId),
    /// A later decision moved the same articles: what it moved would be left where nobody put it.
    #[error("decision {later} moved some of the same articles after decision {earlier}; undo {later} first")]
    Later {
        /// The decision to be undone.
        earlier: DecisionId,
        /// The one that came after it.
        later: DecisionId,
    },
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision, as recorded.
    pub decision: Decision,
    /// The stories it changed, as they are now.
    pub stories: BTreeSet<StoryId>,
}

/// Records a decision and carries it out; `marks` tell the opinions and corrections of the stories it changes.
///
/// # Errors
/// When the database fails; a request that makes no sense is a [`Refusal`] and changes nothing.
pub fn decide(
    store: &Store,
    request: Request,
    marks: Vec<RoleMark>,
    now: Timestamp,
) -> Result<Result<Decided, Refusal>, StoreError> {
    store.write(move |transaction| {
        let decision = match decision(transaction, &request, now)? {
            Ok(decision) => decisions::record(transaction, decision)?,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let stories = carry_out(transaction, &decision, &decisions::all(transaction)?, &marks)?;
        Ok(Ok(Decided { decision, stories }))
    })
}

/// Puts a request into the terms of articles.
fn decision(
    transaction: &Transaction<'_>,
    request: &Request,
    now: Timestamp,
) -> Result<Result<Decision, Refusal>, StoreError> {
    let mut made = Decision {
        id: DecisionId(0),
        made_at: now,
        after_run: RunId(0),
        kind: DecisionKind::Merge,
        stories: Vec::new(),
        sides: Vec::new(),
        threads: None,
        title: None,
        undoes: None,
    };
    let members = |story: StoryId| -> Result<BTreeSet<ArticleId>, StoreError> {
        Ok(decisions::members(transaction, story)?.into_iter().collect())
    };
    match request {
        Request::Merge(stories) => {
            for story in stories {
                let Some(found) = decisions::resolve(transaction, *story)? else {
                    return Ok(Err(Refusal::NoStory(*story)));
                };
                if made.stories.contains(&found) {
                    return Ok(Err(Refusal::OneStory(found)));
                }
                made.stories.push(found);
                made.sides.push(members(found)?);
            }
            let peer = |(at, story): (usize, &StoryId)| {
                decisions::thread_peer(transaction, *story, made.stories.get(at..).unwrap_or_default())
            };
            made.threads = Some(made.stories.iter().enumerate().skip(1).map(peer).collect::<Result<_, _>>()?);
        }
        Request::Split(story, articles) => {
            made.kind = DecisionKind::Split;
            let Some(found) = decisions::resolve(transaction, *story)? else {
                return Ok(Err(Refusal::NoStory(*story)));
            };
            let all = members(found)?;
            if let Some(article) = articles.iter().find(|article| !all.contains(article)) {
                return Ok(Err(Refusal::NotInStory { article: *article, story: found }));
            }
            let apart: BTreeSet<ArticleId> = articles.iter().copied().collect();
            let rest = &all - &apart;
            if rest.is_empty() || apart.is_empty() {
                return Ok(Err(Refusal::NothingLeft));
            }
            made.stories.push(found);
            made.sides = vec![apart, rest];
        }
        Request::Pin(article, story) => {
            made.kind = DecisionKind::Pin;
            let Some(from) = decisions::story_of(transaction, *article)? else {
                return Ok(Err(Refusal::NoArticle(*article)));
            };
            let into = match story {
                Some(story) => match decisions::resolve(transaction, *story)? {
                    Some(found) => found,
                    None => return Ok(Err(Refusal::NoStory(*story))),
                },
                None => from,
            };
            // Its earliest other article stands for the story, so that the rest of it stays free.
            let others = decisions::members(transaction, into)?;
            let Some(anchor) = others.into_iter().find(|other| other != article) else {
                return Ok(Err(Refusal::Alone(*article)));
            };
            let mut left = members(from)?;
            left.remove(article);
            made.stories = vec![into, from];
            made.threads = Some(vec![decisions::thread_peer(transaction, from, &[])?]);
            made.sides = vec![BTreeSet::from([*article]), BTreeSet::from([anchor]), left, members(into)?];
        }
        Request::Title(story, title) => {
            made.kind = DecisionKind::Title;
            let Some(found) = decisions::resolve(transaction, *story)? else {
                return Ok(Err(Refusal::NoStory(*story)));
            };
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            if title.is_empty() {
                return Ok(Err(Refusal::EmptyTitle));
            }
            made.stories.push(found);
            made.sides.push(members(found)?);
            made.title = Some(title);
        }
        Request::Hold(story) => {
            made.kind = DecisionKind::Hold;
            let Some(found) = decisions::resolve(transaction, *story)? else {
                return Ok(Err(Refusal::NoStory(*story)));
            };
            made.stories.push(found);
            made.sides.push(members(found)?);
        }
        Request::Undo(wanted) => {
            made.kind = DecisionKind::Undo;
            let log = decisions::all(transaction)?;
            let standing = standing(&log);
            let found = match wanted {
                Some(id) => standing.iter().find(|decision| decision.id == *id),
                None => standing.iter().rev().find(|decision| decision.kind != DecisionKind::Undo),
            };
            let Some(found) = found else {
                return Ok(Err(wanted.map_or(Refusal::NothingToUndo, Refusal::NotStanding)));
            };
            let redone = log.iter().find(|decision| Some(decision.id) == found.undoes);
            let moved = redone.unwrap_or(found).articles();
            let is_move = |decision: &Decision| {
                matches!(decision.kind, DecisionKind::Merge | DecisionKind::Split | DecisionKind::Pin)
            };
            let later = standing.iter().find(|decision| {
                decision.id > found.id && is_move(decision) && !decision.articles().is_disjoint(&moved)
            });
            if let Some(later) = later.filter(|_| is_move(redone.unwrap_or(found))) {
                return Ok(Err(Refusal::Later { earlier: found.id, later: later.id }));
            }
            made.undoes = Some(found.id);
            made.stories.clone_from(&found.stories);
        }
    }
    Ok(Ok(made))
}

/// Puts the numbers that stories have in a replay into a decision that moves whole stories: an undo gives numbers back,
/// and which of two stories is the older one must be the same in the replay as it was then.
///
/// # Errors
/// When the database fails.
pub(super) fn renumber(transaction: &Transaction<'_>, decision: &mut Decision) -> Result<(), StoreError> {
    let sides = match decision.kind {
        DecisionKind::Merge => decision.sides.iter().collect(),
        // Into the story of the second side, from that of the article.
        DecisionKind::Pin => decision.sides.iter().take(2).rev().collect(),
        DecisionKind::Split | DecisionKind::Title | DecisionKind::Hold | DecisionKind::Undo => Vec::new(),
    };
    for (side, number) in sides.into_iter().zip(&mut decision.stories) {
        let article: Option<&ArticleId> = side.first();
        if let Some(article) = article
            && let Some(found) = decisions::story_of(transaction, *article)?
        {
            *number = found;
        }
    }
    Ok(())
}

/// Carries a recorded decision out on the stories of the articles it names: at once, and again in every replay. `log`
/// holds every decision.
///
/// # Errors
/// When the database fails.
pub(super) fn carry_out(
    transaction: &Transaction<'_>,
    decision: &Decision,
    log: &[Decision],
    marks: &[RoleMark],
) -> Result<BTreeSet<StoryId>, StoreError> {
    let find = |id: Option<DecisionId>| log.iter().find(|known| Some(known.id) == id);
    // Undoing an undo does again what was undone.
    let (mut acting, mut undone) = (decision, find(decision.undoes));
    while let Some(inner) = undone.filter(|inner| inner.kind == DecisionKind::Undo) {
        let Some(target) = find(inner.undoes) else { break };
        (acting, undone) = (target, find(target.undoes));
    }
    let mut named = undone.unwrap_or(acting).articles();
    named.extend(undone.and_then(|undone| undone.threads.as_ref()).into_iter().flatten().flatten());
    let mut query = RowQuery { articles: named, stories: BTreeSet::new() };
    for article in query.articles.clone() {
        query.stories.extend(decisions::story_of(transaction, article)?);
    }
    for story in &query.stories {
        query.articles.extend(decisions::members(transaction, *story)?);
    }
    let load = |statistics| analysis::neighbourhood(transaction, &query, statistics, Candidates::default());
    let mut hood = load(cluster::Statistics::default())?;
    let items: Vec<Item> = hood.articles.values().map(|placed| placed.item.clone()).collect();
    hood.statistics = analysis::statistics(transaction, cluster::Batch::new(&items).wanted_terms())?;
    // A replay knows only what was decided by then.
    let known: Vec<Decision> = log.iter().filter(|known| known.id <= decision.id).cloned().collect();
    hood.constraints = rules::constraints(&known);
    hood.stories.retain(|story, _| query.stories.contains(story));
    let plan = rules::carry_out(acting, undone, &hood, analysis::next_ids(transaction)?);
    analysis::apply(transaction, &plan, &BTreeSet::new(), &[], decision.made_at)?;
    let touched: BTreeSet<StoryId> = plan.stories.iter().map(|story| story.id).collect();
    for story in &touched {
        let members = analysis::story_members(transaction, *story)?;
        analysis::apply_reading(transaction, *story, &roles::read_story(&members, marks), decision.made_at)?;
    }
    Ok(touched)
}
