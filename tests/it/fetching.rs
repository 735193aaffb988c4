//! Polite fetching, asserted in the log of a loopback server.

use std::future::Future;
use std::time::Duration;

use copytaster::fetch::{FetchOptions, FetchRequest, Fetcher, Purpose, RobotsRow, RobotsVerdict};
use copytaster::model::{FetchFailure, FetchOutcome, FetchedBody, Timestamp};

use crate::server::{Reply, Server, reply};

const NOW: Timestamp = Timestamp(1_763_942_400);

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(work)
}

fn options() -> FetchOptions {
    FetchOptions {
        host_spacing_ms: 0,
        allow_private: vec!["127.20.0.0/16".parse().expect("a range")],
        ..FetchOptions::default()
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(options()).expect("the options are fine")
}

fn feed(url: String) -> FetchRequest {
    FetchRequest { url, purpose: Purpose::Feed, now: NOW, ..FetchRequest::default() }
}

fn fetch(fetcher: &Fetcher, request: &FetchRequest) -> FetchOutcome {
    run(fetcher.fetch(request))
}

fn body(outcome: FetchOutcome) -> FetchedBody {
    match outcome {
        FetchOutcome::Body(body) => body,
        other => panic!("no body: {other:?}"),
    }
}

fn failure(outcome: FetchOutcome) -> FetchFailure {
    match outcome {
        FetchOutcome::Failed(failure) => failure,
        other => panic!("no failure: {other:?}"),
    }
}

#[test]
fn validators_return_byte_for_byte_and_304_is_success() {
    let server = Server::start("127.20.0.1", |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[("ETag", "\"new\""), ("Cache-Control", "max-age=600")], b""),
        None => {
            let etag = b"W/\"o\xe9dd--gzip\" x".to_vec();
            let headers =
                vec![("ETag".to_owned(), etag), ("Last-Modified".to_owned(), b"yesterday, 7 o'clock".to_vec())];
            Reply::Answer { status: 200, headers, body: b"<rss/>".to_vec() }
        }
    });
    let fetcher = fetcher();
    let first = body(fetch(&fetcher, &feed(server.url("/feed"))));
    assert_eq!(first.bytes, b"<rss/>");
    let again = FetchRequest { etag: first.etag, last_modified: first.last_modified, ..feed(server.url("/feed")) };
    let second = fetch(&fetcher, &again);
    let expected = FetchOutcome::Unchanged {
        etag: Some("\"new\"".to_owned()),
        last_modified: None,
        fresh_until: Some(NOW.plus(600)),
    };
    assert_eq!(second, expected);
    let seen = server.seen();
    assert_eq!(seen.len(), 2, "304 is not retried");
    assert_eq!(seen[0].header("if-none-match"), None);
    assert_eq!(seen[0].header("if-modified-since"), None);
    assert_eq!(seen[1].header("if-none-match"), Some(&b"W/\"o\xe9dd--gzip\" x"[..]));
    assert_eq!(seen[1].header("if-modified-since"), Some(&b"yesterday, 7 o'clock"[..]));
}

#[test]
fn requests_say_who_we_are_and_nothing_else() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/old?a=1" => reply(302, &[("Location", "/feed"), ("Set-Cookie", "id=1")], b""),
        _ => reply(200, &[], b"x"),
    });
    let fetcher = fetcher();
    body(fetch(&fetcher, &feed(server.url("/old?a=1"))));
    body(fetch(&fetcher, &feed(server.url("/feed"))));
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].path, "/old?a=1");
    for request in seen {
        let user_agent = String::from_utf8_lossy(request.header("user-agent").expect("a user agent")).into_owned();
        assert_eq!(user_agent, options().user_agent);
        assert_eq!(request.header("cookie"), None);
        assert_eq!(request.header("referer"), None);
        let encodings = String::from_utf8_lossy(request.header("accept-encoding").expect("encodings")).into_owned();
        assert!(encodings.contains("gzip") && encodings.contains("br"), "{encodings}");
    }
}

