//! Rows 1 to 9: conditional requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::{Reply, SeenRequest, Server, reply};

use super::world::{DAY, HOUR, World, good, rss};

fn etag(request: &SeenRequest) -> Option<&[u8]> {
    request.header("if-none-match")
}

fn last_modified(request: &SeenRequest) -> Option<&[u8]> {
    request.header("if-modified-since")
}

/// Answers the n-th request with the n-th of `replies`, the last one for ever.
fn in_turn(ip: &str, replies: Vec<Reply>) -> Server {
    let n = AtomicUsize::new(0);
    Server::start(ip, move |_| replies[n.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1)].clone())
}

#[test]
fn row_01_only_the_first_fetch_is_unconditional() {
    let server = Server::start("127.20.0.1", |_| good(&[("ETag", "\"a\""), ("Last-Modified", "some day")]));
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..3 {
        world.wait_and_poll();
    }
    world.restart();
    world.wait_and_poll();
    let seen = server.seen();
    assert_eq!(seen.len(), 5);
    assert_eq!((etag(&seen[0]), last_modified(&seen[0])), (None, None));
    for request in &seen[1..] {
        assert_eq!((etag(request), last_modified(request)), (Some(&b"\"a\""[..]), Some(&b"some day"[..])));
    }
}

#[test]
fn row_02_etags_return_byte_for_byte() {
    for odd in [&b"W/\"weak-gzip\""[..], b"unquoted", b"\"o\xe9dd \\ bytes\"", b"\"\"", &b"\"long".repeat(800)] {
        let sent = odd.to_vec();
        let server = Server::start("127.20.0.1", move |_| {
            let headers = vec![("ETag".to_owned(), sent.clone())];
            Reply::Answer { status: 200, headers, body: rss("news", 1, "") }
        });
        let mut world = World::of(&server);
        world.poll();
        world.wait_and_poll();
        assert_eq!(etag(&server.seen()[1]), Some(odd));
    }
}

#[test]
fn row_03_last_modified_returns_as_received() {
    for odd in ["Mon, 24 Nov 2025 00:00:00 GMT", "Monday, 24-Nov-25 00:00:00 GMT", "2025-11-24", "yesterday", "0"] {
        let server = Server::start("127.20.0.1", move |_| good(&[("Last-Modified", odd)]));
        let mut world = World::of(&server);
        world.poll();
        world.wait_and_poll();
        let seen = server.seen();
        assert_eq!(last_modified(&seen[1]), Some(odd.as_bytes()));
        assert_eq!(etag(&seen[1]), None, "nothing is invented");
    }
}

#[test]
fn row_04_both_validators_are_stored_at_each_200() {
    let server = in_turn(
        "127.20.0.1",
        vec![
            good(&[("ETag", "\"a\""), ("Last-Modified", "one")]),
            good(&[("ETag", "\"a\""), ("Last-Modified", "two")]),
            good(&[("Last-Modified", "two")]),
            good(&[]),
        ],
    );
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..4 {
        world.wait_and_poll();
    }
    let seen = server.seen();
    let sent: Vec<_> = seen.iter().map(|request| (etag(request), last_modified(request))).collect();
    assert_eq!(sent[2], (Some(&b"\"a\""[..]), Some(&b"two"[..])));
    assert_eq!(sent[3], (None, Some(&b"two"[..])), "an ETag that is no longer sent is forgotten");
    assert_eq!(sent[4], (None, None));
}

#[test]
fn row_05_validators_of_an_unchanged_body_are_stored() {
    let server = in_turn("127.20.0.1", vec![good(&[("ETag", "\"a\"")]), good(&[("ETag", "\"touched\"")])]);
    let mut world = World::of(&server);
    world.poll();
    assert_eq!(world.poll_all().n_unchanged, 1);
    world.wait_and_poll();
    assert_eq!(etag(&server.seen()[2]), Some(&b"\"touched\""[..]));
}

#[test]
fn row_06_a_304_replaces_what_it_carries_and_keeps_the_rest() {
    let server = in_turn(
        "127.20.0.1",
        vec![
            good(&[("ETag", "\"a\""), ("Last-Modified", "one")]),
            reply(304, &[], b""),
            reply(304, &[("ETag", "\"b\"")], b""),
            reply(304, &[("Last-Modified", "two")], b""),
            reply(304, &[], b""),
        ],
    );
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..4 {
        world.wait_and_poll();
    }
    let seen = server.seen();
    let sent: Vec<_> = seen.iter().map(|request| (etag(request), last_modified(request))).collect();
    assert_eq!(sent[2], (Some(&b"\"a\""[..]), Some(&b"one"[..])));
    assert_eq!(sent[3], (Some(&b"\"b\""[..]), Some(&b"one"[..])));
    assert_eq!(sent[4], (Some(&b"\"b\""[..]), Some(&b"two"[..])));
}

