//! A page without markup: what `html` and `md` have in common, before either makes it harmless in its own way.

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its title and first heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of the second level.
    Heading(&'static str),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list, each item with its depth below the first level.
    List(Vec<(usize, Vec<Span>)>),
    /// A table.
    Table {
        /// The names of its columns.
        header: Vec<String>,
        /// Its rows, with as many cells each.
        rows: Vec<Vec<Span>>,
    },
}

/// A run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Plain text.
    Text(String),
    /// Text that stands out.
    Strong(String),
    /// Text that leads somewhere; only where the address is one of the web.
    Link {
        /// The text.
        text: String,
        /// The address, as the outlet gave it.
        url: Option<String>,
        /// BCP 47 language of the text, when known.
        language: Option<String>,
    },
}

impl Span {
    /// Plain text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// An address as a link may carry it: of the web, and nothing in it that ends a link early. None where it is no such address.
pub(super) fn web_address(url: &str) -> Option<String> {
    let scheme = url.split_once("://")?.0;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let mut address = String::with_capacity(url.len());
    for byte in url.bytes() {
        // Letters and what addresses are made of (RFC 3986), without brackets and quotes.
        if byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&*+,;=%".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_web_or_nowhere() {
        let check = |url: &str, expected: Option<&str>| assert_eq!(web_address(url).as_deref(), expected, "{url}");
        check("https://a.example/b?c=d&e=%20#f", Some("https://a.example/b?c=d&e=%20#f"));
        check("HTTP://a.example/ö(1) \"x\"", Some("HTTP://a.example/%C3%B6%281%29%20%22x%22"));
        check("https://[2001:db8::1]/", Some("https://%5B2001:db8::1%5D/"));
        check("javascript:alert(1)", None);
        check("javascript://a.example/%0aalert(1)", None);
        check("data:text/html,x", None);
        check("//a.example/", None);
        check("", None);
    }
}
