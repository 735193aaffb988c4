//! Row 29 and its neighbors over HTTP/2: one connection a host, and the same manners as over HTTP/1.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use copytaster::fetch::FetchOptions;
use h2::Reason;

use crate::server::{Reply, SeenRequest, Server, endless, reply};
use crate::tls;

use super::world::{HOUR, NOW, World, good, options};

fn trusting() -> FetchOptions {
    FetchOptions { extra_authorities: vec![tls::authority()], ..options() }
}

/// Does `check` to a server that speaks HTTP/1 and to one that speaks HTTP/2, both of which answer alike.
fn over_both<A>(answer: impl Fn() -> A, check: impl Fn(&Server, World))
where
    A: Fn(&SeenRequest) -> Reply + Send + Sync + 'static,
{
    check(&Server::start("127.20.0.1", answer()), World::with(trusting()));
    check(&Server::http2(answer()), World::with(trusting()));
}

/// Polls and scrapes seven addresses of one host; tells the most it was asked at once and over how many connections.
fn at_once(per_host_concurrency: usize) -> (usize, usize) {
    let under_way = (Mutex::new(0), Condvar::new());
    let server = Server::http2(move |_| {
        let (count, changed) = &under_way;
        let mut n = count.lock().expect("no answer panicked");
        *n += 1;
        changed.notify_all();
        // Each request waits a while for a fourth that should not come.
        let (mut n, _) =
            changed.wait_timeout_while(n, Duration::from_millis(100), |n| *n < 4).expect("no answer panicked");
        *n -= 1;
        good(&[])
    });
    let world = World::with(FetchOptions { per_host_concurrency, ..trusting() });
    for n in 0..7 {
        world.add(&server.url(&format!("/{n}")));
    }
    assert_eq!(world.fetch().failed.len(), 0);
    let seen = server.seen();
    assert_eq!(seen.len(), 7 + 1 + 3, "feeds, robots.txt, pages");
    (server.most_at_once(), seen.iter().map(|request| request.connection).collect::<BTreeSet<_>>().len())
}

#[test]
fn row_29_over_http_2_one_connection_carries_as_many_streams_as_the_host_may_have() {
    assert_eq!(at_once(1), (1, 1));
    assert_eq!(at_once(3), (3, 1));
}

#[test]
fn rows_01_to_06_validators_and_304_are_the_same_over_http_2() {
    let answer = || {
        |request: &SeenRequest| match request.header("if-none-match") {
            None => good(&[("ETag", "W/\"a-gzip\""), ("Last-Modified", "yesterday")]),
            Some(b"W/\"a-gzip\"") => reply(304, &[("ETag", "\"b\"")], b""),
            Some(_) => reply(304, &[], b""),
        }
    };
    over_both(answer, |server, mut world| {
        world.add(&server.url("/feed"));
        world.poll();
        for _ in 0..3 {
            world.wait_and_poll();
        }
        assert_eq!(world.value("SELECT group_concat(outcome) FROM poll"), "new,unchanged,unchanged,unchanged");
        let seen = server.seen();
        let sent = |name| seen.iter().map(|request| request.header(name)).collect::<Vec<_>>();
        let etags = [None, Some(&b"W/\"a-gzip\""[..]), Some(b"\"b\""), Some(b"\"b\"")];
        assert_eq!(sent("if-none-match"), etags);
        assert_eq!(sent("if-modified-since")[1..], [Some(&b"yesterday"[..]); 3]);
        let headers = ["accept", "accept-encoding", "user-agent"].map(|name| sent(name)[0].is_some());
        assert_eq!(headers, [true; 3]);
        for name in ["cookie", "referer", "origin", "pragma"] {
            assert_eq!(sent(name), [None; 4], "{name}");
        }
    });
}

#[test]
fn rows_14_and_15_a_wish_to_be_left_alone_is_the_same_over_http_2() {
    for status in [429, 503] {
        let answer = move || move |_: &SeenRequest| reply(status, &[("Retry-After", "7200")], b"");
        over_both(answer, |server, mut world| {
            world.add(&server.url("/limited"));
            world.add(&server.url("/other"));
            let summary = world.poll();
            assert_eq!((summary.n_waiting, summary.failed.len()), (2, 0), "{summary:?}");
            world.restart();
            world.now = NOW.plus(7199);
            assert_eq!(world.poll_all().n_waiting, 2);
            assert_eq!(server.seen().len(), 1, "the whole host rests");
        });
    }
}

