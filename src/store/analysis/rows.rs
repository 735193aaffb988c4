//! The rows of the indexes by hash: where each stands among the others, and how it is written as its difference from the one before.

use super::blocks::Row;
use crate::fingerprint::{DecodeError, Reader, write_signed, write_unsigned};

/// Low bits of a place, for what stands behind the hash.
const PLACE_BITS: u32 = 31;

/// The place of a hash and of what stands behind it, which ascends and may be anything.
fn place(hash: u32, behind: i64) -> i64 {
    i64::from(hash) << PLACE_BITS | behind.clamp(0, (1 << PLACE_BITS) - 1)
}

/// The places of all that stands behind a hash.
pub(super) fn places(hash: u32) -> (i64, i64) {
    (place(hash, 0), place(hash, i64::MAX))
}

/// A sampled shingle and an article it occurs in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShingleRow {
    pub(super) hash: u32,
    pub(super) article: i64,
}

impl Row for ShingleRow {
    type Key = (u32, i64);

    fn key(&self) -> Self::Key {
        (self.hash, self.article)
    }

    fn place(&self) -> i64 {
        place(self.hash, self.article)
    }

    #[inline]
    fn write(&self, before: &Self, out: &mut Vec<u8>) {
        write_unsigned(out, u64::from(self.hash - before.hash));
        write_signed(out, self.article.wrapping_sub(before.article));
    }

    #[inline(always)]
    fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            hash: before.hash.checked_add(reader.unsigned_32()?).ok_or(DecodeError::Invalid)?,
            article: before.article.wrapping_add(reader.signed()?),
        })
    }
}

/// A top term of a story, with the time of the story's latest article.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TermRow {
    pub(super) term: u32,
    pub(super) last_time: i64,
    pub(super) story: i64,
    pub(super) weight: f32,
}

/// The place of a term and a time, to 64 seconds: so times up to the year 6300 have one of their own.
pub(super) fn term_place(term: u32, time: i64) -> i64 {
    place(term, time >> 6)
}

impl Row for TermRow {
    type Key = (u32, i64, i64);

    fn key(&self) -> Self::Key {
        (self.term, self.last_time, self.story)
    }

    fn place(&self) -> i64 {
        term_place(self.term, self.last_time)
    }

    #[inline]
    fn write(&self, before: &Self, out: &mut Vec<u8>) {
        write_unsigned(out, u64::from(self.term - before.term));
        self.write_rest(before, out);
    }

    #[inline(always)]
    fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let term = before.term.checked_add(reader.unsigned_32()?).ok_or(DecodeError::Invalid)?;
        Self::read_rest(term, before, reader)
    }
}

impl TermRow {
    /// Appends what sets it off from the row before but for the term.
    fn write_rest(&self, before: &Self, out: &mut Vec<u8>) {
        write_signed(out, self.last_time.wrapping_sub(before.last_time));
        write_signed(out, self.story.wrapping_sub(before.story));
        out.extend_from_slice(&self.weight.to_le_bytes());
    }

    #[inline(always)]
    fn read_rest(term: u32, before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            term,
            last_time: before.last_time.wrapping_add(reader.signed()?),
            story: before.story.wrapping_add(reader.signed()?),
            weight: reader.float()?,
        })
    }
}

/// The rows of closed stories of about the same time lie side by side in the large table, this many seconds as a power of two (194
/// days): what goes over in a stretch of terms then shares pages, where among the rows of all years nearly each had one of its own.
/// Who asks for the stories of a time asks each of its eras.
const ERA_BITS: u32 = 24;

/// Bits of a time that count for a place: up to the year 3058.
const TIME_BITS: u32 = 35;

/// Low bits of a time that don't.
const COARSE_BITS: u32 = 4;

/// A top term of a closed story: by era, then like [`TermRow`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClosedRow(pub(super) TermRow);

/// A time as it counts for a place.
fn counted(time: i64) -> i64 {
    time.clamp(0, (1 << TIME_BITS) - 1)
}

/// The era that a time is in.
pub(super) fn era(time: i64) -> i64 {
    counted(time) >> ERA_BITS
}

/// The place of a term and a time among closed stories, to 16 seconds.
fn closed_place(term: u32, time: i64) -> i64 {
    let within = counted(time) & ((1 << ERA_BITS) - 1);
    era(time) << (u32::BITS + ERA_BITS - COARSE_BITS)
        | i64::from(term) << (ERA_BITS - COARSE_BITS)
        | within >> COARSE_BITS
}

/// The places of a term in one era, from one time to another.
pub(super) fn closed_places(era: i64, term: u32, (since, until): (i64, i64)) -> (i64, i64) {
    let (start, end) = (era << ERA_BITS, ((era + 1) << ERA_BITS) - 1);
    (closed_place(term, counted(since).max(start)), closed_place(term, counted(until).min(end)))
}

/// The era that a place is in.
pub(super) fn era_of_place(place: i64) -> i64 {
    place >> (u32::BITS + ERA_BITS - COARSE_BITS)
}

impl Row for ClosedRow {
    type Key = (i64, (u32, i64, i64));

    fn key(&self) -> Self::Key {
        (era(self.0.last_time), self.0.key())
    }

    fn place(&self) -> i64 {
        closed_place(self.0.term, self.0.last_time)
    }

    #[inline]
    fn write(&self, before: &Self, out: &mut Vec<u8>) {
        // Where an era begins, the terms begin again.
        write_signed(out, i64::from(self.0.term) - i64::from(before.0.term));
        self.0.write_rest(&before.0, out);
    }

    #[inline(always)]
    fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let term = i64::from(before.0.term).checked_add(reader.signed()?).and_then(|term| u32::try_from(term).ok());
        TermRow::read_rest(term.ok_or(DecodeError::Invalid)?, &before.0, reader).map(Self)
    }
}

/// A term and in how many documents it occurs, or how many more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FrequencyRow {
    pub(super) term: u32,
    pub(super) n: i64,
}

impl Row for FrequencyRow {
    type Key = u32;

    fn key(&self) -> u32 {
        self.term
    }

    fn place(&self) -> i64 {
        i64::from(self.term)
    }

    /// Changes add up.
    fn take(&mut self, later: &Self) {
        self.n = self.n.saturating_add(later.n);
    }

    #[inline]
    fn write(&self, before: &Self, out: &mut Vec<u8>) {
        write_unsigned(out, u64::from(self.term - before.term));
        write_signed(out, self.n);
    }

    #[inline(always)]
    fn read(before: &Self, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            term: before.term.checked_add(reader.unsigned_32()?).ok_or(DecodeError::Invalid)?,
            n: reader.signed()?,
        })
    }
}
