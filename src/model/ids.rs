//! Newtype ids: integers in the database, never reused, strings in JSON.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

macro_rules! newtype_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
    };
}

newtype_id!(
    /// A polled URL.
    FeedId
);
newtype_id!(
    /// One line of a feed.
    EntryId
);
newtype_id!(
    /// The work behind one canonical URL.
    ArticleId
);
newtype_id!(
    /// One observed state of an article.
    VersionId
);
newtype_id!(
    /// A news organisation.
    OutletId
);
newtype_id!(
    /// A near-duplicate group.
    GroupId
);
newtype_id!(
    /// A story cluster.
    StoryId
);
newtype_id!(
    /// Linked stories that a journalist follows as one.
    ThreadId
);
newtype_id!(
    /// One analysis run: its input set, order and `now` are facts.
    RunId
);
newtype_id!(
    /// An editor's decision.
    DecisionId
);
newtype_id!(
    /// A saved query.
    WatchId
);
newtype_id!(
    /// What a watch raised.
    AlertId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_strings_in_json() {
        assert_eq!(serde_json::to_string(&StoryId(7)).expect("plain"), "\"7\"");
        assert_eq!("7".parse::<StoryId>(), Ok(StoryId(7)));
    }
}
