//! robots.txt after RFC 9309: a matcher of our own and the cache in front of it.
//!
//! Own code because the published matchers failed on byte order marks, `agent/1.0` and percent case, and one took
//! seconds on a rule with many wildcards; here a rule costs one pass over the path.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use url::Url;

use crate::model::{FetchOutcome, Timestamp};

use super::client::{FetchRequest, Fetcher, Purpose};
use super::gate::lock;

/// Bytes of a robots.txt that are read (RFC 9309 section 2.5).
pub(super) const SIZE_CAP: usize = 500 * 1024;
/// Rules kept per file; the largest files of news sites have some hundreds.
const MAX_RULES: usize = 10_000;
/// Seconds an answer is used before the file is fetched again (RFC 9309 section 2.4).
const CACHE_S: i64 = 24 * 3600;
/// Seconds before an unreachable robots.txt is asked for again: shorter, since a fault of minutes should not cost a day.
const UNREACHABLE_CACHE_S: i64 = 3600;
/// Sites whose rules are remembered at once.
const MAX_SITES: usize = 4096;

/// The rules of one robots.txt that apply to one agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Robots {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// As written, for people.
    text: String,
    /// Normalised; the literal pieces between wildcards.
    pieces: Vec<String>,
    /// The pattern ends with `$`.
    anchored: bool,
    /// Octets of the normalised pattern: the longest match wins.
    length: usize,
}

/// What robots.txt says about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RobotsVerdict {
    /// The page may be fetched.
    Allowed,
    /// A rule forbids it.
    Disallowed {
        /// The rule as written.
        rule: String,
    },
    /// robots.txt could not be had, which counts as forbidden.
    Unreachable,
}

/// One site's robots.txt, as the caller persists it between processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsRow {
    /// The site: scheme, host and port if unusual, for example `https://news.example`.
    pub host: String,
    /// The file, when there was one.
    pub body: Option<String>,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Until when the answer may be used.
    pub until: Timestamp,
}

impl Robots {
    /// Reads the groups for `agent_token` (the name in the user agent, with or without a version), else those for `*`.
    #[must_use]
    pub fn parse(bytes: &[u8], agent_token: &str) -> Self {
        let bytes = &bytes[..bytes.len().min(SIZE_CAP)];
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let own = product_token(agent_token);
        let mut own_rules = None;
        let mut star_rules = Vec::new();
        let (mut for_own, mut for_star, mut in_agents) = (false, false, false);
        for line in text.split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    if !in_agents {
                        (for_own, for_star) = (false, false);
                    }
                    in_agents = true;
                    if value.starts_with('*') {
                        for_star = true;
                    } else if !own.is_empty() && product_token(value).eq_ignore_ascii_case(own) {
                        for_own = true;
                        own_rules.get_or_insert_with(Vec::new);
                    }
                }
                "allow" | "disallow" => {
                    in_agents = false;
                    // An empty pattern matches nothing: `Disallow:` forbids nothing.
                    if value.is_empty() {
                        continue;
                    }
                    if let Some(rules) = own_rules.as_mut().filter(|rules| for_own && rules.len() < MAX_RULES) {
                        rules.push(Rule::new(key == "allow", value));
                    }
                    if for_star && star_rules.len() < MAX_RULES {
                        star_rules.push(Rule::new(key == "allow", value));
                    }
                }
                _ => {}
            }
        }
        Self { rules: own_rules.unwrap_or(star_rules) }
    }

    /// Tells whether the path (with its query) may be fetched.
    #[must_use]
    pub fn allows(&self, path_and_query: &str) -> bool {
        self.forbidding_rule(path_and_query).is_none()
    }

    /// The rule that forbids the path, as written.
    #[must_use]
    pub fn forbidding_rule(&self, path_and_query: &str) -> Option<&str> {
        let path = normalize(path_and_query, false);
        if path == "/robots.txt" {
            return None;
        }
        // The longest match wins, and of two as long the one that allows.
        let strongest =
            self.rules.iter().filter(|rule| rule.matches(&path)).max_by_key(|rule| (rule.length, rule.allow))?;
        (!strongest.allow).then_some(strongest.text.as_str())
    }
}

impl Rule {
    fn new(allow: bool, value: &str) -> Self {
        let (pattern, anchored) = match value.strip_suffix('$') {
            Some(pattern) => (pattern, true),
            None => (value, false),
        };
        let normalized = normalize(pattern, true);
        let pieces = normalized.split('*').map(str::to_owned).collect();
        let text = format!("{}: {value}", if allow { "Allow" } else { "Disallow" });
        Self { allow, text, pieces, anchored, length: normalized.len() + usize::from(anchored) }
    }

