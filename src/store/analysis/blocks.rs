//! An index of many short rows, in blocks: a row of its table holds a run of neighboring rows, each as its difference from the
//! one before in integers of variable length, as postings are stored (Witten, Moffat and Bell, *Managing Gigabytes*, 1999,
//! chapter 3). A row of a table each they would take more than twice the pages, and what a batch costs in a large
//! database is the pages that it reads and writes.
//!
//! Where a row stands among the blocks is one number, its place. A block holds the rows from its first place up to the next
//! block's; one that grows beyond its size is cut, one without rows goes.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};

use crate::fingerprint::{DecodeError, Reader};
use crate::store::StoreError;

/// Most bytes of a block that can be cut: two lie on a page of 4 KiB.
pub(super) const MAX_BYTES: usize = 1_900;

/// A row of an index.
pub(super) trait Row: Copy + Default {
    /// What rows are ordered by, and told from each other.
    type Key: Ord;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// Where it stands: ascending with the rows; rows of one place are never parted.
    fn place(&self) -> i64;
    /// Appends what sets it off from the row before.
    fn write(&self, before: &Self, out: &mut Vec<u8>);
    /// What becomes of the row where another one of its key comes in.
    fn take(&mut self, later: &Self) {
        *self = *later;
    }
    /// Reads it back.
    fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// A table of blocks, as the statements that are asked of it.
pub(super) struct Table {
    /// What it is called where it is damaged.
    pub(super) what: &'static str,
    /// The last block that begins at a place or before it.
    pub(super) last: &'static str,
    /// The same with where the next one begins.
    pub(super) at: &'static str,
    /// The blocks from one place to another.
    pub(super) between: &'static str,
    /// Where the block after a place begins.
    pub(super) next: &'static str,
    /// Writes a block.
    pub(super) put: &'static str,
    /// Removes the blocks from one place to another.
    pub(super) remove: &'static str,
    /// Most bytes of a block that can be cut.
    pub(super) max_bytes: usize,
}

/// The statements of the table of a name.
macro_rules! table {
    ($name:literal) => {
        $crate::store::analysis::blocks::Table {
            what: concat!("index ", $name),
            last: concat!("SELECT first, entries FROM ", $name, " WHERE first <= ?1 ORDER BY first DESC LIMIT 1"),
            at: concat!(
                "SELECT first, entries, (SELECT first FROM ",
                $name,
                " WHERE first > ?1 ORDER BY first LIMIT 1) FROM ",
                $name,
                " WHERE first <= ?1 ORDER BY first DESC LIMIT 1"
            ),
            between: concat!("SELECT first, entries FROM ", $name, " WHERE first BETWEEN ?1 AND ?2 ORDER BY first"),
            next: concat!("SELECT first FROM ", $name, " WHERE first > ?1 ORDER BY first LIMIT 1"),
            put: concat!("INSERT OR REPLACE INTO ", $name, " (first, entries) VALUES (?1, ?2)"),
            remove: concat!("DELETE FROM ", $name, " WHERE first BETWEEN ?1 AND ?2"),
            max_bytes: $crate::store::analysis::blocks::MAX_BYTES,
        }
    };
}
pub(super) use table;

fn encode<R: Row>(rows: &[R]) -> Vec<u8> {
    let (mut out, mut before) = (Vec::with_capacity(size_of_val(rows) / 2), R::default());
    for row in rows {
        row.write(&before, &mut out);
        before = *row;
    }
    out
}

/// Reads the rows of a block on from `before`, the last one read of it, until one is beyond `place`; returns how many bytes are left.
fn decode<R: Row>(bytes: &[u8], before: Option<R>, place: i64, rows: &mut Vec<R>) -> Result<usize, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut last = before;
    while !reader.is_empty() && last.is_none_or(|last| last.place() <= place) {
        let row = next_row(last, &mut reader)?;
        rows.push(row);
        last = Some(row);
    }
    Ok(reader.n_left())
}

