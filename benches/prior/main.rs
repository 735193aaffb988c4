//! Makes `config/document_shares.bin`, the shares of documents that terms are taken to occur in before any is stored.
//!
//! `cargo bench --bench prior -- WORDS.tsv [OUT]`: lines of language, word and its share of all words, as
//! `benches/prior/words.py` prints them. A term that is a share f of the words occurs in 1 - exp(-n f) of the texts of n
//! words (Poisson); where languages share a term, the largest share counts.

use std::collections::BTreeMap;

use anyhow::Context as _;
use copytaster::cluster::shares;
use copytaster::fingerprint::{Family, families};

/// Words of an article, and of a headline.
const ARTICLE_WORDS: f64 = 400.0;
const HEADLINE_WORDS: f64 = 10.0;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let path = arguments.next().context("which file of words?")?;
    let out = arguments.next().unwrap_or_else(|| "config/document_shares.bin".to_owned());
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // By language and hash: the share of all words, and in how many words a text has.
    let mut frequencies: BTreeMap<(&str, u32), (f64, f64)> = BTreeMap::new();
    for (line, at) in text.lines().zip(1_i64..) {
        let mut columns = line.split('\t');
        let (Some(language), Some(word), Some(frequency)) = (columns.next(), columns.next(), columns.next()) else {
            anyhow::bail!("{path}:{at}: not a language, a word and a share");
        };
        let frequency: f64 = frequency.parse().with_context(|| format!("{path}:{at}: no share"))?;
        for (family, hash) in families(word, language) {
            let n_words = if family == Family::Gram { HEADLINE_WORDS } else { ARTICLE_WORDS };
            let entry = frequencies.entry((language, hash)).or_insert((0.0, n_words));
            entry.0 += frequency;
        }
    }
    let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
    for ((_, hash), (frequency, n_words)) in frequencies {
        let share = shares.entry(hash).or_insert(0.0);
        *share = share.max(1.0 - (-n_words * frequency).exp());
    }
    let bytes = shares::encode(&shares);
    std::fs::write(&out, &bytes).with_context(|| format!("cannot write {out}"))?;
    println!("{} terms of {}, {} bytes: {out}", shares.len(), path, bytes.len());
    Ok(())
}
