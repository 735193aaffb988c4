//! JSON-LD: which of a page's objects is its article.
//!
//! Pages embed several: the article, related ones, the site, breadcrumbs. The one whose address or headline is the
//! page's own wins, then the first that has most to say.

use serde_json::{Map, Value};
use url::Url;

/// An object of JSON-LD.
pub(super) type Object = Map<String, Value>;

/// How deep objects are looked for, in nested arrays, graphs and main entities.
const MAX_DEPTH: usize = 6;

/// More names than this are a list of something else.
const MAX_NAMES: usize = 30;

/// Scripts larger than this are data of a program rather than a description, in bytes.
const MAX_SCRIPT: usize = 4 * 1024 * 1024;

/// What the scripts of a page say.
#[derive(Debug, Default)]
pub(super) struct LinkedData {
    values: Vec<Value>,
    /// How many scripts were no JSON.
    pub(super) n_broken: usize,
}

impl LinkedData {
    /// Reads the scripts.
    pub(super) fn read(scripts: &[String]) -> Self {
        let mut data = Self::default();
        for script in scripts {
            let text = script.trim().trim_start_matches("<!--").trim_end_matches("-->").trim();
            let text = text.trim_start_matches("//<![CDATA[").trim_end_matches("//]]>").trim_end_matches(';');
            if text.is_empty() || text.len() > MAX_SCRIPT {
                continue;
            }
            match serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))) {
                Ok(value) => data.values.push(value),
                Err(_) => data.n_broken += 1,
            }
        }
        data
    }

    /// The article of the page at `url` with the headline `title`.
    pub(super) fn article(&self, url: Option<&Url>, title: Option<&str>) -> Option<&Object> {
        let mut articles = Vec::new();
        for value in &self.values {
            collect(value, 0, &mut |object| articles.push(object));
        }
        let score = |object: &Object| {
            let is_here = url.is_some_and(|url| addresses(object).any(|address| is_same_page(&address, url)));
            let is_named = title.is_some_and(|title| {
                text_of(object, "headline").is_some_and(|headline| is_same_title(headline, title))
            });
            let has = |key: &str| i32::from(object.get(key).is_some_and(|value| !value.is_null()));
            i32::from(is_here) * 8
                + i32::from(is_named) * 8
                + has("datePublished") * 2
                + has("author")
                + has("headline")
                + i32::from(has_type(object, |kind| kind.ends_with("NewsArticle")))
        };
        // The first of the best.
        articles.into_iter().rev().max_by_key(|object| score(object))
    }

    /// The posts of a live blog, each with its time and headline in lines of their own, in the order of the page.
    pub(super) fn live_posts(&self, object: &Object) -> Option<String> {
        let posts = object.get("liveBlogUpdate")?.as_array()?;
        let mut lines: Vec<&str> = Vec::new();
        for post in posts.iter().filter_map(Value::as_object) {
            let Some(text) = text_of(post, "articleBody") else { continue };
            lines.extend(text_of(post, "datePublished"));
            lines.extend(text_of(post, "headline"));
            lines.push(text);
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// All objects of any type for which `wanted` holds.
    pub(super) fn objects(&self, wanted: impl Fn(&str) -> bool) -> Vec<&Object> {
        let mut found = Vec::new();
        for value in &self.values {
            each(value, 0, &mut |object| {
                if has_type(object, &wanted) {
                    found.push(object);
                }
            });
        }
        found
    }

    /// The object that a reference (`{"@id": …}`) names.
    fn by_id(&self, id: &str) -> Option<&Object> {
        let mut found = None;
        for value in &self.values {
            each(value, 0, &mut |object| {
                if found.is_none() && object.len() > 1 && object.get("@id").and_then(Value::as_str) == Some(id) {
                    found = Some(object);
                }
            });
        }
        found
    }

    /// Names in a value: a text, an object's `name`, a list of either, or references to objects of the page.
    pub(super) fn names(&self, value: Option<&Value>) -> Vec<String> {
        let mut found = Vec::new();
        self.add_names(value, 0, &mut found);
        found
    }

    fn add_names(&self, value: Option<&Value>, depth: usize, found: &mut Vec<String>) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Some(Value::String(name)) if !name.trim().is_empty() => found.push(name.trim().to_owned()),
            Some(Value::Array(items)) => {
                items.iter().take(MAX_NAMES).for_each(|item| self.add_names(Some(item), depth + 1, found));
            }
            Some(Value::Object(object)) => {
                if let Some(list) = object.get("@list") {
                    self.add_names(Some(list), depth + 1, found);
                } else if object.contains_key("name") {
                    self.add_names(object.get("name"), depth + 1, found);
                } else if let Some(object) = object.get("@id").and_then(Value::as_str).and_then(|id| self.by_id(id)) {
                    self.add_names(object.get("name"), depth + 1, found);
                }
            }
            _ => {}
        }
    }
}

