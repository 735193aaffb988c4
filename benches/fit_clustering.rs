//! Fits the weights of the story model to labeled articles and prints them with cross-validated figures.
//!
//! `cargo bench --bench fit_clustering -- [--seed N] FILE.jsonl…`, one stream a file (a `set` key makes several of one);
//! a line is an article of `import articles` with a `cluster` label. Labels are dealt into five folds. For each fold the
//! weights and the threshold are learned from the articles of the other four alone; then the whole stream is clustered
//! with them and the fold's own articles are scored: B-cubed over them, pairs with at least one of them (a pair across
//! folds counts half). The printed weights are learned from all articles.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use anyhow::Context as _;
use copytaster::cluster::fit::{Example, examples};
use copytaster::cluster::{
    ClusterOptions, Item, N_SIGNALS, Neighbourhood, NextIds, SIGNALS, TimeBasis, Weights, decide, sign_of,
};
use copytaster::config::clustering;
use copytaster::fingerprint::fingerprint;
use copytaster::import::articles::read_line;
use copytaster::model::{ArticleId, GroupId, StoryId, ThreadId, Timestamp, VersionId};

const FOLDS: usize = 5;

/// Weight of the squared (standardized) weights in the loss.
const RIDGE: f64 = 1e-3;

/// Rounds of collecting decisions: each with the model that the rounds before led to.
const ROUNDS: usize = 3;

/// When the articles without a date were "imported".
const NOW: Timestamp = Timestamp(1_767_225_600);

struct Labeled {
    item: Item,
    label: u32,
    fold: usize,
}

type Stream = Vec<Labeled>;

fn read(path: &str, seed: u64) -> anyhow::Result<BTreeMap<String, Stream>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    let mut labels: HashMap<String, u32> = HashMap::new();
    for (line, at) in text.lines().zip(1_i64..) {
        let article = read_line(line.as_bytes()).with_context(|| format!("{path}:{at}"))?;
        let row: serde_json::Value = serde_json::from_str(line)?;
        let label = row["cluster"].as_str().with_context(|| format!("{path}:{at}: no `cluster`"))?;
        let next = u32::try_from(labels.len())?;
        let number = *labels.entry(label.to_owned()).or_insert(next);
        // Which fold: from the label alone, so that a label never has articles in two.
        let hash = label
            .bytes()
            .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let published = article.published.filter(|claim| !claim.zone_unknown && !claim.impossible);
        let time = published.and_then(|claim| claim.utc);
        let title = article.title.unwrap_or_default();
        let language = article.language.as_deref();
        let item = Item {
            article: ArticleId(at),
            version: VersionId(at),
            outlet: None,
            identity: format!("import:{}", article.id),
            event_time: time.unwrap_or(NOW),
            time_basis: if time.is_some() { TimeBasis::Published } else { TimeBasis::Imported },
            first_seen_at: NOW,
            fingerprint: fingerprint(&title, article.body.as_deref(), language),
            language: article.language,
            title,
        };
        let set = row["set"].as_str().unwrap_or_default().to_owned();
        let fold = usize::try_from((hash >> 32) % FOLDS as u64)?;
        streams.entry(set).or_default().push(Labeled { item, label: number, fold });
    }
    Ok(streams)
}

fn with_weights(options: &ClusterOptions, weights: &Weights) -> ClusterOptions {
    ClusterOptions { text: weights.clone(), headline: weights.clone(), ..options.clone() }
}

fn cluster(items: &[Item], options: &ClusterOptions) -> BTreeMap<ArticleId, StoryId> {
    let next_ids = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };
    let plan = decide(items, &Neighbourhood::default(), next_ids, options);
    plan.placed.into_iter().filter_map(|placed| Some((placed.item.article, placed.story?))).collect()
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    right_pairs: f64,
    predicted_pairs: f64,
    gold_pairs: f64,
    precision: f64,
    recall: f64,
    n: f64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.right_pairs += other.right_pairs;
        self.predicted_pairs += other.predicted_pairs;
        self.gold_pairs += other.gold_pairs;
        self.precision += other.precision;
        self.recall += other.recall;
        self.n += other.n;
    }

    fn pairwise(&self) -> (f64, f64, f64) {
        f1(self.right_pairs / self.predicted_pairs.max(1e-9), self.right_pairs / self.gold_pairs.max(1e-9))
    }

    fn bcubed(&self) -> (f64, f64, f64) {
        f1(self.precision / self.n.max(1e-9), self.recall / self.n.max(1e-9))
    }

    fn objective(&self) -> f64 {
        self.pairwise().2 + self.bcubed().2
    }

    fn show(&self) -> String {
        let ((p, r, f), (bp, br, bf)) = (self.pairwise(), self.bcubed());
        format!("pairwise P {p:.4} R {r:.4} F1 {f:.4}   B-cubed P {bp:.4} R {br:.4} F1 {bf:.4}")
    }
}

