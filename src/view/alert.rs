//! Watches and their alerts, as users and their programs see them.

use serde::Serialize;

use crate::model::{AlertId, ArticleId, StoryId, Timestamp, WatchId};

/// A watch with how its alerts fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchView {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// Its id.
    pub id: WatchId,
    /// The query, as typed.
    pub query: String,
    /// What raises an alert: `new`, `origin`, `headline`.
    pub on: Vec<&'static str>,
    /// The program and its arguments.
    pub exec: Option<Vec<String>>,
    /// The address alerts are posted to.
    pub webhook: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// Stories with an article that matches.
    pub stories: u32,
    /// Alerts raised.
    pub alerts: u32,
    /// Alerts not delivered yet.
    pub waiting: u32,
    /// Alerts no attempt delivered.
    pub given_up: u32,
    /// When the last alert was raised.
    pub last_alert_at: Option<Timestamp>,
    /// Why the last attempt of a delivery failed, unless a later one was made.
    pub failure: Option<String>,
}

/// An alert: what a command gets on standard input and a webhook as its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertView {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// Its id: the same in each attempt, so that a receiver knows a repetition.
    pub id: AlertId,
    /// The watch that raised it.
    pub watch: WatchId,
    /// The watch's query.
    pub query: String,
    /// `new`, `origin` or `headline`.
    pub kind: &'static str,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The story, as it was then.
    pub story: StoryId,
    /// The story's headline then.
    pub story_title: String,
    /// The article that gave the reason.
    pub article: ArticleId,
    /// Its outlet's name.
    pub outlet: Option<String>,
    /// Its outlet's domain.
    pub outlet_domain: Option<String>,
    /// Its headline.
    pub title: String,
    /// Its headline before, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

/// An alert with how its delivery went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveredAlertView {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertView,
    /// `waiting`, `delivered` or `given-up`.
    pub state: String,
    /// Attempts made.
    pub attempts: u32,
    /// When the last one was made.
    pub attempted_at: Option<Timestamp>,
    /// Why the last one failed.
    pub failure: Option<String>,
}
