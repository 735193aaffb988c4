//! HTML to an article; the only user of scraper.
//!
//! ```text
//! bytes ─▶ decode ─▶ prepare (bounds, no scripts) ─▶ one parse ─▶ one pass: elements, blocks, notes
//!       ─▶ title ─▶ body (where) ─▶ prune (what of it) ─▶ text and links ─▶ metadata ─▶ state ─▶ ExtractedArticle
//! ```
//!
//! Pure and total: any bytes give an article, with a state that tells what the body is.

mod attributes;
mod authors;
mod body;
mod cues;
mod decode;
mod linked;
mod marks;
mod metadata;
mod page;
mod paid;
mod prepare;
mod prune;
mod published;
mod settle;
mod signed;
mod site;
mod state;
mod text;
mod title;
mod written_date;

use scraper::{Html, Selector};
use url::Url;

pub use site::{SiteRule, SiteRuleError, SiteRules};

use attributes::Keep;
use marks::Marks;

use crate::model::{BodyState, ExtractedArticle, OutgoingLink, OutletRegister, Timestamp};

/// What the caller knows about a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractOptions<'a> {
    /// `Content-Type` as received, for its charset.
    pub content_type: Option<&'a str>,
    /// When the page was seen, to flag dates in the future.
    pub now: Option<Timestamp>,
    /// The register, for the outlet's name.
    pub register: Option<&'a OutletRegister>,
    /// The user's own selectors, site by site.
    pub sites: Option<&'a SiteRules>,
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
    let base = Url::parse(url).ok();
    let rule = base.as_ref().and_then(Url::host_str).zip(options.sites).and_then(|(host, sites)| sites.of_host(host));
    let keep = if rule.is_some() { Keep::All } else { Keep::Read };
    let prepared = prepare::prepare(&text, keep, &mut warnings);
    let mut document = Html::parse_document(&prepared.html);
    let ruled = rule.map(|rule| rule.apply(&mut document)).unwrap_or_default();
    let mut page = page::read(&document);
    let linked = linked::LinkedData::read(&page.linked_data);
    let shared = metadata::meta(&page, &["og:title"]).unwrap_or(&page.title);
    let object = linked.article(base.as_ref(), Some(shared));
    let paid = paid::settle(&document, &mut page, object);
    let title = ruled.title.clone().or_else(|| title::read(&page, &linked, object, base.as_ref()));
    let posts = object.and_then(|object| linked.live_posts(object));
    let declared = posts.as_deref().or_else(|| object.and_then(|object| linked::text_of(object, "articleBody")));
    let is_live = object.is_some_and(|object| linked::has_type(object, |kind| kind == "LiveBlogPosting"));
    let moments = if is_live { text::moments(&page) } else { Vec::new() };
    let mut body = body_of(&page, &moments, declared, title.as_deref(), base.as_ref());
    let by_rule = rule.map(|rule| rule.blocks(&document, &page)).unwrap_or_default();
    if !by_rule.is_empty() {
        (body.text, body.links) = text::write(&page, &by_rule, base.as_ref());
        (body.first, body.last) = (by_rule.first().copied(), by_rule.last().copied());
    } else if !prepared.without_scripts.is_empty() && page::weight_of(&body.text) < MIN_WEIGHT {
        // A page that scripts fill keeps its text for those without.
        let (text, links) = fragment(&prepared.without_scripts.join("\n"), url);
        if page::weight_of(&text) > MIN_WEIGHT {
            (body.text, body.links) = (text, links);
        }
    }
    let known = metadata::Known {
        page: &page,
        linked: &linked,
        object,
        base: base.as_ref(),
        source: &text,
        title: title.as_deref(),
        headline: body.headline,
        first: body.first,
        last: body.last,
        ruled: &ruled,
    };
    let mut article = metadata::read(&known, options);
    article.url = url.to_owned();
    article.body = body.text;
    article.links = body.links;
    article.state = state::of(&state::Evidence {
        page: &page,
        linked: &linked,
        object,
        base: base.as_ref(),
        language: article.language.as_deref(),
        body: &article.body,
        // A text that JSON-LD gives is the whole one.
        paid: if body.is_declared { paid::PaidPart::Shown } else { paid },
    });
    if article.state == BodyState::Consent {
        // What the layer says is never the article.
        article.body.clear();
        article.links.clear();
    }
    article.warnings = warnings;
    article
}

/// The body and where it stands.
struct Body {
    text: String,
    links: Vec<OutgoingLink>,
    /// The block of the headline.
    headline: Option<usize>,
    /// The first block of the text.
    first: Option<usize>,
    /// The last block of the text.
    last: Option<usize>,
    /// The text is the one that JSON-LD gives.
    is_declared: bool,
}

/// The body of a page, whatever way it is given.
fn body_of(
    page: &page::Page<'_>,
    moments: &[(usize, String)],
    declared: Option<&str>,
    title: Option<&str>,
    base: Option<&Url>,
) -> Body {
    let place = body::find(page, title, Marks::NONE);
    let mut kept = prune::blocks(page, &place, title, Marks::NONE);
    let weight = |kept: &[usize]| kept.iter().map(|index| page.blocks[*index].weight).sum::<usize>();
    // Too little: the hints may have lied, or the page is a gallery, whose text are its captions.
    let lenient = Marks::JUNK.without(Marks::COMMENTS.with(Marks::CONSENT));
    for keep in [lenient, lenient.with(Marks::FIGURE)] {
        if weight(&kept) >= MIN_WEIGHT {
            break;
        }
        let place = body::find(page, title, keep);
        let second = prune::blocks(page, &place, title, keep);
        if weight(&second) > 2 * weight(&kept) {
            kept = second;
        }
    }
    let (first, last) = (kept.first().copied(), kept.last().copied());
    let declared = declared.filter(|declared| page::weight_of(declared) * 4 > weight(&kept) * 5).map(plain_text);
    if let Some(text) = declared.filter(|text| weight(&kept) < MIN_WEIGHT || begins_alike(page, &kept, text)) {
        return Body { text, links: Vec::new(), headline: place.headline, first, last, is_declared: true };
    }
    let (text, links) = text::write_posts(page, &kept, base, moments);
    Body { text, links, headline: place.headline, first, last, is_declared: false }
}