fn f1(p: f64, r: f64) -> (f64, f64, f64) {
    (p, r, 2.0 * p * r / (p + r).max(1e-9))
}

/// Scores the articles of a fold (or all) in a clustering of the whole stream.
fn score(stream: &[&Labeled], stories: &BTreeMap<ArticleId, StoryId>, fold: Option<usize>) -> Counts {
    let story = |labeled: &Labeled| stories.get(&labeled.item.article).copied();
    let mut by_label: HashMap<u32, f64> = HashMap::new();
    let mut by_story: HashMap<Option<StoryId>, f64> = HashMap::new();
    let mut by_both: HashMap<(u32, Option<StoryId>), f64> = HashMap::new();
    for labeled in stream {
        *by_label.entry(labeled.label).or_default() += 1.0;
        *by_story.entry(story(labeled)).or_default() += 1.0;
        *by_both.entry((labeled.label, story(labeled))).or_default() += 1.0;
    }
    let mut counts = Counts::default();
    for labeled in stream.iter().filter(|labeled| fold.is_none_or(|fold| labeled.fold == fold)) {
        let (gold, found) = (by_label[&labeled.label], by_story[&story(labeled)]);
        let both = by_both[&(labeled.label, story(labeled))];
        counts.add(&Counts {
            right_pairs: (both - 1.0) / 2.0,
            predicted_pairs: (found - 1.0) / 2.0,
            gold_pairs: (gold - 1.0) / 2.0,
            precision: both / found,
            recall: both / gold,
            n: 1.0,
        });
    }
    counts
}

/// Logistic regression with sign constraints: accelerated projected gradient on standardized signals.
fn regress(examples: &[Example]) -> Weights {
    let n = examples.len() as f64;
    let mut mean = [0.0; N_SIGNALS];
    let mut deviation = [0.0; N_SIGNALS];
    for example in examples {
        mean.iter_mut().zip(example.signals).for_each(|(mean, signal)| *mean += signal / n);
    }
    for example in examples {
        for at in 0..N_SIGNALS {
            deviation[at] += (example.signals[at] - mean[at]).powi(2) / n;
        }
    }
    let scale = deviation.map(|variance: f64| if variance > 1e-10 { 1.0 / variance.sqrt() } else { 0.0 });
    let rows: Vec<([f64; N_SIGNALS], f64)> = examples
        .iter()
        .map(|example| {
            let mut row = [0.0; N_SIGNALS];
            (0..N_SIGNALS).for_each(|at| row[at] = (example.signals[at] - mean[at]) * scale[at]);
            (row, if example.same { 1.0 } else { 0.0 })
        })
        .collect();
    let step = 1.0 / (0.25 * (N_SIGNALS + 1) as f64 + 2.0 * RIDGE);
    let mut weights = [0.0; N_SIGNALS + 1];
    let mut ahead = weights;
    for round in 0..1_500_u32 {
        let mut gradient = [0.0; N_SIGNALS + 1];
        for (row, target) in &rows {
            let score = ahead[N_SIGNALS] + row.iter().zip(&ahead).map(|(x, w)| x * w).sum::<f64>();
            let error = (1.0 / (1.0 + (-score).exp()) - target) / n;
            row.iter().zip(&mut gradient).for_each(|(x, slope)| *slope += error * x);
            gradient[N_SIGNALS] += error;
        }
        let before = weights;
        for at in 0..=N_SIGNALS {
            let ridge = if at < N_SIGNALS { 2.0 * RIDGE * ahead[at] } else { 0.0 };
            let next: f64 = ahead[at] - step * (gradient[at] + ridge);
            let sign = if at < N_SIGNALS { sign_of(at) } else { 0 };
            weights[at] = if next * f64::from(sign) < 0.0 { 0.0 } else { next };
        }
        let momentum = f64::from(round) / f64::from(round + 3);
        (0..=N_SIGNALS).for_each(|at| ahead[at] = weights[at] + momentum * (weights[at] - before[at]));
    }
    let mut signals = [0.0; N_SIGNALS];
    (0..N_SIGNALS).for_each(|at| signals[at] = weights[at] * scale[at]);
    let shift: f64 = signals.iter().zip(mean).map(|(weight, mean)| weight * mean).sum();
    Weights { bias: weights[N_SIGNALS] - shift, threshold: 0.0, signals }
}

