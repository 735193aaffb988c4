//! What a feed document says, after parsing.

use super::time::ClaimedDate;

/// The dialect of a feed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS 0.9x and 2.0.
    Rss,
    /// RSS 0.90 and 1.0 (RDF).
    Rdf,
    /// Atom 0.3 and 1.0.
    Atom,
    /// JSON Feed 1.0 and 1.1.
    Json,
    /// A sitemap with `news:news` entries.
    NewsSitemap,
}

impl FeedKind {
    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "rdf",
            Self::Atom => "atom",
            Self::Json => "json",
            Self::NewsSitemap => "news-sitemap",
        }
    }
}

/// A parsed feed: what the document says, nothing decided yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFeed {
    /// The dialect.
    pub kind: FeedKind,
    /// The feed's title as plain text.
    pub title: Option<String>,
    /// The page the feed belongs to, absolute when a base was known.
    pub link: Option<String>,
    /// BCP 47 language as claimed.
    pub language: Option<String>,
    /// When the feed says it was last changed.
    pub updated: Option<ClaimedDate>,
    /// The URL the feed gives for itself.
    pub self_url: Option<String>,
    /// WebSub hubs.
    pub hubs: Vec<String>,
    /// RSS `ttl`, in minutes.
    pub ttl_minutes: Option<u32>,
    /// RSS `skipHours` (0 to 23, UTC).
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays` (0 Monday to 6 Sunday).
    pub skip_days: Vec<u8>,
    /// Syndication module period divided by its frequency, in minutes.
    pub syndication_minutes: Option<u32>,
    /// Addresses of further documents to read (the sitemaps of a sitemap index).
    pub further: Vec<String>,
    /// The entries in document order.
    pub entries: Vec<ParsedEntry>,
    /// What was repaired or odd, one sentence each.
    pub warnings: Vec<String>,
}

impl ParsedFeed {
    /// A feed of that dialect of which nothing is known yet.
    #[must_use]
    pub fn new(kind: FeedKind) -> Self {
        Self {
            kind,
            title: None,
            link: None,
            language: None,
            updated: None,
            self_url: None,
            hubs: Vec::new(),
            ttl_minutes: None,
            skip_hours: Vec::new(),
            skip_days: Vec::new(),
            syndication_minutes: None,
            further: Vec::new(),
            entries: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// One entry of a feed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParsedEntry {
    /// `guid`, `atom:id` or JSON `id`, as given.
    pub guid: Option<String>,
    /// The guid says of itself, or is known, to be the address of the article.
    pub guid_is_permalink: bool,
    /// The address of the article, absolute when a base was known.
    pub url: Option<String>,
    /// The headline as plain text: markup removed, entities decoded, white space folded.
    pub title: Option<String>,
    /// Names of the authors, without e-mail addresses.
    pub authors: Vec<String>,
    /// The summary as the feed gave it (may be HTML).
    pub summary: Option<String>,
    /// The full content as the feed gave it (may be HTML).
    pub content: Option<String>,
    /// First publication as claimed.
    pub published: Option<ClaimedDate>,
    /// Last change as claimed.
    pub updated: Option<ClaimedDate>,
    /// Categories.
    pub tags: Vec<String>,
    /// The feed the entry was taken from (`source`), for aggregators.
    pub source: Option<EntrySource>,
    /// BCP 47 language as claimed by the entry.
    pub language: Option<String>,
    /// `media:credit` values.
    pub media_credits: Vec<String>,
    /// `dc:rights` or `atom:rights`.
    pub rights: Option<String>,
}

/// Where an aggregated entry says it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntrySource {
    /// Title of the source feed.
    pub title: Option<String>,
    /// Address of the source feed or outlet.
    pub url: Option<String>,
}
