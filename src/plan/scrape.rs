//! One scrape: what an article's page changes.

use crate::canonical::{self, Rules};
use crate::extract::{self, ExtractOptions};
use crate::model::{ArticleId, BodyState, FetchFailure, FetchOutcome, OutletRegister, Timestamp};
use crate::plan::VersionPlan;
use crate::schedule;

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
    /// Other identities that lead here, with their kind.
    pub other_identities: Vec<(String, &'static str)>,
    /// Validators to send next time.
    pub validators: Option<(Option<String>, Option<String>)>,
    /// The state shown to people.
    pub page_state: String,
    /// When to look again; none is never.
    pub next_scrape_at: Option<Timestamp>,
}

/// Decides what an answer to a scrape changes.
#[must_use]
pub fn scrape(
    record: &ScrapeRecord,
    outcome: FetchOutcome,
    now: Timestamp,
    rules: &Rules,
    register: &OutletRegister,
) -> ScrapePlan {
    let mut plan = ScrapePlan {
        article: record.article,
        started_at: now,
        outcome: "failed",
        failure: None,
        http_status: None,
        final_url: None,
        n_wire_bytes: 0,
        version: None,
        other_identities: Vec::new(),
        validators: None,
        page_state: String::new(),
        next_scrape_at: schedule::next_scrape(record.first_seen_at, record.n_scrapes + 1, false, now),
    };
    match outcome {
        FetchOutcome::Unchanged { .. } => {
            plan.outcome = "unchanged";
            plan.http_status = Some(304);
            plan.page_state = "unchanged".to_owned();
        }
        FetchOutcome::RetryAfter { status, until } => {
            plan.http_status = Some(status);
            plan.next_scrape_at = Some(until);
            plan.page_state = format!("the server asks to wait ({status})");
            plan.failure = Some(FetchFailure {
                kind: "retry-after",
                status: Some(status),
                reason: format!("the server asks to come back after {until}"),
            });
        }
        FetchOutcome::Gone => {
            plan.http_status = Some(410);
            plan.next_scrape_at = None;
            plan.page_state = "gone".to_owned();
            plan.failure =
                Some(FetchFailure { kind: "gone", status: Some(410), reason: "the page was removed (410)".to_owned() });
        }
        FetchOutcome::Failed(failure) => {
            // A refusal is not worth asking for again; an outage is.
            if matches!(failure.kind, "robots" | "challenge" | "blocked-address" | "scheme")
                || matches!(failure.status, Some(401..=499))
            {
                plan.next_scrape_at = None;
            }
            plan.http_status = failure.status;
            plan.page_state.clone_from(&failure.reason);
            plan.failure = Some(failure);
        }
        FetchOutcome::Body(body) => {
            plan.http_status = Some(body.status);
            plan.n_wire_bytes = body.n_wire_bytes;
            let options =
                ExtractOptions { content_type: body.content_type.as_deref(), now: Some(now), register: Some(register) };
            let article = extract::article(&body.bytes, &body.final_url, &options);
            plan.page_state = article.state.as_str().to_owned();
            plan.other_identities = other_identities(record, &body.final_url, article.canonical_url.as_deref(), rules);
            plan.validators = Some((body.etag, body.last_modified));
            plan.final_url = Some(body.final_url);
            if article.state.is_article_text() && !article.body.is_empty() {
                plan.outcome = "version";
                plan.version = Some(VersionPlan {
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
                });
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
        let is_front_page = other.identity.splitn(4, '/').nth(3).is_none_or(str::is_empty);
        if other.identity != record.identity && !is_front_page && (same_site || !same_site_only) {
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
