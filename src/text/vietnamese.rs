//! Dates in Vietnamese words: the word for a month and its number or name, the word for a weekday and its number.

/// Words for a month, before its number or its name: in full, as on screens, as calendars write it.
const MONTH_WORDS: [&str; 3] = ["tháng", "thg", "th"];

/// Names of months behind the word for one, longer ones before those that they begin with.
const NAMES: [(&str, u8); 15] = [
    ("mười hai", 12),
    ("mười một", 11),
    ("mười", 10),
    ("giêng", 1),
    ("một", 1),
    ("hai", 2),
    ("ba", 3),
    ("tư", 4),
    ("năm", 5),
    ("sáu", 6),
    ("bảy", 7),
    ("bẩy", 7),
    ("tám", 8),
    ("chín", 9),
    ("chạp", 12),
];

/// The word for a weekday, before its number.
const WEEKDAY: &str = "thứ";

/// A text with Vietnamese months as English ones, without the number of a weekday and the word for a year; none for a
/// text that has neither months nor weekdays of that language.
pub(super) fn with_english_months(text: &str) -> Option<String> {
    // "thá", "thứ" in any case, "thg" and "th11": few other words begin so.
    let begins_alike = |bytes: &[u8]| {
        bytes[..2].eq_ignore_ascii_case(b"th") && matches!(bytes[2], b'g' | b'G' | b'0'..=b'9' | 0xc3 | 0xe1)
    };
    if !text.as_bytes().windows(3).any(begins_alike) {
        return None;
    }
    let lower = super::lowercase(text);
    let mut out = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    let mut is_changed = false;
    while let Some(at) = rest.find("th") {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let is_start = !before.ends_with(char::is_alphanumeric);
        if let Some((number, after)) = Some(word).filter(|_| is_start).and_then(month_at) {
            out.push_str(if out.ends_with(' ') { "" } else { " " });
            out.push_str(ENGLISH_MONTHS[usize::from(number) - 1]);
            out.push(' ');
            let after = after.trim_start_matches([' ', ',', '/', '-', '.']);
            rest = after.strip_prefix("năm").map_or(after, str::trim_start);
            is_changed = true;
        } else if let Some(after) = Some(word).filter(|_| is_start).and_then(numbered_weekday) {
            rest = after;
            is_changed = true;
        } else {
            out.push_str("th");
            rest = &word[2..];
        }
    }
    out.push_str(rest);
    is_changed.then_some(out)
}

/// Months in English, as the parsers of dates read them.
const ENGLISH_MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The month that a text begins with, and what follows it.
fn month_at(text: &str) -> Option<(u8, &str)> {
    MONTH_WORDS.iter().find_map(|word| {
        let rest = text.strip_prefix(word)?;
        let after = rest.trim_start_matches([' ', '\u{a0}', '.']);
        // "th" alone is the end of an English number.
        let is_apart = after.len() < rest.len();
        let n_digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if n_digits > 0 {
            let month = after[..n_digits].parse().ok().filter(|month| (1..=12).contains(month))?;
            return (is_apart != (*word == "th")).then_some((month, &after[n_digits..]));
        }
        let names = NAMES.iter().filter(|_| is_apart && *word == "tháng");
        names
            .filter_map(|(name, month)| Some((*month, after.strip_prefix(name)?)))
            .find(|(_, rest)| !rest.starts_with(char::is_alphabetic))
    })
}

/// What follows a numbered weekday that a text begins with.
fn numbered_weekday(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(WEEKDAY)?.trim_start();
    let after = rest.strip_prefix(['2', '3', '4', '5', '6', '7'])?;
    (!after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | ':'))).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weekdays_are_read() {
        let check = |text: &str, expected: &str| {
            assert_eq!(with_english_months(text).as_deref().unwrap_or(text).trim(), expected, "{text}");
        };
        check("Thứ Hai, ngày 25 tháng 11 năm 2025", "thứ hai, ngày 25 nov 2025");
        check("25 tháng Mười một, 2025", "25 nov 2025");
        check("Ngày 5 Tháng Năm năm 2025, 18:12 GMT+7", "ngày 5 may 2025, 18:12 gmt+7");
        check("Thứ 2, 25/11/2025", ", 25/11/2025");
        check("25 thg 11, 2025", "25 nov 2025");
        check("25 Th11, 2025", "25 nov 2025");
        check("25 tháng 12/2025", "25 dec 2025");
        check("the 25th of November 2025 with 11", "the 25th of November 2025 with 11");
        check("tháng 13 và thứ 20", "tháng 13 và thứ 20");
    }
}
