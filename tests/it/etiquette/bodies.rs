//! Rows 25, 26, 31 and 32: caps, article pages and robots.txt.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use copytaster::fetch::{FetchOptions, RobotsVerdict};

use crate::server::{Reply, Server, reply};

use super::fetcher::{body, failure, feed, fetch, fetcher, run};
use super::world::{DAY, HOUR, NOW, World, options, rss};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory is large enough");
    encoder.finish().expect("memory is large enough")
}

#[test]
fn row_25_packed_answers_are_asked_for_unpacked_and_counted_on_the_wire() {
    let packed = gzip(&rss("news", 30, ""));
    let n_wire_bytes = packed.len();
    let server = Server::start("127.20.0.1", move |_| reply(200, &[("Content-Encoding", "gzip")], &packed));
    let world = World::of(&server);
    assert_eq!(world.poll().n_entries, 30);
    let asked = String::from_utf8_lossy(server.seen()[0].header("accept-encoding").expect("encodings")).into_owned();
    assert!(asked.contains("gzip") && asked.contains("br"), "{asked}");
    assert_eq!(world.value("SELECT n_wire_bytes FROM poll"), n_wire_bytes.to_string());
}

#[test]
fn row_25_the_cap_counts_unpacked_bytes() {
    let bomb = gzip(&vec![0; 16 * 1024 * 1024]);
    assert!(bomb.len() < 20_000);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/bomb" => reply(200, &[("Content-Encoding", "gzip")], &bomb),
        "/twice" => reply(200, &[("Content-Encoding", "gzip, gzip")], &gzip(&bomb)),
        "/large" => reply(200, &[], &vec![b'x'; 1_000_001]),
        // One stored block of five bytes and an empty last block.
        "/brotli" => reply(200, &[("Content-Encoding", "br")], b"\x40\x00\x10hello\x03"),
        "/damaged" => reply(200, &[("Content-Encoding", "gzip")], b"no gzip at all"),
        "/half" => reply(200, &[("Content-Encoding", "gzip")], &gzip(b"some words in a row")[..20]),
        _ => reply(200, &[], &vec![b'x'; 1_000_000]),
    });
    let fetcher = fetcher(FetchOptions { max_feed_bytes: 1_000_000, ..options() });
    let check = |path: &str, kind: &str| {
        let failure = failure(fetch(&fetcher, &feed(server.url(path))));
        assert_eq!(failure.kind, kind, "{path}: {}", failure.reason);
    };
    check("/bomb", "too-large");
    check("/twice", "decode");
    check("/large", "too-large");
    check("/damaged", "decode");
    check("/half", "decode");
    assert_eq!(body(fetch(&fetcher, &feed(server.url("/fits")))).bytes.len(), 1_000_000);
    assert_eq!(body(fetch(&fetcher, &feed(server.url("/brotli")))).bytes, b"hello");
}

#[test]
fn row_26_slow_and_broken_answers_are_cut() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/stall" => Reply::Stall,
        "/drip" => Reply::Drip,
        "/truncated" => Reply::Truncated,
        "/silence" => Reply::Silence,
        _ => Reply::HangUp,
    });
    let fetcher = fetcher(FetchOptions { total_timeout_s: 1, ..options() });
    let check = |url: String, kind: &str| {
        let started = std::time::Instant::now();
        let failure = failure(fetch(&fetcher, &feed(url.clone())));
        assert_eq!(failure.kind, kind, "{url}: {}", failure.reason);
        assert!(started.elapsed().as_secs() < 3, "{url}");
    };
    check(server.url("/stall"), "timeout");
    check(server.url("/drip"), "timeout");
    check(server.url("/silence"), "timeout");
    check(server.url("/hang-up"), "reset");
    check(server.url("/truncated"), "reset");
    check(format!("http://127.20.77.1:{}/", server.address.port()), "connect");
    // A plain server spoken to with TLS, and one that never answers a handshake.
    check(format!("https://{}/", server.address), "tls");
    let mute = Server::mute("127.20.0.2");
    check(format!("https://{}/", mute.address), "timeout");
}

