//! What extraction makes of an article page.

use super::time::ClaimedDate;

/// What kind of thing the body text is. Only a complete or truncated body is compared with others in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BodyState {
    /// The article's text.
    Complete,
    /// The feed's summary, taken as a stand-in until the page was scraped.
    Summary,
    /// The first paragraphs, then a paywall.
    PaywalledStub,
    /// A consent layer or a bot challenge instead of the article.
    Consent,
    /// A front page, section or search result.
    Listing,
    /// Something else than an article.
    NotAnArticle,
    /// Letters were shifted to hide the text.
    Scrambled,
    /// The text breaks off.
    Truncated,
    /// No text at all: only a headline is known.
    #[default]
    Missing,
}

impl BodyState {
    /// Every state, for tables and tests.
    pub const ALL: [Self; 9] = [
        Self::Complete,
        Self::Summary,
        Self::PaywalledStub,
        Self::Consent,
        Self::Listing,
        Self::NotAnArticle,
        Self::Scrambled,
        Self::Truncated,
        Self::Missing,
    ];

    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Summary => "summary",
            Self::PaywalledStub => "paywalled-stub",
            Self::Consent => "consent",
            Self::Listing => "listing",
            Self::NotAnArticle => "not-an-article",
            Self::Scrambled => "scrambled",
            Self::Truncated => "truncated",
            Self::Missing => "missing",
        }
    }

    /// Reads the stored word back; an unknown word is [`BodyState::Missing`].
    #[must_use]
    pub fn from_stored(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == word).unwrap_or_default()
    }

    /// Whether the body is text of the article that may be compared with other articles.
    #[must_use]
    pub fn is_article_text(self) -> bool {
        matches!(self, Self::Complete | Self::Summary | Self::PaywalledStub | Self::Truncated)
    }
}

/// A link in the running text of an article.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutgoingLink {
    /// Absolute address.
    pub url: String,
    /// The text of the anchor.
    pub anchor: String,
    /// The sentence the anchor stands in.
    pub sentence: String,
}

/// HTML turned into text and metadata.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExtractedArticle {
    /// The address the page was fetched from.
    pub url: String,
    /// The headline without the outlet's name.
    pub title: Option<String>,
    /// Author names.
    pub authors: Vec<String>,
    /// First publication as claimed by the page.
    pub published: Option<ClaimedDate>,
    /// Last change as claimed by the page.
    pub updated: Option<ClaimedDate>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// The outlet's name as the page gives it (`og:site_name`, publisher) or as the register knows its domain.
    pub outlet: Option<String>,
    /// The canonical address the page names, absolute.
    pub canonical_url: Option<String>,
    /// The page's twin for AMP readers, absolute.
    pub amp_url: Option<String>,
    /// Whether the page says that everybody may read the whole text (`isAccessibleForFree`, a content tier); none when it
    /// doesn't say.
    pub is_free: Option<bool>,
    /// The article's text, one paragraph a line; empty when there is none.
    pub body: String,
    /// What the body is.
    pub state: BodyState,
    /// Links of the running text.
    pub links: Vec<OutgoingLink>,
    /// Agency names, datelines and credit lines found outside the running text (bylines, `isBasedOn`, `syndication-source`).
    pub credit_lines: Vec<String>,
    /// Sections and keywords.
    pub tags: Vec<String>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}
