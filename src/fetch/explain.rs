//! Why a fetch came to nothing, in a word for counting and a sentence a person understands.

use std::error::Error as _;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::resolver::ResolveFailure;
use crate::model::{FetchFailure, FetchOutcome};

pub(super) fn failure(kind: &'static str, status: Option<u16>, reason: String) -> FetchFailure {
    FetchFailure { kind, status, reason }
}

pub(super) fn failed(kind: &'static str, status: Option<u16>, reason: String) -> FetchOutcome {
    FetchOutcome::Failed(failure(kind, status, reason))
}

/// Words for text that is no address; the reader knows which, since every reason stands beside what it is about.
pub(super) fn no_address(error: url::ParseError) -> FetchFailure {
    let reason = match error {
        url::ParseError::RelativeUrlWithoutBase => {
            "no web address: it begins with neither http:// nor https://".to_owned()
        }
        error => format!("no web address: {error}"),
    };
    failure("scheme", None, reason)
}

pub(super) fn explain_status(status: StatusCode, got: &HeaderMap) -> FetchFailure {
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
pub(super) fn explain(error: &reqwest::Error) -> FetchFailure {
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
        let of_http2 = cause.downcast_ref::<h2::Error>();
        if let Some(ended) = of_http2.filter(|ended| !ended.is_io()) {
            return failure("reset", None, explain_http2(ended));
        }
        words = cause.to_string();
        let of_transport = cause.downcast_ref::<std::io::Error>().or(of_http2.and_then(h2::Error::get_io));
        broke_off = of_transport.is_some_and(|cause| {
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

/// Whether the server ended the stream or the connection because it finds itself asked too much.
pub(super) fn wants_calm(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(ended) = cause.downcast_ref::<h2::Error>() {
            return ended.is_remote() && ended.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
        }
        source = cause.source();
    }
    false
}

/// Says why a stream of HTTP/2 ended before its answer was whole.
fn explain_http2(ended: &h2::Error) -> String {
    match ended.reason() {
        Some(h2::Reason::REFUSED_STREAM) if ended.is_remote() => {
            "the server refused the request before it looked at it (HTTP/2 REFUSED_STREAM); it is asked again later"
                .to_owned()
        }
        Some(h2::Reason::NO_ERROR) if ended.is_remote() => {
            "the server closed the connection before it answered (HTTP/2 GOAWAY); it is asked again later".to_owned()
        }
        Some(h2::Reason::HTTP_1_1_REQUIRED) if ended.is_remote() => {
            "the server offers HTTP/2 but wants HTTP/1.1 for this address (HTTP/2 HTTP_1_1_REQUIRED)".to_owned()
        }
        Some(reason) if ended.is_remote() => format!("the server broke off its answer (HTTP/2 {reason:?})"),
        Some(reason) => format!("the answer breaks the rules of HTTP/2 ({reason:?}): its end or length is wrong"),
        None => format!("the server broke off its answer ({ended})"),
    }
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
