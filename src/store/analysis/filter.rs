//! Which hashes the large index of shingles can have at all: most of what a text is asked for by is its own, and each such
//! question would read a page of its own only to find nothing.
//!
//! One bit stands for a run of neighboring hashes, so that what goes over in a stretch of keys sets bits side by side. It
//! is never cleared by a row that goes: a bit too many costs one look.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::store::StoreError;

/// Hashes for which one bit stands, as a power of two: with a million articles of 350 words one bit in six is set. With half as many
/// bits it would be more than one in four, and so many shingles that nobody has would be looked for.
const RUN_BITS: u32 = 4;

/// Bytes of a piece: two lie on a page of 4 KiB.
const PIECE_BYTES: u32 = 2_000;

/// Fewest keys for which reading the filter costs less than what it saves: it has half as many pages.
const MIN_KEYS: usize = (1 << (32 - RUN_BITS)) / (8 * PIECE_BYTES as usize);

/// The piece of a hash, and the byte and the bit in it.
fn place(hash: u32) -> (u32, usize, u8) {
    let bit = hash >> RUN_BITS;
    (bit / (8 * PIECE_BYTES), (bit / 8 % PIECE_BYTES) as usize, 1 << (bit % 8))
}

fn piece(connection: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bits FROM shingle_filter WHERE piece = ?1")?;
    Ok(statement.query_row([number], |row| row.get(0)).optional()?)
}

/// Of these hashes, ascending, the ones that the large table may have.
pub(super) fn possible(connection: &Connection, hashes: Vec<u32>) -> Result<Vec<u32>, StoreError> {
    if hashes.len() < MIN_KEYS {
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

/// Notes the hashes of rows that go over to the large table, ascending.
pub(super) fn note(transaction: &Transaction<'_>, ascending: impl Iterator<Item = u32>) -> Result<(), StoreError> {
    let mut open: Option<(u32, Vec<u8>)> = None;
    for hash in ascending {
        let (number, byte, bit) = place(hash);
        if open.as_ref().is_none_or(|(open, _)| *open != number) {
            if let Some((number, bits)) = open.take() {
                write(transaction, number, &bits)?;
            }
            let bits = piece(transaction, number)?.filter(|bits| bits.len() == PIECE_BYTES as usize);
            open = Some((number, bits.unwrap_or_else(|| vec![0; PIECE_BYTES as usize])));
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

    #[test]
    fn every_row_of_the_large_table_is_possible_and_hardly_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("news.db")).unwrap();
        store
            .write(|transaction| {
                let spread = |from: u32| (from..u32::MAX - 900_000).step_by(800_011).collect::<Vec<u32>>();
                let (old, new, other) = (spread(0), spread(400_000), spread(200_000));
                let all: Vec<u32> = (0..=u32::MAX - 500_000).step_by(200_000).collect();
                assert!(possible(transaction, all.clone())?.is_empty(), "nothing has gone over");
                note(transaction, old.iter().copied())?;
                let lower = new.partition_point(|hash| *hash <= u32::MAX / 2);
                note(transaction, new[..lower].iter().copied())?;
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
                assert_eq!((asked(&new[..lower]), asked(&new[lower..])), (lower, 0));
                assert_eq!(asked(&other), 0);
                note(transaction, new[lower..].iter().copied())?;
                assert_eq!((asked(&new), asked(&old)), (new.len(), old.len()));
                Ok(())
            })
            .unwrap();
    }
}