/// Learns weights and threshold from streams.
fn learn(streams: &[Vec<&Labeled>], start: &ClusterOptions, with_text: bool) -> Weights {
    let mut weights = if with_text { start.text.clone() } else { start.headline.clone() };
    let mut seen: Vec<Example> = Vec::new();
    let collect = |weights: &Weights, corrected: bool, seen: &mut Vec<Example>| {
        for stream in streams {
            let items: Vec<Item> = stream.iter().map(|labeled| labeled.item.clone()).collect();
            let labels = stream.iter().map(|labeled| (labeled.item.article, labeled.label)).collect();
            seen.extend(examples(&items, &labels, corrected, &with_weights(start, weights)));
        }
        seen.retain(|example| example.with_text == with_text);
    };
    for _ in 0..ROUNDS {
        // Far under the threshold, so that pairs on both sides of it come up.
        let eager = Weights { threshold: -4.0, ..weights.clone() };
        collect(&eager, true, &mut seen);
        weights = regress(&seen);
    }
    weights.threshold = best_threshold(streams, start, &weights);
    collect(&weights, false, &mut seen);
    weights = regress(&seen);
    weights.threshold = best_threshold(streams, start, &weights);
    weights
}

/// The middle of the thresholds that do about as well as the best one.
fn best_threshold(streams: &[Vec<&Labeled>], start: &ClusterOptions, weights: &Weights) -> f64 {
    let tried: Vec<(f64, f64)> = (-8..=8)
        .map(|step| {
            let threshold = f64::from(step) * 0.25;
            let options = with_weights(start, &Weights { threshold, ..weights.clone() });
            let total: f64 = streams
                .iter()
                .map(|stream| {
                    let items: Vec<Item> = stream.iter().map(|labeled| labeled.item.clone()).collect();
                    score(stream, &cluster(&items, &options), None).objective()
                })
                .sum();
            (threshold, total / streams.len() as f64)
        })
        .collect();
    let best = tried.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
    let good: Vec<f64> = tried.iter().filter(|(_, value)| *value > best - 0.006).map(|(at, _)| *at).collect();
    good.iter().sum::<f64>() / good.len() as f64
}

fn main() -> anyhow::Result<()> {
    let mut seed = 0;
    let mut streams: Vec<(String, Stream)> = Vec::new();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        if argument == "--seed" {
            seed = arguments.next().context("--seed needs a number")?.parse()?;
            continue;
        }
        for (set, stream) in read(&argument, seed)? {
            streams.push((format!("{argument} {set}"), stream));
        }
    }
    anyhow::ensure!(!streams.is_empty(), "give at least one file of labeled articles");
    let start = clustering::embedded()?;
    let with_text = streams.iter().all(|(_, stream)| stream.iter().any(|labeled| labeled.item.fingerprint.has_body));
    let mut totals = vec![Counts::default(); streams.len()];
    for fold in 0..FOLDS {
        let rest: Vec<Vec<&Labeled>> = (streams.iter())
            .map(|(_, stream)| stream.iter().filter(|labeled| labeled.fold != fold).collect())
            .collect();
        let weights = learn(&rest, &start, with_text);
        eprintln!("fold {fold}: threshold {:.2}", weights.threshold);
        for ((_, stream), total) in streams.iter().zip(&mut totals) {
            let items: Vec<Item> = stream.iter().map(|labeled| labeled.item.clone()).collect();
            let stories = cluster(&items, &with_weights(&start, &weights));
            let whole: Vec<&Labeled> = stream.iter().collect();
            total.add(&score(&whole, &stories, Some(fold)));
        }
    }
    for ((name, _), total) in streams.iter().zip(&totals) {
        println!("# cross-validated, {name}: {}", total.show());
    }
    let all: Vec<Vec<&Labeled>> = streams.iter().map(|(_, stream)| stream.iter().collect()).collect();
    let weights = learn(&all, &start, with_text);
    for ((name, stream), whole) in streams.iter().zip(&all) {
        let items: Vec<Item> = stream.iter().map(|labeled| labeled.item.clone()).collect();
        let stories = cluster(&items, &with_weights(&start, &weights));
        let n: BTreeSet<StoryId> = stories.values().copied().collect();
        println!(
            "# on the articles learned from, {name}: {}, {} stories",
            score(whole, &stories, None).show(),
            n.len()
        );
    }
    println!("{}", toml(if with_text { "text" } else { "headline" }, &weights));
    Ok(())
}

fn toml(table: &str, weights: &Weights) -> String {
    let mut text =
        format!("[{table}]\nbias = {:.3}\nthreshold = {:.3}\n\n[{table}.weights]\n", weights.bias, weights.threshold);
    for (name, weight) in SIGNALS.iter().zip(weights.signals).filter(|(_, weight)| weight.abs() >= 5e-4) {
        let _ = writeln!(text, "{name} = {weight:.3}");
    }
    text
}
