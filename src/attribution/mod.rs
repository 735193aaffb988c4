//! Phrases, bylines, credit lines and links in an article that credit an outlet. Pure: text in, attributions out.
//!
//! Names and words of the lexicon are found in one pass of one automaton over the folded line; a grammar of patterns
//! then reads what a name is to the words around it.

mod fold;
mod grammar;
mod index;
mod introduced;
mod lexicon;
mod marks;
mod mention;
mod names;
mod publisher;
mod scan;
mod stored;
mod surroundings;
mod tokens;

use crate::model::OutgoingLink;

pub use index::{AttributionIndex, LexiconError};
pub use lexicon::{AgencyPhrase, Cue, Lexicon, MarkKind, RoleMark, WordClass, WordList};
pub use scan::attributions;
pub use stored::StoredOutlets;

/// What sort of credit an attribution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributionKind {
    /// "X reported", "according to X": the reporting is X's.
    OriginalReport,
    /// "told X": a statement made to X.
    QuoteToOutlet,
    /// An agency dateline, byline or credit line.
    AgencyByline,
    /// The byline of another outlet whose text is published under licence.
    LicensedByline,
    /// "Translated from X".
    TranslationCredit,
    /// A link in the running text to an article of X.
    Link,
    /// X is denied or doubted.
    Denial,
    /// A picture of X's; not a source.
    PhotoCredit,
    /// The outlet speaks of itself; not a source.
    SelfReference,
}

impl AttributionKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::OriginalReport,
        Self::QuoteToOutlet,
        Self::AgencyByline,
        Self::LicensedByline,
        Self::TranslationCredit,
        Self::Link,
        Self::Denial,
        Self::PhotoCredit,
        Self::SelfReference,
    ];

    /// The word used in the database, in `config/attribution.toml` and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OriginalReport => "original-report",
            Self::QuoteToOutlet => "quote-to-outlet",
            Self::AgencyByline => "agency-byline",
            Self::LicensedByline => "licensed-byline",
            Self::TranslationCredit => "translation-credit",
            Self::Link => "link",
            Self::Denial => "denial",
            Self::PhotoCredit => "photo-credit",
            Self::SelfReference => "self-reference",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the credited outlet is a source of the article's reporting.
    #[must_use]
    pub fn is_source(self) -> bool {
        !matches!(self, Self::PhotoCredit | Self::SelfReference | Self::Denial)
    }
}

/// One credit found in an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// What sort of credit.
    pub kind: AttributionKind,
    /// The register's name, or the name as written where the register doesn't know it.
    pub outlet_name: String,
    /// The outlet's primary domain, when the register knows it.
    pub outlet_domain: Option<String>,
    /// The words that gave it away.
    pub cue: String,
    /// The sentence, for people.
    pub sentence: String,
}

impl Attribution {
    /// Whether the credit names an outlet: "the newspaper" whose antecedent nobody found names none.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.outlet_domain.is_some() || is_outlet_name(&self.outlet_name)
    }
}

/// Whether a name as written can be an outlet's, other than a noun that stands for one.
#[must_use]
pub fn is_outlet_name(name: &str) -> bool {
    name.contains('.') || !name.chars().next().is_some_and(char::is_lowercase)
}

/// The text and marks of one article.
#[derive(Debug, Clone, Copy)]
pub struct CreditedText<'a> {
    /// Headline.
    pub title: &'a str,
    /// Body, one paragraph a line.
    pub body: &'a str,
    /// Byline as claimed.
    pub byline: &'a str,
    /// Credit lines found outside the running text.
    pub credit_lines: &'a [String],
    /// Links of the running text.
    pub links: &'a [OutgoingLink],
    /// The primary domain of the publishing outlet.
    pub publisher_domain: Option<&'a str>,
    /// BCP 47 language, when known.
    pub language: Option<&'a str>,
    /// Outlets of the database that the register doesn't know.
    pub stored: &'a StoredOutlets,
}
