//! One poll: what a feed's answer changes.

use crate::canonical;
use crate::feed::{self, FeedError, ParseOptions};
use crate::model::{
    FeedId, FetchFailure, FetchOutcome, OutletId, OutletRegister, ParsedEntry, ParsedFeed, Timestamp, wait_reason,
};
use crate::plan::entry::{self, EntryPlan, FeedSite};
use crate::schedule::{self, PollResult, PollSchedule, ScheduleOptions};

/// More entries than this in one document are left out, with a warning: no news feed lists as many.
pub const MAX_ENTRIES: usize = 10_000;

/// How many sightings of the same permanent redirect, over [`PERMANENT_AFTER_S`], make it the feed's address.
///
/// Captive portals answer 301 too (etiquette row 21): only a stable redirect is believed.
const PERMANENT_SIGHTINGS: i64 = 5;

/// How long a permanent redirect must have been seen before it is adopted, in seconds: 7 days.
const PERMANENT_AFTER_S: i64 = 7 * 86_400;

/// How often in a row, and for how long, a feed must have answered 404 before it is switched off: sites being rebuilt
/// answer so for days (etiquette row 24).
const MISSING_FAILURES: u32 = 10;

/// See [`MISSING_FAILURES`]; in seconds: 7 days.
const MISSING_FOR_S: i64 = 7 * 86_400;

/// After so long without a document a feed is asked without validators, in seconds: 8 days.
///
/// Some servers answer 304 to every conditional request; NetNewsWire drops its validators after the same time.
const BELIEVE_304_S: i64 = 8 * 86_400;

/// A feed as the store knows it before the poll.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedRecord {
    /// Its id.
    pub id: FeedId,
    /// Its address.
    pub url: String,
    /// Title given by the user or the register.
    pub title: Option<String>,
    /// Its outlet: feeds of one outlet on a shared feed host credit that outlet.
    pub outlet: Option<OutletId>,
    /// The outlet's primary domain.
    pub outlet_domain: Option<String>,
    /// The outlet's name.
    pub outlet_name: Option<String>,
    /// Stored validators.
    pub etag: Option<String>,
    /// See `etag`.
    pub last_modified: Option<String>,
    /// The address the validators came from: they are sent to no other.
    pub validators_url: Option<String>,
    /// When a document last arrived and was read.
    pub last_body_at: Option<Timestamp>,
    /// When a poll last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// When the feed was added.
    pub added_at: Timestamp,
    /// Failures in a row.
    pub n_failures: u32,
    /// Interval after the last poll, in seconds.
    pub interval_s: Option<i64>,
    /// Its rhythm, as observed.
    pub entries_per_week: Option<f64>,
    /// When it last had a new entry.
    pub last_new_at: Option<Timestamp>,
    /// What the last document says about when to come back.
    pub hints: ScheduleHints,
    /// Where permanent redirects led last time.
    pub permanent_url: Option<String>,
    /// How often in a row they led there.
    pub n_permanent: i64,
    /// Since when.
    pub permanent_since: Option<Timestamp>,
}

/// What a poll writes.
#[derive(Debug, Clone, PartialEq)]
pub struct PollPlan {
    /// The feed.
    pub feed: FeedId,
    /// When the poll started.
    pub started_at: Timestamp,
    /// `new`, `unchanged`, `retry-after`, `gone`, `failed`.
    pub outcome: &'static str,
    /// Why it failed.
    pub failure: Option<FetchFailure>,
    /// HTTP status, when there was one.
    pub http_status: Option<u16>,
    /// The address that answered.
    pub final_url: Option<String>,
    /// Bytes on the wire.
    pub n_wire_bytes: u64,
    /// Repairs and oddities.
    pub warnings: Vec<String>,
    /// Facts about the feed, after a good parse.
    pub feed_facts: Option<FeedFacts>,
    /// Entries, in document order.
    pub entries: Vec<EntryPlan>,
    /// New validators; none keeps the stored ones.
    pub validators: Option<Validators>,
    /// A whole document arrived and was read.
    pub has_body: bool,
    /// The feed's rhythm as its document shows it; none when it shows none.
    pub entries_per_week: Option<f64>,
    /// The latest time of an entry that is not ahead of us.
    pub latest_entry_at: Option<Timestamp>,
    /// A host that asked to be left alone, and until when.
    pub resting_host: Option<(String, Timestamp)>,
    /// Until when the server asks not to come back.
    pub fresh_until: Option<Timestamp>,
    /// Failures in a row after this poll.
    pub n_failures: u32,
    /// Permanent redirect bookkeeping after this poll.
    pub permanent: PermanentRedirect,
    /// The stored address changes to this.
    pub moved_to: Option<String>,
    /// The feed is switched off (410).
    pub switch_off: bool,
    /// Hints for the schedule that stay until the next document.
    pub hints: ScheduleHints,
    /// News sitemaps that the document, a sitemap index, names: feeds to add.
    pub news_sitemaps: Vec<String>,
    /// How often feeds may be polled.
    pub schedule: ScheduleOptions,
}

