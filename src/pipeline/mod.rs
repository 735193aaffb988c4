//! Stage order, concurrency, cancellation and the run summary.
//!
//! ```text
//! seed ─▶ poll (per host) ─▶ scrape (per host) ─▶ analyze (batches) ─▶ full-text index ─▶ RunSummary
//! ```
//!
//! `fetch` calls [`run_once`]; `run` sleeps and makes the same call. Network never waits for SQLite inside a
//! transaction: an answer is decided and written on a blocking thread while other fetches go on.

pub mod analyze;
pub mod archive;
pub mod network;
pub mod seed;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::attribution::AttributionIndex;
use crate::canonical::Rules;
use crate::cluster::ClusterOptions;
use crate::fetch::{FetchError, Fetcher};
use crate::model::{OutletRegister, StoryId, Timestamp};
use crate::store::feeds::DueFilter;
use crate::store::{Store, StoreError};

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
    /// Compiled attribution cues.
    pub attribution: AttributionIndex,
    /// Options of the clustering.
    pub cluster: ClusterOptions,
}

/// What a run is asked to do.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Which feeds.
    pub due: DueFilter,
    /// Leave article pages alone.
    pub no_bodies: bool,
    /// Stop starting fetches after this long.
    pub max_time: Option<Duration>,
    /// How many fetches at once.
    pub max_concurrency: usize,
    /// At most this many pages in one run.
    pub max_pages: usize,
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
    /// Articles analyzed.
    pub n_analyzed: usize,
    /// Stories created or changed.
    pub stories: std::collections::BTreeSet<StoryId>,
    /// The run was cut short by `--max-time` or a signal.
    pub stopped_early: bool,
}

/// The present moment by the system clock.
#[must_use]
pub fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Polls, scrapes and analyzes what is due. `stop` ends the network stages early; what arrived is still analyzed.
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
    let mut summary = RunSummary::default();
    let deadline = options.max_time.map(|limit| tokio::time::Instant::now() + limit);
    let time_is_up = async move {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    let stopped = {
        let network = network::poll_and_scrape(&store, fetcher, &tools, options, &mut summary, progress);
        tokio::pin!(network, stop, time_is_up);
        tokio::select! {
            result = &mut network => {
                result?;
                false
            }
            () = &mut stop => true,
            () = &mut time_is_up => true,
        }
    };
    summary.stopped_early = stopped;
    let analyzed = {
        let (store, tools) = (Arc::clone(&store), Arc::clone(&tools));
        tokio::task::spawn_blocking(move || analyze::pending(&store, &tools, now(), &|_| {}))
            .await
            .map_err(|_| PipelineError::Worker)??
    };
    progress(Progress::Articles { done: analyzed.n_articles, total: analyzed.n_articles });
    summary.n_analyzed = analyzed.n_articles;
    summary.stories = analyzed.stories;
    summary.failed.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(summary)
}