/// Reads the row behind another one of its block.
#[inline(always)]
fn next_row<R: Row>(before: Option<R>, reader: &mut Reader<'_>) -> Result<R, DecodeError> {
    let row = R::read(&before.unwrap_or_default(), reader)?;
    if before.is_some_and(|before| row.key() <= before.key()) {
        return Err(DecodeError::Invalid);
    }
    Ok(row)
}

/// The block that stands in the second column.
fn bytes<'r>(row: &'r rusqlite::Row<'_>, table: &Table) -> Result<&'r [u8], StoreError> {
    match row.get_ref(1)? {
        ValueRef::Blob(bytes) => Ok(bytes),
        _ => Err(StoreError::Damaged { what: table.what }),
    }
}

/// Reads the block that stands in the second column.
fn read<R: Row>(row: &rusqlite::Row<'_>, table: &Table, rows: &mut Vec<R>) -> Result<(), StoreError> {
    decode(bytes(row, table)?, None, i64::MAX, rows).map_err(|_| StoreError::Damaged { what: table.what })?;
    Ok(())
}

/// A block as it is stored.
struct Block<R> {
    first: i64,
    rows: Vec<R>,
    /// Where the next one begins.
    next: Option<i64>,
}

/// The block that a place belongs to.
fn at<R: Row>(connection: &Connection, table: &Table, place: i64) -> Result<Option<Block<R>>, StoreError> {
    let mut statement = connection.prepare_cached(table.at)?;
    let mut found = statement.query([place])?;
    let Some(row) = found.next()? else { return Ok(None) };
    let mut rows = Vec::new();
    read(row, table, &mut rows)?;
    Ok(Some(Block { first: row.get(0)?, rows, next: row.get(2)? }))
}

/// Where the block after a place begins.
pub(super) fn next(connection: &Connection, table: &Table, place: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(table.next)?.query_row([place], |row| row.get(0)).optional()?)
}

/// A block that is read as far as it was asked for.
struct Opened<R> {
    first: i64,
    bytes: Vec<u8>,
    /// Bytes at its end that are not read yet.
    n_left: usize,
    rows: Vec<R>,
}

impl<R: Row> Opened<R> {
    /// Takes another block's place.
    fn open(&mut self, first: i64, bytes: &[u8]) {
        self.first = first;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.n_left = bytes.len();
        self.rows.clear();
    }

    /// Reads on until a row is beyond a place, or to the end.
    fn read_past(&mut self, place: i64) -> Result<(), DecodeError> {
        let (left, before) = (&self.bytes[self.bytes.len() - self.n_left..], self.rows.last().copied());
        self.n_left = decode(left, before, place, &mut self.rows)?;
        Ok(())
    }

    /// Whether the rows of a place are in this block if anywhere, as far as it was read: they may be in the next one where no row
    /// stands at it or beyond.
    fn reaches(&self, place: i64) -> bool {
        self.rows.last().is_some_and(|row| row.place() >= place)
    }
}

/// Keeps the block of the first of these rows in place of another one; whether there is one.
fn keep<R: Row>(
    kept: &mut Option<Opened<R>>,
    table: &Table,
    mut found: rusqlite::Rows<'_>,
) -> Result<bool, StoreError> {
    let Some(row) = found.next()? else { return Ok(false) };
    let first = row.get(0)?;
    if kept.as_ref().is_none_or(|kept| kept.first != first) {
        let kept = kept.get_or_insert_with(|| Opened { first, bytes: Vec::new(), n_left: 0, rows: Vec::new() });
        kept.open(first, bytes(row, table)?);
    }
    Ok(true)
}

/// Looks rows up, one range of places after the other; the last block is kept, and read on as far as the next question goes, so
/// that ascending ones read each once.
pub(super) struct Lookup<'c, R> {
    connection: &'c Connection,
    table: &'static Table,
    /// The statement that is asked again and again.
    last: Option<CachedStatement<'c>>,
    kept: Option<Opened<R>>,
}

impl<'c, R: Row> Lookup<'c, R> {
    pub(super) fn new(connection: &'c Connection, table: &'static Table) -> Self {
        Self { connection, table, last: None, kept: None }
    }

