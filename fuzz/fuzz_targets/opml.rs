//! Any bytes as a feed list.
#![no_main]

use copytaster::import::opml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(list) = opml::read(bytes) {
        assert!(list.feeds.iter().all(|feed| !feed.url.is_empty()), "a feed has an address");
    }
});
