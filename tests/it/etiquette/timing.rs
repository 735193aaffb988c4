//! Rows 10 to 20 and 30: when a feed is asked again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use copytaster::schedule::{MIN_UNCONDITIONAL_INTERVAL_S, ScheduleOptions};
use copytaster::store::feeds::DueFilter;

use crate::server::{Server, reply};

use super::world::{DAY, HOUR, NOW, World, good, rss};

/// Seconds from a first good poll to the next one, as the server sees them.
fn wait_after(headers: &'static [(&'static str, &'static str)], channel: &'static str) -> i64 {
    let server = Server::start("127.20.0.1", move |_| reply(200, headers, &rss("news", 20, channel)));
    let mut world = World::of(&server);
    assert_eq!(world.poll().failed.len(), 0);
    seen_after(&mut world, &server)
}

/// Seconds until the server is asked again.
fn seen_after(world: &mut World, server: &Server) -> i64 {
    let n_before = server.seen().len();
    let waited = world.wait_and_poll();
    assert_eq!(server.seen().len(), n_before + 1, "asked once, and when it was due");
    waited
}

#[test]
fn row_10_max_age_is_waited_out_and_clamped() {
    assert!(wait_after(&[("Cache-Control", "public, max-age=18000")], "") >= 5 * HOUR);
    let clamped = wait_after(&[("Cache-Control", "max-age=99999999")], "");
    assert!((DAY..=DAY * 11 / 10).contains(&clamped), "{clamped}");
    let server = Server::start("127.20.0.1", |_| good(&[("Cache-Control", "max-age=7200")]));
    let mut world = World::of(&server);
    world.poll();
    world.now = world.now.plus(7199);
    world.poll();
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn row_11_expires_is_waited_out_where_there_is_no_max_age() {
    let dated = &[("Date", "Mon, 24 Nov 2025 00:00:00 GMT"), ("Expires", "Mon, 24 Nov 2025 04:00:00 GMT")];
    assert!(wait_after(dated, "") >= 4 * HOUR);
    let both = &[("Expires", "Mon, 24 Nov 2025 20:00:00 GMT"), ("Cache-Control", "max-age=60")];
    assert!(wait_after(both, "") < 20 * HOUR);
    assert!(wait_after(&[("Expires", "-1")], "") < HOUR);
}

#[test]
fn row_12_no_feed_is_asked_below_the_floor() {
    // Sixty entries within the hour, and a server that wants to be asked all the time.
    let body = |word: &str| {
        let item = |n: i64| {
            let at = jiff::Timestamp::from_second(NOW.0 - n * 60).expect("a moment");
            format!("<item><title>{word} {n}</title><link>/{n}</link><pubDate>{at}</pubDate></item>")
        };
        let items: String = (0..60).map(item).collect();
        format!("<rss version=\"2.0\"><channel><title>t</title><ttl>0</ttl>{items}</channel></rss>").into_bytes()
    };
    let headers: [&[(&str, &str)]; 2] = [&[("Cache-Control", "no-cache")], &[("ETag", "\"a\"")]];
    let waits = headers.map(|headers| {
        let server = Server::start("127.20.0.1", move |_| reply(200, headers, &body("busy")));
        let mut world = World::of(&server);
        world.poll();
        world.wait_and_poll();
        seen_after(&mut world, &server)
    });
    assert!(waits[0] >= MIN_UNCONDITIONAL_INTERVAL_S, "each poll costs the server a document: {waits:?}");
    let floor = ScheduleOptions::default().min_interval_s;
    assert!((floor..floor * 2).contains(&waits[1]), "{waits:?}");
}

#[test]
fn row_13_a_restart_does_not_ask_again() {
    let server = Server::start("127.20.0.1", |_| good(&[]));
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..5 {
        world.restart();
        world.now = world.now.plus(60);
        assert_eq!(world.poll().n_due, 0);
    }
    assert_eq!(server.seen().len(), 1);
    assert_eq!(world.poll_all().n_polled, 1, "unless told to");
}

#[test]
fn row_14_a_429_rests_the_whole_host_also_in_the_next_process() {
    for retry_after in ["7200", "Mon, 24 Nov 2025 02:00:00 GMT"] {
        let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
            "/limited" => reply(429, &[("Retry-After", retry_after), ("Date", "Mon, 24 Nov 2025 00:00:00 GMT")], b""),
            _ => good(&[]),
        });
        let elsewhere = Server::start("127.20.0.2", |_| good(&[]));
        let mut world = World::new();
        world.add(&server.url("/limited"));
        world.add(&server.url("/other"));
        world.add(&elsewhere.url("/feed"));
        let summary = world.poll();
        assert_eq!((summary.n_waiting, summary.failed.len()), (2, 0), "{summary:?}");
        assert_eq!(server.seen().len(), 1);
        assert_eq!(elsewhere.seen().len(), 1);
        assert!(world.feeds()[..2].iter().all(|feed| feed.next_poll_at >= NOW.plus(7200)));
        world.restart();
        world.now = NOW.plus(7199);
        assert_eq!(world.poll_all().n_waiting, 2, "not even when told to poll everything");
        assert_eq!(server.seen().len(), 1);
        world.now = NOW.plus(7201);
        world.poll_all();
        assert!(server.seen().len() > 1);
    }
}

