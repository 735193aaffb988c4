//! Floor 0: the plain data that every other module talks about.
//!
//! Owns the vocabulary of the product as types: ids, times, outlets, feeds, entries, articles,
//! outcomes of a fetch, and the rows that readers get. No I/O, no clock, no decisions.

pub mod article;
pub mod feed;
pub mod ids;
pub mod outcome;
pub mod outlet;
pub mod time;
pub mod watch;

pub use article::{BodyState, ExtractedArticle, OutgoingLink};
pub use feed::{EntrySource, FeedKind, ParsedEntry, ParsedFeed};
pub use ids::{
    AlertId, ArticleId, DecisionId, EntryId, FeedId, GroupId, OutletId, RunId, StoryId, ThreadId, VersionId, WatchId,
};
pub use outcome::{FetchFailure, FetchOutcome, FetchedBody, RestWish, wait_reason};
pub use outlet::{Outlet, OutletFeed, OutletKind, OutletRegister};
pub use time::{ClaimedDate, DatePrecision, Timestamp};
pub use watch::{AlertKind, Delivery};
