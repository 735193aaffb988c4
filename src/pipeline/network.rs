//! The network stages: polls and scrapes, many hosts at once.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use url::Url;

use crate::fetch::robots::RobotsRow;
use crate::fetch::{FetchRequest, Fetcher, Purpose, RobotsVerdict};
use crate::model::{FetchFailure, FetchOutcome, Timestamp};
use crate::plan::poll::{self, FeedRecord, PollContext, PollPlan, Validators};
use crate::plan::scrape::{self, ScrapePlan, ScrapeRecord};
use crate::store::hosts::StoredRobots;
use crate::store::{Store, articles, feeds, hosts};

use super::stage::{Stage, survive};
use super::{FailedFeed, PipelineError, Progress, RunOptions, RunSummary, Tools};

/// What one poll came to.
struct Polled {
    url: String,
    outcome: &'static str,
    reason: Option<String>,
    failed_before: bool,
    applied: feeds::AppliedPoll,
}

/// What both network stages need.
pub(super) struct Network<'a> {
    pub(super) store: &'a Arc<Store>,
    pub(super) fetcher: &'a Fetcher,
    pub(super) tools: &'a Arc<Tools>,
    pub(super) options: &'a RunOptions,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
}

impl Network<'_> {
    /// Polls the due feeds, counting into `summary`. Returns whether it was stopped.
    pub(super) async fn poll(
        &self,
        stop: Pin<&mut impl Future<Output = ()>>,
        summary: &mut RunSummary,
    ) -> Result<bool, PipelineError> {
        let clock = self.options.clock;
        let filter = self.options.due.clone();
        let (due, resting) = on_store(self.store, move |store| {
            store.write(move |transaction| {
                Ok((feeds::due(transaction, &filter, clock.now())?, hosts::resting(transaction, clock.now())?))
            })
        })
        .await?;
        for (host, until) in resting {
            self.fetcher.seed_pause(&host, until, clock.now());
        }
        let total = due.len();
        summary.n_due = total;
        let (tools, schedule) = (Arc::clone(self.tools), self.options.schedule);
        let stage = Stage {
            store: Arc::clone(self.store),
            decide: move |(records, outcome): (Vec<FeedRecord>, FetchOutcome)| {
                let context = PollContext { rules: &tools.rules, register: &tools.register, schedule };
                decide_polls(records, outcome, clock.now(), &context)
            },
            write: move |transaction: &crate::store::Transaction<'_>, decided: &Vec<(FeedRecord, PollPlan)>| {
                decided
                    .iter()
                    .map(|(record, plan)| {
                        Ok(Polled {
                            url: record.url.clone(),
                            outcome: plan.outcome,
                            reason: plan.failure.as_ref().map(|failure| failure.reason.clone()),
                            failed_before: record.n_failures > 0,
                            applied: feeds::apply(transaction, record, plan, plan.started_at)?,
                        })
                    })
                    .collect::<Result<Vec<Polled>, _>>()
            },
        };
        let lanes = self.lanes(same_address_once(due), |records| &records[0].url);
        let progress = self.progress;
        let fetch = async |records: Vec<FeedRecord>| {
            let outcome = fetch_feed(self.fetcher, &records, clock.now()).await;
            let n_bytes = size(&outcome);
            ((records, outcome), n_bytes)
        };
        stage
            .run(lanes, fetch, stop, |polled| {
                polled.into_iter().for_each(|polled| count_poll(summary, polled));
                progress(Progress::Feeds { done: summary.n_polled, total });
            })
            .await
    }

    /// Scrapes the due pages, counting into `summary`. Returns whether it was stopped.
    pub(super) async fn scrape(
        &self,
        stop: Pin<&mut impl Future<Output = ()>>,
        summary: &mut RunSummary,
    ) -> Result<bool, PipelineError> {
        let (clock, limit) = (self.options.clock, self.options.max_pages);
        let (pages, robots) = on_store(self.store, move |store| {
            store.write(move |transaction| {
                let pages = articles::due_scrapes(transaction, clock.now(), limit)?;
                let robots = if pages.is_empty() { Vec::new() } else { hosts::robots(transaction, clock.now())? };
                Ok((pages, robots))
            })
        })
        .await?;
        let known: HashMap<String, Timestamp> = robots.iter().map(|row| (row.host.clone(), row.until)).collect();
        self.fetcher.seed_robots(robots.into_iter().map(to_fetch_robots).collect());
        let total = pages.len();
        let tools = Arc::clone(self.tools);
        let stage = Stage {
            store: Arc::clone(self.store),
            decide: move |(record, outcome): (ScrapeRecord, FetchOutcome)| {
                decide_scrape(&record, outcome, clock.now(), &tools)
            },
            write: |transaction: &crate::store::Transaction<'_>, plan: &ScrapePlan| {
                articles::apply_scrape(transaction, plan, plan.started_at)?;
                Ok(matches!(plan.outcome, "version" | "unchanged"))
            },
        };
        let lanes = self.lanes(pages, |page| &page.url);
        let progress = self.progress;
        let mut done = 0;
        let fetch = async |record: ScrapeRecord| {
            let outcome = fetch_page(self.fetcher, &record, clock.now()).await;
            let n_bytes = size(&outcome);
            ((record, outcome), n_bytes)
        };
        let stopped = stage
            .run(lanes, fetch, stop, |has_text| {
                done += 1;
                if has_text {
                    summary.n_scraped += 1;
                } else {
                    summary.n_scrape_failed += 1;
                }
                progress(Progress::Pages { done, total });
            })
            .await?;
        let rows = self.fetcher.robots_cache().into_iter().map(to_stored_robots);
        let rows: Vec<StoredRobots> = rows.filter(|row| known.get(&row.host) != Some(&row.until)).collect();
        on_store(self.store, move |store| store.write(move |transaction| hosts::save_robots(transaction, &rows)))
            .await?;
        Ok(stopped)
    }

    /// Sorts records into lanes by host: as many lanes a host as it may have requests at once.
    fn lanes<T>(&self, records: Vec<T>, url: impl Fn(&T) -> &str) -> Vec<Vec<T>> {
        let per_host = self.fetcher.options().per_host_concurrency.max(1);
        let mut hosts: BTreeMap<String, Vec<Vec<T>>> = BTreeMap::new();
        for record in records {
            let lanes = hosts.entry(host(url(&record))).or_default();
            if lanes.len() < per_host {
                lanes.push(vec![record]);
            } else if let Some(shortest) = lanes.iter_mut().min_by_key(|lane| lane.len()) {
                shortest.push(record);
            }
        }
        hosts.into_values().flatten().collect()
    }
}

