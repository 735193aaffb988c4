//! Dates within a line or an address, as outlets write them in numbers and in words.

use std::borrow::Cow;

use crate::text::{calendars, dates};

/// The first date in a text as a form that [`dates::parse`] reads.
pub(super) fn find(text: &str, is_address: bool, is_month_first: bool) -> Option<String> {
    if !calendars::has_digits(text) {
        return None;
    }
    let common = calendars::in_common_form(text);
    let text = if common.contains(UNITS) { Cow::Owned(common.chars().map(plain).collect()) } else { common };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() || (at > 0 && bytes[at - 1].is_ascii_digit()) {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let found = match length {
            4 if is_address => year_first(&text[at..], is_address),
            4 => year_first(&text[at..], is_address)
                .or_else(|| worded(&text, at))
                .or_else(|| year_before_month(&text[at..])),
            8 if is_address => compact(&text[at..at + 8]),
            1 | 2 if !is_address => numeric(&text[at..], is_month_first),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        at += length;
    }
    None
}

/// What East Asian dates write behind their numbers.
const UNITS: [char; 6] = ['年', '년', '月', '월', '日', '일'];

/// A letter of a date as the parsers expect it: units between numbers as signs.
fn plain(c: char) -> char {
    match c {
        '年' | '년' | '月' | '월' => '-',
        '日' | '일' => ' ',
        c => c,
    }
}

/// `2025. november 28.`, `2025 m. lapkričio 28 d.`, `2025. gada 28. novembris`: a month and a day after a year.
fn year_before_month(text: &str) -> Option<String> {
    if !is_year(&text[..4]) {
        return None;
    }
    let (mut day, mut month) = (None, None);
    let words = text[4..].split(|c: char| c.is_whitespace() || c == '.').filter(|word| !word.is_empty());
    for word in words.take(MAX_WORDS_AFTER_YEAR) {
        match (word.parse::<u8>(), dates::month_of(word)) {
            (Ok(number), _) if day.is_none() && (1..=31).contains(&number) => day = Some(number),
            (Err(_), Some(found)) if month.is_none() => month = Some(found),
            (Err(_), None) if matches!(word, "m" | "metų" | "gada" | "жылғы" | "ж") => {}
            _ => return None,
        }
        if let (Some(day), Some(month)) = (day, month) {
            return Some(format!("{}-{month:02}-{day:02}", &text[..4]));
        }
    }
    None
}

/// A word for the year (Lithuanian, Latvian and Kazakh write one), a month and a day.
const MAX_WORDS_AFTER_YEAR: usize = 3;

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<u16>().is_ok_and(|year| (1995..=2100).contains(&year))
}

/// `2025-11-25T18:12`, `2025/11/25`, `2025.11.25`, with what follows as the time.
fn year_first(text: &str, is_address: bool) -> Option<String> {
    if !is_year(&text[..4]) {
        return None;
    }
    let rest = text[4..].trim_start_matches(' ');
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.' | '_'))?;
    let (month, rest) = number(rest[1..].trim_start())?;
    let rest = rest.strip_prefix(separator)?.trim_start();
    let (day, rest) = number(rest)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let date = format!("{}-{month:02}-{day:02}", &text[..4]);
    if is_address {
        // `/2025/11/3-reasons` names a month and a headline.
        let is_day = separator != '/' || rest.is_empty() || rest.starts_with('/');
        return is_day.then_some(date);
    }
    Some(with_time(date, rest))
}

/// The date with a time of day that follows right behind it.
fn with_time(date: String, rest: &str) -> String {
    let rest = rest.trim_start_matches([' ', ',', 'T', '-', '–', '|', '(', '\u{a0}']);
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
    let clock = &rest[..end];
    let is_clock =
        clock.len() >= 4 && clock.contains(':') && clock.split(':').all(|part| (1..=2).contains(&part.len()));
    if is_clock { format!("{date} {clock}") } else { date }
}

fn number(text: &str) -> Option<(u8, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&end).then(|| text[..end].parse().ok().map(|number| (number, &text[end..])))?
}

