//! When a feed is due and when an article is scraped again.
