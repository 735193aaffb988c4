//! Rows 21 to 24: redirects, and feeds that are gone.

use std::sync::atomic::{AtomicUsize, Ordering};

use copytaster::fetch::FetchOptions;

use crate::server::{Server, reply};
use crate::tls;

use super::world::{DAY, World, good, options};

/// `/feed` redirects to `/new` with `status`; polls once a day for `days`.
fn after_days(status: u16, days: i64) -> (World, Server) {
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => reply(status, &[("Location", "/new")], b""),
        _ if request.header("if-none-match").is_some() => reply(304, &[], b""),
        _ => good(&[("ETag", "\"a\"")]),
    });
    let mut world = World::of(&server);
    for _ in 0..days {
        world.poll_all();
        world.now = world.now.plus(DAY);
    }
    (world, server)
}

#[test]
fn row_21_a_permanent_redirect_is_adopted_once_it_is_stable() {
    for status in [301, 308] {
        let (world, server) = after_days(status, 7);
        assert_eq!(world.feed().url, server.url("/feed"), "not within the first week");
        let (world, server) = after_days(status, 9);
        assert_eq!(world.feed().url, server.url("/new"), "also when the target answers 304");
        assert_eq!(world.value("SELECT detail FROM feed_event WHERE kind = 'moved'"), server.url("/feed"));
        // Nine days of 304 have run out: the first poll is made without validators.
        world.poll_all();
        world.poll_all();
        let last = server.seen().into_iter().next_back().expect("a request");
        assert_eq!(last.path, "/new");
        assert!(last.header("if-none-match").is_some(), "the validators came from there");
    }
    // Many sightings within a day are no more than one captive portal.
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/feed" => reply(301, &[("Location", "/new")], b""),
        _ => good(&[]),
    });
    let mut world = World::of(&server);
    for _ in 0..20 {
        world.poll_all();
        world.now = world.now.plus(600);
    }
    assert_eq!(world.feed().url, server.url("/feed"));
}

#[test]
fn row_21_a_redirect_to_what_is_no_feed_or_that_ends_is_not_adopted() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/feed" => reply(301, &[("Location", "/portal")], b""),
        _ => reply(200, &[], b"<html><body>please log in</body></html>"),
    });
    let mut world = World::of(&server);
    for _ in 0..12 {
        world.poll_all();
        world.now = world.now.plus(DAY);
    }
    assert_eq!(world.feed().url, server.url("/feed"));

    let n = AtomicUsize::new(0);
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" if n.fetch_add(1, Ordering::Relaxed) % 5 < 4 => reply(301, &[("Location", "/new")], b""),
        _ => good(&[]),
    });
    let mut world = World::of(&server);
    for _ in 0..20 {
        world.poll_all();
        world.now = world.now.plus(DAY);
    }
    assert_eq!(world.feed().url, server.url("/feed"), "each interruption starts the count again");
}

#[test]
fn row_22_a_temporary_redirect_never_changes_the_address() {
    for status in [302, 303, 307] {
        let (world, server) = after_days(status, 12);
        assert_eq!(world.feed().url, server.url("/feed"), "{status}");
        assert_eq!(world.value("SELECT count(*) FROM poll WHERE outcome = 'failed'"), "0");
    }
}

#[test]
fn row_23_redirects_end_and_loops_are_stopped() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/loop" => reply(302, &[("Location", "/loop2")], b""),
        "/loop2" => reply(302, &[("Location", "/loop")], b""),
        "/self" => reply(301, &[("Location", "/self")], b""),
        "/nowhere" => reply(302, &[], b""),
        path => {
            // A chain of numbers: `/9` needs nine redirects.
            let left: u32 = path[1..].parse().expect("a number");
            if left == 0 { good(&[]) } else { reply(302, &[("Location", &format!("/{}", left - 1))], b"") }
        }
    });
    let world = World::new();
    for path in ["/loop", "/self", "/nowhere", "/11", "/10"] {
        world.add(&server.url(path));
    }
    let summary = world.poll();
    let failed: Vec<&str> = summary.failed.iter().map(|feed| feed.url.rsplit('/').next().expect("a path")).collect();
    assert_eq!(failed, ["11", "loop", "nowhere", "self"]);
    assert_eq!(
        world.value("SELECT group_concat(DISTINCT failure_kind) FROM poll WHERE outcome = 'failed'"),
        "redirect"
    );
    let loops = server.seen().iter().filter(|request| request.path.starts_with("/loop")).count();
    assert_eq!(loops, FetchOptions { ..options() }.max_redirects + 1);
}

#[test]
fn row_23_a_feed_over_tls_never_becomes_one_without() {
    let plain = Server::start("127.20.0.2", |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[], b""),
        None => good(&[("ETag", "\"a\"")]),
    });
    let secure = tls::Server::redirecting("127.20.0.1", "server", &plain.url("/feed"));
    let mut world = World::with(FetchOptions { extra_authorities: vec![tls::authority()], ..options() });
    world.add(&secure.url());
    for _ in 0..15 {
        assert_eq!(world.poll_all().failed.len(), 0);
        world.now = world.now.plus(DAY);
    }
    assert_eq!(plain.seen().len(), 15, "the redirect is followed each time");
    assert_eq!(world.feed().url, secure.url(), "and never adopted");
}

#[test]
fn row_24_a_410_switches_off_at_once() {
    let server = Server::start("127.20.0.1", |_| reply(410, &[], b""));
    let mut world = World::of(&server);
    let summary = world.poll();
    assert!(summary.failed[0].reason.contains("gone for good"), "{summary:?}");
    assert!(!world.feed().enabled);
    world.now = world.now.plus(30 * DAY);
    world.poll_all();
    assert_eq!(server.seen().len(), 1);
    assert_eq!(world.value("SELECT kind FROM feed_event ORDER BY id DESC LIMIT 1"), "gone");
    world.add(&server.url("/feed"));
    assert!(world.feed().enabled, "adding it again brings it back");

    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/feed" => reply(302, &[("Location", "/elsewhere")], b""),
        _ => reply(410, &[], b""),
    });
    let world = World::of(&server);
    world.poll();
    assert!(world.feed().enabled, "gone behind a temporary redirect says nothing about the address");
}

#[test]
fn row_24_a_404_is_reported_and_switches_off_after_a_week_of_them() {
    let server = Server::start("127.20.0.1", |_| reply(404, &[], b""));
    let mut world = World::of(&server);
    assert!(world.poll().failed[0].reason.contains("404"));
    for _ in 0..20 {
        world.poll_all();
    }
    assert!(world.feed().enabled, "many within a moment are one");
    let mut days = 0;
    while world.feed().enabled {
        world.now = world.now.plus(DAY);
        days += 1;
        world.poll_all();
        assert!(days < 30);
    }
    assert_eq!(days, 7);
    assert!(world.feed().reason.expect("a reason").contains("switched off"));
}
