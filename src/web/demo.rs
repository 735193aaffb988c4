//! The demo's outlets: a miniature of the founding story served on loopback. All texts are demo texts in our own words.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const ARTICLES: &str = include_str!("demo_world/articles.txt");

/// Outlets that don't work: one answers a feed request with a page, one with 503.
const BROKEN: &[(&str, &str, &str)] =
    &[("Broken Gazette", "broken.example", "broken"), ("Silent Courier", "silent.example", "dead")];

/// A feed of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFeed {
    /// The outlet's name.
    pub outlet: String,
    /// The domain the outlet has in the register; the URL's host is an address.
    pub domain: String,
    /// Where the feed is served.
    pub url: String,
    /// The feed's title.
    pub title: String,
}

/// The running outlets; dropping it stops them.
#[derive(Debug)]
pub struct DemoServer {
    /// What to poll.
    pub feeds: Vec<DemoFeed>,
    /// CIDR ranges that a fetch has to allow.
    pub allow: Vec<String>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Piece {
    outlet: &'static str,
    domain: &'static str,
    kind: &'static str,
    language: &'static str,
    published: &'static str,
    title: &'static str,
    paragraphs: Vec<&'static str>,
}

struct Resource {
    media_type: &'static str,
    modified: String,
    body: String,
}

/// Binds one listener per outlet and serves until the answer is dropped.
pub async fn serve() -> io::Result<DemoServer> {
    let mut server =
        DemoServer { feeds: Vec::new(), allow: vec!["127.0.77.0/24".into(), "127.0.0.1/32".into()], tasks: Vec::new() };
    let mut host = 1;
    for piece in pieces() {
        let (listener, base) = bind(host).await?;
        host += 1;
        let (path, feed) = feed(&piece, &base);
        let modified = date(piece.published, "%a, %d %b %Y %H:%M:%S GMT");
        let resource = |media_type, body| Resource { media_type, modified: modified.clone(), body };
        let site = HashMap::from([
            (path.to_owned(), resource(media_type(piece.kind), feed)),
            ("/2025/11/story.html".to_owned(), resource("text/html; charset=utf-8", page(&piece, &base))),
            ("/robots.txt".to_owned(), resource("text/plain", "User-agent: *\nDisallow: /account/\n".to_owned())),
        ]);
        server.add(piece.outlet, piece.domain, format!("{base}{path}"), listener, Some(site));
    }
    for (outlet, domain, kind) in BROKEN {
        let (listener, base) = bind(host).await?;
        host += 1;
        let page = Resource {
            media_type: "text/html; charset=utf-8",
            modified: "Tue, 25 Nov 2025 18:00:00 GMT".to_owned(),
            body: "<!doctype html><title>Welcome</title><p>Our feeds have moved.</p>".to_owned(),
        };
        let site = (*kind == "broken").then(|| HashMap::from([("/feed.xml".to_owned(), page)]));
        server.add(outlet, domain, format!("{base}/feed.xml"), listener, site);
    }
    Ok(server)
}

impl DemoServer {
    fn add(
        &mut self,
        outlet: &str,
        domain: &str,
        url: String,
        listener: TcpListener,
        site: Option<HashMap<String, Resource>>,
    ) {
        let title = format!("{outlet} (demo)");
        self.feeds.push(DemoFeed { outlet: outlet.to_owned(), domain: domain.to_owned(), url, title });
        let site = Arc::new(site);
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
            let site = Arc::clone(&site);
            async move { answer(site.as_ref().as_ref(), &uri, &headers) }
        });
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "a demo outlet stopped");
            }
        }));
    }
}

async fn bind(host: u8) -> io::Result<(TcpListener, String)> {
    // Not every system answers on all of 127.0.0.0/8; there the outlets differ by port only.
    let own = TcpListener::bind(SocketAddr::from((Ipv4Addr::new(127, 0, 77, host), 0))).await;
    let listener = match own {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?,
    };
    let base = format!("http://{}", listener.local_addr()?);
    Ok((listener, base))
}

fn answer(site: Option<&HashMap<String, Resource>>, uri: &Uri, headers: &HeaderMap) -> Response {
    let Some(site) = site else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let Some(resource) = site.get(uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(resource.body.as_bytes()));
    let same = match headers.get(header::IF_NONE_MATCH) {
        Some(sent) => sent.as_bytes() == tag.as_bytes(),
        None => headers.get(header::IF_MODIFIED_SINCE).is_some_and(|at| at.as_bytes() == resource.modified.as_bytes()),
    };
    let validators = [(header::ETAG, tag), (header::LAST_MODIFIED, resource.modified.clone())];
    if same {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (validators, [(header::CONTENT_TYPE, resource.media_type)], resource.body.clone()).into_response()
}

fn pieces() -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for block in ARTICLES.split("=== ").skip(1) {
        let mut lines = block.lines();
        let mut fields = lines.next().unwrap_or_default().split('|');
        let mut next = || fields.next().unwrap_or_default();
        let (outlet, domain, kind, language, published, title) = (next(), next(), next(), next(), next(), next());
        let mut paragraphs = Vec::new();
        for line in lines {
            match line.strip_prefix("@copy ").and_then(|rest| rest.split_once(' ')) {
                Some((of, count)) => {
                    let original = found.iter().find(|piece| piece.outlet == of);
                    let kept = original.into_iter().flat_map(|piece| piece.paragraphs.iter().copied());
                    paragraphs.extend(kept.take(count.parse().unwrap_or(0)));
                }
                None => paragraphs.push(line),
            }
        }
        found.push(Piece { outlet, domain, kind, language, published, title, paragraphs });
    }
    found
}

