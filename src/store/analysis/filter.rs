//! Which hashes the large index of shingles can have at all: most of what a text is asked for by is its own, and each such
//! question would read a page of its own only to find nothing.
//!
//! One bit stands for a run of neighboring hashes, so that what goes over in a stretch of keys sets bits side by side. It
//! is never cleared by a row that goes: a bit too many costs one look.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::store::StoreError;

/// Hashes for which one bit stands, as a power of two: with a million articles of 350 words a quarter of the bits is set.
const RUN_BITS: u32 = 5;

/// Bits of a piece, as a power of two: 2 KiB.
const PIECE_BITS: u32 = 14;

/// Fewest keys for which reading the filter, two pieces a page, costs less than what it saves.
const MIN_KEYS: usize = 1 << (32 - RUN_BITS - PIECE_BITS);

/// Name of the note in `corpus_statistics` that the filter knows every row of the table.
const IS_COMPLETE: &str = "shingle_filter";

fn place(hash: u32) -> (u32, usize, u8) {
    let bit = hash >> RUN_BITS & ((1 << PIECE_BITS) - 1);
    (hash >> (RUN_BITS + PIECE_BITS), (bit / 8) as usize, 1 << (bit % 8))
}

fn piece(connection: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bits FROM shingle_filter WHERE piece = ?1")?;
    Ok(statement.query_row([number], |row| row.get(0)).optional()?)
}

fn is_complete(connection: &Connection) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM corpus_statistics WHERE name = ?1")?;
    Ok(statement.query_row([IS_COMPLETE], |row| row.get::<_, i64>(0)).optional()? == Some(1))
}

/// Of these hashes, ascending, the ones that the large table may have.
pub(super) fn possible(connection: &Connection, hashes: Vec<u32>) -> Result<Vec<u32>, StoreError> {
    if hashes.len() < MIN_KEYS || !is_complete(connection)? {
        return Ok(hashes);
    }
    let mut left = Vec::new();
    for run in hashes.chunk_by(|a, b| place(*a).0 == place(*b).0) {
        let Some(bits) = piece(connection, place(run[0]).0)? else { continue };
        left.extend(run.iter().filter(|hash| {
            let (_, byte, bit) = place(**hash);
            bits.get(byte).is_none_or(|found| found & bit != 0)
        }));
    }
    Ok(left)
}

/// Notes the rows from one key to another that are about to go over to the large table, and first of all those that it has
/// where nobody has noted them.
pub(super) fn note(transaction: &Transaction<'_>, from: i64, to: i64) -> Result<(), StoreError> {
    if !is_complete(transaction)? {
        transaction.execute("DELETE FROM shingle_filter", [])?;
        set_bits(transaction, "SELECT hash FROM shingle WHERE hash BETWEEN ?1 AND ?2 ORDER BY hash", 0, i64::MAX)?;
        transaction
            .execute("INSERT OR REPLACE INTO corpus_statistics (name, value) VALUES (?1, 1)", params![IS_COMPLETE])?;
    }
    set_bits(transaction, "SELECT hash FROM shingle_recent WHERE hash BETWEEN ?1 AND ?2 ORDER BY hash", from, to)
}

fn set_bits(transaction: &Transaction<'_>, ascending: &str, from: i64, to: i64) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(ascending)?;
    let mut rows = statement.query([from, to])?;
    let mut open: Option<(u32, Vec<u8>)> = None;
    while let Some(row) = rows.next()? {
        let (number, byte, bit) = place(row.get(0)?);
        if open.as_ref().is_none_or(|(open, _)| *open != number) {
            if let Some((number, bits)) = open.take() {
                write(transaction, number, &bits)?;
            }
            let bits = piece(transaction, number)?.filter(|bits| bits.len() == 1 << (PIECE_BITS - 3));
            open = Some((number, bits.unwrap_or_else(|| vec![0; 1 << (PIECE_BITS - 3)])));
        }
        if let Some((_, bits)) = &mut open {
            bits[byte] |= bit;
        }
    }
    if let Some((number, bits)) = open {
        write(transaction, number, &bits)?;
    }
    Ok(())
}

fn write(transaction: &Transaction<'_>, number: u32, bits: &[u8]) -> Result<(), StoreError> {
    let mut statement =
        transaction.prepare_cached("INSERT OR REPLACE INTO shingle_filter (piece, bits) VALUES (?1, ?2)")?;
    statement.execute(params![number, bits])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn insert(transaction: &Transaction<'_>, table: &str, hashes: &[u32]) {
        for hash in hashes {
            transaction.execute(&format!("INSERT INTO {table} (hash, article_id) VALUES (?1, 1)"), [hash]).unwrap();
        }
    }

    #[test]
    fn every_row_of_the_large_table_is_possible_and_hardly_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("news.db")).unwrap();
        store
            .write(|transaction| {
                let spread = |from: u32| (from..u32::MAX - 900_000).step_by(800_011).collect::<Vec<u32>>();
                let (old, new, other) = (spread(0), spread(400_000), spread(200_000));
                // An older version filled the large table and knew of no filter.
                insert(transaction, "shingle", &old);
                let all: Vec<u32> = (0..=u32::MAX - 500_000).step_by(400_000).collect();
                assert_eq!(possible(transaction, all.clone())?, all);
                insert(transaction, "shingle_recent", &new);
                note(transaction, 0, i64::from(u32::MAX / 2))?;
                let asked = |hashes: &[u32]| {
                    // Small questions go to the table itself.
                    assert_eq!(possible(transaction, hashes.to_vec()).unwrap(), hashes);
                    let mut many: Vec<u32> = all.iter().chain(hashes).copied().collect();
                    many.sort_unstable();
                    many.dedup();
                    let found = possible(transaction, many).unwrap();
                    hashes.iter().filter(|hash| found.binary_search(hash).is_ok()).count()
                };
                assert_eq!(asked(&old), old.len());
                let lower = new.partition_point(|hash| *hash <= u32::MAX / 2);
                assert_eq!((asked(&new[..lower]), asked(&new[lower..])), (lower, 0));
                assert_eq!(asked(&other), 0);
                note(transaction, i64::from(u32::MAX / 2), i64::MAX)?;
                assert_eq!((asked(&new), asked(&old)), (new.len(), old.len()));
                Ok(())
            })
            .unwrap();
    }
}
