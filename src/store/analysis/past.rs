//! What a batch is decided against: the bounded part of the past that it asks for.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use super::{filter, recent};
use crate::attribution::{Attribution, AttributionKind};
use crate::cluster::roles::StoryMember;
use crate::cluster::translation::{self, Anchors};
use crate::cluster::{
    CandidateQuery, Candidates, Constraints, CopyGrade, Item, NearDuplicate, Neighbourhood, NextIds, PlacedItem,
    RowQuery, Statistics, StoredStory, TimeBasis, decode_terms,
};
use crate::fingerprint::Fingerprint;
use crate::model::{
    ArticleId, BodyState, DatePrecision, GroupId, OutletId, OutletKind, StoryId, ThreadId, Timestamp, VersionId,
};
use crate::store::StoreError;

/// Answers the first question: document frequencies.
///
/// # Errors
/// When SQLite refuses.
pub fn statistics(connection: &Connection, terms: impl Iterator<Item = u32>) -> Result<Statistics, StoreError> {
    let n_documents: Option<i64> = connection
        .prepare_cached("SELECT value FROM corpus_statistics WHERE name = 'n_documents'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let mut document_frequency = FxHashMap::default();
    if n_documents.unwrap_or(0) > 0 {
        let mut frequencies = recent::Frequencies::new(connection)?;
        for term in terms {
            if let Some(n) = frequencies.of(term)? {
                document_frequency.insert(term, n);
            }
        }
    }
    Ok(Statistics { n_documents: u64::try_from(n_documents.unwrap_or(0)).unwrap_or(0), document_frequency })
}

/// Answers the second question: rows of the two indexes.
///
/// # Errors
/// When SQLite refuses.
pub fn candidates(connection: &Connection, query: &CandidateQuery) -> Result<Candidates, StoreError> {
    let mut answer = Candidates::default();
    let mut in_large = filter::possible(connection, query.shingles.iter().copied().collect())?.into_iter().peekable();
    let mut shingles = recent::Shingles::new(connection);
    for hash in &query.shingles {
        let is_in_large = in_large.next_if_eq(hash).is_some();
        let limit = query.max_articles_per_shingle + 1;
        let articles = shingles.articles(*hash, is_in_large, limit)?;
        if !articles.is_empty() {
            answer.shingles.insert(*hash, articles);
        }
    }
    let mut story_terms = recent::StoryTerms::new(connection, query.stories_since, query.stories_until)?;
    for term in &query.terms {
        let stories = story_terms.stories(*term, query.max_stories_per_term)?;
        if !stories.is_empty() {
            answer.terms.insert(*term, stories);
        }
    }
    Ok(answer)
}

/// Answers the third question: the bounded part of the past the batch is decided against.
///
/// # Errors
/// When SQLite refuses or a stored digest is damaged.
pub fn neighbourhood(
    connection: &Connection,
    query: &RowQuery,
    statistics: Statistics,
    candidates: Candidates,
) -> Result<Neighbourhood, StoreError> {
    let mut hood = Neighbourhood { statistics, candidates, ..Neighbourhood::default() };
    let mut stories = query.stories.clone();
    let mut wanted: Vec<ArticleId> = query.articles.iter().copied().collect();
    while let Some(article) = wanted.pop() {
        if hood.articles.contains_key(&article) {
            continue;
        }
        let Some(placed) = placed_item(connection, article)? else { continue };
        stories.extend(placed.story);
        if let Some(group) = placed.group
            && !hood.groups.contains_key(&group)
        {
            let members = group_members(connection, group)?;
            wanted.extend(members.iter().copied());
            hood.groups.insert(group, members);
        }
        hood.articles.insert(article, placed);
    }
    for story in stories {
        if let Some(stored) = stored_story(connection, story)? {
            hood.stories.insert(story, stored);
        }
    }
    load_threads(connection, &mut hood)?;
    let loaded: Vec<ArticleId> = hood.articles.keys().copied().collect();
    for article in loaded {
        for edge in edges_of_copy(connection, article)? {
            if hood.articles.contains_key(&edge.source) {
                hood.edges.insert((edge.copy, edge.source), edge);
            }
        }
    }
    Ok(hood)
}

/// Loads how large the threads of the loaded stories are, and the links of those that are in a thread with others.
fn load_threads(connection: &Connection, hood: &mut Neighbourhood) -> Result<(), StoreError> {
    let mut size = connection.prepare_cached("SELECT sum(n_articles) FROM story WHERE thread_id = ?1")?;
    let mut links = connection.prepare_cached(
        "SELECT story_a, story_b FROM story_link WHERE story_a = ?1
         UNION ALL SELECT story_a, story_b FROM story_link WHERE story_b = ?1",
    )?;
    for story in hood.stories.values() {
        let Some(thread) = story.thread else { continue };
        let size = match hood.thread_sizes.get(&thread) {
            Some(size) => *size,
            None => {
                let articles: Option<i64> = size.query_row([thread.0], |row| row.get(0))?;
                let articles = usize::try_from(articles.unwrap_or(0)).unwrap_or(0);
                *hood.thread_sizes.entry(thread).or_insert(articles)
            }
        };
        if size > story.members.len() {
            let ends = |row: &rusqlite::Row<'_>| Ok((row.get(0).map(StoryId)?, row.get(1).map(StoryId)?));
            for pair in links.query_map([story.id.0], ends)? {
                let pair = pair?;
                if hood.stories.contains_key(&pair.0) && hood.stories.contains_key(&pair.1) {
                    hood.story_links.insert(pair);
                }
            }
        }
    }
    Ok(())
}

/// Adds the articles that editors bound to those of a batch, so that the decision finds their stories.
pub fn with_bound(mut query: RowQuery, batch: &BTreeSet<ArticleId>, constraints: &Constraints) -> RowQuery {
    for set in constraints.together.iter().filter(|set| !set.is_disjoint(batch)) {
        query.articles.extend(set);
    }
    query
}

pub(in crate::store) fn placed_item(
    connection: &Connection,
    article: ArticleId,
) -> Result<Option<PlacedItem>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT d.version_id, a.outlet_id, a.identity, v.title, d.language, d.event_time, d.event_time_basis,
                    a.first_seen_at, d.fingerprint, d.group_id, d.story_id
             FROM analyzed_article d JOIN article a ON a.id = d.article_id JOIN version v ON v.id = d.version_id
             WHERE d.article_id = ?1",
        )?
        .query_row([article.0], |row| {
            let bytes: Vec<u8> = row.get(8)?;
            Ok((
                PlacedItem {
                    item: Item {
                        article,
                        version: VersionId(row.get(0)?),
                        outlet: row.get::<_, Option<i64>>(1)?.map(OutletId),
                        identity: row.get(2)?,
                        title: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                        language: row.get(4)?,
                        event_time: Timestamp(row.get(5)?),
                        time_basis: TimeBasis::from_stored(&row.get::<_, String>(6)?),
                        first_seen_at: Timestamp(row.get(7)?),
                        fingerprint: Fingerprint::default(),
                    },
                    group: row.get::<_, Option<i64>>(9)?.map(GroupId),
                    story: row.get::<_, Option<i64>>(10)?.map(StoryId),
                },
                bytes,
            ))
        })
        .optional()?;
    let Some((mut placed, bytes)) = row else { return Ok(None) };
    placed.item.fingerprint = Fingerprint::decode(&bytes).map_err(|_| StoreError::Damaged { what: "fingerprint" })?;
    Ok(Some(placed))
}