#[test]
fn rows_08_and_21_to_23_redirects_are_the_same_over_http_2() {
    let answer = || {
        |request: &SeenRequest| match request.path.as_str() {
            "/moved" => reply(301, &[("Location", "/feed"), ("ETag", "\"of the redirect\"")], b""),
            "/circle" => reply(302, &[("Location", "/circle?again")], b""),
            "/circle?again" => reply(302, &[("Location", "/circle")], b""),
            "/inside" => reply(302, &[("Location", "https://127.21.0.1/")], b""),
            "/file" => reply(302, &[("Location", "file:///etc/passwd")], b""),
            _ => good(&[("ETag", "\"a\"")]),
        }
    };
    over_both(answer, |server, mut world| {
        for path in ["/moved", "/circle", "/inside", "/file"] {
            world.add(&server.url(path));
        }
        assert_eq!(world.poll().failed.len(), 3);
        let kinds = ["/moved", "/circle", "/inside", "/file"].map(|path| world.failure_kind(&server.url(path)));
        assert_eq!(kinds, ["null", "redirect", "blocked-address", "scheme"]);
        assert_eq!(server.n_of("/circle") + server.n_of("/circle?again"), 1 + FetchOptions::default().max_redirects);
        world.now = world.now.plus(HOUR * 24);
        world.poll();
        let seen = server.seen();
        let sent = |path| seen.iter().filter(|request| request.path == path).nth(1).expect("asked again");
        assert_eq!(sent("/moved").header("if-none-match"), None);
        assert_eq!(sent("/feed").header("if-none-match"), Some(&b"\"a\""[..]));
    });
}

#[test]
fn rows_25_and_26_caps_hold_the_same_over_http_2() {
    let answer = || {
        |request: &SeenRequest| match request.path.as_str() {
            "/endless" => endless(&[], b"<rss><channel>", &b"<item><title>more</title></item>".repeat(500)),
            "/bomb" => reply(200, &[("Content-Encoding", "gzip")], &bomb()),
            _ => Reply::Truncated,
        }
    };
    over_both(answer, |server, world| {
        for path in ["/endless", "/bomb", "/short"] {
            world.add(&server.url(path));
        }
        assert_eq!(world.poll().failed.len(), 3);
        let kinds = ["/endless", "/bomb", "/short"].map(|path| world.failure_kind(&server.url(path)));
        assert_eq!(kinds, ["too-large", "too-large", "reset"]);
        let cut = server.sent("/endless");
        let cap = FetchOptions::default().max_feed_bytes;
        // Buffers between the two hold some megabytes more.
        assert!(cut.is_cut && (cap..cap * 4).contains(&cut.n_bytes), "{cut:?}");
        assert_eq!(server.paths().len(), 3);
    });
}

#[test]
fn row_26_a_slow_answer_is_cut_and_the_connection_serves_on() {
    let server = Server::http2(|request| match request.path.as_str() {
        "/stall" => Reply::Stall,
        "/drip" => Reply::Drip,
        "/silence" => Reply::Silence,
        _ => good(&[]),
    });
    let world = World::with(FetchOptions { total_timeout_s: 1, ..trusting() });
    for path in ["/stall", "/drip", "/silence", "/feed"] {
        world.add(&server.url(path));
    }
    assert_eq!(world.poll().failed.len(), 3);
    for path in ["/stall", "/drip", "/silence"] {
        assert_eq!(world.failure_kind(&server.url(path)), "timeout", "{path}");
        assert!(server.sent(path).is_cut, "{path}");
    }
    assert_eq!(world.failure_kind(&server.url("/feed")), "null");
    assert!(server.seen().iter().all(|request| request.connection == 1));
}

/// Twenty megabytes of spaces, packed.
fn bomb() -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 20 << 20]).expect("memory");
    packed.finish().expect("memory")
}

/// What a poll of a server comes to that answers `/feed` so: asked once and recorded once, the reason in words.
fn ends(reply: &Reply, kind: &str, reason: &str) {
    let wanted = reply.clone();
    let server = Server::http2(move |request| match request.path.as_str() {
        "/feed" => wanted.clone(),
        _ => good(&[]),
    });
    let world = World::with(trusting());
    // Over a connection that has served already: clients ask again by themselves over those.
    world.add(&server.url("/good"));
    world.add(&server.url("/feed"));
    let summary = world.poll();
    assert_eq!((summary.n_polled, summary.failed.len()), (2, 1), "{reply:?}");
    let asked: Vec<(String, usize)> = server.seen().into_iter().map(|seen| (seen.path, seen.connection)).collect();
    assert_eq!(asked, [("/good".to_owned(), 1), ("/feed".to_owned(), 1)], "{reply:?}");
    assert_eq!(world.failure_kind(&server.url("/feed")), kind, "{reply:?}");
    assert!(summary.failed[0].reason.contains(reason), "{reply:?}: {}", summary.failed[0].reason);
}

