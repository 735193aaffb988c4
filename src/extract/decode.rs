//! Bytes of a page to text that a tree can be built from in bounded time.

use std::borrow::Cow;

use encoding_rs::mem::encode_latin1_lossy;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::text::encoding;

/// The meta charset stands within the first bytes (HTML standard, "prescan"); real pages put it later, so we look further.
const PRESCAN_BYTES: usize = 4_096;

/// Larger pages are cut here; the largest article page measured had 5 MB.
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Decodes by byte-order mark, HTTP charset, meta charset, or detection.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, warnings: &mut Vec<String>) -> Cow<'a, str> {
    let bytes = if bytes.len() > MAX_BYTES {
        warnings.push(format!("the page was cut at {} MiB", MAX_BYTES / 1024 / 1024));
        &bytes[..MAX_BYTES]
    } else {
        bytes
    };
    let declared = content_type.filter(|text| text.to_ascii_lowercase().contains("charset"));
    let meta = if declared.is_some() { None } else { meta_charset(bytes) };
    let (text, odd) = encoding::decode(bytes, declared.or(meta.as_deref()));
    warnings.extend(odd);
    match encoded_twice(&text) {
        Some(mended) => {
            warnings.push("the page was encoded twice".to_owned());
            Cow::Owned(mended)
        }
        None => text,
    }
}

/// The charset that the head of a page declares, as a content type.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN_BYTES)]).to_ascii_lowercase();
    let rest = head[head.find("charset=")? + 8..].trim_start_matches(['"', '\'']);
    let label = rest.split(['"', '\'', ';', '>', ' ', '/']).next().unwrap_or_default();
    // A page whose head can be read as ASCII is no UTF-16, whatever it says (HTML standard, "prescan").
    (!label.starts_with("utf-16")).then(|| format!("text/html; charset={label}"))
}

/// Characters looked at before a text is held to be encoded twice.
const MIN_TWICE_CHARS: usize = 40;

/// The text of a page in a legacy encoding whose bytes were taken for Latin-1 and encoded again.
///
/// Such a page is Latin-1 throughout and its letters beyond ASCII stand in long runs, which no Latin language has.
fn encoded_twice(text: &str) -> Option<String> {
    // Lead bytes of UTF-8: C2 and C3 begin the characters of Latin-1, higher ones all others.
    let (mut n_high, mut n_wide) = (0_usize, 0_usize);
    // Sums of short stretches fit a byte, which lets the processor add many at a time.
    for stretch in text.as_bytes().chunks(128) {
        let (mut high, mut wide) = (0_u8, 0_u8);
        for byte in stretch {
            high += u8::from(byte & 0xfe == 0xc2);
            wide += u8::from(*byte >= 0xc4);
        }
        n_high += usize::from(high);
        n_wide += usize::from(wide);
    }
    if n_high < MIN_TWICE_CHARS || n_wide * 20 > n_high {
        return None;
    }
    // In UTF-8 the characters of Latin-1 beyond ASCII are pairs of bytes: two in a row have their leads two bytes apart.
    let bytes = text.as_bytes();
    let is_lead = |byte: u8| byte & 0xfe == 0xc2;
    let n_paired = bytes.iter().zip(&bytes[2..]).filter(|(first, third)| is_lead(**first) && is_lead(**third)).count();
    if n_paired * 3 < n_high * 2 {
        return None;
    }
    let bytes = as_latin(text);
    let label = text.find("charset=").map(|at| {
        text[at + 8..].trim_start_matches(['"', '\'']).split(['"', '\'', ';', '>', ' ', '/']).next().unwrap_or_default()
    });
    let is_wide = |encoding: &&'static Encoding| *encoding != UTF_8 && !encoding.name().starts_with("windows-1252");
    let encoding = label
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .filter(is_wide)
        .unwrap_or_else(|| encoding::guess(&bytes));
    let mended = encoding.decode_without_bom_handling(&bytes).0;
    let n_broken = mended.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    (n_broken * 50 < n_high).then(|| mended.into_owned())
}

/// A text as Latin-1, what that lacks as windows-1252.
fn as_latin(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| c > '\u{ff}') {
        let (latin, last) = match part.char_indices().next_back().filter(|(_, c)| *c > '\u{ff}') {
            Some((at, _)) => part.split_at(at),
            None => (part, ""),
        };
        bytes.extend_from_slice(&encode_latin1_lossy(latin));
        // A character beyond that encoding, too, becomes the sign that begins its numeric reference.
        bytes.extend(WINDOWS_1252.encode(last).0.first());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GB18030, WINDOWS_1251};

    use super::*;

    #[test]
    fn a_page_encoded_twice_is_mended() {
        let check = |encoding: &'static Encoding, text: &str, head: &str| {
            let page = format!("{head}<p>{}</p>", text.repeat(4));
            let latin: String = encoding.encode(&page).0.iter().map(|byte| char::from(*byte)).collect();
            let mut warnings = Vec::new();
            assert!(decode(latin.as_bytes(), None, &mut warnings).contains(text), "{latin}");
            assert_eq!(warnings, ["the page was encoded twice"]);
        };
        assert_eq!(as_latin("a\u{e9}\u{80}\u{20ac}\u{4e00}\u{ff}"), b"a\xe9\x80\x80&\xff");
        check(GB18030, "记者在会上说桥梁将于星期二重新开放", "<meta charset=gb2312>");
        check(WINDOWS_1251, "Мост откроют после ремонта во вторник", "");
        let german =
            "<p>Die Brücke über den Fluß wird für Fußgänger früher geöffnet, sagte der Bürgermeister.</p>".repeat(9);
        let mut warnings = Vec::new();
        assert_eq!(decode(german.as_bytes(), None, &mut warnings), german);
        assert!(warnings.is_empty());
    }

    #[test]
    fn the_charset_of_the_page_is_read() {
        let page = "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>Мост открыт</p>";
        let mut warnings = Vec::new();
        assert!(decode(&WINDOWS_1251.encode(page).0, None, &mut warnings).contains("Мост открыт"));
    }
}
