//! Identity URLs of articles: what two addresses of one work have in common.
//!
//! Owns scheme, host, port, fragment, tracking parameters, AMP and mobile twins and Google's redirect links.
//! [`canonical`] is idempotent; it never touches the network, so a shortened link stays what it is.

use std::collections::HashSet;

use url::Url;

/// Why an address can't be an article's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// It can't be parsed.
    #[error("no web address: it begins with neither http:// nor https://")]
    NotAbsolute,
    /// Another scheme than HTTP.
    #[error("the scheme {0:?} is not http or https")]
    Scheme(String),
    /// No host.
    #[error("the address has no host")]
    NoHost,
}

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlKind {
    /// An article's own.
    Article,
    /// A Google News link: it stands for an article whose address it doesn't tell.
    GoogleNews,
}

/// An identity URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalUrl {
    /// The identity, as an absolute https URL.
    pub identity: String,
    /// Its host, without port.
    pub host: String,
    /// What kind of address it is.
    pub kind: UrlKind,
    /// It was taken out of a redirect or AMP wrapper.
    pub unwrapped: bool,
}

/// Query parameters that don't change what is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    exact: HashSet<String>,
    prefixes: Vec<String>,
}

impl Rules {
    /// Reads a table: one parameter a line, `prefix*` allowed, `#` starts a comment.
    #[must_use]
    pub fn parse(table: &str) -> Self {
        let mut rules = Self::default();
        for line in table.lines() {
            let name = line.split('#').next().unwrap_or_default().trim().to_ascii_lowercase();
            if let Some(prefix) = name.strip_suffix('*') {
                rules.prefixes.push(prefix.to_owned());
            } else if !name.is_empty() {
                rules.exact.insert(name);
            }
        }
        rules
    }

    fn is_tracking(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.exact.contains(&name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }
}

/// Host labels that name a mobile or AMP twin of the same page.
const TWIN_LABELS: &[&str] = &["www.", "m.", "mobile.", "amp."];

/// Wrappers inside wrappers are opened this often at most.
const MAX_UNWRAPS: usize = 4;

/// The identity of an address.
///
/// # Errors
/// When the address is not an absolute http or https URL.
pub fn canonical(address: &str, rules: &Rules) -> Result<CanonicalUrl, CanonicalError> {
    let mut url = parse(address)?;
    let mut unwrapped = false;
    for _ in 0..MAX_UNWRAPS {
        let Some(inner) = inner_address(&url).and_then(|inner| parse(&inner).ok()) else { break };
        url = inner;
        unwrapped = true;
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    if host == "news.google.com" {
        url.set_fragment(None);
        return Ok(CanonicalUrl { identity: url.to_string(), host, kind: UrlKind::GoogleNews, unwrapped });
    }
    let host = without_twin_label(&host);
    let port = url.port().filter(|port| !matches!(port, 80 | 443)).map(|port| format!(":{port}")).unwrap_or_default();
    let path = fold_path(url.path());
    let query = fold_query(&url, rules);
    let identity = format!("https://{host}{port}{path}{query}");
    Ok(CanonicalUrl { identity, host, kind: UrlKind::Article, unwrapped })
}

/// The domain a registrant owns (`example.co.uk`); none for IP addresses and bare suffixes.
#[must_use]
pub fn registrable_domain(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    // Suffix lists answer "1.1" for an IPv4 address, so the kind of host is checked first.
    if host.starts_with('[') || matches!(url::Host::parse(&host), Ok(url::Host::Ipv4(_))) || host.contains(':') {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

fn parse(address: &str) -> Result<Url, CanonicalError> {
    let url = Url::parse(address.trim()).map_err(|_| CanonicalError::NotAbsolute)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(CanonicalError::Scheme(url.scheme().to_owned()));
    }
    match url.host_str() {
        None | Some("") => Err(CanonicalError::NoHost),
        Some(_) => Ok(url),
    }
}

/// The address inside a Google redirect, a Google AMP viewer or an AMP cache address.
fn inner_address(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let is_google = host.strip_prefix("www.").unwrap_or(host).starts_with("google.");
    if is_google && url.path() == "/url" {
        return url.query_pairs().find(|(name, _)| name == "url" || name == "q").map(|(_, value)| value.into_owned());
    }
    if is_google && let Some(rest) = url.path().strip_prefix("/amp/") {
        return Some(with_scheme(rest));
    }
    if host.ends_with(".cdn.ampproject.org") {
        let rest = url.path().strip_prefix("/c/").or_else(|| url.path().strip_prefix("/v/"))?;
        return Some(with_scheme(rest));
    }
    None
}

fn with_scheme(rest: &str) -> String {
    rest.strip_prefix("s/").map_or_else(|| format!("http://{rest}"), |rest| format!("https://{rest}"))
}

fn without_twin_label(host: &str) -> String {
    let mut rest = host;
    while let Some(shorter) = TWIN_LABELS.iter().find_map(|label| rest.strip_prefix(label)) {
        if registrable_domain(shorter).is_none() {
            break;
        }
        rest = shorter;
    }
    rest.to_owned()
}

fn fold_path(path: &str) -> String {
    let mut segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(fold_escapes).collect();
    while segments.len() > 1 && segments.last().is_some_and(|last| last.eq_ignore_ascii_case("amp")) {
        segments.pop();
    }
    while segments.len() > 1 && segments[0].eq_ignore_ascii_case("amp") {
        segments.remove(0);
    }
    if let Some(last) = segments.last_mut()
        && last.ends_with(".amp")
        && !last.trim_end_matches(".amp").is_empty()
    {
        *last = last.trim_end_matches(".amp").to_owned();
    }
    let joined = segments.join("/");
    if joined.is_empty() { String::new() } else { format!("/{joined}") }
}

fn fold_query(url: &Url, rules: &Rules) -> String {
    let Some(query) = url.query() else { return String::new() };
    let kept: Vec<String> = query
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let is_amp = name.eq_ignore_ascii_case("amp")
                || (name.eq_ignore_ascii_case("outputType") && value.eq_ignore_ascii_case("amp"));
            !name.is_empty() && !is_amp && !rules.is_tracking(name)
        })
        .map(fold_escapes)
        .collect();
    if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) }
}

