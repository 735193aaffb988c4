//! `extract`: pages to text and metadata.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde::Deserialize;

use super::arguments::ExtractArguments;
use super::context::Context;
use super::discover::Session;
use super::exit::Exit;
use crate::config::tables;
use crate::export::{self, escape::terminal};
use crate::extract::{self, ExtractOptions, SiteRules};
use crate::fetch::Purpose;
use crate::model::{FetchedBody, OutletRegister};
use crate::pipeline;
use crate::view::ExtractView;

/// A line of a batch.
#[derive(Deserialize)]
struct Line {
    id: String,
    path: PathBuf,
    url: Option<String>,
}

/// What every page is read with.
struct Tables {
    register: OutletRegister,
    sites: SiteRules,
}

/// Extracts one page, or a batch in the order of its manifest.
pub(super) fn extract(context: &Context, arguments: &ExtractArguments) -> anyhow::Result<Exit> {
    let tables = Tables { register: tables::embedded_register()?, sites: context.site_rules()? };
    if let Some(manifest) = &arguments.batch {
        return batch(manifest, &tables);
    }
    let page = arguments.page.as_deref().unwrap_or_default();
    let body = if page.starts_with("http://") || page.starts_with("https://") {
        Session::new(context)?.get(page, Purpose::Page).map_err(|reason| anyhow::anyhow!("{page}: {reason}"))?
    } else {
        let bytes = std::fs::read(page).with_context(|| format!("cannot read {page}"))?;
        FetchedBody { bytes, final_url: arguments.url.clone().unwrap_or_default(), ..FetchedBody::default() }
    };
    write(page, &body, arguments.url.as_deref().unwrap_or(&body.final_url), &tables, &mut std::io::stdout().lock())?;
    Ok(Exit::Done)
}

fn write(id: &str, body: &FetchedBody, url: &str, tables: &Tables, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let options = ExtractOptions {
        content_type: body.content_type.as_deref(),
        now: Some(pipeline::now()),
        register: Some(&tables.register),
        sites: Some(&tables.sites),
    };
    let article = extract::article(&body.bytes, url, &options);
    export::json_line(&ExtractView::new(id, &article), out)?;
    Ok(())
}

/// Lines that are read, extracted on all cores and written together: enough to keep every core busy, and a bound on
/// what waits for its turn.
const WINDOW: usize = 256;

fn batch(manifest: &Path, tables: &Tables) -> anyhow::Result<Exit> {
    let file = std::fs::File::open(manifest).with_context(|| format!("cannot open {}", manifest.display()))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut code = Exit::Done;
    let mut lines = (1_usize..).zip(BufReader::new(file).lines());
    loop {
        let mut window: Vec<(usize, String)> = Vec::new();
        for (number, line) in lines.by_ref().take(WINDOW) {
            window.push((number, line.with_context(|| format!("{}:{number}", manifest.display()))?));
        }
        if window.is_empty() {
            break;
        }
        for ((number, _), result) in window.iter().zip(on_all_cores(&window, tables)) {
            match result {
                Ok(line) => out.write_all(&line)?,
                Err(reason) => {
                    anstream::eprintln!("{}:{number}: {}", manifest.display(), terminal(&format!("{reason:#}")));
                    code = Exit::Partial;
                }
            }
        }
    }
    out.flush()?;
    Ok(code)
}

/// Extracts the pages of some lines; the results stand in the order of the lines.
fn on_all_cores(window: &[(usize, String)], tables: &Tables) -> Vec<anyhow::Result<Vec<u8>>> {
    let n_workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(window.len());
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<anyhow::Result<Vec<u8>>>> = Vec::new();
    results.resize_with(window.len(), || None);
    std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((_, line)) = window.get(at) else { return done };
                done.push((at, one(line, tables)));
            }
        };
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (at, result) in done {
                results[at] = Some(result);
            }
        }
    });
    results.into_iter().map(|result| result.unwrap_or_else(|| Ok(Vec::new()))).collect()
}

/// The JSON line of one line of a manifest; nothing for an empty one.
fn one(line: &str, tables: &Tables) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    if line.trim().is_empty() {
        return Ok(out);
    }
    let line: Line = serde_json::from_str(line)?;
    let bytes = std::fs::read(&line.path).with_context(|| line.path.display().to_string())?;
    let body = FetchedBody { bytes, ..FetchedBody::default() };
    write(&line.id, &body, line.url.as_deref().unwrap_or_default(), tables, &mut out)?;
    Ok(out)
}
