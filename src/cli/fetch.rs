//! `fetch`: the pipeline once, for what is due; and what a run tells.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::archive::after_upgrade;
use super::arguments::{FailOn, FetchArguments};
use super::context::{self, Context};
use super::exit::Exit;
use super::signals::Signals;
use super::{lock, read, watches};
use crate::export::counted;
use crate::fetch::Fetcher;
use crate::pipeline::{self, Clock, Progress, RunOptions, RunSummary, Tools};
use crate::store::Store;
use crate::store::feeds::{self, DueFilter, NewFeed};

/// Pages scraped in one run at most: a first run over a hundred feeds finds a few thousand, which politeness spreads.
pub(super) const MAX_PAGES: usize = 5_000;

/// Failed feeds listed by name after a run; a network that is down would fill the screen.
const N_FAILED_SHOWN: usize = 20;

/// How many stories `fetch` shows at its end on a terminal.
const N_TOP_STORIES: usize = 5;

/// Runs the pipeline once.
pub(super) fn fetch(context: &Context, arguments: &FetchArguments) -> anyhow::Result<Exit> {
    let wait = arguments.wait.as_deref().map(context::duration).transpose()?;
    let max_time = arguments.max_time.as_deref().map(context::duration).transpose()?;
    let due = DueFilter { all: arguments.all, feed: arguments.feed.clone(), tag: arguments.tag.clone() };
    if arguments.dry_run {
        return dry_run(context, &due);
    }
    let Some(_lock) = lock::take_or_wait(&context.database, wait, arguments.skip_if_running)? else {
        context.talk("another run is under way; skipped");
        return Ok(Exit::Done);
    };
    let store = Arc::new(context.open_store()?);
    let tools = Arc::new(context.tools()?);
    seed(context, &store, &tools)?;
    known_feeds(context, &due)?;
    let options = RunOptions {
        due,
        no_bodies: arguments.no_bodies || !context.settings.fetch.bodies,
        no_analysis: arguments.no_analyze,
        max_time,
        max_pages: MAX_PAGES,
        schedule: context.schedule_options()?,
        clock: Clock::System,
    };
    let fetcher = Fetcher::new(context.fetch_options()?)?;
    // One thread is enough for the network; decisions and writes have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bar = Bar::new(context);
    let summary = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let show = |step| bar.show(step);
        let (store, tools) = (Arc::clone(&store), Arc::clone(&tools));
        Ok::<_, anyhow::Error>(pipeline::run_once(store, &fetcher, tools, &options, signals.stop(), &show).await?)
    });
    // A name server that does not answer must not keep the process: everything is written by now.
    runtime.shutdown_background();
    let summary = summary?;
    bar.finish();
    report(context, &summary);
    if std::io::stdout().is_terminal() && context.is_talkative() {
        read::top_stories(context, N_TOP_STORIES)?;
    }
    Ok(exit_code(&summary, arguments.fail_on))
}

/// Names what would be polled, and writes nothing: not even the first feeds of a fresh database.
fn dry_run(context: &Context, due: &DueFilter) -> anyhow::Result<Exit> {
    let mut fed = if context.database.exists() { Some(context.open_reader()?) } else { None };
    if let Some(connection) = &fed
        && feeds::count_ever(connection)? == 0
    {
        fed = None;
    }
    let urls: Vec<String> = match fed {
        Some(connection) => {
            known_feeds(context, due)?;
            feeds::due(&connection, due, pipeline::now())?.into_iter().map(|record| record.url).collect()
        }
        None => {
            let first = pipeline::seed::first_feeds(&context.register()?);
            let is_wanted = |feed: &NewFeed| {
                due.feed.as_ref().is_none_or(|wanted| feed.url == *wanted)
                    && due.tag.as_ref().is_none_or(|wanted| feed.tags.contains(wanted))
            };
            first.into_iter().filter(is_wanted).map(|feed| feed.url).collect()
        }
    };
    let mut out = std::io::stdout().lock();
    for url in &urls {
        writeln!(out, "{}", crate::export::escape::terminal(url))?;
    }
    context.talk(&format!("{} would be polled", counted(urls.len(), "feed")));
    Ok(Exit::Done)
}

/// Adds the first feeds to a fresh database.
pub(super) fn seed(context: &Context, store: &Store, tools: &Tools) -> anyhow::Result<()> {
    let n_seeded = pipeline::seed::seed(store, tools, pipeline::now())?;
    if n_seeded > 0 {
        context.talk(&format!(
            "no feeds yet: added {n_seeded} feeds of the register tagged {} (copytaster feed list; feed rm to remove)",
            pipeline::seed::FOUNDING_TAG
        ));
    }
    Ok(())
}