fn compact(text: &str) -> Option<String> {
    let (month, day) = (text[4..6].parse::<u8>().ok()?, text[6..].parse::<u8>().ok()?);
    (is_year(&text[..4]) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
}

/// `25.11.2025`, `25/11/2025`, `11/25/2025`, `25.11.25`.
fn numeric(text: &str, is_month_first: bool) -> Option<String> {
    let (first, rest) = number(text)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | '/' | '-'))?;
    let (second, rest) = number(rest[1..].trim_start())?;
    let rest = rest.strip_prefix(separator)?.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let year = match digits {
        4 if is_year(&rest[..4]) => rest[..4].to_owned(),
        // No other calendar that outlets write in numbers is there yet.
        4 => calendars::common_year(rest[..4].parse().ok()?)?.to_string(),
        2 if separator != '-' => format!("20{}", &rest[..2]),
        _ => return None,
    };
    let (day, month) = match (first, second) {
        (first, 13..) => (second, first),
        (13.., second) => (first, second),
        _ if separator == '/' && is_month_first => (second, first),
        _ => (first, second),
    };
    ((1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| with_time(format!("{year}-{month:02}-{day:02}"), &rest[digits..]))
}

/// `25 November 2025`, `November 25, 2025`, `25. listopadu 2025`: up to four words before a year.
fn worded(text: &str, year_at: usize) -> Option<String> {
    if !is_year(&text[year_at..year_at + 4]) {
        return None;
    }
    let before = &text[..year_at];
    let mut start = year_at;
    for (n_words, (at, _)) in before.rmatch_indices(|c: char| c.is_whitespace() || c == '>' || c == '|').enumerate() {
        let candidate = text[at..year_at + 4].trim_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|'));
        start = at;
        if candidate.chars().filter(char::is_ascii_digit).count() > 4 && candidate.chars().any(char::is_alphabetic) {
            let claim = dates::parse(candidate, None);
            if !claim.impossible {
                return Some(candidate.to_owned());
            }
        }
        if n_words >= 5 {
            return None;
        }
    }
    let candidate = text[..year_at + 4].trim();
    let has_day = candidate.bytes().filter(u8::is_ascii_digit).count() > 4;
    (start != 0 && has_day && candidate.len() <= 40 && !dates::parse(candidate, None).impossible)
        .then(|| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_text() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(find(text, false, false).as_deref(), expected, "{text}");
        };
        check("Published 25 November 2025, 18:12", Some("25 November 2025"));
        check("Stand: 25.11.2025, 18:12 Uhr", Some("2025-11-25 18:12"));
        check("By Ann Poe | November 25, 2025 | News", Some("November 25, 2025"));
        check("2025年11月25日 18:12", Some("2025-11-25 18:12"));
        check("5/11/2025", Some("2025-11-05"));
        check("5/11/2568", Some("2025-11-05"));
        check("เผยแพร่ 28 พ.ย. 2568 18:12 น.", Some("28 nov 2025"));
        check("28 พฤศจิกายน พ.ศ. 2568", Some("28 nov 2025"));
        check("प्रकाशित: 28 नवंबर 2025", Some("28 nov 2025"));
        check("5/11/2468", None);
        check("2025. november 28., péntek", Some("2025-11-28"));
        check("2025 m. lapkričio 28 d.", Some("2025-11-28"));
        check("2025. gada 28. novembris", Some("2025-11-28"));
        check("2025 жылғы 28 қараша", Some("2025-11-28"));
        check("Thứ Hai, ngày 25 tháng 11 năm 2025, 18:12", Some("25 nov 2025"));
        check("Cập nhật 25 tháng Mười một, 2025", Some("25 nov 2025"));
        check("سه‌شنبه ۴ آذر ۱۴۰۴ - ۱۸:۱۲", Some("2025-11-25 18:12"));
        check("28. studenoga 2025.", Some("28. studenoga 2025"));
        check("۲۸ نوامبر ۲۰۲۵", Some("28 نوامبر 2025"));
        check("since 2025 in march 28 of them", None);
        check("In 2025 the price rose to 1999", None);
        check("call 555-1234", None);
        assert_eq!(find("11/5/2025", false, true).as_deref(), Some("2025-11-05"));
    }

    #[test]
    fn dates_are_found_in_addresses() {
        let check =
            |path: &str, expected: Option<&str>| assert_eq!(find(path, true, false).as_deref(), expected, "{path}");
        check("/news/2025/11/25/bridge-reopens", Some("2025-11-25"));
        check("/news/20251125-bridge", Some("2025-11-25"));
        check("/a/2025-11-25_bridge.html", Some("2025-11-25"));
        check("/a/1234567890", None);
    }
}
