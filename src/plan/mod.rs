//! Old state, input and now to what is written; no I/O.
//!
//! Every decision of a run is a function here that returns a plain plan; the store applies it in one transaction.

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