#[test]
fn row_14_a_429_for_a_page_spares_the_feed_too() {
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("news", 5, "")),
        "/robots.txt" => reply(404, &[], b""),
        _ => reply(429, &[("Retry-After", "7200")], b""),
    });
    let mut world = World::of(&server);
    world.fetch();
    assert_eq!(server.seen().len(), 3, "one page of five was asked for: {:?}", server.paths());
    world.restart();
    world.now = NOW.plus(7199);
    world.run(DueFilter { all: true, ..DueFilter::default() }, false);
    assert_eq!(server.seen().len(), 3, "{:?}", server.paths());
    world.now = NOW.plus(7201);
    world.run(DueFilter { all: true, ..DueFilter::default() }, false);
    assert!(server.seen().len() > 3);
}

#[test]
fn row_15_a_503_that_says_when_is_treated_alike_and_clamped() {
    for (retry_after, at_least, at_most) in [("3600", HOUR, DAY), ("99999999999999999999", DAY, DAY * 11 / 10)] {
        let server = Server::start("127.20.0.1", move |_| reply(503, &[("Retry-After", retry_after)], b""));
        let mut world = World::of(&server);
        assert_eq!(world.poll().n_waiting, 1);
        let waited = seen_after(&mut world, &server);
        assert!((at_least..=at_most).contains(&waited), "{waited}");
    }
}

#[test]
fn row_16_failures_back_off_exponentially_and_are_never_retried_at_once() {
    for status in [500, 502, 503, 429] {
        let server = Server::start("127.20.0.1", move |_| reply(status, &[], b""));
        let mut world = World::of(&server);
        world.poll();
        let waits: Vec<i64> = (0..6).map(|_| world.wait_and_poll()).collect();
        assert_eq!(server.seen().len(), 7);
        for pair in waits.windows(2) {
            let doubled = pair[1] >= pair[0] * 3 / 2 || pair[1] >= DAY;
            assert!(doubled, "{status}: {waits:?}");
        }
        assert!(waits.iter().all(|wait| *wait <= DAY * 11 / 10), "{waits:?}");
    }
}

#[test]
fn row_17_ttl_raises_the_interval_also_after_a_304() {
    assert!(wait_after(&[], "<ttl> 240 </ttl>") >= 4 * HOUR);
    let clamped = wait_after(&[], "<ttl>9999999</ttl>");
    assert!(clamped <= DAY * 11 / 10, "{clamped}");
    let server = Server::start("127.20.0.1", |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[], b""),
        None => reply(200, &[("ETag", "\"a\"")], &rss("news", 20, "<ttl>240</ttl>")),
    });
    let mut world = World::of(&server);
    world.poll();
    world.wait_and_poll();
    assert!(seen_after(&mut world, &server) >= 4 * HOUR);
}