/// A member that is a text with something in it.
pub(super) fn text_of<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    let value = match object.get(key)? {
        Value::Array(items) => items.first()?,
        value => value,
    };
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether an object has a type for which `wanted` holds.
pub(super) fn has_type(object: &Object, wanted: impl Fn(&str) -> bool) -> bool {
    match object.get("@type") {
        Some(Value::String(kind)) => wanted(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(wanted),
        _ => false,
    }
}

/// Whether the type is one of an article.
pub(super) fn is_article_type(kind: &str) -> bool {
    kind.ends_with("Article")
        || kind.ends_with("BlogPosting")
        || matches!(kind, "Report" | "Review" | "DiscussionForumPosting" | "SocialMediaPosting")
}

fn collect<'a>(value: &'a Value, depth: usize, found: &mut impl FnMut(&'a Object)) {
    each(value, depth, &mut |object| {
        if has_type(object, is_article_type) {
            found(object);
        }
    });
}

fn each<'a>(value: &'a Value, depth: usize, visit: &mut impl FnMut(&'a Object)) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, depth + 1, visit)),
        Value::Object(object) => {
            visit(object);
            for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
                if let Some(inner) = object.get(key) {
                    each(inner, depth + 1, visit);
                }
            }
        }
        _ => {}
    }
}

/// The addresses an object gives itself.
fn addresses(object: &Object) -> impl Iterator<Item = String> + '_ {
    ["url", "mainEntityOfPage", "@id"].into_iter().filter_map(|key| match object.get(key)? {
        Value::String(address) => Some(address.clone()),
        Value::Object(inner) => {
            inner.get("@id").or_else(|| inner.get("url")).and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    })
}

/// Same host and path, whatever the scheme, `www.`, a trailing slash, query and fragment.
pub(super) fn is_same_page(address: &str, url: &Url) -> bool {
    let Ok(other) = url.join(address) else { return false };
    let host = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host.trim_start_matches("www.").trim_start_matches("m.").trim_start_matches("amp.").to_owned()
    };
    let path = |url: &Url| url.path().trim_end_matches('/').trim_end_matches("/amp").to_owned();
    host(&other) == host(url) && path(&other) == path(url)
}

/// Titles are compared up to this length, in characters.
const MAX_TITLE: usize = 400;

/// Same letters and digits, whatever stands between them.
pub(super) fn is_same_title(a: &str, b: &str) -> bool {
    let beginning = |text: &str| -> String {
        let letters = text.chars().take(MAX_TITLE).filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (beginning(a), beginning(b));
    !a.is_empty() && (a == b || (a.len() > 20 && b.starts_with(&a)) || (b.len() > 20 && a.starts_with(&b)))
}

/// The letters and digits of a text, lower case.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Raw line breaks in strings and commas before a closing bracket, as templates leave them.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                '\n' | '\r' | '\t' => {
                    out.push(' ');
                    continue;
                }
                c if c.is_control() => continue,
                _ => {}
            }
        } else {
            in_string = c == '"';
            if matches!(c, ']' | '}') {
                let end = out.trim_end().len();
                if out[..end].ends_with(',') {
                    out.truncate(end - 1);
                }
            }
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(scripts: &[&str], url: &str, title: &str) -> Option<String> {
        let scripts: Vec<String> = scripts.iter().map(|text| (*text).to_owned()).collect();
        let data = LinkedData::read(&scripts);
        let object = data.article(Url::parse(url).ok().as_ref(), Some(title))?;
        text_of(object, "headline").map(str::to_owned)
    }

    #[test]
    fn the_pages_own_article_is_found() {
        let check = |scripts: &[&str], expected: Option<&str>| {
            assert_eq!(headline(scripts, "https://www.example.org/a/1?x", "One").as_deref(), expected);
        };
        check(&[r#"{"@graph":[{"@type":"WebSite"},{"@type":["NewsArticle"],"headline":"One"}]}"#], Some("One"));
        check(
            &[
                r#"[{"@type":"NewsArticle","headline":"Two","url":"https://example.org/a/2","datePublished":"2025-01-01"}]"#,
                r#"{"@type":"BlogPosting","headline":"Uno","mainEntityOfPage":{"@id":"http://example.org/a/1/"}}"#,
            ],
            Some("Uno"),
        );
        check(&["{\"@type\":\"Article\",\"headline\":\"Line\nbreak\",}"], Some("Line break"));
        check(&["{"], None);
    }

    #[test]
    fn names_are_found_in_every_form() {
        let data = LinkedData::read(&[
            r##"{"@graph":[{"@id":"#p","@type":"Person","name":"Ann Poe"},{"@type":"Article","author":[{"@id":"#p"},"Jo Roe",{"@list":[{"name":["Al Loe"]}]}]}]}"##
                .to_owned(),
        ]);
        let article = data.article(None, None).expect("an article");
        assert_eq!(data.names(article.get("author")), ["Ann Poe", "Jo Roe", "Al Loe"]);
    }
}