    /// The kept block, read past a place.
    fn read_past(&mut self, place: i64) -> Result<Option<&Opened<R>>, StoreError> {
        let Some(kept) = &mut self.kept else { return Ok(None) };
        kept.read_past(place).map_err(|_| StoreError::Damaged { what: self.table.what })?;
        Ok(Some(kept))
    }

    /// Keeps the last block that begins at a place or before it; whether there is one.
    fn keep_last(&mut self, place: i64) -> Result<bool, StoreError> {
        let statement = match &mut self.last {
            Some(statement) => statement,
            none => none.insert(self.connection.prepare_cached(self.table.last)?),
        };
        keep(&mut self.kept, self.table, statement.query([place])?)
    }

    /// Keeps the first block that begins between two places; whether there is one.
    fn keep_between(&mut self, from: i64, to: i64) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(self.table.between)?;
        keep(&mut self.kept, self.table, statement.query([from, to])?)
    }

    /// Keeps the block that a place belongs to, read past it; none before the first block.
    fn seek(&mut self, place: i64) -> Result<Option<&Opened<R>>, StoreError> {
        let is_behind = self.kept.as_ref().is_some_and(|kept| kept.first <= place);
        let is_kept = is_behind && self.read_past(place)?.is_some_and(|kept| kept.reaches(place));
        if !is_kept && !self.keep_last(place)? {
            return Ok(None);
        }
        self.read_past(place)
    }

    /// The first `limit` rows from one place to another.
    pub(super) fn first(&mut self, (from, to): (i64, i64), limit: usize) -> Result<Vec<R>, StoreError> {
        let mut found = Vec::new();
        let mut is_there = self.seek(from)?.is_some() || self.keep_between(from, to)?;
        while is_there {
            let Some(block) = self.read_past(to)? else { break };
            let rows = &block.rows[block.rows.partition_point(|row| row.place() < from)..];
            found.extend(rows.iter().take_while(|row| row.place() <= to).take(limit - found.len()));
            if found.len() == limit || block.reaches(to) {
                break;
            }
            let after = block.first.saturating_add(1);
            is_there = self.keep_between(after, to)?;
        }
        Ok(found)
    }

    /// The last `limit` rows from one place to another for which `is_wanted` holds, descending.
    pub(super) fn last(
        &mut self,
        (from, to): (i64, i64),
        limit: usize,
        is_wanted: impl Fn(&R) -> bool,
    ) -> Result<Vec<R>, StoreError> {
        let (mut found, mut place) = (Vec::new(), to);
        while let Some(block) = self.seek(place)? {
            let rows = &block.rows[..block.rows.partition_point(|row| row.place() <= to)];
            let rows = rows.iter().rev().take_while(|row| row.place() >= from);
            found.extend(rows.filter(|row| is_wanted(row)).take(limit - found.len()));
            if found.len() == limit || block.first <= from {
                break;
            }
            place = block.first - 1;
        }
        Ok(found)
    }
}

/// Finds rows by their keys, fastest in ascending order: then each block is read once, as far as it is asked for, and one row of it kept.
pub(super) struct Finder<'c, R> {
    table: &'static Table,
    last: CachedStatement<'c>,
    /// Where the open block begins, and its bytes; none before the first question.
    block: Option<(i64, Vec<u8>)>,
    /// How many of its bytes are not read yet.
    n_left: usize,
    /// The row that was read last, none at the beginning of the block.
    row: Option<R>,
    /// What was asked last: no row lies between it and the one that was read last, where that is beyond it.
    asked: Option<R>,
}

impl<'c, R: Row> Finder<'c, R> {
    pub(super) fn new(connection: &'c Connection, table: &'static Table) -> Result<Self, StoreError> {
        Ok(Self { table, last: connection.prepare_cached(table.last)?, block: None, n_left: 0, row: None, asked: None })
    }

