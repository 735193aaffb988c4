//! Bytes of a page to text that is safe to parse.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// The meta charset stands within the first bytes (HTML standard, "prescan"); real pages put it later, so we look further.
const PRESCAN_BYTES: usize = 4_096;

/// html5ever is quadratic in depth: 30,000 nested elements take it seconds. Real pages stay under 100.
const MAX_DEPTH: usize = 400;

/// Larger pages are cut here; the largest article page measured had 5 MB.
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Elements without an end tag, which therefore don't nest.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// Decodes by byte-order mark, HTTP charset, meta charset, or detection.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>, warnings: &mut Vec<String>) -> String {
    let bytes = if bytes.len() > MAX_BYTES {
        warnings.push(format!("the page was cut at {} MiB", MAX_BYTES / 1024 / 1024));
        &bytes[..MAX_BYTES]
    } else {
        bytes
    };
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN_BYTES)]).to_ascii_lowercase();
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| std::str::from_utf8(bytes).is_ok().then_some(UTF_8))
        .or_else(|| content_type.map(str::to_ascii_lowercase).as_deref().and_then(charset))
        .or_else(|| charset(&head))
        .unwrap_or_else(|| {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(None, Utf8Detection::Allow)
        });
    encoding.decode(bytes).0.into_owned()
}

fn charset(text: &str) -> Option<&'static Encoding> {
    let label = text.split("charset=").nth(1)?.trim_start_matches(['"', '\'']);
    Encoding::for_label(label.split(['"', '\'', ';', '>', ' ', '/']).next()?.as_bytes())
}

/// Leaves out start tags beyond the depth a tree can be built at in linear time.
pub(super) fn bounded<'a>(html: &'a str, warnings: &mut Vec<String>) -> Cow<'a, str> {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for_each_tag(html, |_, _, change| {
        depth = if change > 0 { depth + 1 } else { depth.saturating_sub(usize::from(change < 0)) };
        deepest = deepest.max(depth);
    });
    if deepest <= MAX_DEPTH {
        return Cow::Borrowed(html);
    }
    warnings.push(format!("elements nested deeper than {MAX_DEPTH} were flattened"));
    let (mut out, mut copied, mut depth) = (String::with_capacity(html.len()), 0, 0_usize);
    for_each_tag(html, |start, end, change| {
        if change > 0 {
            depth += 1;
        }
        if depth > MAX_DEPTH && change != 0 {
            out.push_str(&html[copied..start]);
            copied = end;
        }
        if change < 0 {
            depth = depth.saturating_sub(1);
        }
    });
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Calls `visit(start, end, change)` for each tag: +1 opens, -1 closes, 0 neither.
fn for_each_tag(html: &str, mut visit: impl FnMut(usize, usize, i32)) {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'<') {
        let start = at + found;
        let Some(length) = bytes[start..].iter().position(|b| *b == b'>') else { return };
        let end = start + length + 1;
        let inside = &bytes[start + 1..end - 1];
        let closes = inside.first() == Some(&b'/');
        let name: String = inside
            .iter()
            .skip(usize::from(closes))
            .take_while(|b| b.is_ascii_alphanumeric())
            .take(16)
            .map(|b| char::from(b.to_ascii_lowercase()))
            .collect();
        let change = match (closes, name.as_str()) {
            (_, "") => 0,
            (true, _) => -1,
            (false, name) if VOID.contains(&name) || inside.last() == Some(&b'/') => 0,
            (false, _) => 1,
        };
        visit(start, end, change);
        at = end;
    }
}