/// What a server gave to ask with next time, byte for byte, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validators {
    /// `ETag`; none when the server sent none.
    pub etag: Option<String>,
    /// `Last-Modified`; none when the server sent none.
    pub last_modified: Option<String>,
    /// The address that gave them.
    pub url: String,
}

/// What a poll says about the permanent redirect seen before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PermanentRedirect {
    /// Nothing.
    #[default]
    Keep,
    /// It is gone: the address answers by itself, or redirects for a while only.
    Forget,
    /// It was seen.
    Seen {
        /// Where it leads.
        url: String,
        /// How often in a row.
        n_sightings: i64,
        /// Since when.
        since: Timestamp,
    },
}

/// What a document says about when to come back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScheduleHints {
    /// RSS `ttl`.
    pub ttl_minutes: Option<u32>,
    /// RSS `skipHours`.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`.
    pub skip_days: Vec<u8>,
    /// Syndication module.
    pub syndication_minutes: Option<u32>,
}

/// Facts about a feed taken from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFacts {
    /// Dialect.
    pub kind: &'static str,
    /// Its title.
    pub title: Option<String>,
    /// Its home page.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// WebSub hubs.
    pub hubs: Vec<String>,
}

/// What every poll of a run shares.
#[derive(Debug)]
pub struct PollContext<'a> {
    /// Canonical URL rules.
    pub rules: &'a canonical::Rules,
    /// The outlet register.
    pub register: &'a OutletRegister,
    /// How often feeds may be polled.
    pub schedule: ScheduleOptions,
}

/// The validators to ask with, if any; now and then a feed that only ever says "unchanged" is asked without.
#[must_use]
pub fn validators(record: &FeedRecord, now: Timestamp) -> Option<Validators> {
    let url = record.validators_url.clone()?;
    let is_stale = record.last_body_at.is_none_or(|at| now.0.saturating_sub(at.0) > BELIEVE_304_S);
    (!is_stale).then(|| Validators { etag: record.etag.clone(), last_modified: record.last_modified.clone(), url })
}

