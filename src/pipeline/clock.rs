//! Where a run takes its time from.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The clock of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// One that stands still, so that a test can be at any moment.
    Fixed(Timestamp),
}

impl Clock {
    /// The present moment.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::Fixed(moment) => moment,
            Self::System => {
                let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
                Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
        }
    }
}
