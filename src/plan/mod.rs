//! Old state, input and now to what is written; no I/O.
//!
//! Every decision of a run is a function here that returns a plain plan; the store applies it in one transaction.

pub mod body;
pub mod entry;
pub mod import;
pub mod poll;
pub mod scrape;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::{BodyState, ClaimedDate, OutgoingLink};

/// A version of an article about to be stored, unless the current one says the same.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionPlan {
    /// Where it comes from: `feed`, `page` or `import`.
    pub source: &'static str,
    /// Headline.
    pub title: Option<String>,
    /// Byline as claimed.
    pub byline: Option<String>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// Claimed publication.
    pub published: Option<ClaimedDate>,
    /// Claimed change.
    pub updated: Option<ClaimedDate>,
    /// Text, one paragraph a line.
    pub body: Option<String>,
    /// What the text is.
    pub body_state: BodyState,
    /// Credit lines outside the running text.
    pub credit_lines: Vec<String>,
    /// Links of the running text.
    pub links: Vec<OutgoingLink>,
}

impl VersionPlan {
    /// A hash of headline, byline and body: what makes a new version.
    #[must_use]
    pub fn content_hash(&self) -> i64 {
        content_hash(&[self.title.as_deref(), self.byline.as_deref(), self.body.as_deref()])
    }
}

/// Hashes fields so that moving text between them changes the hash; stored as a signed integer.
#[must_use]
pub fn content_hash(fields: &[Option<&str>]) -> i64 {
    let joined = fields.iter().map(|field| field.unwrap_or("\u{0}")).collect::<Vec<_>>().join("\u{1}");
    xxh3_64(joined.as_bytes()).cast_signed()
}

/// What stands between the name of an outlet and that of a feed in a feed's title.
const TITLE_SEPARATORS: [&str; 6] = [" - ", " – ", " — ", " | ", " :: ", " » "];

/// Longer names are slogans, in characters.
const MAX_OUTLET_NAME: usize = 60;

/// The name an outlet gives itself in the title of its feed ("Quay Courier - World", "World | Quay Courier"): the part
/// that its domain spells, else the first. None where nothing is left that could be a name.
#[must_use]
pub fn outlet_name(title: &str, domain: &str) -> Option<String> {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let label = letters(domain.split('.').next().unwrap_or_default());
    let mut parts = vec![title];
    for separator in TITLE_SEPARATORS {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    let is_spelled = |part: &&str| {
        let part = letters(part);
        part.chars().count() > 2 && label.chars().count() > 2 && (part.contains(&label) || label.contains(&part))
    };
    let name = parts.iter().copied().find(is_spelled).or_else(|| parts.first().copied())?.trim();
    let is_name = name.chars().any(char::is_alphabetic) && name.chars().count() <= MAX_OUTLET_NAME;
    is_name.then(|| name.to_owned())
}

/// An outlet as a plan names it: by its key domain, with the register's facts when it is known there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutletPlan {
    /// Primary domain: the key.
    pub domain: String,
    /// Name for people.
    pub name: String,
    /// ISO 3166 country.
    pub country: Option<String>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// The register's word for its kind.
    pub kind: &'static str,
    /// The register knows it.
    pub from_register: bool,
}

impl OutletPlan {
    /// The outlet that publishes under `host`: the register's, else one named after the registrable domain.
    #[must_use]
    pub fn for_host(host: &str, register: &crate::model::OutletRegister) -> Option<Self> {
        if host.is_empty() {
            return None;
        }
        if let Some(outlet) = register.by_host(host) {
            return Some(Self::from_register(outlet));
        }
        let domain = crate::canonical::registrable_domain(host).unwrap_or_else(|| host.to_owned());
        Some(Self { name: domain.clone(), domain, kind: "unknown", ..Self::default() })
    }

    /// The register's outlet.
    #[must_use]
    pub fn from_register(outlet: &crate::model::Outlet) -> Self {
        Self {
            domain: outlet.key().to_owned(),
            name: outlet.name.clone(),
            country: outlet.country.clone(),
            language: outlet.language.clone(),
            kind: outlet.kind.as_str(),
            from_register: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::outlet_name;

    #[test]
    fn an_outlet_is_named_by_its_feeds_title() {
        let check = |title: &str, domain: &str, name: Option<&str>| {
            assert_eq!(outlet_name(title, domain).as_deref(), name, "{title} of {domain}");
        };
        check("Quay Courier - World", "quaycourier.example", Some("Quay Courier"));
        check("World | Quay Courier", "quaycourier.example", Some("Quay Courier"));
        check("Harbor Gazette – Top stories", "127.0.0.1", Some("Harbor Gazette"));
        check("Вестник порта", "vestnik.example", Some("Вестник порта"));
        check("  ", "vestnik.example", None);
        check(&"all the news ".repeat(9), "vestnik.example", None);
    }
}