    /// Finds the pieces from left to right, each at its first place: one pass, no backtracking.
    fn matches(&self, path: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return true };
        let Some(mut left) = path.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return !self.anchored || left.is_empty() };
        for piece in middle {
            let Some(at) = left.find(piece.as_str()) else { return false };
            left = &left[at + piece.len()..];
        }
        if self.anchored { left.ends_with(last.as_str()) } else { left.contains(last.as_str()) }
    }
}

/// The letters, `-` and `_` at the start: `Agent/1.0 (x)` gives `Agent`.
fn product_token(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Writes each octet in one way: unreserved ones plain, others escaped in upper case if they were escaped or are not
/// ASCII. In a pattern `*` stays a wildcard; in a path it is a plain octet and must meet `%2A`.
fn normalize(text: &str, is_pattern: bool) -> String {
    let bytes = text.as_bytes();
    let mut normalized = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let byte = escaped.unwrap_or(bytes[at]);
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let plain = match escaped {
            Some(_) => unreserved,
            None => byte.is_ascii() && byte != b'$' && (byte != b'*' || is_pattern),
        };
        if plain {
            normalized.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            write!(normalized, "%{byte:02X}").expect("writing to a string does not fail");
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    normalized
}

/// The sites a fetcher knows the rules of.
#[derive(Debug, Default)]
pub(super) struct RobotsCache {
    sites: Mutex<HashMap<String, Arc<Site>>>,
}

#[derive(Debug, Default)]
struct Site {
    /// Held while the file is fetched, so that it is fetched once.
    fetching: tokio::sync::Mutex<()>,
    known: Mutex<Option<Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    row: RobotsRow,
    /// None when the file could not be had.
    rules: Option<Arc<Robots>>,
}

impl Known {
    fn new(row: RobotsRow, agent: &str) -> Self {
        let rules = match row.status {
            Some(200..=299) => Some(Robots::parse(row.body.as_deref().unwrap_or_default().as_bytes(), agent)),
            Some(300..=499) => Some(Robots::default()),
            _ => None,
        };
        Self { row, rules: rules.map(Arc::new) }
    }

    fn verdict(&self, url: &Url) -> RobotsVerdict {
        let Some(rules) = &self.rules else { return RobotsVerdict::Unreachable };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        match rules.forbidding_rule(&path) {
            Some(rule) => RobotsVerdict::Disallowed { rule: rule.to_owned() },
            None => RobotsVerdict::Allowed,
        }
    }
}

impl RobotsCache {
    fn site(&self, origin: &str, now: Timestamp) -> Arc<Site> {
        let mut sites = lock(&self.sites);
        if let Some(site) = sites.get(origin) {
            return Arc::clone(site);
        }
        if sites.len() >= MAX_SITES {
            sites.retain(|_, site| lock(&site.known).as_ref().is_some_and(|known| known.row.until > now));
        }
        let site = Arc::new(Site::default());
        // Still full: this site is asked without being remembered.
        if sites.len() < MAX_SITES {
            sites.insert(origin.to_owned(), Arc::clone(&site));
        }
        site
    }
}

impl Fetcher {
    /// Asks the site's robots.txt about `url`, fetching it when the cached one has expired.
    pub async fn robots_allow(&self, url: &str, now: Timestamp) -> RobotsVerdict {
        if !self.options().respect_robots {
            return RobotsVerdict::Allowed;
        }
        // An address that cannot be fetched at all is refused by `fetch`, with a better reason.
        let Ok(url) = Url::parse(url.trim()) else { return RobotsVerdict::Allowed };
        if !matches!(url.scheme(), "http" | "https") {
            return RobotsVerdict::Allowed;
        }
        let origin = url.origin().ascii_serialization();
        let site = self.robots_store().site(&origin, now);
        let usable = || lock(&site.known).clone().filter(|known| known.row.until > now);
        if let Some(known) = usable() {
            return known.verdict(&url);
        }
        let _fetching = site.fetching.lock().await;
        if let Some(known) = usable() {
            return known.verdict(&url);
        }
        let known = Known::new(self.fetch_robots(&origin, now).await, &self.options().user_agent);
        let verdict = known.verdict(&url);
        *lock(&site.known) = Some(known);
        verdict
    }

    async fn fetch_robots(&self, origin: &str, now: Timestamp) -> RobotsRow {
        let request = FetchRequest {
            url: format!("{origin}/robots.txt"),
            purpose: Purpose::Robots,
            now,
            ..FetchRequest::default()
        };
        let (status, body, until) = match self.fetch(&request).await {
            FetchOutcome::Body(body) => {
                let text = String::from_utf8_lossy(&body.bytes).into_owned();
                (Some(body.status), Some(text), now.plus(CACHE_S))
            }
            FetchOutcome::Gone => (Some(410), None, now.plus(CACHE_S)),
            // Too many redirects count as unavailable (RFC 9309 section 2.3.1.2), which forbids nothing.
            FetchOutcome::Failed(failure) if failure.kind == "redirect" => (Some(404), None, now.plus(CACHE_S)),
            FetchOutcome::Failed(failure) => match failure.status {
                Some(status @ 200..=499) => (Some(status), None, now.plus(CACHE_S)),
                status => (status, None, now.plus(UNREACHABLE_CACHE_S)),
            },
            // 429 is a 4xx, but a host that wants to be left alone is not read as one that allows everything.
            FetchOutcome::RetryAfter { until, .. } => (None, None, until),
            FetchOutcome::Unchanged { .. } => (None, None, now.plus(UNREACHABLE_CACHE_S)),
        };
        RobotsRow { host: origin.to_owned(), body, status, until }
    }

    /// The robots.txt files known, ordered by site, for the caller to persist.
    #[must_use]
    pub fn robots_cache(&self) -> Vec<RobotsRow> {
        let sites = lock(&self.robots_store().sites);
        let mut rows: Vec<RobotsRow> =
            sites.values().filter_map(|site| lock(&site.known).as_ref().map(|known| known.row.clone())).collect();
        rows.sort_by(|one, other| one.host.cmp(&other.host));
        rows
    }

    /// Takes back what [`Fetcher::robots_cache`] gave in an earlier process; expired rows do no harm.
    pub fn seed_robots(&self, rows: Vec<RobotsRow>) {
        for row in rows {
            let site = self.robots_store().site(&row.host, row.until);
            *lock(&site.known) = Some(Known::new(row, &self.options().user_agent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, path: &str, expected: bool) {
        assert_eq!(Robots::parse(file.as_bytes(), "copytaster/1.0").allows(path), expected, "{file:?} {path}");
    }

    #[test]
    fn groups_are_chosen_by_agent() {
        let file = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: CopyTaster/2.0\nDisallow: /private\n";
        check(file, "/news", true);
        check(file, "/private/x", false);
        check("User-agent: copytasterbot\nDisallow: /", "/news", true);
        check("User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", false);
        check("User-agent: copytaster\n\nUser-agent: *\nDisallow: /", "/x", false);
        check("User-agent: copytaster\nDisallow:\n\nUser-agent: *\nDisallow: /", "/x", true);
        check("Disallow: /", "/x", true);
        check("\u{feff}User-agent: *\r\nDisallow: /x # note\r\n", "/x", false);
        check("user-agent : *\rdisallow : /x\r", "/x", false);
        check("User-agent: *\nSitemap: http://a.example/s.xml\nDisallow: /x", "/x", false);
    }

    #[test]
    fn the_longest_match_wins() {
        let rules = |rules: &str| format!("User-agent: *\n{rules}");
        check(&rules("Allow: /a/b\nDisallow: /a"), "/a/b/c", true);
        check(&rules("Allow: /a/b\nDisallow: /a"), "/a/c", false);
        check(&rules("Disallow: /a\nAllow: /a"), "/a", true);
        check(&rules("Disallow: /*.php$"), "/index.php", false);
        check(&rules("Disallow: /*.php$"), "/index.php?x", true);
        check(&rules("Disallow: /*.php"), "/index.php?x", false);
        check(&rules("Disallow: /fish*"), "/fishheads/yummy.html", false);
        check(&rules("Disallow: /a*a$"), "/a", true);
        check(&rules("Disallow: /x$"), "/xy", true);
        check(&rules("Disallow: *"), "/anything", false);
        check(&rules("Disallow: /"), "/robots.txt", true);
        check(&rules("Disallow: /*?print="), "/a?print=1", false);
    }

    #[test]
    fn octets_are_compared_not_spellings() {
        let rules = |rules: &str| format!("User-agent: *\n{rules}");
        check(&rules("Disallow: /ф"), "/%d1%84oo", false);
        check(&rules("Disallow: /%7ejoe"), "/~joe/x", false);
        check(&rules("Disallow: /a%2fb"), "/a%2Fb", false);
        check(&rules("Disallow: /a%2fb"), "/a/b", true);
        check(&rules("Disallow: /with-a-%2A"), "/with-a-*", false);
        check(&rules("Disallow: /a$b"), "/a$b", false);
        check(&rules("Disallow: /%"), "/%zz", false);
    }

    #[test]
    fn many_wildcards_cost_one_pass() {
        let file = format!("User-agent: *\nDisallow: /{}b$", "*a".repeat(200));
        check(&file, &format!("/{}", "a".repeat(20_000)), true);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(file in proptest::collection::vec(proptest::num::u8::ANY, 0..300), path in ".{0,60}") {
            let _ = Robots::parse(&file, "copytaster").allows(&path);
        }
    }
}
