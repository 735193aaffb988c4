//! Which attributes of a tag anybody reads; the others never reach the parser, which takes a third of its time for them.

/// More attributes of one tag are dropped: the parser compares each with all before it. Real tags have up to 60.
pub(super) const MAX_ATTRIBUTES: usize = 256;

/// Which attributes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Those that the general mechanisms read.
    Read,
    /// All of them: a user's selectors may ask for any.
    All,
}

/// Writes a tag with the attributes that are kept, and says whether it had more than [`MAX_ATTRIBUTES`].
///
/// `tag` reaches from its `<` to its `>`, `element` is the beginning of its name in lower case.
pub(super) fn push(out: &mut String, tag: &str, element: &str, keep: Keep) -> bool {
    let bytes = tag.as_bytes();
    let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let length = |from: usize, is_end: &dyn Fn(u8) -> bool| bytes[from..].iter().position(|byte| is_end(*byte));
    let Some(mut at) = length(1, &is_end).map(|length| 1 + length) else {
        out.push_str(tag);
        return false;
    };
    out.push_str(&tag[..at]);
    let (mut n_found, mut last_end) = (0, at);
    loop {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
            at += 1;
        }
        if bytes.get(at).is_none_or(|byte| *byte == b'>') {
            break;
        }
        let start = at;
        let Attribute { name_end, value, end } = attribute(tag, start);
        (at, last_end) = (end, end);
        n_found += 1;
        if n_found > MAX_ATTRIBUTES {
            out.push('>');
            return true;
        }
        if keep == Keep::All || is_read(element, &tag[start..name_end], &tag[value..end]) {
            out.push(' ');
            out.push_str(&tag[start..end]);
        }
    }
    // What is left is the `>`, or, where a quote stands at an odd place, what the parser makes of it.
    if at + 1 == bytes.len() && at > last_end && bytes[at - 1] == b'/' {
        out.push_str(" />");
    } else {
        out.push_str(&tag[at..]);
    }
    false
}

/// Whether a tag has an attribute, among the first [`MAX_ATTRIBUTES`].
pub(super) fn has(tag: &str, wanted: &str) -> bool {
    let bytes = tag.as_bytes();
    let is_between = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
    let mut at = bytes.iter().position(|byte| is_between(*byte)).unwrap_or(bytes.len());
    for _ in 0..MAX_ATTRIBUTES {
        while bytes.get(at).is_some_and(|byte| is_between(*byte)) {
            at += 1;
        }
        if bytes.get(at).is_none_or(|byte| *byte == b'>') {
            return false;
        }
        let Attribute { name_end, end, .. } = attribute(tag, at);
        if tag[at..name_end].eq_ignore_ascii_case(wanted) {
            return true;
        }
        at = end;
    }
    false
}

struct Attribute {
    name_end: usize,
    /// Where the value begins, after its quote.
    value: usize,
    /// Where the attribute ends, after its closing quote.
    end: usize,
}

/// The attribute of a tag that begins at `start`.
fn attribute(tag: &str, start: usize) -> Attribute {
    let bytes = tag.as_bytes();
    let after = |from: usize, is_end: fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| is_end(*byte)).map_or(bytes.len(), |length| from + length)
    };
    // A sign of equality that begins a name is part of it.
    let name_end = after(start + 1, |byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
    let sign = after(name_end, |byte| !byte.is_ascii_whitespace());
    if bytes.get(sign) != Some(&b'=') {
        return Attribute { name_end, value: name_end, end: name_end };
    }
    let value = after(sign + 1, |byte| !byte.is_ascii_whitespace());
    match bytes.get(value) {
        Some(quote @ (b'"' | b'\'')) => {
            let length = bytes[value + 1..].iter().position(|byte| byte == quote);
            Attribute { name_end, value: value + 1, end: length.map_or(bytes.len(), |length| value + 1 + length + 1) }
        }
        _ => Attribute { name_end, value, end: after(value, |byte| byte.is_ascii_whitespace() || byte == b'>') },
    }
}

/// Whether anybody reads an attribute of an element; the beginning of the element's name is in lower case.
fn is_read(element: &str, name: &str, value: &str) -> bool {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    match name.len() {
        2 => is("id"),
        3 => is("rel"),
        4 => {
            is("role")
                || (is("href") && matches!(element, "a" | "link"))
                || (is("name") && element == "meta")
                || (is("type") && matches!(element, "script" | "link"))
                || (is("lang") && element == "html")
        }
        5 => {
            is("class")
                || (is("title") && matches!(element, "time" | "abbr" | "span" | "link"))
                || (is("style") && may_hide(value))
        }
        6 => is("hidden"),
        7 => is("content") || is("pubdate"),
        8 => is("itemprop") || is("datetime") || is("property") || is("xml:lang"),
        10 => is("http-equiv") || is("data-utime"),
        11 => is("aria-hidden"),
        14 => is("data-timestamp"),
        _ => false,
    }
}

/// Whether a style may hide its element: `display: none`, `visibility: hidden`, or one of them in references.
fn may_hide(style: &str) -> bool {
    let has = |word: &[u8]| style.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    style.contains('&') || has(b"none") || has(b"hidden")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_left_out() {
        let check = |element: &str, tag: &str, expected: &str| {
            let mut out = String::new();
            assert!(!push(&mut out, tag, element, Keep::Read));
            assert_eq!(out, expected, "{tag}");
        };
        check("p", "<p>", "<p>");
        check("p", "<p class=a data-x='1 > 2' id = \"b c\">", "<p class=a id = \"b c\">");
        check("a", "<A HREF=/x/ target=_blank>", "<A HREF=/x/>");
        check("a", "<a href=/x/>", "<a href=/x/>");
        check("img", "<img src='x' class='y'/>", "<img class='y' />");
        check("div", "<div style='color:red' hidden style=\"Display: None\">", "<div hidden style=\"Display: None\">");
        check("div", "<div ==class id=1>", "<div id=1>");
        check("div", "<div a=b='c>d' id=1>", "<div>d' id=1>");
        check("meta", "<meta name=date\ncontent = '2025'>", "<meta name=date content = '2025'>");
        check("div", "<div name=date lang=en>", "<div>");
    }

    #[test]
    fn attributes_are_known_by_their_names() {
        let check = |tag: &str, expected: bool| assert_eq!(has(tag, "open"), expected, "{tag}");
        check("<p open>", true);
        check("<p a='open' Open=1>", true);
        check("<p/open/>", true);
        check("<p a=\"x open \" b=open opened>", false);
        check("<open>", false);
        check("<p", false);
    }

    #[test]
    fn selectors_of_users_see_all() {
        let mut out = String::new();
        push(&mut out, "<div data-x='1' /name=y>", "div", Keep::All);
        assert_eq!(out, "<div data-x='1' name=y>");
    }

    #[test]
    fn many_are_bounded() {
        let many: String = (0..1_000).map(|n| format!(" id{n}='{n}>'")).collect();
        let mut out = String::new();
        assert!(push(&mut out, &format!("<p{many}>"), "p", Keep::All));
        assert_eq!(out.matches('=').count(), MAX_ATTRIBUTES);
    }
}
