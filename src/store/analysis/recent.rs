//! The large indexes by hash: sampled shingles, terms of stories, document frequencies.
//!
//! A batch's rows lie all over such an index, in a large one each on a page of its own, and a page is written twice: to
//! the log and to the file. So rows are written to a small table beside it first. As many as come in beyond its limit go
//! over to the large table, always the next stretch of keys, in order: they share pages there, no run has more to move
//! than it brought, and none ever moves everything. A row is in one of the two tables; a document frequency is the sum of
//! both. What is asked for is looked up in both, but for what the large one can't have: shingles that its filter doesn't know
//! ([`super::filter`]) and, since only closed stories go over, stories of these days. All rows lie in blocks
//! ([`super::blocks`]).
//!
//! ```text
//! batch ─▶ recent table ─▶ the next stretch of keys ─▶ large table
//! ```

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::blocks::{self, Finder, Lookup, Row, Table, table};
use super::filter;
use super::rows::{ClosedRow, FrequencyRow, ShingleRow, TermRow, closed_places, era, era_of_place, places, term_place};
use crate::model::{ArticleId, StoryId, Timestamp};
use crate::store::StoreError;

static SHINGLE: Table = table!("shingle");
static SHINGLE_RECENT: Table = table!("shingle_recent");
static STORY_TERM: Table = table!("story_term");
static STORY_TERM_RECENT: Table = table!("story_term_recent");
static FREQUENCY: Table = table!("term_document_frequency");
static FREQUENCY_RECENT: Table = table!("term_document_frequency_recent");

/// Shingles in the small table: with a million articles stored a batch of a thousand writes about as many pages of it as of
/// the stretch that goes over (1,490 and 1,340, counted on 1 December). More of them make the former dearer, fewer the latter.
const MAX_RECENT_SHINGLES: i64 = 1 << 20;

/// Rows of stories in the small table from which those of closed stories go over.
const MAX_OPEN_TERMS: i64 = 1 << 19;

/// How long after its last article a story's rows stay in the small table, seconds: twice the days that a story is open for
/// (`ClusterOptions::window_days`), so that what comes in late is looked up there alone, too.
const OPEN_S: i64 = 28 * 86_400;

/// Rows of the small table that are looked through for each that came in, for closed stories: so it is at most twice as large
/// as what is open.
const SWEEP: i64 = 2;

/// Most terms of a batch are in the small table already, so that it may be smaller.
const MAX_RECENT_FREQUENCIES: i64 = 1 << 18;

/// Rows as they lie in the large table, ascending.
fn closed_rows(rows: impl IntoIterator<Item = TermRow>) -> Vec<ClosedRow> {
    let mut rows: Vec<ClosedRow> = rows.into_iter().map(ClosedRow).collect();
    rows.sort_unstable_by_key(Row::key);
    rows
}

/// A row of the index of stories: the term, the story's latest article, the story.
pub(super) type StoryTerm = (u32, Timestamp, StoryId);

fn term_row(((term, last_time, story), weight): (StoryTerm, f32)) -> TermRow {
    TermRow { term, last_time: last_time.0, story: story.0, weight }
}

/// Looks up in which articles sampled shingles occur; fastest in the order of the hashes.
pub(super) struct Shingles<'c> {
    small: Lookup<'c, ShingleRow>,
    large: Lookup<'c, ShingleRow>,
}

impl<'c> Shingles<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { small: Lookup::new(connection, &SHINGLE_RECENT), large: Lookup::new(connection, &SHINGLE) }
    }

    /// The articles a sampled shingle occurs in, ascending, the first `limit` of them.
    pub(super) fn articles(
        &mut self,
        hash: u32,
        is_in_large: bool,
        limit: usize,
    ) -> Result<Vec<ArticleId>, StoreError> {
        let mut rows = self.small.first(places(hash), limit)?;
        if is_in_large {
            rows.extend(self.large.first(places(hash), limit)?);
            rows.sort_unstable_by_key(Row::key);
            rows.truncate(limit);
        }
        Ok(rows.into_iter().map(|row| ArticleId(row.article)).collect())
    }
}

