//! Ids outlive a rebuild: what was derived again takes the id of what it was before.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction};

use super::recent;
use super::write::redirect;
use crate::model::{ArticleId, StoryId};
use crate::store::StoreError;

/// Which article is where: what a rebuild compares to give stories, groups and threads their old ids back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The story of each article.
    pub stories: BTreeMap<ArticleId, i64>,
    /// The near-duplicate group of each article that has one.
    pub groups: BTreeMap<ArticleId, i64>,
    /// The thread of each article's story.
    pub threads: BTreeMap<ArticleId, i64>,
}

/// The present assignment of articles to stories, groups and threads.
///
/// # Errors
/// When SQLite refuses.
pub fn assignment(connection: &Connection) -> Result<Assignment, StoreError> {
    let column = |sql: &str| -> Result<BTreeMap<ArticleId, i64>, StoreError> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((ArticleId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    Ok(Assignment {
        stories: column("SELECT article_id, story_id FROM analyzed_article WHERE story_id IS NOT NULL")?,
        groups: column("SELECT article_id, group_id FROM analyzed_article WHERE group_id IS NOT NULL")?,
        threads: column(
            "SELECT d.article_id, s.thread_id FROM analyzed_article d JOIN story s ON s.id = d.story_id
             WHERE s.thread_id IS NOT NULL",
        )?,
    })
}

/// Pairs new ids with the old ids they share most articles with, and old ids with the new one that holds most of them.
fn matched(old: &BTreeMap<ArticleId, i64>, new: &BTreeMap<ArticleId, i64>) -> (BTreeMap<i64, i64>, BTreeMap<i64, i64>) {
    let mut shared: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for (article, old_id) in old {
        if let Some(new_id) = new.get(article) {
            *shared.entry((*new_id, *old_id)).or_default() += 1;
        }
    }
    let mut pairs: Vec<((i64, i64), usize)> = shared.into_iter().collect();
    pairs.sort_by_key(|((new_id, old_id), n)| (std::cmp::Reverse(*n), *old_id, *new_id));
    let (mut renamed, mut taken, mut successors) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    for ((new_id, old_id), _) in pairs {
        if !renamed.contains_key(&new_id) && taken.insert(old_id) {
            renamed.insert(new_id, old_id);
        }
        successors.entry(old_id).or_insert(new_id);
    }
    (renamed, successors)
}

/// Renames ids with `statements` in two steps through negative numbers, since the two sets of ids overlap.
fn rename(transaction: &Transaction<'_>, renamed: &BTreeMap<i64, i64>, statements: &[&str]) -> Result<(), StoreError> {
    let steps = renamed.iter().map(|(new, old)| (*new, -old)).chain(renamed.values().map(|old| (-old, *old)));
    for (from, to) in steps {
        for sql in statements {
            transaction.prepare_cached(sql)?.execute([from, to])?;
        }
    }
    Ok(())
}

/// Empties every derived table, in preparation of a replay; ids go on from where they were.
///
/// # Errors
/// When SQLite refuses.
pub fn clear_derived(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute_batch(
        "DELETE FROM analyzed_article; DELETE FROM shingle; DELETE FROM shingle_recent; DELETE FROM shingle_filter;
         DELETE FROM term_document_frequency; DELETE FROM term_document_frequency_recent; DELETE FROM corpus_statistics;
         DELETE FROM near_duplicate; DELETE FROM story; DELETE FROM story_term; DELETE FROM story_term_recent;
         DELETE FROM story_link; DELETE FROM attribution; DELETE FROM origin_event;",
    )?;
    Ok(())
}

/// Gives rebuilt stories, groups and threads the old id with which they share most members; old story ids that no story
/// keeps redirect to the story that holds most of their members.
///
/// # Errors
/// When SQLite refuses.
pub fn restore_ids(transaction: &Transaction<'_>, old: &Assignment) -> Result<(), StoreError> {
    let new = assignment(transaction)?;
    let (groups, _) = matched(&old.groups, &new.groups);
    rename(transaction, &groups, &["UPDATE analyzed_article SET group_id = ?2 WHERE group_id = ?1"])?;
    let (threads, _) = matched(&old.threads, &new.threads);
    rename(transaction, &threads, &["UPDATE story SET thread_id = ?2 WHERE thread_id = ?1"])?;
    let (stories, successors) = matched(&old.stories, &new.stories);
    rename(
        transaction,
        &stories,
        &[
            "UPDATE story SET id = ?2 WHERE id = ?1",
            "UPDATE analyzed_article SET story_id = ?2 WHERE story_id = ?1",
            "UPDATE story_link SET story_a = ?2 WHERE story_a = ?1",
            "UPDATE story_link SET story_b = ?2 WHERE story_b = ?1",
            "UPDATE story_redirect SET into_id = ?2 WHERE into_id = ?1",
        ],
    )?;
    if stories.iter().any(|(new, old)| new != old) {
        recent::rename_stories(transaction, &stories)?;
    }
    let kept: BTreeSet<i64> = stories.values().copied().collect();
    for old_id in &kept {
        transaction.execute("DELETE FROM story_redirect WHERE story_id = ?1", [old_id])?;
    }
    for (old_id, new_id) in successors {
        if !kept.contains(&old_id) {
            redirect(transaction, StoryId(old_id), StoryId(stories.get(&new_id).copied().unwrap_or(new_id)))?;
        }
    }
    Ok(())
}