fn exit_code(summary: &RunSummary, fail_on: FailOn) -> Exit {
    let nothing_worked = summary.n_polled > 0 && summary.failed.len() == summary.n_polled;
    match fail_on {
        FailOn::Any if !summary.failed.is_empty() => Exit::Partial,
        FailOn::All if nothing_worked => Exit::Partial,
        _ => Exit::Done,
    }
}

/// A feed or tag that nobody has is a slip of the pen, not a run without work.
fn known_feeds(context: &Context, due: &DueFilter) -> anyhow::Result<()> {
    if due.feed.is_none() && due.tag.is_none() {
        return Ok(());
    }
    let all = crate::store::read::feeds(&context.open_reader()?, false)?;
    if let Some(wanted) = &due.feed
        && !all.iter().any(|feed| feed.url == *wanted || feed.id.to_string() == *wanted)
    {
        anyhow::bail!("there is no feed {wanted:?}; `copytaster feed list` lists them");
    }
    if let Some(wanted) = &due.tag
        && !all.iter().any(|feed| feed.tags.contains(wanted))
    {
        anyhow::bail!("no feed has the tag {wanted:?}; `copytaster feed list` shows them");
    }
    Ok(())
}

/// One line about a round.
pub(super) fn line(summary: &RunSummary) -> String {
    let stories: &BTreeSet<_> = &summary.stories;
    format!(
        "{} of {} polled: {} unchanged, {} failed, {} asked to wait · {}, {} · {} scraped, {} without text · {} analyzed · \
         {} touched{}{}",
        summary.n_polled,
        counted(summary.n_due, "due feed"),
        summary.n_unchanged,
        summary.failed.len(),
        summary.n_waiting,
        counted(summary.n_entries, "new entry"),
        counted(summary.n_articles, "new article"),
        counted(summary.n_scraped, "page"),
        summary.n_scrape_failed,
        counted(summary.n_analyzed, "article"),
        counted(stories.len(), "story"),
        summary.rebuilt.as_ref().map(|rebuilt| format!(" · {}", after_upgrade(rebuilt))).unwrap_or_default(),
        if summary.stopped_early { " · stopped early" } else { "" },
    )
}

/// The summary on stderr. With `-q` only what changed for the worse or better is told, so that cron stays silent.
pub(super) fn report(context: &Context, summary: &RunSummary) {
    use crate::export::escape::terminal;
    if context.is_talkative() {
        anstream::eprintln!("{}", line(summary));
        for failed in summary.failed.iter().take(N_FAILED_SHOWN) {
            anstream::eprintln!("  failed: {}: {}", terminal(&failed.url), terminal(&failed.reason));
        }
        if let Some(n_more) = summary.failed.len().checked_sub(N_FAILED_SHOWN).filter(|n_more| *n_more > 0) {
            anstream::eprintln!("  and {n_more} more: copytaster feed list --failing");
        }
        watches::report(context, &summary.alerts);
        return;
    }
    report_changes(context, summary);
}

/// Only the feeds newly broken or recovered and alerts, unless told to say nothing at all.
pub(super) fn report_changes(context: &Context, summary: &RunSummary) {
    use crate::export::escape::terminal;
    if context.is_silent() {
        return;
    }
    let newly: Vec<_> = summary.failed.iter().filter(|failed| failed.newly).collect();
    // A mail from cron is no place for a thousand lines of one cause.
    if newly.len() > N_FAILED_SHOWN && summary.failed.len() == summary.n_polled {
        anstream::eprintln!("none of {} feeds answered: is this machine online?", summary.n_polled);
    }
    for failed in newly.iter().take(N_FAILED_SHOWN) {
        anstream::eprintln!("newly failing: {}: {}", terminal(&failed.url), terminal(&failed.reason));
    }
    if let Some(n_more) = newly.len().checked_sub(N_FAILED_SHOWN).filter(|n_more| *n_more > 0) {
        anstream::eprintln!("and {n_more} more newly failing: copytaster feed list --failing");
    }
    for url in summary.recovered.iter().take(N_FAILED_SHOWN) {
        anstream::eprintln!("recovered: {}", terminal(url));
    }
    if let Some(n_more) = summary.recovered.len().checked_sub(N_FAILED_SHOWN).filter(|n_more| *n_more > 0) {
        anstream::eprintln!("and {n_more} more recovered");
    }
    watches::report(context, &summary.alerts);
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
