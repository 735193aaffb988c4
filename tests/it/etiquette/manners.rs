//! Rows 27, 28, 29 and 33: who we say we are, how fast we ask, and hubs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use copytaster::fetch::FetchOptions;

use crate::server::{Server, reply};

use super::world::{World, good, options, rss};

#[test]
fn row_27_one_steady_user_agent() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/refused" => reply(403, &[], b""),
        "/moved" => reply(302, &[("Location", "/feed")], b""),
        _ => good(&[]),
    });
    let user_agent = "copytaster/1.2 (+https://desk.example/robot)";
    let mut world = World::with(FetchOptions { user_agent: user_agent.to_owned(), ..options() });
    for path in ["/feed", "/refused", "/moved"] {
        world.add(&server.url(path));
    }
    world.fetch();
    world.now = world.now.plus(86_400);
    world.fetch();
    let seen = server.seen();
    assert!(seen.iter().any(|request| request.path == "/robots.txt"));
    // No answer is asked for again under another name.
    assert_eq!(["/feed", "/refused", "/moved"].map(|path| server.n_of(path)), [4, 2, 2]);
    for request in seen {
        assert_eq!(request.header("user-agent"), Some(user_agent.as_bytes()), "{}", request.path);
    }
}

#[test]
fn row_28_no_cookie_no_referer_and_the_address_as_it_is() {
    let path = "/feed;v=1?b=2&a=%C3%A9&empty=&utm_source=x";
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/first" => reply(302, &[("Location", "/second"), ("Set-Cookie", "id=1")], b""),
        _ => good(&[("Set-Cookie", "id=2; Path=/")]),
    });
    let mut world = World::new();
    world.add(&server.url(path));
    world.add(&server.url("/first"));
    world.poll();
    world.now = world.now.plus(86_400);
    world.poll();
    let seen = server.seen();
    assert_eq!(seen.iter().filter(|request| request.path == path).count(), 2);
    for request in seen {
        for name in ["cookie", "referer", "origin", "authorization", "pragma"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}

/// The most requests a host had under way at once in a run over four of its feeds and three pages.
fn most_at_once(per_host_concurrency: usize) -> usize {
    let under_way = (Mutex::new(0), Condvar::new());
    let server = Server::start("127.20.0.1", move |_| {
        let (count, changed) = &under_way;
        let mut n = count.lock().expect("no answer panicked");
        *n += 1;
        changed.notify_all();
        // Each request waits a while for one that should not come.
        let (mut n, _) =
            changed.wait_timeout_while(n, Duration::from_millis(100), |n| *n < 2).expect("no answer panicked");
        *n -= 1;
        good(&[])
    });
    let world = World::with(FetchOptions { per_host_concurrency, ..options() });
    for n in 0..4 {
        world.add(&server.url(&format!("/{n}")));
    }
    assert_eq!(world.fetch().n_articles, 3);
    assert_eq!(server.seen().len(), 4 + 1 + 3);
    server.most_at_once()
}

#[test]
fn row_29_one_host_has_one_request_at_a_time() {
    assert_eq!(most_at_once(1), 1);
    assert_eq!(most_at_once(2), 2, "unless the configuration says so");
}

#[test]
fn row_29_one_host_is_asked_at_intervals_while_others_go_on() {
    let server = Server::start("127.20.0.1", |_| good(&[]));
    let other = Server::start("127.20.0.2", |_| good(&[]));
    let world = World::with(FetchOptions { host_spacing_ms: 60, ..options() });
    for n in 0..4 {
        world.add(&server.url(&format!("/{n}")));
    }
    world.add(&other.url("/feed"));
    world.poll();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    for pair in seen.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= Duration::from_millis(30), "{gap:?}");
    }
    assert_eq!(server.n_connections(), 1, "one connection is used again");
    assert!(other.seen()[0].at < seen[3].at, "the other host does not wait");
}

#[test]
fn row_28_pages_are_asked_for_as_the_feed_names_them() {
    let link = "/story;v=1?utm_source=rss&id=%C3%A9&empty=";
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => {
            let link = link.replace('&', "&amp;");
            let item = format!("<item><title>A bridge is closed</title><link>{link}#top</link></item>");
            reply(200, &[], format!("<rss version=\"2.0\"><channel><title>t</title>{item}</channel></rss>").as_bytes())
        }
        "/robots.txt" => reply(200, &[("Set-Cookie", "id=3")], b""),
        _ => reply(200, &[("Set-Cookie", "id=4")], b"<html><body>short</body></html>"),
    });
    World::of(&server).fetch();
    assert_eq!(server.paths(), ["/feed", "/robots.txt", link], "no parameter is taken off, none is added");
    for request in server.seen() {
        for name in ["cookie", "referer", "origin", "authorization", "pragma"] {
            assert_eq!(request.header(name), None, "{}: {name}", request.path);
        }
    }
}

#[test]
fn row_29_the_same_address_is_fetched_once_a_run() {
    let server = Server::start("127.20.0.1", |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[], b""),
        None => good(&[("ETag", "\"a\"")]),
    });
    let mut world = World::new();
    world.add(&server.url("/feed"));
    world.add(&server.url("/feed#latest"));
    world.add(&server.url("/feed").replace("http:", "HTTP:"));
    let summary = world.poll();
    assert_eq!((summary.n_polled, summary.failed.len()), (3, 0));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(world.value("SELECT count(DISTINCT feed_id) FROM entry"), "3");
    world.now = world.now.plus(86_400);
    assert_eq!(world.poll().n_unchanged, 3);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].header("if-none-match").is_some());
    // One more that has no document yet: a 304 would leave it empty.
    world.add(&server.url("/feed#new"));
    world.now = world.now.plus(86_400);
    world.poll();
    assert_eq!(world.value("SELECT count(DISTINCT feed_id) FROM entry"), "4");
}

