//! One fetch from the check of the address to the outcome.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LINK, LOCATION,
};
use reqwest::{Response, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::time::Instant;
use url::{Host, Url};

use crate::model::{FetchFailure, FetchOutcome, FetchedBody, RestWish, Timestamp};

use super::address::{AddressRange, is_allowed, is_refused_port};
use super::body::{self, BodyError, BodyReader};
use super::explain::{explain, explain_status, failed, failure, no_address, wants_calm};
use super::gate::HostGates;
use super::options::FetchOptions;
use super::resolver::GuardedResolver;
use super::robots::{RobotsCache, SIZE_CAP};
use super::{gate, headers};

/// What a URL is fetched for; decides the cap and the `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Purpose {
    /// A feed that is polled.
    #[default]
    Feed,
    /// The page of an article.
    Page,
    /// A robots.txt.
    Robots,
    /// A page or file looked at to find feeds.
    Discovery,
}

/// One fetch to make.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchRequest {
    /// The address.
    pub url: String,
    /// What it is fetched for.
    pub purpose: Purpose,
    /// The stored `ETag` of this very URL.
    pub etag: Option<String>,
    /// The stored `Last-Modified` of this very URL.
    pub last_modified: Option<String>,
    /// Whether a feed may be answered with only what is new (RFC 3229), if the `ETag` goes along.
    pub takes_delta: bool,
    /// The time of the fetch.
    pub now: Timestamp,
}

/// A fetcher that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// TLS has no usable protocol version.
    #[error("could not set up TLS")]
    Tls(#[source] rustls::Error),
    /// A certificate authority that was named can't be read.
    #[error("{0} is no PEM file with a certificate")]
    Authority(std::path::PathBuf),
    /// The HTTP client was refused, for example for a `User-Agent` with a line break.
    #[error("could not set up the HTTP client with user agent {user_agent:?}")]
    Client {
        /// The user agent asked for.
        user_agent: String,
        /// What the client says.
        source: reqwest::Error,
    },
}

/// Fetches politely; cheap to clone, clones share the host gates, the connections and the robots cache.
#[derive(Debug, Clone)]
pub struct Fetcher {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: reqwest::Client,
    pub(super) options: FetchOptions,
    pub(super) gates: HostGates,
    robots: RobotsCache,
}

/// How one exchange ended: with an outcome, or at a redirect.
enum Hop {
    Done(FetchOutcome),
    Redirect { status: StatusCode, to: Url },
}

