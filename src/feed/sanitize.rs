//! Repairs that let a strict XML parser read what feeds really send, in one pass.

use serde_json::Value;

/// Named entities of HTML that feeds use without declaring them.
const ENTITIES: &[(&str, &str)] = &[
    ("nbsp", "\u{a0}"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("bull", "•"),
    ("middot", "·"),
    ("euro", "€"),
    ("pound", "£"),
    ("cent", "¢"),
    ("deg", "°"),
    ("sect", "§"),
    ("para", "¶"),
    ("times", "×"),
    ("eacute", "é"),
    ("egrave", "è"),
    ("ecirc", "ê"),
    ("agrave", "à"),
    ("aacute", "á"),
    ("acirc", "â"),
    ("ccedil", "ç"),
    ("iacute", "í"),
    ("oacute", "ó"),
    ("ocirc", "ô"),
    ("uacute", "ú"),
    ("ntilde", "ñ"),
    ("auml", "ä"),
    ("ouml", "ö"),
    ("uuml", "ü"),
    ("Auml", "Ä"),
    ("Ouml", "Ö"),
    ("Uuml", "Ü"),
    ("szlig", "ß"),
    ("aring", "å"),
    ("oslash", "ø"),
    ("aelig", "æ"),
    ("Eacute", "É"),
    ("shy", "\u{ad}"),
    ("zwnj", "\u{200c}"),
    ("iexcl", "¡"),
    ("iquest", "¿"),
    ("atilde", "ã"),
    ("otilde", "õ"),
    ("ugrave", "ù"),
    ("ograve", "ò"),
    ("igrave", "ì"),
    ("euml", "ë"),
];

/// Whether the document is a web page.
pub(super) fn is_html(text: &str) -> bool {
    let head: String = text.chars().take(2_000).collect::<String>().to_ascii_lowercase();
    let has_feed_root = ["<rss", "<feed", "<rdf:rdf", "<channel", "<urlset"].iter().any(|root| head.contains(root));
    !has_feed_root && ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| head.contains(tag))
}

/// Repairs XML: junk before the root, control characters, bare ampersands, undeclared entities, RSS without a version
/// that feed-rs knows, empty media elements.
pub(super) fn xml(text: &str, warnings: &mut Vec<String>) -> String {
    let start = text.find('<').unwrap_or(0);
    if start > 0 {
        warnings.push("text before the document was left out".to_owned());
    }
    let body = without_declaration(&text[start..]);
    let (mut out, mut n_ampersands, mut n_controls) = (String::with_capacity(body.len() + 64), 0_usize, 0_usize);
    let mut rest = body;
    while let Some(at) = rest.find(|c: char| c == '&' || (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || c == '<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let end = section.find("]]>").map_or(rest.len(), |end| end + 12);
            out.extend(rest[..end].chars().filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r')));
            if end == rest.len() && !rest.ends_with("]]>") {
                out.push_str("]]>");
            }
            rest = &rest[end..];
        } else if rest.starts_with('<') {
            out.push('<');
            rest = &rest[1..];
        } else if let Some(reference) = rest.strip_prefix('&') {
            let (replacement, length) = reference_of(reference);
            n_ampersands += usize::from(length == 0);
            out.push_str(&replacement);
            rest = &reference[length..];
        } else {
            n_controls += 1;
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    if n_ampersands > 0 {
        warnings.push(format!("{n_ampersands} bare ampersands were escaped"));
    }
    if n_controls > 0 {
        warnings.push(format!("{n_controls} control characters were left out"));
    }
    for empty in ["<media:description/>", "<media:description></media:description>", "<media:description />"] {
        if out.contains(empty) {
            out = out.replace(empty, "");
        }
    }
    known_version(out, warnings)
}

/// What stands for the reference after an ampersand, and how many bytes of it are consumed; zero means a bare one.
fn reference_of(rest: &str) -> (String, usize) {
    let bare = ("&amp;".to_owned(), 0);
    let Some(end) = rest.bytes().take(12).position(|b| b == b';') else { return bare };
    let name = &rest[..end];
    if let Some(number) = name.strip_prefix('#') {
        let code = number
            .strip_prefix(['x', 'X'])
            .map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        return match code.and_then(char::from_u32) {
            Some(c) if c >= ' ' || matches!(c, '\t' | '\n' | '\r') => (format!("&{name};"), end + 1),
            Some(_) => (String::new(), end + 1),
            None => bare,
        };
    }
    if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
        return (format!("&{name};"), end + 1);
    }
    ENTITIES.iter().find(|(entity, _)| *entity == name).map_or(bare, |(_, text)| ((*text).to_owned(), end + 1))
}

/// The text is UTF-8 by now, whatever its declaration says; doctypes may define entity bombs.
fn without_declaration(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype")) {
            let internal = rest.find('[').filter(|at| rest.find('>').is_none_or(|end| *at < end));
            internal.map_or_else(|| rest.find('>').map(|at| at + 1), |_| rest.find("]>").map(|at| at + 2))
        } else {
            None
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return rest,
        }
    }
}

/// feed-rs reads RSS of the versions it knows only; the elements of all others are the same.
fn known_version(text: String, warnings: &mut Vec<String>) -> String {
    let Some(root) = text.get(..4).filter(|root| root.eq_ignore_ascii_case("<rss")) else { return text };
    let Some(end) = text.find('>') else { return text };
    let tag = without_default_namespace(&text[..end]);
    let version = tag.split("version").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1)).map(str::trim);
    if root == "<rss" && matches!(version, Some("2.0" | "0.91" | "0.92")) {
        return if tag.len() == end { text } else { format!("{tag}{}", &text[end..]) };
    }
    warnings.push(format!("RSS version {} was read as 2.0", version.unwrap_or("(none)")));
    let attributes: String = tag[4..].split_inclusive(['"', '\'']).collect();
    let kept = version.map_or(attributes.clone(), |version| {
        attributes.replace(&format!("version=\"{version}\""), "").replace(&format!("version='{version}'"), "")
    });
    format!("<rss version=\"2.0\"{kept}{}", &text[end..])
}

/// RSS has no namespace; feed-rs finds nothing below a root that declares a default one.
fn without_default_namespace(tag: &str) -> String {
    let Some(start) = tag.find(" xmlns=") else { return tag.to_owned() };
    let value = start + " xmlns=".len();
    let quote = tag[value..].chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote.and_then(|quote| tag[value + 1..].find(quote)) {
        Some(length) => format!("{}{}", &tag[..start], &tag[value + length + 2..]),
        None => tag.to_owned(),
    }
}

/// Repairs JSON Feed: a missing version, ids that are numbers. None when it is no JSON object.
pub(super) fn json(text: &str, warnings: &mut Vec<String>) -> Option<String> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let feed = document.as_object_mut()?;
    let known = |version: &Value| version.as_str().is_some_and(|text| text.ends_with("/version/1.1"));
    if !feed.get("version").is_some_and(known) {
        if !feed.contains_key("version") {
            warnings.push("no version; read as JSON Feed 1.1".to_owned());
        }
        feed.insert("version".to_owned(), Value::from("https://jsonfeed.org/version/1.1"));
    }
    if !feed.get("title").is_some_and(Value::is_string) {
        feed.insert("title".to_owned(), Value::from(""));
    }
    for item in feed.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(id) = item.get_mut("id")
            && id.is_number()
        {
            *id = Value::from(id.to_string());
        }
    }
    Some(document.to_string())
}
