//! `init`, `feed` and `opml`.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::arguments::{FeedCommand, InitArguments, OpmlCommand};
use super::context::Context;
use super::discover::{self, Found, Session};
use super::exit::Exit;
use super::{lock, parallel, read};
use crate::config::settings::DEFAULT_TOML;
use crate::export::escape::terminal;
use crate::export::{Format, counted};
use crate::fetch::Purpose;
use crate::import::opml::{self, OpmlFeed};
use crate::model::{FetchedBody, OutletRegister};
use crate::plan::OutletPlan;
use crate::store::Store;
use crate::store::feeds::{self, Added, NewFeed};
use crate::{canonical, pipeline};

/// Nested folders beyond this depth are no tags any more.
const MAX_TAGS: usize = 32;

/// Writes the configuration, creates the database, imports feeds.
pub(super) fn init(context: &Context, arguments: &InitArguments) -> anyhow::Result<Exit> {
    if context.config.exists() {
        context.talk(&format!("{} is there already; left as it is", context.config.display()));
    } else {
        if let Some(folder) = context.config.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::write(&context.config, DEFAULT_TOML)
            .with_context(|| format!("cannot write {}", context.config.display()))?;
        context.talk(&format!("wrote {}", context.config.display()));
    }
    let _lock = lock::take(&context.database)?;
    let store = context.open_store()?;
    context.talk(&format!("database {}", context.database.display()));
    match &arguments.opml {
        Some(file) => import_opml(context, &store, file),
        None => Ok(Exit::Done),
    }
}

/// Adds, lists, removes or tests feeds.
pub(super) fn feed(context: &Context, command: FeedCommand) -> anyhow::Result<Exit> {
    match command {
        FeedCommand::Add { urls, tag, no_check } => add(context, &urls, &tag, no_check),
        FeedCommand::List { failing } => read::feeds(context, failing),
        FeedCommand::Rm { feeds } => remove(context, &feeds),
        FeedCommand::Test { sources } => test(context, &sources),
    }
}

/// Imports or exports feed lists.
pub(super) fn opml(context: &Context, command: OpmlCommand) -> anyhow::Result<Exit> {
    match command {
        OpmlCommand::Import { file } => {
            let _lock = lock::take(&context.database)?;
            import_opml(context, &context.open_store()?, &file)
        }
        OpmlCommand::Export { output } => read::export_feeds(context, Format::Opml, output.as_deref()),
    }
}

fn import_opml(context: &Context, store: &Store, file: &Path) -> anyhow::Result<Exit> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    let list = opml::read(&bytes).with_context(|| file.display().to_string())?;
    for warning in &list.warnings {
        anstream::eprintln!("{}: {}", file.display(), terminal(warning));
    }
    let register = context.tools()?.register;
    let (mut new_feeds, mut n_left_out) = (Vec::new(), 0);
    for feed in list.feeds {
        match canonical::canonical(&feed.url, &Context::rules()) {
            Ok(_) => new_feeds.push(from_opml(feed, &register)),
            Err(error) => {
                anstream::eprintln!("{}: {}: {error}; left out", file.display(), terminal(&feed.url));
                n_left_out += 1;
            }
        }
    }
    let n_listed = new_feeds.len();
    let n_new = add_all(store, new_feeds)?;
    context.talk(&format!("{} added, {} known already", counted(n_new, "feed"), n_listed - n_new));
    Ok(Exit::of_parts(n_listed, n_left_out))
}

fn from_opml(feed: OpmlFeed, register: &OutletRegister) -> NewFeed {
    let host = feed.html_url.as_deref().unwrap_or(&feed.url);
    NewFeed {
        outlet: outlet_of(host, register),
        opml: feed.to_stored(),
        url: feed.url,
        title: feed.title,
        tags: feed.folders.into_iter().take(MAX_TAGS).collect(),
        added_by: "opml",
    }
}

fn outlet_of(url: &str, register: &OutletRegister) -> Option<OutletPlan> {
    let host = canonical::canonical(url, &Context::rules()).ok()?.host;
    OutletPlan::for_host(&host, register)
}