/// Whether the first paragraphs of the page stand in a declared body: it is the same article, and a longer version.
fn begins_alike(page: &page::Page<'_>, kept: &[usize], declared: &str) -> bool {
    let declared = linked::letters(declared);
    let starts = kept.iter().map(|index| &page.blocks[*index]).filter(|block| page::is_running_text(block)).take(4);
    let (mut n_found, mut n_starts) = (0, 0);
    for block in starts {
        n_starts += 1;
        n_found += usize::from(declared.contains(&linked::letters(&block.text)));
    }
    n_found * 2 >= n_starts
}

/// A shorter body is looked for again without hints, in weight.
const MIN_WEIGHT: usize = 250;

/// Turns a fragment of HTML (a feed's content) into text, one paragraph a line, with its links.
#[must_use]
pub fn fragment(html: &str, base: &str) -> (String, Vec<OutgoingLink>) {
    if !html.contains(['<', '&']) {
        return (text::fold_lines(html), Vec::new());
    }
    let mut warnings = Vec::new();
    let document = Html::parse_fragment(&prepare::prepare(html, Keep::Read, &mut warnings).html);
    let page = page::read(&document);
    let all: Vec<usize> = (0..page.blocks.len()).collect();
    text::write(&page, &all, Url::parse(base).ok().as_ref())
}

/// Turns the text of an article that a feed carries into lines with its links, cleaned as a page is: without captions,
/// lists of links, offers to subscribe and what leads away.
#[must_use]
pub fn feed_text(html: &str, base: &str) -> (String, Vec<OutgoingLink>) {
    let mut warnings = Vec::new();
    let document = Html::parse_fragment(&prepare::prepare(html, Keep::Read, &mut warnings).html);
    let page = page::read(&document);
    let all: Vec<usize> = (0..page.blocks.len()).collect();
    let weight = |blocks: &[usize]| blocks.iter().map(|index| page.blocks[*index].weight).sum::<usize>();
    let place =
        body::Place { containers: (!page.elements.is_empty()).then_some(0).into_iter().collect(), headline: None };
    let kept = prune::blocks(&page, &place, None, Marks::NONE);
    // A feed holds the article and little else: where cleaning takes most of it, it took the article.
    let kept = if weight(&kept) * 2 < weight(&all) { all } else { kept };
    text::write(&page, &kept, Url::parse(base).ok().as_ref())
}

/// Turns a fragment of HTML into text, one paragraph a line.
#[must_use]
pub fn plain_text(html: &str) -> String {
    fragment(html, "").0
}

/// The feeds a page names in its head.
#[must_use]
pub fn feed_links(html: &[u8], url: &str) -> Vec<FeedLink> {
    let mut warnings = Vec::new();
    let text = decode::decode(html, None, &mut warnings);
    let document = Html::parse_document(&prepare::prepare(&text, Keep::Read, &mut warnings).html);
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

    /// The body of a page whose article is `html` between two paragraphs.
    fn body_with(html: &str) -> String {
        let page = format!(
            "<body><h1>Bridge reopens</h1><article><p>The old bridge over the river reopened on Tuesday after eleven \
             months of repairs, the city council said in a statement.</p>{html}</article></body>"
        );
        article(page.as_bytes(), "https://example.org/bridge", &ExtractOptions::default()).body
    }

    #[test]
    fn lists_within_items_are_judged_with_the_list_around_them() {
        let body = body_with(
            "<ul><li>Engineers have found cracks in two of its piers, and closed it to all traffic<ul>\
             <li><a href=/1>Report on the eastern pier</a></li><li><a href=/2>Report on the western pier</a></li></ul></li>\
             <li>About nine thousand cars a day will use it again</li></ul>\
             <ul><li><a href=/3>Another bridge</a></li><li><a href=/4>A third bridge</a></li></ul>\
             <p>The tram follows in the spring of the coming year, when its rails have been laid anew.</p>",
        );
        assert!(
            body.contains("closed it to all traffic\nReport on the eastern pier\nReport on the western pier\nAbout"),
            "{body}"
        );
        assert!(!body.contains("third bridge"), "{body}");
    }

    #[test]
    fn lines_of_one_element_are_text_however_short() {
        let lines = "+ New rails<br>+ New lamps<br>+ Wider lanes for bicycles<br>\
            + Benches at both ends of the bridge and on its southern side, with a view<br>+ Signs<br>+ Bins<br>+ A clock";
        let page = format!(
            "<body><h1>Bridge reopens</h1><article><p>News</p><div>A list of all changes to the bridge follows, with \
            those of spring.<br>{lines}</div></article></body>"
        );
        let body = article(page.as_bytes(), "https://example.org/bridge", &ExtractOptions::default()).body;
        for line in ["+ New rails", "+ Wider lanes", "+ Signs", "+ A clock"] {
            assert!(body.contains(line), "{line} not in {body}");
        }
        let body = body_with(
            "<p>The tram follows in the spring of the coming year, when its rails are laid anew.<br>Jane Roe</p>",
        );
        assert!(!body.contains("Jane Roe"), "{body}");
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
