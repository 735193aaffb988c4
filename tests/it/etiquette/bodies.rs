//! Rows 25, 26, 31 and 32: caps, article pages and robots.txt.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use copytaster::fetch::FetchOptions;

use crate::server::{Reply, Server, endless, reply};

use super::world::{DAY, HOUR, NOW, World, good, options, rss};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory is large enough");
    encoder.finish().expect("memory is large enough")
}

/// One stored block of up to 64 KiB and an empty last block (RFC 7932, section 9.2).
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let n = u32::try_from(bytes.len() - 1).ok().filter(|n| *n < 1 << 16).expect("a short text").to_le_bytes();
    let head = [n[0] << 4, n[0] >> 4 | n[1] << 4, n[1] >> 4 | 0x10];
    [&head, bytes, &[0x03]].concat()
}

/// Bytes that wait in the buffers of a loopback connection when one end stops reading: Linux lets a receive buffer grow to
/// 6 MiB and a send buffer to 4 MiB, and rounds up.
const BUFFERED: usize = 16 * 1024 * 1024;

#[test]
fn row_25_packed_answers_are_asked_for_unpacked_and_counted_on_the_wire() {
    let feed = rss("news", 30, "");
    let (zipped, brotlied, page) = (gzip(&feed), brotli(&feed), gzip(PAGE.as_bytes()));
    let n_wire_bytes = zipped.len() + brotlied.len();
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/gzip" => reply(200, &[("Content-Encoding", "gzip")], &zipped),
        "/br" => reply(200, &[("Content-Encoding", "br")], &brotlied),
        "/robots.txt" => reply(404, &[], b""),
        _ => reply(200, &[("Content-Encoding", "gzip")], &page),
    });
    let world = World::new();
    world.add(&server.url("/gzip"));
    world.add(&server.url("/br"));
    let summary = world.fetch();
    assert_eq!((summary.n_entries, summary.n_articles, summary.n_scraped), (60, 30, 30), "{summary:?}");
    let seen = server.seen();
    assert_eq!(seen.len(), 2 + 1 + 30);
    for request in seen {
        assert_eq!(request.header("accept-encoding"), Some(&b"gzip, br"[..]), "{}", request.path);
    }
    assert_eq!(world.value("SELECT sum(n_wire_bytes) FROM poll"), n_wire_bytes.to_string());
}

#[test]
fn row_25_the_cap_counts_unpacked_bytes() {
    const CAP: usize = 1_000_000;
    let bomb = gzip(&vec![0; 16 * 1024 * 1024]);
    assert!(bomb.len() < 20_000);
    let padded = |n_bytes: usize| {
        let mut feed = rss("news", 30, "");
        feed.resize(n_bytes, b' ');
        feed
    };
    let zipped = [("Content-Encoding", "gzip")];
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/bomb" => endless(&zipped, b"", &bomb),
        "/plain" => endless(&[], &padded(CAP), b"          "),
        "/twice" => reply(200, &[("Content-Encoding", "gzip, gzip")], &gzip(&gzip(&rss("news", 1, "")))),
        "/unasked" => reply(200, &[("Content-Encoding", "deflate")], b"x"),
        "/damaged" => reply(200, &zipped, b"no gzip at all"),
        "/half" => reply(200, &zipped, &gzip(&rss("news", 1, ""))[..20]),
        "/large" => reply(200, &zipped, &gzip(&padded(CAP + 1))),
        "/fits" => reply(200, &zipped, &gzip(&padded(CAP))),
        "/robots.txt" => reply(404, &[], b""),
        "/news/0" => endless(&zipped, b"", &bomb),
        _ => reply(200, &[], PAGE.as_bytes()),
    });
    let world = World::with(FetchOptions { max_feed_bytes: CAP, max_page_bytes: CAP, ..options() });
    let expected = [
        ("/bomb", "too-large"),
        ("/plain", "too-large"),
        ("/twice", "decode"),
        ("/unasked", "decode"),
        ("/damaged", "decode"),
        ("/half", "decode"),
        ("/large", "too-large"),
        ("/fits", "null"),
    ];
    for (path, _) in expected {
        world.add(&server.url(path));
    }
    let summary = world.fetch();
    for (path, kind) in expected {
        assert_eq!(world.failure_kind(&server.url(path)), kind, "{path}");
        assert_eq!(server.n_of(path), 1, "{path} is not asked for again");
    }
    for path in ["/bomb", "/plain", "/news/0"] {
        let sent = server.sent(path);
        assert!(sent.is_cut && sent.n_bytes < CAP + BUFFERED, "{sent:?}");
    }
    assert_eq!((summary.n_entries, summary.n_scraped, summary.n_scrape_failed), (30, 29, 1), "the rest goes on");
}

