//! Finding the feeds of an address: itself, what its page names, the usual places, the site's news sitemaps.

use url::Url;

use super::context::Context;
use crate::export::escape::terminal;
use crate::feed::{self, FeedError, ParseOptions};
use crate::fetch::{FetchRequest, Fetcher, Purpose};
use crate::model::{FeedKind, FetchOutcome, FetchedBody, ParsedFeed, wait_reason};
use crate::plan::poll::MAX_ENTRIES;
use crate::{extract, pipeline};

/// Where sites keep a feed that their pages don't name, the most usual first.
const COMMON_PATHS: [&str; 8] =
    ["/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json", "/feeds/posts/default"];

/// Where sites keep a news sitemap that their robots.txt doesn't name.
const COMMON_SITEMAPS: [&str; 4] = ["/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/googlenews.xml"];

/// Sitemaps of a robots.txt or an index that are looked into, those with "news" in their address first.
const MAX_SITEMAPS: usize = 5;

/// A feed that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its address.
    pub url: String,
    /// Its title, where a page or the feed gives one.
    pub title: Option<String>,
}

/// Fetches outside a run: one client for all that a command asks for.
#[derive(Debug)]
pub(super) struct Session {
    fetcher: Fetcher,
    runtime: tokio::runtime::Runtime,
}

impl Session {
    /// Sets up the client with the settings in force.
    pub(super) fn new(context: &Context) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { fetcher: Fetcher::new(context.fetch_options()?)?, runtime })
    }

    /// Fetches one address.
    ///
    /// # Errors
    /// In a sentence for people, when no body arrived.
    pub(super) fn get(&self, url: &str, purpose: Purpose) -> Result<FetchedBody, String> {
        let request = FetchRequest { url: url.to_owned(), purpose, now: pipeline::now(), ..FetchRequest::default() };
        match self.runtime.block_on(self.fetcher.fetch(&request)) {
            FetchOutcome::Body(body) => Ok(body),
            FetchOutcome::Unchanged { .. } => {
                Err("the server says nothing changed, though nothing was asked before".to_owned())
            }
            FetchOutcome::RetryAfter { wish, until, host } => Err(wait_reason(wish, until, &host)),
            FetchOutcome::Gone => Err("the server says it is gone for good (410)".to_owned()),
            FetchOutcome::Failed(failure) => Err(failure.reason),
        }
    }

    /// The feeds an address leads to: itself when it is one, else what its page names, else the first of the usual
    /// places that holds one, else the site's news sitemaps.
    ///
    /// # Errors
    /// In a sentence for people, when there are none.
    pub(super) fn feeds(&self, url: &str) -> Result<Vec<Found>, String> {
        let body = self.get(url, Purpose::Discovery)?;
        match parse(&body) {
            Ok(feed) => return Ok(vec![Found { url: url.to_owned(), title: feed.title }]),
            Err(FeedError::Html) => {}
            Err(error) => return Err(error.to_string()),
        }
        let named: Vec<Found> = extract::feed_links(&body.bytes, &body.final_url)
            .into_iter()
            .map(|link| Found { url: link.url, title: link.title })
            .collect();
        if !named.is_empty() {
            return Ok(named);
        }
        let site = Url::parse(&body.final_url).map_err(|error| format!("{}: {error}", terminal(&body.final_url)))?;
        let at = |path: &&str| site.join(path).ok().map(String::from);
        let usual = COMMON_PATHS.iter().filter_map(at).find_map(|place| self.feed_at(&place));
        if let Some(feed) = usual {
            return Ok(vec![feed]);
        }
        let robots = at(&"/robots.txt").and_then(|place| self.get(&place, Purpose::Robots).ok());
        let mut sitemaps = robots.map(|body| sitemaps(&body.bytes)).unwrap_or_default();
        sitemaps.extend(COMMON_SITEMAPS.iter().filter_map(at));
        let found = self.news_sitemaps(sitemaps);
        if found.is_empty() {
            return Err("the page names no feed, and none was found in the usual places".to_owned());
        }
        Ok(found)
    }

    fn feed_at(&self, place: &str) -> Option<Found> {
        let body = self.get(place, Purpose::Discovery).ok()?;
        let feed = parse(&body).ok()?;
        Some(Found { url: place.to_owned(), title: feed.title })
    }

    /// The addresses that hold a sitemap with news, or an index that names one.
    fn news_sitemaps(&self, mut places: Vec<String>) -> Vec<Found> {
        // Sites have dozens of sitemaps; the one of the news says so in its address.
        places.sort_by_key(|place| !place.to_ascii_lowercase().contains("news"));
        places.dedup();
        let holds_news = |place: &String| {
            let feed = self.get(place, Purpose::Discovery).ok().and_then(|body| parse(&body).ok())?;
            let names_news = feed.further.iter().any(|place| place.to_ascii_lowercase().contains("news"));
            (feed.kind == FeedKind::NewsSitemap && (names_news || !feed.entries.is_empty()))
                .then(|| Found { url: place.clone(), title: feed.title })
        };
        places.iter().take(MAX_SITEMAPS).filter_map(holds_news).collect()
    }
}

/// Parses a fetched document as a feed.
pub(super) fn parse(body: &FetchedBody) -> Result<ParsedFeed, FeedError> {
    let options = ParseOptions {
        content_type: body.content_type.as_deref(),
        base_url: Some(&body.final_url).filter(|url| !url.is_empty()).map(String::as_str),
        now: pipeline::now(),
        max_entries: MAX_ENTRIES,
    };
    feed::parse(&body.bytes, &options)
}

/// The sitemaps a robots.txt names (sitemaps.org, "Submitting your Sitemap"): its `Sitemap` lines, in any case.
fn sitemaps(robots: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(robots)
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().split_once(':')?;
            name.trim().eq_ignore_ascii_case("sitemap").then(|| value.trim().to_owned())
        })
        .filter(|address| address.starts_with("http"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sitemaps_are_read_from_robots() {
        let robots = b"User-agent: *\nDisallow: /x\nSITEMAP : https://e.example/news.xml\nsitemap: /relative.xml\n";
        assert_eq!(sitemaps(robots), ["https://e.example/news.xml"]);
    }
}