    /// The row that has the key of this one.
    pub(super) fn like(&mut self, wanted: &R) -> Result<Option<R>, StoreError> {
        let asked = self.asked.replace(*wanted);
        let is_passed = self.row.is_some_and(|row| row.key() > wanted.key());
        if is_passed && asked.is_some_and(|asked| asked.key() <= wanted.key()) {
            return Ok(None);
        }
        if is_passed || !self.reach(wanted)? {
            let mut found = self.last.query([wanted.place()])?;
            let Some(row) = found.next()? else {
                (self.block, self.row) = (None, None);
                return Ok(None);
            };
            let (first, bytes) = (row.get(0)?, bytes(row, self.table)?);
            let is_behind = self.row.is_some_and(|row| row.key() < wanted.key());
            if is_behind && self.block.as_ref().is_some_and(|(open, _)| *open == first) {
                // All of this block comes before.
                return Ok(None);
            }
            let (open, kept) = self.block.get_or_insert_with(|| (first, Vec::new()));
            *open = first;
            kept.clear();
            kept.extend_from_slice(bytes);
            (self.n_left, self.row) = (kept.len(), None);
            drop(found);
            self.reach(wanted)?;
        }
        Ok(self.row.filter(|row| row.key() == wanted.key()))
    }

    /// Reads on to the key of a row or beyond it; whether the block goes that far.
    fn reach(&mut self, wanted: &R) -> Result<bool, StoreError> {
        let Some((_, bytes)) = &self.block else { return Ok(false) };
        let (mut reader, key) = (Reader::new(&bytes[bytes.len() - self.n_left..]), wanted.key());
        let mut row = self.row;
        while row.is_none_or(|row| row.key() < key) && !reader.is_empty() {
            row = Some(next_row(row, &mut reader).map_err(|_| StoreError::Damaged { what: self.table.what })?);
        }
        (self.row, self.n_left) = (row, reader.n_left());
        Ok(row.is_some_and(|row| row.key() >= key))
    }
}

/// What became of rows that were to go or to come.
#[derive(Debug, Default)]
pub(super) struct Changed<R> {
    /// How many went.
    pub(super) n_gone: i64,
    /// How many came that were not there.
    pub(super) n_new: i64,
    /// Rows that were to go and are not in this table.
    pub(super) missing: Vec<R>,
}

/// Takes rows out and puts others in ([`Row::take`] where there is one of that key); both ascend.
pub(super) fn change<R: Row>(
    transaction: &Transaction<'_>,
    table: &Table,
    mut gone: &[R],
    mut new: &[R],
) -> Result<Changed<R>, StoreError> {
    let mut changed = Changed { n_gone: 0, n_new: 0, missing: Vec::new() };
    while let Some(place) = gone.first().into_iter().chain(new.first()).map(Row::place).min() {
        let (first, mut rows, until) = match at::<R>(transaction, table, place)? {
            Some(block) => (Some(block.first), block.rows, block.next),
            None => (None, Vec::new(), next(transaction, table, place)?),
        };
        let is_here = |row: &R| until.is_none_or(|until| row.place() < until);
        let (gone_here, new_here);
        (gone_here, gone) = gone.split_at(gone.partition_point(is_here));
        (new_here, new) = new.split_at(new.partition_point(is_here));
        let n_before = rows.len();
        let mut to_go = gone_here.iter().peekable();
        rows.retain(|row| {
            while let Some(missing) = to_go.next_if(|gone| gone.key() < row.key()) {
                changed.missing.push(*missing);
            }
            to_go.next_if(|gone| gone.key() == row.key()).is_none()
        });
        changed.missing.extend(to_go);
        let n_kept = rows.len();
        let rows = merged(&rows, new_here);
        changed.n_gone += difference(n_before, n_kept);
        changed.n_new += difference(rows.len(), n_kept);
        if n_kept < n_before || !new_here.is_empty() {
            put(transaction, table, first, &rows)?;
        }
    }
    Ok(changed)
}

/// Rows with others put in; both ascend.
fn merged<R: Row>(mut rows: &[R], new: &[R]) -> Vec<R> {
    let mut merged: Vec<R> = Vec::with_capacity(rows.len() + new.len());
    for row in new {
        let (before, others) = rows.split_at(rows.partition_point(|old| old.key() <= row.key()));
        merged.extend_from_slice(before);
        rows = others;
        match merged.last_mut() {
            Some(last) if last.key() == row.key() => last.take(row),
            _ => merged.push(*row),
        }
    }
    merged.extend_from_slice(rows);
    merged
}

