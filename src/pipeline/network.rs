//! The network stages: polls and scrapes, many hosts at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt as _;

use crate::fetch::robots::RobotsRow;
use crate::fetch::{FetchRequest, Fetcher, Purpose, RobotsVerdict};
use crate::model::{FetchFailure, FetchOutcome};
use crate::plan::poll::{self, FeedRecord, PollContext};
use crate::plan::scrape::{self, ScrapeRecord};
use crate::store::hosts::StoredRobots;
use crate::store::{Store, articles, feeds, hosts};

use super::{FailedFeed, PipelineError, Progress, RunOptions, RunSummary, Tools, now};

/// What one poll came to.
struct Polled {
    url: String,
    outcome: &'static str,
    reason: Option<String>,
    failed_before: bool,
    applied: feeds::AppliedPoll,
}

/// Polls the due feeds, then scrapes the due pages, counting into `summary`.
pub(super) async fn poll_and_scrape(
    store: &Arc<Store>,
    fetcher: &Fetcher,
    tools: &Arc<Tools>,
    options: &RunOptions,
    summary: &mut RunSummary,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<(), PipelineError> {
    let filter = options.due.clone();
    let (due, robots) = on_store(store, move |store| {
        store.write(move |transaction| {
            Ok((feeds::due(transaction, &filter, now())?, hosts::robots(transaction, now())?))
        })
    })
    .await?;
    fetcher.seed_robots(robots.into_iter().map(to_fetch_robots).collect());
    let total = due.len();
    summary.n_due = total;
    let mut polls = futures_util::stream::iter(spread(due, |feed: &FeedRecord| &feed.url))
        .map(|record| poll_one(store, fetcher, tools, record))
        .buffer_unordered(options.max_concurrency.max(1));
    while let Some(polled) = polls.next().await {
        count_poll(summary, polled?);
        progress(Progress::Feeds { done: summary.n_polled, total });
    }
    if options.no_bodies {
        return Ok(());
    }
    let limit = options.max_pages;
    let pages =
        on_store(store, move |store| store.write(move |transaction| articles::due_scrapes(transaction, now(), limit)))
            .await?;
    let total = pages.len();
    let mut scrapes = futures_util::stream::iter(spread(pages, |page: &ScrapeRecord| &page.url))
        .map(|record| scrape_one(store, fetcher, tools, record))
        .buffer_unordered(options.max_concurrency.max(1));
    let mut done = 0;
    while let Some(has_text) = scrapes.next().await {
        done += 1;
        if has_text? {
            summary.n_scraped += 1;
        } else {
            summary.n_scrape_failed += 1;
        }
        progress(Progress::Pages { done, total });
    }
    let rows: Vec<StoredRobots> = fetcher.robots_cache().into_iter().map(to_stored_robots).collect();
    on_store(store, move |store| store.write(move |transaction| hosts::save_robots(transaction, &rows))).await
}

async fn on_store<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, crate::store::StoreError> + Send + 'static,
) -> Result<T, PipelineError> {
    let store = Arc::clone(store);
    let result = tokio::task::spawn_blocking(move || work(&store)).await.map_err(|_| PipelineError::Worker)?;
    Ok(result?)
}

async fn poll_one(
    store: &Arc<Store>,
    fetcher: &Fetcher,
    tools: &Arc<Tools>,
    record: FeedRecord,
) -> Result<Polled, PipelineError> {
    let request = FetchRequest {
        url: record.url.clone(),
        purpose: Purpose::Feed,
        etag: record.etag.clone(),
        last_modified: record.last_modified.clone(),
        now: now(),
    };
    let outcome = fetcher.fetch(&request).await;
    let tools = Arc::clone(tools);
    on_store(store, move |store| {
        let now = now();
        let plan = poll::poll(&record, outcome, now, &PollContext { rules: &tools.rules, register: &tools.register });
        let (outcome, reason) = (plan.outcome, plan.failure.as_ref().map(|failure| failure.reason.clone()));
        let (url, failed_before) = (record.url.clone(), record.n_failures > 0);
        let applied = store.write(move |transaction| feeds::apply(transaction, &record, &plan, now))?;
        Ok(Polled { url, outcome, reason, failed_before, applied })
    })
    .await
}

fn count_poll(summary: &mut RunSummary, polled: Polled) {
    summary.n_polled += 1;
    summary.n_entries += polled.applied.counts.n_new;
    summary.n_articles += polled.applied.counts.n_new_articles;
    match polled.outcome {
        "failed" | "gone" => summary.failed.push(FailedFeed {
            url: polled.url,
            reason: polled.reason.unwrap_or_default(),
            newly: !polled.failed_before,
        }),
        "retry-after" => summary.n_waiting += 1,
        _ => {
            if polled.failed_before {
                summary.recovered.push(polled.url);
            }
            if polled.applied.counts.n_new + polled.applied.counts.n_changed == 0 {
                summary.n_unchanged += 1;
            }
        }
    }
}

/// Returns whether the page gave (or still has) a text.
async fn scrape_one(
    store: &Arc<Store>,
    fetcher: &Fetcher,
    tools: &Arc<Tools>,
    record: ScrapeRecord,
) -> Result<bool, PipelineError> {
    let outcome = match fetcher.robots_allow(&record.url, now()).await {
        RobotsVerdict::Allowed => {
            let request = FetchRequest {
                url: record.url.clone(),
                purpose: Purpose::Page,
                etag: record.etag.clone(),
                last_modified: record.last_modified.clone(),
                now: now(),
            };
            fetcher.fetch(&request).await
        }
        RobotsVerdict::Disallowed { rule } => FetchOutcome::Failed(FetchFailure {
            kind: "robots",
            status: None,
            reason: format!("robots.txt asks not to fetch this page ({rule})"),
        }),
        RobotsVerdict::Unreachable => FetchOutcome::Failed(FetchFailure {
            kind: "robots-unreachable",
            status: None,
            reason: "robots.txt could not be fetched, so the page is left alone for now".to_owned(),
        }),
    };
    let tools = Arc::clone(tools);
    on_store(store, move |store| {
        let now = now();
        let plan = scrape::scrape(&record, outcome, now, &tools.rules, &tools.register);
        let has_text = matches!(plan.outcome, "version" | "unchanged");
        store.write(move |transaction| articles::apply_scrape(transaction, &plan, now))?;
        Ok(has_text)
    })
    .await
}

/// Interleaves records by host, so that one large host doesn't hold every slot while the others wait.
fn spread<T>(records: Vec<T>, url: impl Fn(&T) -> &str) -> Vec<T> {
    let mut by_host: BTreeMap<String, VecDeque<T>> = BTreeMap::new();
    for record in records {
        let host = url(&record).split('/').nth(2).unwrap_or_default().to_owned();
        by_host.entry(host).or_default().push_back(record);
    }
    let mut spread = Vec::new();
    while !by_host.is_empty() {
        by_host.retain(|_, queue| {
            spread.extend(queue.pop_front());
            !queue.is_empty()
        });
    }
    spread
}

fn to_fetch_robots(row: StoredRobots) -> RobotsRow {
    RobotsRow { host: row.host, body: row.body, status: row.status, until: row.until }
}

fn to_stored_robots(row: RobotsRow) -> StoredRobots {
    StoredRobots { host: row.host, body: row.body, status: row.status, until: row.until }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_take_turns() {
        let urls = vec!["http://a/1", "http://a/2", "http://b/1", "http://a/3"];
        assert_eq!(spread(urls, |url| url), ["http://a/1", "http://b/1", "http://a/2", "http://a/3"]);
    }
}
