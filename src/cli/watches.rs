//! `watch add`, `watch list`, `watch rm`, and what a round tells of alerts.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use super::arguments::{AlertChoice, WatchCommand};
use super::context::Context;
use super::exit::{Exit, ExitError};
use super::lock;
use super::read::write_rows;
use crate::export::escape::terminal;
use crate::fetch::Fetcher;
use crate::model::{AlertKind, Delivery, WatchId};
use crate::pipeline::alerts::{self, Delivered};
use crate::pipeline::{self, Clock, analyze};
use crate::store::watches::{self, NewWatch};
use crate::store::{Store, articles, read};
use crate::text;
use crate::view::alert::{AlertView, WatchView};

/// Alerts told one by one after a round; the rest are counted.
const N_ALERTS_SHOWN: usize = 20;

/// Runs a `watch` command.
pub(super) fn watch(context: &Context, command: &WatchCommand) -> anyhow::Result<Exit> {
    match command {
        WatchCommand::Add { query, on, exec, webhook } => {
            add(context, &query.join(" "), on, exec.as_deref(), webhook.as_deref())
        }
        WatchCommand::List { alerts: false } => list(context),
        WatchCommand::List { alerts: true } => list_alerts(context),
        WatchCommand::Rm { watches } => remove(context, watches),
    }
}

fn add(
    context: &Context,
    query: &str,
    on: &[AlertChoice],
    exec: Option<&str>,
    webhook: Option<&str>,
) -> anyhow::Result<Exit> {
    if read::match_query(query, text::search_terms).is_none() {
        return Err(ExitError::usage("the query has no word to search for").into());
    }
    let is_wanted = |kind: &AlertKind| on.iter().any(|choice| alert_kind(*choice) == *kind);
    let on: Vec<AlertKind> = AlertKind::ALL.into_iter().filter(is_wanted).collect();
    let delivery = match (exec, webhook) {
        (Some(line), _) => Delivery::Command(program(line)?),
        (None, Some(url)) => {
            let fetcher = Fetcher::new(context.fetch_options()?)?;
            fetcher
                .permit(url)
                .map_err(|failure| ExitError::usage(format!("--webhook: {url:?}: {}", failure.reason)))?;
            Delivery::Webhook(url.trim().to_owned())
        }
        (None, None) => Delivery::Summary,
    };
    let _lock = lock::take(&context.database)?;
    let store = context.open_store()?;
    // What is stored and not indexed yet is no news either.
    analyze::index_text(&store)?;
    let (watch, now) = (NewWatch { query: query.to_owned(), on, delivery }, pipeline::now());
    let added = store.write(move |transaction| {
        let added = watches::add(transaction, &watch, text::search_terms, now)?;
        articles::hasten_scrapes(transaction, &added.stories, now)?;
        Ok(added)
    })?;
    context.talk(&format!("watch {} added; stories that match already: {}", added.id, added.stories.len()));
    Ok(Exit::Done)
}

fn alert_kind(choice: AlertChoice) -> AlertKind {
    match choice {
        AlertChoice::New => AlertKind::New,
        AlertChoice::Origin => AlertKind::Origin,
        AlertChoice::Headline => AlertKind::Headline,
    }
}

/// The program and its arguments. A path is made absolute, since a later run may start elsewhere.
fn program(line: &str) -> anyhow::Result<Vec<String>> {
    let mut words = shlex::split(line)
        .ok_or_else(|| ExitError::usage("--exec: a quote is not closed, or nothing follows the last backslash"))?;
    let Some(first) = words.first_mut() else { return Err(ExitError::usage("--exec: there is no command").into()) };
    if first.contains('/') {
        if !Path::new(first).is_file() {
            return Err(ExitError::usage(format!("--exec: there is no file {first}")).into());
        }
        *first = std::path::absolute(&*first)?.display().to_string();
    }
    Ok(words)
}

