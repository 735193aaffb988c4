//! When a feed asks to be polled.

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// An hour of `skipHours`; RSS 0.91 counts from 1 to 24.
pub(super) fn hour(text: &str) -> Option<u8> {
    text.parse::<u8>().ok().filter(|hour| *hour <= 24).map(|hour| hour % 24)
}

/// A day of `skipDays`, 0 for Monday.
pub(super) fn day(text: &str) -> Option<u8> {
    (0_u8..7).zip(DAYS).find(|(_, day)| day.eq_ignore_ascii_case(text)).map(|(index, _)| index)
}

/// The length of an `updatePeriod`.
pub(super) fn period_minutes(period: &str) -> Option<u32> {
    Some(match period.to_ascii_lowercase().as_str() {
        "hourly" => 60,
        "daily" => 24 * 60,
        "weekly" => 7 * 24 * 60,
        "monthly" => 30 * 24 * 60,
        "yearly" => 365 * 24 * 60,
        _ => return None,
    })
}