fn date(published: &str, format: &str) -> String {
    let time: jiff::Timestamp = published.parse().expect("the bundled times are valid");
    time.strftime(format).to_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn media_type(kind: &str) -> &'static str {
    match kind {
        "json" => "application/feed+json",
        "atom" => "application/atom+xml",
        "rdf" => "application/rdf+xml",
        _ => "application/rss+xml",
    }
}

fn feed(piece: &Piece, base: &str) -> (&'static str, String) {
    let (outlet, title, at) = (escape(piece.outlet), escape(piece.title), piece.published);
    let summary = escape(piece.paragraphs.first().copied().unwrap_or_default());
    let link = format!("{base}/2025/11/story.html");
    match piece.kind {
        "json" => (
            "/feed.json",
            serde_json::json!({
                "version": "https://jsonfeed.org/version/1.1", "title": format!("{} (demo)", piece.outlet),
                "home_page_url": base, "language": piece.language,
                "items": [{"id": link, "url": link, "title": piece.title, "date_published": at,
                    "summary": piece.paragraphs.first()}],
            })
            .to_string(),
        ),
        "atom" => (
            "/atom.xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\"><id>{base}/</id><title>{outlet} (demo)</title><updated>{at}</updated><link href=\"{base}/\"/><entry><id>{link}</id><title>{title}</title><link href=\"{link}\"/><published>{at}</published><updated>{at}</updated><author><name>{outlet}</name></author><summary>{summary}</summary></entry></feed>",
                piece.language
            ),
        ),
        "rdf" => (
            "/index.rdf",
            format!(
                "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"{base}/\"><title>{outlet} (demo)</title><link>{base}/</link><description>Demo</description><items><rdf:Seq><rdf:li rdf:resource=\"{link}\"/></rdf:Seq></items></channel><item rdf:about=\"{link}\"><title>{title}</title><link>{link}</link><description>{summary}</description><dc:date>{at}</dc:date></item></rdf:RDF>"
            ),
        ),
        _ => (
            "/rss.xml",
            format!(
                "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>{outlet} (demo)</title><link>{base}/</link><description>Demo</description><language>{}</language><item><title>{title}</title><link>{link}?utm_source=rss</link><guid isPermaLink=\"true\">{link}</guid><description>{summary}</description><pubDate>{}</pubDate></item></channel></rss>",
                piece.language,
                date(at, "%a, %d %b %Y %H:%M:%S GMT")
            ),
        ),
    }
}

fn page(piece: &Piece, base: &str) -> String {
    let (outlet, title, at) = (escape(piece.outlet), escape(piece.title), piece.published);
    let body: String = piece.paragraphs.iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect();
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title} | {outlet}</title>\n<link rel=\"canonical\" href=\"{base}/2025/11/story.html\"><meta property=\"og:site_name\" content=\"{outlet}\"><meta property=\"og:title\" content=\"{title}\"><meta property=\"article:published_time\" content=\"{at}\"></head>\n<body><div class=\"cookie-consent\" role=\"dialog\"><p>We value your privacy. Accept cookies?</p><button>Accept all</button></div>\n<header><nav><ul><li><a href=\"/\">Home</a></li><li><a href=\"/world\">World</a></li><li><a href=\"/sport\">Sport</a></li></ul></nav></header>\n<main><article><h1>{title}</h1><p class=\"byline\">By {outlet}</p><time datetime=\"{at}\">{at}</time>\n<div class=\"article-body\">\n{body}</div></article>\n<aside class=\"related\"><h2>Related</h2><ul><li><a href=\"/a\">Ten recipes for winter</a></li><li><a href=\"/b\">Quiz of the week</a></li></ul></aside></main>\n<footer><p>Demo text written for copytaster; not published by {outlet}.</p><a href=\"/terms\">Terms</a></footer></body></html>",
        piece.language
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn get(url: &str, extra: &str) -> String {
        let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{extra}\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_feed_answers_as_its_kind() {
        let server = serve().await.unwrap();
        assert_eq!(server.feeds.len(), 16);
        for feed in &server.feeds {
            let text = get(&feed.url, "");
            let status = if feed.outlet == "Silent Courier" { "HTTP/1.1 503" } else { "HTTP/1.1 200" };
            assert!(text.starts_with(status), "{}: {text}", feed.url);
            let kinds = ["<rss ", "<feed ", "<rdf:RDF ", "jsonfeed.org"];
            let found = kinds.iter().filter(|kind| text.contains(**kind)).count();
            assert_eq!(found, usize::from(!feed.domain.ends_with(".example")), "{text}");
        }
        let first = &server.feeds[0].url;
        let text = get(first, "");
        let tag = text.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        assert!(get(first, &format!("If-None-Match: {tag}\r\n")).starts_with("HTTP/1.1 304"));
        let page = first.replace("/rss.xml", "/2025/11/story.html");
        assert!(get(&page, "").contains("article-body"));
    }

    #[test]
    fn copies_repeat_the_agency() {
        let pieces = pieces();
        let of = |name: &str| &pieces.iter().find(|piece| piece.outlet == name).unwrap().paragraphs;
        assert_eq!(of("AFP"), of("Dawn"));
        assert_eq!(of("AFP")[..4], of("The Straits Times")[..4]);
    }
}
