//! When a feed is due and when an article is scraped again; pure, `now` is a parameter.
//!
//! What the server asks (`Retry-After`, freshness, `ttl`, `skipHours`, `skipDays`) is a lower bound; the observed rate of
//! entries sets the interval above it; jitter only ever delays.

use crate::model::Timestamp;

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

const WEEK_S: i64 = 7 * DAY_S;

/// The shortest interval of a feed that never answers with a validator: each poll costs its server the whole document.
///
/// FreshRSS asks for as much; the 24 hours that some server admins want would miss the entries of a busy feed.
pub const MIN_UNCONDITIONAL_INTERVAL_S: i64 = 15 * MINUTE_S;
/// The longest wait a server's wish is obeyed for.
const MAX_WISH_S: i64 = DAY_S;
/// Polls per expected entry: two, so that a new entry waits half the usual gap at most.
const POLLS_PER_ENTRY: f64 = 2.0;
/// Feeds whose skipped stretch ends are spread over this long.
const SKIP_SPREAD_S: i64 = 30 * MINUTE_S;
/// Jitter is at most this part of the interval.
const JITTER_PART: i64 = 10;
/// Silence shorter than this says nothing about a feed's rhythm: outlets sleep at night.
const USUAL_SILENCE_S: i64 = DAY_S;
/// The windows a rhythm is looked for in, and how many entries make one: a burst of the last hours counts as much as a
/// steady week.
const RHYTHM_WINDOWS: [(i64, usize); 3] = [(3 * HOUR_S, 3), (DAY_S, 2), (WEEK_S, 1)];

/// How often a feed may be polled, as the configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleOptions {
    /// The shortest interval in seconds, for hot feeds; common readers allow the same 5 minutes.
    pub min_interval_s: i64,
    /// The interval in seconds of a feed nothing is known about.
    pub default_interval_s: i64,
    /// The longest interval in seconds.
    pub max_interval_s: i64,
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self { min_interval_s: 5 * MINUTE_S, default_interval_s: 30 * MINUTE_S, max_interval_s: DAY_S }
    }
}

/// When an article is looked at again, after it was first seen: corrections come within hours, then seldom.
const SCRAPE_STEPS_S: [i64; 4] = [HOUR_S, 6 * HOUR_S, DAY_S, 3 * DAY_S];
/// The same while the article's story grows or is watched: headlines are rewritten as the news comes in.
const HOT_SCRAPE_STEPS_S: [i64; 8] =
    [30 * MINUTE_S, HOUR_S, 2 * HOUR_S, 4 * HOUR_S, 8 * HOUR_S, 16 * HOUR_S, DAY_S, 3 * DAY_S];
/// Two looks at one article lie at least this far apart.
const MIN_SCRAPE_GAP_S: i64 = 30 * MINUTE_S;
/// Scrapes of one article at most, also when each finds a change.
const MAX_SCRAPES: u32 = 10;

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
    /// When the feed last had a new entry.
    pub last_new_at: Option<Timestamp>,
    /// The server gives validators, so that a poll with nothing new costs it little.
    pub is_conditional: bool,
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
pub fn next_poll(input: &PollSchedule, options: &ScheduleOptions, now: Timestamp) -> NextPoll {
    let interval_s = interval(input, options, now);
    let latest = now.plus(MAX_WISH_S);
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
    let at = if at == due.plus(jitter) { at } else { at.plus(self::jitter(input, SKIP_SPREAD_S)) };
    NextPoll { at, interval_s }
}

fn interval(input: &PollSchedule, options: &ScheduleOptions, now: Timestamp) -> i64 {
    let (longest, default) = (options.max_interval_s, options.default_interval_s);
    let shortest = match input.is_conditional {
        true => options.min_interval_s,
        false => options.min_interval_s.max(MIN_UNCONDITIONAL_INTERVAL_S.min(longest)),
    };
    let within = |seconds: i64| seconds.min(longest).max(shortest);
    let previous = within(input.previous_interval_s.unwrap_or(default));
    match input.result {
        // The server says when; a host that goes on asking is asked ever less often.
        PollResult::RetryAfter(_) => return within(previous.saturating_mul(2)),
        PollResult::Failed => {
            // Each failure doubles the default: from 30 minutes, a day after six.
            let doublings = input.n_failures.saturating_sub(1).min(16);
            return within(default.saturating_mul(1 << doublings));
        }
        PollResult::NewEntries(_) | PollResult::Unchanged => {}
    }
    let silence_s = input.last_new_at.map_or(0, |last| now.0.saturating_sub(last.0));
    let rate = match input.entries_per_week {
        // After a long silence the rhythm of old is not believed any more.
        Some(rate) if silence_s > USUAL_SILENCE_S => Some(rate.min(WEEK_S as f64 / silence_s as f64)),
        rate => rate,
    };
    let seconds = match rate {
        Some(rate) if rate.is_finite() && rate > 0.0 => (WEEK_S as f64 / (rate * POLLS_PER_ENTRY)) as i64,
        // A feed known to be silent slows down step by step instead of at once: it may wake up.
        Some(_) => previous.saturating_mul(2),
        None => input.syndication_minutes.map_or(default, |minutes| i64::from(minutes) * MINUTE_S),
    };
    match input.result {
        // A burst: the observed rate lags behind the news, so do not wait longer than the default.
        PollResult::NewEntries(n) if n > 1 && input.previous_interval_s.is_some() => within(seconds.min(default)),
        _ => within(seconds),
    }
}