#[test]
fn row_26_a_body_ends_at_ten_mebibytes_unless_told_otherwise() {
    let server = Server::start("127.20.0.1", |_| endless(&[], b"<rss><channel>", &[b' '; 64 * 1024]));
    let world = World::of(&server);
    assert_eq!(world.poll().failed.len(), 1);
    let sent = server.sent("/feed");
    let cap = 10 * 1024 * 1024;
    assert!(sent.is_cut && (cap..cap + BUFFERED).contains(&sent.n_bytes), "{sent:?}");
}

#[test]
fn row_26_slow_and_broken_answers_are_cut() {
    const TIMEOUT_S: u64 = 2;
    // Each slow one is a host of its own, so that they are slow side by side.
    let slow = [("127.20.1.1", Reply::Stall), ("127.20.1.2", Reply::Drip), ("127.20.1.3", Reply::Silence)]
        .map(|(ip, reply)| Server::start(ip, move |_| reply.clone()));
    let mute = Server::mute("127.20.1.4");
    let broken = Server::start("127.20.1.5", |request| match request.path.as_str() {
        "/truncated" => Reply::Truncated,
        "/hang-up" => Reply::HangUp,
        _ => good(&[]),
    });
    let world = World::with(FetchOptions { total_timeout_s: TIMEOUT_S, ..options() });
    let mut expected: Vec<(String, &str)> = slow.iter().map(|server| (server.url("/feed"), "timeout")).collect();
    expected.extend([
        (broken.url("/truncated"), "reset"),
        (broken.url("/hang-up"), "reset"),
        // A plain server spoken to with TLS, one that never answers a handshake, and none at all.
        (format!("https://{}/", broken.address), "tls"),
        (format!("https://{}/", mute.address), "timeout"),
        (format!("http://127.20.77.1:{}/", broken.address.port()), "connect"),
        (broken.url("/feed"), "null"),
    ]);
    for (url, _) in &expected {
        world.add(url);
    }
    let summary = world.poll();
    for (url, kind) in &expected {
        assert_eq!(world.failure_kind(url), *kind, "{url}");
    }
    assert_eq!((summary.n_polled, summary.failed.len()), (expected.len(), expected.len() - 1));
    for server in &slow {
        let sent = server.sent("/feed");
        assert!(sent.is_cut && sent.took >= Duration::from_secs(TIMEOUT_S) / 2, "{sent:?}");
        assert!(sent.took < Duration::from_secs(TIMEOUT_S * 10), "{sent:?}");
        assert_eq!((server.seen().len(), server.n_connections()), (1, 1), "not asked again");
    }
    assert_eq!(mute.wait_until_closed(), 1, "an idle handshake is given up, and not tried again");
    let paths: BTreeSet<String> = broken.paths().into_iter().collect();
    assert_eq!((paths.len(), broken.seen().len()), (3, 3), "each asked for once: {paths:?}");
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
    assert_eq!(server.n_of("/news/0"), 1, "once for a new address");
    assert_eq!(world.value("SELECT body_state FROM version ORDER BY id DESC LIMIT 1"), "complete");
    for _ in 0..6 * 24 {
        world.now = world.now.plus(HOUR);
        world.fetch();
    }
    let visits: Vec<_> = server.seen().into_iter().filter(|request| request.path == "/news/0").collect();
    assert_eq!(visits.len(), 5, "after one hour, six, a day and three days");
    assert!(visits[1..].iter().all(|request| request.header("if-none-match") == Some(b"\"p\"")));
    let paths: BTreeSet<String> = server.paths().into_iter().collect();
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["/feed", "/news/0", "/robots.txt"], "and no icon or picture");
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
    assert_eq!(server.n_of("/full"), 0);
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
        assert_eq!(server.n_of("/news/0"), 1 + usize::from(is_retried), "{status}");
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
    assert_eq!(limited.n_of("/news/0"), 2);
}

#[test]
fn row_32_robots_txt_is_read_first_and_obeyed() {
    let rules = b"User-agent: *\nDisallow: /news/\nAllow: /news/open\n";
    let server = site(reply(200, &[], rules), |_| reply(200, &[], PAGE.as_bytes()));
    let world = World::of(&server);
    world.fetch();
    assert_eq!(server.paths(), ["/feed", "/robots.txt"], "the feed itself is subscribed, not crawled");
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
    assert_eq!(server.n_of("/robots.txt"), 1);
    world.now = NOW.plus(DAY + HOUR);
    world.fetch();
    assert_eq!(server.n_of("/robots.txt"), 2);
}

