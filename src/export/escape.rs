//! Untrusted text made harmless for the place it goes to.

use std::borrow::Cow;

/// For a terminal: control, bidirectional and zero-width characters become visible or go.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let cleaned = text.chars().filter_map(|c| match c {
        '\t' | '\n' | '\r' => Some(' '),
        c if c.is_control() => Some('\u{fffd}'),
        c if is_unsafe(c) => None,
        c => Some(c),
    });
    Cow::Owned(cleaned.collect())
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

/// For a CSV cell: text that a spreadsheet would run as a formula gets a leading apostrophe (OWASP, "CSV injection").
#[must_use]
pub fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// For XML text and attributes; characters XML 1.0 forbids are left out.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// For HTML text and attributes: as XML, without the characters that turn the direction of what follows.
#[must_use]
pub fn html(text: &str) -> String {
    let is_turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = text.chars().filter(|c| !is_turning(*c)).collect();
    xml(&kept).replace('\'', "&#39;")
}

/// For Markdown within a line or a table's cell: nothing in it is markup, HTML, an entity or the end of a cell. What is
/// markup at the start of a line only stays as it is.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' if is_entity(&text[at..]) => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Whether `&` at the start of a text begins an entity, such as `&lt;` or `&#60;`.
fn is_entity(text: &str) -> bool {
    let name = text[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(0);
    name > 0 && text[1 + name..].starts_with(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_harmless() {
        assert_eq!(terminal("a\u{1b}[31mb\u{202e}c\nd"), "a\u{fffd}[31mbc d");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("plain"), "plain");
        assert_eq!(xml("<a b=\"c\">&\u{0}"), "&lt;a b=&quot;c&quot;&gt;&amp;");
        assert_eq!(html("it's\u{202e} <b>"), "it&#39;s &lt;b&gt;");
        assert_eq!(markdown("AT&T &lt; <i> a|b [c](d) *e*\n# f"), "AT&T &amp;lt; &lt;i> a\\|b \\[c\\](d) \\*e\\* # f");
    }
}
