//! What response headers say about coming back: validators, freshness, `Retry-After`.

use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use crate::model::Timestamp;

/// The shortest wait a `Retry-After` gives: below a minute a poller has no business coming back.
const RETRY_AFTER_MIN_S: i64 = 60;
/// The longest: servers have sent dates years ahead, and a day lost is enough.
const RETRY_AFTER_MAX_S: i64 = 24 * 3600;
/// The wait after a 429 that names none.
const RETRY_AFTER_DEFAULT_S: i64 = 600;
/// The longest freshness obeyed, so that a mistaken year-long `max-age` does not silence a feed.
const FRESH_MAX_S: i64 = 24 * 3600;

/// Reads a header so that [`value_from_text`] gives the same bytes back: each byte becomes the character of its number.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(value_text)
}

/// All values of a header.
pub(super) fn texts(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(value_text).collect()
}

fn value_text(value: &HeaderValue) -> String {
    value.as_bytes().iter().map(|byte| char::from(*byte)).collect()
}

/// Turns stored text back into the bytes that were received; none when it cannot be a header.
pub(super) fn value_from_text(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// Until when the server asks not to come back: `Cache-Control: max-age`, else `Expires`, clamped.
pub(super) fn fresh_until(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let mut max_age = None;
    for directive in texts(headers, CACHE_CONTROL).iter().flat_map(|value| value.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-cache" || directive == "no-store" {
            return None;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            max_age = max_age.or(seconds.trim_matches('"').parse::<i64>().ok());
        }
    }
    let seconds = match max_age {
        Some(max_age) => {
            let age = text(headers, AGE).and_then(|age| age.trim().parse::<i64>().ok()).unwrap_or(0);
            max_age.saturating_sub(age.max(0))
        }
        // Expires is compared with the server's own clock, as RFC 9111 section 4.2.1 has it.
        None => http_date(&text(headers, EXPIRES)?)?.0.saturating_sub(server_time(headers, now).0),
    };
    (seconds > 0).then(|| now.plus(seconds.min(FRESH_MAX_S)))
}

/// Until when a 429 or 503 asks to be left alone; none when it does not say.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = text(headers, RETRY_AFTER)?;
    let value = value.trim();
    let seconds = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse::<i64>().unwrap_or(i64::MAX)
    } else {
        http_date(value)?.0.saturating_sub(server_time(headers, now).0)
    };
    Some(now.plus(seconds.clamp(RETRY_AFTER_MIN_S, RETRY_AFTER_MAX_S)))
}

/// The wait after a 429 without a usable `Retry-After`.
pub(super) fn default_retry(now: Timestamp) -> Timestamp {
    now.plus(RETRY_AFTER_DEFAULT_S)
}

fn server_time(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    text(headers, DATE).and_then(|date| http_date(&date)).unwrap_or(now)
}

/// Reads the three forms of an HTTP date (RFC 9110 section 5.6.7); the weekday is not checked.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let rest = match text.split_once(',') {
        Some((_, rest)) => rest,
        // asctime: `Sun Nov  6 08:49:37 1994`.
        None => {
            let words: Vec<&str> = text.split_whitespace().collect();
            let [_, month, day, time, year] = words[..] else { return None };
            return civil(day, month, year, time);
        }
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words[..] {
        [day, month, year, time, "GMT" | "UTC" | "+0000"] => civil(day, month, year, time),
        // RFC 850: `Sunday, 06-Nov-94 08:49:37 GMT`.
        [date, time, "GMT" | "UTC"] => {
            let parts: Vec<&str> = date.split('-').collect();
            let [day, month, year] = parts[..] else { return None };
            civil(day, month, year, time)
        }
        _ => None,
    }
}

fn civil(day: &str, month: &str, year: &str, time: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
    let mut full_year: i16 = year.parse().ok()?;
    if year.len() == 2 {
        full_year += if full_year < 70 { 2000 } else { 1900 };
    }
    let clock: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = clock[..] else { return None };
    let second: i8 = second.parse().ok()?;
    let moment = jiff::civil::DateTime::new(
        full_year,
        i8::try_from(month + 1).ok()?,
        day.parse().ok()?,
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.min(59),
        0,
    )
    .ok()?;
    jiff::tz::Offset::UTC.to_timestamp(moment).ok().map(|moment| Timestamp(moment.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn reads_three_forms_of_dates() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(http_date(text).map(|moment| moment.0), expected, "{text}");
        };
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777));
        check("Sun Nov  6 08:49:37 1994", Some(784_111_777));
        check("Mon, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("0", None);
        check("-1", None);
        check("Sun, 31 Feb 1994 08:49:37 GMT", None);
        check("", None);
    }

    #[test]
    fn freshness_is_clamped_and_relative_to_the_server() {
        let check = |pairs: &[(&str, &str)], expected: Option<i64>| {
            assert_eq!(fresh_until(&headers(pairs), Timestamp(1000)).map(|moment| moment.0), expected, "{pairs:?}");
        };
        check(&[], None);
        check(&[("cache-control", "public, max-age=300")], Some(1300));
        check(&[("cache-control", "max-age=300"), ("age", "100")], Some(1200));
        check(&[("cache-control", "max-age=300"), ("expires", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(1300));
        check(&[("cache-control", "max-age=999999999")], Some(1000 + 24 * 3600));
        check(&[("cache-control", "no-cache, max-age=300")], None);
        check(&[("cache-control", "max-age=0")], None);
        check(&[("cache-control", "max-age=x")], None);
        check(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "Sun, 06 Nov 1994 08:59:37 GMT")], Some(1600));
        check(&[("expires", "0")], None);
    }

    #[test]
    fn retry_after_is_clamped() {
        let check = |pairs: &[(&str, &str)], expected: Option<i64>| {
            assert_eq!(retry_after(&headers(pairs), Timestamp(0)).map(|moment| moment.0), expected, "{pairs:?}");
        };
        check(&[], None);
        check(&[("retry-after", "120")], Some(120));
        check(&[("retry-after", "1")], Some(60));
        check(&[("retry-after", "99999999999999999999999")], Some(24 * 3600));
        check(&[("retry-after", "Thu, 01 Jan 1970 00:10:00 GMT")], Some(600));
        check(&[("retry-after", "soon")], None);
        check(
            &[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:54:37 GMT")],
            Some(300),
        );
    }

    #[test]
    fn validators_go_back_byte_for_byte() {
        for bytes in [&b"W/\"a-gzip\""[..], b"\"\xe9\xff\"", b"unquoted value"] {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            assert_eq!(value_from_text(&value_text(&value)).unwrap().as_bytes(), bytes);
        }
        assert_eq!(value_from_text("a\nb"), None);
    }
}
