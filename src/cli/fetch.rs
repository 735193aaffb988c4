//! `fetch` and `run`: the same call, once or on a schedule.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{FailOn, FetchArguments, RunArguments};
use super::context::{self, Context};
use super::exit::Exit;
use super::{lock, read};
use crate::fetch::Fetcher;
use crate::pipeline::{self, Progress, RunOptions, RunSummary, Tools};
use crate::store::Store;
use crate::store::feeds::{self, DueFilter};

/// Pages scraped in one run at most: a first run over a hundred feeds finds a few thousand, which politeness spreads.
const MAX_PAGES: usize = 5_000;

/// How many stories `fetch` shows at its end on a terminal.
const N_TOP_STORIES: usize = 5;

/// Runs the pipeline once.
pub(super) fn fetch(context: &Context, arguments: &FetchArguments) -> anyhow::Result<Exit> {
    let wait = arguments.wait.as_deref().map(context::duration).transpose()?;
    let max_time = arguments.max_time.as_deref().map(context::duration).transpose()?;
    let due = DueFilter { all: arguments.all, feed: arguments.feed.clone(), tag: arguments.tag.clone() };
    let Some(_lock) = lock::take(&context.database, wait, arguments.skip_if_running)? else {
        context.talk("another run is under way; skipped");
        return Ok(Exit::Done);
    };
    let store = Arc::new(context.open_store()?);
    let tools = Arc::new(context.tools()?);
    seed(context, &store, &tools)?;
    if arguments.dry_run {
        let now = pipeline::now();
        let records = store.write(move |transaction| feeds::due(transaction, &due, now))?;
        let mut out = std::io::stdout().lock();
        for record in &records {
            writeln!(out, "{}", crate::export::escape::terminal(&record.url))?;
        }
        context.talk(&format!("{} feeds would be polled", records.len()));
        return Ok(Exit::Done);
    }
    let options = RunOptions {
        due,
        no_bodies: arguments.no_bodies || !context.settings.fetch.bodies,
        max_time,
        max_concurrency: context.settings.fetch.max_concurrency,
        max_pages: MAX_PAGES,
    };
    let fetcher = Fetcher::new(context.fetch_options()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let bar = Bar::new(context);
    let summary = runtime.block_on(pipeline::run_once(
        Arc::clone(&store),
        &fetcher,
        Arc::clone(&tools),
        &options,
        stop_signal(),
        &|step| bar.show(step),
    ))?;
    bar.finish();
    report(context, &summary);
    if std::io::stdout().is_terminal() && context.is_talkative() {
        read::top_stories(context, N_TOP_STORIES)?;
    }
    Ok(exit_code(&summary, arguments.fail_on))
}

/// Runs the pipeline again and again until a signal says to stop.
pub(super) fn run(context: &Context, arguments: &RunArguments) -> anyhow::Result<Exit> {
    let every = context::duration(&arguments.every)?;
    let _lock = lock::take(&context.database, None, false)?;
    let store = Arc::new(context.open_store()?);
    let tools = Arc::new(context.tools()?);
    seed(context, &store, &tools)?;
    let options = RunOptions {
        due: DueFilter::default(),
        no_bodies: arguments.no_bodies || !context.settings.fetch.bodies,
        max_time: None,
        max_concurrency: context.settings.fetch.max_concurrency,
        max_pages: MAX_PAGES,
    };
    let fetcher = Fetcher::new(context.fetch_options()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        loop {
            let round =
                pipeline::run_once(Arc::clone(&store), &fetcher, Arc::clone(&tools), &options, stop_signal(), &|_| {});
            let summary = round.await?;
            context.talk(&line(&summary));
            if summary.stopped_early {
                return Ok(Exit::Done);
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop_signal() => return Ok(Exit::Done),
            }
        }
    })
}

fn seed(context: &Context, store: &Store, tools: &Tools) -> anyhow::Result<()> {
    let n_seeded = pipeline::seed::seed(store, tools, pipeline::now())?;
    if n_seeded > 0 {
        context.talk(&format!(
            "no feeds yet: added {n_seeded} feeds of the register tagged {} (copytaster feed list; feed rm to remove)",
            pipeline::seed::FOUNDING_TAG
        ));
    }
    Ok(())
}

/// Completes at SIGTERM or SIGINT.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without handlers the default action ends the process, which loses nothing that was stored.
        _ => std::future::pending().await,
    }
}

fn exit_code(summary: &RunSummary, fail_on: FailOn) -> Exit {
    let nothing_worked = summary.n_polled > 0 && summary.failed.len() == summary.n_polled;
    match fail_on {
        FailOn::Any if !summary.failed.is_empty() => Exit::Partial,
        FailOn::All if nothing_worked => Exit::Partial,
        _ => Exit::Done,
    }
}

/// One line about a round.
fn line(summary: &RunSummary) -> String {
    let stories: &BTreeSet<_> = &summary.stories;
    format!(
        "{} of {} due feeds polled: {} unchanged, {} failed, {} asked to wait · {} new entries, {} new articles · {} pages \
         scraped, {} without text · {} articles analyzed · {} stories touched{}",
        summary.n_polled,
        summary.n_due,
        summary.n_unchanged,
        summary.failed.len(),
        summary.n_waiting,
        summary.n_entries,
        summary.n_articles,
        summary.n_scraped,
        summary.n_scrape_failed,
        summary.n_analyzed,
        stories.len(),
        if summary.stopped_early { " · stopped early" } else { "" },
    )
}

/// The summary on stderr. With `-q` only what changed for the worse or better is told, so that cron stays silent.
pub(super) fn report(context: &Context, summary: &RunSummary) {
    use crate::export::escape::terminal;
    if context.is_talkative() {
        anstream::eprintln!("{}", line(summary));
        for failed in &summary.failed {
            anstream::eprintln!("  failed: {}: {}", terminal(&failed.url), terminal(&failed.reason));
        }
        return;
    }
    if context.is_silent() {
        return;
    }
    for failed in summary.failed.iter().filter(|failed| failed.newly) {
        anstream::eprintln!("newly failing: {}: {}", terminal(&failed.url), terminal(&failed.reason));
    }
    for url in &summary.recovered {
        anstream::eprintln!("recovered: {}", terminal(url));
    }
}

/// A progress bar on stderr, on a terminal only.
struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    fn new(context: &Context) -> Self {
        let wanted = std::io::stderr().is_terminal() && context.is_talkative();
        let bar = wanted.then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg:>8} [{bar:30}] {pos}/{len} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar }
    }

    fn show(&self, step: Progress) {
        let Some(bar) = &self.bar else { return };
        let (word, done, total) = match step {
            Progress::Feeds { done, total } => ("feeds", done, total),
            Progress::Pages { done, total } => ("pages", done, total),
            Progress::Articles { done, total } => ("articles", done, total),
        };
        bar.set_message(word);
        bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