/// Decodes escapes of unreserved characters and writes the others in upper case (RFC 3986, section 6.2.2).
fn fold_escapes(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        folded.push_str(&rest[..at]);
        let escape = rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                folded.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            Some(byte) => {
                folded.push_str(&format!("%{byte:02X}"));
                rest = &rest[at + 3..];
            }
            // A percent sign that starts no escape is one itself, or the next round would read what follows anew.
            None => {
                folded.push_str("%25");
                rest = &rest[at + 1..];
            }
        }
    }
    folded.push_str(rest);
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> Rules {
        Rules::parse("utm_* # campaign\nfbclid\n")
    }

    #[test]
    fn addresses_of_one_page_are_one_identity() {
        let check = |address: &str, expected: &str| {
            assert_eq!(canonical(address, &rules()).unwrap().identity, expected, "{address}");
        };
        check("HTTP://www.Example.org:80/a/b/?utm_source=x&id=7&FBCLID=1#top", "https://example.org/a/b?id=7");
        check("https://m.example.org/story/amp/", "https://example.org/story");
        check("https://amp.example.co.uk/x.amp?outputType=amp", "https://example.co.uk/x");
        check("https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa&sa=D", "https://example.org/a");
        check("https://www.google.com/amp/s/example.org/a", "https://example.org/a");
        check("https://example-org.cdn.ampproject.org/c/s/example.org/a", "https://example.org/a");
        check("http://127.0.0.1:8080/a?b=%7e%2f", "https://127.0.0.1:8080/a?b=~%2F");
        check("https://m.co.uk/a", "https://m.co.uk/a");
        check("https://example.org", "https://example.org");
    }

    #[test]
    fn google_news_links_stay_what_they_are() {
        let url = canonical("https://news.google.com/rss/articles/CBMi?oc=5", &rules()).unwrap();
        assert_eq!(url.kind, UrlKind::GoogleNews);
        assert_eq!(url.identity, "https://news.google.com/rss/articles/CBMi?oc=5");
    }

    #[test]
    fn other_schemes_are_refused() {
        assert_eq!(canonical("file:///etc/passwd", &rules()), Err(CanonicalError::Scheme("file".to_owned())));
        assert_eq!(canonical("/relative", &rules()), Err(CanonicalError::NotAbsolute));
    }

    #[test]
    fn registrable_domains_are_of_names_only() {
        assert_eq!(registrable_domain("news.example.co.uk"), Some("example.co.uk".to_owned()));
        assert_eq!(registrable_domain("192.168.1.1"), None);
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent(path in "[a-zA-Z0-9/%._~-]{0,30}", query in "[a-z0-9=&%_]{0,20}", host in "(www\\.|m\\.|amp\\.)?[a-z]{1,8}\\.(org|co\\.uk)") {
            if let Ok(once) = canonical(&format!("http://{host}/{path}?{query}"), &rules()) {
                let twice = canonical(&once.identity, &rules()).expect("an identity is an address");
                prop_assert_eq!(once.identity, twice.identity);
            }
        }
    }
}
