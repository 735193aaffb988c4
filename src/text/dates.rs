//! Dates as outlets write them: nothing is guessed silently.
//!
//! A time of day without a zone has no moment (`zone_unknown`), zone names are looked up in a table of our own (RFC 2822
//! parsers read `CET` as UTC, and "who was first" hangs on it), and an impossible day is flagged, not repaired.

use jiff::civil;
use jiff::tz::Offset;

use crate::model::{ClaimedDate, DatePrecision, Timestamp};

/// Zone names with their offset in minutes. Ambiguous ones (IST, CST of China) are read as feeds use them most.
const ZONES: &[(&str, i32)] = &[
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("mez", 60),
    ("cest", 120),
    ("mesz", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("мск", 180),
    ("trt", 180),
    ("ist", 330),
    ("hkt", 480),
    ("sgt", 480),
    ("jst", 540),
    ("kst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("nzst", 720),
    ("nzdt", 780),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("brt", -180),
    ("art", -180),
];

/// Beginnings of month names, long enough to be unambiguous, in the languages of the outlet register.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "янв", "січ", "sty", "oca"],
    &["feb", "fév", "fev", "фев", "лют", "lut", "şub"],
    &["mar", "mär", "mrz", "maa", "mrt", "березн"],
    &["apr", "avr", "abr", "апр", "квіт", "kwi", "nis"],
    &["may", "mai", "maj", "mag", "mei", "май", "мая", "трав"],
    &["jun", "juin", "giu", "июн", "черв", "cze", "haz"],
    &["jul", "juil", "lug", "июл", "лип", "lip", "tem"],
    &["aug", "aoû", "aou", "ago", "авг", "серп", "sie", "ağu"],
    &["sep", "set", "сен", "верес", "wrz", "eyl"],
    &["oct", "okt", "out", "ott", "окт", "жовт", "paź", "eki"],
    &["nov", "ноя", "листоп", "lis", "kas"],
    &["dec", "dez", "déc", "dic", "дек", "груд", "gru", "ara"],
];

/// Reads a date; `now` flags claims that lie in the future.
#[must_use]
pub fn parse(text: &str, now: Option<Timestamp>) -> ClaimedDate {
    let raw = text.trim();
    let mut claim = ClaimedDate { raw: raw.to_owned(), ..ClaimedDate::default() };
    if let Some(parts) = iso(raw).or_else(|| worded(raw)) {
        fill(&mut claim, &parts);
    } else {
        claim.impossible = true;
    }
    match now {
        Some(now) => claim.observed_at(now),
        None => claim,
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    /// Hour, minute, second when given.
    time: Option<(i8, i8, Option<i8>)>,
    offset_minutes: Option<i32>,
}

fn fill(claim: &mut ClaimedDate, parts: &Parts) {
    let Ok(day) = civil::Date::new(parts.year, parts.month, parts.day) else {
        claim.impossible = true;
        return;
    };
    let Some((hour, minute, second)) = parts.time else {
        claim.precision = DatePrecision::Day;
        claim.utc = moment(day.at(0, 0, 0, 0), 0);
        return;
    };
    claim.precision = if second.is_some() { DatePrecision::Second } else { DatePrecision::Minute };
    let (day, hour) = if (hour, minute) == (24, 0) { (day.tomorrow().unwrap_or(day), 0) } else { (day, hour) };
    let Ok(time) = civil::Time::new(hour, minute, second.unwrap_or(0).min(59), 0) else {
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

/// `2025-11-25`, `2025-11-25T18:12:00+01:00`, `20251125T181200Z`, `2025/11/25 18:12`.
fn iso(text: &str) -> Option<Parts> {
    let digits =
        |text: &str, n: usize| text.get(..n).filter(|part| part.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    let year: i16 = digits(text, 4)?.parse().ok()?;
    let rest = &text[4..];
    let (month, day, rest) = if let Some(month) = digits(rest, 2).filter(|_| digits(rest, 4).is_some()) {
        (month.parse().ok()?, rest[2..4].parse().ok()?, &rest[4..])
    } else {
        let rest = rest.strip_prefix(['-', '/', '.'])?;
        let (month, rest) = leading_number(rest)?;
        let rest = rest.strip_prefix(['-', '/', '.'])?;
        let (day, rest) = leading_number(rest)?;
        (i8::try_from(month).ok()?, i8::try_from(day).ok()?, rest)
    };
    let mut parts = Parts { year, month, day, ..Parts::default() };
    let rest = rest.trim_start_matches(['T', 't', ' ', ',']);
    if rest.is_empty() {
        return Some(parts);
    }
    let (time, zone) = clock(rest)?;
    parts.time = Some(time);
    parts.offset_minutes = zone_offset(zone);
    Some(parts)
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (1..=2).contains(&end).then(|| text[..end].parse().ok().map(|number| (number, &text[end..])))?
}

type Clock = (i8, i8, Option<i8>);

/// A time of day at the start of `text`, and what follows it.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, rest) = match leading_number(text) {
        Some(found) => found,
        // Basic ISO form: 181200.
        None => {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            if end != 4 && end != 6 {
                return None;
            }
            let part = |from: usize| text.get(from..from + 2).and_then(|two| two.parse().ok());
            return Some(((part(0)?, part(2)?, part(4).filter(|_| end == 6)), &text[end..]));
        }
    };
    let rest = rest.strip_prefix([':', '.', 'h'])?;
    let (minute, mut rest) = leading_number(rest)?;
    let mut second = None;
    if let Some(after) = rest.strip_prefix(':')
        && let Some((value, after)) = leading_number(after)
    {
        second = Some(i8::try_from(value).ok()?);
        rest = after;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    let mut hour = i8::try_from(hour).ok()?;
    let lower = rest.trim_start().to_ascii_lowercase();
    if lower.starts_with("pm") || lower.starts_with("p.m.") {
        hour = if hour < 12 { hour + 12 } else { hour };
    } else if (lower.starts_with("am") || lower.starts_with("a.m.")) && hour == 12 {
        hour = 0;
    }
    if lower.starts_with("am") || lower.starts_with("pm") {
        rest = &rest.trim_start()[2..];
    }
    Some(((hour, i8::try_from(minute).ok()?, second), rest))
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
        Some('-' | '−') => -1,
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
    let mut parts = Parts::default();
    let (mut month_at, mut numbers): (Option<usize>, Vec<(usize, u32, usize)>) = (None, Vec::new());
    let clock_at = lower.char_indices().find_map(|(at, c)| {
        let starts = c.is_ascii_digit() && !lower[..at].ends_with(|b: char| b.is_ascii_digit() || b == '.' || b == ':');
        let after = lower[at..].find(|d: char| !d.is_ascii_digit()).map(|end| &lower[at + end..]);
        (starts && after.is_some_and(|after| after.starts_with(':'))).then_some(at)
    });
    let date_part = clock_at.map_or(lower.as_str(), |at| &lower[..at]);
    let after_clock = clock_at.map_or("", |at| &lower[at..]);
    if let Some((time, zone)) = clock(after_clock) {
        parts.time = Some(time);
        parts.offset_minutes = zone_offset(zone);
    }
    let tail_year =
        after_clock.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 4 && word.starts_with(['1', '2']));
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in date_part.char_indices().chain([(date_part.len(), ' ')]) {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push((from, &date_part[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    for (index, (at, word)) in words.iter().enumerate() {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        if let Ok(number) = digits.parse::<u32>() {
            numbers.push((*at, number, digits.len()));
        } else if let Some(month) = month_of(word) {
            // "mar., 25 nov.": a word that is also a weekday gives way to a later month.
            let is_last = !words[index + 1..].iter().any(|(_, later)| month_of(later).is_some());
            if is_last {
                month_at = Some(*at);
                parts.month = month;
            }
        }
    }
    let year = numbers.iter().find(|(_, _, len)| *len == 4).map(|(_, number, _)| *number);
    let mut small: Vec<u32> = numbers.iter().filter(|(_, _, len)| *len <= 2).map(|(_, number, _)| *number).collect();
    if month_at.is_none() {
        // 25.11.2025 and 25/11/2025: day first, as everywhere but in the United States.
        if small.len() < 2 || year.is_none() {
            return None;
        }
        let (day, month) = (small[0], small[1]);
        let (day, month) = if month > 12 && day <= 12 { (month, day) } else { (day, month) };
        parts.month = i8::try_from(month).ok()?;
        small = vec![day];
    }
    let two_digit_year = small.get(1).map(|short| if *short < 70 { 2000 + short } else { 1900 + short });
    let year = year.or_else(|| tail_year.and_then(|word| word.parse().ok())).or(two_digit_year)?;
    parts.year = i16::try_from(year).ok()?;
    parts.day = i8::try_from(*small.first()?).ok()?;
    Some(parts)
}

fn month_of(word: &str) -> Option<i8> {
    let found = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    // "mardi" and "martes" are Tuesdays, "Sonntag" begins like no month.
    if matches!(word, "mardi" | "martes" | "martedì" | "marți") {
        return None;
    }
    i8::try_from(found + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn common_forms_are_read() {
        check("2025-11-25T18:12:00Z", "2025-11-25T18:12:00Z");
        check("2025-11-25T18:12:00.123+01:00", "2025-11-25T17:12:00Z");
        check("20251125T181200Z", "2025-11-25T18:12:00Z");
        check("Tue, 25 Nov 2025 18:12:00 +0100", "2025-11-25T17:12:00Z");
        check("Tue, 25 Nov 2025 18:12:00 CET", "2025-11-25T17:12:00Z");
        check("Tue, 25 Nov 25 18:12 MSK", "2025-11-25T15:12:00Z");
        check("Tue Nov 25 18:12:00 GMT+0200 2025", "2025-11-25T16:12:00Z");
        check("November 25, 2025 6:12 PM EST", "2025-11-25T23:12:00Z");
        check("25 ноября 2025, 18:12 МСК", "2025-11-25T15:12:00Z");
        check("25 листопада 2025", "2025-11-25T00:00:00Z");
        check("mar., 25 nov. 2025 18:12 CET", "2025-11-25T17:12:00Z");
        check("25.11.2025", "2025-11-25T00:00:00Z");
    }

    #[test]
    fn nothing_is_guessed() {
        check("2025-11-25T18:12:00", "zone unknown");
        check("2025-02-31", "impossible");
        check("yesterday", "impossible");
        check("Tue, 25 Nov 2025 18:12:00 XYZ", "zone unknown");
    }
}