/// Entries per week as a document shows them: the liveliest of the last hours, the last day and the last week.
///
/// `moments` are the times of its entries, in any order; times ahead of `now` are not counted. None when no entry has a
/// time. A document whose oldest entry is younger than a window covers only part of it.
#[must_use]
pub fn rhythm(moments: &[Timestamp], now: Timestamp) -> Option<f64> {
    let ages: Vec<i64> = moments.iter().map(|moment| now.0.saturating_sub(moment.0)).filter(|age| *age >= 0).collect();
    let oldest = *ages.iter().max()?;
    let rate = RHYTHM_WINDOWS
        .iter()
        .map(|(window, enough)| {
            let n = ages.iter().filter(|age| **age <= *window).count();
            // Less than an hour of history is no basis.
            let covered = (*window).min(oldest).max(HOUR_S);
            if n < *enough { 0.0 } else { n as f64 * WEEK_S as f64 / covered as f64 }
        })
        .fold(0.0, f64::max);
    Some(rate)
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

/// What the next scrape of an article depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrapeSchedule {
    /// When the article was first seen.
    pub first_seen_at: Timestamp,
    /// Scrapes made, the one just made included.
    pub n_scrapes: u32,
    /// The last of them found a change.
    pub changed: bool,
    /// The article's story gains articles, or is watched.
    pub is_hot: bool,
}

