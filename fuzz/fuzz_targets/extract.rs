//! Any bytes as a page: no panic, no stack overflow, and a body whose lines and links hold together.
#![no_main]

use copytaster::extract::{self, ExtractOptions};
use copytaster::model::{BodyState, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = ExtractOptions { content_type: None, now: Some(Timestamp(1_764_100_000)), register: None, sites: None };
    let article = extract::article(bytes, "https://example.org/2025/11/25/a", &options);
    assert!(article.body.is_empty() || article.body.lines().all(|line| !line.trim().is_empty()), "no empty lines");
    assert!(article.state != BodyState::Consent || article.body.is_empty(), "a consent layer is no body");
    assert!(article.links.iter().all(|link| link.url.starts_with("http")), "links are absolute");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = extract::plain_text(text);
        let (text, _) = extract::feed_text(text, "https://example.org/");
        assert!(text.is_empty() || text.lines().all(|line| !line.trim().is_empty()), "no empty lines in a feed's text");
    }
});