/// Decides what an answer to a poll changes.
#[must_use]
pub fn poll(record: &FeedRecord, outcome: FetchOutcome, now: Timestamp, context: &PollContext<'_>) -> PollPlan {
    let mut plan = PollPlan {
        feed: record.id,
        started_at: now,
        outcome: "unchanged",
        failure: None,
        http_status: None,
        final_url: None,
        n_wire_bytes: 0,
        warnings: Vec::new(),
        feed_facts: None,
        entries: Vec::new(),
        validators: None,
        has_body: false,
        entries_per_week: None,
        latest_entry_at: None,
        resting_host: None,
        fresh_until: None,
        n_failures: 0,
        permanent: PermanentRedirect::Keep,
        moved_to: None,
        switch_off: false,
        hints: record.hints.clone(),
        news_sitemaps: Vec::new(),
        schedule: context.schedule,
    };
    match outcome {
        FetchOutcome::Unchanged { etag, last_modified, fresh_until, final_url, permanent_url } => {
            plan.http_status = Some(304);
            plan.fresh_until = fresh_until;
            if etag.is_some() || last_modified.is_some() {
                plan.validators = Some(Validators {
                    etag: etag.or_else(|| record.etag.clone()),
                    last_modified: last_modified.or_else(|| record.last_modified.clone()),
                    url: final_url.clone(),
                });
            }
            plan.final_url = Some(final_url);
            remember_permanent(&mut plan, record, permanent_url, now);
        }
        FetchOutcome::RetryAfter { wish, until, host } => {
            let status = wish.status();
            plan.outcome = "retry-after";
            plan.http_status = status;
            plan.fresh_until = Some(until);
            plan.n_failures = record.n_failures;
            plan.failure = Some(FetchFailure { kind: "retry-after", status, reason: wait_reason(wish, until, &host) });
            plan.resting_host = Some((host, until));
        }
        FetchOutcome::Gone => {
            plan.outcome = "gone";
            plan.http_status = Some(410);
            plan.switch_off = true;
            plan.n_failures = record.n_failures + 1;
            plan.failure = Some(FetchFailure {
                kind: "gone",
                status: Some(410),
                reason: "the server says the feed is gone for good (410); it is switched off".to_owned(),
            });
        }
        FetchOutcome::Failed(failure) => fail(&mut plan, record, failure),
        FetchOutcome::Body(body) => {
            plan.http_status = Some(body.status);
            plan.n_wire_bytes = body.n_wire_bytes;
            plan.final_url = Some(body.final_url.clone());
            let options = ParseOptions {
                content_type: body.content_type.as_deref(),
                base_url: Some(&body.final_url),
                now,
                max_entries: MAX_ENTRIES,
            };
            match feed::parse(&body.bytes, &options) {
                Ok(mut parsed) => {
                    add_hubs(&mut parsed.hubs, &body.link_headers);
                    let got = Validators { etag: body.etag, last_modified: body.last_modified, url: body.final_url };
                    accept(&mut plan, record, parsed, now, context);
                    if body.status == 226 {
                        merge_delta(&mut plan, record, got, now);
                    } else {
                        plan.has_body = true;
                        plan.validators = Some(got);
                    }
                    plan.fresh_until = body.fresh_until;
                    if validators(record, now).is_none()
                        && record.etag.as_ref().or(record.last_modified.as_ref()).is_some()
                    {
                        plan.warnings.push("asked without validators after eight days of \"unchanged\"".to_owned());
                    }
                    remember_permanent(&mut plan, record, body.permanent_url, now);
                }
                Err(error) => fail(&mut plan, record, not_a_feed(&error, body.status)),
            }
        }
    }
    plan
}

/// A 226 lists only what is new since the document whose `ETag` we sent. That says nothing about the rhythm of the whole,
/// and does not count as having seen it: the whole is asked for again after [`BELIEVE_304_S`].
fn merge_delta(plan: &mut PollPlan, record: &FeedRecord, got: Validators, now: Timestamp) {
    plan.entries_per_week = record.entries_per_week;
    let is_asked = validators(record, now).is_some_and(|sent| sent.etag.is_some() && sent.url == got.url);
    if is_asked {
        plan.validators = Some(got);
    } else {
        // What it is new to nobody knows: with its validators the rest would never come.
        plan.warnings.push("only a part of the feed was sent (226), though nobody asked for a part".to_owned());
    }
}

fn fail(plan: &mut PollPlan, record: &FeedRecord, mut failure: FetchFailure) {
    plan.outcome = "failed";
    plan.http_status = failure.status.or(plan.http_status);
    plan.n_failures = record.n_failures.saturating_add(1);
    let worked_at = record.last_success_at.unwrap_or(record.added_at);
    if failure.status == Some(404)
        && plan.n_failures >= MISSING_FAILURES
        && plan.started_at.0.saturating_sub(worked_at.0) >= MISSING_FOR_S
    {
        plan.switch_off = true;
        failure.reason.push_str("; it has been so for a week, so the feed is switched off");
    }
    plan.failure = Some(failure);
}

/// Adds the hubs that `Link` headers name (`<https://hub.example/>; rel="hub"`).
fn add_hubs(hubs: &mut Vec<String>, link_headers: &[String]) {
    for link in link_headers.iter().flat_map(|header| header.split(",<").flat_map(|part| part.split(", <"))) {
        let Some((target, parameters)) = link.trim().trim_start_matches('<').split_once('>') else { continue };
        let is_hub = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').split_whitespace().any(|word| word.eq_ignore_ascii_case("hub"))
        });
        if is_hub && target.starts_with("http") && !hubs.iter().any(|hub| hub == target) {
            hubs.push(target.to_owned());
        }
    }
}

