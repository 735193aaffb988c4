//! Digests of a text: what near-duplicate search and clustering compare instead of the text itself.
//!
//! ```text
//! body  ─▶ folded words ─▶ 5-grams ─▶ hashes (all, sorted) ─▶ every 8th value: the sample for the index
//! title, body ─▶ stemmed terms by field ─▶ hashes with counts
//! ```
//!
//! Terms, names, numbers and character grams hash into disjoint families, so that one table of document
//! frequencies serves all of them. Stored bytes are untrusted and read with bounds.

mod across;
mod codec;
mod names;
mod vocabulary;

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::text;

use vocabulary::{Vocabulary, with_vocabulary};

pub use across::key as name_key;
pub use codec::{DecodeError, Reader, write_signed, write_text, write_unsigned};

/// Words in one shingle: five is what near-duplicate literature uses for news; longer ones miss edited copies.
pub const SHINGLE_WORDS: usize = 5;

/// One in this many shingles goes into the index; a shared passage of 30 shingles then shows about four.
const SAMPLING: u32 = 8;

/// Most shingles kept, the first of the text: 6,000 words are longer than almost any article.
const MAX_SHINGLES: usize = 6_000;

/// Characters of the body that count as its lead.
const LEAD_CHARS: usize = 900;

/// Characters of the body whose terms count; the rest of a long read is background.
const FULL_CHARS: usize = 3_000;

/// Characters of a headline that are looked at.
const MAX_TITLE_CHARS: usize = 600;

/// Characters in one gram of the headline.
const GRAM_CHARS: usize = 4;

/// Most distinct terms of one field read back from storage.
const MAX_TERMS: usize = 8_192;

/// First byte of the encoding.
const ENCODING_VERSION: u8 = 3;

/// The ones before, without `quoted` and without `across`: still read.
const ENCODING_WITHOUT_QUOTES: u8 = 2;
const ENCODING_OF_SIX_FIELDS: u8 = 1;

/// Seeds that keep the families of hashes apart.
const SEED_SHINGLE: u64 = 1;
const SEED_TERM: u64 = 2;
const SEED_NAME: u64 = 3;
const SEED_NUMBER: u64 = 4;
const SEED_GRAM: u64 = 5;
const SEED_ACROSS: u64 = 6;

/// Hashed terms with their counts, ascending by hash, each hash once.
pub type Terms = Vec<(u32, u32)>;

/// The digest of one version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// Whether article text went in; a digest of a headline alone is compared by other weights.
    pub has_body: bool,
    /// Hashes of all word 5-grams of the body, sorted, distinct.
    pub shingles: Vec<u32>,
    /// Those of them that stand between quotation marks, sorted: whoever reports a statement has its words.
    pub quoted: Vec<u32>,
    /// Terms of the headline.
    pub title: Terms,
    /// Terms of the first 900 characters.
    pub lead: Terms,
    /// Terms of the headline, twice, and of the first 3,000 characters.
    pub full: Terms,
    /// Capitalized word sequences that don't merely begin a sentence, and their parts.
    pub names: Terms,
    /// Keys of the words of names that are the same in other languages and scripts.
    pub across: Terms,
    /// Numbers with at least two characters.
    pub numbers: Terms,
    /// Runs of four characters of the headline: they bridge compounds, inflections and misspellings.
    pub grams: Terms,
}

fn hash(seed: u64, text: &str) -> u32 {
    (xxh3_64_with_seed(text.as_bytes(), seed) >> 32) as u32
}

/// The first `n` characters of a text.
fn prefix(text: &str, n: usize) -> &str {
    text.char_indices().nth(n).map_or(text, |(at, _)| &text[..at])
}

/// Digests a headline and, when the caller has the article's own text, its body.
#[must_use]
pub fn fingerprint(title: &str, body: Option<&str>, language: Option<&str>) -> Fingerprint {
    with_vocabulary(language, |vocabulary| digest(title, body, vocabulary))
}

