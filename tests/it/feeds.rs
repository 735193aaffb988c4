//! Reading feeds, measured: feedparser's expectations and captured feeds, where ../shared holds them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use copytaster::feed::{self, ParseOptions};
use copytaster::model::{ClaimedDate, ParsedEntry, ParsedFeed, Timestamp};
use serde_json::Value;

/// Where feedparser's own test server runs; addresses in its expectations are relative to it.
const SERVER: &str = "http://127.0.0.1:8097/";

/// The share of mapped expectations that must hold; raise it when more do.
const MIN_EXPECTATIONS: f64 = 0.98;

fn corpora() -> Option<PathBuf> {
    ["../shared", "../../shared"]
        .iter()
        .map(|place| PathBuf::from(place).join("corpora/feeds"))
        .find(|dir| dir.exists())
}

fn parse(bytes: &[u8], content_type: Option<&str>, base_url: Option<&str>) -> Option<ParsedFeed> {
    let options = ParseOptions { content_type, base_url, now: Timestamp(1_790_000_000), max_entries: 10_000 };
    feed::parse(bytes, &options).ok()
}

#[test]
fn captured_feeds_yield_feedparsers_entries() {
    let Some(corpora) = corpora() else { return };
    let listing = fs::read_to_string(corpora.join("captured.tsv")).unwrap();
    // Several captures shared a file name; the last row of a name is the file that is there.
    let wanted: HashMap<&str, usize> = listing
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0], cells[3].parse().unwrap())
        })
        .collect();
    let mut missing = Vec::new();
    for (file, wanted) in &wanted {
        let bytes = fs::read(corpora.join("captured").join(file)).unwrap();
        let found = parse(&bytes, None, None).map(|feed| feed.entries.len());
        if found.is_none_or(|found| found < *wanted) {
            missing.push(format!("{file}: {found:?} of {wanted}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn feedparsers_expectations_hold() {
    let Some(corpora) = corpora() else { return };
    let expectations = fs::read_to_string(corpora.join("feedparser_expect.jsonl")).unwrap();
    let (mut n_mapped, mut failed) = (0_usize, Vec::new());
    for line in expectations.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if row["machine_usable"] != true || row["core_field"] != true {
            continue;
        }
        let file = row["file"].as_str().unwrap();
        let bytes = fs::read(corpora.join(file)).unwrap();
        let (content_type, base) = exchange(&row, file);
        let feed = parse(&bytes, content_type.as_deref(), base.as_deref());
        let checks: Vec<(String, bool)> = row["clauses"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|clause| is_mapped(&path(clause)))
            .map(|clause| {
                let found = feed.as_ref().map(|feed| holds(feed, clause));
                (format!("{} {} {:?}", path(clause), clause["value"], found), found.is_some_and(|found| found.0))
            })
            .collect();
        n_mapped += usize::from(!checks.is_empty());
        if let Some((shown, _)) = checks.iter().find(|(_, holds)| !holds) {
            failed.push(format!("{file}: {shown}"));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred rows")]
    let share = 1.0 - failed.len() as f64 / n_mapped as f64;
    let failures = failed.join("\n");
    eprintln!("{failures}\n{n_mapped} expectations, {share:.4} hold");
    assert!(share >= MIN_EXPECTATIONS, "{share:.4} of {n_mapped}:\n{failures}");
}

/// The content type and base address the expectation assumes.
fn exchange(row: &Value, file: &str) -> (Option<String>, Option<String>) {
    let header = |name: &str| {
        let headers = row["http_headers"].as_object()?;
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    let is_served =
        file.contains("/http_") || file.contains("/headers_") || row["http_headers"] != serde_json::json!({});
    let address = url::Url::parse(SERVER).unwrap().join(&file.replace("feedparser/", "tests/")).unwrap();
    let base = header("content-location")
        .and_then(|at| address.join(&at).ok())
        .filter(|at| at.scheme() == "http")
        .unwrap_or(address)
        .to_string();
    (header("content-type"), is_served.then_some(base))
}

fn path(clause: &Value) -> String {
    let parts = clause["path"].as_array().unwrap().iter();
    parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect::<Vec<_>>().join(".")
}

/// Paths that say something our model holds: title, link, id, summary, content, dates and authors of feeds and entries.
fn is_mapped(path: &str) -> bool {
    let field = path
        .strip_prefix("feed.")
        .or_else(|| path.strip_prefix("entries.").map(|rest| rest.split_once('.').map_or(rest, |(_, field)| field)));
    field.is_some_and(|field| {
        matches!(field, "title" | "title_detail.value" | "link" | "updated" | "updated_parsed" | "#len")
            || (path.starts_with("entries.")
                && matches!(
                    field,
                    "id" | "summary"
                        | "description"
                        | "summary_detail.value"
                        | "content.0.value"
                        | "published"
                        | "published_parsed"
                        | "author"
                        | "author_detail.name"
                        | "authors.0.name"
                        | "authors.1.name"
                        | "source.title"
                        | "source.link"
                ))
    })
}

/// Whether a clause holds, and what was found.
fn holds(feed: &ParsedFeed, clause: &Value) -> (bool, Option<String>) {
    let path = path(clause);
    let expected = &clause["value"];
    if path == "entries.#len" {
        return (expected == feed.entries.len(), Some(feed.entries.len().to_string()));
    }
    let (date, text) = if let Some(field) = path.strip_prefix("feed.") {
        (feed.updated.as_ref(), if field == "link" { feed.link.clone() } else { feed.title.clone() })
    } else {
        let (index, field) = path.strip_prefix("entries.").and_then(|rest| rest.split_once('.')).unwrap();
        let Some(entry) = feed.entries.get(index.parse::<usize>().unwrap()) else { return (false, None) };
        (
            if field.starts_with("published") { entry.published.as_ref() } else { entry.updated.as_ref() },
            entry_text(entry, field),
        )
    };
    if path.ends_with("_parsed") {
        let shown = date.map(shown_date);
        return (shown == parsed_date(expected), shown);
    }
    if path.ends_with(".updated") || path.ends_with(".published") {
        let raw = date.map(|claim| claim.raw.clone());
        return (raw.as_deref() == expected.as_str(), raw);
    }
    let expected = expected.as_str().unwrap_or_default();
    let found = text.clone().unwrap_or_default();
    let is_title = path.ends_with("title") || path.ends_with("title_detail.value");
    let same = if is_title {
        folded(&found) == plain(expected) || folded(&found) == folded(expected)
    } else {
        same_html(&found, expected)
    };
    (same, text)
}

fn entry_text(entry: &ParsedEntry, field: &str) -> Option<String> {
    match field {
        "title" | "title_detail.value" => entry.title.clone(),
        "link" => entry.url.clone(),
        "id" => entry.guid.clone(),
        "content.0.value" => entry.content.clone().or_else(|| entry.summary.clone()),
        "author" => Some(entry.authors.join(", ")),
        "author_detail.name" => entry.authors.last().cloned(),
        "authors.0.name" => entry.authors.first().cloned(),
        "authors.1.name" => entry.authors.get(1).cloned(),
        "source.title" => entry.source.as_ref()?.title.clone(),
        "source.link" => entry.source.as_ref()?.url.clone(),
        _ => entry.summary.clone().or_else(|| entry.content.clone()),
    }
}

/// Year to second of a moment, or of the words where no zone is known (feedparser then assumes UTC).
fn shown_date(claim: &ClaimedDate) -> String {
    claim.utc.map_or_else(|| format!("unread {}", claim.raw), |utc| utc.rfc3339())
}

fn parsed_date(expected: &Value) -> Option<String> {
    let parts: Vec<i64> = expected.as_array()?.iter().filter_map(Value::as_i64).collect();
    let [year, month, day, hour, minute, second, ..] = parts.as_slice() else { return None };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(html: &str) -> String {
    let fragment = scraper::Html::parse_fragment(html);
    folded(&fragment.root_element().text().collect::<String>())
}

/// Whether two pieces of HTML mean the same document.
fn same_html(left: &str, right: &str) -> bool {
    folded(left) == folded(right) || normal(left) == normal(right)
}

/// The elements and texts of a piece of HTML in order, attributes sorted.
fn normal(html: &str) -> Vec<String> {
    let fragment = scraper::Html::parse_fragment(html.trim());
    fragment
        .root_element()
        .descendants()
        .filter_map(|node| match node.value() {
            scraper::Node::Element(element) => {
                let mut attributes: Vec<String> =
                    element.attrs().map(|(key, value)| format!("{key}={value}")).collect();
                attributes.sort_unstable();
                Some(format!("<{} {}>", element.name(), attributes.join(" ")))
            }
            scraper::Node::Text(text) => Some(folded(text)).filter(|text| !text.is_empty()),
            _ => None,
        })
        .collect()
}
