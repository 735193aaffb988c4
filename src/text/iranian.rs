//! Dates of the Iranian calendar as those of the common one.

use std::ops::RangeInclusive;

use jiff::{Span, civil};

/// Months of the Iranian calendar: six of 31 days, five of 30, the last of 29 or 30.
const MONTHS: [&str; 12] =
    ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];

/// Years of the web in the Iranian calendar: 1995 to 2100.
const YEARS: RangeInclusive<i32> = 1374..=1479;

/// A text with dates of the Iranian calendar as those of the common one; those in numbers only where they are Persian.
pub(super) fn with_common_dates(text: &str, has_persian_digits: bool) -> String {
    let mut text = text.to_owned();
    for (name, month) in MONTHS.iter().zip(1..) {
        let found = text.match_indices(name).find_map(|(at, _)| date_at(&text, at, name, month));
        if let Some((range, date)) = found {
            text.replace_range(range, &date.to_string());
        }
    }
    if has_persian_digits {
        text = with_common_numbers(&text);
    }
    text
}

/// The date around an Iranian month that stands at a place of a text, and its range.
fn date_at(text: &str, at: usize, name: &str, month: i32) -> Option<(std::ops::Range<usize>, civil::Date)> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '\u{200c}' | '،' | ',');
    let before = text[..at].trim_end_matches(is_between);
    let from = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let after = text[at + name.len()..].trim_start_matches(is_between);
    let after = after.strip_prefix("ماه").map_or(after, |after| after.trim_start_matches(is_between));
    let n_digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let year = after[..n_digits].parse().ok()?;
    let date = common_date(year, month, before[from..].parse().ok()?)?;
    Some((from..text.len() - after.len() + n_digits, date))
}

/// A text whose dates in numbers that are Iranian are common ones.
fn with_common_numbers(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '/' | '-' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[start..].find(|c| !is_part(c)).unwrap_or(rest.len() - start);
        let number = &rest[start..start + length];
        let mut parts = number.splitn(3, ['/', '-', '.']).map(|part| part.parse().ok());
        let date = match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(year), Some(month), Some(day)) => common_date(year, month, day),
            _ => None,
        };
        out.push_str(&rest[..start]);
        match date {
            Some(date) => out.push_str(&date.to_string()),
            None => out.push_str(number),
        }
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

/// The day of the Iranian calendar in the common one; none when it can't be one, or its year not one of the web.
fn common_date(year: i32, month: i32, day: i32) -> Option<civil::Date> {
    // Leap years come in a cycle of 33 years, which holds from 1799 to 2256.
    let is_leap = |year: i32| matches!(year.rem_euclid(33), 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30);
    let n_days = match month {
        1..=6 => 31,
        12 if !is_leap(year) => 29,
        7..=12 => 30,
        _ => return None,
    };
    if !YEARS.contains(&year) || !(1..=n_days).contains(&day) {
        return None;
    }
    let days_of_years: i32 = (*YEARS.start()..year).map(|year| 365 + i32::from(is_leap(year))).sum();
    let days_of_months = 31 * (month - 1).min(6) + 30 * (month - 7).max(0);
    // The first day of the first year.
    let first = civil::Date::new(1995, 3, 21).ok()?;
    first.checked_add(Span::new().days(days_of_years + days_of_months + day - 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_common_calendar() {
        let check = |text: &str, expected: &str| assert_eq!(with_common_dates(text, true), expected, "{text}");
        check("سه‌شنبه 4 آذر 1404 18:12", "سه‌شنبه 2025-11-25 18:12");
        check("30 اسفندماه 1403", "2025-03-20");
        check("30 اسفند 1404", "30 اسفند 1404");
        check("1 فروردین 1374", "1995-03-21");
        check("میلادی 12 دی 1403", "میلادی 2025-01-01");
        check("1404/12/29 و 4/9/1404", "2026-03-20 و 4/9/1404");
        check("1404/12/30", "1404/12/30");
        assert_eq!(with_common_dates("1404/12/29", false), "1404/12/29");
    }
}
