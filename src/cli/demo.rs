//! `demo`: the whole pipeline offline, over real HTTP on loopback, with a database of its own.

use std::sync::Arc;

use anyhow::Context as _;

use super::arguments::DemoArguments;
use super::context::Context;
use super::exit::{Exit, ExitError};
use super::{fetch, read};
use crate::fetch::Fetcher;
use crate::pipeline::{self, RunOptions};
use crate::plan::OutletPlan;
use crate::store::Store;
use crate::store::feeds::{self, DueFilter, NewFeed};
use crate::web::demo;

/// How many stories are shown.
const N_STORIES: usize = 20;

/// Serves the miniature, fetches it and shows what came of it.
pub(super) fn demo(context: &Context, arguments: &DemoArguments) -> anyhow::Result<Exit> {
    if let Some(kept) = arguments.keep.as_ref().filter(|kept| kept.exists()) {
        let message = format!("{} is there already; remove it, or name another file", kept.display());
        return Err(ExitError::usage(message).into());
    }
    let temporary = std::env::temp_dir().join(format!("copytaster-demo-{}", std::process::id()));
    let database = arguments.keep.clone().unwrap_or_else(|| temporary.join("demo.db"));
    let shown = show(context, &database);
    if shown.is_ok() {
        context.talk("demo texts were written for this program; nothing left this machine");
        context.talk(&match &arguments.keep {
            Some(kept) => format!("next: copytaster --db {} story 1 --tree", kept.display()),
            None => {
                "next: copytaster demo --keep demo.db   (to look around in it)   ·   copytaster fetch   (live outlets)"
                    .to_owned()
            }
        });
    }
    if arguments.keep.is_none() {
        std::fs::remove_dir_all(&temporary).with_context(|| format!("cannot remove {}", temporary.display()))?;
    }
    shown
}

fn show(context: &Context, database: &std::path::Path) -> anyhow::Result<Exit> {
    let store = Arc::new(Store::open(database)?);
    let tools = Arc::new(context.tools()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let summary = runtime.block_on(async {
        let server = demo::serve().await.context("cannot serve the demo on loopback")?;
        add_feeds(&store, &tools.register, &server.feeds)?;
        let mut options = context.fetch_options()?;
        // The demo's outlets share loopback hosts, which need no politeness.
        options.host_spacing_ms = 0;
        for range in &server.allow {
            options.allow_private.push(range.parse().context("the demo's address range")?);
        }
        let fetcher = Fetcher::new(options)?;
        let run = RunOptions { due: DueFilter::default(), max_pages: 1_000, ..RunOptions::default() };
        let summary =
            pipeline::run_once(Arc::clone(&store), &fetcher, Arc::clone(&tools), &run, std::future::pending(), &|_| {})
                .await?;
        Ok::<_, anyhow::Error>(summary)
    })?;
    fetch::report(context, &summary);
    let connection = Store::open_read_only(database)?;
    read::demo_stories(context, &connection, N_STORIES)?;
    Ok(Exit::Done)
}

fn add_feeds(store: &Store, register: &crate::model::OutletRegister, served: &[demo::DemoFeed]) -> anyhow::Result<()> {
    let new_feeds: Vec<NewFeed> = served
        .iter()
        .map(|feed| NewFeed {
            url: feed.url.clone(),
            title: Some(feed.title.clone()),
            outlet: Some(register.by_host(&feed.domain).map_or_else(
                || OutletPlan {
                    domain: feed.domain.clone(),
                    name: feed.outlet.clone(),
                    kind: "unknown",
                    ..OutletPlan::default()
                },
                OutletPlan::from_register,
            )),
            tags: vec!["demo".to_owned()],
            opml: None,
            added_by: "user",
        })
        .collect();
    let now = pipeline::now();
    store.write(move |transaction| {
        for feed in &new_feeds {
            feeds::add(transaction, feed, now)?;
        }
        Ok(())
    })?;
    Ok(())
}
