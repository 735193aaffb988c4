//! HTML to an article; the only user of scraper.