async fn on_store<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, crate::store::StoreError> + Send + 'static,
) -> Result<T, PipelineError> {
    let store = Arc::clone(store);
    let result = tokio::task::spawn_blocking(move || work(&store)).await.map_err(|_| PipelineError::Worker)?;
    Ok(result?)
}

/// The host politeness is about: without its port.
fn host(url: &str) -> String {
    Url::parse(url.trim()).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase)).unwrap_or_default()
}

/// Groups feeds whose addresses are one to the server, in order of the first of each group.
fn same_address_once(due: Vec<FeedRecord>) -> Vec<Vec<FeedRecord>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<FeedRecord>> = Vec::new();
    for record in due {
        let address = match Url::parse(record.url.trim()) {
            Ok(mut url) => {
                url.set_fragment(None);
                url.to_string()
            }
            Err(_) => record.url.clone(),
        };
        match places.get(&address) {
            Some(place) => groups[*place].push(record),
            None => {
                places.insert(address, groups.len());
                groups.push(vec![record]);
            }
        }
    }
    groups
}

/// Fetches the address of a group; its validators are sent only when all of the group hold the same ones.
async fn fetch_feed(fetcher: &Fetcher, records: &[FeedRecord], now: Timestamp) -> FetchOutcome {
    let mut held = records.iter().map(|record| poll::validators(record, now));
    let first = held.next().flatten();
    let validators = first.filter(|first| held.all(|other| other.as_ref() == Some(first)));
    let url = records[0].url.clone();
    // A server whose last delta could not be read is asked for whole documents until one can.
    let takes_delta = records.iter().all(|record| record.n_failures == 0);
    let request = FetchRequest { url, purpose: Purpose::Feed, takes_delta, now, ..FetchRequest::default() };
    fetch(fetcher, request, validators).await
}

async fn fetch(fetcher: &Fetcher, request: FetchRequest, validators: Option<Validators>) -> FetchOutcome {
    let Validators { etag, last_modified, url: from } = validators.unwrap_or_default();
    fetcher.fetch_validated(&FetchRequest { etag, last_modified, ..request }, &from).await
}

async fn fetch_page(fetcher: &Fetcher, record: &ScrapeRecord, now: Timestamp) -> FetchOutcome {
    match fetcher.robots_allow(&record.url, now).await {
        RobotsVerdict::Allowed => {
            let validators = record.validators_url.clone().map(|url| Validators {
                etag: record.etag.clone(),
                last_modified: record.last_modified.clone(),
                url,
            });
            let url = record.url.clone();
            fetch(fetcher, FetchRequest { url, purpose: Purpose::Page, now, ..FetchRequest::default() }, validators)
                .await
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
    }
}

fn size(outcome: &FetchOutcome) -> usize {
    match outcome {
        FetchOutcome::Body(body) => body.bytes.len(),
        _ => 0,
    }
}

fn decide_polls(
    records: Vec<FeedRecord>,
    outcome: FetchOutcome,
    now: Timestamp,
    context: &PollContext<'_>,
) -> Vec<(FeedRecord, PollPlan)> {
    let n_more = records.len() - 1;
    let outcomes = std::iter::repeat_n(outcome.clone(), n_more).chain([outcome]);
    records
        .into_iter()
        .zip(outcomes)
        .map(|(record, outcome)| {
            let plan = survive(|| poll::poll(&record, outcome, now, context))
                .unwrap_or_else(|| poll::poll(&record, our_fault("feed"), now, context));
            (record, plan)
        })
        .collect()
}

fn decide_scrape(record: &ScrapeRecord, outcome: FetchOutcome, now: Timestamp, tools: &Tools) -> ScrapePlan {
    let tables = scrape::Tables { rules: &tools.rules, register: &tools.register, sites: &tools.sites };
    survive(|| scrape::scrape(record, outcome, now, &tables))
        .unwrap_or_else(|| scrape::scrape(record, our_fault("page"), now, &tables))
}

fn our_fault(what: &str) -> FetchOutcome {
    FetchOutcome::Failed(FetchFailure {
        kind: "internal",
        status: None,
        reason: format!("reading the {what} failed inside copytaster; please report its address"),
    })
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
    fn addresses_that_are_one_to_the_server_are_grouped() {
        let urls = ["http://a.example/x", "http://b.example/", "HTTP://A.example:80/x#top", "http://a.example/X"];
        let due = urls.iter().map(|url| FeedRecord { url: (*url).to_owned(), ..FeedRecord::default() }).collect();
        let sizes: Vec<usize> = same_address_once(due).iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 1]);
        assert_eq!(host("http://A.example:8080/x"), "a.example");
    }

    #[test]
    fn a_panic_is_no_end() {
        assert_eq!(survive(|| 7), Some(7));
        assert_eq!(survive(|| -> u32 { panic!("on purpose") }), None);
    }
}