fn digest(title: &str, body: Option<&str>, vocabulary: &mut Vocabulary) -> Fingerprint {
    let title = prefix(title, MAX_TITLE_CHARS);
    let body = body.map(str::trim).filter(|body| !body.is_empty());
    let text = body.unwrap_or_default();
    let beginning = prefix(text, FULL_CHARS);
    let lead_end = prefix(beginning, LEAD_CHARS).len();
    let (mut of_title, mut numbers) = (Vec::new(), Vec::new());
    // A word and its space take about six bytes.
    let (mut lead, mut full) = (Vec::with_capacity(lead_end / 6), Vec::with_capacity(beginning.len() / 6 + 32));
    for word in text::segments(title) {
        let Some(term) = vocabulary.term(word) else { continue };
        of_title.push(term.hash);
        full.extend([term.hash; 2]);
        numbers.extend(term.number);
    }
    let mut shingles = Shingles::with_capacity(text.len());
    let quotations = text::quotations(text);
    let mut quotation = quotations.iter().peekable();
    for (end, word) in text::segment_ends(text) {
        while quotation.next_if(|range| range.end < end).is_some() {}
        let is_quoted = quotation.peek().is_some_and(|range| range.start + word.len() <= end);
        if end <= beginning.len()
            && let Some(term) = vocabulary.term(word)
        {
            full.push(term.hash);
            lead.extend((end <= lead_end).then_some(term.hash));
            numbers.extend(term.number);
        }
        if !shingles.push(word, is_quoted) && end > beginning.len() {
            break;
        }
    }
    let (mut names, mut across) = (Vec::new(), Vec::new());
    for name in names::names(title, beginning, vocabulary) {
        if name.len() > 1 {
            names.push(hash(SEED_NAME, &names::joined(&name)));
        }
        names.extend(name.iter().map(|part| hash(SEED_NAME, &part.text)));
        across.extend(name.iter().filter_map(|part| part.across()));
    }
    let (shingles, quoted) = shingles.hashes();
    Fingerprint {
        has_body: body.is_some(),
        shingles,
        quoted,
        title: count(of_title),
        lead: count(lead),
        full: count(full),
        names: count(names),
        across: count(across),
        numbers: count(numbers),
        grams: count(grams(title)),
    }
}

/// The words behind the hashes of terms, names and numbers of a text: for telling people what two texts share.
#[must_use]
pub fn words_by_hash(title: &str, body: Option<&str>, language: Option<&str>) -> BTreeMap<u32, String> {
    let mut vocabulary = Vocabulary::new(language);
    let title = prefix(title, MAX_TITLE_CHARS);
    let beginning = prefix(body.unwrap_or_default(), FULL_CHARS);
    let mut found = BTreeMap::new();
    for name in names::names(title, beginning, &mut vocabulary) {
        let whole = names::joined(&name);
        found.extend(name.iter().map(|part| (hash(SEED_NAME, &part.text), part.text.clone())));
        found.insert(hash(SEED_NAME, &whole), whole);
    }
    for word in text::segments(title).chain(text::segments(beginning)) {
        if let Some(term) = vocabulary.term(word) {
            found.entry(term.hash).or_insert_with(|| word.to_lowercase());
        }
    }
    found
}

/// What a hash of a digest stands for, as far as a table of words can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A word of headline or text.
    Term,
    /// A word of a name.
    Name,
    /// The key of a name's word in other languages.
    Across,
    /// Characters of a headline's word.
    Gram,
}

/// The hashes that a word leaves in the digests of the texts it occurs in, the term's first; none for a stop word.
#[must_use]
pub fn families(word: &str, language: &str) -> Vec<(Family, u32)> {
    with_vocabulary(Some(language), |vocabulary| {
        let mut found = Vec::new();
        for segment in text::segments(word) {
            let Some(entry) = vocabulary.term(segment) else { continue };
            found.push((Family::Term, entry.hash));
            found.push((Family::Name, hash(SEED_NAME, &entry.term.text)));
            found.extend(entry.term.across().map(|across| (Family::Across, across)));
        }
        found.extend(grams(word).into_iter().map(|gram| (Family::Gram, gram)));
        found
    })
}

fn count(mut hashes: Vec<u32>) -> Terms {
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a == b).map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))).collect()
}

/// The shingles of a text that is read word by word.
struct Shingles {
    /// The folded words, a space between two, so that a shingle is a slice of it.
    joined: String,
    /// Where each word begins and ends.
    places: Vec<(usize, usize)>,
    /// How many of the words up to each one, in a row, stand between quotation marks.
    quoted_run: Vec<usize>,
}

impl Shingles {
    fn with_capacity(n_bytes: usize) -> Self {
        Self {
            joined: String::with_capacity(n_bytes),
            places: Vec::with_capacity(n_bytes / 6),
            quoted_run: Vec::with_capacity(n_bytes / 6),
        }
    }

