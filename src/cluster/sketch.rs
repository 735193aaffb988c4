//! What is kept of the single items of a story: its heaviest terms, so that a new item can be held against each of them.
//!
//! The sum of a story's terms tells what its members have in common; the nearest of them tells whether one says the same.

use crate::fingerprint::{DecodeError, Reader, read_ascending, write_ascending, write_signed, write_unsigned};
use crate::model::{ArticleId, Timestamp};

use super::model::{Extent, distinct, shared_by_member};
use super::state::{DOTS, FULL, LEAD, MAX_EXPECTED, Profile, Vector};

/// Terms of each field. With all terms, 64 and 32 of them the labeled articles come out the same (pairs .898, .899 and .894,
/// B-cubed .919, .9195 and .919; five seeds of folds).
const N_TERMS: usize = 64;

/// Cosine of the leads or texts of two stories, beyond what any have in common, under which their members aren't compared: such
/// stories are far from one. Saves most comparisons; the labeled articles come out the same (at 0.1, .001 worse).
const MIN_ALIKE: f64 = 0.05;

/// Sketches kept of a story, the latest ones: bounds the cost of a large story.
const MAX_SKETCHES: usize = 16;

const N_FIELDS: usize = 2;
const SKETCHED: [usize; N_FIELDS] = [LEAD, FULL];

/// Weights are counted in parts of this, so that what is stored is what was compared.
const UNIT: f64 = u16::MAX as f64;

/// One item of a story, or several that are copies of each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sketch {
    time: Timestamp,
    article: ArticleId,
    /// Heaviest terms by field, ascending by term.
    fields: [Vec<(u32, u16)>; N_FIELDS],
    /// Cosine with an article that has nothing of its event, by field.
    shared: [u16; N_FIELDS],
}

impl Sketch {
    /// The sketch of an item with text; `profile` may be the sum of several copies.
    pub(super) fn of(profile: &Profile, n_members: usize, time: Timestamp, article: ArticleId) -> Option<Self> {
        if !profile.has_body {
            return None;
        }
        let fields = SKETCHED.map(|field| heaviest(&profile.fields[field]));
        let mut sketch = Self { time, article, fields, shared: [0; N_FIELDS] };
        sketch.set_shared(profile, n_members);
        Some(sketch)
    }

    /// Takes over what the profile, of so many members, shares with any article.
    pub(super) fn set_shared(&mut self, profile: &Profile, n_members: usize) {
        for (shared, field) in self.shared.iter_mut().zip(SKETCHED) {
            *shared = in_parts(shared_by_member(profile, n_members as f64, field).min(MAX_EXPECTED));
        }
    }

    /// Mean of the cosines of both fields beyond what either shares with any article, 0 to 1.
    fn likeness(&self, other: &Self) -> f64 {
        let mut sum = 0.0;
        for field in 0..N_FIELDS {
            let (a, b) = (f64::from(self.shared[field]) / UNIT, f64::from(other.shared[field]) / UNIT);
            let cosine = dot(&self.fields[field], &other.fields[field]) as f64 / (UNIT * UNIT);
            let norm = ((1.0 - a) * (1.0 - b)).sqrt();
            sum += ((cosine - f64::midpoint(a, b)) / norm).clamp(0.0, 1.0);
        }
        sum / N_FIELDS as f64
    }
}

/// Likeness of the nearest two items of two stories that are at all alike, 0 otherwise; `dots`: of their sums.
pub(super) fn nearest_of_alike(a: (&Extent, &[Sketch]), b: (&Extent, &[Sketch]), dots: &[f64; DOTS]) -> f64 {
    let are_alike = SKETCHED.iter().any(|field| distinct(a.0, b.0, dots[*field], *field) >= MIN_ALIKE);
    if are_alike { nearest(a.1, b.1) } else { 0.0 }
}

/// Likeness of the two nearest items of two stories, 0 when one has no text.
fn nearest(a: &[Sketch], b: &[Sketch]) -> f64 {
    a.iter().flat_map(|a| b.iter().map(|b| a.likeness(b))).fold(0.0, f64::max)
}

/// Keeps the latest ones, in order.
pub(super) fn bound(sketches: &mut Vec<Sketch>) {
    sketches.sort_unstable();
    let n_over = sketches.len().saturating_sub(MAX_SKETCHES);
    sketches.drain(..n_over);
}

/// Drops the sketches of articles that `is_gone` tells of.
pub(super) fn remove(sketches: &mut Vec<Sketch>, is_gone: impl Fn(ArticleId) -> bool) {
    sketches.retain(|sketch| !is_gone(sketch.article));
}

fn in_parts(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * UNIT).round() as u16
}

