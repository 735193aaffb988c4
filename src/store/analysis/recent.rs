//! The large indexes by hash: sampled shingles, terms of stories, document frequencies.
//!
//! A batch's rows lie all over such an index, in a large one each on a page of its own, and a page is written twice: to
//! the log and to the file. So rows are written to a small table beside it first. As many as come in beyond its limit go
//! over to the large table, always the next stretch of keys, in order: they share pages there, no run has more to move
//! than it brought, and none ever moves everything. A row is in one of the two tables; a document frequency is the sum of
//! both. What is asked for is looked up in both, but for what the large one can't have: shingles that its filter doesn't know
//! ([`super::filter`]) and, since only closed stories go over, stories of these days.
//!
//! ```text
//! batch ─▶ recent table ─▶ roll: the next stretch of keys ─▶ large table
//! ```

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::filter;
use crate::model::{ArticleId, StoryId, Timestamp};
use crate::store::StoreError;

/// A small table before a large one, and how a stretch of keys goes from one to the other.
struct Index {
    /// Where `corpus_statistics` keeps the number of recent rows.
    n_recent: &'static str,
    /// Where `corpus_statistics` keeps the key that the next stretch begins with.
    next_key: &'static str,
    /// Rows that stay in the small table.
    max_recent: i64,
    /// The key of the row so many places after the first of a key.
    key_at: &'static str,
    /// Copies the rows from one key to another.
    copy: &'static str,
    /// Removes them from the small table.
    remove: &'static str,
    /// Whether the filter is told which stretch goes over.
    has_filter: bool,
}

/// Small tables of 4,000 pages (16 MB) cost a batch of a thousand articles about as much as the stretch that goes over to
/// the index of a million articles: a smaller one makes that dearer, a larger one itself (`cargo bench --bench growth`).
const SHINGLES: Index = Index {
    n_recent: "n_recent_shingles",
    next_key: "next_shingle",
    max_recent: 1 << 20,
    key_at: "SELECT hash FROM shingle_recent WHERE hash >= ?1 ORDER BY hash LIMIT 1 OFFSET ?2",
    copy: "INSERT OR IGNORE INTO shingle (hash, article_id)
           SELECT hash, article_id FROM shingle_recent WHERE hash BETWEEN ?1 AND ?2 ORDER BY hash, article_id",
    remove: "DELETE FROM shingle_recent WHERE hash BETWEEN ?1 AND ?2",
    has_filter: true,
};

/// Rows of stories in the small table from which those of closed stories go over.
const MAX_OPEN_TERMS: i64 = 1 << 19;

/// How long after its last article a story's rows stay in the small table, seconds: twice the days that a story is open for
/// (`ClusterOptions::window_days`), so that what comes in late is looked up there alone, too.
const OPEN_S: i64 = 28 * 86_400;

/// Rows of the small table that are looked through for each that came in, for closed stories: so it is at most twice as large
/// as what is open.
const SWEEP: i64 = 2;

/// Most terms of a batch are in the small table already, so that it may be smaller.
const FREQUENCIES: Index = Index {
    n_recent: "n_recent_frequencies",
    next_key: "next_frequency",
    max_recent: 1 << 18,
    key_at: "SELECT term FROM term_document_frequency_recent WHERE term >= ?1 ORDER BY term LIMIT 1 OFFSET ?2",
    copy: "INSERT INTO term_document_frequency (term, n_documents)
           SELECT term, n_change FROM term_document_frequency_recent WHERE term BETWEEN ?1 AND ?2 ORDER BY term
           ON CONFLICT (term) DO UPDATE SET n_documents = max(0, n_documents + excluded.n_documents)",
    remove: "DELETE FROM term_document_frequency_recent WHERE term BETWEEN ?1 AND ?2",
    has_filter: false,
};

/// A row of the index of stories: the term, the story's latest article, the story.
pub(super) type StoryTerm = (u32, Timestamp, StoryId);

/// The articles a sampled shingle occurs in, ascending, the first `limit` of them.
pub(super) fn articles_of_shingle(
    connection: &Connection,
    hash: u32,
    is_in_large: bool,
    limit: usize,
) -> Result<Vec<ArticleId>, StoreError> {
    let n_rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut articles: Vec<ArticleId> = Vec::new();
    let questions = [
        "SELECT article_id FROM shingle_recent WHERE hash = ?1 ORDER BY article_id LIMIT ?2",
        "SELECT article_id FROM shingle WHERE hash = ?1 ORDER BY article_id LIMIT ?2",
    ];
    for sql in &questions[..1 + usize::from(is_in_large)] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![hash, n_rows])?;
        while let Some(row) = rows.next()? {
            articles.push(ArticleId(row.get(0)?));
        }
    }
    articles.sort_unstable();
    articles.truncate(limit);
    Ok(articles)
}

