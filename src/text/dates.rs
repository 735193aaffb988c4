//! Dates as outlets write them: nothing is guessed silently.
//!
//! A time of day without a zone has no moment (`zone_unknown`), zone names are looked up in a table of our own (RFC 2822
//! parsers read `CET` as UTC, and "who was first" hangs on it), and an impossible day is flagged, not repaired.

use std::borrow::Cow;

use jiff::civil;
use jiff::tz::Offset;

use super::calendar_words::{UNITS, ZONES};
use super::calendars;
use crate::model::{ClaimedDate, DatePrecision, Timestamp};

pub use super::calendar_words::month_of;

/// Reads a date; `now` flags claims that lie in the future.
///
/// A year or month alone counts as its first day. Days and months that could be exchanged (`05/11/2025`) are not read,
/// unless the time is one of twelve hours, as it is written where the month comes first.
#[must_use]
pub fn parse(text: &str, now: Option<Timestamp>) -> ClaimedDate {
    let raw = text.trim();
    let mut claim = ClaimedDate { raw: raw.to_owned(), ..ClaimedDate::default() };
    if let Some(moment) = unix_time(raw) {
        claim.utc = Some(moment);
        claim.offset_minutes = Some(0);
    } else if let Some(parts) = parts(raw) {
        fill(&mut claim, &parts);
    } else {
        claim.impossible = true;
    }
    match now {
        Some(now) => claim.observed_at(now),
        None => claim,
    }
}

/// The calendar time of a date as it is written, as if its zone were UTC; none for a number of seconds or no date.
#[must_use]
pub fn as_written(text: &str) -> Option<(Timestamp, DatePrecision)> {
    let raw = text.trim();
    if unix_time(raw).is_some() {
        return None;
    }
    let mut claim = ClaimedDate::default();
    fill(&mut claim, &Parts { offset_minutes: Some(0), ..parts(raw)? });
    claim.utc.map(|time| (time, claim.precision))
}

/// A date this long is prose, in bytes; the longest real form has some 60.
const MAX_LENGTH: usize = 200;

/// Seconds or milliseconds since 1970: ten or thirteen digits, the first years left to calendar dates.
fn unix_time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        10 => Some(Timestamp(number)),
        13 => Some(Timestamp(number / 1000)),
        _ => None,
    }
}

fn parts(raw: &str) -> Option<Parts> {
    if raw.len() > MAX_LENGTH {
        return None;
    }
    let raw = calendars::in_common_form(raw);
    let text = without_units(&raw);
    if let Some(parts) = iso(&text) {
        return Some(parts);
    }
    // "Fri, 2006/09/15 08:19:53 EDT": a weekday before a date that is otherwise sound.
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let is_weekday =
        from > 0 && text[..from].chars().all(|c| !c.is_ascii_digit()) && month_of(text[..from].trim()).is_none();
    is_weekday.then(|| iso(&text[from..])).flatten().or_else(|| worded(&text))
}

/// The text with the units of East Asian dates as punctuation, and a part of the day behind its time.
fn without_units(raw: &str) -> Cow<'_, str> {
    if raw.is_ascii() || !UNITS.iter().any(|(unit, _)| raw.contains(unit)) {
        return Cow::Borrowed(raw);
    }
    let mut text = UNITS.iter().fold(raw.to_owned(), |text, (unit, sign)| text.replace(unit, sign));
    for part in [" am ", " pm "] {
        if let Some(at) = text.find(part) {
            let after = text[at + part.len()..].trim_start();
            let end = after.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(after.len());
            let (clock, rest) = after.split_at(end);
            text = format!("{} {}{}{rest}", &text[..at], clock.trim_end_matches(':'), part);
        }
    }
    // "01:31:15" and "1:31:" of units alike.
    Cow::Owned(text.trim().trim_end_matches(':').replace(": ", " "))
}

#[derive(Debug, Default, Clone, Copy)]
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    /// No day was given: `day` is the first.
    is_vague: bool,
    /// Hour, minute, second when given.
    time: Option<Clock>,
    offset_minutes: Option<i32>,
}

