//! A database, a fetcher and a clock that moves when the test says so.

use std::sync::{Arc, OnceLock};

use copytaster::attribution::Lexicon;
use copytaster::canonical::Rules;
use copytaster::config::clustering;
use copytaster::extract::SiteRules;
use copytaster::fetch::{FetchOptions, Fetcher};
use copytaster::model::{FetchOutcome, FetchedBody, OutletRegister, Timestamp};
use copytaster::pipeline::{self, Clock, RunOptions, RunSummary, Tools};
use copytaster::plan::scrape;
use copytaster::store::feeds::{self, DueFilter, NewFeed};
use copytaster::store::{Store, articles, read};
use copytaster::view::FeedView;

use crate::server::{Reply, Server, reply};

/// Monday 2025-11-24T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_763_942_400);
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Options that let the test's own servers be asked without a pause.
pub(crate) fn options() -> FetchOptions {
    FetchOptions {
        host_spacing_ms: 0,
        allow_private: vec!["127.20.0.0/16".parse().expect("a range")],
        ..FetchOptions::default()
    }
}

/// A feed of `n` entries named after `word`, an hour apart, with more elements in its channel.
pub(crate) fn rss(word: &str, n: i64, channel: &str) -> Vec<u8> {
    let items: String = (0..n)
        .map(|item| {
            let at = jiff::Timestamp::from_second(NOW.0 - item * HOUR).expect("a moment");
            format!(
                "<item><guid isPermaLink=\"false\">{word}-{item}</guid><title>{word} number {item}</title>\
                 <link>/{word}/{item}</link><pubDate>{}</pubDate></item>",
                at.strftime("%a, %d %b %Y %H:%M:%S GMT")
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\" \
         xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>{word}</title><link>/</link>\
         <description>d</description>{channel}{items}</channel></rss>"
    )
    .into_bytes()
}

/// 200 with a small feed and these headers.
pub(crate) fn good(headers: &[(&str, &str)]) -> Reply {
    reply(200, headers, &rss("news", 3, ""))
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    tools: Arc<Tools>,
    fetcher: Fetcher,
    options: FetchOptions,
    /// The moment of the next run.
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: FetchOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let register = OutletRegister::new(Vec::new());
        let tools = Tools {
            rules: Rules::parse(""),
            lexicon: Lexicon::default(),
            compiled: OnceLock::new(),
            register,
            cluster: clustering::embedded().expect("the embedded weights"),
            sites: SiteRules::default(),
        };
        let store = Arc::new(Store::open(&folder.path().join("news.db")).expect("the folder is writable"));
        let fetcher = Fetcher::new(options.clone()).expect("the options are fine");
        Self { folder, store, tools: Arc::new(tools), fetcher, options, now: NOW }
    }

    /// A world whose one feed is `/feed` of the server.
    pub(crate) fn of(server: &Server) -> Self {
        let world = Self::new();
        world.add(&server.url("/feed"));
        world
    }

    pub(crate) fn add(&self, url: &str) {
        let (feed, now) = (NewFeed { url: url.to_owned(), added_by: "user", ..NewFeed::default() }, self.now);
        self.store.write(move |transaction| feeds::add(transaction, &feed, now)).expect("the database works");
    }

    /// What a new process would know: nothing but the database.
    pub(crate) fn restart(&mut self) {
        let path = self.folder.path().join("news.db");
        let elsewhere = Store::open(&self.folder.path().join("other.db")).expect("the folder is writable");
        drop(std::mem::replace(&mut self.store, Arc::new(elsewhere)));
        self.store = Arc::new(Store::open(&path).expect("the database is there"));
        self.fetcher = Fetcher::new(self.options.clone()).expect("the options are fine");
    }

    pub(crate) fn run(&self, due: DueFilter, no_bodies: bool) -> RunSummary {
        let options =
            RunOptions { due, no_bodies, max_pages: 100, clock: Clock::Fixed(self.now), ..RunOptions::default() };
        let (store, tools) = (Arc::clone(&self.store), Arc::clone(&self.tools));
        let run = pipeline::run_once(store, &self.fetcher, tools, &options, std::future::pending(), &|_| {});
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(run).expect("the run works")
    }

    /// Polls what is due.
    pub(crate) fn poll(&self) -> RunSummary {
        self.run(DueFilter::default(), true)
    }

    /// Polls every feed, as `--all` does.
    pub(crate) fn poll_all(&self) -> RunSummary {
        self.run(DueFilter { all: true, ..DueFilter::default() }, true)
    }

    /// Polls what is due and scrapes the pages that are.
    pub(crate) fn fetch(&self) -> RunSummary {
        self.run(DueFilter::default(), false)
    }

    /// Lets time pass until the first feed is due and polls it, and not a second earlier; returns how long that was in
    /// seconds.
    pub(crate) fn wait_and_poll(&mut self) -> i64 {
        let due = self.feeds().iter().map(|feed| feed.next_poll_at).min().expect("a feed");
        let waited = due.0 - self.now.0;
        self.now = due.plus(-1);
        assert_eq!(self.poll().n_due, 0, "nothing is asked before it is due");
        self.now = due;
        self.poll();
        waited
    }

    pub(crate) fn feeds(&self) -> Vec<FeedView> {
        let reader = Store::open_read_only(self.store.path()).expect("the database is there");
        read::feeds(&reader, false).expect("the database works")
    }

    pub(crate) fn feed(&self) -> FeedView {
        self.feeds().into_iter().next().expect("a feed")
    }

    /// Seconds until the first feed is due.
    pub(crate) fn wait(&self) -> i64 {
        self.feed().next_poll_at.0 - self.now.0
    }

    /// Why the last poll of a feed failed; `null` when it did not.
    pub(crate) fn failure_kind(&self, url: &str) -> String {
        let feed = format!("(SELECT id FROM feed WHERE url = '{}')", url.replace('\'', "''"));
        self.value(&format!("SELECT failure_kind FROM poll WHERE feed_id = {feed} ORDER BY id DESC LIMIT 1"))
    }

    /// The first article due for a scrape, answered with `bytes` from `final_url`; true when it got a new version.
    pub(crate) fn answer_scrape(&self, final_url: &str, bytes: &str) -> bool {
        let (now, final_url, bytes) = (self.now, final_url.to_owned(), bytes.as_bytes().to_vec());
        let (rules, register) = (Rules::parse(""), OutletRegister::new(Vec::new()));
        self.store
            .write(move |transaction| {
                let record = articles::due_scrapes(transaction, now, 1)?.remove(0);
                let body = FetchedBody { status: 200, final_url, bytes, ..FetchedBody::default() };
                let tables = scrape::Tables { rules: &rules, register: &register, sites: &SiteRules::default() };
                let plan = scrape::scrape(&record, FetchOutcome::Body(body), now, &tables);
                articles::apply_scrape(transaction, &plan, now)
            })
            .expect("the database works")
    }

    /// What a command of the program prints about the database.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_copytaster"));
        let output = command.arg("--db").arg(self.store.path()).args(arguments).output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// One value of the database, as text.
    pub(crate) fn value(&self, sql: &str) -> String {
        let reader = Store::open_read_only(self.store.path()).expect("the database is there");
        let value: rusqlite::types::Value = reader.query_row(sql, [], |row| row.get(0)).expect("the query is right");
        match value {
            rusqlite::types::Value::Null => "null".to_owned(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Real(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Blob(_) => "blob".to_owned(),
        }
    }
}
