//! Stage order, concurrency, cancellation and the run summary.
//!
//! ```text
//! seed ─▶ poll (per host) ─▶ scrape (per host) ─▶ analyze (batches) ─▶ full-text index ─▶ watches, alerts ─▶ RunSummary
//! ```
//!
//! `fetch` calls [`run_once`]; `run` sleeps and makes the same call. Network never waits for SQLite inside a
//! transaction: answers are decided and written by threads of their own while other fetches go on (`stage`).

pub mod alerts;
pub mod analyze;
pub mod archive;
pub mod clock;
pub mod decisions;
mod network;
pub mod seed;
mod stage;

use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::attribution::{AttributionIndex, Lexicon};
use crate::canonical::Rules;
use crate::cluster::ClusterOptions;
use crate::extract::SiteRules;
use crate::fetch::{FetchError, Fetcher};
use crate::model::{OutletRegister, StoryId, Timestamp};
use crate::schedule::ScheduleOptions;
use crate::store::feeds::DueFilter;
use crate::store::{Store, StoreError, articles};
pub use clock::Clock;

/// Why a run stopped before its end. Dead feeds and bad pages are no errors; they are in the summary.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The database failed.
    #[error("the database could not be used")]
    Store(#[from] StoreError),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be set up")]
    Fetch(#[from] FetchError),
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A worker thread died.
    #[error("a worker thread stopped unexpectedly")]
    Worker,
}

/// What every stage shares: tables and options, built once a process.
#[derive(Debug)]
pub struct Tools {
    /// Canonical URL rules.
    pub rules: Rules,
    /// The outlet register.
    pub register: OutletRegister,
    /// The grammar of credits that comes with the program.
    pub lexicon: Lexicon,
    /// See [`Tools::attribution`].
    pub compiled: OnceLock<AttributionIndex>,
    /// Options of the clustering.
    pub cluster: ClusterOptions,
    /// The user's selectors for sites.
    pub sites: SiteRules,
}

impl Tools {
    /// The grammar of credits, compiled for the register when first asked for: most polls of a day bring nothing to
    /// analyze, and compiling takes as long as polling 300 unchanged feeds.
    ///
    /// # Panics
    /// When the grammar of the program is none.
    pub fn attribution(&self) -> &AttributionIndex {
        self.compiled.get_or_init(|| {
            AttributionIndex::new(&self.lexicon, &self.register).expect("the grammar of the program compiles")
        })
    }
}

/// What a run is asked to do.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Which feeds.
    pub due: DueFilter,
    /// Leave article pages alone.
    pub no_bodies: bool,
    /// Store only; a later run or `analyze` does the rest.
    pub no_analysis: bool,
    /// Be done after this long; what is left over is due in the next run.
    pub max_time: Option<Duration>,
    /// At most this many pages in one run.
    pub max_pages: usize,
    /// How often feeds may be polled.
    pub schedule: ScheduleOptions,
    /// Where the time comes from.
    pub clock: Clock,
}