impl Fetcher {
    /// Builds a fetcher.
    ///
    /// # Errors
    /// When TLS or the HTTP client cannot be set up.
    pub fn new(options: FetchOptions) -> Result<Self, FetchError> {
        let allow_private: Arc<[AddressRange]> = options.allow_private.clone().into();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(&options)?)
            .dns_resolver(GuardedResolver { allow_private })
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(&options.user_agent)
            .connect_timeout(Duration::from_secs(options.connect_timeout_s))
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .map_err(|source| FetchError::Client { user_agent: options.user_agent.clone(), source })?;
        let gates = HostGates::new(
            options.per_host_concurrency,
            Duration::from_millis(options.host_spacing_ms),
            options.max_concurrency,
        );
        let shared = Shared { client, options, gates, robots: RobotsCache::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The options the fetcher was built with.
    #[must_use]
    pub fn options(&self) -> &FetchOptions {
        &self.shared.options
    }

    pub(super) fn robots_store(&self) -> &RobotsCache {
        &self.shared.robots
    }

    /// Leaves `host` alone until then: what an earlier process was told.
    pub fn seed_pause(&self, host: &str, until: Timestamp, now: Timestamp) {
        self.shared.gates.pause(host, until, now);
    }

    /// Makes one fetch; the validators in `request` are sent to `request.url` only, never past a redirect.
    pub async fn fetch(&self, request: &FetchRequest) -> FetchOutcome {
        self.fetch_validated(request, &request.url).await
    }

    /// Makes one fetch whose validators came from `validators_url`, the `final_url` of an earlier fetch.
    ///
    /// They are sent to exactly that URL when the chain reaches it, so that a feed behind a redirect is fetched
    /// conditionally too, and never to any other.
    pub async fn fetch_validated(&self, request: &FetchRequest, validators_url: &str) -> FetchOutcome {
        let mut url = match Url::parse(request.url.trim()) {
            Ok(url) => url,
            Err(error) => return FetchOutcome::Failed(no_address(error)),
        };
        // A fragment is never sent, so two addresses that differ in it are one.
        url.set_fragment(None);
        let mut validators_url = Url::parse(validators_url.trim()).ok();
        if let Some(url) = &mut validators_url {
            url.set_fragment(None);
        }
        let mut budget = Duration::from_secs(self.shared.options.total_timeout_s);
        let mut chain = Chain { only_permanent: true, permanent_url: None, started_secure: url.scheme() == "https" };
        for _ in 0..=self.shared.options.max_redirects {
            if let Err(failure) = self.check(&url) {
                return FetchOutcome::Failed(failure);
            }
            let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
            let turn = match self.shared.gates.enter(&host, request.now).await {
                Ok(turn) => turn,
                Err(gate::Paused { until }) => {
                    return FetchOutcome::RetryAfter { wish: RestWish::Earlier, until, host };
                }
            };
            let started = Instant::now();
            let conditional = validators_url.as_ref() == Some(&url);
            let hop = tokio::time::timeout(budget, self.exchange(request, &url, conditional, &chain)).await;
            budget = budget.saturating_sub(started.elapsed());
            let hop = hop.unwrap_or_else(|_| Hop::Done(FetchOutcome::Failed(self.timed_out(&host))));
            if let Hop::Done(FetchOutcome::RetryAfter { until, .. }) = &hop {
                self.shared.gates.pause(&host, *until, request.now);
            }
            drop(turn);
            match hop {
                Hop::Done(outcome) => return outcome,
                Hop::Redirect { status, to } => {
                    if to == url {
                        return failed("redirect", Some(status.as_u16()), format!("{url} redirects to itself"));
                    }
                    chain.step(status, &to);
                    url = to;
                }
            }
        }
        let max_redirects = self.shared.options.max_redirects;
        failed(
            "redirect",
            None,
            format!("gave up after {max_redirects} redirects; the address may redirect in a circle"),
        )
    }

    /// Refuses schemes and literal addresses before anything is sent; names are checked by the resolver.
    pub(super) fn check(&self, url: &Url) -> Result<(), FetchFailure> {
        if !matches!(url.scheme(), "http" | "https") {
            let reason = format!("{}: addresses are not fetched, only http: and https:", url.scheme());
            return Err(failure("scheme", None, reason));
        }
        if url.port().is_some_and(is_refused_port) {
            let reason = format!("port {} belongs to another protocol than HTTP", url.port().unwrap_or_default());
            return Err(failure("blocked-port", None, reason));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(failure("scheme", None, "the address names no host".to_owned())),
        };
        if is_allowed(literal, &self.shared.options.allow_private) {
            return Ok(());
        }
        let reason = format!("{literal} is a private address; open it with allow_private if that is meant");
        Err(failure("blocked-address", None, reason))
    }

    async fn exchange(&self, request: &FetchRequest, url: &Url, conditional: bool, chain: &Chain) -> Hop {
        let mut sent = HeaderMap::new();
        sent.insert(ACCEPT, HeaderValue::from_static(accept(request.purpose)));
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::ACCEPT_ENCODING));
        if conditional {
            for (name, value) in [(IF_NONE_MATCH, &request.etag), (IF_MODIFIED_SINCE, &request.last_modified)] {
                if let Some(value) = value.as_deref().and_then(headers::value_from_text) {
                    sent.insert(name, value);
                }
            }
        }
        let asked = sent.contains_key(IF_NONE_MATCH) || sent.contains_key(IF_MODIFIED_SINCE);
        // RFC 3229: a server that knows what we have may send only what is new, as a 226.
        if request.takes_delta && sent.contains_key(IF_NONE_MATCH) {
            sent.insert(HeaderName::from_static("a-im"), HeaderValue::from_static("feed"));
        }
        let response = match self.shared.client.get(url.clone()).headers(sent).send().await {
            Ok(response) => response,
            Err(error) => return Hop::Done(broken_off(&error, url, request.now)),
        };
        let status = response.status();
        let got = response.headers();
        let get = |name: HeaderName| headers::text(got, name);
        let outcome = match status.as_u16() {
            200 | 203 | 226 => self.read_body(request, url, chain, response).await,
            304 if asked => FetchOutcome::Unchanged {
                etag: get(ETAG),
                last_modified: get(LAST_MODIFIED),
                fresh_until: headers::fresh_until(got, request.now),
                final_url: url.to_string(),
                permanent_url: chain.permanent_url.clone(),
            },
            301 | 302 | 303 | 307 | 308 => match got.get(LOCATION).map(|value| location(url, value.as_bytes())) {
                Some(Some(to)) => return Hop::Redirect { status, to },
                Some(None) => failed("redirect", Some(status.as_u16()), "redirects to no web address".to_owned()),
                None => failed("redirect", Some(status.as_u16()), "redirects without saying where to".to_owned()),
            },
            429 => FetchOutcome::RetryAfter {
                wish: RestWish::Status(429),
                until: headers::retry_after(got, request.now).unwrap_or_else(|| headers::default_retry(request.now)),
                host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            },
            503 => match headers::retry_after(got, request.now) {
                Some(until) => FetchOutcome::RetryAfter {
                    wish: RestWish::Status(503),
                    until,
                    host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
                },
                None => FetchOutcome::Failed(explain_status(status, got)),
            },
            // Gone behind a temporary redirect says nothing about the address we hold.
            410 if chain.only_permanent => FetchOutcome::Gone,
            _ => FetchOutcome::Failed(explain_status(status, got)),
        };
        Hop::Done(outcome)
    }

    async fn read_body(&self, request: &FetchRequest, url: &Url, chain: &Chain, response: Response) -> FetchOutcome {
        let cap = match request.purpose {
            Purpose::Feed => self.shared.options.max_feed_bytes,
            Purpose::Page | Purpose::Discovery => self.shared.options.max_page_bytes,
            Purpose::Robots => SIZE_CAP,
        };
        let got = response.headers();
        let mut body = FetchedBody {
            status: response.status().as_u16(),
            final_url: url.to_string(),
            permanent_url: chain.permanent_url.clone(),
            bytes: Vec::new(),
            content_type: headers::text(got, CONTENT_TYPE),
            etag: headers::text(got, ETAG),
            last_modified: headers::text(got, LAST_MODIFIED),
            fresh_until: headers::fresh_until(got, request.now),
            link_headers: headers::texts(got, LINK),
            n_wire_bytes: 0,
        };
        let mut reader = match BodyReader::new(got, cap) {
            Ok(reader) => reader,
            Err(error) => return unusable(&error, &body, cap),
        };
        let mut response = response;
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return broken_off(&error, url, request.now),
            };
            match reader.push(&chunk) {
                Ok(()) => {}
                Err(BodyError::TooLarge) if request.purpose == Purpose::Robots => {
                    // RFC 9309 section 2.5: the first 500 KiB count, the rest may be ignored.
                    body.bytes = reader.take();
                    return FetchOutcome::Body(body);
                }
                Err(error) => return unusable(&error, &body, cap),
            }
        }
        match reader.finish() {
            Ok((bytes, n_wire_bytes)) => FetchOutcome::Body(FetchedBody { bytes, n_wire_bytes, ..body }),
            Err(error) => unusable(&error, &body, cap),
        }
    }

    pub(super) fn timed_out(&self, host: &str) -> FetchFailure {
        let seconds = self.shared.options.total_timeout_s;
        failure("timeout", None, format!("{host} did not finish its answer within {seconds} s"))
    }
}

