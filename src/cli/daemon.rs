//! `run`: the call of `fetch`, again and again, as the feeds come due.

use std::sync::Arc;
use std::time::Duration;

use super::arguments::{GlobalArguments, RunArguments};
use super::context::{self, Context};
use super::exit::{Exit, ExitError};
use super::notify::Notifier;
use super::signals::Signals;
use super::{fetch, lock, watches};
use crate::fetch::Fetcher;
use crate::model::Timestamp;
use crate::pipeline::{self, Clock, PipelineError, RunOptions, Tools};
use crate::store::feeds::{self, DueFilter};
use crate::store::{Store, StoreError};

/// The shortest pause between two rounds: what comes due meanwhile is done in one go.
const MIN_PAUSE: Duration = Duration::from_secs(30);

/// What the configuration makes of a round; built anew at SIGHUP.
struct Session {
    context: Context,
    tools: Arc<Tools>,
    fetcher: Fetcher,
    options: RunOptions,
}

impl Session {
    fn new(context: Context, arguments: &RunArguments) -> anyhow::Result<Self> {
        let options = RunOptions {
            due: DueFilter::default(),
            no_bodies: arguments.no_bodies || !context.settings.fetch.bodies,
            no_analysis: false,
            max_time: None,
            max_pages: fetch::MAX_PAGES,
            schedule: context.schedule_options()?,
            clock: Clock::System,
        };
        let fetcher = Fetcher::new(context.fetch_options()?)?;
        Ok(Self { tools: Arc::new(context.tools()?), fetcher, options, context })
    }
}

/// Runs rounds until SIGTERM or SIGINT; SIGHUP reads the configuration again.
pub(super) fn run(context: Context, arguments: &RunArguments, global: &GlobalArguments) -> anyhow::Result<Exit> {
    let every = context::duration(&arguments.every)?;
    if every < MIN_PAUSE {
        let message = format!("a round starts every {} seconds at most; write --every 10m", MIN_PAUSE.as_secs());
        return Err(ExitError::usage(message).into());
    }
    let _lock = lock::take(&context.database)?;
    let store = Arc::new(context.open_store()?);
    let session = Session::new(context, arguments)?;
    fetch::seed(&session.context, &store, &session.tools)?;
    let notifier = Notifier::new(|name| std::env::var(name).ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = rounds(session, &store, every, arguments, global, &notifier) => ended,
            () = keep_alive(&notifier) => Ok(()),
        }
    });
    runtime.shutdown_background();
    ended.map(|()| Exit::Done)
}

async fn rounds(
    mut session: Session,
    store: &Arc<Store>,
    every: Duration,
    arguments: &RunArguments,
    global: &GlobalArguments,
    notifier: &Notifier,
) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    notifier.send("READY=1");
    loop {
        let (tools, options) = (Arc::clone(&session.tools), &session.options);
        // The manager is told at once: what has arrived is still written, which takes a moment.
        let stop = async {
            signals.stop().await;
            notifier.send("STOPPING=1");
        };
        let round = pipeline::run_once(Arc::clone(store), &session.fetcher, tools, options, stop, &|_| {}).await;
        match round {
            Ok(summary) => {
                session.context.talk(&fetch::line(&summary));
                if session.context.is_talkative() {
                    watches::report(&session.context, &summary.alerts);
                } else {
                    fetch::report_changes(&session.context, &summary);
                }
                notifier.send(&format!("STATUS={}", fetch::line(&summary)));
                if summary.stopped_early {
                    return Ok(());
                }
            }
            // Room may be made and locks are given back: the next round tries again.
            Err(PipelineError::Store(error @ (StoreError::Busy | StoreError::Full))) => {
                anstream::eprintln!("copytaster: {error}");
                notifier.send(&format!("STATUS={error}"));
            }
            Err(error) => return Err(error.into()),
        }
        let pause = pause(store, &session.options, every)?;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            is_stop = signals.any() => {
                if is_stop {
                    notifier.send("STOPPING=1");
                    return Ok(());
                }
                notifier.reloading();
                session = reload(session, arguments, global);
                notifier.send("READY=1");
            }
        }
    }
}

/// How long until something is due, at most `every`.
fn pause(store: &Store, options: &RunOptions, every: Duration) -> anyhow::Result<Duration> {
    let with_pages = !options.no_bodies;
    let due = store.write(move |transaction| feeds::next_due(transaction, with_pages))?;
    let wait = |due: Timestamp| Duration::from_secs(u64::try_from(due.0 - pipeline::now().0).unwrap_or(0));
    Ok(due.map_or(every, wait).max(MIN_PAUSE).min(every))
}

/// Reads the configuration again; a mistake in it is told and the old one stays in force.
fn reload(old: Session, arguments: &RunArguments, global: &GlobalArguments) -> Session {
    let read = Context::load(global).and_then(|context| Session::new(context, arguments));
    match read {
        Ok(new) => {
            if new.context.database != old.context.database {
                anstream::eprintln!(
                    "copytaster: another database needs a restart; {} stays",
                    old.context.database.display()
                );
            }
            new.context.talk("configuration read again");
            new
        }
        Err(error) => {
            anstream::eprintln!("copytaster: the configuration stays as it was: {error:#}");
            old
        }
    }
}

/// Tells the service manager that the daemon is alive, as often as it wants to hear it.
async fn keep_alive(notifier: &Notifier) {
    let Some(every) = notifier.watchdog else { return std::future::pending().await };
    loop {
        notifier.send("WATCHDOG=1");
        tokio::time::sleep(every).await;
    }
}
