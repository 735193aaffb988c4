//! What reading a feed costs beside raw feed-rs, over a folder of captured feeds.
//!
//! `cargo bench --bench feeds [FOLDER]` prints the ratio on feeds that need no repair and over all that raw feed-rs
//! reads. The two readers take turns on each file, and the fastest of the rounds counts, so that a busy machine
//! changes both alike. Figures and limits: benches/README.md.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use copytaster::feed::{ParseOptions, parse};
use copytaster::model::Timestamp;

const ROUNDS: usize = 15;

fn main() {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let captured = ["../shared", "../../shared"].map(|shared| PathBuf::from(shared).join("corpora/feeds/captured"));
    let Some(folder) = named.into_iter().chain(captured).find(|folder| folder.is_dir()) else {
        println!("no captured feeds here; name a folder of feeds");
        return;
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort_unstable();
    let options =
        ParseOptions { content_type: None, base_url: None, now: Timestamp(1_790_000_000), max_entries: 10_000 };
    let (mut sound, mut all) = (Sums::default(), Sums::default());
    for bytes in files.iter().filter_map(|file| std::fs::read(file).ok()) {
        let Ok(feed) = parse(&bytes, &options) else { continue };
        if feed_rs::parser::parse(bytes.as_slice()).is_err() {
            continue;
        }
        let (mut ours, mut raw) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            ours = ours.min(timed(|| drop(black_box(parse(&bytes, &options)))));
            raw = raw.min(timed(|| drop(black_box(feed_rs::parser::parse(bytes.as_slice())))));
        }
        all.add(ours, raw, bytes.len());
        if feed.warnings.is_empty() {
            sound.add(ours, raw, bytes.len());
        }
    }
    sound.show("no repair needed");
    all.show("all raw feed-rs reads");
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[derive(Default)]
struct Sums {
    ours: Duration,
    raw: Duration,
    n_files: u32,
    n_bytes: usize,
}

impl Sums {
    fn add(&mut self, ours: Duration, raw: Duration, n_bytes: usize) {
        self.ours += ours;
        self.raw += raw;
        self.n_files += 1;
        self.n_bytes += n_bytes;
    }

    fn show(&self, what: &str) {
        println!(
            "{what}: {} feeds, {} kB, {:.2} ms a feed against {:.2} of raw feed-rs: ratio {:.2}",
            self.n_files,
            self.n_bytes / 1024,
            (self.ours / self.n_files.max(1)).as_secs_f64() * 1e3,
            (self.raw / self.n_files.max(1)).as_secs_f64() * 1e3,
            self.ours.as_secs_f64() / self.raw.as_secs_f64()
        );
    }
}
