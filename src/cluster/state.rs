//! A story as the model sees it: member records and one sum of weighted terms a field.

use crate::fingerprint::{
    DecodeError, Fingerprint, Reader, Terms, read_ascending, write_ascending, write_signed, write_text, write_unsigned,
};
use crate::model::{ArticleId, Timestamp};

use super::contract::{Item, TimeBasis};
use super::model::Idf;
use super::sketch::{self, Sketch};

/// The fields that have a sum of their own.
pub(super) const FIELDS: usize = 7;
pub(super) const TITLE: usize = 0;
pub(super) const LEAD: usize = 1;
pub(super) const FULL: usize = 2;
pub(super) const NAMES: usize = 3;
pub(super) const NUMBERS: usize = 4;
pub(super) const ACROSS: usize = 6;

/// Dot products kept of a pair: the fields, and headline against text.
pub(super) const DOTS: usize = FIELDS + 1;
pub(super) const CROSS: usize = FIELDS;

/// Most terms of one field of a stored story; the lightest are dropped, so that a huge story stays bounded.
const MAX_STORED_TERMS: usize = 2_000;

/// Most that unrelated articles are taken to share.
pub(super) const MAX_EXPECTED: f64 = 0.9;

/// Most members and longest texts read back from storage.
const MAX_MEMBERS: usize = 1_000_000;
const MAX_TEXT_BYTES: usize = 65_536;

/// First byte of the encoding.
const ENCODING_VERSION: u8 = 5;

/// Weighted terms, ascending by term.
pub(super) type Vector = Vec<(u32, f32)>;

/// What is kept of a member, so that its story can be described again without loading it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) time: Timestamp,
    pub(super) identity: String,
    pub(super) article: ArticleId,
    pub(super) dated: bool,
    pub(super) outlet: Option<i64>,
    pub(super) language: Option<String>,
    pub(super) title: String,
}

impl Member {
    pub(super) fn of(item: &Item) -> Self {
        Self {
            time: item.event_time,
            identity: item.identity.clone(),
            article: item.article,
            dated: item.time_basis != TimeBasis::Imported,
            outlet: item.outlet.map(|outlet| outlet.0),
            language: item.language.clone(),
            title: item.title.clone(),
        }
    }
}

/// The weighted terms of a story's members, summed by field.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profile {
    pub(super) has_body: bool,
    pub(super) fields: [Vector; FIELDS],
    /// By dot product, summed over the members: what it comes to with an unrelated article.
    pub(super) expected: [f64; DOTS],
    /// By dot product, summed over the members: the cosine with articles that were close and no more than that.
    pub(super) background: [f64; DOTS],
}

/// Adds two vectors, the second one times `sign`; what is left of a term that was taken out again is dropped.
fn add(a: &Vector, b: &Vector, sign: f32) -> Vector {
    let mut sum = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let left = a.get(i).map_or(u64::MAX, |entry| u64::from(entry.0));
        let right = b.get(j).map_or(u64::MAX, |entry| u64::from(entry.0));
        let mut entry = if left <= right { a[i] } else { (b[j].0, 0.0) };
        if right <= left {
            entry.1 += sign * b[j].1;
            j += 1;
        }
        if left <= right {
            i += 1;
        }
        if entry.1 > 1e-4 {
            sum.push(entry);
        }
    }
    sum
}

