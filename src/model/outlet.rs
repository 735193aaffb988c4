//! The outlet register: who publishes under which names and domains.

use std::collections::HashMap;

/// What sort of organisation an outlet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutletKind {
    /// A wire whose copy others publish.
    Agency,
    /// A newspaper.
    Newspaper,
    /// Radio or television.
    Broadcaster,
    /// Publishes on the web only.
    Online,
    /// A magazine.
    Magazine,
    /// Collects what others published.
    Aggregator,
    /// Sells pictures: a credit to it is never a source.
    PhotoAgency,
    /// Not in the register.
    #[default]
    Unknown,
}

impl OutletKind {
    /// The word used in the register, the database and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Newspaper => "newspaper",
            Self::Broadcaster => "broadcaster",
            Self::Online => "online",
            Self::Magazine => "magazine",
            Self::Aggregator => "aggregator",
            Self::PhotoAgency => "photo-agency",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word back; none when it is not one of the known kinds.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Agency,
            Self::Newspaper,
            Self::Broadcaster,
            Self::Online,
            Self::Magazine,
            Self::Aggregator,
            Self::PhotoAgency,
            Self::Unknown,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// One outlet of the register.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlet {
    /// The name shown to people.
    pub name: String,
    /// Domains it publishes under, the primary one first, lower case, without `www.`.
    pub domains: Vec<String>,
    /// Other names, short forms and native-script names.
    pub aliases: Vec<String>,
    /// Names that are also a person, a place or a common word, and so need a cue beside them.
    pub ambiguous_names: Vec<String>,
    /// Words that, next to an ambiguous name, say that the outlet is not meant.
    pub not_beside: Vec<String>,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// BCP 47 language it mostly publishes in.
    pub language: Option<String>,
    /// What sort of organisation it is.
    pub kind: OutletKind,
    /// The register key of the owner whose other outlets count as the same newsroom, if any.
    pub owner: Option<String>,
    /// Feeds the register knows.
    pub feeds: Vec<OutletFeed>,
}

impl Outlet {
    /// The primary domain, which is the outlet's key; empty for an outlet without one.
    #[must_use]
    pub fn key(&self) -> &str {
        self.domains.first().map_or("", String::as_str)
    }
}

/// A feed the register knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutletFeed {
    /// Its address.
    pub url: String,
    /// What it covers, for people.
    pub title: Option<String>,
    /// Where the address was seen, in words.
    pub seen: String,
    /// Off by default when nobody confirmed that it answers.
    pub enabled: bool,
    /// Tags such as `founding-story`.
    pub tags: Vec<String>,
}

/// All outlets, with look-up by domain.
#[derive(Debug, Clone, Default)]
pub struct OutletRegister {
    outlets: Vec<Outlet>,
    by_domain: HashMap<String, usize>,
}

impl OutletRegister {
    /// Builds the register; of two outlets with one domain the first keeps it.
    #[must_use]
    pub fn new(outlets: Vec<Outlet>) -> Self {
        let mut by_domain = HashMap::new();
        for (index, outlet) in outlets.iter().enumerate() {
            for domain in &outlet.domains {
                by_domain.entry(domain.clone()).or_insert(index);
            }
        }
        Self { outlets, by_domain }
    }

    /// The register with more names: each of the outlet with a domain, which is added where the register lacks it.
    #[must_use]
    pub fn with_names<'a>(self, names: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut outlets = self.outlets;
        for (domain, name) in names {
            match outlets.iter_mut().find(|outlet| outlet.domains.iter().any(|own| own == domain)) {
                Some(outlet) => outlet.aliases.push(name.to_owned()),
                None => outlets.push(Outlet {
                    name: name.to_owned(),
                    domains: vec![domain.to_owned()],
                    ..Outlet::default()
                }),
            }
        }
        Self::new(outlets)
    }

    /// All outlets in the order of the register.
    #[must_use]
    pub fn outlets(&self) -> &[Outlet] {
        &self.outlets
    }

    /// The outlet that publishes under `host`: the longest registered domain that is the host or a parent of it.
    ///
    /// `edition.cnn.com` finds `cnn.com`; a registered `press.example.org` wins over `example.org`.
    #[must_use]
    pub fn by_host(&self, host: &str) -> Option<&Outlet> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut rest = host.as_str();
        loop {
            if let Some(&index) = self.by_domain.get(rest) {
                return self.outlets.get(index);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_domain_wins() {
        let outlet = |name: &str, domain: &str| Outlet {
            name: name.to_owned(),
            domains: vec![domain.to_owned()],
            ..Outlet::default()
        };
        let register = OutletRegister::new(vec![outlet("Parent", "example.org"), outlet("Press", "press.example.org")]);
        let check = |host: &str, expected: Option<&str>| {
            assert_eq!(register.by_host(host).map(|outlet| outlet.name.as_str()), expected, "{host}");
        };
        check("www.example.org", Some("Parent"));
        check("M.PRESS.example.org.", Some("Press"));
        check("example.com", None);
        check("", None);
    }
}
