//! An article whose feed and page both give a text keeps the fuller one, and says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::etiquette::world::World;
use crate::server::{Server, reply};

const URL: &str = "https://harborpost.example/cranes";

/// The body of the current version.
const BODY: &str = "SELECT body FROM version v JOIN article_state s ON v.id = s.current_version";

fn paragraph(n: usize) -> String {
    format!(
        "<p>Bidder {n} of the cranes would leave them where they are, as a landmark with a view of the docks, the \
         chairwoman of the harbor board told the council on Monday.</p>"
    )
}

fn paragraphs(n: usize) -> String {
    (0..n).map(paragraph).collect()
}

fn page(body: &str) -> String {
    format!(
        "<title>Cranes for sale</title><meta property=\"og:type\" content=\"article\">\
         <meta name=\"author\" content=\"Ada Quay\"><meta name=\"article:content_tier\" content=\"locked\">\
         <article><h1>Cranes for sale</h1>{body}</article>"
    )
}

/// A world that polled a feed with the first `n` paragraphs of the article; more of them once the switch is set.
fn world(address: &str, n: usize, later: usize) -> (World, Arc<AtomicBool>) {
    let is_later = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_later);
    let server = Server::start(address, move |_| {
        let text = paragraphs(if switch.load(Ordering::Relaxed) { later } else { n });
        let feed = format!(
            "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Post</title>\
             <item><title>Cranes for sale</title><link>{URL}</link><guid>1</guid>\
             <content:encoded><![CDATA[{text}]]></content:encoded></item></channel></rss>"
        );
        reply(200, &[], feed.as_bytes())
    });
    let world = World::new();
    world.add(&server.url("/feed"));
    world.poll();
    // The server lives as long as the process: a later poll asks it again.
    std::mem::forget(server);
    (world, is_later)
}

#[test]
fn the_page_is_kept_where_it_has_more() {
    let (world, _) = world("127.20.47.1", 2, 2);
    assert!(world.answer_scrape(URL, &page(&paragraphs(9))));
    assert!(world.value(BODY).contains("Bidder 8"));
    assert!(world.told(&["history", "1"]).contains("the page's text is kept, the feed has no more of it: "));
}

#[test]
fn the_feed_is_kept_where_the_page_is_a_stub() {
    let (world, _) = world("127.20.47.2", 4, 4);
    world.answer_scrape(URL, &page(&paragraphs(2)));
    assert!(world.value(BODY).contains("Bidder 3"));
    // The page's other facts count.
    assert_eq!(world.value("SELECT byline FROM version ORDER BY id DESC LIMIT 1"), "Ada Quay");
    let told = world.told(&["history", "1"]);
    assert!(told.contains("the feed's text is kept, it holds the page's and more: "), "{told}");
}

#[test]
fn a_feed_that_brings_the_whole_text_later_replaces_the_stub() {
    let (mut world, is_later) = world("127.20.47.3", 1, 9);
    world.now = world.now.plus(60);
    assert!(world.answer_scrape(URL, &page(&paragraphs(2))));
    assert!(!world.value(BODY).contains("Bidder 3"));
    is_later.store(true, Ordering::Relaxed);
    world.now = world.now.plus(3_600);
    world.poll_all();
    assert!(world.value(BODY).contains("Bidder 8"));
    assert_eq!(world.value("SELECT byline FROM version ORDER BY id DESC LIMIT 1"), "Ada Quay");
    let told = world.told(&["history", "1"]);
    assert!(told.contains("the feed's text is kept, it is whole and the page's is paywalled-stub: "), "{told}");
}
