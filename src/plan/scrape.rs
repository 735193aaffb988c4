//! One scrape: what an article's page changes.

use crate::canonical::{self, Rules, UrlKind};
use crate::extract::{self, ExtractOptions, SiteRules};
use crate::model::{ArticleId, BodyState, FetchFailure, FetchOutcome, OutletRegister, Timestamp, wait_reason};
use crate::plan::poll::Validators;
use crate::plan::{OutletPlan, VersionPlan};
use crate::schedule::{self, ScrapeSchedule};

/// An article that is due for a scrape.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScrapeRecord {
    /// The article.
    pub article: ArticleId,
    /// The address to fetch.
    pub url: String,
    /// Its canonical URL.
    pub identity: String,
    /// When we first saw it.
    pub first_seen_at: Timestamp,
    /// How often its page was scraped before.
    pub n_scrapes: u32,
    /// Validators of the last page.
    pub etag: Option<String>,
    /// See `etag`.
    pub last_modified: Option<String>,
    /// The address the validators came from: they are sent to no other.
    pub validators_url: Option<String>,
    /// The article's story gains articles, or is watched.
    pub is_hot: bool,
}

/// What a scrape writes.
#[derive(Debug, Clone, PartialEq)]
pub struct ScrapePlan {
    /// The article.
    pub article: ArticleId,
    /// When it started.
    pub started_at: Timestamp,
    /// `version`, `unchanged`, `no-text`, `failed`.
    pub outcome: &'static str,
    /// Why there is no text.
    pub failure: Option<FetchFailure>,
    /// HTTP status, when there was one.
    pub http_status: Option<u16>,
    /// The address that answered.
    pub final_url: Option<String>,
    /// Bytes on the wire.
    pub n_wire_bytes: u64,
    /// The version the page shows.
    pub version: Option<VersionPlan>,
    /// Where an address that only stands for an article (a Google News link) led.
    pub leads_to: Option<Lead>,
    /// Other identities that lead here, with their kind.
    pub other_identities: Vec<(String, &'static str)>,
    /// Validators to send next time; none keeps the stored ones.
    pub validators: Option<Validators>,
    /// The state shown to people: a word of [`PAGE_STATES`]; none keeps the stored one.
    pub page_state: Option<&'static str>,
    /// A host that asked to be left alone, and until when.
    pub resting_host: Option<(String, Timestamp)>,
    /// When to look again; none is never.
    pub next_scrape_at: Option<Timestamp>,
    /// The same, should the store find that the version is a new one.
    pub next_scrape_if_changed: Option<Timestamp>,
}

/// The article that a link stands for, as its page or its redirect said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// Its address.
    pub url: String,
    /// Its canonical URL.
    pub identity: String,
    /// The outlet that publishes there.
    pub outlet: Option<OutletPlan>,
}

/// The words that say how an article's page was last found.
///
/// `full-text-in-feed` is set where no page needs to be fetched; the words of
/// [`BodyState`] say what a page held; the others why there is none.
pub const PAGE_STATES: [&str; 7] =
    ["full-text-in-feed", "blocked", "challenge", "gone", "not-found", "robots", "unreachable"];

/// The tables a page is read with.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Canonical URL rules.
    pub rules: &'a Rules,
    /// The outlet register.
    pub register: &'a OutletRegister,
    /// The user's selectors for sites.
    pub sites: &'a SiteRules,
}

/// Decides what an answer to a scrape changes.
#[must_use]
pub fn scrape(record: &ScrapeRecord, outcome: FetchOutcome, now: Timestamp, tables: &Tables<'_>) -> ScrapePlan {
    let Tables { rules, register, sites } = *tables;
    let mut plan = ScrapePlan {
        article: record.article,
        started_at: now,
        outcome: "failed",
        failure: None,
        http_status: None,
        final_url: None,
        n_wire_bytes: 0,
        version: None,
        leads_to: None,
        other_identities: Vec::new(),
        validators: None,
        page_state: None,
        resting_host: None,
        next_scrape_at: next_scrape(record, false, now),
        next_scrape_if_changed: None,
    };
    match outcome {
        FetchOutcome::Unchanged { etag, last_modified, final_url, .. } => {
            plan.outcome = "unchanged";
            plan.http_status = Some(304);
            if etag.is_some() || last_modified.is_some() {
                plan.validators = Some(Validators {
                    etag: etag.or_else(|| record.etag.clone()),
                    last_modified: last_modified.or_else(|| record.last_modified.clone()),
                    url: final_url,
                });
            }
        }
        FetchOutcome::RetryAfter { wish, until, host } => {
            let status = wish.status();
            plan.http_status = status;
            plan.next_scrape_at = Some(until);
            plan.failure = Some(FetchFailure { kind: "retry-after", status, reason: wait_reason(wish, until, &host) });
            plan.resting_host = Some((host, until));
        }
        FetchOutcome::Gone => {
            plan.http_status = Some(410);
            plan.next_scrape_at = None;
            plan.page_state = Some("gone");
            plan.failure =
                Some(FetchFailure { kind: "gone", status: Some(410), reason: "the page was removed (410)".to_owned() });
        }
        FetchOutcome::Failed(failure) => {
            plan.page_state = Some(state_of_failure(&failure));
            // A refusal is not worth asking for again; an outage is.
            if plan.page_state != Some("unreachable") {
                plan.next_scrape_at = None;
            }
            plan.http_status = failure.status;
            plan.failure = Some(failure);
        }
        FetchOutcome::Body(body) => {
            plan.http_status = Some(body.status);
            plan.n_wire_bytes = body.n_wire_bytes;
            let options = ExtractOptions {
                content_type: body.content_type.as_deref(),
                now: Some(now),
                register: Some(register),
                sites: Some(sites),
            };
            let article = extract::article(&body.bytes, &body.final_url, &options);
            plan.page_state = Some(article.state.as_str());
            plan.other_identities = other_identities(record, &body.final_url, article.canonical_url.as_deref(), rules);
            plan.validators =
                Some(Validators { etag: body.etag, last_modified: body.last_modified, url: body.final_url.clone() });
            plan.final_url = Some(body.final_url);
            let final_url = plan.final_url.as_deref().unwrap_or_default();
            if is_google_news(&record.url, rules) {
                let named = [Some(final_url), article.canonical_url.as_deref()];
                plan.leads_to = named.into_iter().flatten().find_map(|url| lead(url, rules, register));
                if is_google_news(final_url, rules) {
                    stay_with_google_news(&mut plan, now);
                    return plan;
                }
            }
            if article.state.is_article_text() && !article.body.is_empty() {
                plan.outcome = "version";
                let version = VersionPlan {
                    source: "page",
                    title: article.title,
                    byline: (!article.authors.is_empty()).then(|| article.authors.join(", ")),
                    language: article.language,
                    published: article.published,
                    updated: article.updated,
                    body: Some(article.body),
                    body_state: article.state,
                    credit_lines: article.credit_lines,
                    links: article.links,
                };
                plan.next_scrape_if_changed = next_scrape(record, record.n_scrapes > 0, now);
                plan.version = Some(version);
            } else {
                plan.outcome = "no-text";
                plan.failure = Some(FetchFailure {
                    kind: "no-text",
                    status: None,
                    reason: reason_for_no_text(article.state).to_owned(),
                });
            }
        }
    }
    plan
}