/// How far a run is, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Feeds polled.
    Feeds {
        /// So many are done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Pages scraped.
    Pages {
        /// So many are done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Articles analyzed.
    Articles {
        /// So many are done.
        done: usize,
        /// Of so many.
        total: usize,
    },
}

/// A feed that failed in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedFeed {
    /// Its address.
    pub url: String,
    /// Why, in one sentence.
    pub reason: String,
    /// It worked at its last poll: news, not a lasting state.
    pub newly: bool,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunSummary {
    /// Register feeds added because there were none.
    pub n_seeded: usize,
    /// Feeds that were due.
    pub n_due: usize,
    /// Feeds polled, whatever came of it.
    pub n_polled: usize,
    /// Feeds with nothing new.
    pub n_unchanged: usize,
    /// Feeds whose host asked to wait.
    pub n_waiting: usize,
    /// Feeds that failed, in order of their address.
    pub failed: Vec<FailedFeed>,
    /// Feeds that had failed before and answered now.
    pub recovered: Vec<String>,
    /// New entries.
    pub n_entries: usize,
    /// New articles.
    pub n_articles: usize,
    /// Pages that gave a text.
    pub n_scraped: usize,
    /// Pages that gave none, or could not be fetched.
    pub n_scrape_failed: usize,
    /// What was derived again before the analysis, because an older version of the algorithm had derived it.
    pub rebuilt: Option<analyze::Rebuilt>,
    /// Articles analyzed.
    pub n_analyzed: usize,
    /// Stories created or changed.
    pub stories: std::collections::BTreeSet<StoryId>,
    /// What became of alerts, those of earlier rounds included.
    pub alerts: alerts::Delivered,
    /// The run was cut short by `--max-time` or a signal.
    pub stopped_early: bool,
}

/// The present moment by the system clock.
#[must_use]
pub fn now() -> Timestamp {
    Clock::System.now()
}

/// The share of `--max-time` that the network may take; the rest is for analysis.
const NETWORK_SHARE: f64 = 0.9;

/// Polls, scrapes and analyzes what is due. `stop` ends the run early; what arrived is still written, and what was not
/// analyzed is so by the next run.
///
/// # Errors
/// When the database fails; everything written before stays.
pub async fn run_once(
    store: Arc<Store>,
    fetcher: &Fetcher,
    tools: Arc<Tools>,
    options: &RunOptions,
    stop: impl Future<Output = ()>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<RunSummary, PipelineError> {
    let started = tokio::time::Instant::now();
    let mut summary = RunSummary::default();
    let is_told = Arc::new(AtomicBool::new(false));
    let mut stop = pin!(
        async {
            stop.await;
            is_told.store(true, Ordering::Relaxed);
        }
        .fuse()
    );
    let network = network::Network { store: &store, fetcher, tools: &tools, options, progress };
    {
        let limit = options.max_time.map(|limit| limit.mul_f64(NETWORK_SHARE));
        let mut stop = pin!(either(stop.as_mut(), started, limit));
        summary.stopped_early = network.poll(stop.as_mut(), &mut summary).await?;
        if !summary.stopped_early && !options.no_bodies {
            summary.stopped_early = network.scrape(stop.as_mut(), &mut summary).await?;
        }
    }
    summary.failed.sort_by(|a, b| a.url.cmp(&b.url));
    if options.no_analysis {
        return Ok(summary);
    }
    let analyzed = {
        let (store, tools, clock) = (Arc::clone(&store), Arc::clone(&tools), options.clock);
        let over = Arc::new(AtomicBool::new(is_told.load(Ordering::Relaxed)));
        let is_over = Arc::clone(&over);
        let mut work = tokio::task::spawn_blocking(move || {
            let analyzed = analyze::pending(&store, &tools, clock.now(), &|_| {}, &|| is_over.load(Ordering::Relaxed))?;
            let stories: Vec<StoryId> = analyzed.stories.iter().copied().collect();
            let now = clock.now();
            store.write(move |transaction| articles::hasten_scrapes(transaction, &stories, now))?;
            Ok::<_, StoreError>(analyzed)
        });
        let finished = tokio::select! {
            done = &mut work => done,
            () = either(stop.as_mut(), started, options.max_time) => {
                summary.stopped_early = true;
                over.store(true, Ordering::Relaxed);
                work.await
            }
        };
        finished.map_err(|_| PipelineError::Worker)??
    };
    progress(Progress::Articles { done: analyzed.n_articles, total: analyzed.n_articles });
    summary.rebuilt = analyzed.rebuilt;
    summary.n_analyzed = analyzed.n_articles;
    summary.stories = analyzed.stories;
    if !summary.stopped_early {
        let mut stop = pin!(either(stop.as_mut(), started, options.max_time));
        (summary.alerts, summary.stopped_early) =
            alerts::deliver(&store, fetcher, options.clock, stop.as_mut()).await?;
    }
    Ok(summary)
}

/// Completes when `stop` does, or once `limit` has passed since `started`.
async fn either(stop: Pin<&mut impl Future<Output = ()>>, started: tokio::time::Instant, limit: Option<Duration>) {
    match limit.map(|limit| started + limit) {
        Some(deadline) => tokio::select! {
            () = stop => {}
            () = tokio::time::sleep_until(deadline) => {}
        },
        None => stop.await,
    }
}
