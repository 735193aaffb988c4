//! Runs other extractors over the manifest that `copytaster extract --batch` reads, one core, JSON Lines out.
//!
//! ```text
//! peers NAME MANIFEST.jsonl > OUT.jsonl     NAME: copytaster | trafilatura | trafilatura-precision | dom_smoothie | parse
//! ```
//!
//! `parse` builds the tree with `scraper` and does nothing else: the speed that extraction is measured against. Pages are
//! read before the clock starts; seconds of the fastest round over them, its slowest page and the memory that the work
//! took go to standard error as one line of JSON.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A line of the manifest.
#[derive(Deserialize)]
struct Page {
    id: String,
    path: String,
    url: Option<String>,
}

/// What the scorer reads.
#[derive(Serialize, Default)]
struct Found {
    id: String,
    title: Option<String>,
    author: Vec<String>,
    published: Option<String>,
    body: String,
}

/// Small sets are run over until so much work was timed, and their fastest round counts: what other processes take from
/// a run of 50 ms would change its figure by a quarter.
const MIN_SECONDS: f64 = 3.0;

/// What a run over all pages took, in seconds.
struct Round<'a> {
    seconds: f64,
    slowest: f64,
    slowest_id: &'a str,
}

impl<'a> Round<'a> {
    fn of(
        pages: &'a [(Page, String)],
        extractor: fn(&str, Option<&str>) -> Found,
        mut out: Option<&mut dyn std::io::Write>,
    ) -> anyhow::Result<Self> {
        let mut round = Self { seconds: 0.0, slowest: 0.0, slowest_id: "" };
        for (page, html) in pages {
            let start = Instant::now();
            // Some extractors panic on some pages; the page then counts as one without text.
            let found = std::panic::catch_unwind(|| extractor(html, page.url.as_deref())).unwrap_or_default();
            let elapsed = start.elapsed().as_secs_f64();
            round.seconds += elapsed;
            if elapsed > round.slowest {
                (round.slowest, round.slowest_id) = (elapsed, &page.id);
            }
            if let Some(out) = &mut out {
                serde_json::to_writer(&mut *out, &Found { id: page.id.clone(), ..found })?;
                out.write_all(b"\n")?;
            }
        }
        Ok(round)
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("the extractor's name is missing")?;
    let manifest = arguments.next().context("the manifest is missing")?;
    let extractor: fn(&str, Option<&str>) -> Found = match name.as_str() {
        "copytaster" => with_copytaster,
        "trafilatura" => |html, url| with_trafilatura(html, url, trafilatura::ExtractionFocus::Balanced),
        "trafilatura-precision" => {
            |html, url| with_trafilatura(html, url, trafilatura::ExtractionFocus::FavorPrecision)
        }
        "dom_smoothie" => with_dom_smoothie,
        "parse" => only_parsed,
        other => anyhow::bail!("no extractor is called {other}"),
    };
    let mut pages = Vec::new();
    for line in std::fs::read_to_string(&manifest).with_context(|| manifest.clone())?.lines() {
        let page: Page = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let bytes = std::fs::read(&page.path).with_context(|| page.path.clone())?;
        pages.push((page, String::from_utf8_lossy(&bytes).into_owned()));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let before = peak_kilobytes();
    let mut round = Round::of(&pages, extractor, Some(&mut out))?;
    out.flush()?;
    let mut total = round.seconds;
    while total < MIN_SECONDS {
        let next = Round::of(&pages, extractor, None)?;
        total += next.seconds;
        if next.seconds < round.seconds {
            round = next;
        }
    }
    let Round { seconds, slowest, slowest_id } = round;
    let megabytes = peak_kilobytes().saturating_sub(before) as f64 / 1024.0;
    let figures = serde_json::json!({
        "name": name, "pages": pages.len(), "seconds": seconds, "slowest_ms": slowest * 1e3, "slowest": slowest_id,
        "megabytes": megabytes,
    });
    eprintln!("{figures}");
    Ok(())
}

/// The most memory that was resident so far, as the kernel tells it; 0 where it does not.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn with_copytaster(html: &str, url: Option<&str>) -> Found {
    let options = copytaster::extract::ExtractOptions::default();
    let article = copytaster::extract::article(html.as_bytes(), url.unwrap_or_default(), &options);
    Found {
        title: article.title,
        author: article.authors,
        published: article.published.and_then(|date| date.utc).map(|utc| utc.rfc3339()),
        body: article.body,
        ..Found::default()
    }
}

fn with_trafilatura(html: &str, url: Option<&str>, focus: trafilatura::ExtractionFocus) -> Found {
    let mut options = trafilatura::Options::default().with_focus(focus).with_fallback(true).with_exclude_comments(true);
    options.html_date_mode = trafilatura::HtmlDateMode::Extensive;
    if let Some(url) = url.and_then(|url| url.parse().ok()) {
        options = options.with_url(url);
    }
    trafilatura::extract(html, &options).map_or_else(
        |_| Found::default(),
        |result| Found {
            title: Some(result.metadata.title),
            author: vec![result.metadata.author],
            published: result.metadata.date.map(|date| date.to_string()),
            body: result.content_text,
            ..Found::default()
        },
    )
}

fn with_dom_smoothie(html: &str, url: Option<&str>) -> Found {
    let config =
        dom_smoothie::Config { text_mode: dom_smoothie::TextMode::Formatted, ..dom_smoothie::Config::default() };
    let Ok(mut readability) = dom_smoothie::Readability::new(html, url, Some(config)) else { return Found::default() };
    readability.parse().map_or_else(
        |_| Found::default(),
        |article| Found {
            title: Some(article.title),
            author: article.byline.into_iter().collect(),
            published: article.published_time,
            body: article.text_content.to_string(),
            ..Found::default()
        },
    )
}

fn only_parsed(html: &str, _: Option<&str>) -> Found {
    std::hint::black_box(scraper::Html::parse_document(html));
    Found::default()
}
