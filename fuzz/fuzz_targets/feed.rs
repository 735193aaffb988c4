//! Any bytes as a feed: no panic of our own, and nothing kept that is larger than a document can pay for.
#![no_main]

use copytaster::feed::{self, ParseOptions};
use copytaster::model::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = ParseOptions {
        content_type: None,
        base_url: Some("https://example.org/feed"),
        now: Timestamp(1_764_100_000),
        max_entries: 100,
    };
    if let Ok(feed) = feed::parse(bytes, &options) {
        assert!(feed.entries.len() <= options.max_entries);
        for entry in &feed.entries {
            let is_line = |text: &Option<String>| text.as_ref().is_none_or(|text| !text.contains(['\n', '\r']));
            assert!(is_line(&entry.title), "headlines are one line");
        }
    }
});
