//! HTML to an article; the only user of scraper.
//!
//! ```text
//! bytes ─▶ decode ─▶ depth check ─▶ one parse ─▶ metadata + body by density ─▶ state ─▶ ExtractedArticle
//! ```
//!
//! Pure and total: any bytes give an article, with a state that tells what the body is.

mod body;
mod decode;
mod metadata;

use scraper::{Html, Selector};
use url::Url;

use crate::model::{ExtractedArticle, OutgoingLink, OutletRegister, Timestamp};

/// What the caller knows about a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractOptions<'a> {
    /// `Content-Type` as received, for its charset.
    pub content_type: Option<&'a str>,
    /// When the page was seen, to flag dates in the future.
    pub now: Option<Timestamp>,
    /// The register, for the outlet's name.
    pub register: Option<&'a OutletRegister>,
}

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLink {
    /// Absolute address.
    pub url: String,
    /// Its title, if given.
    pub title: Option<String>,
    /// Its media type.
    pub kind: String,
}

/// Extracts the article of a page.
#[must_use]
pub fn article(html: &[u8], url: &str, options: &ExtractOptions<'_>) -> ExtractedArticle {
    let mut warnings = Vec::new();
    let text = decode::decode(html, options.content_type, &mut warnings);
    let text = decode::bounded(&text, &mut warnings);
    let document = Html::parse_document(&text);
    let base = Url::parse(url).ok();
    let mut article = metadata::read(&document, base.as_ref(), options);
    let (body, links) = body::main_text(&document, base.as_ref());
    article.url = url.to_owned();
    article.state = body::state(&document, &body);
    if article.state.is_article_text() {
        article.body = body;
        article.links = links;
    }
    article.warnings = warnings;
    article
}

/// Turns a fragment of HTML (a feed's content) into text, one paragraph a line, with its links.
#[must_use]
pub fn fragment(html: &str, base: &str) -> (String, Vec<OutgoingLink>) {
    let mut warnings = Vec::new();
    let bounded = decode::bounded(html, &mut warnings);
    let document = Html::parse_fragment(&bounded);
    body::all_text(&document, Url::parse(base).ok().as_ref())
}

/// Turns a fragment of HTML into text, one paragraph a line.
#[must_use]
pub fn plain_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return body::fold_lines(html);
    }
    fragment(html, "").0
}

/// The feeds a page names in its head.
#[must_use]
pub fn feed_links(html: &[u8], url: &str) -> Vec<FeedLink> {
    let mut warnings = Vec::new();
    let text = decode::decode(html, None, &mut warnings);
    let document = Html::parse_document(&decode::bounded(&text, &mut warnings));
    let Ok(base) = Url::parse(url) else { return Vec::new() };
    let mut found: Vec<FeedLink> = Vec::new();
    for element in document.select(&selector("link[rel~=alternate][href]")) {
        let kind = element.attr("type").unwrap_or_default().to_ascii_lowercase();
        let is_feed = ["rss", "atom", "feed+json", "rdf"].iter().any(|word| kind.contains(word));
        let Some(address) = element.attr("href").and_then(|href| base.join(href).ok()).filter(|_| is_feed) else {
            continue;
        };
        if !found.iter().any(|link| link.url == address.as_str()) {
            let title = element.attr("title").map(str::to_owned);
            found.push(FeedLink { url: address.into(), title, kind });
        }
    }
    found
}

/// A selector that is part of the program.
fn selector(text: &'static str) -> Selector {
    Selector::parse(text).expect("selectors of the program are valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BodyState;

    const PAGE: &str = r#"<!doctype html><html lang="en-GB"><head><meta charset="utf-8">
        <title>Bridge reopens after repairs | The Example</title>
        <meta property="og:title" content="Bridge reopens after repairs"><meta property="og:site_name" content="The Example">
        <link rel="canonical" href="/bridge"><link rel="alternate" type="application/rss+xml" href="/feed" title="All">
        <script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"Bridge reopens after repairs",
          "datePublished":"2025-11-25T18:12:00+01:00","author":[{"@type":"Person","name":"Jane Roe"}]}]}</script></head>
        <body><nav><a href="/a">Home</a> <a href="/b">World</a> <a href="/c">Sport</a></nav>
        <div class="cookie-consent"><p>We and our 300 partners store cookies on your device to show you personal ads, accept or reject.</p></div>
        <article><h1>Bridge reopens after repairs</h1>
        <p>The old bridge over the river reopened on Tuesday after eleven months of repairs, the city council said in a statement.</p>
        <p>Engineers had found cracks in two of its piers, as was <a href="https://other.example/first">first reported by the Courier</a>, and closed it to traffic.</p>
        <figure><img src="x.jpg"><figcaption>Photo: somebody at the river bank in the morning light</figcaption></figure>
        <p>About nine thousand cars a day will use it again, and the tram follows in the spring of the coming year.</p></article>
        <aside class="related"><p>Read also: a different story about a different bridge in a different city, with many words.</p></aside>
        <footer><p>Copyright The Example, all rights reserved, imprint, privacy, terms of use and contact.</p></footer></body></html>"#;

    #[test]
    fn an_article_page_gives_text_and_metadata() {
        let article = article(PAGE.as_bytes(), "https://www.example.org/bridge?x=1", &ExtractOptions::default());
        assert_eq!(article.title.as_deref(), Some("Bridge reopens after repairs"));
        assert_eq!(article.authors, ["Jane Roe"]);
        assert_eq!(article.published.unwrap().utc.unwrap().rfc3339(), "2025-11-25T17:12:00Z");
        assert_eq!(article.canonical_url.as_deref(), Some("https://www.example.org/bridge"));
        assert_eq!((article.language.as_deref(), article.outlet.as_deref()), (Some("en-GB"), Some("The Example")));
        assert_eq!(article.state, BodyState::Complete);
        assert!(article.body.starts_with("The old bridge"), "{}", article.body);
        assert!(article.body.contains("as was first reported by the Courier, and closed"), "{}", article.body);
        for junk in ["cookies", "Read also", "Copyright", "Photo:", "Sport"] {
            assert!(!article.body.contains(junk), "{junk} in {}", article.body);
        }
        assert_eq!(article.links[0].url, "https://other.example/first");
        assert!(article.links[0].sentence.starts_with("Engineers"), "{:?}", article.links);
    }

    #[test]
    fn feeds_of_a_page_are_found() {
        let links = feed_links(PAGE.as_bytes(), "https://example.org/");
        assert_eq!((links.len(), links[0].url.as_str()), (1, "https://example.org/feed"));
    }

    #[test]
    fn fragments_become_lines() {
        assert_eq!(plain_text("<p>One &amp; two</p><p>three<br>four</p>"), "One & two\nthree\nfour");
        assert_eq!(plain_text("plain   text"), "plain text");
    }

    #[test]
    fn hostile_pages_end() {
        let deep = "<div>".repeat(100_000);
        assert!(!article(deep.as_bytes(), "https://example.org/", &ExtractOptions::default()).warnings.is_empty());
        assert_eq!(article(b"", "", &ExtractOptions::default()).state, BodyState::Missing);
    }
}