/// Dot product of two vectors.
pub(super) fn dot(a: &Vector, b: &Vector) -> f64 {
    if std::ptr::eq(a, b) {
        return a.iter().fold(0.0, |sum, (_, weight)| sum + f64::from(*weight) * f64::from(*weight));
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut sum = 0.0;
    // A short vector against a long one: jump instead of walking.
    if short.len() * 16 < long.len() {
        let mut rest = long.as_slice();
        for (term, weight) in short {
            let at = rest.partition_point(|entry| entry.0 < *term);
            rest = &rest[at..];
            if let Some(entry) = rest.first().filter(|entry| entry.0 == *term) {
                sum += f64::from(*weight) * f64::from(entry.1);
            }
        }
        return sum;
    }
    let (mut i, mut j) = (0, 0);
    while let (Some(mine), Some(theirs)) = (a.get(i), b.get(j)) {
        if mine.0 == theirs.0 {
            sum += f64::from(mine.1) * f64::from(theirs.1);
        }
        // Which of two terms is the smaller nobody can predict, least of all the processor: steps without a branch.
        i += usize::from(mine.0 <= theirs.0);
        j += usize::from(theirs.0 <= mine.0);
    }
    sum
}

/// A vector whose terms are found by their hash: for one that is multiplied with many others.
#[derive(Debug)]
pub(super) struct Lookup {
    /// A bit for each term and many for none: most terms of another vector are told apart here, without a branch.
    filter: Vec<u64>,
    /// Terms and weights, a power of two of them, at most half taken; where the weight is 0, none stands.
    slots: Vec<(u32, f32)>,
}

/// Bits of the filter for each term.
const FILTER_BITS: usize = 16;

/// Terms looked up at once.
const LOOKUP_CHUNK: usize = 64;

impl Lookup {
    fn new(vector: &Vector) -> Self {
        let n_words = (FILTER_BITS * vector.len()).next_power_of_two().div_ceil(64);
        let slots = vec![(0, 0.0); (2 * vector.len()).next_power_of_two()];
        let mut lookup = Self { filter: vec![0; n_words], slots };
        let (filter_mask, mask) = (lookup.filter.len() - 1, lookup.slots.len() - 1);
        for (term, weight) in vector.iter().filter(|(_, weight)| *weight != 0.0) {
            lookup.filter[(*term >> 6) as usize & filter_mask] |= 1 << (term & 63);
            let mut at = *term as usize & mask;
            while lookup.slots[at].1 != 0.0 {
                at = (at + 1) & mask;
            }
            lookup.slots[at] = (*term, *weight);
        }
        lookup
    }

    /// The weight of a term, 0 when it isn't there. Terms are hashes already: their lowest bits are as good as any.
    fn weight(&self, term: u32) -> f32 {
        let mask = self.slots.len() - 1;
        let mut at = term as usize & mask;
        while self.slots[at].1 != 0.0 && self.slots[at].0 != term {
            at = (at + 1) & mask;
        }
        self.slots[at].1
    }

    /// Dot product with another vector: the same sum in the same order as [`dot`] gives.
    fn dot(&self, other: &Vector) -> f64 {
        let filter_mask = self.filter.len() - 1;
        let mut sum = 0.0;
        for chunk in other.chunks(LOOKUP_CHUNK) {
            let mut likely = [(0, 0.0); LOOKUP_CHUNK];
            let mut n_likely = 0;
            for entry in chunk {
                likely[n_likely] = *entry;
                let word = self.filter[(entry.0 >> 6) as usize & filter_mask];
                n_likely += (word >> (entry.0 & 63) & 1) as usize;
            }
            for (term, weight) in &likely[..n_likely] {
                sum += f64::from(self.weight(*term)) * f64::from(*weight);
            }
        }
        sum
    }
}

/// Scales a vector to unit length.
fn to_unit_length(vector: &mut Vector) {
    let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|(_, weight)| *weight /= norm);
    }
}

