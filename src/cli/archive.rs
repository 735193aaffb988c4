//! `import articles` and `analyze`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::sync::Arc;

use anyhow::Context as _;

use super::arguments::{AnalyzeArguments, ImportCommand};
use super::context::Context;
use super::exit::Exit;
use super::{lock, watches};
use crate::export::counted;
use crate::pipeline::analyze::Rebuilt;
use crate::pipeline::{self, analyze, archive};
use crate::store::analysis;

/// Bad lines told one by one; the rest are counted.
const MAX_BAD_LINES_SHOWN: usize = 20;

/// Back-fills from an archive.
pub(super) fn import(context: &Context, command: ImportCommand) -> anyhow::Result<Exit> {
    let ImportCommand::Articles { file, namespace, no_analyze } = command;
    let lines: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let opened = File::open(&file).with_context(|| format!("cannot open the archive {}", file.display()))?;
        Box::new(BufReader::new(opened))
    };
    let _lock = lock::take(&context.database)?;
    let store = Arc::new(context.open_store()?);
    let tools = Arc::new(context.tools()?);
    let now = pipeline::now();
    let summary = archive::import(&store, &tools, &namespace, lines, now)
        .with_context(|| format!("import of {}", file.display()))?;
    for bad in summary.bad_lines.iter().take(MAX_BAD_LINES_SHOWN) {
        anstream::eprintln!("{}:{}: {}", file.display(), bad.number, crate::export::escape::terminal(&bad.reason));
    }
    if summary.bad_lines.len() > MAX_BAD_LINES_SHOWN {
        anstream::eprintln!("… and {} more bad lines", summary.bad_lines.len() - MAX_BAD_LINES_SHOWN);
    }
    for untimed in summary.untimed_lines.iter().take(MAX_BAD_LINES_SHOWN) {
        context.talk(&format!(
            "{}:{}: {}",
            file.display(),
            untimed.number,
            crate::export::escape::terminal(&untimed.reason)
        ));
    }
    if summary.untimed_lines.len() > MAX_BAD_LINES_SHOWN {
        context
            .talk(&format!("… and {} more lines without a moment", summary.untimed_lines.len() - MAX_BAD_LINES_SHOWN));
    }
    context.talk(&format!(
        "{} new, {} changed, {} unchanged, {}",
        summary.n_new,
        summary.n_changed,
        summary.n_unchanged,
        counted(summary.bad_lines.len(), "bad line")
    ));
    if !no_analyze {
        let analyzed = analyze::pending(&store, &tools, now, &|_| {}, &|| false)?;
        if let Some(rebuilt) = &analyzed.rebuilt {
            context.talk(&after_upgrade(rebuilt));
        }
        context.talk(&format!(
            "{} analyzed, {} touched",
            counted(analyzed.n_articles, "article"),
            counted(analyzed.stories.len(), "story")
        ));
        watches::deliver(context, &store)?;
    }
    Ok(if summary.bad_lines.is_empty() { Exit::Done } else { Exit::Partial })
}

/// Analyzes what is pending, or derives everything again.
pub(super) fn analyze(context: &Context, arguments: &AnalyzeArguments) -> anyhow::Result<Exit> {
    context.require_database()?;
    let _lock = lock::take(&context.database)?;
    let store = Arc::new(context.open_store()?);
    if arguments.dry_run {
        let (n_pending, n_runs, is_outdated) = store.write(|transaction| {
            let n_runs = analysis::recorded_runs(transaction)?.len();
            Ok((analysis::pending(transaction)?.len(), n_runs, analysis::is_outdated(transaction)?))
        })?;
        let mut out = std::io::stdout().lock();
        if arguments.rebuild || is_outdated {
            writeln!(out, "{} would be replayed", counted(n_runs, "run"))?;
        }
        if !arguments.rebuild {
            writeln!(out, "{} would be analyzed", counted(n_pending, "article"))?;
        }
        return Ok(Exit::Done);
    }
    let mut tools = context.tools()?;
    tools.cluster = context.cluster_options(arguments.weights.as_deref())?;
    let tools = Arc::new(tools);
    if arguments.rebuild {
        context.talk(&rebuilt_words(&analyze::rebuild(&store, &tools)?));
        return Ok(Exit::Done);
    }
    let done = analyze::pending(&store, &tools, pipeline::now(), &|_| {}, &|| false)?;
    if let Some(rebuilt) = &done.rebuilt {
        context.talk(&after_upgrade(rebuilt));
    }
    context.talk(&format!(
        "{} analyzed in {}, {}",
        counted(done.n_articles, "article"),
        counted(done.n_runs, "run"),
        counted(done.stories.len(), "story")
    ));
    watches::deliver(context, &store)?;
    Ok(Exit::Done)
}

fn rebuilt_words(rebuilt: &Rebuilt) -> String {
    let Rebuilt { n_articles, n_runs, n_stories } = *rebuilt;
    let (articles, runs) = (counted(n_articles, "article"), counted(n_runs, "run"));
    format!("{articles} of {runs} derived again, {}", counted(n_stories, "story"))
}

/// Tells that more was done than what is new.
pub(super) fn after_upgrade(rebuilt: &Rebuilt) -> String {
    format!("another version of the analysis than the last: {}", rebuilt_words(rebuilt))
}