/// The time of the latest story that may have rows in the large table; none where nobody has noted it.
fn latest_large(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM corpus_statistics WHERE name = 'latest_large_story'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Whether the large table may have stories of this time or later.
pub(super) fn has_large_stories_since(connection: &Connection, since: Timestamp) -> Result<bool, StoreError> {
    Ok(latest_large(connection)?.is_none_or(|latest| latest >= since.0))
}

/// The stories of a stretch of time that a term is a top term of, with its weight there, ascending by story: the latest
/// `limit` of them.
pub(super) fn stories_of_term(
    connection: &Connection,
    term: u32,
    (since, until): (Timestamp, Timestamp),
    is_in_large: bool,
    limit: usize,
) -> Result<Vec<(StoryId, f32)>, StoreError> {
    let n_rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found: Vec<(i64, StoryId, f64)> = Vec::new();
    let questions = [
        "SELECT last_time, story_id, weight FROM story_term_recent WHERE term = ?1 AND last_time BETWEEN ?2 AND ?3
         ORDER BY last_time DESC, story_id DESC LIMIT ?4",
        "SELECT last_time, story_id, weight FROM story_term WHERE term = ?1 AND last_time BETWEEN ?2 AND ?3
         ORDER BY last_time DESC, story_id DESC LIMIT ?4",
    ];
    for sql in &questions[..1 + usize::from(is_in_large)] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![term, since.0, until.0, n_rows])?;
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, StoryId(row.get(1)?), row.get(2)?));
        }
    }
    if found.len() > limit {
        found.sort_by_key(|(last_time, story, _)| std::cmp::Reverse((*last_time, *story)));
        found.truncate(limit);
    }
    #[expect(clippy::cast_possible_truncation, reason = "weights were stored from single precision")]
    let mut stories: Vec<(StoryId, f32)> = found.into_iter().map(|(_, story, weight)| (story, weight as f32)).collect();
    stories.sort_by_key(|(story, _)| *story);
    Ok(stories)
}

/// In how many documents a term occurs; none where the store has never seen it.
pub(super) fn document_frequency(connection: &Connection, term: u32) -> Result<Option<u32>, StoreError> {
    let mut sum = None;
    for sql in [
        "SELECT n_documents FROM term_document_frequency WHERE term = ?1",
        "SELECT n_change FROM term_document_frequency_recent WHERE term = ?1",
    ] {
        let n: Option<i64> = connection.prepare_cached(sql)?.query_row([term], |row| row.get(0)).optional()?;
        if let Some(n) = n {
            sum = Some(sum.unwrap_or(0) + n);
        }
    }
    Ok(sum.map(|sum: i64| u32::try_from(sum.max(0)).unwrap_or(u32::MAX)))
}

/// Takes sampled shingles of articles out of the index and adds others.
pub(super) fn change_shingles(
    transaction: &Transaction<'_>,
    mut gone: Vec<(u32, ArticleId)>,
    mut new: Vec<(u32, ArticleId)>,
) -> Result<(), StoreError> {
    // In the order of the tree each page is visited once.
    gone.sort_unstable();
    new.sort_unstable();
    let mut n_more = 0;
    let mut remove = transaction.prepare_cached("DELETE FROM shingle_recent WHERE hash = ?1 AND article_id = ?2")?;
    let mut remove_large = transaction.prepare_cached("DELETE FROM shingle WHERE hash = ?1 AND article_id = ?2")?;
    for (hash, article) in gone {
        if remove.execute(params![hash, article.0])? > 0 {
            n_more -= 1;
        } else {
            remove_large.execute(params![hash, article.0])?;
        }
    }
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO shingle_recent (hash, article_id) VALUES (?1, ?2)")?;
    for (hash, article) in new {
        n_more += count(insert.execute(params![hash, article.0])?);
    }
    roll(transaction, &SHINGLES, n_more)
}

