//! Headline, authors, dates and marks: JSON-LD first, then OpenGraph and meta, then visible elements.

use scraper::Html;
use serde_json::Value;
use url::Url;

use super::{ExtractOptions, selector};
use crate::model::{ClaimedDate, ExtractedArticle};
use crate::text::dates;

/// Separators between a headline and the outlet's name in `<title>`.
const SUFFIX_SEPARATORS: [&str; 5] = [" | ", " - ", " – ", " — ", " :: "];

/// Reads everything but the body.
pub(super) fn read(document: &Html, base: Option<&Url>, options: &ExtractOptions<'_>) -> ExtractedArticle {
    let linked = json_ld(document);
    let site =
        meta(document, &["og:site_name"]).or_else(|| linked.as_ref().and_then(|data| name_of(data.get("publisher"))));
    let host = base.and_then(Url::host_str).unwrap_or_default();
    let registered = options.register.and_then(|register| register.by_host(host)).map(|outlet| outlet.name.clone());
    let date = |keys: &[&str], names: &[&str]| {
        let text = linked
            .as_ref()
            .and_then(|data| keys.iter().find_map(|key| data.get(*key)?.as_str().map(str::to_owned)))
            .or_else(|| meta(document, names));
        text.map(|text| dates::parse(&text, options.now)).filter(|claim: &ClaimedDate| !claim.impossible)
    };
    let published = date(
        &["datePublished", "dateCreated"],
        &[
            "article:published_time",
            "og:article:published_time",
            "datePublished",
            "date",
            "dc.date",
            "parsely-pub-date",
            "pubdate",
        ],
    )
    .or_else(|| time_element(document, options));
    ExtractedArticle {
        title: headline(document, linked.as_ref(), site.as_deref()),
        authors: authors(document, linked.as_ref()),
        published,
        updated: date(
            &["dateModified"],
            &["article:modified_time", "og:updated_time", "dateModified", "last-modified"],
        ),
        language: document
            .select(&selector("html[lang]"))
            .next()
            .and_then(|html| html.attr("lang"))
            .map(str::to_owned)
            .or_else(|| linked.as_ref()?.get("inLanguage")?.as_str().map(str::to_owned))
            .filter(|language| !language.is_empty()),
        outlet: registered.or(site),
        canonical_url: document
            .select(&selector("link[rel=canonical][href]"))
            .next()
            .and_then(|link| link.attr("href"))
            .map(str::to_owned)
            .or_else(|| meta(document, &["og:url"]))
            .and_then(|href| base.map_or_else(|| Url::parse(&href).ok(), |base| base.join(&href).ok()))
            .map(String::from),
        credit_lines: credit_lines(document, linked.as_ref()),
        tags: meta(document, &["article:section", "section"]).into_iter().collect(),
        ..ExtractedArticle::default()
    }
}

/// The first object of an article type in any JSON-LD block.
fn json_ld(document: &Html) -> Option<Value> {
    document.select(&selector("script[type='application/ld+json']")).find_map(|script| {
        let text: String = script.text().collect();
        let value: Value = serde_json::from_str(text.trim()).ok()?;
        find_article(&value, 0).cloned()
    })
}

fn find_article(value: &Value, depth: usize) -> Option<&Value> {
    if depth > 6 {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find_article(item, depth + 1)),
        Value::Object(object) => {
            let is_article = |kind: &Value| {
                kind.as_str().is_some_and(|kind| kind.ends_with("Article") || kind.ends_with("BlogPosting"))
            };
            let here = object.get("@type").is_some_and(|kind| match kind {
                Value::Array(kinds) => kinds.iter().any(is_article),
                kind => is_article(kind),
            });
            if here {
                return Some(value);
            }
            ["@graph", "mainEntity"].iter().find_map(|key| find_article(object.get(*key)?, depth + 1))
        }
        _ => None,
    }
}

fn name_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(name) => Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
        Value::Object(object) => name_of(object.get("name")),
        Value::Array(items) => items.iter().find_map(|item| name_of(Some(item))),
        _ => None,
    }
}

/// The first meta element with one of these names or properties, in order of the names.
fn meta(document: &Html, names: &[&str]) -> Option<String> {
    let all = selector("meta[content]");
    names.iter().find_map(|wanted| {
        document
            .select(&all)
            .find(|element| {
                ["property", "name", "itemprop"]
                    .iter()
                    .any(|key| element.attr(key).is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
            })
            .and_then(|element| element.attr("content"))
            .map(|content| content.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|content| !content.is_empty())
    })
}

fn headline(document: &Html, linked: Option<&Value>, site: Option<&str>) -> Option<String> {
    let from_linked = linked.and_then(|data| data.get("headline")?.as_str()).map(super::plain_text);
    let first = |query: &'static str| {
        document
            .select(&selector(query))
            .next()
            .map(|element| element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    };
    let title = meta(document, &["og:title"])
        .or_else(|| first("h1"))
        .or(from_linked)
        .or_else(|| meta(document, &["twitter:title"]))
        .or_else(|| first("title"))?;
    Some(without_site(&title, site))
}

/// Takes the outlet's name off the end of a headline.
fn without_site(title: &str, site: Option<&str>) -> String {
    let Some(site) = site else { return title.to_owned() };
    for separator in SUFFIX_SEPARATORS {
        if let Some((head, tail)) = title.rsplit_once(separator)
            && tail.trim().eq_ignore_ascii_case(site.trim())
        {
            return head.trim().to_owned();
        }
    }
    title.to_owned()
}

fn authors(document: &Html, linked: Option<&Value>) -> Vec<String> {
    let mut names: Vec<String> = match linked.and_then(|data| data.get("author")) {
        Some(Value::Array(people)) => people.iter().filter_map(|person| name_of(Some(person))).collect(),
        Some(person) => name_of(Some(person)).into_iter().collect(),
        None => Vec::new(),
    };
    if names.is_empty() {
        names.extend(
            meta(document, &["author", "article:author", "parsely-author", "byl"])
                .filter(|name| !name.starts_with("http")),
        );
    }
    if names.is_empty() {
        let element =
            document.select(&selector("[itemprop=author] [itemprop=name], a[rel=author], [itemprop=author]")).next();
        names.extend(
            element.map(|element| element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")),
        );
    }
    let mut clean: Vec<String> = Vec::new();
    for name in names {
        let lower = name.to_lowercase();
        let name = if lower.starts_with("by ") { name[3..].trim().to_owned() } else { name };
        if !name.is_empty() && name.chars().count() <= 80 && !clean.contains(&name) {
            clean.push(name);
        }
    }
    clean
}

fn time_element(document: &Html, options: &ExtractOptions<'_>) -> Option<ClaimedDate> {
    document
        .select(&selector("article time[datetime], main time[datetime], time[datetime]"))
        .filter_map(|element| element.attr("datetime"))
        .map(|text| dates::parse(text, options.now))
        .find(|claim| !claim.impossible)
}

/// Marks of another origin outside the running text.
fn credit_lines(document: &Html, linked: Option<&Value>) -> Vec<String> {
    let mut lines: Vec<String> =
        ["syndication-source", "original-source"].iter().filter_map(|name| meta(document, &[name])).collect();
    for key in ["isBasedOn", "sourceOrganization"] {
        lines.extend(linked.and_then(|data| name_of(data.get(key))));
    }
    lines
}