/// The pages among `/news/0` and `/news/1` that were fetched from a server with this robots.txt.
fn pages_fetched(robots: Reply, options: FetchOptions) -> (Vec<String>, Server) {
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("news", 2, "")),
        "/robots.txt" => robots.clone(),
        "/elsewhere.txt" => reply(200, &[], b"User-agent: *\nDisallow: /news/0\n"),
        "/around" => reply(302, &[("Location", "/around?again")], b""),
        path if path.starts_with("/around?") => reply(302, &[("Location", "/around")], b""),
        _ => reply(200, &[], PAGE.as_bytes()),
    });
    let world = World::with(options);
    world.add(&server.url("/feed"));
    world.fetch();
    let mut pages: Vec<String> = server.paths().into_iter().filter(|path| path.starts_with("/news/")).collect();
    pages.sort_unstable();
    (pages, server)
}

#[test]
fn row_32_pages_are_left_alone_as_robots_txt_says_or_while_it_cannot_be_had() {
    const BOTH: &[&str] = &["/news/0", "/news/1"];
    let check = |robots: Reply, expected: &[&str]| {
        let (pages, server) = pages_fetched(robots.clone(), options());
        assert_eq!(pages, expected, "{robots:?}");
        assert_eq!(&server.paths()[..2], ["/feed", "/robots.txt"], "{robots:?}");
        assert_eq!(server.n_of("/robots.txt"), 1, "{robots:?}");
    };
    for status in [400, 401, 403, 404, 410] {
        check(reply(status, &[], b""), BOTH);
    }
    for status in [500, 502, 503] {
        check(reply(status, &[], b""), &[]);
    }
    check(reply(429, &[("Retry-After", "60")], b""), &[]);
    check(Reply::HangUp, &[]);
    check(reply(200, &[], b""), BOTH);
    check(reply(200, &[], b"User-agent: *\nDisallow:\n"), BOTH);
    // The longest match wins, whatever stands first.
    check(reply(200, &[], b"User-agent: *\nAllow: /news/1\nDisallow: /news/\n"), &["/news/1"]);
    check(reply(200, &[], b"User-agent: *\nDisallow: /news/\nAllow: /news/0$\n"), &["/news/0"]);
    check(reply(200, &[], b"User-agent: *\nAllow: /\nDisallow: /news/0\n"), &["/news/1"]);
    check(reply(200, &[], b"User-agent: *\nDisallow: /*0\n"), &["/news/1"]);
    // Our own group counts alone.
    check(reply(200, &[], b"User-agent: *\nDisallow: /\n\nUser-agent: CopyTaster\nDisallow: /news/0\n"), &["/news/1"]);
    check(reply(200, &[], b"User-agent: copytaster/9\nDisallow: /\n\nUser-agent: *\nAllow: /\n"), &[]);
    check(reply(200, &[], b"User-agent: copytasters\nDisallow: /\n"), BOTH);
    // The file may stand elsewhere; one that is never reached forbids nothing (RFC 9309, section 2.3.1.2).
    check(reply(301, &[("Location", "/elsewhere.txt")], b""), &["/news/1"]);
    check(reply(302, &[("Location", "/around")], b""), BOTH);
}

#[test]
fn row_32_the_first_500_kib_of_robots_txt_count_and_the_rest_is_cut() {
    let rules = b"User-agent: *\nDisallow: /news/0\n";
    let (pages, server) = pages_fetched(endless(&[], rules, &b"# padding\n".repeat(1000)), options());
    assert_eq!(pages, ["/news/1"]);
    let sent = server.sent("/robots.txt");
    assert!(sent.is_cut && sent.n_bytes < 500 * 1024 + BUFFERED, "{sent:?}");
}

#[test]
fn row_32_robots_txt_is_asked_only_where_it_is_respected() {
    let (pages, server) = pages_fetched(reply(500, &[], b""), FetchOptions { respect_robots: false, ..options() });
    assert_eq!(pages, ["/news/0", "/news/1"]);
    assert_eq!(server.n_of("/robots.txt"), 0);
}

#[test]
fn row_32_a_robots_txt_that_failed_is_asked_for_again_an_hour_later() {
    let n = AtomicUsize::new(0);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("news", 1, "")),
        "/robots.txt" if n.fetch_add(1, Ordering::Relaxed) == 0 => reply(500, &[], b""),
        "/robots.txt" => reply(404, &[], b""),
        _ => reply(200, &[], PAGE.as_bytes()),
    });
    let mut world = World::of(&server);
    world.fetch();
    world.now = NOW.plus(HOUR - 60);
    world.fetch();
    assert_eq!((server.n_of("/robots.txt"), server.n_of("/news/0")), (1, 0));
    for _ in 0..24 {
        world.now = world.now.plus(HOUR);
        world.fetch();
    }
    let after: Vec<String> = server.paths().into_iter().filter(|path| path != "/feed").collect();
    assert_eq!(after[..3], ["/robots.txt", "/robots.txt", "/news/0"]);
}
