//! One fetch from the check of the address to the outcome.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LINK, LOCATION,
};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::{Host, Url};

use crate::model::{FetchFailure, FetchOutcome, FetchedBody, Timestamp};

use super::address::is_allowed;
use super::gate::HostGates;
use super::options::FetchOptions;
use super::resolver::{GuardedResolver, ResolveFailure};
use super::robots::{RobotsCache, SIZE_CAP};
use super::{address::AddressRange, headers};

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
    /// The time of the fetch.
    pub now: Timestamp,
}

/// A fetcher that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// TLS has no usable protocol version.
    #[error("could not set up TLS")]
    Tls(#[source] rustls::Error),
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
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: reqwest::Client,
    options: FetchOptions,
    gates: HostGates,
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
            .tls_backend_preconfigured(tls_config().map_err(FetchError::Tls)?)
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
            Err(error) => return failed("scheme", None, format!("{} is no web address: {error}", request.url)),
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
                Err((status, until)) => return FetchOutcome::RetryAfter { status, until },
            };
            let started = Instant::now();
            let conditional = validators_url.as_ref() == Some(&url);
            let hop = tokio::time::timeout(budget, self.exchange(request, &url, conditional, &chain)).await;
            budget = budget.saturating_sub(started.elapsed());
            let hop = hop.unwrap_or_else(|_| Hop::Done(self.timed_out(&host)));
            if let Hop::Done(FetchOutcome::RetryAfter { status, until }) = &hop {
                self.shared.gates.pause(&host, *status, *until, request.now);
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
    fn check(&self, url: &Url) -> Result<(), FetchFailure> {
        if !matches!(url.scheme(), "http" | "https") {
            let reason = format!("{}: addresses are not fetched, only http: and https:", url.scheme());
            return Err(failure("scheme", None, reason));
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
        sent.insert(ACCEPT, reqwest::header::HeaderValue::from_static(accept(request.purpose)));
        if conditional {
            for (name, value) in [(IF_NONE_MATCH, &request.etag), (IF_MODIFIED_SINCE, &request.last_modified)] {
                if let Some(value) = value.as_deref().and_then(headers::value_from_text) {
                    sent.insert(name, value);
                }
            }
        }
        let asked = sent.contains_key(IF_NONE_MATCH) || sent.contains_key(IF_MODIFIED_SINCE);
        let response = match self.shared.client.get(url.clone()).headers(sent).send().await {
            Ok(response) => response,
            Err(error) => return Hop::Done(FetchOutcome::Failed(explain(&error))),
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
            },
            301 | 302 | 303 | 307 | 308 => match got.get(LOCATION).map(|value| location(url, value.as_bytes())) {
                Some(Some(to)) => return Hop::Redirect { status, to },
                Some(None) => failed("redirect", Some(status.as_u16()), "redirects to no web address".to_owned()),
                None => failed("redirect", Some(status.as_u16()), "redirects without saying where to".to_owned()),
            },
            429 => FetchOutcome::RetryAfter {
                status: 429,
                until: headers::retry_after(got, request.now).unwrap_or_else(|| headers::default_retry(request.now)),
            },
            503 => match headers::retry_after(got, request.now) {
                Some(until) => FetchOutcome::RetryAfter { status: 503, until },
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
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return FetchOutcome::Failed(explain(&error)),
            };
            if body.bytes.len() + chunk.len() <= cap {
                body.bytes.extend_from_slice(&chunk);
                continue;
            }
            if request.purpose == Purpose::Robots {
                // RFC 9309 section 2.5: the first 500 KiB count, the rest may be ignored.
                body.bytes.extend_from_slice(&chunk[..cap - body.bytes.len()]);
                break;
            }
            let reason = format!("the answer is larger than {} after decompression", megabytes(cap));
            return failed("too-large", Some(body.status), reason);
        }
        // The client unpacks before it hands out bytes, so of a compressed answer only the unpacked size is known.
        body.n_wire_bytes = body.bytes.len() as u64;
        FetchOutcome::Body(body)
    }

    fn timed_out(&self, host: &str) -> FetchOutcome {
        let seconds = self.shared.options.total_timeout_s;
        failed("timeout", None, format!("{host} did not finish its answer within {seconds} s"))
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

fn tls_config() -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    // The provider is named here: without it rustls looks for a process-wide one and panics.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
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

fn failure(kind: &'static str, status: Option<u16>, reason: String) -> FetchFailure {
    FetchFailure { kind, status, reason }
}

fn failed(kind: &'static str, status: Option<u16>, reason: String) -> FetchOutcome {
    FetchOutcome::Failed(failure(kind, status, reason))
}

fn explain_status(status: StatusCode, got: &HeaderMap) -> FetchFailure {
    let code = status.as_u16();
    // A named vendor header, because a challenge page otherwise looks like any refusal.
    if got.get("cf-mitigated").is_some_and(|value| value.as_bytes() == b"challenge") {
        let reason =
            "the server wants a browser to solve a challenge; ask the outlet for a feed that programs may read";
        return failure("challenge", Some(code), reason.to_owned());
    }
    let reason = match code {
        204 | 205 => "the server answers without any content".to_owned(),
        304 => "the server says unchanged although nothing was asked about a change".to_owned(),
        401 | 407 => format!("the server wants a login ({code}); look for a public address of the outlet"),
        402 | 451 => format!("the server refuses for payment or legal reasons ({code})"),
        403 => "the server refuses this program (403); ask the outlet or use another of its feeds".to_owned(),
        404 => "nothing stands at this address (404); look on the outlet's site for its new one".to_owned(),
        410 => "the page it redirects to is gone (410)".to_owned(),
        500..=599 => format!("the server has a fault of its own ({code}); it is asked again later"),
        _ => format!("the server answers with status {code}"),
    };
    failure("status", Some(code), reason)
}

/// Names the cause of a transport error; reqwest keeps it in the chain of sources.
fn explain(error: &reqwest::Error) -> FetchFailure {
    let mut words = String::new();
    let mut broke_off = false;
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(resolve) = cause.downcast_ref::<ResolveFailure>() {
            let kind = match resolve {
                ResolveFailure::NoAddress { .. } => "dns",
                ResolveFailure::Blocked { .. } => "blocked-address",
            };
            return failure(kind, None, resolve.to_string());
        }
        if let Some(tls) = tls_error(cause) {
            let reason =
                format!("the secure connection failed ({tls}); the certificate or the https: address is wrong");
            return failure("tls", None, reason);
        }
        words = cause.to_string();
        broke_off = cause.downcast_ref::<std::io::Error>().is_some_and(|cause| {
            use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
            matches!(cause.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
        });
        source = cause.source();
    }
    if error.is_timeout() {
        return failure("timeout", None, "no connection within the time allowed".to_owned());
    }
    // The handshake can end without any error of rustls: the server just hangs up.
    if error.is_connect() && words.contains("tls handshake") {
        return failure("tls", None, format!("the server does not speak https at this address ({words})"));
    }
    if error.is_connect() {
        return failure("connect", None, format!("no connection to the server ({words})"));
    }
    // reqwest calls each fault within a body a decoding fault, a lost connection too.
    if error.is_decode() && !broke_off {
        return failure("decode", None, format!("the answer is damaged and cannot be unpacked ({words})"));
    }
    failure("reset", None, format!("the server broke off or sent no proper HTTP ({words})"))
}

/// Finds rustls' error, which hides inside one or more `io::Error`s that do not give it as their source.
fn tls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = cause.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let mut hull = cause.downcast_ref::<std::io::Error>()?;
    loop {
        let inner = hull.get_ref()?;
        if let Some(found) = inner.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        hull = inner.downcast_ref::<std::io::Error>()?;
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