fn fill(claim: &mut ClaimedDate, parts: &Parts) {
    let Ok(day) = civil::Date::new(parts.year, parts.month, parts.day) else {
        claim.impossible = true;
        return;
    };
    let Some((hour, minute, second)) = parts.time else {
        claim.precision = if parts.is_vague { DatePrecision::Month } else { DatePrecision::Day };
        claim.utc = moment(day.at(0, 0, 0, 0), 0);
        return;
    };
    claim.precision = if second.is_some() { DatePrecision::Second } else { DatePrecision::Minute };
    // 24:00 is midnight at the end of the day (ISO 8601), second 60 a leap second.
    let (day, hour) = if (hour, minute) == (24, 0) { (day.tomorrow().unwrap_or(day), 0) } else { (day, hour) };
    let second = second.map_or(0, |second| if second == 60 { 59 } else { second });
    let Ok(time) = civil::Time::new(hour, minute, second, 0) else {
        claim.impossible = true;
        return;
    };
    match parts.offset_minutes {
        Some(offset) => {
            claim.offset_minutes = Some(offset);
            claim.utc = moment(day.to_datetime(time), offset);
        }
        None => claim.zone_unknown = true,
    }
}

fn moment(time: civil::DateTime, offset_minutes: i32) -> Option<Timestamp> {
    let offset = Offset::from_seconds(offset_minutes * 60).ok()?;
    offset.to_timestamp(time).ok().map(|moment| Timestamp(moment.as_second()))
}

/// `2025`, `2025-11`, `2025-329`, `2025-11-25`, `2025-11-25T18:12:00+01:00`, `20251125T181200Z`, `2025/11/25 18:12`.
fn iso(text: &str) -> Option<Parts> {
    let n_digits = digits(text);
    let (parts, rest) = match n_digits {
        4 => separated(text)?,
        7 => (ordinal(&text[..4], &text[4..7])?, &text[7..]),
        8 | 12 | 14 => {
            let number = |from: usize, to: usize| text[from..to].parse().ok();
            let parts =
                Parts { year: text[..4].parse().ok()?, month: number(4, 6)?, day: number(6, 8)?, ..Parts::default() };
            (parts, &text[8..])
        }
        _ => return None,
    };
    let rest = rest.trim_start_matches(['T', 't', ' ', ',', '-']);
    if digits(rest) == 0 {
        // A zone or a remark, no time.
        return Some(parts);
    }
    let (time, zone) = clock(rest)?;
    Some(Parts { time: Some(time), offset_minutes: zone_offset(zone), ..parts })
}

/// A date whose parts have something between them, and what follows.
fn separated(text: &str) -> Option<(Parts, &str)> {
    const SEPARATORS: [char; 3] = ['-', '/', '.'];
    let (year, rest) = (text[..4].parse().ok()?, text[4..].trim_start());
    let Some(rest) = rest.strip_prefix(SEPARATORS).map(str::trim_start) else {
        return (rest.is_empty() && (1900..2200).contains(&year))
            .then_some((Parts { year, month: 1, day: 1, is_vague: true, ..Parts::default() }, rest));
    };
    if digits(rest) == 3 {
        return Some((ordinal(&text[..4], &rest[..3])?, &rest[3..]));
    }
    let (month, rest) = leading_number(rest)?;
    let month = i8::try_from(month).ok()?;
    match rest.strip_prefix(SEPARATORS).map(str::trim_start).and_then(leading_number) {
        Some((day, rest)) => Some((Parts { year, month, day: i8::try_from(day).ok()?, ..Parts::default() }, rest)),
        None => rest.is_empty().then_some((Parts { year, month, day: 1, is_vague: true, ..Parts::default() }, rest)),
    }
}

/// The day of a year.
fn ordinal(year: &str, day: &str) -> Option<Parts> {
    let first = civil::Date::new(year.parse().ok()?, 1, 1).ok()?;
    let date = first.with().day_of_year(day.parse().ok()?).build().ok()?;
    Some(Parts { year: date.year(), month: date.month(), day: date.day(), ..Parts::default() })
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = digits(text);
    (1..=2).contains(&end).then(|| text[..end].parse().ok().map(|number| (number, &text[end..])))?
}

type Clock = (i8, i8, Option<i8>);