#[test]
fn a_stream_of_http_2_that_ends_early_is_one_outcome_and_never_asked_for_again() {
    let reset = |after_body, reason| Reply::Reset { after_body, reason };
    ends(&reset(false, Reason::REFUSED_STREAM), "reset", "the server refused the request before it looked at it");
    ends(&reset(false, Reason::INTERNAL_ERROR), "reset", "the server broke off its answer (HTTP/2 INTERNAL_ERROR)");
    ends(&reset(true, Reason::CANCEL), "reset", "the server broke off its answer (HTTP/2 CANCEL)");
    ends(&reset(false, Reason::HTTP_1_1_REQUIRED), "reset", "wants HTTP/1.1 for this address");
    // The end of the connection, with and without a word of farewell.
    ends(&Reply::GoAway(Reason::INTERNAL_ERROR), "reset", "the server broke off or sent no proper HTTP");
    ends(&Reply::HangUp, "reset", "the server broke off or sent no proper HTTP");
    ends(&Reply::Truncated, "reset", "the answer breaks the rules of HTTP/2");
}

/// A `GOAWAY` that says that no stream was looked at, with the last byte of its reason.
const fn nothing_looked_at(reason: u8) -> [u8; 17] {
    [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, reason]
}

#[test]
fn a_connection_of_http_2_that_ends_before_it_looked_at_the_request_is_one_outcome() {
    // NO_ERROR: what a server says that restarts, and what reqwest by itself asks again for.
    let server = Server::http2_frames(&const { nothing_looked_at(0) });
    let world = World::with(trusting());
    world.add(&server.url("/feed"));
    let summary = world.poll();
    assert_eq!(server.seen().len(), 1);
    assert_eq!(world.failure_kind(&server.url("/feed")), "reset");
    let reason = &summary.failed[0].reason;
    assert!(reason.contains("closed the connection before it answered"), "{reason}");
}

#[test]
fn a_server_of_http_2_that_wants_calm_is_left_alone_like_one_that_says_429() {
    let reset = |after_body| Reply::Reset { after_body, reason: Reason::ENHANCE_YOUR_CALM };
    for server in [
        Server::http2(move |_| reset(false)),
        Server::http2(move |_| reset(true)),
        Server::http2_frames(&const { nothing_looked_at(0xb) }),
    ] {
        let mut world = World::with(trusting());
        world.add(&server.url("/feed"));
        world.add(&server.url("/other"));
        let summary = world.poll();
        assert_eq!((summary.n_waiting, summary.failed.len()), (2, 0), "{summary:?}");
        assert_eq!(server.seen().len(), 1);
        let told = world.value("SELECT group_concat(reason, ' | ') FROM (SELECT reason FROM poll ORDER BY feed_id)");
        assert!(told.starts_with("127.20.0.1 finds itself asked too much (HTTP/2 ENHANCE_YOUR_CALM)"), "{told}");
        assert!(told.contains(" | not asked: 127.20.0.1 wants to be left alone"), "{told}");
        world.restart();
        world.now = NOW.plus(599);
        assert_eq!(world.poll_all().n_waiting, 2, "also by the next process");
        assert_eq!(server.seen().len(), 1);
        world.now = NOW.plus(601);
        world.poll_all();
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn a_connection_that_a_server_of_http_2_ends_properly_is_followed_by_a_new_one() {
    // A GOAWAY that lets come to their end what was asked before the client heard of it.
    let server = Server::http2(|request| match request.path.as_str() {
        "/1" => good(&[("Connection", "close")]),
        _ => good(&[]),
    });
    let world = World::with(trusting());
    for n in 0..6 {
        world.add(&server.url(&format!("/{n}")));
    }
    assert_eq!(world.poll().failed.len(), 0);
    let connections: Vec<usize> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 6, "nothing is asked for again");
    assert!(connections.starts_with(&[1, 1]) && connections.ends_with(&[2, 2]), "{connections:?}");
}
