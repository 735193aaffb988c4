//! What one more article costs while the database grows, and fingerprint and clustering against the words alone.
//!
//! `cargo bench --bench growth -- [ARTICLES [SECONDS [FILE]]]` (default 40,000 and 10): a made-up stream of 350-word articles, three
//! to an event, one every so many seconds, is stored and analyzed in batches of 1,000. At 10,000, at every doubling and at the end a line tells the
//! milliseconds an article of fingerprint and clustering alone (without the one story that a batch here reopens at most), of the
//! whole analysis (language, database and full-text index with it, attribution aside), and what ten new articles cost a new process' worth of work: open, analyze, close.
//! Measured in one run, so that the ratios mean something on any machine. FILE keeps the database; where it is there already
//! the stream goes on and every batch has its line, so that two versions can be set side by side on a large one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use copytaster::attribution::Lexicon;
use copytaster::canonical::Rules;
use copytaster::cluster::{self, Batch, Item};
use copytaster::config::{clustering, tables};
use copytaster::fingerprint::fingerprint;
use copytaster::model::Timestamp;
use copytaster::pipeline::{Tools, analyze, archive};
use copytaster::store::Store;
use copytaster::store::analysis;
use copytaster::text;

const BATCH: usize = 1_000;

/// Time of the first article, and seconds between two.
const START: i64 = 1_700_000_000;
static PACE_S: LazyLock<i64> = LazyLock::new(|| argument(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(10));

/// An argument by its place, options of the runner left out.
fn argument(place: usize) -> Option<String> {
    std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).nth(place)
}

const WORDS: usize = 350;

/// Articles of one event.
const PER_EVENT: usize = 3;

/// A small generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A word by a law like that of language: few words often, most seldom.
    fn word(&mut self) -> String {
        let uniform = (self.next() % 1_000_000) as f64 / 1_000_000.0;
        let rank = (30_000_f64.powf(uniform)) as u64;
        spelled(rank)
    }
}

/// A pronounceable word for a number.
fn spelled(mut rank: u64) -> String {
    let (consonants, vowels) = (b"bdfgklmnprstvz", b"aeiou");
    let mut word = String::new();
    rank += 70;
    while rank > 0 {
        word.push(char::from(consonants[(rank % 14) as usize]));
        word.push(char::from(vowels[(rank / 14 % 5) as usize]));
        rank /= 70;
    }
    word
}

fn article(number: usize) -> String {
    let event = (number / PER_EVENT) as u64;
    let mut own = Numbers(number as u64 * 7 + 1);
    let mut shared = Numbers(event * 13 + 5);
    let name = |numbers: &mut Numbers| {
        let mut word = spelled(numbers.next() % 900_000);
        word[..1].make_ascii_uppercase();
        word
    };
    let names: Vec<String> = (0..4).map(|_| name(&mut shared)).collect();
    let topic: Vec<String> = (0..25).map(|_| shared.word()).collect();
    let mut body = String::new();
    for at in 0..WORDS {
        match own.next() % 10 {
            0 => body.push_str(&names[(own.next() % 4) as usize]),
            1..=3 => body.push_str(&topic[(own.next() % 25) as usize]),
            _ => body.push_str(&own.word()),
        }
        body.push_str(if at % 14 == 13 { ". " } else { " " });
    }
    let title = format!("{} {} {} {}", names[0], topic[0], names[1], own.word());
    let at = Timestamp(START + number as i64 * *PACE_S).rfc3339();
    serde_json::json!({
        "id": number.to_string(), "url": format!("https://outlet{}.example/{number}", number % 250),
        "title": title, "body": body, "published": at, "lang": "en",
    })
    .to_string()
}

fn store_articles(store: &Store, tools: &Arc<Tools>, from: usize, n: usize) -> anyhow::Result<()> {
    let mut lines = String::new();
    for number in from..from + n {
        writeln!(lines, "{}", article(number))?;
    }
    let now = Timestamp(START + (from + n) as i64 * *PACE_S);
    archive::import(store, tools, "growth", lines.as_bytes(), now)?;
    Ok(())
}

/// Seconds of fingerprint and clustering of the articles that are pending, against what is stored, with nothing written
/// and the time of the database left out.
fn digest_and_cluster(store: &Store, tools: &Arc<Tools>, n_stored: usize) -> anyhow::Result<f64> {
    let now = Timestamp(START + n_stored as i64 * *PACE_S);
    let tools = Arc::clone(tools);
    let elapsed = store.write(move |transaction| {
        let pending = analysis::pending(transaction)?;
        let inputs = analysis::inputs(transaction, &pending)?;
        let mut elapsed = Duration::ZERO;
        let items: Vec<Item> =
            timed(&mut elapsed, || inputs.iter().map(|input| analyze::item(input, Some("en".to_owned()))).collect());
        let batch = timed(&mut elapsed, || Batch::new(&items));
        let statistics = analysis::statistics(transaction, batch.wanted_terms())?;
        let batch = timed(&mut elapsed, || batch.weighted(&statistics, &tools.cluster));
        let query = timed(&mut elapsed, || batch.wanted_candidates(now, &tools.cluster));
        let candidates = analysis::candidates(transaction, &query)?;
        let rows = timed(&mut elapsed, || batch.wanted_rows(&candidates, &tools.cluster));
        let known = analysis::neighbourhood(transaction, &rows, statistics, candidates)?;
        let next_ids = analysis::next_ids(transaction)?;
        let plan = timed(&mut elapsed, || cluster::decide(&items, &known, next_ids, &tools.cluster));
        // Articles of stored stories that merge have a new place, too.
        assert!(plan.memberships.len() >= items.len(), "every article has its place");
        Ok(elapsed)
    })?;
    Ok(elapsed.as_secs_f64())
}

