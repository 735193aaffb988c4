//! Bytes to text: byte-order mark, HTTP charset, XML declaration, then detection.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// The declaration stands within the first bytes of a document (XML 1.0, appendix F).
const DECLARATION_BYTES: usize = 512;

/// Decodes a document; what was guessed or replaced is a warning.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> (String, Vec<String>) {
    let mut warnings = Vec::new();
    let by_mark = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let declared = by_mark
        .or_else(|| without_mark(bytes))
        .or_else(|| content_type.and_then(charset))
        .or_else(|| declaration(bytes));
    // A document that is valid UTF-8 is UTF-8, whatever it declares: the declaration is wrong far more often.
    let encoding = match declared {
        Some(encoding) if encoding.is_ascii_compatible() && std::str::from_utf8(bytes).is_ok() => UTF_8,
        Some(encoding) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            let guess = detector.guess(None, Utf8Detection::Allow);
            warnings.push(format!("no usable charset declared; read as {}", guess.name()));
            guess
        }
    };
    let (text, _, had_errors) = encoding.decode(bytes);
    if had_errors {
        warnings.push(format!("bytes that are not {} were replaced", encoding.name()));
    }
    (text.into_owned(), warnings)
}

/// UTF-16 without a mark shows zero bytes around the first `<`.
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes.get(..2)? {
        [0, b'<'] => Some(encoding_rs::UTF_16BE),
        [b'<', 0] => Some(encoding_rs::UTF_16LE),
        _ => None,
    }
}

fn charset(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let label = lower.split("charset=").nth(1)?.trim_start_matches(['"', '\'']);
    Encoding::for_label(label.split([';', '"', '\'', ' ']).next()?.as_bytes())
}

fn declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES)]).into_owned();
    let rest = head.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Encoding::for_label(rest[1..].split(quote).next()?.trim().as_bytes())
}