/// Adds feeds in one transaction; returns how many were new or restored.
fn add_all(store: &Store, new_feeds: Vec<NewFeed>) -> anyhow::Result<usize> {
    let now = pipeline::now();
    let n_new = store.write(move |transaction| {
        let mut n_new = 0;
        for feed in &new_feeds {
            n_new += usize::from(!matches!(feeds::add(transaction, feed, now)?, Added::Known(_)));
        }
        Ok(n_new)
    })?;
    Ok(n_new)
}

fn add(context: &Context, urls: &[String], tags: &[String], no_check: bool) -> anyhow::Result<Exit> {
    let register = context.tools()?.register;
    let session = if no_check { None } else { Some(Session::new(context)?) };
    let (mut found, mut n_failed) = (Vec::new(), 0);
    for url in urls.iter().map(|url| with_scheme(url)) {
        let url = url.as_ref();
        let looked_up = match &session {
            None => canonical::canonical(url, &Context::rules())
                .map(|_| vec![Found { url: url.to_owned(), title: None }])
                .map_err(|error| error.to_string()),
            Some(session) => session.feeds(url),
        };
        match looked_up {
            Ok(feeds) if feeds.len() > 1 => {
                anstream::eprintln!("{} names several feeds; add the ones you want:", terminal(url));
                for Found { url, title } in feeds {
                    let title = title.unwrap_or_default();
                    anstream::eprintln!("  copytaster feed add {}   {}", terminal(&url), terminal(&title));
                }
                n_failed += 1;
            }
            Ok(feeds) => found.extend(feeds.into_iter().map(|Found { url, title }| NewFeed {
                outlet: outlet_of(&url, &register),
                url,
                title,
                tags: tags.to_vec(),
                opml: None,
                added_by: "user",
            })),
            Err(reason) => {
                anstream::eprintln!("{}: {}", terminal(url), terminal(&reason));
                n_failed += 1;
            }
        }
    }
    let n_named = found.len();
    if !found.is_empty() {
        let _lock = lock::take(&context.database)?;
        let store = context.open_store()?;
        let n_new = add_all(&store, found)?;
        context.talk(&format!("{} added, {} known already", counted(n_new, "feed"), n_named - n_new));
    }
    Ok(Exit::of_parts(n_named, n_failed))
}

/// An address as people type it, `example.org/feed`, is one of https.
fn with_scheme(typed: &str) -> Cow<'_, str> {
    let host = typed.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = host.contains('.') && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':'));
    let is_file = typed.starts_with('.') || std::path::Path::new(typed).exists();
    if is_host && !is_file { Cow::Owned(format!("https://{typed}")) } else { Cow::Borrowed(typed) }
}

fn remove(context: &Context, named: &[String]) -> anyhow::Result<Exit> {
    context.require_database()?;
    let _lock = lock::take(&context.database)?;
    let store = context.open_store()?;
    let mut n_removed = 0;
    for feed in named {
        let (wanted, now) = (feed.clone(), pipeline::now());
        if store.write(move |transaction| feeds::remove(transaction, &wanted, now))? {
            context.talk(&format!("removed {}", terminal(feed)));
            n_removed += 1;
        } else {
            anstream::eprintln!("no feed {}; `copytaster feed list` shows them", terminal(feed));
        }
    }
    Ok(Exit::of_parts(n_removed, named.len() - n_removed))
}

/// Shows what would be stored, a line an input; inputs that are no feeds are told on stderr.
fn test(context: &Context, sources: &[String]) -> anyhow::Result<Exit> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut code = Exit::Done;
    let read = |source: &String| {
        let body = if source.starts_with("http://") || source.starts_with("https://") {
            Session::new(context)
                .map_err(|error| format!("{error:#}"))
                .and_then(|session| session.get(source, Purpose::Feed))
        } else {
            std::fs::read(source)
                .map(|bytes| FetchedBody { bytes, ..FetchedBody::default() })
                .map_err(|error| format!("cannot be read: {error}"))
        };
        body.and_then(|body| discover::parse(&body).map_err(|error| error.to_string()))
    };
    parallel::in_order(sources, read, |source, parsed| {
        match parsed {
            Ok(feed) => read::feed_test(context, source, &feed, &mut out)?,
            Err(reason) => {
                anstream::eprintln!("{}: {}", terminal(source), terminal(&reason));
                code = Exit::Partial;
            }
        }
        Ok::<_, anyhow::Error>(())
    })?;
    out.flush()?;
    Ok(code)
}
