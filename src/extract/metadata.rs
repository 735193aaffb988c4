//! Outlet, language, addresses and marks of another origin; headline, authors and dates have modules of their own.

use url::Url;

use super::linked::{LinkedData, Object, text_of};
use super::page::Page;
use super::site::Found;
use super::{ExtractOptions, authors, published};
use crate::model::ExtractedArticle;

/// What is known of a page before its metadata is read.
pub(super) struct Known<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) linked: &'a LinkedData,
    /// The object of JSON-LD that is the article.
    pub(super) object: Option<&'a Object>,
    pub(super) base: Option<&'a Url>,
    /// The page as text.
    pub(super) source: &'a str,
    pub(super) title: Option<&'a str>,
    /// The block of the headline.
    pub(super) headline: Option<usize>,
    /// The first block of the body.
    pub(super) first: Option<usize>,
    /// What the user's selectors found.
    pub(super) ruled: &'a Found,
}

/// Reads everything but headline and body.
pub(super) fn read(known: &Known<'_>, options: &ExtractOptions<'_>) -> ExtractedArticle {
    let Known { page, linked, object, base, .. } = *known;
    let site = site(page, linked, object);
    let host = base.and_then(Url::host_str).unwrap_or_default();
    let registered = options.register.and_then(|register| register.by_host(host)).map(|outlet| outlet.name.clone());
    let language = language(page, object);
    let dates = published::read(known, language.as_deref(), options.now);
    ExtractedArticle {
        title: known.title.map(str::to_owned),
        authors: authors::read(known, site.as_deref()),
        published: dates.published,
        updated: dates.updated,
        language,
        canonical_url: canonical(page, base),
        credit_lines: credit_lines(page, linked, object),
        tags: tags(page, object),
        outlet: registered.or(site),
        ..ExtractedArticle::default()
    }
}

/// The content of the first meta element with one of these names or properties, in order of the names.
pub(super) fn meta<'a>(page: &Page<'a>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|wanted| {
        page.metas.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, content)| *content)
    })
}

/// The name the page gives its outlet.
pub(super) fn site(page: &Page<'_>, linked: &LinkedData, object: Option<&Object>) -> Option<String> {
    meta(page, &["og:site_name"])
        .map(super::plain_text)
        .or_else(|| linked.names(object.and_then(|object| object.get("publisher"))).into_iter().next())
        .or_else(|| meta(page, &["application-name"]).map(super::plain_text))
        .filter(|name| !name.is_empty())
}

fn language(page: &Page<'_>, object: Option<&Object>) -> Option<String> {
    let declared = page
        .language
        .or_else(|| object.and_then(|object| text_of(object, "inLanguage")))
        .or_else(|| meta(page, &["content-language", "og:locale", "language", "dc.language"]));
    let tag = declared?.split([',', ';']).next()?.trim().replace('_', "-");
    let is_tag = (2..=12).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_tag.then_some(tag)
}

fn canonical(page: &Page<'_>, base: Option<&Url>) -> Option<String> {
    let link = page
        .head_links
        .iter()
        .find(|link| link.attr("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")))
        .and_then(|link| link.attr("href"))
        .filter(|href| !href.trim().is_empty());
    let href = link.or_else(|| meta(page, &["og:url"]))?;
    let url = base.map_or_else(|| Url::parse(href).ok(), |base| base.join(href).ok())?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// Sections and keywords.
fn tags(page: &Page<'_>, object: Option<&Object>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let sections = meta(page, &["article:section", "section", "parsely-section"])
        .or_else(|| object.and_then(|object| text_of(object, "articleSection")));
    tags.extend(sections.map(super::plain_text));
    for (_, content) in page.metas.iter().filter(|(name, _)| name.eq_ignore_ascii_case("article:tag")) {
        tags.push(super::plain_text(content));
    }
    for word in meta(page, &["news_keywords", "keywords"]).unwrap_or_default().split(',').take(MAX_TAGS) {
        tags.push(super::plain_text(word));
    }
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| !tag.is_empty() && tag.len() <= MAX_TAG && seen.insert(tag.to_lowercase()));
    tags.truncate(MAX_TAGS);
    tags
}

/// More keywords than this are made for search engines.
const MAX_TAGS: usize = 20;

/// A keyword longer than this is a sentence, in bytes.
const MAX_TAG: usize = 80;

/// Marks of another origin outside the running text.
fn credit_lines(page: &Page<'_>, linked: &LinkedData, object: Option<&Object>) -> Vec<String> {
    let mut lines: Vec<String> = ["syndication-source", "original-source"]
        .iter()
        .filter_map(|name| meta(page, &[name]))
        .map(super::plain_text)
        .collect();
    for key in ["isBasedOn", "sourceOrganization", "creditText"] {
        lines.extend(linked.names(object.and_then(|object| object.get(key))));
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| !line.is_empty() && seen.insert(line.clone()));
    lines
}