#[test]
fn redirects_are_followed_with_care() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/permanent" => reply(301, &[("Location", "/temporary")], b""),
        "/temporary" => reply(302, &[("Location", "feed")], b""),
        "/loop" => reply(302, &[("Location", "/loop2")], b""),
        "/loop2" => reply(302, &[("Location", "/loop")], b""),
        "/self" => reply(302, &[("Location", "/self")], b""),
        "/file" => reply(302, &[("Location", "file:///etc/passwd")], b""),
        "/data" => reply(302, &[("Location", "data:text/plain,x")], b""),
        "/nowhere" => reply(302, &[], b""),
        "/private" => reply(302, &[("Location", "http://127.66.0.1:9/")], b""),
        "/name" => reply(302, &[("Location", "http://localhost:9/")], b""),
        "/metadata" => reply(302, &[("Location", "http://169.254.169.254/")], b""),
        _ => reply(200, &[], b"feed"),
    });
    let fetcher = fetcher();
    let moved =
        body(fetch(&fetcher, &FetchRequest { etag: Some("\"a\"".to_owned()), ..feed(server.url("/permanent")) }));
    assert_eq!(moved.final_url, server.url("/feed"));
    assert_eq!(moved.permanent_url, Some(server.url("/temporary")));
    let seen = server.seen();
    assert_eq!(seen[0].header("if-none-match"), Some(&b"\"a\""[..]));
    assert!(seen[1..].iter().all(|request| request.header("if-none-match").is_none()));
    assert_eq!(body(fetch(&fetcher, &feed(server.url("/temporary")))).permanent_url, None);

    let check = |path: &str, kind: &str| {
        let failure = failure(fetch(&fetcher, &feed(server.url(path))));
        assert_eq!(failure.kind, kind, "{path}: {}", failure.reason);
    };
    check("/loop", "redirect");
    check("/self", "redirect");
    check("/file", "scheme");
    check("/data", "scheme");
    check("/nowhere", "redirect");
    check("/private", "blocked-address");
    check("/name", "blocked-address");
    check("/metadata", "blocked-address");
    let loops = server.seen().iter().filter(|request| request.path.starts_with("/loop")).count();
    assert_eq!(loops, options().max_redirects + 1);
}

#[test]
fn validators_of_the_final_address_go_only_there() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/old" => reply(302, &[("Location", "/feed")], b""),
        _ if request.header("if-none-match").is_some() => reply(304, &[], b""),
        _ => reply(200, &[("ETag", "\"f\"")], b"feed"),
    });
    let fetcher = fetcher();
    let first = body(fetch(&fetcher, &feed(server.url("/old"))));
    let again = FetchRequest { etag: first.etag, ..feed(server.url("/old")) };
    let second = run(fetcher.fetch_validated(&again, &first.final_url));
    assert!(matches!(second, FetchOutcome::Unchanged { .. }), "{second:?}");
    assert_eq!(server.seen()[2].header("if-none-match"), None);
}

#[test]
fn private_addresses_are_refused_before_connecting() {
    let server = Server::start("127.21.0.1", |_| reply(200, &[], b"secret"));
    let fetcher = fetcher();
    let port = server.address.port();
    let check = |host: &str, kind: &str| {
        let failure = failure(fetch(&fetcher, &feed(format!("http://{host}:{port}/"))));
        assert_eq!(failure.kind, kind, "{host}: {}", failure.reason);
        assert!(!failure.reason.is_empty());
    };
    for host in ["127.21.0.1", "localhost", "[::1]", "[::ffff:127.21.0.1]", "2130706433", "0x7f.1", "10.0.0.1", "0"] {
        check(host, "blocked-address");
    }
    assert!(server.seen().is_empty());
    for url in ["file:///etc/passwd", "ftp://127.20.0.1/", "gopher://x/", "javascript:alert(1)", "nonsense", ""] {
        assert_eq!(failure(fetch(&fetcher, &feed(url.to_owned()))).kind, "scheme", "{url}");
    }
}

