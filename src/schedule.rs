//! When a feed is due and when an article is scraped again; pure, `now` is a parameter.
//!
//! What the server asks (`Retry-After`, freshness, `ttl`, `skipHours`, `skipDays`) is a lower bound; the observed rate of
//! entries sets the interval above it; jitter only ever delays.

use crate::model::Timestamp;

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// The shortest interval, for hot feeds; common readers allow the same.
pub const MIN_INTERVAL_S: i64 = 5 * MINUTE_S;
/// The interval of a feed nothing is known about.
pub const DEFAULT_INTERVAL_S: i64 = 30 * MINUTE_S;
/// The longest interval, and the longest wait a server's wish is obeyed for.
pub const MAX_INTERVAL_S: i64 = DAY_S;
/// Polls per expected entry: two, so that a new entry waits half the usual gap at most.
const POLLS_PER_ENTRY: f64 = 2.0;
/// Jitter is at most this part of the interval.
const JITTER_PART: i64 = 10;
/// When an article is looked at again, after it was first seen: corrections come within hours, then seldom.
const SCRAPE_STEPS_S: [i64; 4] = [HOUR_S, 6 * HOUR_S, DAY_S, 3 * DAY_S];
/// Scrapes of one article at most, also when each finds a change.
const MAX_SCRAPES: u32 = 8;

/// How the poll just made ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PollResult {
    /// The feed was read and had this many new entries.
    NewEntries(u32),
    /// Nothing new: 304, or only known entries.
    #[default]
    Unchanged,
    /// The poll failed.
    Failed,
    /// The host asked to be left alone until then.
    RetryAfter(Timestamp),
}

/// What the next poll of a feed depends on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PollSchedule {
    /// How the poll just made ended.
    pub result: PollResult,
    /// Failures in a row, this one included.
    pub n_failures: u32,
    /// The interval decided last time, in seconds.
    pub previous_interval_s: Option<i64>,
    /// Entries per week, as observed; none before enough has been seen.
    pub entries_per_week: Option<f64>,
    /// Until when the server asks not to come back.
    pub fresh_until: Option<Timestamp>,
    /// RSS `ttl`.
    pub ttl_minutes: Option<u32>,
    /// Hours of the day (0 to 23, UTC) the feed asks to skip.
    pub skip_hours: Vec<u8>,
    /// Days (0 Monday to 6 Sunday) the feed asks to skip.
    pub skip_days: Vec<u8>,
    /// The syndication module's period.
    pub syndication_minutes: Option<u32>,
    /// Something steady of the feed (its id), so that feeds added together do not fire together.
    pub jitter_seed: u64,
}

/// When a feed is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextPoll {
    /// The moment; never before what the server asked for.
    pub at: Timestamp,
    /// The interval before the server's wishes and jitter, to be given back as `previous_interval_s`.
    pub interval_s: i64,
}

/// Decides when a feed is polled next.
#[must_use]
pub fn next_poll(input: &PollSchedule, now: Timestamp) -> NextPoll {
    let interval_s = interval(input);
    let latest = now.plus(MAX_INTERVAL_S);
    let mut due = now.plus(interval_s);
    let ttl = input.ttl_minutes.map(|minutes| now.plus(i64::from(minutes) * MINUTE_S));
    let retry = match input.result {
        PollResult::RetryAfter(until) => Some(until),
        _ => None,
    };
    for wish in [ttl, input.fresh_until, retry].into_iter().flatten() {
        due = due.max(wish.min(latest));
    }
    let jitter = jitter(input, interval_s.max(due.0 - now.0) / JITTER_PART);
    let at = skip(due.plus(jitter), &input.skip_hours, &input.skip_days);
    // A skipped stretch ends for all its feeds in the same second; spread them over its first minutes.
    let at = if at == due.plus(jitter) { at } else { at.plus(self::jitter(input, DEFAULT_INTERVAL_S)) };
    NextPoll { at, interval_s }
}

