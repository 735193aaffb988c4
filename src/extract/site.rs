//! What a user knows better about a site: CSS selectors for its body, for what is beside it, and for its metadata.
//!
//! Nothing of the figures rests on them; they mend the one page layout that the general mechanisms misread.

use scraper::{ElementRef, Html, Selector};
use thiserror::Error;

use super::page::Page;

/// The rule of a site as it is written; a missing selector leaves the matter to the general mechanisms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteRule {
    /// The host, and all hosts below it.
    pub domain: String,
    /// The elements whose text is the body, in the order of the page.
    pub body: Option<String>,
    /// Elements that are not there for any purpose.
    pub remove: Vec<String>,
    /// The headline.
    pub title: Option<String>,
    /// Each author.
    pub author: Option<String>,
    /// The date of publication: its `datetime` or `content`, else its text.
    pub published: Option<String>,
}

/// A selector that CSS does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("[[site]] {domain}: {key} = {selector:?} is not a CSS selector")]
pub struct SiteRuleError {
    /// The domain of the rule.
    pub domain: String,
    /// Which of its selectors.
    pub key: &'static str,
    /// The selector as written.
    pub selector: String,
}

/// The rules of all sites, compiled.
#[derive(Debug, Clone, Default)]
pub struct SiteRules(Vec<Compiled>);

#[derive(Debug, Clone)]
pub(super) struct Compiled {
    domain: String,
    body: Option<Selector>,
    remove: Vec<Selector>,
    title: Option<Selector>,
    author: Option<Selector>,
    published: Option<Selector>,
}

/// What the selectors of a site found on a page.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<String>,
}

impl SiteRules {
    /// Compiles rules; the first selector that is none is an error.
    pub fn new(rules: &[SiteRule]) -> Result<Self, SiteRuleError> {
        rules.iter().map(Compiled::new).collect::<Result<_, _>>().map(Self)
    }

    /// The rule of a host: the one with the longest domain that the host is or lies below.
    pub(super) fn of_host(&self, host: &str) -> Option<&Compiled> {
        let is_within =
            |domain: &str| host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'));
        self.0.iter().filter(|rule| is_within(&rule.domain)).max_by_key(|rule| rule.domain.len())
    }
}

impl Compiled {
    fn new(rule: &SiteRule) -> Result<Self, SiteRuleError> {
        let one = |key: &'static str, text: &str| {
            Selector::parse(text).map_err(|_| SiteRuleError {
                domain: rule.domain.clone(),
                key,
                selector: text.to_owned(),
            })
        };
        let maybe = |key, text: &Option<String>| text.as_deref().map(|text| one(key, text)).transpose();
        Ok(Self {
            domain: rule.domain.trim_start_matches("www.").to_ascii_lowercase(),
            body: maybe("body", &rule.body)?,
            remove: rule.remove.iter().map(|text| one("remove", text)).collect::<Result<_, _>>()?,
            title: maybe("title", &rule.title)?,
            author: maybe("author", &rule.author)?,
            published: maybe("published", &rule.published)?,
        })
    }

    /// Takes out what is to be removed, and reads what the selectors name.
    pub(super) fn apply(&self, document: &mut Html) -> Found {
        let removed: Vec<_> =
            self.remove.iter().flat_map(|selector| document.select(selector).map(|element| element.id())).collect();
        for id in removed {
            if let Some(mut node) = document.tree.get_mut(id) {
                node.detach();
            }
        }
        let all = |selector: &Option<Selector>| {
            selector.iter().flat_map(|selector| document.select(selector)).collect::<Vec<_>>()
        };
        let text = |element: &ElementRef<'_>| {
            let text = element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
            (!text.is_empty()).then_some(text)
        };
        let value = |element: &ElementRef<'_>| {
            let written = ["datetime", "content"].iter().find_map(|key| element.attr(key));
            written.map(str::to_owned).or_else(|| text(element))
        };
        Found {
            title: all(&self.title).iter().find_map(text),
            authors: all(&self.author).iter().filter_map(text).collect(),
            published: all(&self.published).iter().find_map(value),
        }
    }

    /// The blocks of the body; empty where the rule names none, or it is not on the page.
    pub(super) fn blocks(&self, document: &Html, page: &Page<'_>) -> Vec<usize> {
        let nodes = self.body.iter().flat_map(|selector| document.select(selector)).map(|element| element.value());
        let elements = nodes.filter_map(|node| page.elements.iter().find(|element| std::ptr::eq(element.html, node)));
        let mut blocks: Vec<usize> = elements.flat_map(|element| element.first_block..element.end_block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_domain_counts() {
        let rule = |domain: &str| SiteRule { domain: domain.to_owned(), ..SiteRule::default() };
        let rules = SiteRules::new(&[rule("ledger.example"), rule("www.news.ledger.example")]).expect("no selectors");
        let check = |host: &str, expected: Option<&str>| {
            assert_eq!(rules.of_host(host).map(|rule| rule.domain.as_str()), expected, "{host}");
        };
        check("ledger.example", Some("ledger.example"));
        check("www.ledger.example", Some("ledger.example"));
        check("m.news.ledger.example", Some("news.ledger.example"));
        check("otherledger.example", None);
    }

    #[test]
    fn a_wrong_selector_is_named() {
        let rule =
            SiteRule { domain: "ledger.example".to_owned(), remove: vec!["div >".to_owned()], ..SiteRule::default() };
        let error = SiteRules::new(&[rule]).expect_err("half a selector");
        assert_eq!(error.to_string(), "[[site]] ledger.example: remove = \"div >\" is not a CSS selector");
    }
}