/// What the redirects so far say about the address we hold.
struct Chain {
    only_permanent: bool,
    permanent_url: Option<String>,
    started_secure: bool,
}

impl Chain {
    fn step(&mut self, status: StatusCode, to: &Url) {
        self.only_permanent &= matches!(status.as_u16(), 301 | 308);
        // A stored https address is never exchanged for an http one.
        if self.only_permanent && (to.scheme() == "https" || !self.started_secure) {
            self.permanent_url = Some(to.to_string());
        }
    }
}

fn tls_config(options: &FetchOptions) -> Result<rustls::ClientConfig, FetchError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    for file in &options.extra_authorities {
        let unreadable = || FetchError::Authority(file.clone());
        let found = CertificateDer::pem_file_iter(file).map_err(|_| unreadable())?;
        let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|_| unreadable())?;
        if found.is_empty() {
            return Err(unreadable());
        }
        for authority in found {
            roots.add(authority).map_err(|_| unreadable())?;
        }
    }
    // The provider is named here: without it rustls looks for a process-wide one and panics.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(FetchError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn accept(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Feed => {
            "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
        }
        Purpose::Page | Purpose::Discovery => "text/html, application/xhtml+xml, */*;q=0.5",
        Purpose::Robots => "text/plain, */*;q=0.5",
    }
}