/// The `n` heaviest terms of a vector, of unit length, ascending by term.
fn heaviest(vector: &Vector, n: usize) -> Vector {
    let mut best = vector.clone();
    if best.len() > n {
        best.select_nth_unstable_by(n, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(n);
        best.sort_unstable_by_key(|(term, _)| *term);
    }
    to_unit_length(&mut best);
    best
}

/// (1 + ln tf)·idf, of unit length, and its dot product with the vector of an unrelated article, in which every term
/// occurs by its share of all documents, with the weight it has here.
fn weighted(terms: &Terms, idf: &Idf) -> (Vector, f64) {
    let mut shares: Vec<f64> = Vec::with_capacity(terms.len());
    let mut vector: Vector = Vec::with_capacity(terms.len());
    for (term, n) in terms {
        let weight = idf.of(*term);
        let frequency = if *n <= 1 { 1.0 } else { 1.0 + f64::from(*n).ln() };
        vector.push((*term, (frequency * weight.idf) as f32));
        shares.push(weight.share);
    }
    to_unit_length(&mut vector);
    let expected =
        vector.iter().zip(&shares).map(|((_, weight), share)| share * f64::from(*weight) * f64::from(*weight));
    let expected = expected.sum();
    (vector, expected)
}

fn fields_of(fingerprint: &Fingerprint) -> [&Terms; FIELDS] {
    let f = fingerprint;
    [&f.title, &f.lead, &f.full, &f.names, &f.numbers, &f.grams, &f.across]
}

impl Profile {
    /// The profile of one article.
    pub(super) fn of(item: &Item, idf: &Idf) -> Self {
        let mut sums = [0.0; DOTS];
        let mut fields: [Vector; FIELDS] = Default::default();
        for ((field, sum), terms) in fields.iter_mut().zip(&mut sums).zip(fields_of(&item.fingerprint)) {
            (*field, *sum) = weighted(terms, idf);
        }
        sums[CROSS] = (sums[TITLE] * sums[FULL]).sqrt();
        Self { has_body: item.fingerprint.has_body, fields, expected: sums, background: [0.0; DOTS] }
    }

    /// Adds another profile.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.fields.iter_mut().zip(&other.fields) {
            *mine = if mine.is_empty() { theirs.clone() } else { add(mine, theirs, 1.0) };
        }
        self.expected.iter_mut().zip(other.expected).for_each(|(mine, theirs)| *mine += theirs);
        self.background.iter_mut().zip(other.background).for_each(|(mine, theirs)| *mine += theirs);
        self.has_body |= other.has_body;
    }

    /// Takes an article out again.
    pub(super) fn remove(&mut self, other: &Self) {
        for (mine, theirs) in self.fields.iter_mut().zip(&other.fields) {
            *mine = add(mine, theirs, -1.0);
        }
        self.expected.iter_mut().zip(other.expected).for_each(|(mine, theirs)| *mine = (*mine - theirs).max(0.0));
    }

    /// Dot products with another profile, by field; headline against text is the mean of both directions.
    pub(super) fn dots(&self, other: &Self) -> [f64; DOTS] {
        let mut dots = [0.0; DOTS];
        for (field, value) in dots.iter_mut().enumerate().take(FIELDS) {
            *value = dot(&self.fields[field], &other.fields[field]);
        }
        let cross = |a: &Self, b: &Self| dot(&a.fields[TITLE], &b.fields[FULL]);
        let there = cross(self, other);
        let back = if std::ptr::eq(self, other) { there } else { cross(other, self) };
        dots[CROSS] = f64::midpoint(there, back);
        dots
    }

    /// The fields to be multiplied with those of many others.
    pub(super) fn lookup(&self) -> [Lookup; FIELDS] {
        self.fields.each_ref().map(Lookup::new)
    }

    /// [`Self::dots`] with the fields of `self` looked up.
    pub(super) fn dots_by(&self, lookup: &[Lookup; FIELDS], other: &Self) -> [f64; DOTS] {
        let mut dots = [0.0; DOTS];
        for ((value, lookup), theirs) in dots.iter_mut().zip(lookup).zip(&other.fields) {
            *value = lookup.dot(theirs);
        }
        let (there, back) = (dot(&self.fields[TITLE], &other.fields[FULL]), lookup[FULL].dot(&other.fields[TITLE]));
        dots[CROSS] = f64::midpoint(there, back);
        dots
    }

    /// The heaviest terms of text and names, of unit length, ascending by term.
    pub(super) fn top_terms(&self, n: usize) -> Vector {
        let mut both: Vector =
            self.fields[FULL].iter().chain(&self.fields[NAMES]).chain(&self.fields[ACROSS]).copied().collect();
        // Ascending by weight within a term, so that the sums don't depend on the order of equals.
        both.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // Hashes of two fields may meet in one number, which then stands for both.
        both.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        heaviest(&both, n)
    }

    /// Bounds what is stored.
    pub(super) fn bound(&mut self) {
        for field in &mut self.fields {
            if field.len() > MAX_STORED_TERMS {
                field.select_nth_unstable_by(MAX_STORED_TERMS, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                field.truncate(MAX_STORED_TERMS);
                field.sort_unstable_by_key(|(term, _)| *term);
            }
        }
    }
}

fn write_vector(out: &mut Vec<u8>, vector: &[(u32, f32)]) {
    write_ascending(out, vector.iter().map(|entry| entry.0));
    for (_, weight) in vector {
        out.extend_from_slice(&weight.to_le_bytes());
    }
}

fn read_vector(reader: &mut Reader<'_>) -> Result<Vector, DecodeError> {
    let terms = read_ascending(reader, MAX_STORED_TERMS)?;
    terms.into_iter().map(|term| Ok((term, reader.float()?))).collect()
}

/// Encodes weighted terms, ascending by term, for storage.
#[must_use]
pub fn encode_terms(terms: &[(u32, f32)]) -> Vec<u8> {
    let mut out = Vec::new();
    write_vector(&mut out, terms);
    out
}

/// Reads weighted terms back from untrusted bytes; none from no bytes.
///
/// # Errors
/// When the bytes are no encoding of terms.
pub fn decode_terms(bytes: &[u8]) -> Result<Vec<(u32, f32)>, DecodeError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader::new(bytes);
    let terms = read_vector(&mut reader)?;
    reader.finish()?;
    Ok(terms)
}

/// What is stored of a story.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) members: Vec<Member>,
    pub(super) profile: Profile,
    /// The latest items on their own.
    pub(super) sketches: Vec<Sketch>,
}

impl State {
    /// The state of a story of these articles.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a Item>, idf: &Idf) -> Self {
        let (mut members, mut profile, mut sketches) = (Vec::new(), Profile::default(), Vec::new());
        for item in items {
            let (member, own) = (Member::of(item), Profile::of(item, idf));
            sketches.extend(only_sketch(std::slice::from_ref(&member), &own));
            profile.add(&own);
            members.push(member);
        }
        members.sort();
        sketch::bound(&mut sketches);
        Self { members, profile, sketches }
    }
}

