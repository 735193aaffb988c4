//! Row 34: addresses that are never fetched; and TLS.

use std::path::PathBuf;

use copytaster::fetch::{FetchError, FetchOptions, Fetcher};

use crate::server::{Server, reply};
use crate::tls;

use super::fetcher::{body, failure, feed, fetch, fetcher};
use super::world::{World, good, options};

#[test]
fn row_34_private_addresses_are_refused_before_connecting() {
    let trap = Server::start("127.21.0.1", |_| reply(200, &[], b"secret"));
    let fetcher = fetcher(options());
    let port = trap.address.port();
    let check = |host: &str| {
        let failure = failure(fetch(&fetcher, &feed(format!("http://{host}:{port}/"))));
        assert_eq!(failure.kind, "blocked-address", "{host}: {}", failure.reason);
        assert!(!failure.reason.is_empty());
    };
    for host in [
        "127.21.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.21.0.1]",
        "[::127.21.0.1]",
        "[64:ff9b::127.21.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "0",
    ] {
        check(host);
    }
    assert!(trap.seen().is_empty());
}

#[test]
fn row_34_redirects_lead_nowhere_else() {
    let trap = Server::start("127.21.0.1", |_| reply(200, &[], b"secret"));
    let inside = trap.url("/");
    let server = Server::start("127.20.0.1", move |request| {
        let to = match request.path.as_str() {
            "/private" => inside.as_str(),
            "/name" => "http://localhost:8080/",
            "/metadata" => "http://169.254.169.254/latest/",
            "/file" => "file:///etc/passwd",
            "/data" => "data:text/plain,x",
            "/mail" => "http://127.20.0.1:25/",
            _ => return good(&[]),
        };
        reply(302, &[("Location", to)], b"")
    });
    let world = World::new();
    for path in ["/private", "/name", "/metadata", "/file", "/data", "/mail", "/good"] {
        world.add(&server.url(path));
    }
    let summary = world.poll();
    assert_eq!((summary.n_polled, summary.failed.len()), (7, 6));
    let kind = |path: &str| {
        world.value(&format!(
            "SELECT failure_kind FROM poll p JOIN feed f ON f.id = p.feed_id WHERE f.url LIKE '%{path}'"
        ))
    };
    assert_eq!(["/private", "/name", "/metadata"].map(kind), ["blocked-address"; 3]);
    assert_eq!(["/file", "/data", "/mail"].map(kind), ["scheme", "scheme", "blocked-port"]);
    assert!(trap.seen().is_empty());
}

#[test]
fn row_34_only_http_and_its_ports() {
    let fetcher = fetcher(options());
    let kind = |url: &str| failure(fetch(&fetcher, &feed(url.to_owned()))).kind;
    for url in ["file:///etc/passwd", "ftp://127.20.0.1/", "gopher://x/", "javascript:alert(1)", "nonsense", ""] {
        assert_eq!(kind(url), "scheme", "{url}");
    }
    for port in [22, 25, 110, 6000] {
        assert_eq!(kind(&format!("http://127.20.0.1:{port}/")), "blocked-port");
    }
}

#[test]
fn row_34_articles_cannot_lead_inside_either() {
    let trap = Server::start("127.21.0.1", |_| reply(200, &[], b"secret"));
    let link = trap.url("/news");
    let server = Server::start("127.20.0.1", move |_| {
        let item = |link: &str| format!("<item><title>about {link}</title><link>{link}</link></item>");
        let items: String = [&link, "file:///etc/passwd", "javascript:alert(1)"].map(item).concat();
        let feed = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
        reply(200, &[], feed.as_bytes())
    });
    let world = World::of(&server);
    let summary = world.fetch();
    assert_eq!(summary.n_entries, 3);
    assert_eq!(summary.n_scraped, 0);
    assert!(trap.seen().is_empty());
    assert!(server.seen().iter().all(|request| request.path == "/feed"));
}

#[test]
fn tls_works_with_a_known_authority_and_offers_http_2() {
    let server = tls::Server::start("127.20.0.1", "server", b"feed over TLS");
    let fetcher = fetcher(FetchOptions { extra_authorities: vec![tls::authority()], ..options() });
    assert_eq!(body(fetch(&fetcher, &feed(server.url()))).bytes, b"feed over TLS");
    assert_eq!(server.offered(), [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn tls_that_cannot_be_trusted_is_a_failure_of_that_feed() {
    let known = || fetcher(FetchOptions { extra_authorities: vec![tls::authority()], ..options() });
    let check = |fetcher: &Fetcher, certificate: &str| {
        let server = tls::Server::start("127.20.0.1", certificate, b"secret");
        let failure = failure(fetch(fetcher, &feed(server.url())));
        assert_eq!(failure.kind, "tls", "{certificate}: {}", failure.reason);
    };
    check(&fetcher(options()), "server");
    check(&known(), "elsewhere");
    check(&known(), "expired");
    check(&known(), "self");
}

#[test]
fn an_authority_that_cannot_be_read_is_told() {
    for file in ["none.pem", "key.pem"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(file);
        let options = FetchOptions { extra_authorities: vec![path], ..options() };
        assert!(matches!(Fetcher::new(options), Err(FetchError::Authority(_))), "{file}");
    }
}