/// The time of the latest story that may have rows in the large table; none where none has gone over.
fn latest_large(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM corpus_statistics WHERE name = 'latest_large_story'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Looks up which stories of a stretch of time have a term among their top terms; fastest in the order of the terms.
pub(super) struct StoryTerms<'c> {
    small: Lookup<'c, TermRow>,
    /// The eras of that time that the large table may have rows of, the latest first.
    large: Vec<(i64, Lookup<'c, ClosedRow>)>,
    since: i64,
    until: i64,
}

impl<'c> StoryTerms<'c> {
    pub(super) fn new(connection: &'c Connection, since: Timestamp, until: Timestamp) -> Result<Self, StoreError> {
        let latest = latest_large(connection)?.filter(|latest| *latest >= since.0);
        let first = blocks::next(connection, &STORY_TERM, i64::MIN)?.map(era_of_place);
        let eras = first.zip(latest).map(|(first, latest)| era(since.0).max(first)..=era(latest.min(until.0)));
        let lookup = |era: i64| (era, Lookup::new(connection, &STORY_TERM));
        Ok(Self {
            small: Lookup::new(connection, &STORY_TERM_RECENT),
            large: eras.into_iter().flatten().rev().map(lookup).collect(),
            since: since.0,
            until: until.0,
        })
    }

    /// The stories with their term's weight, ascending by story: the latest `limit` of them.
    pub(super) fn stories(&mut self, term: u32, limit: usize) -> Result<Vec<(StoryId, f32)>, StoreError> {
        let window = (term_place(term, self.since), term_place(term, self.until));
        let is_wanted = |row: &TermRow| (self.since..=self.until).contains(&row.last_time);
        let mut rows = self.small.last(window, limit, is_wanted)?;
        let mut n_left = limit;
        for (era, large) in &mut self.large {
            let window = closed_places(*era, term, (self.since, self.until));
            let found = large.last(window, n_left, |row| is_wanted(&row.0))?;
            n_left -= found.len();
            rows.extend(found.into_iter().map(|row| row.0));
            if n_left == 0 {
                break;
            }
        }
        if !self.large.is_empty() {
            rows.sort_unstable_by_key(|row| Reverse(row.key()));
            rows.truncate(limit);
        }
        let mut stories: Vec<(StoryId, f32)> = rows.iter().map(|row| (StoryId(row.story), row.weight)).collect();
        stories.sort_by_key(|(story, _)| *story);
        Ok(stories)
    }
}

/// Looks up in how many documents terms occur; fastest in the order of the terms.
pub(super) struct Frequencies<'c> {
    small: Finder<'c, FrequencyRow>,
    large: Finder<'c, FrequencyRow>,
}

impl<'c> Frequencies<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self, StoreError> {
        let (small, large) = (Finder::new(connection, &FREQUENCY_RECENT)?, Finder::new(connection, &FREQUENCY)?);
        Ok(Self { small, large })
    }

    /// In how many documents a term occurs; none where the store has never seen it.
    pub(super) fn of(&mut self, term: u32) -> Result<Option<u32>, StoreError> {
        let wanted = FrequencyRow { term, n: 0 };
        let (small, large) = (self.small.like(&wanted)?, self.large.like(&wanted)?);
        if small.is_none() && large.is_none() {
            return Ok(None);
        }
        let sum: i64 = small.into_iter().chain(large).fold(0, |sum, row| sum.saturating_add(row.n));
        Ok(Some(u32::try_from(sum.max(0)).unwrap_or(u32::MAX)))
    }
}