/// Takes terms of stories out of the index and adds others with their weights; `now` tells which stories are closed.
pub(super) fn change_story_terms(
    transaction: &Transaction<'_>,
    mut gone: Vec<StoryTerm>,
    mut new: Vec<(StoryTerm, f32)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    gone.sort_unstable();
    new.sort_unstable_by_key(|(row, _)| *row);
    let (mut n_gone, mut n_new) = (0, 0);
    let mut remove = transaction
        .prepare_cached("DELETE FROM story_term_recent WHERE term = ?1 AND last_time = ?2 AND story_id = ?3")?;
    let mut remove_large =
        transaction.prepare_cached("DELETE FROM story_term WHERE term = ?1 AND last_time = ?2 AND story_id = ?3")?;
    for (term, last_time, story) in gone {
        if remove.execute(params![term, last_time.0, story.0])? > 0 {
            n_gone += 1;
        } else {
            remove_large.execute(params![term, last_time.0, story.0])?;
        }
    }
    let mut insert = transaction
        .prepare_cached("INSERT INTO story_term_recent (term, last_time, story_id, weight) VALUES (?1, ?2, ?3, ?4)")?;
    for ((term, last_time, story), weight) in new {
        n_new += count(insert.execute(params![term, last_time.0, story.0, f64::from(weight)])?);
    }
    sweep(transaction, n_gone, n_new, now.plus(-OPEN_S), MAX_OPEN_TERMS)
}

/// Adds to document frequencies; `changes` ascend by term.
pub(super) fn change_frequencies(transaction: &Transaction<'_>, changes: &[(u32, i64)]) -> Result<(), StoreError> {
    let mut n_more = 0;
    let mut add = transaction
        .prepare_cached("UPDATE term_document_frequency_recent SET n_change = n_change + ?2 WHERE term = ?1")?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO term_document_frequency_recent (term, n_change) VALUES (?1, ?2)")?;
    for (term, change) in changes {
        if add.execute(params![term, change])? == 0 {
            n_more += count(insert.execute(params![term, change])?);
        }
    }
    roll(transaction, &FREQUENCIES, n_more)
}

fn count(n_rows: usize) -> i64 {
    i64::try_from(n_rows).unwrap_or(i64::MAX)
}

/// A number that stands in `corpus_statistics`, 0 where it doesn't.
fn value(transaction: &Transaction<'_>, name: &str) -> Result<i64, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT value FROM corpus_statistics WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn set_value(transaction: &Transaction<'_>, name: &str, value: i64) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO corpus_statistics (name, value) VALUES (?1, ?2)")?
        .execute(params![name, value])?;
    Ok(())
}

/// The key of the row so many places after the first of a key.
fn key_after(transaction: &Transaction<'_>, sql: &str, from: i64, n_rows: i64) -> Result<Option<i64>, StoreError> {
    Ok(transaction.prepare_cached(sql)?.query_row([from, n_rows], |row| row.get(0)).optional()?)
}

/// Notes that the small table has `n_more` rows more (or fewer) and moves what is beyond its limit.
fn roll(transaction: &Transaction<'_>, index: &Index, n_more: i64) -> Result<(), StoreError> {
    let (mut n_recent, mut from) = (value(transaction, index.n_recent)? + n_more, value(transaction, index.next_key)?);
    while n_recent > index.max_recent {
        let last = key_after(transaction, index.key_at, from, n_recent - index.max_recent - 1)?;
        let to = last.unwrap_or(i64::MAX);
        if index.has_filter {
            filter::note(transaction, from, to)?;
        }
        transaction.prepare_cached(index.copy)?.execute([from, to])?;
        n_recent -= count(transaction.prepare_cached(index.remove)?.execute([from, to])?);
        // At the end of the keys it goes on at their beginning; when it began there, nothing is left.
        n_recent = if last.is_none() && from == 0 { 0 } else { n_recent };
        from = last.map_or(0, |last| last + 1);
    }
    set_value(transaction, index.n_recent, n_recent)?;
    set_value(transaction, index.next_key, from)
}