/// Decides when an article is scraped again, or never.
///
/// The steps are counted from the first sight; one that was missed is not made up for.
#[must_use]
pub fn next_scrape(input: &ScrapeSchedule, now: Timestamp) -> Option<Timestamp> {
    if input.n_scrapes == 0 {
        return Some(now);
    }
    if input.n_scrapes >= MAX_SCRAPES {
        return None;
    }
    let steps: &[i64] = if input.is_hot { &HOT_SCRAPE_STEPS_S } else { &SCRAPE_STEPS_S };
    let earliest = now.plus(MIN_SCRAPE_GAP_S);
    let planned = steps.iter().map(|step| input.first_seen_at.plus(*step)).find(|moment| *moment >= earliest);
    // Text that still changes at the end of the plan is worth another look.
    planned.or_else(|| input.changed.then(|| now.plus(3 * DAY_S)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2025-11-24T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_763_942_400);

    fn minutes(input: &PollSchedule) -> i64 {
        next_poll(input, &ScheduleOptions::default(), NOW).interval_s / MINUTE_S
    }

    #[test]
    fn the_interval_follows_the_rate() {
        let check = |rate: Option<f64>, expected: i64| {
            assert_eq!(
                minutes(&PollSchedule { entries_per_week: rate, is_conditional: true, ..PollSchedule::default() }),
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
        let known = PollSchedule { previous_interval_s: Some(600), is_conditional: true, ..Default::default() };
        let burst = PollSchedule { result: PollResult::NewEntries(4), entries_per_week: Some(7.0), ..known.clone() };
        assert_eq!(minutes(&burst), 30);
        let costly = PollSchedule { entries_per_week: Some(5000.0), is_conditional: false, ..known.clone() };
        assert_eq!(minutes(&costly), 15);
        // Busy once, silent for eight days.
        let silent =
            PollSchedule { entries_per_week: Some(500.0), last_new_at: Some(NOW.plus(-8 * DAY_S)), ..known.clone() };
        assert_eq!(minutes(&silent), 24 * 60);
        let night =
            PollSchedule { entries_per_week: Some(500.0), last_new_at: Some(NOW.plus(-8 * HOUR_S)), ..known.clone() };
        assert_eq!(minutes(&night), 10);
        let limited = PollSchedule { result: PollResult::RetryAfter(NOW.plus(60)), ..known };
        assert_eq!(minutes(&limited), 20);
    }

    #[test]
    fn the_configured_bounds_hold() {
        let options = ScheduleOptions { min_interval_s: 600, default_interval_s: 1200, max_interval_s: 3600 };
        let check = |rate: Option<f64>, expected: i64| {
            let input = PollSchedule { entries_per_week: rate, is_conditional: true, ..Default::default() };
            assert_eq!(next_poll(&input, &options, NOW).interval_s, expected, "{rate:?}");
        };
        check(Some(5000.0), 600);
        check(None, 1200);
        check(Some(0.1), 3600);
        let failed = PollSchedule { result: PollResult::Failed, n_failures: 40, ..Default::default() };
        assert_eq!(next_poll(&failed, &options, NOW).interval_s, 3600);
    }

    #[test]
    fn a_rhythm_is_read_from_the_times_of_entries() {
        let check = |ages_h: &[i64], expected: Option<f64>| {
            let moments: Vec<Timestamp> = ages_h.iter().map(|hours| NOW.plus(-hours * HOUR_S)).collect();
            assert_eq!(rhythm(&moments, NOW), expected, "{ages_h:?}");
        };
        check(&[], None);
        check(&[-5], None);
        check(&[24 * 30], Some(0.0));
        check(&[24, 48, 24 * 30], Some(2.0));
        // Three within three hours are a burst, whatever came before.
        check(&[1, 2, 3, 24 * 30], Some(3.0 * 56.0));
        // The document reaches back two days only.
        check(&[20, 40, 48], Some(3.0 * 7.0 / 2.0));
        check(&[0], Some(168.0));
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
            let wait = next_poll(&input, &ScheduleOptions::default(), NOW).at.0 - NOW.0;
            assert!((at_least..=at_most).contains(&wait), "{wait} for {input:?}");
        };
        let default = PollSchedule::default;
        check(PollSchedule { ttl_minutes: Some(120), ..default() }, 7200, 7920);
        check(PollSchedule { ttl_minutes: Some(u32::MAX), ..default() }, DAY_S, DAY_S * 11 / 10);
        check(PollSchedule { fresh_until: Some(NOW.plus(5000)), ..default() }, 5000, 5500);
        check(PollSchedule { fresh_until: Some(NOW.plus(10)), ..default() }, 1800, 1980);
        check(PollSchedule { result: PollResult::RetryAfter(NOW.plus(9000)), ..default() }, 9000, 9900);
        check(PollSchedule { result: PollResult::RetryAfter(NOW.plus(60)), ..default() }, 3600, 3960);
        check(PollSchedule { syndication_minutes: Some(60), ..default() }, 3600, 3960);
        check(PollSchedule { syndication_minutes: Some(0), ..default() }, 900, 990);
        // From 00:00 on Monday: hours 0 to 5 are skipped.
        check(PollSchedule { skip_hours: (0..6).collect(), ..default() }, 6 * HOUR_S, 6 * HOUR_S + 1800);
        check(PollSchedule { skip_days: vec![0], ..default() }, DAY_S, DAY_S + 1800);
        check(PollSchedule { skip_hours: (0..24).collect(), ..default() }, 1800, 1980);
        check(PollSchedule { skip_days: (0..7).collect(), ..default() }, 1800, 1980);
    }

    #[test]
    fn feeds_added_together_spread() {
        let times: std::collections::BTreeSet<i64> = (0..50)
            .map(|seed| {
                next_poll(&PollSchedule { jitter_seed: seed, ..Default::default() }, &ScheduleOptions::default(), NOW)
                    .at
                    .0
            })
            .collect();
        assert!(times.len() > 25, "only {} moments", times.len());
    }

    #[test]
    fn scrapes_decay_and_end() {
        let check = |n_scrapes: u32, changed: bool, now_h: i64, expected_h: Option<i64>| {
            let input = ScrapeSchedule { first_seen_at: NOW, n_scrapes, changed, is_hot: false };
            let next = next_scrape(&input, NOW.plus(now_h * HOUR_S));
            assert_eq!(next.map(|at| (at.0 - NOW.0) / HOUR_S), expected_h, "{n_scrapes} {now_h}");
        };
        check(0, false, 0, Some(0));
        check(1, false, 0, Some(1));
        check(2, false, 1, Some(6));
        check(3, false, 6, Some(24));
        check(4, false, 24, Some(72));
        check(5, false, 72, None);
        check(5, true, 72, Some(144));
        check(10, true, 500, None);
        // The machine slept through the second and third look.
        check(1, false, 10, Some(24));
        check(1, false, 100, None);
        let hot = ScrapeSchedule { first_seen_at: NOW, n_scrapes: 1, changed: false, is_hot: true };
        assert_eq!(next_scrape(&hot, NOW), Some(NOW.plus(30 * MINUTE_S)));
        assert_eq!(next_scrape(&hot, NOW.plus(40 * MINUTE_S)), Some(NOW.plus(2 * HOUR_S)));
    }

    proptest::proptest! {
        #[test]
        fn never_before_the_floor(rate in proptest::option::of(-1e9..1e9_f64), seed: u64, previous in proptest::option::of(proptest::num::i64::ANY), n_failures: u32) {
            for result in [PollResult::NewEntries(3), PollResult::Unchanged, PollResult::Failed] {
                let input = PollSchedule { result, n_failures, previous_interval_s: previous, entries_per_week: rate, jitter_seed: seed, ..Default::default() };
                let options = ScheduleOptions::default();
                let next = next_poll(&input, &options, NOW);
                proptest::prop_assert!(next.at >= NOW.plus(options.min_interval_s));
                proptest::prop_assert!(next.at <= NOW.plus(options.max_interval_s * 11 / 10));
            }
        }
    }
}
