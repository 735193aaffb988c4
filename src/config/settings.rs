//! Settings: defaults, the TOML file, then the environment. Only this module deserializes settings.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use super::tables;
use crate::attribution::MarkKind;
use crate::extract::{SiteRule, SiteRuleError, SiteRules};

/// The commented defaults, as `init` writes them.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Network limits and manners.
    pub fetch: FetchSettings,
    /// How often a feed is due.
    pub schedule: ScheduleSettings,
    /// Story clustering.
    pub cluster: ClusterSettings,
    /// What output looks like.
    pub output: OutputSettings,
    /// Where files are.
    pub paths: PathSettings,
    /// Selectors for sites whose pages are misread.
    pub site: Vec<SiteSettings>,
    /// Names under which outlets are credited, besides those of the register.
    pub alias: Vec<AliasSettings>,
    /// Words that say that a piece is an opinion or a correction, besides those that come with the program.
    pub mark: Vec<MarkSettings>,
}

/// `[[alias]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasSettings {
    /// The outlet's domain; one the register lacks adds the outlet.
    pub outlet: String,
    /// The name.
    pub name: String,
}

/// `[[mark]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkSettings {
    /// What the word says of a piece.
    #[serde(deserialize_with = "tables::mark_kind")]
    pub kind: MarkKind,
    /// The word, in small letters.
    #[serde(deserialize_with = "tables::mark_word")]
    pub word: String,
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchSettings {
    /// Contact put into the User-Agent; empty for none.
    pub user_agent_contact: String,
    /// CIDR ranges that may be fetched although private.
    pub allow_private: Vec<String>,
    /// Pause between two requests to one host.
    pub host_spacing_ms: u64,
    /// Requests under way at once.
    pub max_concurrency: usize,
    /// Requests under way at once to one host.
    pub per_host_concurrency: usize,
    /// Longest exchange, in seconds.
    pub total_timeout_s: u64,
    /// Largest feed after decompression.
    pub max_feed_bytes: u64,
    /// Largest page after decompression.
    pub max_page_bytes: u64,
    /// PEM files of certificate authorities to trust besides those that come with the program.
    pub extra_authorities: Vec<String>,
    /// Whether robots.txt is kept to.
    pub respect_robots: bool,
    /// Whether article bodies are scraped.
    pub bodies: bool,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            user_agent_contact: String::new(),
            allow_private: Vec::new(),
            host_spacing_ms: 1000,
            max_concurrency: 32,
            per_host_concurrency: 1,
            total_timeout_s: 30,
            max_feed_bytes: 10 * 1024 * 1024,
            max_page_bytes: 5 * 1024 * 1024,
            extra_authorities: Vec::new(),
            respect_robots: true,
            bodies: true,
        }
    }
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleSettings {
    /// Never sooner than this.
    #[serde(deserialize_with = "duration")]
    pub min_interval: Duration,
    /// Until a feed's own rhythm is known.
    #[serde(deserialize_with = "duration")]
    pub default_interval: Duration,
    /// Never later than this.
    #[serde(deserialize_with = "duration")]
    pub max_interval: Duration,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_secs(5 * 60),
            default_interval: Duration::from_secs(30 * 60),
            max_interval: Duration::from_secs(24 * 3600),
        }
    }
}

/// `[cluster]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSettings {
    /// Days within which articles can be in one story.
    pub window_days: u32,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { window_days: 14 }
    }
}

/// `[output]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputSettings {
    /// auto, always or never.
    pub color: String,
    /// Zone of times in tables: `UTC`, `local` or a name of the IANA database.
    pub tz: String,
    /// What screens are written as: table, json, jsonl or csv.
    pub format: String,
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self { color: "auto".to_owned(), tz: "UTC".to_owned(), format: "table".to_owned() }
    }
}

/// `[paths]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathSettings {
    /// The database; empty is the XDG place.
    pub database: String,
}

/// `[[site]]`: see [`SiteRule`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// The host, and all hosts below it.
    pub domain: String,
    /// Selector of the elements that are the body.
    pub body: Option<String>,
    /// Selectors of what is to be left out.
    #[serde(default)]
    pub remove: Vec<String>,
    /// Selector of the headline.
    pub title: Option<String>,
    /// Selector of each author.
    pub author: Option<String>,
    /// Selector of the date of publication.
    pub published: Option<String>,
}