#[test]
fn row_33_hubs_are_read_from_the_header_and_the_document_and_ignored() {
    let link = "<https://hub.one.example/>; rel=\"hub\", <https://a.example/feed>; rel=\"self\"";
    let channel = "<atom:link rel=\"hub\" href=\"https://hub.two.example/\"/>";
    let server = Server::start("127.20.0.1", move |_| reply(200, &[("Link", link)], &rss("news", 2, channel)));
    let world = World::of(&server);
    world.poll();
    let hubs = world.value("SELECT hubs FROM feed_state");
    assert!(hubs.contains("https://hub.one.example/") && hubs.contains("https://hub.two.example/"), "{hubs}");
    assert!(!hubs.contains("a.example"), "{hubs}");
    assert_eq!(server.seen().len(), 1);
    let listed: serde_json::Value = serde_json::from_str(&world.told(&["feed", "list", "--json"])).expect("JSON");
    assert_eq!(listed[0]["hubs"], serde_json::json!(["https://hub.two.example/", "https://hub.one.example/"]));
    let shown = world.told(&["feed", "list"]);
    assert!(shown.contains("hubs: hub.two.example, hub.one.example"), "{shown}");
}

#[test]
fn row_33_a_delta_that_nobody_asked_for_leaves_the_feed_as_it_is() {
    let n = AtomicUsize::new(0);
    let server = Server::start("127.20.0.1", move |request| match n.fetch_add(1, Ordering::Relaxed) {
        // A part at first sight: what else there is nobody can know.
        0 => reply(226, &[("IM", "feed"), ("ETag", "\"part\"")], &rss("news", 1, "")),
        _ if request.header("if-none-match").is_some() => reply(304, &[], b""),
        _ => reply(200, &[("ETag", "\"whole\"")], &rss("news", 5, "")),
    });
    let mut world = World::of(&server);
    world.poll();
    assert_eq!(world.value("SELECT count(*) FROM entry"), "1", "what there is of it counts");
    assert!(world.value("SELECT warnings FROM poll").contains("226"));
    world.wait_and_poll();
    world.wait_and_poll();
    let seen = server.seen();
    assert_eq!(seen[1].header("if-none-match"), None, "the validators of a part would hide the rest");
    assert_eq!(seen[2].header("if-none-match"), Some(&b"\"whole\""[..]));
    assert_eq!(world.value("SELECT count(*) FROM entry"), "5");
}

#[test]
fn row_33_a_delta_that_cannot_be_read_is_not_asked_for_again() {
    let server =
        Server::start("127.20.0.1", |request| match (request.header("if-none-match"), request.header("a-im")) {
            (None, _) => reply(200, &[("ETag", "\"a\"")], &rss("news", 5, "")),
            (Some(_), Some(_)) => reply(226, &[("IM", "vcdiff"), ("ETag", "\"b\"")], b"\xd6\xc3\xc4\x00"),
            (Some(_), None) => reply(200, &[("ETag", "\"b\"")], &rss("later", 5, "")),
        });
    let mut world = World::of(&server);
    world.poll();
    world.wait_and_poll();
    assert_eq!(world.feed().failures, 1);
    world.wait_and_poll();
    assert_eq!((world.feed().failures, world.value("SELECT count(*) FROM entry").as_str()), (0, "10"));
    let seen = server.seen();
    assert_eq!(seen[2].header("if-none-match"), Some(&b"\"a\""[..]));
    assert_eq!(seen[2].header("a-im"), None);
}

#[test]
fn row_33_the_whole_is_asked_for_now_and_then_where_only_deltas_come() {
    let server = Server::start("127.20.0.1", |request| match request.header("if-none-match") {
        Some(_) => reply(226, &[("IM", "feed"), ("ETag", "\"b\"")], &rss("later", 1, "")),
        None => reply(200, &[("ETag", "\"a\"")], &rss("news", 20, "")),
    });
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..20 {
        world.now = world.now.plus(86_400);
        world.poll();
    }
    let whole = server.seen().iter().filter(|request| request.header("if-none-match").is_none()).count();
    assert_eq!(whole, 3, "at first, after nine days and after eighteen");
}

#[test]
fn row_33_a_delta_is_merged_and_not_taken_for_the_whole() {
    let server = Server::start("127.20.0.1", |request| match request.header("if-none-match") {
        Some(b"\"one\"") => reply(226, &[("IM", "feed"), ("ETag", "\"two\"")], &rss("later", 1, "")),
        Some(_) => reply(304, &[], b""),
        None => reply(200, &[("ETag", "\"one\"")], &rss("news", 20, "")),
    });
    let mut world = World::of(&server);
    world.poll();
    world.wait_and_poll();
    world.wait_and_poll();
    let seen = server.seen();
    assert_eq!(seen[0].header("a-im"), None, "nothing to compare with");
    assert_eq!(seen[1].header("a-im"), Some(&b"feed"[..]));
    assert_eq!(seen[2].header("if-none-match"), Some(&b"\"two\""[..]));
    assert_eq!(world.value("SELECT count(*) FROM entry"), "21");
    assert_eq!(world.feed().failures, 0);
}