const PAGE: &str = "<html><head><title>A bridge is closed</title></head><body><article><h1>A bridge is closed</h1>\
    <p>The old bridge over the river Lenn was closed to all traffic on Monday after engineers had found cracks in two \
    of its piers, the council of Marlow said in a statement that it published in the afternoon.</p>\
    <p>Repairs are expected to take eleven months, and a ferry will carry people on foot from one bank to the other \
    until the work is done, according to the head of the council, who asked everybody for patience.</p>\
    <p>Shopkeepers on the east bank said that they feared for their trade, since most of their customers come over \
    the bridge in the morning, and that they had not been told about the closure before it happened.</p></article></body></html>";

/// Serves a feed of one entry, its page and a robots.txt; returns the server.
fn site(robots: Reply, page: impl Fn(&crate::server::SeenRequest) -> Reply + Send + Sync + 'static) -> Server {
    Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => reply(200, &[("ETag", "\"f\"")], &rss("news", 1, "")),
        "/robots.txt" => robots.clone(),
        _ => page(request),
    })
}

fn n_of(server: &Server, path: &str) -> usize {
    server.seen().iter().filter(|request| request.path == path).count()
}

#[test]
fn row_31_a_page_is_fetched_once_then_rarely_and_conditionally() {
    let server = site(reply(404, &[], b""), |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[], b""),
        None => reply(200, &[("ETag", "\"p\""), ("Content-Type", "text/html")], PAGE.as_bytes()),
    });
    let mut world = World::of(&server);
    assert_eq!(world.fetch().n_scraped, 1);
    for _ in 0..5 {
        world.now = world.now.plus(300);
        world.fetch();
    }
    assert_eq!(n_of(&server, "/news/0"), 1, "once for a new address");
    assert_eq!(world.value("SELECT body_state FROM version ORDER BY id DESC LIMIT 1"), "complete");
    for _ in 0..6 * 24 {
        world.now = world.now.plus(HOUR);
        world.fetch();
    }
    let visits: Vec<_> = server.seen().into_iter().filter(|request| request.path == "/news/0").collect();
    assert_eq!(visits.len(), 5, "after one hour, six, a day and three days");
    assert!(visits[1..].iter().all(|request| request.header("if-none-match") == Some(b"\"p\"")));
}

#[test]
fn row_31_validators_of_a_page_are_kept_where_it_redirects() {
    let server = site(reply(404, &[], b""), |request| match (request.path.as_str(), request.header("if-none-match")) {
        ("/news/0", _) => reply(301, &[("Location", "/moved")], b""),
        (_, Some(_)) => reply(304, &[], b""),
        _ => reply(200, &[("ETag", "\"p\"")], PAGE.as_bytes()),
    });
    let mut world = World::of(&server);
    world.fetch();
    world.now = world.now.plus(2 * HOUR);
    world.fetch();
    let sent: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|request| request.path == "/moved" || request.path == "/news/0")
        .map(|request| (request.path.clone(), request.header("if-none-match").is_some()))
        .collect();
    let expected = [("/news/0", false), ("/moved", false), ("/news/0", false), ("/moved", true)];
    assert_eq!(sent, expected.map(|(path, sent)| (path.to_owned(), sent)));
}

#[test]
fn row_31_full_text_in_the_feed_spares_the_page() {
    let text = "The council met in the old hall and spoke about the bridge for the whole evening. ".repeat(12);
    let feed = format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>t</title><item>\
         <title>The council meets</title><link>/full</link><content:encoded><![CDATA[<p>{text}</p>]]></content:encoded>\
         </item></channel></rss>"
    );
    let server = Server::start("127.20.0.1", move |_| reply(200, &[], feed.as_bytes()));
    let world = World::of(&server);
    world.fetch();
    assert_eq!(n_of(&server, "/full"), 0);
    assert_eq!(world.value("SELECT source || ' ' || body_state FROM version"), "feed complete");
    assert_eq!(world.value("SELECT page_state FROM article_state"), "full-text-in-feed");
}