/// Resolves a `Location`; servers send UTF-8 there although only ASCII is allowed.
fn location(base: &Url, value: &[u8]) -> Option<Url> {
    let mut to = base.join(String::from_utf8_lossy(value).trim()).ok()?;
    to.set_fragment(None);
    Some(to)
}

fn megabytes(bytes: usize) -> String {
    if bytes >= 1024 * 1024 { format!("{} MiB", bytes / (1024 * 1024)) } else { format!("{bytes} bytes") }
}

/// An exchange without an answer, or with a part of one: a failure, unless the server wants to be asked less.
fn broken_off(error: &reqwest::Error, url: &Url, now: Timestamp) -> FetchOutcome {
    if !wants_calm(error) {
        return FetchOutcome::Failed(explain(error));
    }
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    FetchOutcome::RetryAfter { wish: RestWish::Calm, until: headers::default_retry(now), host }
}

fn unusable(error: &BodyError, body: &FetchedBody, cap: usize) -> FetchOutcome {
    match error {
        BodyError::TooLarge => {
            let reason = format!("the answer is larger than {} after decompression", megabytes(cap));
            failed("too-large", Some(body.status), reason)
        }
        BodyError::Damaged(what) => {
            let reason = format!("the answer is damaged and cannot be unpacked ({what})");
            failed("decode", Some(body.status), reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permanent_address_ends_at_the_first_temporary_step() {
        let check = |start: &str, steps: &[(u16, &str)], expected: Option<&str>| {
            let mut chain =
                Chain { only_permanent: true, permanent_url: None, started_secure: start.starts_with("https") };
            for (status, to) in steps {
                chain.step(StatusCode::from_u16(*status).unwrap(), &Url::parse(to).unwrap());
            }
            assert_eq!(chain.permanent_url.as_deref(), expected, "{steps:?}");
        };
        check("http://a.example/", &[], None);
        check("http://a.example/", &[(301, "https://b.example/")], Some("https://b.example/"));
        check(
            "http://a.example/",
            &[(308, "http://b.example/"), (302, "http://c.example/")],
            Some("http://b.example/"),
        );
        check("http://a.example/", &[(302, "http://b.example/"), (301, "http://c.example/")], None);
        check("https://a.example/", &[(301, "http://b.example/")], None);
    }

    #[test]
    fn a_fetcher_refuses_a_broken_user_agent() {
        let options = FetchOptions { user_agent: "a\nb".to_owned(), ..FetchOptions::default() };
        assert!(matches!(Fetcher::new(options), Err(FetchError::Client { .. })));
    }
}
