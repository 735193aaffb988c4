//! In which share of all documents a term is taken to occur before any document is stored.
//!
//! A small store knows little of words: in a new one every word of the first stories is as rare as their names. The table
//! is made of word frequencies in 35 languages by `benches/prior`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Terms ascending, four bytes each, little-endian, then a byte a term: its share, on a logarithmic scale.
static BYTES: &[u8] = include_bytes!("../../config/document_shares.bin");

static TABLE: LazyLock<Table<'static>> = LazyLock::new(|| Table::new(BYTES));

/// Least share kept: rarer terms say as much as unknown ones.
const MIN_SHARE: f64 = 0.008;

const TERM_BYTES: usize = 4;

/// Bits of a term by which its part of the table is found.
const PART_BITS: u32 = 12;

/// The share of all documents that a term occurs in, by the table; 0 where it isn't there.
pub(super) fn of(term: u32) -> f64 {
    TABLE.of(term)
}

struct Table<'b> {
    terms: &'b [[u8; TERM_BYTES]],
    shares: &'b [u8],
    /// Where the terms with each beginning start, and where the last ones end.
    starts: Vec<usize>,
    /// By byte: from [`MIN_SHARE`] at 0 to 1 at 255.
    scale: Vec<f64>,
}

impl<'b> Table<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        let (terms, shares) = bytes.split_at(bytes.len() / (TERM_BYTES + 1) * TERM_BYTES);
        let (terms, _) = terms.as_chunks();
        let part = |term: &[u8; TERM_BYTES]| u32::from_le_bytes(*term) >> (u32::BITS - PART_BITS);
        let starts =
            (0..=1 << PART_BITS).map(|beginning| terms.partition_point(|term| part(term) < beginning)).collect();
        let scale = (0..=u8::MAX).map(|byte| MIN_SHARE.powf(1.0 - f64::from(byte) / 255.0)).collect();
        Self { terms, shares, starts, scale }
    }

    fn of(&self, term: u32) -> f64 {
        let beginning = (term >> (u32::BITS - PART_BITS)) as usize;
        let (start, end) = (self.starts[beginning], self.starts[beginning + 1]);
        let found = self.terms[start..end].binary_search_by_key(&term, |bytes| u32::from_le_bytes(*bytes));
        found.map_or(0.0, |at| self.scale[usize::from(self.shares[start + at])])
    }
}

/// The bytes of a table of terms with their shares of all documents, 0 to 1.
#[must_use]
pub fn encode(shares: &BTreeMap<u32, f64>) -> Vec<u8> {
    let kept = || shares.iter().filter(|(_, share)| **share >= MIN_SHARE);
    let mut bytes: Vec<u8> = kept().flat_map(|(term, _)| term.to_le_bytes()).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    let byte = |share: f64| (255.0 * (1.0 - share.min(1.0).ln() / MIN_SHARE.ln())).round() as u8;
    bytes.extend(kept().map(|(_, share)| byte(*share)));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::families;

    #[test]
    fn a_table_gives_its_shares_back() {
        let table = encode(&BTreeMap::from([(3, 0.5), (7, 0.001), (u32::MAX, 0.02), (9, 1.0)]));
        assert!((Table::new(&table).of(3) - 0.5).abs() < 0.01);
        assert!((Table::new(&table).of(u32::MAX) / 0.02 - 1.0).abs() < 0.02);
        assert!((Table::new(&table).of(9) - 1.0).abs() < 1e-9);
        assert_eq!((Table::new(&table).of(7), Table::new(&table).of(8), Table::new(&[]).of(8)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn common_words_are_known_and_rare_ones_are_not() {
        let of_word = |word: &str, language: &str| of(families(word, language)[0].1);
        assert!(of_word("people", "en") > of_word("harbor", "en"));
        assert!(of_word("Regierung", "de") > 0.02);
        assert!(of_word("правительство", "ru") > 0.01);
        assert_eq!(of_word("Velmouth", "en"), 0.0);
    }
}