/// Takes sampled shingles of articles out of the index and adds others.
pub(super) fn change_shingles(
    transaction: &Transaction<'_>,
    gone: Vec<(u32, ArticleId)>,
    new: Vec<(u32, ArticleId)>,
) -> Result<(), StoreError> {
    let ascending = |rows: Vec<(u32, ArticleId)>| {
        let mut rows: Vec<ShingleRow> =
            rows.into_iter().map(|(hash, article)| ShingleRow { hash, article: article.0 }).collect();
        rows.sort_unstable_by_key(Row::key);
        rows.dedup_by_key(|row| row.key());
        rows
    };
    let small = blocks::change(transaction, &SHINGLE_RECENT, &ascending(gone), &ascending(new))?;
    blocks::change(transaction, &SHINGLE, &small.missing, &[])?;
    roll_shingles(transaction, small.n_new - small.n_gone, MAX_RECENT_SHINGLES)
}

/// Takes terms of stories out of the index and adds others with their weights; `now` tells which stories are closed.
pub(super) fn change_story_terms(
    transaction: &Transaction<'_>,
    gone: Vec<StoryTerm>,
    new: Vec<(StoryTerm, f32)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut gone: Vec<TermRow> = gone.into_iter().map(|row| term_row((row, 0.0))).collect();
    let mut new: Vec<TermRow> = new.into_iter().map(term_row).collect();
    gone.sort_unstable_by_key(Row::key);
    new.sort_unstable_by_key(Row::key);
    let small = blocks::change(transaction, &STORY_TERM_RECENT, &gone, &new)?;
    blocks::change(transaction, &STORY_TERM, &closed_rows(small.missing), &[])?;
    sweep(transaction, small.n_gone, small.n_new, now.plus(-OPEN_S), MAX_OPEN_TERMS)
}

/// Gives stories other ids in the index of terms, all of which is read: once for all of them.
pub(super) fn rename_stories(transaction: &Transaction<'_>, renamed: &BTreeMap<i64, i64>) -> Result<(), StoreError> {
    let rename = |row: &mut TermRow| row.story = renamed.get(&row.story).copied().unwrap_or(row.story);
    blocks::rewrite(transaction, &STORY_TERM_RECENT, rename)?;
    blocks::rewrite(transaction, &STORY_TERM, |row: &mut ClosedRow| rename(&mut row.0))
}

/// What the indexes by hash hold.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRows {
    /// Sampled shingles with the articles they occur in, ascending.
    pub shingles: Vec<(u32, ArticleId)>,
    /// Terms of stories with the time of the story's latest article and the term's weight, ascending.
    pub story_terms: Vec<(u32, Timestamp, StoryId, f32)>,
    /// Terms with the number of documents they occur in, ascending; terms of no document left out.
    pub document_frequencies: Vec<(u32, i64)>,
}

/// Reads all that the indexes hold, wherever it lies: for checks, since it is as large as the store.
///
/// # Errors
/// When SQLite refuses or a block is damaged.
pub fn index_rows(connection: &Connection) -> Result<IndexRows, StoreError> {
    let mut shingles = blocks::all::<ShingleRow>(connection, &SHINGLE)?;
    shingles.extend(blocks::all::<ShingleRow>(connection, &SHINGLE_RECENT)?);
    shingles.sort_unstable_by_key(Row::key);
    let mut terms = blocks::all::<TermRow>(connection, &STORY_TERM_RECENT)?;
    terms.extend(blocks::all::<ClosedRow>(connection, &STORY_TERM)?.into_iter().map(|row| row.0));
    terms.sort_unstable_by_key(Row::key);
    let mut frequencies: BTreeMap<u32, i64> = BTreeMap::new();
    for table in [&FREQUENCY, &FREQUENCY_RECENT] {
        for row in blocks::all::<FrequencyRow>(connection, table)? {
            *frequencies.entry(row.term).or_default() += row.n;
        }
    }
    Ok(IndexRows {
        shingles: shingles.iter().map(|row| (row.hash, ArticleId(row.article))).collect(),
        story_terms: terms
            .iter()
            .map(|row| (row.term, Timestamp(row.last_time), StoryId(row.story), row.weight))
            .collect(),
        document_frequencies: frequencies.into_iter().filter(|(_, n)| *n > 0).collect(),
    })
}