fn interval(input: &PollSchedule) -> i64 {
    let previous = input.previous_interval_s.unwrap_or(DEFAULT_INTERVAL_S).clamp(MIN_INTERVAL_S, MAX_INTERVAL_S);
    match input.result {
        // The interval itself grows no further here: the server has said when.
        PollResult::RetryAfter(_) => return previous,
        PollResult::Failed => {
            // Each failure doubles the default: after six it is a day.
            let doublings = input.n_failures.saturating_sub(1).min(16);
            return (DEFAULT_INTERVAL_S << doublings).min(MAX_INTERVAL_S);
        }
        PollResult::NewEntries(_) | PollResult::Unchanged => {}
    }
    let hint = input.syndication_minutes.map_or(DEFAULT_INTERVAL_S, |minutes| i64::from(minutes) * MINUTE_S);
    let seconds = match input.entries_per_week {
        Some(rate) if rate.is_finite() && rate > 0.0 => (7.0 * DAY_S as f64 / (rate * POLLS_PER_ENTRY)) as i64,
        // A feed known to be silent slows down step by step instead of at once: it may wake up.
        Some(_) => previous.saturating_mul(2),
        None => hint,
    };
    let seconds = seconds.clamp(MIN_INTERVAL_S, MAX_INTERVAL_S);
    match input.result {
        // A burst: the observed rate lags behind the news, so do not wait longer than the default.
        PollResult::NewEntries(n) if n > 1 && input.entries_per_week.is_some() => seconds.min(DEFAULT_INTERVAL_S),
        _ => seconds,
    }
}

/// A steady number in `0..=most`, from the feed's seed.
fn jitter(input: &PollSchedule, most: i64) -> i64 {
    // SplitMix64's finaliser: neighbouring ids land far apart.
    let mut mixed = input.jitter_seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let part = (mixed ^ (mixed >> 31)) >> 33;
    i64::try_from(part).unwrap_or(0) % (most.max(0) + 1)
}

/// Moves `at` to the start of the first hour that is not skipped; lists that skip everything are ignored.
fn skip(at: Timestamp, hours: &[u8], days: &[u8]) -> Timestamp {
    let skipped = |moment: Timestamp| {
        let hour = moment.0.rem_euclid(DAY_S) / HOUR_S;
        // 1970-01-01 was a Thursday, day 3 from Monday.
        let day = (moment.0.div_euclid(DAY_S) + 3).rem_euclid(7);
        hours.iter().any(|skip| i64::from(*skip) == hour) || days.iter().any(|skip| i64::from(*skip) == day)
    };
    if !skipped(at) {
        return at;
    }
    let hour_start = Timestamp(at.0.div_euclid(HOUR_S) * HOUR_S);
    (1..=7 * 24).map(|n| hour_start.plus(n * HOUR_S)).find(|moment| !skipped(*moment)).unwrap_or(at)
}