#[test]
fn row_07_validators_of_what_cannot_be_read_are_not_stored() {
    let server = in_turn(
        "127.20.0.1",
        vec![
            reply(200, &[("ETag", "\"bad\"")], b"<html><title>Please log in</title><body>portal</body></html>"),
            good(&[("ETag", "\"good\"")]),
            reply(200, &[("ETag", "\"bad\"")], b"not a feed at all"),
            reply(304, &[], b""),
        ],
    );
    let mut world = World::of(&server);
    let first = world.poll();
    assert_eq!(first.failed.len(), 1, "a portal is a failure: {first:?}");
    world.wait_and_poll();
    world.wait_and_poll();
    world.wait_and_poll();
    let seen = server.seen();
    assert_eq!(etag(&seen[1]), None, "a failed parse is not followed by a 304");
    assert_eq!(etag(&seen[2]), Some(&b"\"good\""[..]));
    assert_eq!(etag(&seen[3]), Some(&b"\"good\""[..]), "the validators of the good document stay");
    assert_eq!(world.feed().failures, 0);
}

#[test]
fn row_08_validators_go_to_the_address_they_came_from_and_no_other() {
    let target = AtomicUsize::new(0);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        // The third poll is sent elsewhere.
        "/feed" if target.fetch_add(1, Ordering::Relaxed) < 2 => reply(302, &[("Location", "/one")], b""),
        "/feed" => reply(302, &[("Location", "/two")], b""),
        "/one" => good(&[("ETag", "\"one\"")]),
        _ => good(&[("ETag", "\"two\"")]),
    });
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..3 {
        world.wait_and_poll();
    }
    let seen = server.seen();
    let sent: Vec<_> = seen.iter().map(|request| (request.path.as_str(), etag(request))).collect();
    assert_eq!(
        sent,
        [
            ("/feed", None),
            ("/one", None),
            ("/feed", None),
            ("/one", Some(&b"\"one\""[..])),
            ("/feed", None),
            ("/two", None),
            ("/feed", None),
            ("/two", Some(&b"\"two\""[..])),
        ]
    );
}

#[test]
fn row_09_a_304_is_success_and_not_repeated() {
    let server = Server::start("127.20.0.1", |request| match etag(request) {
        Some(_) => reply(304, &[("Cache-Control", "max-age=7200")], b""),
        None => good(&[("ETag", "\"a\"")]),
    });
    let mut world = World::of(&server);
    world.poll();
    world.now = world.now.plus(DAY);
    let summary = world.poll();
    assert_eq!((summary.n_polled, summary.n_unchanged, summary.failed.len()), (1, 1, 0));
    assert_eq!(world.poll().n_due, 0);
    assert_eq!(server.seen().len(), 2);
    assert!(world.wait() >= 2 * HOUR, "a 304 may carry freshness too");
    assert_eq!(world.value("SELECT last_success_at FROM feed_state"), world.now.0.to_string());
}

/// A 304 to a request without validators is no answer.
#[test]
fn extra_304_to_an_unconditional_request_fails() {
    let server = Server::start("127.20.0.1", |_| reply(304, &[("ETag", "\"a\"")], b""));
    let mut world = World::of(&server);
    assert_eq!(world.poll().failed.len(), 1);
    world.wait_and_poll();
    assert!(server.seen().iter().all(|request| etag(request).is_none()));
}

/// Some servers answer 304 whatever happens: after eight days they are asked without validators, once.
#[test]
fn extra_a_server_that_always_says_unchanged_is_doubted_now_and_then() {
    let server = Server::start("127.20.0.1", |request| match etag(request) {
        Some(_) => reply(304, &[], b""),
        None => good(&[("ETag", "\"a\"")]),
    });
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..20 {
        world.now = world.now.plus(DAY);
        world.poll();
    }
    let unconditional = server.seen().iter().filter(|request| etag(request).is_none()).count();
    assert_eq!(unconditional, 3, "at first, after nine days and after eighteen");
    assert!(world.value("SELECT max(warnings) FROM poll").contains("asked without validators"));
}