    /// Takes the next word; false once there are enough.
    fn push(&mut self, word: &str, is_quoted: bool) -> bool {
        if self.places.len() == MAX_SHINGLES + SHINGLE_WORDS - 1 {
            return false;
        }
        let before = self.joined.len();
        if before > 0 {
            self.joined.push(' ');
        }
        let start = self.joined.len();
        if word.is_ascii() {
            self.joined.push_str(word);
            self.joined[start..].make_ascii_lowercase();
        } else {
            self.joined.push_str(&text::folded_word(word));
        }
        if self.joined.len() == start {
            self.joined.truncate(before);
        } else {
            self.places.push((start, self.joined.len()));
            let before = self.quoted_run.last().copied().unwrap_or(0);
            self.quoted_run.push(if is_quoted { before + 1 } else { 0 });
        }
        true
    }

    /// Hashes of all of them, and of those that stand in a quotation: ascending, each once.
    fn hashes(&self) -> (Vec<u32>, Vec<u32>) {
        let shingle = |run: &[(usize, usize)]| hash(SEED_SHINGLE, &self.joined[run[0].0..run[SHINGLE_WORDS - 1].1]);
        let mut found: Vec<u32> = self.places.windows(SHINGLE_WORDS).map(shingle).collect();
        let ends = self.quoted_run.iter().skip(SHINGLE_WORDS - 1);
        let quoted = found.iter().zip(ends).filter(|(_, run)| **run >= SHINGLE_WORDS).map(|(hash, _)| *hash);
        let mut quoted: Vec<u32> = quoted.collect();
        for hashes in [&mut found, &mut quoted] {
            hashes.sort_unstable();
            hashes.dedup();
        }
        (found, quoted)
    }
}

/// Hashes of the character grams of each folded word of the headline, word ends marked.
fn grams(title: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut marked = String::new();
    let mut starts: Vec<usize> = Vec::new();
    for word in text::folded_words(title) {
        marked.clear();
        marked.push(' ');
        marked.push_str(&word);
        marked.push(' ');
        starts.clear();
        starts.extend(marked.char_indices().map(|(at, _)| at).chain([marked.len()]));
        if starts.len() <= GRAM_CHARS + 1 {
            found.push(hash(SEED_GRAM, &marked));
        } else {
            found.extend(starts.windows(GRAM_CHARS + 1).map(|run| hash(SEED_GRAM, &marked[run[0]..run[GRAM_CHARS]])));
        }
    }
    found
}

impl Fingerprint {
    /// The shingles that go into the index: those whose hash falls on the sample.
    pub fn sampled_shingles(&self) -> impl Iterator<Item = u32> + '_ {
        self.shingles.iter().copied().filter(|shingle| is_sampled(*shingle))
    }

    /// Distinct terms of all fields, ascending: what document frequency is counted over.
    pub fn terms(&self) -> impl Iterator<Item = u32> + use<> {
        let fields = [&self.full, &self.lead, &self.names, &self.across, &self.numbers, &self.grams];
        let mut terms: Vec<u32> = fields.into_iter().flatten().map(|(term, _)| *term).collect();
        terms.sort_unstable();
        terms.dedup();
        terms.into_iter()
    }

    /// Encodes the digest for storage.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![ENCODING_VERSION, u8::from(self.has_body)];
        write_ascending(&mut out, self.shingles.iter().copied());
        for part in self.shingles.chunks(8) {
            let bit = |(at, shingle)| u8::from(self.quoted.binary_search(shingle).is_ok()) << at;
            out.push(part.iter().enumerate().map(bit).sum());
        }
        for field in self.fields() {
            write_ascending(&mut out, field.iter().map(|(term, _)| *term));
            for (_, n) in field {
                write_unsigned(&mut out, u64::from(*n));
            }
        }
        out
    }

    /// Reads a digest back from untrusted bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (has_quotes, has_across) = match reader.byte()? {
            ENCODING_VERSION => (true, true),
            ENCODING_WITHOUT_QUOTES => (false, true),
            ENCODING_OF_SIX_FIELDS => (false, false),
            other => return Err(DecodeError::UnknownVersion(other)),
        };
        let has_body = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Invalid),
        };
        let shingles = read_ascending(&mut reader, MAX_SHINGLES)?;
        let bits = if has_quotes { reader.take(shingles.len().div_ceil(8))? } else { &[] };
        let is_quoted = |at: usize| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        let quoted = shingles.iter().zip(0..).filter(|(_, at)| is_quoted(*at)).map(|(shingle, _)| *shingle).collect();
        let mut field = || -> Result<Terms, DecodeError> {
            let terms = read_ascending(&mut reader, MAX_TERMS)?;
            terms.into_iter().map(|term| Ok((term, reader.unsigned_32()?))).collect()
        };
        let read = Self {
            has_body,
            shingles,
            quoted,
            title: field()?,
            lead: field()?,
            full: field()?,
            names: field()?,
            across: if has_across { field()? } else { Terms::new() },
            numbers: field()?,
            grams: field()?,
        };
        reader.finish()?;
        Ok(read)
    }

    fn fields(&self) -> [&Terms; 7] {
        [&self.title, &self.lead, &self.full, &self.names, &self.across, &self.numbers, &self.grams]
    }
}