/// 16 MiB of zero bytes as gzip, written by hand as fixed-Huffman runs of the longest match: no compressor needed.
fn gzip_bomb() -> Vec<u8> {
    struct Bits {
        bytes: Vec<u8>,
        n_bits: u32,
    }
    impl Bits {
        fn push(&mut self, value: u32, count: u32) {
            for bit in 0..count {
                if self.n_bits.is_multiple_of(8) {
                    self.bytes.push(0);
                }
                let last = self.bytes.len() - 1;
                self.bytes[last] |= u8::try_from((value >> bit & 1) << (self.n_bits % 8)).expect("one bit");
                self.n_bits += 1;
            }
        }
        /// Huffman codes go in from their highest bit.
        fn code(&mut self, code: u32, count: u32) {
            for bit in (0..count).rev() {
                self.push(code >> bit, 1);
            }
        }
    }
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], n_bits: 0 };
    bits.push(1, 1);
    bits.push(1, 2);
    bits.code(0x30, 8);
    for _ in 0..65_000 {
        // Length 258 (symbol 285), distance 1 (symbol 0).
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let mut bytes = bits.bytes;
    bytes.extend_from_slice(&[0; 8]);
    bytes
}

#[test]
fn caps_count_decompressed_bytes() {
    let bomb = gzip_bomb();
    assert!(bomb.len() < 120_000);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/bomb" => reply(200, &[("Content-Encoding", "gzip")], &bomb),
        "/large" => reply(200, &[], &vec![b'x'; 1_000_001]),
        // One stored block of five bytes and an empty last block.
        "/brotli" => reply(200, &[("Content-Encoding", "br")], b"\x40\x00\x10hello\x03"),
        "/damaged" => reply(200, &[("Content-Encoding", "gzip")], b"no gzip at all"),
        _ => reply(200, &[], &vec![b'x'; 1_000_000]),
    });
    let fetcher = Fetcher::new(FetchOptions { max_feed_bytes: 1_000_000, ..options() }).expect("the options are fine");
    let check = |path: &str, kind: &str| {
        let failure = failure(fetch(&fetcher, &feed(server.url(path))));
        assert_eq!(failure.kind, kind, "{path}: {}", failure.reason);
    };
    check("/bomb", "too-large");
    check("/large", "too-large");
    check("/damaged", "decode");
    assert_eq!(body(fetch(&fetcher, &feed(server.url("/fits")))).bytes.len(), 1_000_000);
    assert_eq!(body(fetch(&fetcher, &feed(server.url("/brotli")))).bytes, b"hello");
}

#[test]
fn a_host_that_asks_for_rest_gets_it() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/limited" => reply(429, &[("Retry-After", "120")], b""),
        _ => reply(200, &[], b"x"),
    });
    let other = Server::start("127.20.0.2", |request| match request.path.as_str() {
        "/date" => reply(
            503,
            &[("Date", "Mon, 24 Nov 2025 00:00:00 GMT"), ("Retry-After", "Mon, 24 Nov 2025 00:10:00 GMT")],
            b"",
        ),
        "/plain" => reply(503, &[], b""),
        _ => reply(200, &[], b"x"),
    });
    let fetcher = fetcher();
    let resting = FetchOutcome::RetryAfter { status: 429, until: NOW.plus(120) };
    assert_eq!(fetch(&fetcher, &feed(server.url("/limited"))), resting);
    assert_eq!(fetch(&fetcher, &feed(server.url("/other"))), resting);
    assert_eq!(server.seen().len(), 1, "the whole host rests");
    let later = FetchRequest { now: NOW.plus(121), ..feed(server.url("/other")) };
    body(fetch(&fetcher, &later));

    assert_eq!(failure(fetch(&fetcher, &feed(other.url("/plain")))).status, Some(503));
    let expected = FetchOutcome::RetryAfter { status: 503, until: NOW.plus(600) };
    assert_eq!(fetch(&fetcher, &feed(other.url("/date"))), expected);
}