/// The items of articles that were analyzed.
///
/// # Errors
/// When SQLite refuses or a stored digest is damaged.
pub fn placed_items(connection: &Connection, articles: &BTreeSet<ArticleId>) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    for article in articles {
        items.extend(placed_item(connection, *article)?.map(|placed| placed.item));
    }
    Ok(items)
}

fn group_members(connection: &Connection, group: GroupId) -> Result<BTreeSet<ArticleId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT article_id FROM analyzed_article WHERE group_id = ?1")?;
    let rows = statement.query_map([group.0], |row| row.get(0).map(ArticleId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored_story(connection: &Connection, story: StoryId) -> Result<Option<StoredStory>, StoreError> {
    let stored = connection
        .prepare_cached(
            "SELECT thread_id, first_time, last_time, n_outlets, title, language, state, index_terms
             FROM story WHERE id = ?1",
        )?
        .query_row([story.0], |row| {
            let stored = StoredStory {
                id: story,
                thread: row.get::<_, Option<i64>>(0)?.map(ThreadId),
                members: Vec::new(),
                first_time: Timestamp(row.get(1)?),
                last_time: Timestamp(row.get(2)?),
                n_outlets: row.get(3)?,
                title: row.get(4)?,
                language: row.get(5)?,
                state: row.get(6)?,
                index_terms: Vec::new(),
            };
            Ok((stored, row.get::<_, Vec<u8>>(7)?))
        })
        .optional()?;
    let Some((mut stored, index_terms)) = stored else { return Ok(None) };
    stored.index_terms = decode_terms(&index_terms).map_err(|_| StoreError::Damaged { what: "story's terms" })?;
    let mut members = connection.prepare_cached(
        "SELECT d.article_id FROM analyzed_article d JOIN article a ON a.id = d.article_id
         WHERE d.story_id = ?1 ORDER BY d.event_time, a.identity",
    )?;
    stored.members = members.query_map([story.0], |row| row.get(0).map(ArticleId))?.collect::<Result<_, _>>()?;
    Ok(Some(stored))
}

fn edges_of_copy(connection: &Connection, copy: ArticleId) -> Result<Vec<NearDuplicate>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT source_id, containment_of_copy, containment_of_source, resemblance, n_shared, grade
         FROM near_duplicate WHERE copy_id = ?1 ORDER BY source_id",
    )?;
    let rows = statement.query_map([copy.0], |row| {
        Ok(NearDuplicate {
            copy,
            source: ArticleId(row.get(0)?),
            containment_of_copy: row.get(1)?,
            containment_of_source: row.get(2)?,
            resemblance: row.get(3)?,
            n_shared: row.get(4)?,
            grade: if row.get::<_, String>(5)? == "copy" { CopyGrade::Copy } else { CopyGrade::Partial },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next free ids of derived things.
///
/// # Errors
/// When SQLite refuses.
pub fn next_ids(connection: &Connection) -> Result<NextIds, StoreError> {
    let next = |name: &str| -> Result<i64, StoreError> {
        Ok(connection
            .prepare_cached("SELECT next_id FROM id_sequence WHERE name = ?1")?
            .query_row([name], |row| row.get(0))?)
    };
    Ok(NextIds {
        group: GroupId(next("near_duplicate_group")?),
        story: StoryId(next("story")?),
        thread: ThreadId(next("thread")?),
    })
}

/// The members of a story with what roles are read from.
///
/// # Errors
/// When SQLite refuses.
pub fn story_members(connection: &Connection, story: StoryId) -> Result<Vec<StoryMember>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.article_id, o.domain, o.kind, d.event_time, d.event_time_basis, a.first_seen_at, v.title, d.language,
                v.body_state, d.group_id, v.body, a.url, o.name, v.published_precision
         FROM analyzed_article d JOIN article a ON a.id = d.article_id JOIN version v ON v.id = d.version_id
         LEFT JOIN outlet o ON o.id = a.outlet_id
         WHERE d.story_id = ?1 ORDER BY d.event_time, a.identity",
    )?;
    let mut bodies = Vec::new();
    let rows = statement.query_map([story.0], |row| {
        let has_body = BodyState::from_stored(&row.get::<_, String>(8)?).is_article_text();
        let body: Option<String> = row.get(10)?;
        let n_words = body.as_deref().filter(|_| has_body).map_or(0, |body| body.split_whitespace().count());
        bodies.push(body.filter(|_| has_body).unwrap_or_default());
        let time_basis = TimeBasis::from_stored(&row.get::<_, String>(4)?);
        Ok(StoryMember {
            article: ArticleId(row.get(0)?),
            url: row.get(11)?,
            outlet_name: row.get(12)?,
            outlet_domain: row.get(1)?,
            outlet_kind: row
                .get::<_, Option<String>>(2)?
                .and_then(|word| OutletKind::from_word(&word))
                .unwrap_or_default(),
            event_time: Timestamp(row.get(3)?),
            time_basis,
            is_day_only: time_basis == TimeBasis::Published
                && row.get::<_, Option<String>>(13)?.as_deref() == Some(DatePrecision::Day.as_str()),
            first_seen_at: Timestamp(row.get(5)?),
            title: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
            language: row.get(7)?,
            n_words: u32::try_from(n_words).unwrap_or(u32::MAX),
            has_body: has_body && n_words > 0,
            group: row.get::<_, Option<i64>>(9)?.map(GroupId),
            copies: Vec::new(),
            attributions: Vec::new(),
            anchors: Anchors::default(),
        })
    })?;
    let mut members: Vec<StoryMember> = rows.collect::<Result<_, _>>()?;
    // Only a story in several languages can have translations.
    if members.iter().any(|member| member.language != members[0].language) {
        for (member, body) in members.iter_mut().zip(&bodies) {
            member.anchors = translation::anchors(body);
        }
    }
    for member in &mut members {
        member.copies = edges_of_copy(connection, member.article)?;
        member.attributions = attributions(connection, member.article)?;
    }
    Ok(members)
}

fn attributions(connection: &Connection, article: ArticleId) -> Result<Vec<Attribution>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, outlet_name, outlet_domain, cue, sentence FROM attribution WHERE article_id = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([article.0], |row| {
        Ok((
            row.get::<_, String>(0)?,
            Attribution {
                kind: AttributionKind::OriginalReport,
                outlet_name: row.get(1)?,
                outlet_domain: row.get(2)?,
                cue: row.get(3)?,
                sentence: row.get(4)?,
            },
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (kind, mut attribution) = row?;
        attribution.kind = AttributionKind::from_word(&kind).ok_or(StoreError::Damaged { what: "attribution" })?;
        found.push(attribution);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;
    use crate::cluster::encode_terms;
    use crate::store::analysis::blocks::tests::write;

    #[test]
    fn threads_are_loaded_with_their_size_and_the_links_of_loaded_stories() {
        write(|transaction| {
            // A thread of three stories, of which the last is not asked for, and a story on its own.
            for (story, thread, n_articles) in [(1, 7, 4), (2, 7, 2), (3, 7, 30), (4, 8, 0)] {
                transaction
                    .execute(
                        "INSERT INTO story (id, algorithm_version, thread_id, first_time, last_time, n_articles, n_outlets, title,
                           created_at, changed_at, state, index_terms) VALUES (?1, 1, ?2, 0, 0, ?3, 1, '', 0, 0, x'', ?4)",
                        params![story, thread, n_articles, encode_terms(&[])],
                    )
                    .unwrap();
            }
            for (a, b) in [(1, 2), (1, 3), (2, 4), (3, 4)] {
                let insert = "INSERT INTO story_link (story_a, story_b, score, evidence) VALUES (?1, ?2, 0.5, '{}')";
                transaction.execute(insert, [a, b]).unwrap();
            }
            let query = RowQuery { stories: [1, 2, 4].map(StoryId).into(), articles: BTreeSet::new() };
            let hood = neighbourhood(transaction, &query, Statistics::default(), Candidates::default()).unwrap();
            assert_eq!(hood.thread_sizes, [(ThreadId(7), 36), (ThreadId(8), 0)].into());
            assert_eq!(hood.story_links, [(1, 2), (2, 4)].map(|(a, b)| (StoryId(a), StoryId(b))).into());
        });
    }
}