fn list(context: &Context) -> anyhow::Result<Exit> {
    let found = watches::watches(&context.open_reader()?)?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|watch| {
            vec![
                watch.id.to_string(),
                watch.query.clone(),
                watch.on.join(" "),
                destination(watch),
                watch.stories.to_string(),
                counts(watch),
                watch.last_alert_at.map(|at| context.style.moment(at)).unwrap_or_default(),
                watch.failure.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let last = format!("LAST ALERT ({})", context.style.zone_name());
    let header = ["ID", "QUERY", "ON", "TO", "STORIES", "ALERTS", &last, "FAILURE"];
    write_rows(context, "watches", &header, &rows, &found)
}

fn destination(watch: &WatchView) -> String {
    match (&watch.exec, &watch.webhook) {
        (Some(words), _) => words.join(" "),
        (None, Some(url)) => url.clone(),
        (None, None) => "summary".to_owned(),
    }
}

/// Alerts raised, with those that did not arrive.
fn counts(watch: &WatchView) -> String {
    let mut text = watch.alerts.to_string();
    if watch.waiting > 0 {
        text.push_str(&format!(" ({} waiting)", watch.waiting));
    }
    if watch.given_up > 0 {
        text.push_str(&format!(" ({} given up)", watch.given_up));
    }
    text
}

fn list_alerts(context: &Context) -> anyhow::Result<Exit> {
    let found = watches::alerts(&context.open_reader()?, context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|delivered| {
            let alert = &delivered.alert;
            vec![
                alert.id.to_string(),
                context.style.moment(alert.raised_at),
                alert.query.clone(),
                alert.kind.to_owned(),
                delivered.state.clone(),
                alert.story.to_string(),
                alert.outlet.clone().unwrap_or_default(),
                alert.title.clone(),
            ]
        })
        .collect();
    let raised = format!("RAISED ({})", context.style.zone_name());
    let header = ["ID", &raised, "QUERY", "KIND", "STATE", "STORY", "OUTLET", "HEADLINE"];
    write_rows(context, "alerts", &header, &rows, &found)
}

fn remove(context: &Context, ids: &[String]) -> anyhow::Result<Exit> {
    let wanted: Vec<WatchId> = ids
        .iter()
        .map(|id| {
            let message = format!("{id:?} is no watch's id; `copytaster watch list` lists them");
            id.parse().map_err(|_| ExitError::usage(message).into())
        })
        .collect::<anyhow::Result<_>>()?;
    context.require_database()?;
    let _lock = lock::take(&context.database)?;
    let store = context.open_store()?;
    let mut n_failed = 0;
    for id in &wanted {
        let (id, now) = (*id, pipeline::now());
        if store.write(move |transaction| watches::remove(transaction, id, now))? {
            context.talk(&format!("watch {id} removed; its alerts stay on record"));
        } else {
            anstream::eprintln!("there is no watch {id}; `copytaster watch list` lists them");
            n_failed += 1;
        }
    }
    Ok(Exit::of_parts(wanted.len() - n_failed, n_failed))
}

/// Delivers the alerts that wait and tells of them, after a command that analyzes without fetching.
pub(super) fn deliver(context: &Context, store: &Arc<Store>) -> anyhow::Result<()> {
    if store.write(|transaction| watches::waiting(transaction, 1))?.is_empty() {
        return Ok(());
    }
    let fetcher = Fetcher::new(context.fetch_options()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let delivered = runtime.block_on(async {
        let mut never = pin!(std::future::pending());
        alerts::deliver(store, &fetcher, Clock::System, never.as_mut()).await
    });
    runtime.shutdown_background();
    report(context, &delivered?.0);
    Ok(())
}

/// Tells of alerts on stderr. Those that go nowhere else are told with `-q` too, and so are failures.
pub(super) fn report(context: &Context, delivered: &Delivered) {
    if context.is_silent() {
        return;
    }
    let sent = if context.is_talkative() { delivered.sent.as_slice() } else { &[] };
    let all: Vec<&AlertView> = delivered.told.iter().chain(sent).collect();
    for alert in all.iter().take(N_ALERTS_SHOWN) {
        anstream::eprintln!("{}", line(alert));
    }
    if let Some(n_more) = all.len().checked_sub(N_ALERTS_SHOWN).filter(|n_more| *n_more > 0) {
        anstream::eprintln!("and {n_more} more alerts: copytaster watch list --alerts");
    }
    for failed in &delivered.failed {
        let end = if failed.is_given_up { "given up" } else { "tried again in the next round" };
        anstream::eprintln!(
            "alert {} of watch {} not delivered: {}; {end}",
            failed.alert.id,
            failed.alert.watch,
            terminal(&failed.reason)
        );
    }
}

/// One line about an alert.
fn line(alert: &AlertView) -> String {
    let outlet = alert.outlet.as_deref().unwrap_or("unknown outlet");
    let before = alert.before.as_deref().map(|before| format!(" (was: {})", terminal(before))).unwrap_or_default();
    format!(
        "alert: {} · {} · story {} · {}: {}{before}",
        terminal(&alert.query),
        alert.kind,
        alert.story,
        terminal(outlet),
        terminal(&alert.title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_cut_without_a_shell() {
        let check = |line: &str, expected: &[&str]| assert_eq!(program(line).unwrap(), expected, "{line}");
        check("notify --to desk", &["notify", "--to", "desk"]);
        check("  'a b'c \"\" d\"e'f\" ", &["a bc", "", "de'f"]);
        check("echo $HOME; rm *|x", &["echo", "$HOME;", "rm", "*|x"]);
        assert!(program("").is_err());
        assert!(program("say 'it").is_err());
    }
}