/// A time of day at the start of `text`, and what follows it.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, rest) = match leading_number(text) {
        Some(found) => found,
        // Basic ISO form: 181200.
        None => {
            let end = digits(text);
            if end != 4 && end != 6 {
                return None;
            }
            let part = |from: usize| text.get(from..from + 2).and_then(|two| two.parse().ok());
            return Some(((part(0)?, part(2)?, part(4).filter(|_| end == 6)), without_fraction(&text[end..])));
        }
    };
    let rest = rest.strip_prefix([':', '.', 'h'])?;
    let (minute, mut rest) = leading_number(rest)?;
    let mut second = None;
    if let Some(after) = rest.strip_prefix([':', '.'])
        && let Some((value, after)) = leading_number(after)
    {
        second = Some(i8::try_from(value).ok()?);
        rest = without_fraction(after);
    }
    let (afternoon, rest) = half_of_day(rest);
    let hour = match (i8::try_from(hour).ok()?, afternoon) {
        (hour @ 1..12, Some(true)) => hour + 12,
        (12, Some(false)) => 0,
        (hour, _) => hour,
    };
    Some(((hour, i8::try_from(minute).ok()?, second), rest))
}

fn without_fraction(text: &str) -> &str {
    text.strip_prefix(['.', ',']).map_or(text, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// Whether `pm` (true) or `am` follows a time, and what is left.
fn half_of_day(text: &str) -> (Option<bool>, &str) {
    let trimmed = text.trim_start();
    for (mark, afternoon) in [("p.m.", true), ("a.m.", false), ("pm", true), ("am", false)] {
        if trimmed.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark))
            && !trimmed[mark.len()..].starts_with(char::is_alphabetic)
        {
            return (Some(afternoon), &trimmed[mark.len()..]);
        }
    }
    (None, text)
}

