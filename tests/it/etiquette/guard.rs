//! Row 34: addresses that are never fetched; and TLS. What counts is that the server inside saw nothing.

use std::path::PathBuf;

use copytaster::fetch::{FetchError, FetchOptions, Fetcher};

use crate::program::Test;
use crate::server::{Server, reply};
use crate::tls;

use super::world::{World, good, options, rss};

/// A server inside that no feed may reach.
fn trap(ip: &str) -> Server {
    Server::start(ip, |_| reply(200, &[], &rss("secret", 1, "")))
}

#[test]
fn row_34_private_addresses_are_refused_before_connecting() {
    let traps = [trap("127.21.0.1"), trap("127.0.0.1")];
    let hosts = [
        "127.21.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "[::ffff:127.21.0.1]",
        "[::127.21.0.1]",
        "[64:ff9b::127.21.0.1]",
        "[2002:7f15:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "224.0.0.1",
        "0",
    ];
    let world = World::new();
    let mut urls = Vec::new();
    for trap in &traps {
        let port = trap.address.port();
        urls.extend(hosts.map(|host| format!("http://{host}:{port}/feed")));
        // Nor is a handshake begun.
        urls.push(format!("https://127.21.0.1:{port}/feed"));
    }
    for url in &urls {
        world.add(url);
    }
    let summary = world.fetch();
    assert_eq!((summary.n_polled, summary.failed.len()), (urls.len(), urls.len()));
    assert!(summary.failed.iter().all(|feed| feed.reason.contains("allow_private")), "{:?}", summary.failed);
    for url in &urls {
        assert_eq!(world.failure_kind(url), "blocked-address", "{url}");
    }
    for trap in &traps {
        assert_eq!(trap.n_connections(), 0, "{}", trap.address);
    }
}

#[test]
fn row_34_redirects_lead_nowhere_else() {
    let trap = trap("127.21.0.1");
    let (inside, port) = (trap.url("/"), trap.address.port());
    let server = Server::start("127.20.0.1", move |request| {
        let to = match request.path.as_str() {
            "/private" => inside.clone(),
            "/twice" => "/private".to_owned(),
            "/slashes" => format!("//127.21.0.1:{port}/"),
            "/name" => format!("http://localhost:{port}/"),
            "/metadata" => "http://169.254.169.254/latest/".to_owned(),
            "/file" => "file:///etc/passwd".to_owned(),
            "/data" => "data:text/plain,x".to_owned(),
            "/mail" => "http://127.20.0.1:25/".to_owned(),
            _ => return good(&[]),
        };
        reply(302, &[("Location", &to)], b"")
    });
    let expected = [
        ("/private", "blocked-address"),
        ("/twice", "blocked-address"),
        ("/slashes", "blocked-address"),
        ("/name", "blocked-address"),
        ("/metadata", "blocked-address"),
        ("/file", "scheme"),
        ("/data", "scheme"),
        ("/mail", "blocked-port"),
        ("/good", "null"),
    ];
    let world = World::new();
    for (path, _) in expected {
        world.add(&server.url(path));
    }
    let summary = world.poll();
    assert_eq!((summary.n_polled, summary.failed.len()), (expected.len(), expected.len() - 1));
    for (path, kind) in expected {
        assert_eq!(world.failure_kind(&server.url(path)), kind, "{path}");
    }
    assert_eq!(server.n_of("/private"), 2, "once by itself, once on the way from /twice");
    assert_eq!(trap.n_connections(), 0);
}

#[test]
fn row_34_only_http_and_its_ports() {
    // An address that may be fetched, this process's own, on a port that belongs to the X window system.
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = format!("127.20.{high}.{low}");
    let trap = Server::at(&host, 6000, |_| good(&[]));
    let world = World::new();
    let schemes =
        ["file:///etc/passwd", "ftp://127.20.0.1/", "gopher://127.20.0.1/", "javascript:alert(1)", "nonsense"];
    let ports = [22, 25, 110, 6000].map(|port| format!("http://{host}:{port}/"));
    for url in schemes.iter().copied().chain(ports.iter().map(String::as_str)) {
        world.add(url);
    }
    world.poll();
    for url in schemes {
        assert_eq!(world.failure_kind(url), "scheme", "{url}");
    }
    for url in &ports {
        assert_eq!(world.failure_kind(url), "blocked-port", "{url}");
    }
    assert_eq!(trap.n_connections(), 0);
}

