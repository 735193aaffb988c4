//! Handing a document to an address the user named: one POST, no redirect, behind the same guards as every fetch.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use url::Url;

use crate::model::{FetchFailure, Timestamp};

use super::client::Fetcher;
use super::explain::{explain, explain_status, failure, no_address};
use super::gate;

impl Fetcher {
    /// Whether an address may be asked at all: an HTTP address that is not a private one. Names are looked up only when
    /// something is sent.
    ///
    /// # Errors
    /// When it may not, with the reason.
    pub fn permit(&self, url: &str) -> Result<(), FetchFailure> {
        self.check(&parse(url)?)
    }

    /// Posts a JSON document, once; any answer of success will do, and its body is not read.
    ///
    /// # Errors
    /// When the address is refused, does not answer in time or answers with anything but success; a redirect is none.
    pub async fn post_json(&self, url: &str, document: String, now: Timestamp) -> Result<(), FetchFailure> {
        let url = parse(url)?;
        self.check(&url)?;
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let turn = self.shared.gates.enter(&host, now).await.map_err(|gate::Paused { until }| {
            failure("retry-after", None, format!("{host} asked to be left alone until {until}"))
        })?;
        let limit = Duration::from_secs(self.shared.options.total_timeout_s);
        let request = self
            .shared
            .client
            .post(url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(document);
        let answer = tokio::time::timeout(limit, request.send()).await;
        drop(turn);
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(explain(&error)),
            Err(_) => return Err(self.timed_out(&host)),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            let reason = format!("the address redirects ({}); name the one it leads to", status.as_u16());
            return Err(failure("redirect", Some(status.as_u16()), reason));
        }
        Err(explain_status(status, response.headers()))
    }
}

fn parse(url: &str) -> Result<Url, FetchFailure> {
    Url::parse(url.trim()).map_err(no_address)
}