#[test]
fn a_slow_answer_is_cut() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/stall" => Reply::Stall,
        "/truncated" => Reply::Truncated,
        _ => Reply::HangUp,
    });
    let fetcher = Fetcher::new(FetchOptions { total_timeout_s: 1, ..options() }).expect("the options are fine");
    assert_eq!(failure(fetch(&fetcher, &feed(server.url("/stall")))).kind, "timeout");
    assert_eq!(failure(fetch(&fetcher, &feed(server.url("/hang-up")))).kind, "reset");
    let truncated = failure(fetch(&fetcher, &feed(server.url("/truncated"))));
    assert_eq!(truncated.kind, "reset", "{}", truncated.reason);
    let closed = server.address.port();
    assert_eq!(failure(fetch(&fetcher, &feed(format!("http://127.20.77.1:{closed}/")))).kind, "connect");
    assert_eq!(failure(fetch(&fetcher, &feed(format!("https://{}/", server.address)))).kind, "tls");
}

#[test]
fn statuses_become_outcomes() {
    let server = Server::start("127.20.0.1", |request| {
        let status = request.path[1..].parse().expect("a status");
        let headers: &[(&str, &str)] = if status == 403 { &[("cf-mitigated", "challenge")] } else { &[] };
        reply(status, headers, b"")
    });
    let fetcher = fetcher();
    assert_eq!(fetch(&fetcher, &feed(server.url("/410"))), FetchOutcome::Gone);
    let check = |status: u16, kind: &str| {
        let failure = failure(fetch(&fetcher, &feed(server.url(&format!("/{status}")))));
        assert_eq!((failure.kind, failure.status), (kind, Some(status)), "{}", failure.reason);
    };
    check(404, "status");
    check(401, "status");
    check(403, "challenge");
    check(500, "status");
    check(204, "status");
    check(304, "status");
    let retry = FetchOutcome::RetryAfter { status: 429, until: NOW.plus(600) };
    assert_eq!(fetch(&fetcher, &feed(server.url("/429"))), retry);
}

#[test]
fn one_host_is_asked_one_at_a_time_and_spaced() {
    let server = Server::start("127.20.0.1", |_| reply(200, &[], b"x"));
    let fetcher = Fetcher::new(FetchOptions { host_spacing_ms: 60, ..options() }).expect("the options are fine");
    run(async {
        let (one, two, three) = (feed(server.url("/1")), feed(server.url("/2")), feed(server.url("/3")));
        tokio::join!(fetcher.fetch(&one), fetcher.fetch(&two), fetcher.fetch(&three))
    });
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for pair in seen.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= Duration::from_millis(30), "{gap:?}");
    }
}

#[test]
fn robots_are_asked_once_and_obeyed() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/robots.txt" => reply(200, &[], b"User-agent: *\nDisallow: /private\nAllow: /private/open\n"),
        _ => reply(200, &[], b"x"),
    });
    let missing = Server::start("127.20.0.2", |_| reply(404, &[], b""));
    let broken = Server::start("127.20.0.3", |_| reply(500, &[], b""));
    let fetcher = fetcher();
    let check = |url: String, expected: RobotsVerdict| {
        assert_eq!(run(fetcher.robots_allow(&url, NOW)), expected, "{url}");
    };
    check(server.url("/news"), RobotsVerdict::Allowed);
    check(server.url("/private/x"), RobotsVerdict::Disallowed { rule: "Disallow: /private".to_owned() });
    check(server.url("/private/open"), RobotsVerdict::Allowed);
    assert_eq!(server.seen().len(), 1, "cached");
    check(missing.url("/x"), RobotsVerdict::Allowed);
    check(broken.url("/x"), RobotsVerdict::Unreachable);
    run(fetcher.robots_allow(&server.url("/news"), NOW.plus(24 * 3600)));
    assert_eq!(server.seen().len(), 2, "asked again after a day");

    let rows = fetcher.robots_cache();
    assert_eq!(rows.len(), 3);
    let next_process = self::fetcher();
    next_process.seed_robots(rows);
    let url = server.url("/private/x");
    assert!(matches!(run(next_process.robots_allow(&url, NOW)), RobotsVerdict::Disallowed { .. }));
    assert_eq!(server.seen().len(), 2, "the seed is used");

    let off = Fetcher::new(FetchOptions { respect_robots: false, ..options() }).expect("the options are fine");
    off.seed_robots(vec![RobotsRow { host: server.url(""), body: None, status: None, until: NOW.plus(1) }]);
    assert_eq!(run(off.robots_allow(&url, NOW)), RobotsVerdict::Allowed);
}
