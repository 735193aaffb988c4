//! Fits the weights of the story model to labeled articles and prints them with cross-validated figures.
//!
//! `cargo bench --bench fit_clustering -- [--seed N] [--weight W] FILE.jsonl…`, one stream a file (a `set` key makes several of one);
//! a line is an article of `import articles` with a `cluster` (or `event`) label. A stream counts as much as the weight before it says (1), however long. Labels are
//! dealt into five folds, look-alikes together: by the label's first two parts (`quake-3` and `quake-3-b` are one), or by
//! the `saga` where the line has one. For each fold the weights, the threshold and the caution are learned from the articles of the
//! other four alone, threshold and caution by leaving out one of these four in turn, the caution in small stores that the stream is cut into
//! by time; then the whole stream is clustered with them and the fold's own articles are scored: B-cubed over them, pairs with at
//! least one of them (a pair across folds counts half). All this with five deals of the folds, or the one that `--seed` names.
//! The printed weights are learned from all, with the deals' mean threshold and caution.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use anyhow::Context as _;
use copytaster::cluster::fit::{Example, Stream};
use copytaster::cluster::{ClusterOptions, Item, N_SIGNALS, SIGNALS, TimeBasis, Weights, sign_of};
use copytaster::config::clustering;
use copytaster::fingerprint::fingerprint;
use copytaster::import::articles::read_line;
use copytaster::model::{ArticleId, OutletId, Timestamp, VersionId};

const FOLDS: usize = 5;

/// Deals of the folds whose figures are averaged.
const DEALS: u64 = 5;

/// Weight of the squared (standardized) weights in the loss.
const RIDGE: f64 = 1e-2;

/// Least standard deviation that a signal is scaled by.
const MIN_DEVIATION: f64 = 0.15;

/// Most that a gap may count against one event: labeled sets are cut into days, news isn't.
const MAX_GAP_WEIGHT: f64 = 4.0;

/// Rounds of collecting decisions: each with the model that the rounds before led to.
const ROUNDS: usize = 3;

/// Thresholds whose score is this close to the best one's count as good as it.
const PLATEAU: f64 = 0.006;

/// Articles of the small stores that a stream is cut into, by time: from them it is learned how cautious to be among few.
const SMALL_STORES: [usize; 4] = [60, 120, 250, 500];

/// When the articles without a date were "imported".
const NOW: Timestamp = Timestamp(1_767_225_600);

struct Labeled {
    item: Item,
    label: u32,
    fold: usize,
}

fn read(path: &str, seed: u64) -> anyhow::Result<BTreeMap<String, Vec<Labeled>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let mut streams: BTreeMap<String, Vec<Labeled>> = BTreeMap::new();
    let mut labels: HashMap<String, u32> = HashMap::new();
    for (line, at) in text.lines().zip(1_i64..) {
        let article = read_line(line.as_bytes()).with_context(|| format!("{path}:{at}"))?;
        let row: serde_json::Value = serde_json::from_str(line)?;
        let label = [&row["cluster"], &row["event"]]
            .into_iter()
            .find_map(|label| label.as_str().map(str::to_owned).or_else(|| Some(label.as_u64()?.to_string())))
            .with_context(|| format!("{path}:{at}: no `cluster`"))?;
        let family = match row["saga"].as_u64() {
            Some(saga) => saga.to_string(),
            None => label.split('-').take(2).collect::<Vec<_>>().join("-"),
        };
        let next = u32::try_from(labels.len())?;
        let number = *labels.entry(label).or_insert(next);
        let hash = hash_text(&format!("{seed} {family}"));
        let outlet = row["outlet"].as_str().filter(|outlet| !outlet.is_empty());
        let published = article.published.filter(|claim| !claim.zone_unknown && !claim.impossible);
        let time = published.and_then(|claim| claim.utc);
        let title = article.title.unwrap_or_default();
        let language = article.language.as_deref();
        let item = Item {
            article: ArticleId(at),
            version: VersionId(at),
            outlet: outlet.map(|outlet| OutletId((hash_text(outlet) >> 1).cast_signed())),
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

fn hash_text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn with_weights(options: &ClusterOptions, weights: &Weights) -> ClusterOptions {
    ClusterOptions { text: weights.clone(), headline: weights.clone(), ..options.clone() }
}

/// Labeled articles, measured.
struct Measured<'a> {
    articles: Vec<&'a Labeled>,
    labels: BTreeMap<ArticleId, u32>,
    stream: Stream,
    weight: f64,
}

impl<'a> Measured<'a> {
    /// The stream without the articles of a fold.
    fn without(&self, fold: usize, options: &ClusterOptions) -> Self {
        let articles = self.articles.iter().copied().filter(|labeled| labeled.fold != fold).collect();
        measure(articles, self.weight, options)
    }
}

/// A stream cut into small stores by time, articles without a date strewn among the others; for each size of store its stores.
fn small_stores<'a>(stream: &Measured<'a>, options: &ClusterOptions) -> Vec<Vec<Measured<'a>>> {
    let mut articles = stream.articles.clone();
    let time = |labeled: &Labeled| (labeled.item.time_basis != TimeBasis::Imported).then_some(labeled.item.event_time);
    let times: Vec<Timestamp> = articles.iter().filter_map(|labeled| time(labeled)).collect();
    articles.sort_by_key(|labeled| {
        let hash = hash_text(&labeled.item.identity);
        let any = || times.get(usize::try_from(hash >> 32).unwrap_or(0) % times.len().max(1)).copied();
        (time(labeled).or_else(any), hash)
    });
    let cut = |size: usize| {
        let n_stores = articles.len() / size;
        let bounds = (0..n_stores).map(|at| (at * articles.len() / n_stores, (at + 1) * articles.len() / n_stores));
        bounds.map(|(from, to)| measure(articles[from..to].to_vec(), stream.weight, options)).collect()
    };
    SMALL_STORES.into_iter().filter(|size| articles.len() >= 2 * size).map(cut).collect()
}

