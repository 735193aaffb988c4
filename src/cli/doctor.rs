//! `doctor`: what is wrong, and what to do about it.

use std::io::Write as _;

use super::context::Context;
use super::exit::Exit;
use crate::export::escape::terminal;
use crate::fetch::Fetcher;
use crate::store::{StoreError, hosts, read, watches};
use crate::{export, pipeline};

/// A database whose feeds were not polled for so long is one that nobody feeds, in seconds: two days, since the longest
/// interval is one.
const IDLE_S: i64 = 2 * 86_400;

/// Checks configuration, database and feeds; exit code 6 when something was found.
pub(super) fn doctor(context: &Context) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let mut n_findings = 0;
    writeln!(
        out,
        "configuration  {}",
        if context.config.exists() { "read" } else { "none: the defaults are in force" }
    )?;
    let client = context.fetch_options().and_then(|options| Ok(Fetcher::new(options).map(drop)?));
    let checks = [
        client,
        context.schedule_options().map(drop),
        context.site_rules().map(drop),
        super::read::screen_format(context).map(drop),
    ];
    for error in checks.into_iter().filter_map(Result::err) {
        n_findings += 1;
        writeln!(out, "  ! {error:#}")?;
    }
    match crate::store::Store::open_read_only(&context.database) {
        Ok(connection) => {
            let verdict: String =
                connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(StoreError::from)?;
            writeln!(out, "database       {} ({verdict})", context.database.display())?;
            n_findings += usize::from(verdict != "ok");
            let n_feeds = read::feeds(&connection, false)?.len();
            let failing = read::feeds(&connection, true)?;
            writeln!(out, "feeds          {n_feeds}, {} failing or off", failing.len())?;
            for feed in &failing {
                let reason = feed.reason.as_deref().unwrap_or("no reason recorded");
                writeln!(out, "  ! {}: {}", terminal(&feed.url), terminal(reason))?;
            }
            n_findings += failing.len();
            for watch in watches::watches(&connection)? {
                if let Some(failure) = &watch.failure {
                    n_findings += 1;
                    writeln!(
                        out,
                        "  ! watch {}: {}; {} waiting, {} given up",
                        watch.id,
                        terminal(failure),
                        export::counted(watch.waiting as usize, "alert"),
                        watch.given_up
                    )?;
                }
            }
            let now = pipeline::now();
            for (host, until) in hosts::resting(&connection, now)? {
                writeln!(out, "  {} wants to be left alone until {}", terminal(&host), context.style.moment(until))?;
            }
            let last = read::last_poll(&connection)?;
            if let Some(last) = last.filter(|last| now.0.saturating_sub(last.0) > IDLE_S) {
                n_findings += 1;
                let moment = context.style.moment(last);
                writeln!(
                    out,
                    "  ! no feed was polled since {moment}; `copytaster setup timer --print` shows how to have it done"
                )?;
            }
        }
        Err(error) => {
            n_findings += 1;
            writeln!(out, "database       {:#}", anyhow::Error::from(error))?;
        }
    }
    Ok(if n_findings == 0 { Exit::Done } else { Exit::Findings })
}
