//! Alerts on their way: to a program's standard input, to a webhook, or into the round's summary.
//!
//! ```text
//! analyze ─▶ watches::raise (stored: waiting) ─▶ deliver ─▶ watches::note (delivered, or waiting for the next round)
//! ```
//!
//! An alert is noted as delivered after it was, so that a kill in between repeats it: at least once. After a failure the
//! watch's further alerts wait for the next round, since they would fail as well.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Clock, PipelineError};
use crate::fetch::Fetcher;
use crate::model::{Delivery, WatchId};
use crate::store::watches::{self, Attempt, WaitingAlert};
use crate::store::{Store, StoreError};
use crate::view::alert::AlertView;

/// Alerts delivered in one round at most; the rest follow in the next.
const MAX_DELIVERIES: usize = 200;

/// How long a command may take; a round waits for it, so what takes longer belongs in the background.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a running command is looked at.
const COMMAND_GLANCE: Duration = Duration::from_millis(10);

/// An alert that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAlert {
    /// The alert.
    pub alert: AlertView,
    /// Why, in one sentence.
    pub reason: String,
    /// There will be no further attempt.
    pub is_given_up: bool,
}

/// What became of the alerts of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// To be told in the summary.
    pub told: Vec<AlertView>,
    /// Given to a command or a webhook.
    pub sent: Vec<AlertView>,
    /// Not arrived.
    pub failed: Vec<FailedAlert>,
}

/// Delivers the alerts that wait, until `stop` completes: what was under way then is tried again in the next round.
/// Returns whether it was stopped, too.
///
/// # Errors
/// When the database fails. A command or webhook that fails is no error but told.
pub async fn deliver(
    store: &Arc<Store>,
    fetcher: &Fetcher,
    clock: Clock,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<(Delivered, bool), PipelineError> {
    let waiting =
        on_store(store, |store| store.write(|transaction| watches::waiting(transaction, MAX_DELIVERIES))).await?;
    let mut done = Delivered::default();
    let mut failing: BTreeSet<WatchId> = BTreeSet::new();
    for WaitingAlert { alert, delivery } in waiting {
        if failing.contains(&alert.watch) {
            continue;
        }
        let Some(attempt) = attempt(store, fetcher, clock, stop.as_mut(), &alert, &delivery).await? else {
            return Ok((done, true));
        };
        let (id, noted) = (alert.id, attempt.clone());
        let is_given_up = on_store(store, move |store| {
            store.write(move |transaction| watches::note(transaction, id, &noted, clock.now()))
        })
        .await?;
        match attempt {
            Attempt::Failed(reason) => {
                failing.insert(alert.watch);
                done.failed.push(FailedAlert { alert, reason, is_given_up });
            }
            Attempt::Delivered if delivery == Delivery::Summary => done.told.push(alert),
            Attempt::Delivered => done.sent.push(alert),
        }
    }
    Ok((done, false))
}

async fn on_store<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, PipelineError> {
    let store = Arc::clone(store);
    Ok(tokio::task::spawn_blocking(move || work(&store)).await.map_err(|_| PipelineError::Worker)??)
}

/// Makes one attempt; none when `stop` completed first.
async fn attempt(
    store: &Arc<Store>,
    fetcher: &Fetcher,
    clock: Clock,
    stop: Pin<&mut impl Future<Output = ()>>,
    alert: &AlertView,
    delivery: &Delivery,
) -> Result<Option<Attempt>, PipelineError> {
    let document = match serde_json::to_string(alert) {
        Ok(document) => document,
        Err(error) => return Ok(Some(Attempt::Failed(format!("the alert can't be written as JSON: {error}")))),
    };
    let result = match delivery {
        Delivery::Summary => Ok(()),
        Delivery::Webhook(url) => tokio::select! {
            answer = fetcher.post_json(url, document, clock.now()) => answer.map_err(|failure| failure.reason),
            () = stop => return Ok(None),
        },
        Delivery::Command(words) => {
            let mut command = command(words, alert);
            if let Ok(database) = std::path::absolute(store.path()) {
                command.env("COPYTASTER_DB", database);
            }
            let over = Arc::new(AtomicBool::new(false));
            let is_over = Arc::clone(&over);
            let mut ran = tokio::task::spawn_blocking(move || run(command, document, COMMAND_TIMEOUT, &is_over));
            tokio::select! {
                ended = &mut ran => ended.map_err(|_| PipelineError::Worker)?,
                () = stop => {
                    over.store(true, Ordering::Relaxed);
                    drop(ran.await);
                    return Ok(None);
                }
            }
        }
    };
    Ok(Some(result.map_or_else(Attempt::Failed, |()| Attempt::Delivered)))
}

/// The command, with ids only in its environment: headlines are untrusted and stay on standard input.
fn command(words: &[String], alert: &AlertView) -> Command {
    let (program, arguments) = words.split_first().map_or(("", words), |(first, rest)| (first.as_str(), rest));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("COPYTASTER_ALERT", alert.id.to_string())
        .env("COPYTASTER_ALERT_KIND", alert.kind)
        .env("COPYTASTER_ALERT_WATCH", alert.watch.to_string())
        .env("COPYTASTER_ALERT_STORY", alert.story.to_string())
        .env("COPYTASTER_ALERT_ARTICLE", alert.article.to_string())
        .stdin(Stdio::piped())
        // Standard output is our data; the command's own talk goes where ours goes.
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    command
}

/// Runs a command with `document` and a line feed on its standard input.
fn run(mut command: Command, document: String, limit: Duration, over: &AtomicBool) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| format!("{program} could not be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A thread of its own: a command that does not read must not hold the round. One that ends without reading
        // has decided not to, and its exit code says whether that is a failure.
        std::thread::spawn(move || drop(input.write_all(format!("{document}\n").as_bytes())));
    }
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{program} ended with {status}")),
            Ok(None) if over.load(Ordering::Relaxed) => {
                end(&mut child);
                return Err(format!("{program} was stopped with the run"));
            }
            Ok(None) if started.elapsed() >= limit => {
                end(&mut child);
                return Err(format!("{program} did not end within {} s", limit.as_secs()));
            }
            Ok(None) => std::thread::sleep(COMMAND_GLANCE),
            Err(error) => return Err(format!("{program} can't be waited for: {error}")),
        }
    }
}

/// Kills a command; that it ended in between is what is wanted.
fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let sleeper = || {
            let mut command = Command::new("sleep");
            command.arg("600").stdin(Stdio::piped());
            command
        };
        let never = AtomicBool::new(false);
        let said = run(sleeper(), "{}".to_owned(), Duration::ZERO, &never).unwrap_err();
        assert!(said.contains("did not end within 0 s"), "{said}");
        let said = run(sleeper(), "{}".to_owned(), COMMAND_TIMEOUT, &AtomicBool::new(true)).unwrap_err();
        assert!(said.contains("stopped with the run"), "{said}");
    }
}