/// Whether a shingle is on the sample that goes into the index.
#[must_use]
pub fn is_sampled(shingle: u32) -> bool {
    shingle.is_multiple_of(SAMPLING)
}

/// Appends ascending distinct numbers as a count and their differences.
pub fn write_ascending(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = u32>) {
    write_unsigned(out, values.len() as u64);
    let mut last = 0;
    for value in values {
        write_unsigned(out, u64::from(value - last));
        last = value;
    }
}

/// Reads ascending distinct numbers, at most `limit`.
pub fn read_ascending(reader: &mut Reader<'_>, limit: usize) -> Result<Vec<u32>, DecodeError> {
    let n = reader.count(limit)?;
    let mut values = Vec::with_capacity(n);
    let mut last = 0_u32;
    for index in 0..n {
        let step = reader.unsigned_32()?;
        if index > 0 && step == 0 {
            return Err(DecodeError::Invalid);
        }
        last = last.checked_add(step).ok_or(DecodeError::Invalid)?;
        values.push(last);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &str = "The harbor of Velmouth stayed closed on Monday, its mayor Ida Brandt said, after 1,200 tons of \
                        oil leaked from the tanker Corvina. Crews from three counties laid booms through the night.";

    #[test]
    fn digests_fields() {
        let digest = fingerprint("Oil spill closes Velmouth harbor", Some(BODY), Some("en"));
        assert!(digest.has_body);
        assert_eq!(digest.title.len(), 5);
        assert_eq!(digest.numbers, count(vec![hash(SEED_NUMBER, "1200")]));
        assert!(digest.names.iter().any(|(name, _)| *name == hash(SEED_NAME, "ida brandt")));
        let velmouth = hash(SEED_TERM, &text::Stems::new(Some("en")).term("Velmouth").unwrap());
        assert_eq!(digest.full.iter().find(|(term, _)| *term == velmouth), Some(&(velmouth, 3)));
    }

    #[test]
    fn speech_is_told_from_an_articles_own_words() {
        let speech = "nobody will lose a cent over this and nobody will have to wait";
        let digest =
            fingerprint("Bank", Some(&format!("The head of the bank wrote today: “{speech}.” Few believe it.")), None);
        let alone = fingerprint("Bank", Some(speech), None);
        assert_eq!(digest.quoted, alone.shingles);
        assert!(alone.quoted.is_empty());
        assert!(digest.shingles.len() > digest.quoted.len());
    }

    #[test]
    fn a_headline_alone_has_no_shingles() {
        let digest = fingerprint("Oil spill closes Velmouth harbor", None, Some("en"));
        assert!(!digest.has_body);
        assert!(digest.shingles.is_empty());
        assert!(digest.terms().count() > 5);
    }

    #[test]
    fn the_empty_text_is_fine() {
        let digest = fingerprint("", Some(" \n"), None);
        assert_eq!(digest, Fingerprint::default());
    }

    proptest! {
        #[test]
        fn encoding_survives(title in ".{0,80}", body in ".{0,600}") {
            let digest = fingerprint(&title, Some(&body), Some("en"));
            prop_assert_eq!(Fingerprint::decode(&digest.encode()), Ok(digest));
        }

        #[test]
        fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), versioned in any::<bool>()) {
            let mut bytes = bytes;
            if versioned {
                bytes.splice(0..0, [ENCODING_VERSION, 1]);
            }
            let _ = Fingerprint::decode(&bytes);
        }
    }
}
