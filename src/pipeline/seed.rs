//! The first feeds of a fresh database.

use crate::model::{OutletRegister, Timestamp};
use crate::plan::OutletPlan;
use crate::store::feeds::{self, Added, NewFeed};
use crate::store::{Store, StoreError};

use super::Tools;

/// The tag of the feeds a fresh database starts with.
pub const FOUNDING_TAG: &str = "founding-story";

/// The register's enabled feeds tagged [`FOUNDING_TAG`].
#[must_use]
pub fn first_feeds(register: &OutletRegister) -> Vec<NewFeed> {
    let mut wanted = Vec::new();
    for outlet in register.outlets() {
        for feed in &outlet.feeds {
            if feed.enabled && feed.tags.iter().any(|tag| tag == FOUNDING_TAG) {
                wanted.push(NewFeed {
                    url: feed.url.clone(),
                    title: feed.title.clone(),
                    outlet: Some(OutletPlan::from_register(outlet)),
                    tags: feed.tags.clone(),
                    opml: None,
                    added_by: "register",
                });
            }
        }
    }
    wanted
}

/// Adds the first feeds when the database never had a feed; returns how many.
///
/// # Errors
/// When the database fails.
pub fn seed(store: &Store, tools: &Tools, now: Timestamp) -> Result<usize, StoreError> {
    let wanted = first_feeds(&tools.register);
    store.write(move |transaction| {
        if feeds::count_ever(transaction)? > 0 {
            return Ok(0);
        }
        let mut n_added = 0;
        for feed in &wanted {
            n_added += usize::from(matches!(feeds::add(transaction, feed, now)?, Added::New(_)));
        }
        Ok(n_added)
    })
}