#[test]
fn row_34_articles_cannot_lead_inside_either() {
    let trap = trap("127.21.0.1");
    let (link, inside) = (trap.url("/news"), trap.url("/redirected"));
    let server = Server::start("127.20.0.1", move |request| match request.path.as_str() {
        "/feed" => {
            let item = |link: &str| format!("<item><title>about {link}</title><link>{link}</link></item>");
            let items: String = [&link, "file:///etc/passwd", "javascript:alert(1)", "/moved"].map(item).concat();
            reply(200, &[], format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>").as_bytes())
        }
        _ => reply(301, &[("Location", &inside)], b""),
    });
    let world = World::of(&server);
    let summary = world.fetch();
    assert_eq!((summary.n_entries, summary.n_scraped), (4, 0));
    // Neither robots.txt, which is sent inside too, nor the page is followed there.
    assert_eq!(trap.n_connections(), 0);
    assert_eq!(server.paths(), ["/feed", "/robots.txt"]);
    // Nor is the page where robots.txt says nothing against it.
    let world = World::with(FetchOptions { respect_robots: false, ..options() });
    world.add(&server.url("/feed"));
    assert_eq!(world.fetch().n_scraped, 0);
    assert_eq!(server.paths()[2..], ["/feed", "/moved"]);
    assert_eq!(trap.n_connections(), 0);
}

#[test]
fn row_34_no_command_of_the_program_reaches_inside_unless_it_was_opened() {
    let trap = trap("127.21.0.1");
    let (url, test) = (trap.url("/feed"), Test::empty());
    let refused = |arguments: &[&str], code: i32| {
        let output = test.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains("allow_private"), "{arguments:?}: {said}");
    };
    refused(&["feed", "add", &url], 1);
    refused(&["feed", "test", &url], 3);
    refused(&["extract", &url], 1);
    refused(&["watch", "add", "word", "--webhook", &url], 2);
    test.stdout(&["feed", "add", "--no-check", &url]);
    refused(&["fetch", "--all"], 3);
    assert_eq!(trap.n_connections(), 0);
    // A proxy of the environment would make the connection for us.
    let proxy = Server::start("127.21.0.2", |_| good(&[]));
    let mut command = test.command(&["fetch", "--all"]);
    command.env("COPYTASTER_ALLOW_PRIVATE", "127.21.0.1/32");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, proxy.url(""));
    }
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!((trap.paths()[0].as_str(), proxy.n_connections()), ("/feed", 0));
}

#[test]
fn tls_works_with_a_known_authority_and_offers_http_2() {
    let server = tls::Server::start("127.20.0.1", "server", &rss("news", 3, ""));
    let world = World::with(FetchOptions { extra_authorities: vec![tls::authority()], ..options() });
    world.add(&server.url());
    assert_eq!(world.poll().n_entries, 3);
    assert_eq!(server.offered(), [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn tls_that_cannot_be_trusted_is_a_failure_of_that_feed() {
    let known = || FetchOptions { extra_authorities: vec![tls::authority()], ..options() };
    let check = |options: FetchOptions, certificate: &str| {
        let server = tls::Server::start("127.20.0.1", certificate, &rss("news", 3, ""));
        let world = World::with(options);
        world.add(&server.url());
        assert_eq!(world.poll().failed.len(), 1);
        assert_eq!(world.failure_kind(&server.url()), "tls", "{certificate}");
        assert_eq!(server.n_requests(), 0, "{certificate}: nothing was asked of a stranger");
    };
    check(options(), "server");
    check(known(), "elsewhere");
    check(known(), "expired");
    check(known(), "self");
}

#[test]
fn an_authority_that_cannot_be_read_is_told() {
    for file in ["none.pem", "key.pem"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(file);
        let options = FetchOptions { extra_authorities: vec![path], ..options() };
        assert!(matches!(Fetcher::new(options), Err(FetchError::Authority(_))), "{file}");
    }
}