/// The offset in minutes of `+0100`, `+01:00`, `GMT+2`, `CET`, `Z`; none when it can't be known.
fn zone_offset(text: &str) -> Option<i32> {
    let text = text.trim().trim_start_matches(['(', ',']).trim_end_matches([')', '.']);
    let name_end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let named = ZONES.iter().find(|(zone, _)| *zone == name.to_lowercase()).map(|(_, minutes)| *minutes);
    let rest = rest.trim_start();
    let sign = match rest.chars().next() {
        Some('+') => 1,
        Some('-' | '−' | '–') => -1,
        _ => return named,
    };
    if !name.is_empty() && named != Some(0) {
        return named;
    }
    let digits: String = rest.chars().skip(1).filter(|c| *c != ':').take_while(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        3 | 4 => {
            let (hours, minutes) = digits.split_at(digits.len() - 2);
            (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?)
        }
        _ => return named,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// `Tue, 25 Nov 2025 18:12:00 +0100`, `November 25, 2025`, `mar., 25 nov. 2025 18:12 CET`, `25.11.2025 18:12`.
fn worded(text: &str) -> Option<Parts> {
    let lower = text.to_lowercase();
    let clock_at = clock_start(&lower);
    let (date_part, after) = lower.split_at(clock_at.unwrap_or(lower.len()));
    let mut parts = Parts::default();
    if let Some((time, zone)) = clock(after) {
        parts.time = Some(time);
        parts.offset_minutes = zone_offset(zone);
    }
    let (mut numbers, mut month) = (Vec::new(), None);
    for word in date_part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let digits = word.trim_end_matches(char::is_alphabetic);
        if let Ok(number) = digits.parse::<u32>() {
            numbers.push((number, digits.len()));
        } else if let Some(found) = month_of(word) {
            // "mar., 25 nov.": a word that is also a weekday gives way to a later month.
            month = Some(found);
        }
    }
    let year_at = numbers.iter().position(|(_, length)| *length == 4);
    let small: Vec<u32> = numbers.iter().filter(|(_, length)| *length <= 2).map(|(number, _)| *number).collect();
    let (day, month, short_year) = match (month, small.as_slice()) {
        (Some(month), [day, rest @ ..]) => (*day, month, rest.first()),
        (Some(_), []) => return None,
        (None, small) => {
            let (day, month) = day_and_month(small, date_part, year_at == Some(0), is_twelve_hours(after))?;
            (day, i8::try_from(month).ok()?, small.get(2))
        }
    };
    let tail_year = || {
        let mut words = after.split(|c: char| !c.is_ascii_digit());
        words.find(|word| word.len() == 4 && word.starts_with(['1', '2']))?.parse().ok()
    };
    // "+1100" is no year.
    let tail_year = || tail_year().filter(|year| (1900..2200).contains(year));
    let short_year = || short_year.map(|short| if *short < 70 { 2000 + short } else { 1900 + short });
    let year = year_at.map(|at| numbers[at].0).or_else(tail_year).or_else(short_year)?;
    Some(Parts { year: i16::try_from(year).ok()?, month, day: i8::try_from(day).ok()?, ..parts })
}

/// Where the time of day begins: digits before a colon, or before an `h` and two digits.
fn clock_start(text: &str) -> Option<usize> {
    text.char_indices().find_map(|(at, c)| {
        let starts = c.is_ascii_digit() && !text[..at].ends_with(|b: char| b.is_ascii_digit() || b == '.' || b == ':');
        let after = &text[at + digits(&text[at..])..];
        let is_clock = after.starts_with(':') || after.strip_prefix('h').is_some_and(|after| digits(after) == 2);
        (starts && is_clock).then_some(at)
    })
}

fn is_twelve_hours(clock: &str) -> bool {
    ["am", "pm", "a.m.", "p.m."].iter().any(|mark| clock.contains(mark))
}

/// Day and month of two numbers in a row; none when nothing tells which is which.
///
/// Numbers with dots or dashes between them begin with the day everywhere, those with slashes do so outside the United
/// States.
fn day_and_month(small: &[u32], text: &str, is_year_first: bool, is_american: bool) -> Option<(u32, u32)> {
    let [first, second, ..] = *small else { return None };
    if is_year_first {
        return Some((second, first));
    }
    if first > 12 {
        return Some((first, second));
    }
    if second > 12 || (is_american && text.contains('/')) {
        return Some((second, first));
    }
    (!text.contains('/') || first == second).then_some((first, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_as_written_needs_no_zone() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(as_written(text).map(|(time, _)| time.rfc3339()).as_deref(), expected, "{text}");
        };
        check("25.11.2025 18:12", Some("2025-11-25T18:12:00Z"));
        check("2025-11-25T18:12:00+01:00", Some("2025-11-25T18:12:00Z"));
        check("25 November 2025", Some("2025-11-25T00:00:00Z"));
        check("1764094320", None);
        check("yesterday", None);
    }

    fn check(text: &str, expected: &str) {
        let claim = parse(text, None);
        let shown = match claim.utc {
            Some(utc) => utc.rfc3339(),
            None if claim.impossible => "impossible".to_owned(),
            None => "zone unknown".to_owned(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn written_forms_are_read() {
        for text in [
            "2025-11-25T18:12:00Z",
            "2025-11-25t18:12:00z",
            "2025-11-25T19:12:00.123+01:00",
            "2025-11-25T18:12Z",
            "2025-11-25 20:12:00 +0200",
            "2025-11-25 18:12:00 UTC",
            "2025-11-25T18:12:00 +00:00",
            "20251125T181200Z",
            "2025/11/25 18:12:00 GMT",
            "2025-329T18:12:00Z",
            "Tue, 25 Nov 2025 19:12:00 +0100",
            "Tue,25 Nov 2025 18:12:00 GMT",
            "tue, 25  nov  2025 18:12:00 gmt",
            "Mon, 25 Nov 2025 18:12:00 GMT",
            "Tuesday, 25 November 2025 18:12:00 Z",
            "Tuesday, November 25, 2025 06:12:00 PM GMT",
            "November 25, 2025 1:12 p.m. EST",
            "Tue, 25 Nov 25 18:12 UT",
            "Tue Nov 25 18:12:00 GMT 2025",
            "Tue Nov 25 20:12:00 GMT+0200 2025",
            "Tue, 25 Nov 2025 20:12:00 +2",
            "Tue, 25 Nov 2025 19:12:00 +0100 (CET)",
            "Tue, 25 Nov 2025 05:12:00 +1100",
            "Tue, 2025/11/25 13:12:00 EST",
            "25.11.2025 19:12 MEZ",
            "11/25/2025 06:12:00 PM GMT",
            "1764094320",
            "1764094320000",
        ] {
            let expected = if text.ends_with("+1100") { "2025-11-24T18:12:00Z" } else { "2025-11-25T18:12:00Z" };
            check(text, expected);
        }
    }

    #[test]
    fn zones_are_read_by_name() {
        for (zone, hour) in [
            ("CET", "17"),
            ("MSK", "15"),
            ("EET", "16"),
            ("BST", "17"),
            ("EDT", "22"),
            ("PST", "02"),
            ("JST", "09"),
            ("AEDT", "07"),
        ] {
            let day = if zone == "PST" { "26" } else { "25" };
            check(&format!("Tue, 25 Nov 2025 18:12:00 {zone}"), &format!("2025-11-{day}T{hour}:12:00Z"));
        }
    }

    #[test]
    fn months_of_many_languages_are_read() {
        for text in [
            "25 ноября 2025, 18:12 МСК",
            "25 листопада 2025 18:12 MSK",
            "Вт, 25 ноя 2025 18:12:00 +0300",
            "mar., 25 nov. 2025 16:12 CET",
            "martes 25 de noviembre de 2025 16:12 CET",
            "Mar, 25 nov 2025 16:12:00 +0100",
            "Di, 25 Nov 2025 16h12 MEZ",
            "25 listopada 2025 16:12 CET",
            "25. listopadu 2025 16:12 CET",
            "25 kas 2025 18:12 TRT",
            "Τρι, 25 Νοέ 2025 17:12:00 EET",
            "25. marraskuuta 2025 17:12 EET",
            "25 نوفمبر 2025 18:12 +0300",
            "25 בנובמבר 2025 17:12 +0200",
            "2025年11月25日 23:12 +0800",
            "2025年11月25日 下午11:12 +0800",
            "2025년 11월 26일 오전 00:12:00 KST",
            "2025-november-25T16:12+01:00",
            "25 พ.ย. 2568 22:12 +0700",
            "25 नवंबर 2025 20:42 IST",
            "Thứ Ba, ngày 25 tháng 11 năm 2025 22:12 GMT+7",
            "Thứ 3, 25 thg 11, 2025 22:12 GMT+7",
            "سه‌شنبه ۴ آذر ۱۴۰۴ 18:42 +0330",
            "25 تشرين الثاني 2025 17:12 +0200",
        ] {
            check(text, "2025-11-25T15:12:00Z");
        }
        for (text, month) in [
            ("12 mars 2025", "03"),
            ("12 août 2025", "08"),
            ("12 юли 2025", "07"),
            ("12 července 2025", "07"),
            ("12 června 2025", "06"),
            ("12 tammikuuta 2025", "01"),
            ("12 maalis 2025", "03"),
            ("12 dets 2025", "12"),
            ("12 września 2025", "09"),
            ("12 նոյեմբերի 2025", "11"),
            ("12 հունիսի 2025", "06"),
            ("12 დეკემბერი 2025", "12"),
            ("12 korrik 2025", "07"),
            ("12 nëntor 2025", "11"),
            ("12-sentabr, 2025", "09"),
            ("12 Ogos 2025", "08"),
            ("12 Disember 2025", "12"),
            ("ኖቬምበር 12, 2025", "11"),
            ("12 نونبر 2025", "11"),
            ("12 جويلية 2025", "07"),
            ("12 آب 2025", "08"),
            ("12 أيار 2025", "05"),
            ("12 नोभेम्बर 2025", "11"),
        ] {
            check(text, &format!("2025-{month}-12T00:00:00Z"));
        }
    }

    #[test]
    fn days_without_a_time_are_whole_days() {
        for (text, expected) in [
            ("2025-11-25", "2025-11-25"),
            ("20251125", "2025-11-25"),
            ("2025-329", "2025-11-25"),
            ("Tue, 25 Nov 2025", "2025-11-25"),
            ("25.11.2025", "2025-11-25"),
            ("25/11/25", "2025-11-25"),
        ] {
            check(text, &format!("{expected}T00:00:00Z"));
            assert_eq!(parse(text, None).precision, DatePrecision::Day);
        }
        for (text, expected) in [("2025-11", "2025-11-01"), ("2025", "2025-01-01")] {
            check(text, &format!("{expected}T00:00:00Z"));
            assert_eq!(parse(text, None).precision, DatePrecision::Month);
        }
        check("Tue, 25 Nov 2025 24:00:00 GMT", "2025-11-26T00:00:00Z");
    }

    #[test]
    fn nothing_is_guessed() {
        for (text, expected) in [
            ("2025-11-25T18:12:00", "zone unknown"),
            ("Tue Nov 25 18:12:00 2025", "zone unknown"),
            ("25.11.2025 18:12", "zone unknown"),
            ("Tue, 25 Nov 2025 18:12:00 XYZ", "zone unknown"),
            ("2025-02-31", "impossible"),
            ("Tue, 00 Nov 2025 10:00:00 GMT", "impossible"),
            ("Tue, 25 Nov 2025 10:00:75 GMT", "impossible"),
            ("05/11/2025", "impossible"),
            ("yesterday", "impossible"),
            ("12", "impossible"),
            ("", "impossible"),
        ] {
            check(text, expected);
            assert_eq!(parse(text, None).raw, text);
        }
        check("05/11/2025 6:00 PM UTC", "2025-05-11T18:00:00Z");
    }
}
