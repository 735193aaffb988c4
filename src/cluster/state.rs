//! A story as the model sees it: member records and one centroid a field, and their encoding.

use crate::fingerprint::{
    DecodeError, Fingerprint, Reader, Terms, read_ascending, write_ascending, write_signed, write_text, write_unsigned,
};
use crate::model::{ArticleId, Timestamp};

use super::contract::Item;
use super::model::Idf;

/// Number of fields: title, lead, full, names, numbers, grams.
pub(super) const FIELDS: usize = 6;

/// Most terms of one field of a centroid; the lightest are dropped, so that a huge story stays bounded.
const MAX_CENTROID_TERMS: usize = 2_000;

/// Most members and longest texts read back from storage.
const MAX_MEMBERS: usize = 1_000_000;
const MAX_TEXT_BYTES: usize = 65_536;

/// First byte of the encoding.
const ENCODING_VERSION: u8 = 1;

/// What is kept of a member, so that its story can be described again without loading it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) time: Timestamp,
    pub(super) identity: String,
    pub(super) article: ArticleId,
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
            outlet: item.outlet.map(|outlet| outlet.0),
            language: item.language.clone(),
            title: item.title.clone(),
        }
    }
}

/// Weighted sums of members' term frequencies by field; weights are applied when compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Centroid {
    pub(super) has_body: bool,
    pub(super) n_members: u32,
    pub(super) first_time: Timestamp,
    pub(super) last_time: Timestamp,
    /// By field: term, sum of normalized frequencies, idf when last touched; ascending by term.
    fields: [Vec<(u32, f32, f32)>; FIELDS],
}

fn fields_of(fingerprint: &Fingerprint) -> [&Terms; FIELDS] {
    let f = fingerprint;
    [&f.title, &f.lead, &f.full, &f.names, &f.numbers, &f.grams]
}

impl Centroid {
    /// The centroid of one article.
    pub(super) fn of(item: &Item, idf: &Idf) -> Self {
        let fields = fields_of(&item.fingerprint).map(|terms| {
            let weigh = |n: u32| 1.0 + f64::from(n.max(1)).ln();
            let norm = terms.iter().map(|(_, n)| weigh(*n).powi(2)).sum::<f64>().sqrt();
            terms.iter().map(|(term, n)| (*term, (weigh(*n) / norm) as f32, idf.of(*term) as f32)).collect()
        });
        Self {
            has_body: item.fingerprint.has_body,
            n_members: 1,
            first_time: item.event_time,
            last_time: item.event_time,
            fields,
        }
    }

    /// Adds (sign 1) or takes out (sign -1) another centroid's terms.
    pub(super) fn combine(&mut self, other: &Self, sign: f32) {
        for (mine, theirs) in self.fields.iter_mut().zip(&other.fields) {
            let mut merged: Vec<(u32, f32, f32)> = Vec::with_capacity(mine.len() + theirs.len());
            let (mut i, mut j) = (0, 0);
            while i < mine.len() || j < theirs.len() {
                let left = mine.get(i).map_or(u64::MAX, |entry| u64::from(entry.0));
                let right = theirs.get(j).map_or(u64::MAX, |entry| u64::from(entry.0));
                let mut entry = if left <= right { mine[i] } else { (theirs[j].0, 0.0, theirs[j].2) };
                if right <= left {
                    entry.1 += sign * theirs[j].1;
                    entry.2 = theirs[j].2;
                    j += 1;
                }
                if left <= right {
                    i += 1;
                }
                if entry.1 > 1e-4 {
                    merged.push(entry);
                }
            }
            if merged.len() > MAX_CENTROID_TERMS {
                merged.sort_by(|a, b| (b.1 * b.2).total_cmp(&(a.1 * a.2)).then(a.0.cmp(&b.0)));
                merged.truncate(MAX_CENTROID_TERMS);
                merged.sort_by_key(|entry| entry.0);
            }
            *mine = merged;
        }
        if sign > 0.0 {
            self.first_time =
                if self.n_members == 0 { other.first_time } else { self.first_time.min(other.first_time) };
            self.last_time = if self.n_members == 0 { other.last_time } else { self.last_time.max(other.last_time) };
            self.n_members += other.n_members;
            self.has_body |= other.has_body;
        } else {
            self.n_members = self.n_members.saturating_sub(other.n_members);
        }
    }

    /// Cosine of one field of two centroids, 0 when either is empty.
    pub(super) fn cosine(&self, other: &Self, field: usize) -> f64 {
        let (a, b) = (&self.fields[field], &other.fields[field]);
        let norm = |entries: &[(u32, f32, f32)]| {
            entries.iter().map(|entry| f64::from(entry.1 * entry.2).powi(2)).sum::<f64>().sqrt()
        };
        let (mut i, mut j, mut dot) = (0, 0, 0.0);
        while i < a.len() && j < b.len() {
            match a[i].0.cmp(&b[j].0) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    dot += f64::from(a[i].1 * a[i].2) * f64::from(b[j].1 * b[j].2);
                    i += 1;
                    j += 1;
                }
            }
        }
        let norms = norm(a) * norm(b);
        if norms > 0.0 { dot / norms } else { 0.0 }
    }

    /// The heaviest terms of text and names, unit length, ascending by term.
    pub(super) fn top_terms(&self, n: usize) -> Vec<(u32, f32)> {
        let mut best: Vec<(u32, f32)> =
            self.fields[2].iter().chain(&self.fields[3]).map(|entry| (entry.0, entry.1 * entry.2)).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(n);
        let norm = best.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        best.iter_mut().for_each(|(_, weight)| *weight /= norm);
        best.sort_by_key(|(term, _)| *term);
        best
    }
}

/// Encodes members and centroid for storage.
pub(super) fn encode(members: &[Member], centroid: &Centroid) -> Vec<u8> {
    let mut out = vec![ENCODING_VERSION, u8::from(centroid.has_body)];
    write_unsigned(&mut out, members.len() as u64);
    for member in members {
        write_signed(&mut out, member.article.0);
        write_signed(&mut out, member.time.0);
        write_text(&mut out, &member.identity);
        write_text(&mut out, &member.title);
        write_text(&mut out, member.language.as_deref().unwrap_or_default());
        out.push(u8::from(member.outlet.is_some()));
        write_signed(&mut out, member.outlet.unwrap_or_default());
    }
    for field in &centroid.fields {
        write_ascending(&mut out, field.iter().map(|entry| entry.0));
        for entry in field {
            out.extend_from_slice(&entry.1.to_le_bytes());
            out.extend_from_slice(&entry.2.to_le_bytes());
        }
    }
    out
}

/// Reads members and centroid back from untrusted bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<(Vec<Member>, Centroid), DecodeError> {
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
        let known = reader.byte()? == 1;
        let outlet = Some(reader.signed()?).filter(|_| known);
        members.push(Member { time, identity, article, outlet, language, title });
    }
    members.sort();
    let mut fields: [Vec<(u32, f32, f32)>; FIELDS] = Default::default();
    for field in &mut fields {
        for term in read_ascending(&mut reader, MAX_CENTROID_TERMS * 8)? {
            field.push((term, 0.0, 0.0));
        }
        for entry in field.iter_mut() {
            entry.1 = reader.float()?;
            entry.2 = reader.float()?;
        }
    }
    reader.finish()?;
    let first_time = members.first().map_or(Timestamp(0), |member| member.time);
    let last_time = members.last().map_or(Timestamp(0), |member| member.time);
    let n_members = u32::try_from(members.len()).unwrap_or(u32::MAX);
    Ok((members, Centroid { has_body, n_members, first_time, last_time, fields }))
}