fn is_google_news(url: &str, rules: &Rules) -> bool {
    canonical::canonical(url, rules).is_ok_and(|url| url.kind == UrlKind::GoogleNews)
}

/// An address as the article a link stands for: a page of another site that is no front page.
fn lead(url: &str, rules: &Rules, register: &OutletRegister) -> Option<Lead> {
    let found = canonical::canonical(url, rules).ok()?;
    let is_google =
        found.kind == UrlKind::GoogleNews || found.host == "google.com" || found.host.ends_with(".google.com");
    (!is_google && !is_front_page(&found.identity)).then(|| Lead {
        url: url.to_owned(),
        outlet: OutletPlan::for_host(&found.host, register),
        identity: found.identity,
    })
}

/// The page of a Google News link is never the article: either it names the article, which is scraped next, or it
/// says nothing, and nothing is guessed.
fn stay_with_google_news(plan: &mut ScrapePlan, now: Timestamp) {
    let reason = match &plan.leads_to {
        Some(lead) => format!("the Google News link leads to {}, which is scraped next", lead.url),
        None => "the page of the Google News link does not say which article it leads to".to_owned(),
    };
    plan.next_scrape_at = plan.leads_to.as_ref().map(|_| now);
    plan.outcome = "no-text";
    plan.page_state = None;
    plan.validators = None;
    plan.failure = Some(FetchFailure { kind: "google-news", status: None, reason });
}

fn is_front_page(identity: &str) -> bool {
    identity.splitn(4, '/').nth(3).is_none_or(str::is_empty)
}

fn next_scrape(record: &ScrapeRecord, changed: bool, now: Timestamp) -> Option<Timestamp> {
    let input = ScrapeSchedule {
        first_seen_at: record.first_seen_at,
        n_scrapes: record.n_scrapes.saturating_add(1),
        changed,
        is_hot: record.is_hot,
    };
    schedule::next_scrape(&input, now)
}

fn state_of_failure(failure: &FetchFailure) -> &'static str {
    match (failure.kind, failure.status) {
        ("robots", _) => "robots",
        ("challenge", _) => "challenge",
        ("blocked-address" | "blocked-port" | "scheme", _) | (_, Some(401..=403 | 405..=407 | 451)) => "blocked",
        (_, Some(410)) => "gone",
        (_, Some(404)) => "not-found",
        (_, Some(400..=499)) => "blocked",
        _ => "unreachable",
    }
}

fn reason_for_no_text(state: BodyState) -> &'static str {
    match state {
        BodyState::Consent => "the page shows a consent layer or a challenge instead of the article",
        BodyState::Listing => "the page is a list of articles",
        BodyState::NotAnArticle => "the page is not an article",
        BodyState::Scrambled => "the text is scrambled",
        _ => "no article text was found on the page",
    }
}

/// Addresses that turned out to lead to the same article: where redirects ended, and what the page calls canonical on
/// its own site. A canonical address on another site is a credit, not an identity.
fn other_identities(
    record: &ScrapeRecord,
    final_url: &str,
    canonical_url: Option<&str>,
    rules: &Rules,
) -> Vec<(String, &'static str)> {
    let mut found: Vec<(String, &'static str)> = Vec::new();
    let Ok(own) = canonical::canonical(&record.url, rules) else { return found };
    let mut add = |url: &str, kind: &'static str, same_site_only: bool| {
        let Ok(other) = canonical::canonical(url, rules) else { return };
        let same_site = canonical::registrable_domain(&other.host) == canonical::registrable_domain(&own.host)
            && (other.host == own.host || canonical::registrable_domain(&own.host).is_some());
        if other.identity != record.identity && !is_front_page(&other.identity) && (same_site || !same_site_only) {
            found.push((other.identity, kind));
        }
    };
    add(final_url, "redirect", false);
    if let Some(url) = canonical_url {
        add(url, "canonical", true);
    }
    found.dedup_by(|a, b| a.0 == b.0);
    found
}
