//! `feed add` with a home page: what it names, the usual places, the site's news sitemaps.

use crate::program::Test;
use crate::server::{Reply, Server, reply};

const RSS: &[u8] = b"<rss version=\"2.0\"><channel><title>The Orrin Post</title><item><title>Dam cracks</title>\
    <link>https://post.example/1</link></item></channel></rss>";

/// A site that has the given paths and a home page with `head`.
fn site(head: &'static str, paths: &'static [(&'static str, &'static str, &'static [u8])]) -> Server {
    Server::start("127.0.0.1", move |request| {
        if request.path == "/" {
            let page = format!("<!doctype html><html><head><title>Post</title>{head}</head><body>News</body></html>");
            return reply(200, &[("content-type", "text/html")], page.as_bytes());
        }
        let found = paths.iter().find(|(path, _, _)| *path == request.path);
        found.map_or_else(|| reply(404, &[], b"no"), |(_, kind, body)| reply(200, &[("content-type", kind)], body))
    })
}

const NEWS: &[u8] = b"<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
        xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>https://post.example/1</loc><news:news>\
        <news:publication_date>2025-11-25T18:00:00Z</news:publication_date><news:title>Dam cracks</news:title></news:news>\
        </url></urlset>";

fn add(site: &Server) -> (Test, Option<i32>, String) {
    let test = Test::empty();
    let url = format!("http://{}/", site.address);
    let output = test
        .command(&["feed", "add", &url])
        .env("COPYTASTER_ALLOW_PRIVATE", "127.0.0.1/32")
        .env("COPYTASTER_HOST_SPACING_MS", "0")
        .output()
        .unwrap();
    (test, output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn feeds(test: &Test) -> Vec<String> {
    let lines = test.stdout(&["--format", "jsonl", "feed", "list"]);
    let url = |line: &str| {
        let feed: serde_json::Value = serde_json::from_str(line).unwrap();
        let url = url::Url::parse(feed["url"].as_str().unwrap()).unwrap();
        url.path().to_owned()
    };
    lines.lines().map(url).collect()
}

#[test]
fn a_page_that_names_one_feed_adds_it() {
    let head = "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"All news\" href=\"/all.xml\">";
    let (test, code, said) = add(&site(head, &[]));
    assert_eq!((code, feeds(&test)), (Some(0), vec!["/all.xml".to_owned()]), "{said}");
}

#[test]
fn a_page_that_names_several_feeds_lists_them_to_choose_from() {
    let head = "<link rel=alternate type=application/atom+xml title=World href=/world.atom>\
                <link rel=alternate type=application/rss+xml title=Sport href=/sport.rss>";
    let (_test, code, said) = add(&site(head, &[]));
    assert_eq!(code, Some(1));
    assert!(said.contains("/world.atom   World") && said.contains("/sport.rss   Sport"), "{said}");
}

#[test]
fn a_page_that_names_none_is_asked_for_the_usual_places() {
    let (test, code, said) = add(&site("", &[("/rss.xml", "application/rss+xml", RSS)]));
    assert_eq!((code, feeds(&test)), (Some(0), vec!["/rss.xml".to_owned()]), "{said}");
    assert!(test.stdout(&["feed", "list"]).contains("The Orrin Post"));
}

#[test]
fn agencies_without_feeds_are_followed_by_their_news_sitemap() {
    let (test, code, said) = add(&site("", &[("/news-sitemap.xml", "application/xml", NEWS)]));
    assert_eq!((code, feeds(&test)), (Some(0), vec!["/news-sitemap.xml".to_owned()]), "{said}");
}

#[test]
fn a_page_without_any_feed_says_so() {
    let (_test, code, said) = add(&site("", &[]));
    assert_eq!(code, Some(1));
    assert!(said.contains("none was found in the usual places"), "{said}");
    let (_test, code, said) = add(&Server::start("127.0.0.1", |_| Reply::HangUp));
    assert_eq!(code, Some(1));
    assert!(said.contains("127.0.0.1"), "{said}");
}

#[test]
fn the_news_sitemaps_of_an_index_become_feeds() {
    let site = Server::start("127.0.0.1", |request| {
        let host = String::from_utf8_lossy(request.header("host").unwrap_or_default()).into_owned();
        match request.path.as_str() {
            "/index.xml" => {
                let entry = |name: &str| format!("<sitemap><loc>http://{host}/{name}.xml</loc></sitemap>");
                let index = format!("<sitemapindex>{}{}</sitemapindex>", entry("news-today"), entry("videos"));
                reply(200, &[("content-type", "application/xml")], index.as_bytes())
            }
            "/news-today.xml" => reply(200, &[("content-type", "application/xml")], NEWS),
            _ => reply(404, &[], b"no"),
        }
    });
    let test = Test::empty();
    let run = |arguments: &[&str]| {
        let mut command = test.command(arguments);
        command.env("COPYTASTER_ALLOW_PRIVATE", "127.0.0.1/32").env("COPYTASTER_HOST_SPACING_MS", "0");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    run(&["feed", "add", &format!("http://{}/index.xml", site.address)]);
    run(&["fetch", "--no-bodies"]);
    let second = run(&["fetch", "--no-bodies"]);
    assert_eq!(feeds(&test), ["/index.xml", "/news-today.xml"]);
    assert!(second.contains("1 new entry"), "{second}");
    assert!(test.stdout(&["search", "dam"]).contains("Dam cracks"));
    run(&["feed", "rm", &format!("http://{}/news-today.xml", site.address)]);
    run(&["fetch", "--all", "--no-bodies"]);
    assert_eq!(feeds(&test), ["/index.xml"], "a removed feed stays removed");
}
