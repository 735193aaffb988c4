//! Links of Google News: kept as such, followed where their page or redirect says, and nothing guessed.

use crate::etiquette::world::World;
use crate::server::{Server, reply};

const LINK: &str = "https://news.google.com/rss/articles/CBMiKmFiYw?oc=5";

/// What a page needs to be taken for an article.
const PARAGRAPH: &str = "<p>The harbor board voted on Monday to close the old swing bridge for a year, after divers found \
    that two of its four piers had lost a third of their stone. Buses will cross by the north dam instead, and the ferry \
    will run until midnight.</p><p>Traders on the quay asked for a later start, since the herring market brings most of \
    their income in spring. The board will answer them before the end of the week.</p>";

fn article_page() -> String {
    format!(
        "<html><head><title>Bridge closes for a year</title></head><body><article><h1>Bridge closes for a year</h1>\
         {PARAGRAPH}</article></body></html>"
    )
}

/// A world that polled a feed of one Google News link, and another feed when it has an address.
fn world(other: Option<&str>) -> World {
    let aggregated = format!(
        "<rss version=\"2.0\"><channel><title>Bridge - Google News</title><item><title>Bridge closes for a year - \
         Quay Courier</title><link>{LINK}</link><guid isPermaLink=\"false\">CBMiKmFiYw</guid>\
         <source url=\"https://quaycourier.example\">Quay Courier</source></item></channel></rss>"
    );
    let own = other.map(|url| {
        format!(
            "<rss version=\"2.0\"><channel><title>Courier</title><item><title>Bridge closes for a year</title>\
             <link>{url}</link></item></channel></rss>"
        )
    });
    let server = Server::start("127.20.44.1", move |request| match (request.path.as_str(), &own) {
        ("/own", Some(own)) => reply(200, &[], own.as_bytes()),
        _ => reply(200, &[], aggregated.as_bytes()),
    });
    let world = World::new();
    world.add(&server.url("/aggregated"));
    world.poll();
    if other.is_some() {
        world.add(&server.url("/own"));
        world.poll();
    }
    world
}

fn entries_by_article(world: &World) -> String {
    world.value("SELECT group_concat(n) FROM (SELECT count(*) AS n FROM entry GROUP BY article_id ORDER BY article_id)")
}

#[test]
fn a_link_is_kept_as_such_under_the_outlet_its_feed_names() {
    let world = world(None);
    assert_eq!(world.value("SELECT identity FROM article"), LINK);
    assert_eq!(world.value("SELECT domain FROM outlet JOIN article ON outlet_id = outlet.id"), "quaycourier.example");
    assert_eq!(world.value("SELECT title FROM version"), "Bridge closes for a year");
}

#[test]
fn a_redirect_tells_the_article_and_its_text_is_kept() {
    let world = world(None);
    assert!(world.answer_scrape("https://www.quaycourier.example/bridge", &article_page()));
    assert_eq!(world.value("SELECT url FROM article"), "https://www.quaycourier.example/bridge");
    let kind = "SELECT kind FROM article_url WHERE identity = 'https://quaycourier.example/bridge'";
    assert_eq!(world.value(kind), "google-news");
    assert_eq!(world.value("SELECT body LIKE '%swing bridge%' FROM version ORDER BY id DESC LIMIT 1"), "1");
}

#[test]
fn a_page_that_names_the_article_sends_the_next_scrape_there() {
    let world = world(None);
    let page = "<html><head><link rel=\"canonical\" href=\"https://quaycourier.example/bridge\"></head><body>Opening</body></html>";
    assert!(!world.answer_scrape(LINK, page));
    assert_eq!(world.value("SELECT url FROM article"), "https://quaycourier.example/bridge");
    assert_eq!(world.value("SELECT next_scrape_at FROM article_state"), world.now.0.to_string());
    assert!(world.answer_scrape("https://quaycourier.example/bridge", &article_page()));
}

#[test]
fn a_page_that_says_nothing_leaves_the_link_alone() {
    let world = world(None);
    assert!(!world.answer_scrape(LINK, &article_page()), "the text of Google's own page is no article");
    assert_eq!(world.value("SELECT url FROM article"), LINK);
    assert_eq!(world.value("SELECT next_scrape_at FROM article_state"), "null");
    assert_eq!(
        world.value("SELECT reason FROM scrape"),
        "the page of the Google News link does not say which article it leads to"
    );
}

#[test]
fn an_article_known_from_its_own_feed_takes_over_the_entries_of_the_link() {
    let world = world(Some("https://quaycourier.example/bridge"));
    assert_eq!(entries_by_article(&world), "1,1");
    assert!(!world.answer_scrape("https://quaycourier.example/bridge", &article_page()));
    assert_eq!(entries_by_article(&world), "2");
    assert_eq!(world.value("SELECT next_scrape_at FROM article_state ORDER BY article_id LIMIT 1"), "null");
}
