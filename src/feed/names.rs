//! Which namespace an element belongs to, and what its name means for a feed.

/// The vocabularies feeds use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of all versions, CDF, sitemaps, and elements without a namespace.
    Plain,
    /// Atom 0.3 and 1.0.
    Atom,
    /// Dublin Core, elements and terms.
    DublinCore,
    /// RSS 1.0's content module.
    Content,
    /// Media RSS.
    Media,
    /// Podcast elements.
    Itunes,
    /// RSS 1.0's syndication module.
    Syndication,
    /// Sitemap news.
    News,
    /// XHTML.
    Xhtml,
    /// RDF.
    Rdf,
    /// Everything else.
    Other,
}

impl Space {
    /// The vocabulary of a namespace name, however its address is spelled; none when it is not known.
    pub(super) fn of(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        let key = lower.trim_end_matches(['/', '#']);
        let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
        Some(match key {
            "" => Self::Plain,
            "www.w3.org/2005/atom" | "purl.org/atom/ns" | "purl.org/atom" => Self::Atom,
            "purl.org/rss/1.0"
            | "purl.org/net/rss1.1"
            | "my.netscape.com/rdf/simple/0.9"
            | "channel.netscape.com/rdf/simple/0.9"
            | "my.netscape.com/publish/formats/rss-0.91.dtd"
            | "www.sitemaps.org/schemas/sitemap/0.9"
            | "www.google.com/schemas/sitemap/0.84"
            | "www.google.com/schemas/sitemap/0.9" => Self::Plain,
            _ if key.starts_with("backend.userland.com/") || key.starts_with("blogs.law.harvard.edu/tech/rss") => {
                Self::Plain
            }
            "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc/elements" | "purl.org/dc/terms" => {
                Self::DublinCore
            }
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "search.yahoo.com/mrss" | "www.rssboard.org/media-rss" | "tools.search.yahoo.com/mrss" => Self::Media,
            "www.itunes.com/dtds/podcast-1.0.dtd" => Self::Itunes,
            "purl.org/rss/1.0/modules/syndication" => Self::Syndication,
            "www.google.com/schemas/sitemap-news/0.9" | "www.google.com/schemas/sitemap-news/0.84" => Self::News,
            "www.w3.org/1999/xhtml" => Self::Xhtml,
            "www.w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            _ => return None,
        })
    }

    /// The vocabulary a prefix stands for when the document forgets to declare it.
    pub(super) fn of_undeclared_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "" | "rss" => Self::Plain,
            "atom" | "atom10" | "a10" => Self::Atom,
            "dc" | "dcterms" => Self::DublinCore,
            "content" => Self::Content,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "sy" => Self::Syndication,
            "news" => Self::News,
            "xhtml" => Self::Xhtml,
            "rdf" => Self::Rdf,
            _ => Self::Other,
        }
    }
}

/// What the text of an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    MediaTitle,
    Link,
    Id,
    /// With its rank: lower ones win.
    Summary(u8),
    Content,
    /// With its rank: lower ones win.
    Published(u8),
    /// With its rank: lower ones win.
    Updated(u8),
    /// `dc:date`: the date of the last change, and of publication where nothing else tells it.
    DublinCoreDate,
    /// With its rank: lower ones win.
    Author(u8),
    Category,
    Keywords,
    Source,
    SourceName,
    Credit,
    Rights,
    Language,
    Ttl,
    SkipHour,
    SkipDay,
    Period,
    Frequency,
}

impl Field {
    /// Whether the text is prose that may hold any markup; everything else ends where the next element begins.
    pub(super) fn is_prose(self) -> bool {
        matches!(self, Self::Summary(_) | Self::Content | Self::Author(_) | Self::Source)
    }
}

/// The meaning of an element of an entry; `name` in lower case.
pub(super) fn entry_field(space: Space, name: &str) -> Option<Field> {
    Some(match (space, name) {
        (Space::Plain | Space::Atom | Space::News | Space::DublinCore, "title") => Field::Title,
        (Space::Media, "title") => Field::MediaTitle,
        (Space::Plain | Space::Atom, "link") | (Space::Plain, "loc") => Field::Link,
        (Space::Plain | Space::Atom, "guid" | "id") => Field::Id,
        (Space::Plain | Space::Atom, "description" | "summary" | "abstract") => Field::Summary(0),
        (Space::DublinCore, "description") => Field::Summary(1),
        (Space::Itunes, "summary") => Field::Summary(2),
        (Space::Media, "description" | "text") => Field::Summary(3),
        (Space::Plain | Space::Atom, "content" | "fullitem") | (Space::Content, "encoded") => Field::Content,
        (Space::Plain | Space::Xhtml, "body") => Field::Content,
        (Space::Plain | Space::Atom, "pubdate" | "published") => Field::Published(0),
        (Space::News, "publication_date") => Field::Published(0),
        (Space::Plain | Space::Atom | Space::DublinCore, "issued") => Field::Published(1),
        (Space::DublinCore, "available") => Field::Published(1),
        (Space::Plain | Space::Atom | Space::DublinCore, "created") => Field::Published(2),
        (Space::Plain | Space::Atom, "updated" | "modified" | "lastbuilddate") => Field::Updated(0),
        (Space::DublinCore, "modified") => Field::Updated(1),
        (Space::Plain, "lastmod") => Field::Updated(2),
        (Space::DublinCore, "date") => Field::DublinCoreDate,
        (Space::Plain | Space::Atom, "author" | "managingeditor") => Field::Author(0),
        (Space::DublinCore, "creator" | "author") => Field::Author(0),
        (Space::Itunes, "author") => Field::Author(1),
        (Space::Plain | Space::Atom, "category") | (Space::DublinCore, "subject") => Field::Category,
        (Space::Plain | Space::Itunes | Space::News, "keywords") => Field::Keywords,
        (Space::Plain | Space::Atom, "source") => Field::Source,
        (Space::News, "name") => Field::SourceName,
        (Space::Media, "credit") => Field::Credit,
        (Space::Plain | Space::Atom, "rights" | "copyright") | (Space::DublinCore, "rights") => Field::Rights,
        (Space::Plain | Space::DublinCore | Space::News, "language") => Field::Language,
        _ => return None,
    })
}

/// The meaning of an element of a feed; `name` in lower case.
pub(super) fn feed_field(space: Space, name: &str) -> Option<Field> {
    Some(match (space, name) {
        (Space::Plain, "ttl") => Field::Ttl,
        (Space::Plain, "hour") => Field::SkipHour,
        (Space::Plain, "day") => Field::SkipDay,
        (Space::Syndication, "updateperiod") => Field::Period,
        (Space::Syndication, "updatefrequency") => Field::Frequency,
        (Space::Plain | Space::Atom, "pubdate") => Field::Updated(2),
        _ => entry_field(space, name).filter(|field| {
            matches!(field, Field::Title | Field::Link | Field::Updated(_) | Field::DublinCoreDate | Field::Language)
        })?,
    })
}

/// Elements of a feed whose inside says nothing about the feed itself.
pub(super) fn is_ignored(name: &str) -> bool {
    matches!(name, "image" | "textinput" | "items" | "cloud" | "logo" | "contributor" | "owner")
}