/// Encodes the state of a story for storage.
pub(super) fn encode(members: &[Member], profile: &Profile, sketches: &[Sketch]) -> Vec<u8> {
    let mut out = vec![ENCODING_VERSION, u8::from(profile.has_body)];
    write_unsigned(&mut out, members.len() as u64);
    for member in members {
        write_signed(&mut out, member.article.0);
        write_signed(&mut out, member.time.0);
        write_text(&mut out, &member.identity);
        write_text(&mut out, &member.title);
        write_text(&mut out, member.language.as_deref().unwrap_or_default());
        out.push(u8::from(member.dated));
        out.push(u8::from(member.outlet.is_some()));
        write_signed(&mut out, member.outlet.unwrap_or_default());
    }
    profile.fields.iter().for_each(|field| write_vector(&mut out, field));
    for sum in profile.expected.iter().chain(&profile.background) {
        out.extend_from_slice(&(*sum as f32).to_le_bytes());
    }
    sketch::write(&mut out, sketches, members.len());
    out
}

/// Reads a state back from untrusted bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<State, DecodeError> {
    let mut reader = Reader::new(bytes);
    match reader.byte()? {
        ENCODING_VERSION => {}
        other => return Err(DecodeError::UnknownVersion(other)),
    }
    let has_body = reader.byte()? == 1;
    let n = reader.count(MAX_MEMBERS)?;
    let mut members = Vec::new();
    for _ in 0..n {
        let article = ArticleId(reader.signed()?);
        let time = Timestamp(reader.signed()?);
        let identity = reader.text(MAX_TEXT_BYTES)?;
        let title = reader.text(MAX_TEXT_BYTES)?;
        let language = Some(reader.text(MAX_TEXT_BYTES)?).filter(|language| !language.is_empty());
        let dated = reader.byte()? == 1;
        let known = reader.byte()? == 1;
        let outlet = Some(reader.signed()?).filter(|_| known);
        members.push(Member { time, identity, article, dated, outlet, language, title });
    }
    members.sort();
    let mut fields: [Vector; FIELDS] = Default::default();
    for field in &mut fields {
        *field = read_vector(&mut reader)?;
    }
    let (mut expected, mut background) = ([0.0; DOTS], [0.0; DOTS]);
    for sum in expected.iter_mut().chain(&mut background) {
        *sum = f64::from(reader.float()?);
    }
    let mut sketches = sketch::read(&mut reader)?;
    reader.finish()?;
    let profile = Profile { has_body, fields, expected, background };
    if sketches.is_empty() {
        sketches = only_sketch(&members, &profile);
    }
    Ok(State { members, profile, sketches })
}

/// The sketch of a story that is one item, copies of it included.
pub(super) fn only_sketch(members: &[Member], profile: &Profile) -> Vec<Sketch> {
    let first = members.first();
    first.and_then(|first| Sketch::of(profile, members.len(), first.time, first.article)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_add_and_multiply() {
        let a = vec![(1, 0.6), (5, 0.8)];
        let b = vec![(5, 1.0)];
        assert_eq!(add(&a, &b, 1.0), [(1, 0.6), (5, 1.8)]);
        assert_eq!(add(&b, &b, -1.0), []);
        assert!((dot(&a, &b) - 0.8).abs() < 1e-6);
        let long: Vector = (0..100).map(|term| (term, 1.0)).collect();
        assert!((dot(&a, &long) - 1.4).abs() < 1e-6);
        assert_eq!(dot(&a, &long), dot(&long, &a));
        for (x, y) in [(&a, &b), (&a, &long), (&long, &b), (&Vector::new(), &a)] {
            assert!((Lookup::new(x).dot(y) - dot(x, y)).abs() < f64::EPSILON);
            assert!((Lookup::new(y).dot(x) - dot(x, y)).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn the_heaviest_terms_stay_in_order() {
        let vector = vec![(1, 3.0), (2, 1.0), (3, 4.0)];
        assert_eq!(heaviest(&vector, 2), [(1, 0.6), (3, 0.8)]);
        assert_eq!(heaviest(&Vec::new(), 2), []);
    }

    #[test]
    fn one_number_of_two_fields_is_one_index_term() {
        let mut profile = Profile::default();
        profile.fields[FULL] = vec![(7, 0.3), (9, 0.3)];
        profile.fields[NAMES] = vec![(7, 0.1)];
        assert_eq!(profile.top_terms(9), [(7, 0.8), (9, 0.6)]);
    }

    #[test]
    fn terms_are_read_back() {
        for terms in [vec![], vec![(1, 0.5)], vec![(1, 0.25), (7, 1.5), (u32::MAX, 0.75)]] {
            let bytes = encode_terms(&terms);
            assert_eq!(decode_terms(&bytes), Ok(terms));
            assert!(bytes.len() < 2 || decode_terms(&bytes[..bytes.len() - 1]).is_err());
        }
        assert_eq!(decode_terms(&[]), Ok(Vec::new()));
    }
}
