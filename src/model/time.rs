//! Times: what an outlet claimed, and when we saw it.

use std::fmt;

use serde::{Serialize, Serializer};

/// A moment in UTC, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the moment `seconds` later (earlier when negative), saturating.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The last moment of the day that begins here: a claim without a time of day may stand for any until then.
    #[must_use]
    pub fn day_end(self) -> Self {
        self.plus(24 * 3600 - 1)
    }

    /// Formats as RFC 3339 in UTC, for example `2025-11-25T18:12:00Z`.
    ///
    /// A value outside jiff's range (years -9999 to 9999) is shown as its number of seconds.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0).map_or_else(|_| self.0.to_string(), |moment| moment.to_string())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

/// How exact a claimed date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DatePrecision {
    /// A time of day with seconds.
    #[default]
    Second,
    /// A time of day without seconds.
    Minute,
    /// A calendar day only.
    Day,
    /// A month or a year only: too vague to place an article in time.
    Month,
}

impl DatePrecision {
    /// The word stored in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Whether a time of day was given.
    #[must_use]
    pub fn has_time(self) -> bool {
        matches!(self, Self::Second | Self::Minute)
    }

    /// Reads the stored word back; anything unknown is taken as a second.
    #[must_use]
    pub fn from_stored(word: &str) -> Self {
        match word {
            "minute" => Self::Minute,
            "day" => Self::Day,
            "month" => Self::Month,
            _ => Self::Second,
        }
    }
}

/// A date as an outlet claimed it: the raw text is kept, nothing is guessed silently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimedDate {
    /// The text as it stood in the feed or page.
    pub raw: String,
    /// The moment, or none when no zone can be known or the text is no possible date.
    ///
    /// A day without a time is taken as 00:00 UTC of that day with `precision` [`DatePrecision::Day`], a month or year as its
    /// first day with [`DatePrecision::Month`].
    pub utc: Option<Timestamp>,
    /// The claimed offset from UTC in minutes, east positive.
    pub offset_minutes: Option<i32>,
    /// How exact the claim is.
    pub precision: DatePrecision,
    /// The claim lay more than [`FUTURE_TOLERANCE_S`] after the time of the observation.
    pub future: bool,
    /// The text is not a possible date (31 February, year 0).
    pub impossible: bool,
    /// A time of day stood there without a zone.
    pub zone_unknown: bool,
}

/// How far ahead of us a claimed date may be before it is called a future date, in seconds.
///
/// Clocks of publishers run minutes ahead and some date by the end of the hour; one hour covers both.
pub const FUTURE_TOLERANCE_S: i64 = 3600;

impl ClaimedDate {
    /// A claim at an exact moment, as RFC 3339 text; for imports and tests.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self { raw: moment.rfc3339(), utc: Some(moment), offset_minutes: Some(0), ..Self::default() }
    }

    /// Marks the claim as lying in the future when it is later than `now` plus the tolerance.
    #[must_use]
    pub fn observed_at(mut self, now: Timestamp) -> Self {
        self.future = self.utc.is_some_and(|utc| utc > now.plus(FUTURE_TOLERANCE_S));
        self
    }

    /// Packs the flags into the integer stored in the database: 1 future, 2 impossible, 4 zone unknown.
    #[must_use]
    pub fn flags(&self) -> i64 {
        i64::from(self.future) | i64::from(self.impossible) << 1 | i64::from(self.zone_unknown) << 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_utc_and_flags_the_future() {
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(i64::MAX).rfc3339(), i64::MAX.to_string());
        let claim = ClaimedDate::at(Timestamp(10_000)).observed_at(Timestamp(0));
        assert!(claim.future);
        assert_eq!(claim.flags(), 1);
        assert!(!ClaimedDate::at(Timestamp(3_600)).observed_at(Timestamp(0)).future);
    }
}
