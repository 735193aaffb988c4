//! Derived data: what analysis asks of the past, and what it writes back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::StoreError;
use super::articles::claimed_date;
use crate::attribution::{Attribution, AttributionKind};
use crate::cluster::roles::{StoryMember, StoryReading};
use crate::cluster::translation::{self, Anchors};
use crate::cluster::{
    ALGORITHM_VERSION, CandidateQuery, Candidates, ClusterPlan, Constraints, CopyGrade, Item, Membership,
    NearDuplicate, Neighbourhood, NextIds, PlacedItem, RowQuery, Statistics, StoredStory, TimeBasis,
};
use crate::fingerprint::Fingerprint;
use crate::model::{
    ArticleId, BodyState, ClaimedDate, GroupId, OutgoingLink, OutletId, OutletKind, RunId, StoryId, ThreadId,
    Timestamp, VersionId,
};

/// An article's current version, with everything analysis reads of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisInput {
    /// The article.
    pub article: ArticleId,
    /// Its version.
    pub version: VersionId,
    /// Its outlet.
    pub outlet: Option<OutletId>,
    /// The outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// Canonical URL.
    pub identity: String,
    /// When we first saw the article.
    pub first_seen_at: Timestamp,
    /// Whether the version came with an import, so that our first sight tells nothing of its age.
    pub imported: bool,
    /// Headline.
    pub title: String,
    /// Byline.
    pub byline: String,
    /// BCP 47 language as claimed.
    pub language: Option<String>,
    /// Claimed publication.
    pub published: Option<ClaimedDate>,
    /// Text; empty when there is none.
    pub body: String,
    /// What the text is.
    pub body_state: BodyState,
    /// Credit lines outside the text.
    pub credit_lines: Vec<String>,
    /// Links of the text.
    pub links: Vec<OutgoingLink>,
}

/// What is derived from one article alone.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleReading {
    /// The article.
    pub article: ArticleId,
    /// Credits found in it.
    pub attributions: Vec<Attribution>,
}

const INPUT: &str = "
SELECT a.id, v.id, a.outlet_id, o.domain, a.identity, a.first_seen_at, v.title, v.byline, v.language,
       v.published_raw, v.published_at, v.published_offset, v.published_precision, v.published_flags,
       v.body, v.body_state, v.credit_lines, v.source = 'import'
FROM version v JOIN article a ON a.id = v.article_id LEFT JOIN outlet o ON o.id = a.outlet_id
WHERE v.id = ?1";

