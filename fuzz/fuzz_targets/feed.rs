//! Any bytes as a feed: no panic of our own, and nothing kept that is larger than a document can pay for.
#![no_main]

use copytaster::feed::{self, FeedError, ParseOptions};
use copytaster::model::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        // feed-rs is known to panic; that is caught where it is called. A panic of our own reading is caught as well and
        // told apart by its error, and any other one ends the process all the same.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| {
        let options = ParseOptions {
            content_type: None,
            base_url: Some("https://example.org/feed"),
            now: Timestamp(1_764_100_000),
            max_entries: 100,
        };
        let parsed = feed::parse(bytes, &options);
        assert_ne!(parsed, Err(FeedError::Panicked));
        if let Ok(feed) = parsed {
            assert!(feed.entries.len() <= options.max_entries);
            for entry in &feed.entries {
                let is_line = |text: &Option<String>| text.as_ref().is_none_or(|text| !text.contains(['\n', '\r']));
                assert!(is_line(&entry.title), "headlines are one line");
            }
        }
    }
);
