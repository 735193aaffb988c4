//! What steers fetching; filled in by the caller, never read from the environment here.

use std::path::PathBuf;

use super::address::AddressRange;

/// Options of a [`Fetcher`](super::Fetcher).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// The one `User-Agent` of every request.
    pub user_agent: String,
    /// Seconds to establish a connection.
    pub connect_timeout_s: u64,
    /// Seconds of network time for one fetch, all redirects and the body together; waiting for a host's turn is not counted.
    pub total_timeout_s: u64,
    /// Decompressed bytes of a feed.
    pub max_feed_bytes: usize,
    /// Decompressed bytes of a page.
    pub max_page_bytes: usize,
    /// Redirects followed in one fetch.
    pub max_redirects: usize,
    /// Requests to one host at the same time.
    pub per_host_concurrency: usize,
    /// Milliseconds between the starts of two requests to one host.
    pub host_spacing_ms: u64,
    /// Requests at the same time over all hosts.
    pub max_concurrency: usize,
    /// Private ranges that may be fetched all the same, for intranets and tests.
    pub allow_private: Vec<AddressRange>,
    /// PEM files of certificate authorities to trust besides those that come with the program, for intranets.
    pub extra_authorities: Vec<PathBuf>,
    /// Whether pages are asked of robots.txt first.
    pub respect_robots: bool,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout_s: 10,
            total_timeout_s: 30,
            // The largest honest feeds carry a few hundred full articles; the configuration starts with the same.
            max_feed_bytes: 10 * 1024 * 1024,
            max_page_bytes: 5 * 1024 * 1024,
            max_redirects: 10,
            per_host_concurrency: 1,
            host_spacing_ms: 1000,
            max_concurrency: 32,
            allow_private: Vec::new(),
            extra_authorities: Vec::new(),
            respect_robots: true,
        }
    }
}