fn difference(more: usize, fewer: usize) -> i64 {
    i64::try_from(more - fewer).unwrap_or(i64::MAX)
}

/// Writes the rows of a block that begins at `first` (at its first row where it is new), cut where they are too many.
fn put<R: Row>(transaction: &Transaction<'_>, table: &Table, first: Option<i64>, rows: &[R]) -> Result<(), StoreError> {
    let Some(row) = rows.first() else {
        if let Some(first) = first {
            transaction.prepare_cached(table.remove)?.execute([first, first])?;
        }
        return Ok(());
    };
    let mut statement = transaction.prepare_cached(table.put)?;
    let mut first = first.unwrap_or_else(|| row.place());
    let whole = encode(rows);
    if whole.len() <= table.max_bytes {
        statement.execute(params![first, whole])?;
        return Ok(());
    }
    // Pieces of equal size with room to grow, so that what comes next doesn't cut each again.
    let n_pieces = whole.len().div_ceil(table.max_bytes * 3 / 4);
    let mut left = rows;
    for piece in (1..=n_pieces).rev() {
        let mut n = left.len().div_ceil(piece);
        // Rows of one place stay together.
        while n > 0 && n < left.len() && left[n - 1].place() == left[n].place() {
            n += 1;
        }
        let (here, others) = left.split_at(n);
        if !here.is_empty() {
            statement.execute(params![first, encode(here)])?;
        }
        if let Some(row) = others.first() {
            first = row.place();
        }
        left = others;
    }
    Ok(())
}

/// A stretch of blocks that was taken out.
pub(super) struct Stretch<R> {
    /// Their rows, ascending.
    pub(super) rows: Vec<R>,
    /// Where the blocks go on; none at their end.
    pub(super) next: Option<i64>,
}

/// Takes out the blocks from a place on until there are `n_rows` rows.
pub(super) fn take<R: Row>(
    transaction: &Transaction<'_>,
    table: &Table,
    from: i64,
    n_rows: i64,
) -> Result<Stretch<R>, StoreError> {
    let n_rows = usize::try_from(n_rows).unwrap_or(0);
    let mut stretch = Stretch { rows: Vec::new(), next: None };
    let mut until = i64::MAX;
    {
        let mut statement = transaction.prepare_cached(table.between)?;
        let mut blocks = statement.query([from, i64::MAX])?;
        while let Some(block) = blocks.next()? {
            let first = block.get(0)?;
            if stretch.rows.len() >= n_rows {
                (stretch.next, until) = (Some(first), first - 1);
                break;
            }
            read(block, table, &mut stretch.rows)?;
        }
    }
    transaction.prepare_cached(table.remove)?.execute([from, until])?;
    Ok(stretch)
}

/// Every row, ascending.
pub(super) fn all<R: Row>(connection: &Connection, table: &Table) -> Result<Vec<R>, StoreError> {
    let mut rows = Vec::new();
    let mut statement = connection.prepare_cached(table.between)?;
    let mut blocks = statement.query([i64::MIN, i64::MAX])?;
    while let Some(block) = blocks.next()? {
        read(block, table, &mut rows)?;
    }
    Ok(rows)
}