/// Notes rows that went and came, and looks through the next stretch of the small table's keys once it has more than
/// `max_recent` rows: those of stories whose last article is older than `closed` go over.
fn sweep(
    transaction: &Transaction<'_>,
    n_gone: i64,
    n_new: i64,
    closed: Timestamp,
    max_recent: i64,
) -> Result<(), StoreError> {
    let mut n_recent = value(transaction, "n_recent_story_terms")? + n_new - n_gone;
    if n_recent > max_recent {
        let latest = match latest_large(transaction)? {
            Some(latest) => latest,
            // A database of an older version moved rows whatever their time.
            None => transaction
                .query_row("SELECT max(last_time) FROM story_term", [], |row| row.get::<_, Option<i64>>(0))?
                .unwrap_or(i64::MIN),
        };
        set_value(transaction, "latest_large_story", latest.max(closed.0 - 1))?;
        let from = value(transaction, "next_story_term")?;
        let key_at = "SELECT term FROM story_term_recent WHERE term >= ?1 ORDER BY term LIMIT 1 OFFSET ?2";
        let last = key_after(transaction, key_at, from, SWEEP * n_new)?;
        let stretch = params![from, last.unwrap_or(i64::MAX), closed.0];
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO story_term (term, last_time, story_id, weight)
                 SELECT term, last_time, story_id, weight FROM story_term_recent
                 WHERE term BETWEEN ?1 AND ?2 AND last_time < ?3 ORDER BY term, last_time, story_id",
            )?
            .execute(stretch)?;
        n_recent -= count(
            transaction
                .prepare_cached("DELETE FROM story_term_recent WHERE term BETWEEN ?1 AND ?2 AND last_time < ?3")?
                .execute(stretch)?,
        );
        set_value(transaction, "next_story_term", last.map_or(0, |last| last + 1))?;
    }
    set_value(transaction, "n_recent_story_terms", n_recent.max(0))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::store::Store;

    fn number(transaction: &Transaction<'_>, sql: &str) -> i64 {
        transaction.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Stretches of keys go over until the small table is within its limit; nothing is lost, doubled or counted wrong.
    fn assert_within(transaction: &Transaction<'_>, index: &Index, table: &str) {
        roll(transaction, index, 0).unwrap();
        let n_recent = number(transaction, &format!("SELECT count(*) FROM {table}_recent"));
        assert!(n_recent <= index.max_recent, "{n_recent} rows of {table}");
        let counted = format!("SELECT value FROM corpus_statistics WHERE name = '{}'", index.n_recent);
        assert_eq!(n_recent, number(transaction, &counted), "{table}");
    }

    fn write(check: impl FnOnce(&Transaction<'_>) + Send + 'static) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("news.db")).unwrap();
        store
            .write(move |transaction| {
                check(transaction);
                Ok(())
            })
            .unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 40, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default()
        })]

        #[test]
        fn shingles_are_found_wherever_they_lie(
            batches in proptest::collection::vec(proptest::collection::btree_set((0..12_u32, 0..6_i64), 0..9), 1..9),
        ) {
            write(move |transaction| {
                let small = Index { max_recent: 5, ..SHINGLES };
                let mut expected: BTreeSet<(u32, i64)> = BTreeSet::new();
                for batch in batches {
                    // What is there goes, what is not comes.
                    let rows = |rows: Vec<&(u32, i64)>| rows.into_iter().map(|(hash, id)| (*hash, ArticleId(*id))).collect();
                    let gone = rows(batch.intersection(&expected).collect());
                    let new = rows(batch.difference(&expected).collect());
                    change_shingles(transaction, gone, new).unwrap();
                    expected = expected.symmetric_difference(&batch).copied().collect();
                    assert_within(transaction, &small, "shingle");
                    for hash in 0..12 {
                        let found = articles_of_shingle(transaction, hash, true, 3).unwrap();
                        let row = expected.range((hash, 0)..(hash + 1, 0)).take(3).map(|(_, id)| ArticleId(*id));
                        assert_eq!(found, row.collect::<Vec<_>>());
                    }
                }
                let n_rows = "SELECT (SELECT count(*) FROM shingle) + (SELECT count(*) FROM shingle_recent)";
                assert_eq!(number(transaction, n_rows), i64::try_from(expected.len()).unwrap());
            });
        }

        #[test]
        fn the_latest_stories_of_a_term_are_found_wherever_they_lie(
            batches in proptest::collection::vec(proptest::collection::btree_set((0..4_u32, 0..6_i64, 0..6_i64), 0..9), 1..9),
        ) {
            write(move |transaction| {
                let mut expected: BTreeSet<(u32, i64, i64)> = BTreeSet::new();
                for (batch, closed) in batches.into_iter().zip(0..) {
                    let row = |row: &(u32, i64, i64)| (row.0, Timestamp(row.1), StoryId(row.2));
                    let gone = batch.intersection(&expected).map(row).collect();
                    let new = batch.difference(&expected).map(|found| (row(found), 0.25 + found.2 as f32)).collect();
                    change_story_terms(transaction, gone, new, Timestamp(0)).unwrap();
                    expected = expected.symmetric_difference(&batch).copied().collect();
                    sweep(transaction, 0, count(batch.len()), Timestamp(closed / 2), 3).unwrap();
                    set_value(transaction, "n_recent_story_terms", number(transaction, "SELECT count(*) FROM story_term_recent")).unwrap();
                    for since in 0..6 {
                        let is_in_large = has_large_stories_since(transaction, Timestamp(since)).unwrap();
                        let large = format!("SELECT count(*) FROM story_term WHERE last_time >= {since}");
                        assert!(is_in_large || number(transaction, &large) == 0, "no story of these days is in the large table");
                        for term in 0..4 {
                            let window = (Timestamp(since), Timestamp(4));
                            let found = stories_of_term(transaction, term, window, is_in_large, 3).unwrap();
                            let latest = expected.iter().rev().filter(|row| row.0 == term && (since..=4).contains(&row.1));
                            let mut latest: Vec<_> = latest.take(3).map(|row| (StoryId(row.2), 0.25 + row.2 as f32)).collect();
                            latest.sort_by_key(|(story, _)| *story);
                            assert_eq!(found, latest);
                        }
                    }
                }
            });
        }

        #[test]
        fn a_frequency_is_the_sum_of_all_changes(
            batches in proptest::collection::vec(proptest::collection::btree_map(0..12_u32, 1..4_i64, 0..9), 1..9),
        ) {
            write(move |transaction| {
                let small = Index { max_recent: 5, ..FREQUENCIES };
                let mut expected: BTreeMap<u32, i64> = BTreeMap::new();
                for (at, batch) in batches.into_iter().enumerate() {
                    // Every third batch takes back what the store has.
                    let changes: Vec<(u32, i64)> = batch
                        .into_iter()
                        .map(|(term, n)| (term, if at % 3 == 2 { -expected.get(&term).unwrap_or(&0).min(&n) } else { n }))
                        .collect();
                    change_frequencies(transaction, &changes).unwrap();
                    for (term, change) in changes {
                        *expected.entry(term).or_default() += change;
                    }
                    assert_within(transaction, &small, "term_document_frequency");
                    for term in 0..12 {
                        let found = document_frequency(transaction, term).unwrap();
                        assert_eq!(found.map(i64::from), expected.get(&term).copied());
                    }
                }
            });
        }
    }

    /// Round and round, until only open stories and few others are left; the count is the table's.
    #[test]
    fn closed_stories_go_over_and_open_ones_stay() {
        write(|transaction| {
            let day = |day: i64| Timestamp(day * 86_400);
            let rows = |days: std::ops::Range<i64>| -> Vec<(StoryTerm, f32)> {
                days.flat_map(|at| (0..10).map(move |term| ((term, day(at), StoryId(at)), 0.5))).collect()
            };
            change_story_terms(transaction, Vec::new(), rows(0..60), day(60)).unwrap();
            assert_eq!(number(transaction, "SELECT count(*) FROM story_term"), 0, "there is room");
            for _ in 0..8 {
                sweep(transaction, 0, 0, day(60).plus(-OPEN_S), 0).unwrap();
            }
            let (small, large) = ("SELECT count(*) FROM story_term_recent", "SELECT count(*) FROM story_term");
            assert_eq!(
                (number(transaction, small), number(transaction, large)),
                (344, 256),
                "a stretch is a key at least"
            );
            for _ in 0..8 {
                sweep(transaction, 100, 100, day(60).plus(-OPEN_S), 0).unwrap();
            }
            assert_eq!((number(transaction, small), number(transaction, large)), (280, 320));
            assert_eq!(value(transaction, "n_recent_story_terms").unwrap(), 280);
            assert!(!has_large_stories_since(transaction, day(32)).unwrap());
            assert!(has_large_stories_since(transaction, day(31)).unwrap());
            // A story that closed goes on.
            let gone: Vec<StoryTerm> = rows(5..6).into_iter().map(|(row, _)| row).collect();
            change_story_terms(transaction, gone, vec![((3, day(61), StoryId(5)), 0.5)], day(61)).unwrap();
            assert_eq!((number(transaction, small), number(transaction, large)), (281, 310));
        });
    }

    #[test]
    fn a_wrong_count_is_found_out() {
        write(|transaction| {
            let small = Index { max_recent: 2, ..SHINGLES };
            change_shingles(transaction, Vec::new(), (0..9).map(|hash| (hash, ArticleId(1))).collect()).unwrap();
            transaction
                .execute("UPDATE corpus_statistics SET value = 99 WHERE name = 'n_recent_shingles'", [])
                .unwrap();
            assert_within(transaction, &small, "shingle");
            assert_eq!(number(transaction, "SELECT count(*) FROM shingle"), 9);
        });
    }
}
