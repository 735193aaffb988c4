//! Dates in other digits, scripts and calendars, as the parsers of dates expect them: ASCII digits, English months, years
//! of the common era.

use std::borrow::Cow;

use super::{iranian, vietnamese};

/// The first digit of the scripts whose digits dates are written in.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'];

/// Months of Thai, Hindi, Marathi, Nepali, Bengali and Urdu, whose words have marks within or no spaces around them, and
/// those of the Levant and of Persian that are two words, or one that others begin with.
const MONTHS: &[(&str, &[&str])] = &[
    ("jan", &["มกราคม", "ม.ค.", "जनवरी", "जानेवारी", "জানুয়ারি", "জানুয়ারি", "جنوری", "كانون الثاني", "کانونی دووەم"]),
    ("feb", &["กุมภาพันธ์", "ก.พ.", "फ़रवरी", "फ़रवरी", "फरवरी", "फेब्रुवारी", "ফেব্রুয়ারি", "ফেব্রুয়ারি", "فروری", "फेब्रुअरी"]),
    ("mar", &["มีนาคม", "มี.ค.", "मार्च", "মার্চ", "مارچ"]),
    ("apr", &["เมษายน", "เม.ย.", "अप्रैल", "एप्रिल", "এপ্রিল", "اپریل", "अप्रिल"]),
    ("may", &["พฤษภาคม", "พ.ค.", "मई", "মে", "مئی", " مه "]),
    ("jun", &["มิถุนายน", "มิ.ย.", "जून", "জুন", "جون", "जुन "]),
    ("jul", &["กรกฎาคม", "ก.ค.", "जुलाई", "जुलै", "জুলাই", "جولائی"]),
    ("aug", &["สิงหาคม", "ส.ค.", "अगस्त", "ऑगस्ट", "আগস্ট", "اگست", "अगस्ट", " آب ", " اوت "]),
    ("sep", &["กันยายน", "ก.ย.", "सितंबर", "सितम्बर", "सप्टेंबर", "সেপ্টেম্বর", "ستمبر", "सेप्टेम्बर"]),
    (
        "oct",
        &[
            "ตุลาคม",
            "ต.ค.",
            "अक्टूबर",
            "अक्तूबर",
            "ऑक्टोबर",
            "অক্টোবর",
            "اکتوبر",
            "अक्टोबर",
            "تشرين الأول",
            "تشرين الاول",
            "تشرینی یەکەم",
        ],
    ),
    (
        "nov",
        &["พฤศจิกายน", "พ.ย.", "नवंबर", "नवम्बर", "नोव्हेंबर", "নভেম্বর", "نومبر", "नोभेम्बर", "تشرين الثاني", "تشرینی دووەم"],
    ),
    (
        "dec",
        &[
            "ธันวาคม",
            "ธ.ค.",
            "दिसंबर",
            "दिसम्बर",
            "डिसेंबर",
            "ডিসেম্বর",
            "دسمبر",
            "डिसेम्बर",
            "كانون الأول",
            "كانون الاول",
            "کانونی یەکەم",
        ],
    ),
];

/// Words for an era before a year in Thai: Buddhist, common.
const ERAS: [&str; 4] = ["พ.ศ.", "ค.ศ.", "พุทธศักราช", "คริสต์ศักราช"];

/// The Buddhist era of Thailand began 543 years before the common one.
const BUDDHIST_AHEAD: u16 = 543;

/// Years of the web in the Buddhist era: 1957 to 2100.
const BUDDHIST_YEARS: std::ops::RangeInclusive<u16> = 2500..=2643;

/// A text with its dates in ASCII digits, English months and years of the common era.
#[must_use]
pub fn in_common_form(text: &str) -> Cow<'_, str> {
    if let Some(text) = vietnamese::with_english_months(text) {
        return Cow::Owned(text);
    }
    let is_of_other_form = |c: char| matches!(c, '\u{600}'..='\u{6ff}' | '\u{900}'..='\u{9ff}') || is_thai(c);
    if text.is_ascii() || !text.chars().any(is_of_other_form) {
        return Cow::Borrowed(text);
    }
    let is_in_thai = text.chars().any(is_thai);
    let has_persian_digits = text.chars().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}'));
    let mut text: String = text.chars().map(ascii_digit).collect();
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Cow::Owned(text);
    }
    text = iranian::with_common_dates(&text, has_persian_digits);
    for (month, names) in MONTHS {
        for name in *names {
            if text.contains(name) {
                text = text.replace(name, &format!(" {month} "));
            }
        }
    }
    if is_in_thai {
        text = ERAS.iter().fold(text, |text, era| text.replace(era, " "));
        text = with_common_years(&text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether a text has a digit of a script that dates are written in.
#[must_use]
pub fn has_digits(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) || text.chars().any(|c| ascii_digit(c) != c)
}

/// The year of the common era that a Buddhist year is; none for any other number.
#[must_use]
pub fn common_year(year: u16) -> Option<u16> {
    BUDDHIST_YEARS.contains(&year).then(|| year - BUDDHIST_AHEAD)
}

/// A text whose numbers that are Buddhist years are common ones, set apart from the letters around them.
fn with_common_years(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[start..start + length];
        out.push_str(&rest[..start]);
        match number.parse().ok().and_then(common_year).filter(|_| length == 4) {
            Some(year) => out.push_str(&year.to_string()),
            None => out.push_str(number),
        }
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

fn is_thai(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}')
}

fn ascii_digit(c: char) -> char {
    let digit = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10));
    digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_calendars_and_digits_are_read() {
        let check = |text: &str, expected: &str| {
            assert_eq!(in_common_form(text), expected, "{text}");
        };
        check("28 พฤศจิกายน พ.ศ. 2568", "28 nov 2025");
        check("๒๘ พ.ย. ๒๕๖๘ 18:12 น.", "28 nov 2025 18:12 น.");
        check("28พฤศจิกายน2568", "28 nov 2025");
        check("โทร 2568000 ราคา 2568", "โทร 2568000 ราคา 2025");
        check("२८ नवंबर २०२५", "28 nov 2025");
        check("২৮ নভেম্বর ২০২৫", "28 nov 2025");
        check("۲۸ نومبر ۲۰۲۵", "28 nov 2025");
        check("28 November 2568", "28 November 2568");
        check("25 تشرين الثاني/نوفمبر 2025", "25 nov /نوفمبر 2025");
        check("25ی تشرینی دووەمی 2025", "25ی nov ی 2025");
        check("۴ آذر ۱۴۰۴", "2025-11-25");
        check("25 tháng 11, 2025", "25 nov 2025");
        check("28 novembre 2025, à midi", "28 novembre 2025, à midi");
    }
}