fn timed<T>(elapsed: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *elapsed += started.elapsed();
    result
}

/// Analyzes what is pending; seconds.
fn analyze(store: &Store, tools: &Arc<Tools>, n_stored: usize) -> anyhow::Result<f64> {
    let now = Timestamp(START + n_stored as i64 * *PACE_S);
    let started = Instant::now();
    analyze::pending(store, tools, now, &|_| {}, &|| false)?;
    Ok(started.elapsed().as_secs_f64())
}

/// The peak resident memory of this process in megabytes, where the system tells it.
fn memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1_024)
}

fn tools() -> anyhow::Result<Tools> {
    let register = tables::embedded_register()?;
    Ok(Tools {
        rules: Rules::parse(""),
        lexicon: Lexicon::default(),
        compiled: OnceLock::new(),
        register,
        cluster: clustering::embedded()?,
        sites: copytaster::extract::SiteRules::default(),
    })
}

/// Seconds for tokenizing and shingling, and for fingerprints, of the same articles.
fn words_and_fingerprints() -> anyhow::Result<(f64, f64)> {
    let rows: Vec<serde_json::Value> =
        (0..BATCH).map(|number| serde_json::from_str(&article(number))).collect::<Result<_, _>>()?;
    let bodies: Vec<&str> = rows.iter().filter_map(|row| row["body"].as_str()).collect();
    let started = Instant::now();
    let mut n_shingles = 0;
    for body in &bodies {
        let words: Vec<String> = text::folded_words(body).collect();
        let shingles: std::collections::HashSet<String> = words.windows(5).map(|run| run.join(" ")).collect();
        n_shingles += shingles.len();
    }
    let words = started.elapsed().as_secs_f64();
    let started = Instant::now();
    for row in &rows {
        n_shingles +=
            fingerprint(row["title"].as_str().unwrap_or_default(), row["body"].as_str(), Some("en")).shingles.len();
    }
    anyhow::ensure!(n_shingles > 0, "no shingles");
    Ok((words, started.elapsed().as_secs_f64()))
}

fn main() -> anyhow::Result<()> {
    let n_articles: usize = argument(0).map_or(Ok(40_000), |n| n.parse()).context("how many articles?")?;
    let folder = tempfile::tempdir()?;
    let path = argument(2).map_or_else(|| folder.path().join("growth.db"), PathBuf::from);
    let path: &Path = &path;
    let (words, fingerprints) = words_and_fingerprints()?;
    let per_article = |seconds: f64, n: usize| 1_000.0 * seconds / n as f64;
    println!(
        "tokenizing and shingling {:.3} ms an article, fingerprint {:.3} ms ({:.1} times)",
        per_article(words, BATCH),
        per_article(fingerprints, BATCH),
        fingerprints / words
    );
    let tools = Arc::new(tools()?);
    let mut store = Store::open(path)?;
    let mut n_stored: usize = store
        .write(
            |transaction| Ok(transaction.query_row("SELECT count(*) FROM article", [], |row| row.get::<_, i64>(0))?),
        )?
        .try_into()?;
    let goes_on = n_stored > 0;
    let mut next = if goes_on { 0 } else { 10_000 };
    while n_stored < n_articles {
        store_articles(&store, &tools, n_stored, BATCH)?;
        n_stored += BATCH;
        let alone = if n_stored < next { 0.0 } else { digest_and_cluster(&store, &tools, n_stored)? };
        let seconds = analyze(&store, &tools, n_stored)?;
        if n_stored < next {
            continue;
        }
        next = if goes_on {
            0
        } else if n_stored < n_articles {
            (2 * next).min(n_articles)
        } else {
            2 * next
        };
        store_articles(&store, &tools, n_stored, 10)?;
        drop(store);
        let started = Instant::now();
        store = Store::open(path)?;
        analyze(&store, &tools, n_stored + 10)?;
        let ten = started.elapsed().as_secs_f64();
        println!(
            "{n_stored:>8} stored: fingerprint and clustering {:.3} ms an article ({:.1} times the words), \
             the whole analysis {:.3} ms ({:.1} times), {:.1} ms for ten new ones, {} MB",
            per_article(alone, BATCH),
            per_article(alone, BATCH) / per_article(words, BATCH),
            per_article(seconds, BATCH),
            per_article(seconds, BATCH) / per_article(words, BATCH),
            1_000.0 * ten,
            memory_mb().map_or("?".to_owned(), |mb| mb.to_string())
        );
        n_stored += 10;
    }
    Ok(())
}
