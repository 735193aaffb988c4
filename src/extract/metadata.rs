//! Outlet, language, addresses and marks of another origin; headline, authors and dates have modules of their own.

use serde_json::Value;
use url::Url;

use super::linked::{LinkedData, Object, text_of};
use super::page::Page;
use super::site::Found;
use super::{ExtractOptions, authors, published};
use crate::canonical::registrable_domain;
use crate::model::{ExtractedArticle, OutletRegister};

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
    /// The last block of the body.
    pub(super) last: Option<usize>,
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
    let canonical_url = canonical(page, base);
    let mut credit_lines = credit_lines(page, linked, object);
    if let Some(line) = credit_of_canonical(canonical_url.as_deref(), base, options.register)
        && !credit_lines.contains(&line)
    {
        credit_lines.push(line);
    }
    ExtractedArticle {
        title: known.title.map(str::to_owned),
        authors: authors::read(known, site.as_deref()),
        published: dates.published,
        updated: dates.updated,
        language,
        canonical_url,
        amp_url: address(page, base, "amphtml"),
        is_free: is_free(page, object),
        credit_lines,
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
    address(page, base, "canonical").or_else(|| absolute(meta(page, &["og:url"])?, base))
}

/// Where the first `link` of the head with this relation leads.
fn address(page: &Page<'_>, base: Option<&Url>, relation: &str) -> Option<String> {
    let link = page
        .head_links
        .iter()
        .find(|link| link.attr("rel").is_some_and(|rel| rel.eq_ignore_ascii_case(relation)))
        .and_then(|link| link.attr("href"));
    absolute(link.filter(|href| !href.trim().is_empty())?, base)
}

fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let url = base.map_or_else(|| Url::parse(href).ok(), |base| base.join(href).ok())?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The outlet whose page the canonical address names: a page that calls another site's address its own is syndicated,
/// unless one owner publishes on both.
fn credit_of_canonical(
    canonical_url: Option<&str>,
    base: Option<&Url>,
    register: Option<&OutletRegister>,
) -> Option<String> {
    let other = Url::parse(canonical_url?).ok()?;
    let (own, host) = (base?.host_str()?, other.host_str()?);
    let (own_domain, domain) = (registrable_domain(own)?, registrable_domain(host)?);
    // A front page is the mistake of a template, not a source.
    if own_domain == domain || other.path().trim_matches('/').is_empty() {
        return None;
    }
    let outlet = register.and_then(|register| register.by_host(host));
    let own_outlet = register.and_then(|register| register.by_host(own));
    if let (Some(outlet), Some(own_outlet)) = (outlet, own_outlet) {
        let is_one_owner = outlet.owner.is_some() && outlet.owner == own_outlet.owner;
        if outlet.key() == own_outlet.key() || is_one_owner {
            return None;
        }
    }
    Some(outlet.map_or_else(|| other.to_string(), |outlet| outlet.name.clone()))
}

/// Whether the page says that its text is free, or that it is not.
pub(super) fn is_free(page: &Page<'_>, object: Option<&Object>) -> Option<bool> {
    let said = |value: Option<&Value>| match value {
        Some(Value::Bool(free)) => Some(*free),
        Some(Value::String(free)) if free.eq_ignore_ascii_case("false") => Some(false),
        Some(Value::String(free)) if free.eq_ignore_ascii_case("true") => Some(true),
        _ => None,
    };
    let part = object.and_then(|object| object.get("hasPart"));
    let parts: Vec<&Value> = match part {
        Some(Value::Array(items)) => items.iter().collect(),
        part => part.into_iter().collect(),
    };
    let declared = object.and_then(|object| said(object.get("isAccessibleForFree")));
    let of_parts = parts.iter().filter_map(|part| said(part.get("isAccessibleForFree")));
    let tier = meta(page, &["article:content_tier", "content_tier", "content-tier"]).and_then(|tier| {
        match tier.to_ascii_lowercase().as_str() {
            "locked" | "metered" | "paid" | "premium" => Some(false),
            "free" => Some(true),
            _ => None,
        }
    });
    // One part that is not free makes the whole a stub.
    declared.into_iter().chain(of_parts).chain(tier).min()
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
