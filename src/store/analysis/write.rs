//! What a batch decided goes into the derived tables.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{OptionalExtension, Transaction, params};

use super::ArticleReading;
use super::recent::{self, StoryTerm};
use crate::cluster::roles::StoryReading;
use crate::cluster::{ALGORITHM_VERSION, ClusterPlan, Membership, PlacedItem, decode_terms, encode_terms};
use crate::fingerprint::Fingerprint;
use crate::model::{ArticleId, StoryId, Timestamp};
use crate::store::{StoreError, origins};

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
    let mut shingles = ShingleChanges::default();
    for placed in &plan.placed {
        let membership = memberships.get(&placed.item.article).copied();
        apply_placed(transaction, placed, membership, batch, &mut shingles)?;
    }
    recent::change_shingles(transaction, shingles.gone, shingles.new)?;
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
    recent::change_frequencies(transaction, &plan.document_frequency_changes)?;
    transaction.execute(
        "INSERT INTO corpus_statistics (name, value) VALUES ('n_documents', max(0, ?1))
         ON CONFLICT (name) DO UPDATE SET value = max(0, value + ?1)",
        [plan.n_documents_change],
    )?;
    // Where an older version's rows are still to be derived again, an editor's decision is no reason not to.
    transaction.execute(
        "INSERT OR IGNORE INTO corpus_statistics (name, value) VALUES ('algorithm_version', ?1)",
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

/// What a batch changes in the index of sampled shingles: collected, since it is cheap in the order of the index alone.
#[derive(Debug, Default)]
struct ShingleChanges {
    gone: Vec<(u32, ArticleId)>,
    new: Vec<(u32, ArticleId)>,
}

fn apply_placed(
    transaction: &Transaction<'_>,
    placed: &PlacedItem,
    membership: Option<&Membership>,
    batch: &BTreeSet<ArticleId>,
    shingles: &mut ShingleChanges,
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
    let old: BTreeSet<u32> = match old {
        Some(bytes) => {
            let old = Fingerprint::decode(&bytes).map_err(|_| StoreError::Damaged { what: "fingerprint" })?;
            old.sampled_shingles().collect()
        }
        None => BTreeSet::new(),
    };
    let new: BTreeSet<u32> = item.fingerprint.sampled_shingles().collect();
    shingles.gone.extend(old.difference(&new).map(|hash| (*hash, item.article)));
    shingles.new.extend(new.difference(&old).map(|hash| (*hash, item.article)));
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
           created_at, changed_at, state, index_terms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET algorithm_version = excluded.algorithm_version, thread_id = excluded.thread_id,
           first_time = excluded.first_time, last_time = excluded.last_time, n_articles = excluded.n_articles,
           n_outlets = excluded.n_outlets, title = excluded.title, language = excluded.language,
           changed_at = excluded.changed_at, state = excluded.state, index_terms = excluded.index_terms",
    )?;
    let (mut gone_terms, mut new_terms) = (Vec::new(), Vec::new());
    let mut drop_links_from = transaction.prepare_cached("DELETE FROM story_link WHERE story_a = ?1")?;
    let mut drop_links_to = transaction.prepare_cached("DELETE FROM story_link WHERE story_b = ?1")?;
    let mut old = transaction.prepare_cached("SELECT thread_id, state = ?2 FROM story WHERE id = ?1")?;
    let mut set_thread = transaction.prepare_cached(
        "UPDATE story SET thread_id = ?2, title = ?3, algorithm_version = ?4, changed_at = ?5 WHERE id = ?1",
    )?;
    let mut join_threads = transaction.prepare_cached("UPDATE story SET thread_id = ?2 WHERE thread_id = ?1")?;
    let mut set_story = transaction
        .prepare_cached("UPDATE analyzed_article SET story_id = ?2 WHERE article_id = ?1 AND story_id IS NOT ?2")?;
    let mut revive = transaction.prepare_cached("DELETE FROM story_redirect WHERE story_id = ?1")?;
    for story in &plan.stories {
        revive.execute([story.id.0])?;
        // When two threads join, the stories of the retired one that were not loaded follow.
        let known: Option<(Option<i64>, bool)> =
            old.query_row(params![story.id.0, story.state], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let (Some((Some(old), _)), Some(new)) = (known, story.thread)
            && old != new.0
        {
            join_threads.execute([old, new.0])?;
        }
        // Most stories of a busy batch are here for their thread alone; members and terms are as they were.
        if known.is_some_and(|(_, is_same)| is_same) {
            let thread = story.thread.map(|id| id.0);
            set_thread.execute(params![story.id.0, thread, story.title, ALGORITHM_VERSION, now.0])?;
            continue;
        }
        for member in &story.members {
            set_story.execute([member.0, story.id.0])?;
        }
        gone_terms.extend(stored_terms(transaction, story.id)?);
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
            story.state,
            encode_terms(&story.index_terms)
        ])?;
        let row = |(term, weight): &(u32, f32)| ((*term, story.last_time, story.id), *weight);
        new_terms.extend(story.index_terms.iter().map(row));
    }
    let mut drop_story = transaction.prepare_cached("DELETE FROM story WHERE id = ?1")?;
    let retired = plan.retired_stories.iter().map(|(story, _)| *story).chain(plan.emptied_stories.iter().copied());
    for story in retired {
        gone_terms.extend(stored_terms(transaction, story)?);
        drop_story.execute([story.0])?;
        drop_links_from.execute([story.0])?;
        drop_links_to.execute([story.0])?;
    }
    recent::change_story_terms(transaction, gone_terms, new_terms, now)?;
    for (story, into) in &plan.retired_stories {
        redirect(transaction, *story, *into)?;
    }
    for story in &plan.stories {
        drop_links_from.execute([story.id.0])?;
        drop_links_to.execute([story.id.0])?;
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

/// The rows that a stored story has in the index of terms.
fn stored_terms(transaction: &Transaction<'_>, story: StoryId) -> Result<Vec<StoryTerm>, StoreError> {
    let stored: Option<(i64, Vec<u8>)> = transaction
        .prepare_cached("SELECT last_time, index_terms FROM story WHERE id = ?1")?
        .query_row([story.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((last_time, bytes)) = stored else { return Ok(Vec::new()) };
    let terms = decode_terms(&bytes).map_err(|_| StoreError::Damaged { what: "story's terms" })?;
    Ok(terms.into_iter().map(|(term, _)| (term, Timestamp(last_time), story)).collect())
}

/// Lets an old story id resolve to `into`, also through redirects that led to the old one.
pub(super) fn redirect(transaction: &Transaction<'_>, story: StoryId, into: StoryId) -> Result<(), StoreError> {
    if story == into {
        return Ok(());
    }
    transaction.execute("UPDATE story_redirect SET into_id = ?2 WHERE into_id = ?1", [story.0, into.0])?;
    transaction
        .execute("INSERT OR REPLACE INTO story_redirect (story_id, into_id) VALUES (?1, ?2)", [story.0, into.0])?;
    Ok(())
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
    origins::record(transaction, story, reading, now)
}