/// The heaviest terms of a vector as parts of its length, ascending by term.
fn heaviest(vector: &Vector) -> Vec<(u32, u16)> {
    let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    let mut terms = vector.clone();
    if terms.len() > N_TERMS {
        terms.select_nth_unstable_by(N_TERMS, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        terms.truncate(N_TERMS);
        terms.sort_unstable_by_key(|(term, _)| *term);
    }
    let parts = terms.into_iter().map(|(term, weight)| (term, in_parts(f64::from(weight / norm))));
    parts.filter(|(_, weight)| *weight > 0).collect()
}

fn dot(a: &[(u32, u16)], b: &[(u32, u16)]) -> u64 {
    let (mut i, mut j, mut sum) = (0, 0, 0);
    while let (Some(mine), Some(theirs)) = (a.get(i), b.get(j)) {
        if mine.0 == theirs.0 {
            sum += u64::from(mine.1) * u64::from(theirs.1);
        }
        // Without a branch that nobody can predict.
        i += usize::from(mine.0 <= theirs.0);
        j += usize::from(theirs.0 <= mine.0);
    }
    sum
}

/// Encodes sketches. That of a story's only member is left out: the sums tell it.
pub(super) fn write(out: &mut Vec<u8>, sketches: &[Sketch], n_members: usize) {
    let kept = if n_members > 1 { sketches } else { &[] };
    write_unsigned(out, kept.len() as u64);
    for sketch in kept {
        write_signed(out, sketch.time.0);
        write_signed(out, sketch.article.0);
        for terms in &sketch.fields {
            write_ascending(out, terms.iter().map(|entry| entry.0));
            terms.iter().for_each(|(_, weight)| out.extend_from_slice(&weight.to_le_bytes()));
        }
        sketch.shared.iter().for_each(|shared| out.extend_from_slice(&shared.to_le_bytes()));
    }
}

/// Reads sketches back from untrusted bytes.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Sketch>, DecodeError> {
    let n = reader.count(MAX_SKETCHES)?;
    let mut sketches = Vec::with_capacity(n);
    for _ in 0..n {
        let (time, article) = (Timestamp(reader.signed()?), ArticleId(reader.signed()?));
        let mut sketch = Sketch { time, article, fields: Default::default(), shared: [0; N_FIELDS] };
        for field in &mut sketch.fields {
            let terms = read_ascending(reader, N_TERMS)?;
            *field = terms.into_iter().map(|term| Ok((term, short(reader)?))).collect::<Result<_, DecodeError>>()?;
        }
        for shared in &mut sketch.shared {
            *shared = short(reader)?.min(in_parts(MAX_EXPECTED));
        }
        sketches.push(sketch);
    }
    sketches.sort_unstable();
    Ok(sketches)
}

fn short(reader: &mut Reader<'_>) -> Result<u16, DecodeError> {
    Ok(u16::from_le_bytes([reader.byte()?, reader.byte()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(article: i64, terms: &[u32]) -> Sketch {
        let mut profile = Profile { has_body: true, ..Profile::default() };
        for field in SKETCHED {
            profile.fields[field] = terms.iter().map(|term| (*term, 1.0)).collect();
        }
        Sketch::of(&profile, 1, Timestamp(article), ArticleId(article)).unwrap()
    }

    #[test]
    fn the_nearest_items_tell() {
        let (a, b, c) = (sketch(1, &[1, 2, 3, 4]), sketch(2, &[1, 2, 3, 5]), sketch(3, &[7, 8]));
        assert!((nearest(&[c.clone(), a.clone()], std::slice::from_ref(&b)) - 0.75).abs() < 1e-3);
        assert!((nearest(std::slice::from_ref(&a), std::slice::from_ref(&a)) - 1.0).abs() < 1e-3);
        assert_eq!(nearest(std::slice::from_ref(&c), &[a, b]), 0.0);
        assert_eq!(nearest(&[], &[c]), 0.0);
    }

    #[test]
    fn what_any_article_shares_is_taken_off() {
        let (mut a, mut b) = (sketch(1, &[1, 2, 3, 4]), sketch(2, &[1, 2, 3, 5]));
        let mut profile = Profile { has_body: true, ..Profile::default() };
        profile.expected = [0.75; super::super::state::DOTS];
        a.set_shared(&profile, 1);
        b.set_shared(&profile, 1);
        assert!(nearest(&[a], &[b]) < 1e-3);
    }

    #[test]
    fn the_latest_are_kept_and_read_back() {
        let mut sketches: Vec<Sketch> = (0..30).rev().map(|article| sketch(article, &[1, 2, 900_000])).collect();
        bound(&mut sketches);
        assert_eq!((sketches.len(), sketches[0].article), (MAX_SKETCHES, ArticleId(14)));
        let mut bytes = Vec::new();
        write(&mut bytes, &sketches, 30);
        assert_eq!(read(&mut Reader::new(&bytes)), Ok(sketches.clone()));
        assert!(read(&mut Reader::new(&bytes[..bytes.len() - 1])).is_err());
        remove(&mut sketches, |article| article.0 < 29);
        assert_eq!(sketches.len(), 1);
        bytes.clear();
        write(&mut bytes, &sketches, 2);
        assert_eq!(read(&mut Reader::new(&bytes)), Ok(sketches.clone()), "beside a headline without text");
        bytes.clear();
        write(&mut bytes, &sketches, 1);
        assert_eq!(bytes, [0]);
    }
}