fn measure<'a>(articles: Vec<&'a Labeled>, weight: f64, options: &ClusterOptions) -> Measured<'a> {
    let items: Vec<Item> = articles.iter().map(|labeled| labeled.item.clone()).collect();
    let labels = articles.iter().map(|labeled| (labeled.item.article, labeled.label)).collect();
    Measured { articles, labels, stream: Stream::new(&items, options), weight }
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
        shown(self.pairwise(), self.bcubed())
    }
}

fn f1(p: f64, r: f64) -> (f64, f64, f64) {
    (p, r, 2.0 * p * r / (p + r).max(1e-9))
}

/// Scores the articles of a fold (or all) in a clustering of the whole stream.
fn score(stream: &[&Labeled], stories: &BTreeMap<ArticleId, usize>, fold: Option<usize>) -> Counts {
    let story = |labeled: &Labeled| stories.get(&labeled.item.article).copied();
    let mut by_label: HashMap<u32, f64> = HashMap::new();
    let mut by_story: HashMap<Option<usize>, f64> = HashMap::new();
    let mut by_both: HashMap<(u32, Option<usize>), f64> = HashMap::new();
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

/// Logistic regression with sign constraints: accelerated projected gradient on standardized signals. An example counts for what
/// is at stake in it: the model decides on great stories as well as on pairs, and errs on the former at a greater cost.
fn regress(streams: &[Vec<Example>], weights: &[f64]) -> Weights {
    let total: f64 = weights.iter().sum();
    let weighted: Vec<(&Example, f64)> = streams
        .iter()
        .zip(weights)
        .flat_map(|(stream, weight)| {
            let at_stake: f64 = stream.iter().map(|example| example.stake).sum();
            stream.iter().map(move |example| (example, weight / total * example.stake / at_stake))
        })
        .collect();
    let mut mean = [0.0; N_SIGNALS];
    let mut deviation = [0.0; N_SIGNALS];
    for (example, part) in &weighted {
        mean.iter_mut().zip(example.signals).for_each(|(mean, signal)| *mean += signal * part);
    }
    for (example, part) in &weighted {
        for at in 0..N_SIGNALS {
            deviation[at] += (example.signals[at] - mean[at]).powi(2) * part;
        }
    }
    // A signal that hardly varies in these articles gets no weight from the few that differ.
    let scale =
        deviation.map(|variance: f64| if variance > 1e-10 { 1.0 / variance.sqrt().max(MIN_DEVIATION) } else { 0.0 });
    let rows: Vec<([f64; N_SIGNALS], f64, f64)> = weighted
        .iter()
        .map(|(example, part)| {
            let mut row = [0.0; N_SIGNALS];
            (0..N_SIGNALS).for_each(|at| row[at] = (example.signals[at] - mean[at]) * scale[at]);
            (row, if example.same { 1.0 } else { 0.0 }, *part)
        })
        .collect();
    let step = 1.0 / (0.25 * (N_SIGNALS + 1) as f64 + 2.0 * RIDGE);
    let mut weights = [0.0; N_SIGNALS + 1];
    let mut ahead = weights;
    for round in 0..1_500_u32 {
        let mut gradient = [0.0; N_SIGNALS + 1];
        for (row, target, part) in &rows {
            let score = ahead[N_SIGNALS] + row.iter().zip(&ahead).map(|(x, w)| x * w).sum::<f64>();
            let error = (1.0 / (1.0 + (-score).exp()) - target) * part;
            row.iter().zip(&mut gradient).for_each(|(x, slope)| *slope += error * x);
            gradient[N_SIGNALS] += error;
        }
        let before = weights;
        for at in 0..=N_SIGNALS {
            let ridge = if at < N_SIGNALS { 2.0 * RIDGE * ahead[at] } else { 0.0 };
            let next: f64 = ahead[at] - step * (gradient[at] + ridge);
            let sign = if at < N_SIGNALS { sign_of(at) } else { 0 };
            weights[at] = if next * f64::from(sign) < 0.0 { 0.0 } else { next };
            if at < N_SIGNALS && SIGNALS[at] == "gap" {
                weights[at] = weights[at].max(-MAX_GAP_WEIGHT / scale[at].max(1e-9));
            }
        }
        let momentum = f64::from(round) / f64::from(round + 3);
        (0..=N_SIGNALS).for_each(|at| ahead[at] = weights[at] + momentum * (weights[at] - before[at]));
    }
    let mut signals = [0.0; N_SIGNALS];
    (0..N_SIGNALS).for_each(|at| signals[at] = weights[at] * scale[at]);
    let shift: f64 = signals.iter().zip(mean).map(|(weight, mean)| weight * mean).sum();
    Weights { bias: weights[N_SIGNALS] - shift, threshold: 0.0, caution: 0.0, signals }
}

/// Where learning starts: each likeness counts the same. Not with the shipped weights, which know the articles of every fold.
fn plain() -> Weights {
    let signals = std::array::from_fn(|signal| f64::from(sign_of(signal).max(0)));
    Weights { bias: -3.0, threshold: 0.0, caution: 0.0, signals }
}

/// Learns weights from streams, for no threshold yet.
fn fit(streams: &[Measured<'_>], start: &ClusterOptions, with_text: bool) -> Weights {
    let mut weights = plain();
    let mut seen: Vec<Vec<Example>> = vec![Vec::new(); streams.len()];
    let shares: Vec<f64> = streams.iter().map(|measured| measured.weight).collect();
    let collect = |weights: &Weights, corrected: bool, seen: &mut Vec<Vec<Example>>| {
        for (measured, seen) in streams.iter().zip(seen) {
            seen.extend(measured.stream.examples(&measured.labels, corrected, &with_weights(start, weights)));
            seen.retain(|example| example.with_text == with_text);
        }
    };
    for _ in 0..ROUNDS {
        // Far under the threshold, so that pairs on both sides of it come up.
        let eager = Weights { threshold: -4.0, ..weights.clone() };
        collect(&eager, true, &mut seen);
        weights = regress(&seen, &shares);
    }
    let mut tried = Trial::new(thresholds(), streams.len());
    tried.add(streams, start, None, |threshold| Weights { threshold, ..weights.clone() });
    weights.threshold = tried.best(&shares);
    collect(&weights, false, &mut seen);
    weights = regress(&seen, &shares);
    weights
}

/// Learns weights, threshold and caution from streams. The threshold is the one that does best for articles whose folds the weights
/// weren't fitted to: for those they know, a higher one does. So is the caution, in the small stores that the streams are cut into.
/// The threshold is tried without caution, as in a full store ([`copytaster::cluster::FULL_STORE`]): for streams of far fewer articles the
/// caution comes on top of what did best in them.
fn learn(streams: &[Measured<'_>], start: &ClusterOptions, with_text: bool) -> Weights {
    let shares: Vec<f64> = streams.iter().map(|measured| measured.weight).collect();
    let mut tried = Trial::new(thresholds(), streams.len());
    let folds: BTreeSet<usize> =
        streams.iter().flat_map(|measured| measured.articles.iter().map(|labeled| labeled.fold)).collect();
    let mut fitted = Vec::new();
    for fold in folds {
        let rest: Vec<Measured<'_>> = streams.iter().map(|measured| measured.without(fold, start)).collect();
        let weights = fit(&rest, start, with_text);
        tried.add(streams, start, Some(fold), |threshold| Weights { threshold, ..weights.clone() });
        fitted.push((fold, weights));
    }
    let threshold = tried.best(&shares);
    let small: Vec<Vec<Measured<'_>>> = streams.iter().flat_map(|stream| small_stores(stream, start)).collect();
    let shares: Vec<f64> = small.iter().map(|stores| stores[0].weight).collect();
    let mut tried = Trial::new(cautions(), small.len());
    for (fold, weights) in &fitted {
        for (stores, at) in small.iter().zip(0..) {
            let cautious = |caution| Weights { threshold, caution, ..weights.clone() };
            tried.add_all(stores, at, start, Some(*fold), cautious);
        }
    }
    let caution = if small.is_empty() { 0.0 } else { tried.best(&shares) };
    Weights { threshold, caution, ..fit(streams, start, with_text) }
}

/// Thresholds that are tried.
fn thresholds() -> Vec<f64> {
    (-20..=20).map(|step| f64::from(step) * 0.15).collect()
}

/// Cautions that are tried.
fn cautions() -> Vec<f64> {
    (0..=12).map(|step| f64::from(step) * 0.15).collect()
}

/// What came of each value of a parameter, by stream.
struct Trial {
    values: Vec<f64>,
    counts: Vec<Vec<Counts>>,
}

impl Trial {
    fn new(values: Vec<f64>, n_streams: usize) -> Self {
        Self { counts: vec![vec![Counts::default(); n_streams]; values.len()], values }
    }

    /// Clusters the streams with the weights of each value and scores a fold's articles (or all).
    fn add(
        &mut self,
        streams: &[Measured<'_>],
        start: &ClusterOptions,
        fold: Option<usize>,
        weights: impl Fn(f64) -> Weights,
    ) {
        for (measured, at) in streams.iter().zip(0..) {
            self.add_all(std::slice::from_ref(measured), at, start, fold, &weights);
        }
    }

    /// The same for stores that count as one stream.
    fn add_all(
        &mut self,
        stores: &[Measured<'_>],
        stream: usize,
        start: &ClusterOptions,
        fold: Option<usize>,
        weights: impl Fn(f64) -> Weights,
    ) {
        for (value, counts) in self.values.iter().zip(&mut self.counts) {
            let options = with_weights(start, &weights(*value));
            for measured in stores {
                counts[stream].add(&score(&measured.articles, &measured.stream.stories(&options), fold));
            }
        }
    }

    /// The middle of the values that do about as well as the best one.
    fn best(&self, shares: &[f64]) -> f64 {
        let mean = |counts: &Vec<Counts>| {
            counts.iter().zip(shares).map(|(counts, share)| counts.objective() * share).sum::<f64>()
                / shares.iter().sum::<f64>()
        };
        let values: Vec<f64> = self.counts.iter().map(mean).collect();
        let best = values.iter().copied().fold(f64::MIN, f64::max);
        let good: Vec<f64> =
            self.values.iter().zip(values).filter(|(_, value)| *value > best - PLATEAU).map(|(at, _)| *at).collect();
        good.iter().sum::<f64>() / good.len() as f64
    }
}

/// Learned from one deal of the folds: what came of it, by stream and by the small stores it is cut into.
struct Deal {
    totals: Vec<Counts>,
    of_small: Vec<Vec<Counts>>,
    learned_from: Vec<(Counts, usize)>,
    weights: Weights,
    with_text: bool,
}

fn deal(files: &[(String, f64)], seed: u64, start: &ClusterOptions) -> anyhow::Result<(Vec<String>, Deal)> {
    let mut streams: Vec<(String, f64, Vec<Labeled>)> = Vec::new();
    for (path, weight) in files {
        let sets = read(path, seed)?.into_iter();
        streams.extend(sets.map(|(set, stream)| (format!("{path} {set}").trim_end().to_owned(), *weight, stream)));
    }
    let with_text = streams.iter().all(|(.., stream)| stream.iter().any(|labeled| labeled.item.fingerprint.has_body));
    let whole: Vec<Measured<'_>> =
        streams.iter().map(|(_, weight, stream)| measure(stream.iter().collect(), *weight, start)).collect();
    let small: Vec<Vec<Vec<Measured<'_>>>> = whole.iter().map(|stream| small_stores(stream, start)).collect();
    let mut totals = vec![Counts::default(); streams.len()];
    let mut of_small: Vec<Vec<Counts>> = small.iter().map(|sizes| vec![Counts::default(); sizes.len()]).collect();
    let scored = |measured: &Measured<'_>, weights: &Weights, fold| {
        let stories = measured.stream.stories(&with_weights(start, weights));
        let n: BTreeSet<usize> = stories.values().copied().collect();
        (score(&measured.articles, &stories, fold), n.len())
    };
    for fold in 0..FOLDS {
        let rest: Vec<Measured<'_>> = whole.iter().map(|measured| measured.without(fold, start)).collect();
        let weights = learn(&rest, start, with_text);
        eprintln!("deal {seed}, fold {fold}: threshold {:.2}, caution {:.2}", weights.threshold, weights.caution);
        for (measured, total) in whole.iter().zip(&mut totals) {
            total.add(&scored(measured, &weights, Some(fold)).0);
        }
        for (stores, total) in small.iter().flatten().zip(of_small.iter_mut().flatten()) {
            stores.iter().for_each(|measured| total.add(&scored(measured, &weights, Some(fold)).0));
        }
    }
    let weights = learn(&whole, start, with_text);
    let learned_from = whole.iter().map(|measured| scored(measured, &weights, None)).collect();
    let names = streams.iter().map(|(name, ..)| name.clone()).collect();
    Ok((names, Deal { totals, of_small, learned_from, weights, with_text }))
}

fn main() -> anyhow::Result<()> {
    let mut seeds: Vec<u64> = (0..DEALS).collect();
    let mut files: Vec<(String, f64)> = Vec::new();
    let mut weight = 1.0;
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => seeds = vec![arguments.next().context("--seed needs a number")?.parse()?],
            "--weight" => weight = arguments.next().context("--weight needs a number")?.parse()?,
            _ => files.push((argument, weight)),
        }
    }
    anyhow::ensure!(!files.is_empty(), "give at least one file of labeled articles");
    let start = clustering::embedded()?;
    let mut deals = Vec::new();
    let mut names = Vec::new();
    for seed in seeds {
        let (streams, deal) = deal(&files, seed, &start)?;
        for ((name, total), of_small) in streams.iter().zip(&deal.totals).zip(&deal.of_small) {
            println!("# cross-validated, deal {seed}, {name}: {}", total.show());
            for (size, total) in SMALL_STORES.iter().zip(of_small) {
                println!("# cross-validated in stores of {size}, deal {seed}, {name}: {}", total.show());
            }
        }
        let Weights { threshold, caution, .. } = deal.weights;
        println!("# deal {seed}: threshold {threshold:.3}, caution {caution:.3}");
        names = streams;
        deals.push(deal);
    }
    for (stream, name) in names.iter().enumerate() {
        let mean = mean_of(deals.iter().map(|deal| &deal.totals[stream]));
        println!("# cross-validated, mean of {} deals, {name}: {mean}", deals.len());
        let n_sizes = deals.first().map_or(0, |deal| deal.of_small[stream].len());
        for (at, size) in SMALL_STORES.iter().take(n_sizes).enumerate() {
            let mean = mean_of(deals.iter().map(|deal| &deal.of_small[stream][at]));
            println!("# cross-validated in stores of {size}, mean of {} deals, {name}: {mean}", deals.len());
        }
    }
    let Some(last) = deals.last() else { return Ok(()) };
    for ((counts, n_stories), name) in last.learned_from.iter().zip(&names) {
        println!("# learned from: {name}: {}, {n_stories} stories", counts.show());
    }
    // The weights are the same in each deal: only what is chosen by the folds left out differs.
    let mean = |of: fn(&Weights) -> f64| deals.iter().map(|deal| of(&deal.weights)).sum::<f64>() / deals.len() as f64;
    let (threshold, caution) = (mean(|weights| weights.threshold), mean(|weights| weights.caution));
    let weights = Weights { threshold, caution, ..last.weights.clone() };
    println!("{}", toml(if last.with_text { "text" } else { "headline" }, &weights));
    Ok(())
}

/// The mean figures of deals.
fn mean_of<'a>(counts: impl Iterator<Item = &'a Counts>) -> String {
    let mut sums = [0.0; 6];
    let mut n = 0.0;
    for counts in counts {
        let ((p, r, f), (bp, br, bf)) = (counts.pairwise(), counts.bcubed());
        sums.iter_mut().zip([p, r, f, bp, br, bf]).for_each(|(sum, value)| *sum += value);
        n += 1.0;
    }
    let [p, r, f, bp, br, bf] = sums.map(|sum: f64| sum / n);
    shown((p, r, f), (bp, br, bf))
}

fn shown((p, r, f): (f64, f64, f64), (bp, br, bf): (f64, f64, f64)) -> String {
    format!("pairwise P {p:.4} R {r:.4} F1 {f:.4}   B-cubed P {bp:.4} R {br:.4} F1 {bf:.4}")
}

fn toml(table: &str, weights: &Weights) -> String {
    let mut text = format!(
        "[{table}]\nbias = {:.3}\nthreshold = {:.3}\ncaution = {:.3}\n\n[{table}.weights]\n",
        weights.bias, weights.threshold, weights.caution
    );
    for (name, weight) in SIGNALS.iter().zip(weights.signals).filter(|(_, weight)| weight.abs() >= 5e-4) {
        let _ = writeln!(text, "{name} = {weight:.3}");
    }
    text
}
