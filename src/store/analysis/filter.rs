//! Which hashes the large index of shingles can have at all: most of what a text is asked for by is its own, and each such
//! question would read a page of its own only to find nothing.
//!
//! A Bloom filter (Bloom, *Space/time trade-offs in hash coding with allowable errors*, 1970) in blocks (Putze, Sanders and Singler,
//! *Cache-, hash- and space-efficient Bloom filters*, 2007): a block is the piece of neighboring hashes, so that what goes over in a
//! stretch of keys sets bits side by side. No bit is cleared by a row that goes: some bits too many cost one look.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::store::StoreError;

/// Hashes for which there is one bit, as a power of two: 32 MiB for all, six bits for each row where a million articles of 350 words are stored.
const RUN_BITS: u32 = 4;

/// Bits that a hash sets: with a million articles stored one look in 15 is for nothing then, where a hash with one bit has
/// one in 6; four would make it one in 16.
const N_BITS: u32 = 3;

/// Bytes of a piece: two lie on a page of 4 KiB.
const PIECE_BYTES: u32 = 2_000;

/// Bits of a piece.
const PIECE_BITS: u32 = 8 * PIECE_BYTES;

/// Fewest keys for which reading the filter costs less than what it saves: it has half as many pages.
const MIN_KEYS: usize = (1 << (32 - RUN_BITS)) / PIECE_BITS as usize;

/// The piece of a hash.
fn piece_of(hash: u32) -> u32 {
    (hash >> RUN_BITS) / PIECE_BITS
}

/// The bytes of its piece that a hash has bits in, with the bits.
fn bits_of(hash: u32) -> impl Iterator<Item = (usize, u8)> {
    let mixed = mixed(hash);
    (0..N_BITS).map(move |n| {
        // Each is chosen by 20 bits of their own.
        let chosen = (mixed >> (20 * n)) & 0xf_ffff;
        let bit = (chosen * u64::from(PIECE_BITS)) >> 20;
        ((bit / 8) as usize, 1 << (bit % 8))
    })
}

/// A hash in which each bit depends on each (SplitMix64: Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014):
/// sampled shingles have low bits in common, by which a product alone would bring their bits together.
fn mixed(hash: u32) -> u64 {
    let mut mixed = u64::from(hash).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

const PIECE: &str = "SELECT bits FROM shingle_filter WHERE piece = ?1";

fn piece(connection: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached(PIECE)?;
    Ok(statement.query_row([number], |row| row.get(0)).optional()?)
}

/// Of these hashes, ascending, the ones that the large table may have.
pub(super) fn possible(connection: &Connection, hashes: Vec<u32>) -> Result<Vec<u32>, StoreError> {
    if hashes.len() < MIN_KEYS {
        return Ok(hashes);
    }
    let mut left = Vec::new();
    let mut statement = connection.prepare_cached(PIECE)?;
    for run in hashes.chunk_by(|a, b| piece_of(*a) == piece_of(*b)) {
        let mut found = statement.query([piece_of(run[0])])?;
        let Some(row) = found.next()? else { continue };
        let ValueRef::Blob(bits) = row.get_ref(0)? else {
            return Err(StoreError::Damaged { what: "filter of shingles" });
        };
        let is_set = |(byte, bit): (usize, u8)| bits.get(byte).is_none_or(|found| found & bit != 0);
        left.extend(run.iter().filter(|hash| bits_of(**hash).all(is_set)));
    }
    Ok(left)
}

/// Notes the hashes of rows that go over to the large table, ascending.
pub(super) fn note(transaction: &Transaction<'_>, ascending: impl Iterator<Item = u32>) -> Result<(), StoreError> {
    let mut open: Option<(u32, Vec<u8>)> = None;
    for hash in ascending {
        let number = piece_of(hash);
        if open.as_ref().is_none_or(|(open, _)| *open != number) {
            if let Some((number, bits)) = open.take() {
                write(transaction, number, &bits)?;
            }
            let bits = piece(transaction, number)?.filter(|bits| bits.len() == PIECE_BYTES as usize);
            open = Some((number, bits.unwrap_or_else(|| vec![0; PIECE_BYTES as usize])));
        }
        if let Some((_, bits)) = &mut open {
            bits_of(hash).for_each(|(byte, bit)| bits[byte] |= bit);
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
    use crate::store::analysis::blocks::tests::write as in_store;

    /// As full as with a million articles: six bits a row, the rows' hashes alike in their low bits, as sampled ones are.
    #[test]
    fn a_full_piece_lets_one_look_in_fifteen_through() {
        in_store(|transaction| {
            let n_hashes = PIECE_BITS << RUN_BITS;
            note(transaction, (0..n_hashes).step_by(96)).unwrap();
            let bits = piece(transaction, 0).unwrap().unwrap();
            let passes = |hash: &u32| bits_of(*hash).all(|(byte, bit)| bits[byte] & bit != 0);
            assert!((0..n_hashes).step_by(96).all(|hash| passes(&hash)));
            let others: Vec<u32> = (0..n_hashes).step_by(8).filter(|hash| hash % 96 != 0).collect();
            let share = others.iter().filter(|hash| passes(hash)).count() as f64 / others.len() as f64;
            assert!((0.05..0.08).contains(&share), "{share}");
        });
    }

    #[test]
    fn every_row_of_the_large_table_is_possible_and_hardly_any_other() {
        in_store(|transaction| {
            let spread = |from: u32| (from..u32::MAX - 900_000).step_by(800_011).collect::<Vec<u32>>();
            let (old, new, other) = (spread(0), spread(400_000), spread(200_000));
            let all: Vec<u32> = (0..=u32::MAX - 500_000).step_by(200_000).collect();
            assert!(possible(transaction, all.clone()).unwrap().is_empty(), "nothing has gone over");
            note(transaction, old.iter().copied()).unwrap();
            let lower = new.partition_point(|hash| *hash <= u32::MAX / 2);
            note(transaction, new[..lower].iter().copied()).unwrap();
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
            note(transaction, new[lower..].iter().copied()).unwrap();
            assert_eq!((asked(&new), asked(&old)), (new.len(), old.len()));
        });
    }
}