/// Why settings can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The file is not TOML, has an unknown key or a value of the wrong kind.
    #[error("{origin}:{line}: {message}{hint}")]
    File {
        /// The file.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// The nearest valid key, as a clause; may be empty.
        hint: String,
    },
    /// A variable has a value of the wrong kind.
    #[error("{name}={value}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// What is wrong.
        message: String,
    },
    /// A duration nobody can read.
    #[error("`{0}` is not a duration; write a number and s, m, h, d or w, such as 48h")]
    Duration(String),
}

impl Settings {
    /// The rules of `[[site]]`, compiled.
    pub fn site_rules(&self) -> Result<SiteRules, SiteRuleError> {
        let rules: Vec<SiteRule> = self
            .site
            .iter()
            .cloned()
            .map(|site| SiteRule {
                domain: site.domain,
                body: site.body,
                remove: site.remove,
                title: site.title,
                author: site.author,
                published: site.published,
            })
            .collect();
        SiteRules::new(&rules)
    }

    /// Reads `text`; `origin` is the file name that errors show.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SettingsError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().unwrap_or(Range { start: 0, end: 0 }).start;
            let before = text.get(..at).unwrap_or_default();
            let message = error.message().to_owned();
            SettingsError::File {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                hint: nearest_key(&message),
                message,
            }
        })
    }

    /// Applies the `COPYTASTER_*` variables that `lookup` knows.
    pub fn apply_environment(&mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<(), SettingsError> {
        if let Some(value) = lookup("COPYTASTER_ALLOW_PRIVATE") {
            self.fetch.allow_private =
                value.split(',').map(str::trim).filter(|range| !range.is_empty()).map(str::to_owned).collect();
        }
        for (name, field) in [
            ("COPYTASTER_USER_AGENT_CONTACT", &mut self.fetch.user_agent_contact),
            ("COPYTASTER_DB", &mut self.paths.database),
            ("COPYTASTER_COLOR", &mut self.output.color),
            ("COPYTASTER_TZ", &mut self.output.tz),
            ("COPYTASTER_FORMAT", &mut self.output.format),
        ] {
            if let Some(value) = lookup(name) {
                *field = value;
            }
        }
        if let Some(value) = lookup("COPYTASTER_HOST_SPACING_MS") {
            self.fetch.host_spacing_ms = value.trim().parse().map_err(|_| SettingsError::Environment {
                name: "COPYTASTER_HOST_SPACING_MS".to_owned(),
                value: value.clone(),
                message: "expected a whole number of milliseconds".to_owned(),
            })?;
        }
        Ok(())
    }
}

