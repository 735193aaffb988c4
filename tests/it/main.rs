//! The one integration test binary: linking is what costs on two cores.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as the tests themselves do")]

mod attribution;
mod commands;
mod daemon;
mod decisions;
mod discovery;
mod etiquette;
mod extraction;
mod feed_text;
mod feeds;
mod floors;
mod google_news;
mod hostile_feeds;
mod hostile_pages;
mod laws;
mod page_kinds;
mod program;
mod provenance;
mod quality;
mod readme;
mod rebuild;
mod server;
mod setup;
mod tls;
mod watches;