/// Moves every recent row into the large tables, whether its story is closed or not: what the indexes answer doesn't depend on it,
/// which is what it is for to check.
///
/// # Errors
/// When SQLite refuses or a block is damaged.
pub fn settle_indexes(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    roll_shingles(transaction, 0, 0)?;
    roll_frequencies(transaction, 0, 0)?;
    while value(transaction, "n_recent_story_terms")? > 0 {
        sweep(transaction, 0, MAX_OPEN_TERMS, Timestamp(i64::MAX), 0)?;
    }
    Ok(())
}

/// Adds to document frequencies; `changes` ascend by term.
pub(super) fn change_frequencies(transaction: &Transaction<'_>, changes: &[(u32, i64)]) -> Result<(), StoreError> {
    let rows: Vec<FrequencyRow> = changes.iter().map(|(term, n)| FrequencyRow { term: *term, n: *n }).collect();
    let small = blocks::change(transaction, &FREQUENCY_RECENT, &[], &rows)?;
    roll_frequencies(transaction, small.n_new, MAX_RECENT_FREQUENCIES)
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

/// Names of the notes in `corpus_statistics` about the rows of a small table: how many it has, and where the next stretch begins.
struct Notes {
    n_recent: &'static str,
    next: &'static str,
}

/// Notes that the small table has `n_more` rows more (or fewer) and moves the next blocks on, until no more than
/// `max_recent` are left; `before` is told what goes over.
fn roll<R: Row>(
    transaction: &Transaction<'_>,
    notes: &Notes,
    (small, large): (&Table, &Table),
    (n_more, max_recent): (i64, i64),
    before: impl Fn(&[R]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut n_recent, mut from) = (value(transaction, notes.n_recent)? + n_more, value(transaction, notes.next)?);
    while n_recent > max_recent {
        let stretch = blocks::take::<R>(transaction, small, from, n_recent - max_recent)?;
        before(&stretch.rows)?;
        blocks::change(transaction, large, &[], &stretch.rows)?;
        n_recent -= count(stretch.rows.len());
        // At the end of the keys it goes on at their beginning; when it began there, nothing is left.
        n_recent = if stretch.next.is_none() && from == 0 { 0 } else { n_recent };
        from = stretch.next.unwrap_or(0);
    }
    set_value(transaction, notes.n_recent, n_recent)?;
    set_value(transaction, notes.next, from)
}

fn roll_shingles(transaction: &Transaction<'_>, n_more: i64, max_recent: i64) -> Result<(), StoreError> {
    let notes = Notes { n_recent: "n_recent_shingles", next: "next_shingle" };
    roll(transaction, &notes, (&SHINGLE_RECENT, &SHINGLE), (n_more, max_recent), |rows: &[ShingleRow]| {
        filter::note(transaction, rows.iter().map(|row| row.hash))
    })
}

fn roll_frequencies(transaction: &Transaction<'_>, n_more: i64, max_recent: i64) -> Result<(), StoreError> {
    let notes = Notes { n_recent: "n_recent_frequencies", next: "next_frequency" };
    let tables = (&FREQUENCY_RECENT, &FREQUENCY);
    roll(transaction, &notes, tables, (n_more, max_recent), |_: &[FrequencyRow]| Ok(()))
}

/// Notes rows that went and came, and looks through the next blocks of the small table once it has more than
/// `max_recent` rows: rows of stories whose last article is older than `closed` go over.
fn sweep(
    transaction: &Transaction<'_>,
    n_gone: i64,
    n_new: i64,
    closed: Timestamp,
    max_recent: i64,
) -> Result<(), StoreError> {
    let mut n_recent = value(transaction, "n_recent_story_terms")? + n_new - n_gone;
    if n_recent > max_recent && n_new > 0 {
        let from = value(transaction, "next_story_term")?;
        let stretch = blocks::take::<TermRow>(transaction, &STORY_TERM_RECENT, from, SWEEP * n_new)?;
        let (over, open): (Vec<TermRow>, Vec<TermRow>) =
            stretch.rows.into_iter().partition(|row| row.last_time < closed.0);
        blocks::change(transaction, &STORY_TERM_RECENT, &[], &open)?;
        let over = closed_rows(over);
        blocks::change(transaction, &STORY_TERM, &[], &over)?;
        if let Some(latest) = over.iter().map(|row| row.0.last_time).max() {
            let before = latest_large(transaction)?.unwrap_or(i64::MIN);
            set_value(transaction, "latest_large_story", latest.max(before))?;
        }
        n_recent -= count(over.len());
        // Where it began at the beginning of the keys and came to their end, this is all there is.
        if stretch.next.is_none() && from == 0 {
            n_recent = count(open.len());
        }
        set_value(transaction, "next_story_term", stretch.next.unwrap_or(0))?;
    }
    set_value(transaction, "n_recent_story_terms", n_recent.max(0))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::store::analysis::blocks::tests::write;

    fn n_rows<R: Row>(transaction: &Transaction<'_>, table: &Table) -> i64 {
        count(blocks::all::<R>(transaction, table).unwrap().len())
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
                let mut expected: BTreeSet<(u32, i64)> = BTreeSet::new();
                for batch in batches {
                    // What is there goes, what is not comes.
                    let rows = |rows: Vec<&(u32, i64)>| rows.into_iter().map(|(hash, id)| (*hash, ArticleId(*id))).collect();
                    let gone = rows(batch.intersection(&expected).collect());
                    let new = rows(batch.difference(&expected).collect());
                    change_shingles(transaction, gone, new).unwrap();
                    expected = expected.symmetric_difference(&batch).copied().collect();
                    roll_shingles(transaction, 0, 5).unwrap();
                    let n_recent = n_rows::<ShingleRow>(transaction, &SHINGLE_RECENT);
                    assert!(n_recent <= 5, "{n_recent} rows are recent");
                    assert_eq!(n_recent, value(transaction, "n_recent_shingles").unwrap());
                    let mut shingles = Shingles::new(transaction);
                    for hash in 0..12 {
                        let found = shingles.articles(hash, true, 3).unwrap();
                        let row = expected.range((hash, 0)..(hash + 1, 0)).take(3).map(|(_, id)| ArticleId(*id));
                        assert_eq!(found, row.collect::<Vec<_>>());
                    }
                    let all: Vec<_> = expected.iter().map(|(hash, id)| (*hash, ArticleId(*id))).collect();
                    assert_eq!(index_rows(transaction).unwrap().shingles, all);
                }
            });
        }

        #[test]
        fn the_latest_stories_of_a_term_are_found_wherever_they_lie(
            batches in proptest::collection::vec(proptest::collection::btree_set((0..4_u32, 0..6_i64, 0..6_i64), 0..9), 1..9),
        ) {
            write(move |transaction| {
                // A hundred days, so that times have places of their own and stories come to lie in several eras.
                let day = |day: i64| Timestamp(day * 100 * 86_400);
                let mut expected: BTreeSet<(u32, i64, i64)> = BTreeSet::new();
                for (batch, closed) in batches.into_iter().zip(0..) {
                    let row = |row: &(u32, i64, i64)| (row.0, day(row.1), StoryId(row.2));
                    let gone = batch.intersection(&expected).map(row).collect();
                    let new = batch.difference(&expected).map(|found| (row(found), 0.25 + found.2 as f32)).collect();
                    change_story_terms(transaction, gone, new, Timestamp(0)).unwrap();
                    expected = expected.symmetric_difference(&batch).copied().collect();
                    sweep(transaction, 0, 0, Timestamp(0), 0).unwrap();
                    sweep(transaction, 2, 2, day(closed / 2), 3).unwrap();
                    let n_recent = n_rows::<TermRow>(transaction, &STORY_TERM_RECENT);
                    assert_eq!(n_recent, value(transaction, "n_recent_story_terms").unwrap());
                    for since in 0..6 {
                        let large = blocks::all::<ClosedRow>(transaction, &STORY_TERM).unwrap();
                        let mut terms = StoryTerms::new(transaction, day(since), day(4)).unwrap();
                        assert!(
                            !terms.large.is_empty() || large.iter().all(|row| row.0.last_time < day(since).0),
                            "no story of these days is in the large table"
                        );
                        for term in 0..4 {
                            let found = terms.stories(term, 3).unwrap();
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
                    roll_frequencies(transaction, 0, 5).unwrap();
                    let n_recent = n_rows::<FrequencyRow>(transaction, &FREQUENCY_RECENT);
                    assert!(n_recent <= 5, "{n_recent} rows are recent");
                    assert_eq!(n_recent, value(transaction, "n_recent_frequencies").unwrap());
                    let mut frequencies = Frequencies::new(transaction).unwrap();
                    for term in 0..12 {
                        let found = frequencies.of(term).unwrap();
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
                days.flat_map(|at| (0..100).map(move |term| ((term, day(at), StoryId(at)), 0.5))).collect()
            };
            let sizes = |transaction: &Transaction<'_>| {
                let recent = n_rows::<TermRow>(transaction, &STORY_TERM_RECENT);
                assert_eq!(value(transaction, "n_recent_story_terms").unwrap(), recent);
                (recent, n_rows::<ClosedRow>(transaction, &STORY_TERM))
            };
            change_story_terms(transaction, Vec::new(), rows(0..60), day(60)).unwrap();
            assert_eq!(sizes(transaction), (6_000, 0), "there is room");
            sweep(transaction, 300, 300, day(60).plus(-OPEN_S), 0).unwrap();
            let (recent, large) = sizes(transaction);
            assert!(
                (300..600).contains(&large),
                "{large} of the first 600 rows and those of their block, of which half are closed"
            );
            assert_eq!(recent + large, 6_000);
            for _ in 0..12 {
                sweep(transaction, 300, 300, day(60).plus(-OPEN_S), 0).unwrap();
            }
            assert_eq!(sizes(transaction), (2_800, 3_200));
            let has_large = |since| !StoryTerms::new(transaction, since, day(99)).unwrap().large.is_empty();
            assert!(!has_large(day(32)));
            assert!(has_large(day(31)));
            // A story that closed goes on.
            let gone: Vec<StoryTerm> = rows(5..6).into_iter().map(|(row, _)| row).collect();
            change_story_terms(transaction, gone, vec![((3, day(61), StoryId(5)), 0.5)], day(61)).unwrap();
            assert_eq!(sizes(transaction), (2_801, 3_100));
            rename_stories(transaction, &BTreeMap::from([(5, 6), (6, 5)])).unwrap();
            let names: Vec<(u32, i64, i64)> = index_rows(transaction)
                .unwrap()
                .story_terms
                .into_iter()
                .filter(|(term, _, story, _)| *term == 3 && (5..7).contains(&story.0))
                .map(|(term, time, story, _)| (term, time.0 / 86_400, story.0))
                .collect();
            assert_eq!(names, [(3, 6, 5), (3, 61, 6)]);
            settle_indexes(transaction).unwrap();
            assert_eq!(sizes(transaction), (0, 5_901));
        });
    }

    #[test]
    fn a_wrong_count_is_found_out() {
        write(|transaction| {
            change_shingles(transaction, Vec::new(), (0..9).map(|hash| (hash, ArticleId(1))).collect()).unwrap();
            set_value(transaction, "n_recent_shingles", 99).unwrap();
            roll_shingles(transaction, 0, 2).unwrap();
            assert_eq!(n_rows::<ShingleRow>(transaction, &SHINGLE), 9);
            assert_eq!(value(transaction, "n_recent_shingles").unwrap(), 0);
            change_story_terms(transaction, Vec::new(), vec![((1, Timestamp(0), StoryId(1)), 0.5)], Timestamp(0))
                .unwrap();
            set_value(transaction, "n_recent_story_terms", 99).unwrap();
            sweep(transaction, 9, 9, Timestamp(0), 2).unwrap();
            assert_eq!(value(transaction, "n_recent_story_terms").unwrap(), 1);
        });
    }
}
