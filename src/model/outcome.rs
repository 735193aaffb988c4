//! How one fetch ended. A dead feed, a blocked page or a bomb is data, not an error.

use super::time::Timestamp;

/// A body that arrived within the caps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchedBody {
    /// HTTP status (200, or 226 for a delta).
    pub status: u16,
    /// The address that answered, after redirects.
    pub final_url: String,
    /// Where permanent redirects (301, 308) alone led, when the chain began with them.
    pub permanent_url: Option<String>,
    /// Decoded (decompressed) bytes.
    pub bytes: Vec<u8>,
    /// `Content-Type` as received.
    pub content_type: Option<String>,
    /// `ETag` byte for byte.
    pub etag: Option<String>,
    /// `Last-Modified` byte for byte.
    pub last_modified: Option<String>,
    /// Until when the server asks not to come back, from `Cache-Control: max-age` or `Expires`.
    pub fresh_until: Option<Timestamp>,
    /// `Link` header values, for WebSub hubs and canonical addresses.
    pub link_headers: Vec<String>,
    /// Bytes on the wire, before decompression.
    pub n_wire_bytes: u64,
}

/// The outcome of one fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A body arrived.
    Body(FetchedBody),
    /// 304: nothing new; validators that came along replace the stored ones.
    Unchanged {
        /// `ETag`, if the answer carried one.
        etag: Option<String>,
        /// `Last-Modified`, if the answer carried one.
        last_modified: Option<String>,
        /// Until when the server asks not to come back.
        fresh_until: Option<Timestamp>,
        /// The address that answered, after redirects.
        final_url: String,
        /// Where permanent redirects alone led, when the chain began with them.
        permanent_url: Option<String>,
    },
    /// The server asked to be left alone, for the whole host.
    RetryAfter {
        /// How it said so.
        wish: RestWish,
        /// Not before this moment; clamped.
        until: Timestamp,
        /// The host that asked, which after a redirect is not the one of the address.
        host: String,
    },
    /// 410.
    Gone,
    /// Anything else that is not a usable answer.
    Failed(FetchFailure),
}

/// How a host asked to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestWish {
    /// With an HTTP status: 429, or 503 with `Retry-After`.
    Status(u16),
    /// By ending an HTTP/2 stream or connection with `ENHANCE_YOUR_CALM` (RFC 9113 section 7).
    Calm,
    /// Earlier, so that it was not asked at all.
    Earlier,
}

impl RestWish {
    /// The HTTP status, if it was one.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::Calm | Self::Earlier => None,
        }
    }
}

/// Why a fetch failed, in a word for counting and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
    /// A stable word: `status`, `timeout`, `dns`, `connect`, `tls`, `reset`, `too-large`, `redirect`, `blocked-address`,
    /// `scheme`, `blocked-port`, `decode`, `not-a-feed`, `robots`, `challenge`, `cancelled`.
    pub kind: &'static str,
    /// HTTP status when there was one.
    pub status: Option<u16>,
    /// One sentence a person understands.
    pub reason: String,
}

/// Tells a host's wish to be left alone in one sentence.
#[must_use]
pub fn wait_reason(wish: RestWish, until: Timestamp, host: &str) -> String {
    match wish {
        RestWish::Status(status) => format!("{host} asks to come back after {until} ({status})"),
        RestWish::Calm => {
            format!("{host} finds itself asked too much (HTTP/2 ENHANCE_YOUR_CALM) and is left alone until {until}")
        }
        RestWish::Earlier => format!("not asked: {host} wants to be left alone until {until}"),
    }
}