/// Changes rows where they stand, block by block; none may change its place.
pub(super) fn rewrite<R: Row>(
    transaction: &Transaction<'_>,
    table: &Table,
    change: impl Fn(&mut R),
) -> Result<(), StoreError> {
    let mut place = next(transaction, table, i64::MIN)?;
    while let Some(from) = place {
        let Some(mut block) = at::<R>(transaction, table, from)? else { break };
        // What is cut off is done, too.
        place = block.next;
        block.rows.iter_mut().for_each(&change);
        block.rows.sort_by_key(Row::key);
        put(transaction, table, Some(block.first), &block.rows)?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;
    use crate::fingerprint::{write_signed, write_unsigned};
    use crate::store::Store;

    /// A number with something that is no part of its key; ten numbers share a place.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    struct Plain(u32, i64);

    impl Row for Plain {
        type Key = u32;

        fn key(&self) -> u32 {
            self.0
        }

        fn place(&self) -> i64 {
            i64::from(self.0 / 10)
        }

        fn write(&self, before: &Self, out: &mut Vec<u8>) {
            write_unsigned(out, u64::from(self.0 - before.0));
            write_signed(out, self.1);
        }

        fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
            let number = before.0.checked_add(reader.unsigned_32()?).ok_or(DecodeError::Invalid)?;
            Ok(Self(number, reader.signed()?))
        }
    }

    /// Blocks of a few rows.
    static SMALL: Table = Table { max_bytes: 24, ..table!("shingle") };

    /// Checks in a new database.
    pub(in crate::store::analysis) fn write(check: impl FnOnce(&Transaction<'_>) + Send + 'static) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("news.db")).unwrap();
        store
            .write(move |transaction| {
                check(transaction);
                Ok(())
            })
            .unwrap();
    }

    fn sizes(transaction: &Transaction<'_>) -> Vec<(i64, usize)> {
        let mut statement = transaction.prepare("SELECT first, length(entries) FROM shingle ORDER BY first").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 60, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default()
        })]

        #[test]
        fn blocks_are_a_sorted_map(
            changes in proptest::collection::vec(
                (proptest::collection::btree_set(0..400_u32, 0..40), proptest::collection::btree_map(0..400_u32, 0..9_i64, 0..60)),
                1..8,
            ),
            ranges in proptest::collection::vec((0..40_i64, 0..9_i64, 1..30_usize), 6),
        ) {
            write(move |transaction| {
                let mut expected: BTreeMap<u32, i64> = BTreeMap::new();
                for (gone, new) in changes {
                    let rows: Vec<Plain> = gone.iter().map(|number| Plain(*number, 0)).collect();
                    let more: Vec<Plain> = new.iter().map(|(number, other)| Plain(*number, *other)).collect();
                    let changed = change(transaction, &SMALL, &rows, &more).unwrap();
                    let missing: Vec<u32> = gone.iter().filter(|number| !expected.contains_key(number)).copied().collect();
                    let found: Vec<u32> = changed.missing.iter().map(|row| row.0).collect();
                    assert_eq!(found, missing);
                    let before = expected.len();
                    expected.retain(|number, _| !gone.contains(number));
                    let kept = expected.len();
                    expected.extend(new);
                    assert_eq!(changed.n_gone, difference(before, kept));
                    assert_eq!(changed.n_new, difference(expected.len(), kept));
                    let pairs = |rows: Vec<Plain>| rows.into_iter().map(|row| (row.0, row.1)).collect::<Vec<_>>();
                    let wanted = |from: i64, to: i64| {
                        let is_there = move |number: &u32| (from..=to).contains(&i64::from(*number / 10));
                        expected.iter().filter(move |(number, _)| is_there(number)).map(|(number, other)| (*number, *other))
                    };
                    assert_eq!(pairs(all(transaction, &SMALL).unwrap()), wanted(0, 40).collect::<Vec<_>>());
                    let mut finder: Finder<'_, Plain> = Finder::new(transaction, &SMALL).unwrap();
                    let numbers = (0..400).chain((0..400).rev()).chain(ranges.iter().map(|(from, ..)| *from as u32 * 9));
                    for number in numbers {
                        let found = finder.like(&Plain(number, 0)).unwrap().map(|row| row.1);
                        assert_eq!(found, expected.get(&number).copied());
                    }
                    // Two questions in turn, so that the block that is kept is another's.
                    let mut lookup: Lookup<'_, Plain> = Lookup::new(transaction, &SMALL);
                    for (from, n_places, limit) in &ranges {
                        let (from, to) = (*from, from + n_places);
                        let first = lookup.first((from, to), *limit).unwrap();
                        assert_eq!(pairs(first), wanted(from, to).take(*limit).collect::<Vec<_>>());
                        let last = lookup.last((from, to), *limit, |row| row.0 % 3 > 0).unwrap();
                        let mut thirds: Vec<(u32, i64)> = wanted(from, to).filter(|(number, _)| number % 3 > 0).collect();
                        thirds.reverse();
                        thirds.truncate(*limit);
                        assert_eq!(pairs(last), thirds);
                    }
                }
            });
        }

        #[test]
        fn stretches_are_all_there_is(numbers in proptest::collection::btree_set(0..900_u32, 0..200), n in 1..80_i64) {
            write(move |transaction| {
                let rows: Vec<Plain> = numbers.iter().map(|number| Plain(*number, 1)).collect();
                change(transaction, &SMALL, &[], &rows).unwrap();
                let (mut taken, mut from) = (Vec::new(), Some(0));
                while let Some(place) = from {
                    let stretch = take::<Plain>(transaction, &SMALL, place, n).unwrap();
                    assert!(stretch.next.is_none() || difference(stretch.rows.len(), 0) >= n);
                    taken.extend(stretch.rows);
                    from = stretch.next;
                }
                assert_eq!(taken, rows);
                assert_eq!(sizes(transaction), []);
            });
        }
    }

    #[test]
    fn a_block_that_grows_is_cut_but_not_within_a_place() {
        write(|transaction| {
            let rows = |numbers: std::ops::Range<u32>| numbers.map(|number| Plain(number, 0)).collect::<Vec<_>>();
            change(transaction, &SMALL, &[], &rows(500..510)).unwrap();
            assert_eq!(sizes(transaction), [(50, 21)]);
            change(transaction, &SMALL, &[], &rows(0..100)).unwrap();
            assert!(sizes(transaction).len() > 4, "{:?}", sizes(transaction));
            assert!(sizes(transaction).iter().all(|(_, n_bytes)| *n_bytes <= 2 * SMALL.max_bytes));
            let before = sizes(transaction);
            change(transaction, &SMALL, &rows(40..50), &[]).unwrap();
            assert_eq!(all::<Plain>(transaction, &SMALL).unwrap().len(), 100);
            assert!(sizes(transaction) != before);
            rewrite(transaction, &SMALL, |row: &mut Plain| row.1 = 1_000_000).unwrap();
            let rewritten = all::<Plain>(transaction, &SMALL).unwrap();
            assert_eq!((rewritten.len(), rewritten.iter().filter(|row| row.1 == 1_000_000).count()), (100, 100));
        });
    }

    #[test]
    fn a_block_is_read_once_by_ascending_questions() {
        write(|transaction| {
            static TABLE: Table = table!("shingle");
            let rows: Vec<Plain> = (0..100).map(|number| Plain(10 * number, 1)).collect();
            change(transaction, &TABLE, &[], &rows).unwrap();
            assert_eq!(sizes(transaction).len(), 1);
            let mut finder: Finder<'_, Plain> = Finder::new(transaction, &TABLE).unwrap();
            assert_eq!(finder.like(&Plain(0, 0)).unwrap(), Some(Plain(0, 1)));
            transaction.execute("DELETE FROM shingle", []).unwrap();
            let found = (1..=990).filter(|number| finder.like(&Plain(*number, 0)).unwrap().is_some()).count();
            assert_eq!(found, 99, "what is no longer in the table is in the block that was read");
            assert_eq!(finder.like(&Plain(0, 0)).unwrap(), None);
        });
    }

    #[test]
    fn a_damaged_block_is_told() {
        for bytes in ["x'80'", "x'0500000a'", "x'0501ffffffffffffffffffff01'"] {
            write(move |transaction| {
                transaction.execute(&format!("INSERT INTO shingle VALUES (0, {bytes})"), []).unwrap();
                let refused = all::<Plain>(transaction, &SMALL).unwrap_err();
                assert_eq!(refused.to_string(), StoreError::Damaged { what: "index shingle" }.to_string());
                assert!(change(transaction, &SMALL, &[], &[Plain(1, 1)]).is_err());
                assert!(Lookup::<Plain>::new(transaction, &SMALL).first((0, 9), 5).is_err());
                assert!(Finder::new(transaction, &SMALL).unwrap().like(&Plain(99, 0)).is_err());
            });
        }
    }
}