/// Decides when an article is scraped again, or never: after `n_scrapes` scrapes, the last of which found a change or not.
///
/// The steps are counted from the first sight; one that was missed is not made up for.
#[must_use]
pub fn next_scrape(first_seen: Timestamp, n_scrapes: u32, changed: bool, now: Timestamp) -> Option<Timestamp> {
    if n_scrapes == 0 {
        return Some(now);
    }
    if n_scrapes >= MAX_SCRAPES {
        return None;
    }
    let first_step = usize::try_from(n_scrapes - 1).unwrap_or(usize::MAX);
    let planned =
        SCRAPE_STEPS_S.iter().skip(first_step).map(|step| first_seen.plus(*step)).find(|moment| *moment > now);
    // Text that still changes at the end of the plan is worth another look.
    planned.or_else(|| changed.then(|| now.plus(SCRAPE_STEPS_S[3])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2025-11-24T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_763_942_400);

    fn minutes(input: &PollSchedule) -> i64 {
        next_poll(input, NOW).interval_s / MINUTE_S
    }

    #[test]
    fn the_interval_follows_the_rate() {
        let check = |rate: Option<f64>, expected: i64| {
            assert_eq!(
                minutes(&PollSchedule { entries_per_week: rate, ..PollSchedule::default() }),
                expected,
                "{rate:?}"
            );
        };
        check(None, 30);
        check(Some(5000.0), 5);
        check(Some(168.0), 30);
        check(Some(7.0), 12 * 60);
        check(Some(0.1), 24 * 60);
        check(Some(0.0), 60);
        check(Some(f64::NAN), 60);
        let burst =
            PollSchedule { result: PollResult::NewEntries(4), entries_per_week: Some(7.0), ..Default::default() };
        assert_eq!(minutes(&burst), 30);
    }

    #[test]
    fn failures_back_off_to_a_day() {
        let check = |n_failures: u32, expected: i64| {
            let input = PollSchedule { result: PollResult::Failed, n_failures, ..PollSchedule::default() };
            assert_eq!(minutes(&input), expected, "{n_failures}");
        };
        check(1, 30);
        check(2, 60);
        check(4, 240);
        check(7, 24 * 60);
        check(u32::MAX, 24 * 60);
    }

    #[test]
    fn the_server_s_wishes_are_lower_bounds() {
        let check = |input: PollSchedule, at_least: i64, at_most: i64| {
            let wait = next_poll(&input, NOW).at.0 - NOW.0;
            assert!((at_least..=at_most).contains(&wait), "{wait} for {input:?}");
        };
        let default = PollSchedule::default;
        check(PollSchedule { ttl_minutes: Some(120), ..default() }, 7200, 7920);
        check(PollSchedule { ttl_minutes: Some(u32::MAX), ..default() }, DAY_S, DAY_S * 11 / 10);
        check(PollSchedule { fresh_until: Some(NOW.plus(5000)), ..default() }, 5000, 5500);
        check(PollSchedule { fresh_until: Some(NOW.plus(10)), ..default() }, 1800, 1980);
        check(PollSchedule { result: PollResult::RetryAfter(NOW.plus(9000)), ..default() }, 9000, 9900);
        check(PollSchedule { syndication_minutes: Some(60), ..default() }, 3600, 3960);
        check(PollSchedule { syndication_minutes: Some(0), ..default() }, 300, 330);
        // From 00:00 on Monday: hours 0 to 5 are skipped.
        check(PollSchedule { skip_hours: (0..6).collect(), ..default() }, 6 * HOUR_S, 6 * HOUR_S + 1800);
        check(PollSchedule { skip_days: vec![0], ..default() }, DAY_S, DAY_S + 1800);
        check(PollSchedule { skip_hours: (0..24).collect(), ..default() }, 1800, 1980);
        check(PollSchedule { skip_days: (0..7).collect(), ..default() }, 1800, 1980);
    }

    #[test]
    fn feeds_added_together_spread() {
        let times: std::collections::BTreeSet<i64> = (0..50)
            .map(|seed| next_poll(&PollSchedule { jitter_seed: seed, ..Default::default() }, NOW).at.0)
            .collect();
        assert!(times.len() > 25, "only {} moments", times.len());
    }

    #[test]
    fn scrapes_decay_and_end() {
        let check = |n_scrapes: u32, changed: bool, now_h: i64, expected_h: Option<i64>| {
            let next = next_scrape(NOW, n_scrapes, changed, NOW.plus(now_h * HOUR_S));
            assert_eq!(next.map(|at| (at.0 - NOW.0) / HOUR_S), expected_h, "{n_scrapes} {now_h}");
        };
        check(0, false, 0, Some(0));
        check(1, false, 0, Some(1));
        check(2, false, 1, Some(6));
        check(3, false, 6, Some(24));
        check(4, false, 24, Some(72));
        check(5, false, 72, None);
        check(5, true, 72, Some(144));
        check(8, true, 500, None);
        // The machine slept through the second and third look.
        check(1, false, 10, Some(24));
        check(1, false, 100, None);
    }

    proptest::proptest! {
        #[test]
        fn never_before_the_floor(rate in proptest::option::of(-1e9..1e9_f64), seed: u64, previous in proptest::option::of(proptest::num::i64::ANY), n_failures: u32) {
            for result in [PollResult::NewEntries(3), PollResult::Unchanged, PollResult::Failed] {
                let input = PollSchedule { result, n_failures, previous_interval_s: previous, entries_per_week: rate, jitter_seed: seed, ..Default::default() };
                let next = next_poll(&input, NOW);
                proptest::prop_assert!(next.at >= NOW.plus(MIN_INTERVAL_S));
                proptest::prop_assert!(next.at <= NOW.plus(MAX_INTERVAL_S * 11 / 10));
            }
        }
    }
}