/// Pending articles with what orders them: version, claimed time (if usable), first sight, identity.
///
/// # Errors
/// When SQLite refuses.
pub fn pending(connection: &Connection) -> Result<Vec<VersionId>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT s.current_version FROM pending_analysis p JOIN article_state s ON s.article_id = p.article_id
         JOIN version v ON v.id = s.current_version JOIN article a ON a.id = p.article_id
         ORDER BY CASE WHEN v.published_at IS NULL OR v.published_flags <> 0 THEN a.first_seen_at ELSE v.published_at END,
                  a.identity",
    )?;
    let rows = statement.query_map([], |row| row.get(0).map(VersionId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The recorded runs in order, with their `now` and inputs: what a rebuild replays.
///
/// # Errors
/// When SQLite refuses.
pub fn recorded_runs(connection: &Connection) -> Result<Vec<(RunId, Timestamp)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, now FROM analysis_run ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((RunId(row.get(0)?), Timestamp(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The versions a recorded run was given.
///
/// # Errors
/// When SQLite refuses.
pub fn recorded_inputs(connection: &Connection, run: RunId) -> Result<Vec<VersionId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT version_id FROM analysis_input WHERE run_id = ?1 ORDER BY version_id")?;
    let rows = statement.query_map([run.0], |row| row.get(0).map(VersionId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Loads versions with their texts and links.
///
/// # Errors
/// When SQLite refuses.
pub fn inputs(connection: &Connection, versions: &[VersionId]) -> Result<Vec<AnalysisInput>, StoreError> {
    let mut statement = connection.prepare_cached(INPUT)?;
    let mut link_statement =
        connection.prepare_cached("SELECT url, anchor, sentence FROM link WHERE version_id = ?1 ORDER BY position")?;
    let mut found = Vec::with_capacity(versions.len());
    for version in versions {
        let mut input = statement.query_row([version.0], |row| {
            Ok(AnalysisInput {
                article: ArticleId(row.get(0)?),
                version: VersionId(row.get(1)?),
                outlet: row.get::<_, Option<i64>>(2)?.map(OutletId),
                outlet_domain: row.get(3)?,
                identity: row.get(4)?,
                first_seen_at: Timestamp(row.get(5)?),
                imported: row.get(17)?,
                title: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                byline: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
                language: row.get(8)?,
                published: claimed_date(row, 9)?,
                body: row.get::<_, Option<String>>(14)?.unwrap_or_default(),
                body_state: BodyState::from_stored(&row.get::<_, String>(15)?),
                credit_lines: super::from_json_list(row.get::<_, Option<String>>(16)?.as_deref()),
                links: Vec::new(),
            })
        })?;
        let links = link_statement.query_map([version.0], |row| {
            Ok(OutgoingLink { url: row.get(0)?, anchor: row.get(1)?, sentence: row.get(2)? })
        })?;
        input.links = links.collect::<Result<_, _>>()?;
        found.push(input);
    }
    Ok(found)
}

/// Answers the first question: document frequencies.
///
/// # Errors
/// When SQLite refuses.
pub fn statistics(connection: &Connection, terms: &BTreeSet<u32>) -> Result<Statistics, StoreError> {
    let n_documents: Option<i64> = connection
        .prepare_cached("SELECT value FROM corpus_statistics WHERE name = 'n_documents'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let mut document_frequency = HashMap::new();
    if n_documents.unwrap_or(0) > 0 {
        let mut statement =
            connection.prepare_cached("SELECT n_documents FROM term_document_frequency WHERE term = ?1")?;
        for term in terms {
            if let Some(n) = statement.query_row([*term], |row| row.get::<_, u32>(0)).optional()? {
                document_frequency.insert(*term, n);
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
    let n_articles = i64::try_from(query.max_articles_per_shingle + 1).unwrap_or(i64::MAX);
    let mut shingle_statement =
        connection.prepare_cached("SELECT article_id FROM shingle WHERE hash = ?1 ORDER BY article_id LIMIT ?2")?;
    for hash in &query.shingles {
        let rows = shingle_statement.query_map(params![hash, n_articles], |row| row.get(0).map(ArticleId))?;
        let articles: Vec<ArticleId> = rows.collect::<Result<_, _>>()?;
        if !articles.is_empty() {
            answer.shingles.insert(*hash, articles);
        }
    }
    let n_stories = i64::try_from(query.max_stories_per_term).unwrap_or(i64::MAX);
    let mut term_statement = connection.prepare_cached(
        "SELECT story_id, weight FROM story_term WHERE term = ?1 AND last_time BETWEEN ?2 AND ?3
         ORDER BY last_time DESC, story_id DESC LIMIT ?4",
    )?;
    for term in &query.terms {
        let rows = term_statement
            .query_map(params![term, query.stories_since.0, query.stories_until.0, n_stories], |row| {
                Ok((StoryId(row.get(0)?), row.get::<_, f64>(1)?))
            })?;
        let mut stories = Vec::new();
        for row in rows {
            let (story, weight) = row?;
            #[expect(clippy::cast_possible_truncation, reason = "weights were stored from single precision")]
            stories.push((story, weight as f32));
        }
        stories.sort_by_key(|(story, _)| *story);
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

/// Adds the articles that editors bound to those of a batch, so that the decision finds their stories.
pub fn with_bound(mut query: RowQuery, batch: &BTreeSet<ArticleId>, constraints: &Constraints) -> RowQuery {
    for set in constraints.together.iter().filter(|set| !set.is_disjoint(batch)) {
        query.articles.extend(set);
    }
    query
}

pub(super) fn placed_item(connection: &Connection, article: ArticleId) -> Result<Option<PlacedItem>, StoreError> {
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

fn group_members(connection: &Connection, group: GroupId) -> Result<BTreeSet<ArticleId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT article_id FROM analyzed_article WHERE group_id = ?1")?;
    let rows = statement.query_map([group.0], |row| row.get(0).map(ArticleId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored_story(connection: &Connection, story: StoryId) -> Result<Option<StoredStory>, StoreError> {
    let stored = connection
        .prepare_cached(
            "SELECT thread_id, first_time, last_time, n_outlets, title, language, state FROM story WHERE id = ?1",
        )?
        .query_row([story.0], |row| {
            Ok(StoredStory {
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
            })
        })
        .optional()?;
    let Some(mut stored) = stored else { return Ok(None) };
    let mut members = connection.prepare_cached(
        "SELECT d.article_id FROM analyzed_article d JOIN article a ON a.id = d.article_id
         WHERE d.story_id = ?1 ORDER BY d.event_time, a.identity",
    )?;
    stored.members = members.query_map([story.0], |row| row.get(0).map(ArticleId))?.collect::<Result<_, _>>()?;
    let mut terms =
        connection.prepare_cached("SELECT term, weight FROM story_term WHERE story_id = ?1 ORDER BY term")?;
    #[expect(clippy::cast_possible_truncation, reason = "weights were stored from single precision")]
    let rows = terms.query_map([story.0], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, f64>(1)? as f32)))?;
    stored.index_terms = rows.collect::<Result<_, _>>()?;
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

/// Whether what is derived was derived by another version of the algorithm: then it has to be derived again before more
/// can be added to it.
///
/// # Errors
/// When SQLite refuses.
pub fn is_outdated(connection: &Connection) -> Result<bool, StoreError> {
    let value = |name: &str| -> Result<Option<i64>, StoreError> {
        Ok(connection
            .prepare_cached("SELECT value FROM corpus_statistics WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    };
    Ok(value("n_documents")?.is_some() && value("algorithm_version")? != Some(ALGORITHM_VERSION))
}

/// Records a run and its inputs as facts, and takes them off the pending list.
///
/// # Errors
/// When SQLite refuses.
pub fn record_run(
    transaction: &Transaction<'_>,
    inputs: &[(ArticleId, VersionId)],
    now: Timestamp,
) -> Result<RunId, StoreError> {
    transaction.execute(
        "INSERT INTO analysis_run (now, recorded_at, n_inputs) VALUES (?1, ?1, ?2)",
        params![now.0, i64::try_from(inputs.len()).unwrap_or(i64::MAX)],
    )?;
    let run = RunId(transaction.last_insert_rowid());
    let mut insert = transaction.prepare_cached("INSERT INTO analysis_input (run_id, version_id) VALUES (?1, ?2)")?;
    // A version that came in while the batch was decided stays pending.
    let mut done = transaction.prepare_cached(
        "DELETE FROM pending_analysis WHERE article_id = ?1
         AND ?2 = (SELECT current_version FROM article_state WHERE article_id = ?1)",
    )?;
    for (article, version) in inputs {
        insert.execute([run.0, version.0])?;
        done.execute([article.0, version.0])?;
    }
    Ok(run)
}

/// Writes what a batch decided.
///
/// # Errors
/// When SQLite refuses.
pub fn apply(
    transaction: &Transaction<'_>,
    plan: &ClusterPlan,
    batch: &BTreeSet<ArticleId>,
    readings: &[ArticleReading],
    now: Timestamp,
) -> Result<(), StoreError> {
    let memberships: HashMap<ArticleId, &Membership> =
        plan.memberships.iter().map(|(article, membership)| (*article, membership)).collect();
    for placed in &plan.placed {
        apply_placed(transaction, placed, memberships.get(&placed.item.article).copied(), batch)?;
    }
    for article in batch {
        for sql in [
            "DELETE FROM near_duplicate WHERE copy_id = ?1",
            "DELETE FROM near_duplicate WHERE source_id = ?1",
            "DELETE FROM attribution WHERE article_id = ?1",
        ] {
            transaction.prepare_cached(sql)?.execute([article.0])?;
        }
    }
    let mut edge_statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO near_duplicate (copy_id, source_id, algorithm_version, containment_of_copy,
           containment_of_source, resemblance, n_shared, grade) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for edge in &plan.edges {
        edge_statement.execute(params![
            edge.copy.0,
            edge.source.0,
            ALGORITHM_VERSION,
            edge.containment_of_copy,
            edge.containment_of_source,
            edge.resemblance,
            edge.n_shared,
            edge.grade.as_str()
        ])?;
    }
    apply_stories(transaction, plan, now)?;
    let mut attribution_statement = transaction.prepare_cached(
        "INSERT INTO attribution (article_id, position, algorithm_version, kind, outlet_name, outlet_domain, cue, sentence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for reading in readings {
        for (position, found) in (0_i64..).zip(&reading.attributions) {
            attribution_statement.execute(params![
                reading.article.0,
                position,
                ALGORITHM_VERSION,
                found.kind.as_str(),
                found.outlet_name,
                found.outlet_domain,
                found.cue,
                found.sentence
            ])?;
        }
    }
    let mut frequency = transaction.prepare_cached(
        "INSERT INTO term_document_frequency (term, n_documents) VALUES (?1, max(0, ?2))
         ON CONFLICT (term) DO UPDATE SET n_documents = max(0, n_documents + ?2)",
    )?;
    for (term, change) in &plan.document_frequency_changes {
        frequency.execute(params![term, change])?;
    }
    transaction.execute(
        "INSERT INTO corpus_statistics (name, value) VALUES ('n_documents', max(0, ?1))
         ON CONFLICT (name) DO UPDATE SET value = max(0, value + ?1)",
        [plan.n_documents_change],
    )?;
    transaction.execute(
        "INSERT OR REPLACE INTO corpus_statistics (name, value) VALUES ('algorithm_version', ?1)",
        [ALGORITHM_VERSION],
    )?;
    for (name, next) in [
        ("near_duplicate_group", plan.next_ids.group.0),
        ("story", plan.next_ids.story.0),
        ("thread", plan.next_ids.thread.0),
    ] {
        transaction
            .execute("UPDATE id_sequence SET next_id = max(next_id, ?2) WHERE name = ?1", params![name, next])?;
    }
    Ok(())
}

fn apply_placed(
    transaction: &Transaction<'_>,
    placed: &PlacedItem,
    membership: Option<&Membership>,
    batch: &BTreeSet<ArticleId>,
) -> Result<(), StoreError> {
    let item = &placed.item;
    let membership = membership
        .map(|membership| serde_json::to_string(membership).map_err(|_| StoreError::Damaged { what: "membership" }))
        .transpose()?;
    if !batch.contains(&item.article) {
        transaction
            .prepare_cached(
                "UPDATE analyzed_article SET group_id = ?2, story_id = ?3, membership = coalesce(?4, membership)
                 WHERE article_id = ?1 AND (group_id IS NOT ?2 OR story_id IS NOT ?3
                   OR membership IS NOT coalesce(?4, membership))",
            )?
            .execute(params![item.article.0, placed.group.map(|id| id.0), placed.story.map(|id| id.0), membership])?;
        return Ok(());
    }
    let old: Option<Vec<u8>> = transaction
        .prepare_cached("SELECT fingerprint FROM analyzed_article WHERE article_id = ?1")?
        .query_row([item.article.0], |row| row.get(0))
        .optional()?;
    if let Some(bytes) = old {
        let old = Fingerprint::decode(&bytes).map_err(|_| StoreError::Damaged { what: "fingerprint" })?;
        let mut remove = transaction.prepare_cached("DELETE FROM shingle WHERE hash = ?1 AND article_id = ?2")?;
        for hash in old.sampled_shingles() {
            remove.execute(params![hash, item.article.0])?;
        }
    }
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO shingle (hash, article_id) VALUES (?1, ?2)")?;
    for hash in item.fingerprint.sampled_shingles() {
        insert.execute(params![hash, item.article.0])?;
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO analyzed_article (article_id, version_id, algorithm_version, event_time,
               event_time_basis, language, group_id, story_id, membership, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            item.article.0,
            item.version.0,
            ALGORITHM_VERSION,
            item.event_time.0,
            item.time_basis.as_str(),
            item.language,
            placed.group.map(|id| id.0),
            placed.story.map(|id| id.0),
            membership,
            item.fingerprint.encode(),
        ])?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO pending_text (article_id) VALUES (?1)")?
        .execute([item.article.0])?;
    Ok(())
}

fn apply_stories(transaction: &Transaction<'_>, plan: &ClusterPlan, now: Timestamp) -> Result<(), StoreError> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO story (id, algorithm_version, thread_id, first_time, last_time, n_articles, n_outlets, title, language,
           created_at, changed_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET algorithm_version = excluded.algorithm_version, thread_id = excluded.thread_id,
           first_time = excluded.first_time, last_time = excluded.last_time, n_articles = excluded.n_articles,
           n_outlets = excluded.n_outlets, title = excluded.title, language = excluded.language,
           changed_at = excluded.changed_at, state = excluded.state",
    )?;
    let mut drop_terms = transaction.prepare_cached("DELETE FROM story_term WHERE story_id = ?1")?;
    let mut insert_term = transaction
        .prepare_cached("INSERT INTO story_term (term, last_time, story_id, weight) VALUES (?1, ?2, ?3, ?4)")?;
    let mut drop_links = transaction.prepare_cached("DELETE FROM story_link WHERE story_a = ?1 OR story_b = ?1")?;
    let mut old_thread = transaction.prepare_cached("SELECT thread_id FROM story WHERE id = ?1")?;
    let mut join_threads = transaction.prepare_cached("UPDATE story SET thread_id = ?2 WHERE thread_id = ?1")?;
    let mut set_story = transaction
        .prepare_cached("UPDATE analyzed_article SET story_id = ?2 WHERE article_id = ?1 AND story_id IS NOT ?2")?;
    let mut revive = transaction.prepare_cached("DELETE FROM story_redirect WHERE story_id = ?1")?;
    for story in &plan.stories {
        revive.execute([story.id.0])?;
        // When two threads join, the stories of the retired one that were not loaded follow.
        let old: Option<Option<i64>> = old_thread.query_row([story.id.0], |row| row.get(0)).optional()?;
        if let (Some(Some(old)), Some(new)) = (old, story.thread)
            && old != new.0
        {
            join_threads.execute([old, new.0])?;
        }
        for member in &story.members {
            set_story.execute([member.0, story.id.0])?;
        }
        upsert.execute(params![
            story.id.0,
            ALGORITHM_VERSION,
            story.thread.map(|id| id.0),
            story.first_time.0,
            story.last_time.0,
            i64::try_from(story.members.len()).unwrap_or(i64::MAX),
            story.n_outlets,
            story.title,
            story.language,
            now.0,
            story.state
        ])?;
        drop_terms.execute([story.id.0])?;
        for (term, weight) in &story.index_terms {
            insert_term.execute(params![term, story.last_time.0, story.id.0, f64::from(*weight)])?;
        }
    }
    let mut drop_story = transaction.prepare_cached("DELETE FROM story WHERE id = ?1")?;
    let retired = plan.retired_stories.iter().map(|(story, _)| *story).chain(plan.emptied_stories.iter().copied());
    for story in retired {
        drop_story.execute([story.0])?;
        drop_terms.execute([story.0])?;
        drop_links.execute([story.0])?;
    }
    for (story, into) in &plan.retired_stories {
        redirect(transaction, *story, *into)?;
    }
    for story in &plan.stories {
        drop_links.execute([story.id.0])?;
    }
    let mut insert_link = transaction.prepare_cached(
        "INSERT OR REPLACE INTO story_link (story_a, story_b, score, evidence) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for link in &plan.story_links {
        let evidence = serde_json::to_string(&link.signals).map_err(|_| StoreError::Damaged { what: "story link" })?;
        insert_link.execute(params![link.a.0, link.b.0, link.score, evidence])?;
    }
    Ok(())
}

/// Lets an old story id resolve to `into`, also through redirects that led to the old one.
fn redirect(transaction: &Transaction<'_>, story: StoryId, into: StoryId) -> Result<(), StoreError> {
    if story == into {
        return Ok(());
    }
    transaction.execute("UPDATE story_redirect SET into_id = ?2 WHERE into_id = ?1", [story.0, into.0])?;
    transaction
        .execute("INSERT OR REPLACE INTO story_redirect (story_id, into_id) VALUES (?1, ?2)", [story.0, into.0])?;
    Ok(())
}

/// The members of a story with what roles are read from.
///
/// # Errors
/// When SQLite refuses.
pub fn story_members(connection: &Connection, story: StoryId) -> Result<Vec<StoryMember>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.article_id, o.domain, o.kind, d.event_time, d.event_time_basis, a.first_seen_at, v.title, d.language,
                v.body_state, d.group_id, v.body, a.url, o.name
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
            time_basis: TimeBasis::from_stored(&row.get::<_, String>(4)?),
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

/// Writes roles, origins and first report of a story.
///
/// # Errors
/// When SQLite refuses.
pub fn apply_reading(
    transaction: &Transaction<'_>,
    story: StoryId,
    reading: &StoryReading,
    now: Timestamp,
) -> Result<(), StoreError> {
    // An update writes the whole row, digest included, even when it changes nothing.
    let mut role_statement = transaction.prepare_cached(
        "UPDATE analyzed_article SET role = ?2, role_evidence = ?3
         WHERE article_id = ?1 AND (role IS NOT ?2 OR role_evidence IS NOT ?3)",
    )?;
    for (article, role, evidence) in &reading.roles {
        let evidence = serde_json::to_string(evidence).map_err(|_| StoreError::Damaged { what: "role" })?;
        role_statement.execute(params![article.0, role.as_str(), evidence])?;
    }
    let first_report = reading
        .first_report
        .as_ref()
        .map(|report| serde_json::to_string(report).map_err(|_| StoreError::Damaged { what: "first report" }))
        .transpose()?;
    transaction
        .prepare_cached("UPDATE story SET n_origins = ?2, n_unsure = ?3, first_report = ?4 WHERE id = ?1")?
        .execute(params![story.0, reading.n_origins, reading.n_unsure, first_report])?;
    super::origins::record(transaction, story, reading, now)
}

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
        "DELETE FROM analyzed_article; DELETE FROM shingle; DELETE FROM term_document_frequency;
         DELETE FROM corpus_statistics; DELETE FROM near_duplicate; DELETE FROM story; DELETE FROM story_term;
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
            "UPDATE story_term SET story_id = ?2 WHERE story_id = ?1",
            "UPDATE analyzed_article SET story_id = ?2 WHERE story_id = ?1",
            "UPDATE story_link SET story_a = ?2 WHERE story_a = ?1",
            "UPDATE story_link SET story_b = ?2 WHERE story_b = ?1",
            "UPDATE story_redirect SET into_id = ?2 WHERE into_id = ?1",
        ],
    )?;
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