#[test]
fn row_31_refusals_are_states_and_never_text() {
    let check = |status: u16, headers: &'static [(&'static str, &'static str)], state: &str, is_retried: bool| {
        let server = site(reply(404, &[], b""), move |_| reply(status, headers, PAGE.as_bytes()));
        let mut world = World::of(&server);
        let summary = world.fetch();
        assert_eq!((summary.n_scraped, summary.n_scrape_failed), (0, 1), "{status}");
        assert_eq!(world.value("SELECT page_state FROM article_state"), state, "{status}");
        assert_eq!(world.value("SELECT count(*) FROM version WHERE source = 'page'"), "0");
        assert_ne!(world.value("SELECT reason FROM scrape"), "null");
        world.now = world.now.plus(7 * HOUR);
        world.fetch();
        assert_eq!(n_of(&server, "/news/0"), 1 + usize::from(is_retried), "{status}");
    };
    check(401, &[], "blocked", false);
    check(403, &[], "blocked", false);
    check(403, &[("cf-mitigated", "challenge")], "challenge", false);
    check(404, &[], "not-found", false);
    check(410, &[], "gone", false);
    check(500, &[], "unreachable", true);
    let limited = site(reply(404, &[], b""), |_| reply(429, &[("Retry-After", "3600")], b""));
    let mut world = World::of(&limited);
    world.fetch();
    assert_eq!(world.value("SELECT failure_kind FROM scrape"), "retry-after");
    world.now = world.now.plus(3601);
    world.fetch();
    assert_eq!(n_of(&limited, "/news/0"), 2);
}

#[test]
fn row_32_robots_txt_is_read_first_and_obeyed() {
    let rules = b"User-agent: *\nDisallow: /news/\nAllow: /news/open\n";
    let server = site(reply(200, &[], rules), |_| reply(200, &[], PAGE.as_bytes()));
    let world = World::of(&server);
    world.fetch();
    let paths: Vec<String> = server.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/feed", "/robots.txt"], "the feed itself is subscribed, not crawled");
    assert_eq!(world.value("SELECT page_state FROM article_state"), "robots");
    assert!(world.value("SELECT reason FROM scrape").contains("Disallow: /news/"));
}

#[test]
fn row_32_robots_txt_is_kept_for_a_day_also_by_the_next_process() {
    let pages = AtomicUsize::new(0);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss(&format!("news{}", pages.fetch_add(1, Ordering::Relaxed)), 1, "")),
        "/robots.txt" => reply(200, &[], b""),
        _ => reply(200, &[], PAGE.as_bytes()),
    });
    let mut world = World::of(&server);
    world.fetch();
    for _ in 0..5 {
        world.restart();
        world.now = world.now.plus(4 * HOUR);
        world.fetch();
    }
    assert_eq!(n_of(&server, "/robots.txt"), 1);
    world.now = NOW.plus(DAY + HOUR);
    world.fetch();
    assert_eq!(n_of(&server, "/robots.txt"), 2);
}

#[test]
fn row_32_robots_txt_that_fails() {
    let fetcher = fetcher(options());
    let check = |answer: Reply, expected: RobotsVerdict| {
        let server = Server::start("127.20.0.1", move |_| answer.clone());
        assert_eq!(run(fetcher.robots_allow(&server.url("/private/x"), NOW)), expected);
    };
    check(reply(404, &[], b""), RobotsVerdict::Allowed);
    check(reply(403, &[], b""), RobotsVerdict::Allowed);
    check(reply(500, &[], b""), RobotsVerdict::Unreachable);
    check(Reply::HangUp, RobotsVerdict::Unreachable);
    let rules = b"User-agent: *\nAllow: /\n\nUser-agent: CopyTaster\nDisallow: /private\n";
    check(reply(200, &[], rules), RobotsVerdict::Disallowed { rule: "Disallow: /private".to_owned() });
    let mut long = rules.to_vec();
    long.extend(b"# padding\n".repeat(100_000));
    check(reply(200, &[], &long), RobotsVerdict::Disallowed { rule: "Disallow: /private".to_owned() });
    let off = self::fetcher(FetchOptions { respect_robots: false, ..options() });
    assert_eq!(run(off.robots_allow("http://127.20.0.1:9/private", NOW)), RobotsVerdict::Allowed);
}