/// Reads `48h`, `5m`, `30s`, `2d` or `1w`.
pub fn parse_duration(text: &str) -> Result<Duration, SettingsError> {
    let wrong = || SettingsError::Duration(text.to_owned());
    let trimmed = text.trim();
    let unit = trimmed.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number: u64 = trimmed[..trimmed.len() - 1].trim().parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// Where the configuration file is looked for.
pub fn config_path(lookup: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    place(&lookup, "COPYTASTER_CONFIG", "XDG_CONFIG_HOME", ".config", "config.toml")
}

/// Where the database is unless told otherwise.
pub fn database_path(lookup: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    place(&lookup, "COPYTASTER_DB", "XDG_DATA_HOME", ".local/share", "copytaster.db")
}

fn place(
    lookup: &impl Fn(&str) -> Option<String>,
    own: &str,
    xdg: &str,
    under_home: &str,
    file: &str,
) -> Option<PathBuf> {
    let set = |name: &str| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set(own) {
        return Some(path);
    }
    // The XDG specification has relative paths ignored.
    let base = set(xdg).filter(|path| path.is_absolute()).or_else(|| set("HOME").map(|home| home.join(under_home)))?;
    Some(base.join("copytaster").join(file))
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

/// "; did you mean `x`?" from serde's "unknown field `a`, expected one of `b`, `c`".
fn nearest_key(message: &str) -> String {
    if !message.starts_with("unknown field") {
        return String::new();
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else { return String::new() };
    // No key is meant by a word that has more letters wrong than right.
    let is_alike = |key: &&str| 2 * strsim::levenshtein(wrong, key) <= wrong.len().max(key.len());
    match quoted.filter(is_alike).min_by_key(|key| strsim::levenshtein(wrong, key)) {
        Some(key) => format!("; did you mean `{key}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_the_defaults() {
        assert_eq!(Settings::parse(DEFAULT_TOML, "default.toml"), Ok(Settings::default()));
        assert_eq!(Settings::parse("", "none"), Ok(Settings::default()));
    }

    #[test]
    fn the_fetcher_starts_with_the_same() {
        let (settings, options) = (Settings::default().fetch, crate::fetch::FetchOptions::default());
        let bytes = [options.max_feed_bytes, options.max_page_bytes].map(|n| u64::try_from(n).unwrap());
        assert_eq!([settings.max_feed_bytes, settings.max_page_bytes], bytes);
        assert_eq!(settings.total_timeout_s, options.total_timeout_s);
        assert_eq!(settings.host_spacing_ms, options.host_spacing_ms);
        assert_eq!(
            (settings.max_concurrency, settings.per_host_concurrency, settings.respect_robots),
            (options.max_concurrency, options.per_host_concurrency, options.respect_robots)
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_file_line_and_neighbor() {
        let text = Settings::parse("[fetch]\n\nhost_spacing = 5\n", "c.toml").unwrap_err().to_string();
        assert!(text.starts_with("c.toml:3: unknown field `host_spacing`"), "{text}");
        assert!(text.ends_with("did you mean `host_spacing_ms`?"), "{text}");
        let text = Settings::parse("[fetch]\nfoo = 5\n", "c.toml").unwrap_err().to_string();
        assert!(text.contains("unknown field `foo`") && !text.contains("did you mean"), "{text}");
        let text = Settings::parse("[schedule]\nmin_interval = \"soon\"\n", "c.toml").unwrap_err().to_string();
        assert!(text.starts_with("c.toml:2: `soon` is not a duration"), "{text}");
    }

    #[test]
    fn sites_have_selectors() {
        let text = "[[site]]\ndomain = \"ledger.example\"\nbody = \".text\"\nremove = [\".box\"]\n";
        assert!(Settings::parse(text, "c.toml").unwrap().site_rules().is_ok());
        let wrong = text.replace(".box", ".box >");
        let error = Settings::parse(&wrong, "c.toml").unwrap().site_rules().unwrap_err();
        assert!(error.to_string().contains("ledger.example: remove"), "{error}");
        assert!(Settings::parse("[[site]]\nbody = \".text\"\n", "c.toml").is_err(), "a rule needs a domain");
    }

    #[test]
    fn marks_are_checked_where_they_stand() {
        let text = "[[mark]]\nkind = \"correction\"\nword = \" Nachtrag\"\n";
        let mark = MarkSettings { kind: MarkKind::Correction, word: "nachtrag".to_owned() };
        assert_eq!(Settings::parse(text, "c.toml").unwrap().mark, [mark]);
        for (from, to, expected) in [
            ("correction", "joke", "c.toml:2: unknown kind of mark `joke`, expected `opinion`, `opinion-section`"),
            (" Nachtrag", " ", "c.toml:3: the word of a mark is empty"),
        ] {
            let error = Settings::parse(&text.replace(from, to), "c.toml").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn durations() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(parse_duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        };
        check("48h", Some(172_800));
        check("5m", Some(300));
        check("", None);
        check("5", None);
        check("-5m", None);
        check("5é", None);
        check("99999999999999999999w", None);
    }

    #[test]
    fn environment_and_places() {
        let mut settings = Settings::default();
        let known = |name: &str| (name == "COPYTASTER_ALLOW_PRIVATE").then(|| "127.0.0.1/32, 10.0.0.0/8,".to_owned());
        settings.apply_environment(known).unwrap();
        assert_eq!(settings.fetch.allow_private, ["127.0.0.1/32", "10.0.0.0/8"]);
        let home = |name: &str| (name == "HOME").then(|| "/h".to_owned());
        assert_eq!(config_path(home), Some(PathBuf::from("/h/.config/copytaster/config.toml")));
        assert_eq!(database_path(home), Some(PathBuf::from("/h/.local/share/copytaster/copytaster.db")));
    }
}
