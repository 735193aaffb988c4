//! `extract`: pages to text and metadata.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::arguments::ExtractArguments;
use super::context::Context;
use super::discover::Session;
use super::exit::Exit;
use crate::config::tables;
use crate::export::{self, escape::terminal};
use crate::extract::{self, ExtractOptions};
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

/// Extracts one page, or a batch in the order of its manifest.
pub(super) fn extract(context: &Context, arguments: &ExtractArguments) -> anyhow::Result<Exit> {
    let register = tables::embedded_register()?;
    if let Some(manifest) = &arguments.batch {
        return batch(manifest, &register);
    }
    let page = arguments.page.as_deref().unwrap_or_default();
    let body = if page.starts_with("http://") || page.starts_with("https://") {
        Session::new(context)?.get(page, Purpose::Page).map_err(|reason| anyhow::anyhow!("{page}: {reason}"))?
    } else {
        let bytes = std::fs::read(page).with_context(|| format!("cannot read {page}"))?;
        FetchedBody { bytes, final_url: arguments.url.clone().unwrap_or_default(), ..FetchedBody::default() }
    };
    write(page, &body, arguments.url.as_deref().unwrap_or(&body.final_url), &register, &mut std::io::stdout().lock())?;
    Ok(Exit::Done)
}

fn write(
    id: &str,
    body: &FetchedBody,
    url: &str,
    register: &OutletRegister,
    out: &mut dyn std::io::Write,
) -> anyhow::Result<()> {
    let options = ExtractOptions {
        content_type: body.content_type.as_deref(),
        now: Some(pipeline::now()),
        register: Some(register),
    };
    let article = extract::article(&body.bytes, url, &options);
    export::json_line(&ExtractView::new(id, &article), out)?;
    Ok(())
}

fn batch(manifest: &Path, register: &OutletRegister) -> anyhow::Result<Exit> {
    let file = std::fs::File::open(manifest).with_context(|| format!("cannot open {}", manifest.display()))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut code = Exit::Done;
    for (number, line) in (1_usize..).zip(BufReader::new(file).lines()) {
        let line = line.with_context(|| format!("{}:{number}", manifest.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let read = serde_json::from_str::<Line>(&line).map_err(|error| error.to_string()).and_then(|line| {
            let bytes = std::fs::read(&line.path).map_err(|error| format!("{}: {error}", line.path.display()))?;
            Ok((line.id, line.url, bytes))
        });
        match read {
            Ok((id, url, bytes)) => {
                let body = FetchedBody { bytes, ..FetchedBody::default() };
                write(&id, &body, url.as_deref().unwrap_or_default(), register, &mut out)?;
            }
            Err(reason) => {
                anstream::eprintln!("{}:{number}: {}", manifest.display(), terminal(&reason));
                code = Exit::Partial;
            }
        }
    }
    out.flush()?;
    Ok(code)
}