fn not_a_feed(error: &FeedError, status: u16) -> FetchFailure {
    FetchFailure { kind: "not-a-feed", status: Some(status), reason: error.to_string() }
}

fn accept(plan: &mut PollPlan, record: &FeedRecord, parsed: ParsedFeed, now: Timestamp, context: &PollContext<'_>) {
    plan.outcome = "new";
    plan.hints = ScheduleHints {
        ttl_minutes: parsed.ttl_minutes,
        skip_hours: parsed.skip_hours,
        skip_days: parsed.skip_days,
        syndication_minutes: parsed.syndication_minutes,
    };
    plan.feed_facts = Some(FeedFacts {
        kind: parsed.kind.as_str(),
        title: parsed.title,
        link: parsed.link,
        language: parsed.language.clone(),
        hubs: parsed.hubs,
    });
    plan.warnings = parsed.warnings;
    if !parsed.further.is_empty() {
        plan.news_sitemaps = news_sitemaps(&parsed.further, &record.url);
        if plan.news_sitemaps.is_empty() {
            plan.warnings.push("the sitemap index names no news sitemap of its own site".to_owned());
        }
    }
    let moments: Vec<Timestamp> = parsed.entries.iter().filter_map(|entry| entry_moment(entry, now)).collect();
    plan.entries_per_week = schedule::rhythm(&moments, now);
    plan.latest_entry_at = moments.into_iter().max();
    let site = FeedSite::new(record, context);
    plan.entries = parsed
        .entries
        .into_iter()
        .filter_map(|entry| entry::plan(entry, parsed.language.as_deref(), &site, now, context))
        .collect();
}

/// Sitemaps of one index that become feeds at most: sites keep one for the latest two days, some one for each section.
const MAX_NEWS_SITEMAPS: usize = 10;

/// The sitemaps of an index that say in their address that they hold news, and lie on the index's own site.
fn news_sitemaps(further: &[String], index: &str) -> Vec<String> {
    let parsed = |url: &str| url::Url::parse(url).ok();
    let site = |url: &url::Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        canonical::registrable_domain(&host).unwrap_or(host)
    };
    let own = parsed(index).map(|url| site(&url));
    let holds_news = |address: &&String| {
        parsed(address).is_some_and(|url| {
            let is_web = matches!(url.scheme(), "http" | "https");
            is_web && url.path().to_ascii_lowercase().contains("news") && Some(site(&url)) == own && *address != index
        })
    };
    further.iter().filter(holds_news).take(MAX_NEWS_SITEMAPS).cloned().collect()
}

/// When an entry appeared, as it says itself, if that is possible and not ahead of us.
fn entry_moment(entry: &ParsedEntry, now: Timestamp) -> Option<Timestamp> {
    let claim = entry.published.as_ref().or(entry.updated.as_ref())?;
    claim.utc.filter(|moment| *moment <= now && !claim.impossible)
}

fn remember_permanent(plan: &mut PollPlan, record: &FeedRecord, permanent_url: Option<String>, now: Timestamp) {
    let Some(url) = permanent_url.filter(|url| *url != record.url) else {
        plan.permanent = PermanentRedirect::Forget;
        return;
    };
    // An https feed never becomes an http one (etiquette row 23).
    if record.url.starts_with("https:") && !url.starts_with("https:") {
        return;
    }
    let (n_sightings, since) = match record.permanent_since {
        Some(since) if record.permanent_url.as_deref() == Some(url.as_str()) => (record.n_permanent + 1, since),
        _ => (1, now),
    };
    if n_sightings >= PERMANENT_SIGHTINGS && now.0 - since.0 >= PERMANENT_AFTER_S {
        plan.permanent = PermanentRedirect::Forget;
        plan.moved_to = Some(url);
    } else {
        plan.permanent = PermanentRedirect::Seen { url, n_sightings, since };
    }
}

/// What the store notes about when to come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scheduled {
    /// When the feed is due.
    pub at: Timestamp,
    /// The interval before the server's wishes and jitter, in seconds.
    pub interval_s: i64,
    /// The feed's rhythm.
    pub entries_per_week: Option<f64>,
    /// When it last had a new entry.
    pub last_new_at: Option<Timestamp>,
}