#[test]
fn row_18_skipped_hours_and_days_are_skipped_also_after_a_304() {
    let hours: String = (0..6).map(|hour| format!("<hour>{hour}</hour>")).collect();
    let channel = format!("<skipHours>{hours}</skipHours><skipDays><day>Tuesday</day></skipDays>");
    let server = Server::start("127.20.0.1", move |request| match request.header("if-none-match") {
        Some(_) => reply(304, &[], b""),
        None => reply(200, &[("ETag", "\"a\"")], &rss("news", 20, &channel)),
    });
    let mut world = World::of(&server);
    world.poll();
    for _ in 0..40 {
        seen_after(&mut world, &server);
        let hour = world.now.0 % DAY / HOUR;
        let day = (world.now.0 / DAY + 3) % 7;
        assert!(hour >= 6 && day != 1, "polled on day {day} at {hour} h GMT");
    }
    let everything: String = (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect();
    let server = Server::start("127.20.0.1", move |_| {
        reply(200, &[], &rss("news", 20, &format!("<skipHours>{everything}</skipHours>")))
    });
    let mut world = World::of(&server);
    world.poll();
    assert!(seen_after(&mut world, &server) < DAY, "a list that skips everything is a mistake");
}

#[test]
fn row_19_the_syndication_hint_ranks_below_the_server_and_above_the_default() {
    let undated = |channel: &'static str, headers: &'static [(&'static str, &'static str)]| {
        let body = format!(
            "<rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel><title>t</title>\
             {channel}<item><title>a</title><link>/a</link></item></channel></rss>"
        );
        let server = Server::start("127.20.0.1", move |_| reply(200, headers, body.as_bytes()));
        let mut world = World::of(&server);
        world.poll();
        seen_after(&mut world, &server)
    };
    let hint = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>";
    assert!(undated("", &[]) < HOUR);
    assert!((HOUR..HOUR * 11 / 10 + 1).contains(&undated(hint, &[])));
    assert!(undated(hint, &[("Cache-Control", "max-age=10800")]) >= 3 * HOUR);
    let weekly = "<sy:updatePeriod>weekly</sy:updatePeriod>";
    assert!(undated(weekly, &[]) <= DAY * 11 / 10, "an advertised weekly feed is looked at daily");
}

#[test]
fn row_20_the_interval_follows_the_observed_rhythm() {
    let of_ages = |ages_s: Vec<i64>| {
        let item = |(n, age): (usize, &i64)| {
            let at = jiff::Timestamp::from_second(NOW.0 - age).expect("a moment");
            format!("<item><title>story {n}</title><link>/{n}</link><pubDate>{at}</pubDate></item>")
        };
        let items: String = ages_s.iter().enumerate().map(item).collect();
        let body = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
        let server = Server::start("127.20.0.1", move |request| match request.header("if-none-match") {
            Some(_) => reply(304, &[], b""),
            None => reply(200, &[("ETag", "\"a\"")], body.as_bytes()),
        });
        let mut world = World::of(&server);
        world.poll();
        world.wait_and_poll();
        seen_after(&mut world, &server)
    };
    let hot = of_ages((0..30).map(|n| n * 300).collect());
    assert!((300..400).contains(&hot), "an entry every five minutes: {hot}");
    let hourly = of_ages((0..30).map(|n| n * HOUR).collect());
    assert!((HOUR / 3..HOUR).contains(&hourly), "{hourly}");
    let daily = of_ages((0..30).map(|n| n * DAY).collect());
    assert!((6 * HOUR..=14 * HOUR).contains(&daily), "{daily}");
    let dead = of_ages(vec![400 * DAY, 500 * DAY]);
    assert!(dead <= DAY * 11 / 10, "{dead}");
}

#[test]
fn row_20_a_feed_that_falls_silent_slows_down_and_one_that_wakes_speeds_up() {
    let awake = Arc::new(AtomicBool::new(false));
    let is_awake = Arc::clone(&awake);
    let server = Server::start("127.20.0.1", move |request| match request.header("if-none-match") {
        Some(_) if !is_awake.load(Ordering::Relaxed) => reply(304, &[], b""),
        _ => reply(200, &[("ETag", "\"a\"")], &rss(&format!("{}", request.at.elapsed().as_nanos()), 20, "")),
    });
    let mut world = World::of(&server);
    world.poll();
    let early = world.wait();
    world.now = NOW.plus(7 * DAY);
    world.poll();
    let late = world.wait();
    assert!(late > early * 10, "{early} {late}");
    awake.store(true, Ordering::Relaxed);
    world.wait_and_poll();
    assert!(world.wait() <= HOUR, "{}", world.wait());
}

#[test]
fn row_30_feeds_added_together_spread_out_and_none_is_early() {
    let server = Server::start("127.20.0.1", |_| good(&[("Cache-Control", "max-age=3600")]));
    let mut world = World::new();
    for n in 0..40 {
        world.add(&server.url(&format!("/feed/{n}")));
    }
    assert_eq!(world.poll().n_polled, 40);
    let due: BTreeSet<i64> = world.feeds().iter().map(|feed| feed.next_poll_at.0).collect();
    assert!(due.len() > 20, "only {} moments", due.len());
    world.now = NOW.plus(3599);
    world.poll();
    assert_eq!(server.seen().len(), 40, "none is early");
    // Looked at every 15 seconds, as they come due.
    let mut at_once = Vec::new();
    while server.seen().len() < 80 {
        world.now = world.now.plus(15);
        let n_before = server.seen().len();
        world.poll();
        at_once.push(server.seen().len() - n_before);
        assert!(at_once.len() < 100, "{at_once:?}");
    }
    assert!(at_once.iter().all(|n| *n <= 10), "{at_once:?}");
}