/// When the feed is polled next, once the number of new entries is known.
#[must_use]
pub fn next_poll(plan: &PollPlan, record: &FeedRecord, n_new: usize, now: Timestamp) -> Scheduled {
    let result = match plan.outcome {
        "new" if n_new > 0 => PollResult::NewEntries(u32::try_from(n_new).unwrap_or(u32::MAX)),
        "retry-after" => PollResult::RetryAfter(plan.fresh_until.unwrap_or(now)),
        "failed" | "gone" => PollResult::Failed,
        _ => PollResult::Unchanged,
    };
    let entries_per_week = plan.entries_per_week.or_else(|| observed_rate(plan, record, n_new, now));
    let last_new_at = match n_new {
        0 => record.last_new_at,
        _ if record.last_success_at.is_none() => plan.latest_entry_at.or(Some(now)),
        _ => Some(now),
    };
    let is_conditional = match &plan.validators {
        Some(validators) => validators.etag.is_some() || validators.last_modified.is_some(),
        None => record.etag.is_some() || record.last_modified.is_some(),
    };
    let next = schedule::next_poll(
        &PollSchedule {
            result,
            n_failures: plan.n_failures,
            previous_interval_s: record.interval_s,
            entries_per_week,
            last_new_at,
            is_conditional,
            fresh_until: plan.fresh_until,
            ttl_minutes: plan.hints.ttl_minutes,
            skip_hours: plan.hints.skip_hours.clone(),
            skip_days: plan.hints.skip_days.clone(),
            syndication_minutes: plan.hints.syndication_minutes,
            jitter_seed: record.id.0.unsigned_abs(),
        },
        &plan.schedule,
        now,
    );
    Scheduled { at: next.at, interval_s: next.interval_s, entries_per_week, last_new_at }
}

/// The rhythm of a feed whose entries have no dates: what came since the last success, averaged with what was known.
fn observed_rate(plan: &PollPlan, record: &FeedRecord, n_new: usize, now: Timestamp) -> Option<f64> {
    const WEEK_S: f64 = 7.0 * 86_400.0;
    let Some(last) = record.last_success_at.filter(|_| plan.has_body) else { return record.entries_per_week };
    let seen = n_new as f64 * WEEK_S / (now.0.saturating_sub(last.0).max(3600) as f64);
    Some(record.entries_per_week.map_or(seen, |known| (known + seen) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_the_news_sitemaps_of_its_own_site() {
        let further = [
            "https://a.example.org/news-1.xml",
            "https://a.example.org/video.xml",
            "ftp://example.org/news.xml",
            "https://evil.example/news.xml",
            "https://www.example.org/sitemaps/News.xml",
            "https://example.org/news-index.xml",
        ]
        .map(str::to_owned);
        let found = news_sitemaps(&further, "https://example.org/news-index.xml");
        assert_eq!(found, ["https://a.example.org/news-1.xml", "https://www.example.org/sitemaps/News.xml"]);
    }

    #[test]
    fn hubs_are_read_from_link_headers() {
        let check = |headers: &[&str], expected: &[&str]| {
            let mut hubs = vec!["https://known.example/".to_owned()];
            let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
            add_hubs(&mut hubs, &headers);
            assert_eq!(hubs[1..], *expected, "{headers:?}");
        };
        check(&[r#"<https://hub.example/>; rel="hub""#], &["https://hub.example/"]);
        check(
            &["<https://a.example/feed>; rel=self, <https://hub.example/?a,b>; rel=hub"],
            &["https://hub.example/?a,b"],
        );
        check(&["<https://known.example/>; rel=hub", "<file:///x>; rel=hub", "nonsense"], &[]);
        check(&[r#"<https://hub.example/>; title="x"; rel="alternate HUB""#], &["https://hub.example/"]);
    }

    #[test]
    fn a_feed_that_never_changes_is_asked_without_validators_now_and_then() {
        let now = Timestamp(1_763_942_400);
        let record = FeedRecord {
            etag: Some("\"a\"".to_owned()),
            validators_url: Some("https://a.example/feed".to_owned()),
            last_body_at: Some(now.plus(-8 * 86_400)),
            ..FeedRecord::default()
        };
        assert!(validators(&record, now).is_some());
        assert_eq!(validators(&record, now.plus(1)), None);
        assert_eq!(validators(&FeedRecord::default(), now), None);
    }
}
