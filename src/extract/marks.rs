//! What an element's name, class and id say about its text.
//!
//! Words, not substrings, are looked at: `articleBody`, `article-body` and `article__body` are the same two words, and
//! `subscribe` is not found in `transubscription`. A mark is only a hint; [`super::page`] lifts the ones that would
//! throw most of a page's text away.

use std::collections::HashMap;
use std::sync::LazyLock;

use scraper::node::Element;

/// A set of hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks(u32);

impl Marks {
    pub(super) const NONE: Self = Self(0);
    /// Related links, newsletter boxes, share bars: something beside the article.
    pub(super) const BESIDE: Self = Self(1);
    /// What readers wrote.
    pub(super) const COMMENTS: Self = Self(1 << 1);
    /// A consent layer.
    pub(super) const CONSENT: Self = Self(1 << 2);
    /// Not shown: `hidden`, `display:none`.
    pub(super) const HIDDEN: Self = Self(1 << 3);
    /// `nav`, `footer`, `aside` and their roles.
    pub(super) const FRAME: Self = Self(1 << 4);
    /// A caption or photo credit.
    pub(super) const CAPTION: Self = Self(1 << 5);
    /// A byline or the line of time and place above the text.
    pub(super) const BYLINE: Self = Self(1 << 6);
    /// `header`, or a class that says so.
    pub(super) const HEADER: Self = Self(1 << 7);
    /// The sentence between headline and text.
    pub(super) const STANDFIRST: Self = Self(1 << 8);
    /// `itemprop=articleBody`.
    pub(super) const DECLARED_BODY: Self = Self(1 << 9);
    /// A class such as `article-body`.
    pub(super) const NAMED_BODY: Self = Self(1 << 10);
    /// `article`.
    pub(super) const ARTICLE: Self = Self(1 << 11);
    /// `main`.
    pub(super) const MAIN: Self = Self(1 << 12);
    /// `figure`.
    pub(super) const FIGURE: Self = Self(1 << 13);
    /// `table`, `blockquote` or `pre`, which a figure may hold as text.
    pub(super) const TEXT_BLOCK: Self = Self(1 << 14);
    /// What stands behind a paywall's offer.
    pub(super) const PAYWALL: Self = Self(1 << 15);
    /// Another article, listed with its own headline.
    pub(super) const TEASER: Self = Self(1 << 17);

    /// A post of a social network or another page's frame.
    pub(super) const EMBED: Self = Self(1 << 18);

    /// A small element around a picture, which mostly holds its caption.
    pub(super) const PICTURE: Self = Self(1 << 19);

    /// One of several alike, each with a headline that leads to another page: mostly another article, but lists of the
    /// best and overviews have them, too.
    pub(super) const CARD: Self = Self(1 << 21);

    /// Dates, signs or names the article.
    pub(super) const NOTE: Self = Self(1 << 20);

    /// Marks whose text is not the article's.
    pub(super) const JUNK: Self = Self(
        Self::BESIDE.0
            | Self::COMMENTS.0
            | Self::CONSENT.0
            | Self::HIDDEN.0
            | Self::FRAME.0
            | Self::CAPTION.0
            | Self::BYLINE.0
            | Self::TEASER.0
            | Self::EMBED.0
            | Self::PICTURE.0
            | Self::PAYWALL.0,
    );

    /// Marks of what others wrote: names and dates in it are not the article's.
    pub(super) const OTHERS: Self =
        Self(Self::COMMENTS.0 | Self::TEASER.0 | Self::CARD.0 | Self::CONSENT.0 | Self::EMBED.0);

    /// Marks by words that also name whole pages (`newsletter`, `paywall`, `popular`).
    pub(super) const DOUBTFUL: Self =
        Self(Self::BESIDE.0 | Self::PAYWALL.0 | Self::TEASER.0 | Self::EMBED.0 | Self::BYLINE.0 | Self::HEADER.0);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Beginnings of words in a class or id, by what they mark.
const BEGINNINGS: &[(&str, Marks)] = &[
    ("related", Marks::BESIDE),
    ("recommend", Marks::BESIDE),
    ("recirc", Marks::BESIDE),
    ("newsletter", Marks::BESIDE),
    ("share", Marks::BESIDE),
    ("sharing", Marks::BESIDE),
    ("social", Marks::BESIDE),
    ("promo", Marks::BESIDE),
    ("advert", Marks::BESIDE),
    ("sponsor", Marks::BESIDE),
    ("sidebar", Marks::BESIDE),
    ("breadcrumb", Marks::BESIDE),
    ("readmore", Marks::BESIDE),
    ("readalso", Marks::BESIDE),
    ("subscri", Marks::BESIDE),
    ("popup", Marks::BESIDE),
    ("modal", Marks::BESIDE),
    ("outbrain", Marks::BESIDE),
    ("taboola", Marks::BESIDE),
    ("trending", Marks::BESIDE),
    ("popular", Marks::BESIDE),
    ("mostread", Marks::BESIDE),
    ("mostpopular", Marks::BESIDE),
    ("copyright", Marks::BESIDE),
    ("disclaimer", Marks::BESIDE),
    ("signup", Marks::BESIDE),
    ("login", Marks::BESIDE),
    ("toolbar", Marks::BESIDE),
    ("navigation", Marks::BESIDE),
    ("navbar", Marks::BESIDE),
    ("menu", Marks::BESIDE),
    ("footer", Marks::BESIDE),
    ("pagination", Marks::BESIDE),
    ("pager", Marks::BESIDE),
    ("taglist", Marks::BESIDE),
    ("tagcloud", Marks::BESIDE),
    ("banner", Marks::BESIDE),
    ("slideshow", Marks::BESIDE),
    ("overlay", Marks::BESIDE),
    ("lightbox", Marks::BESIDE),
    ("tooltip", Marks::BESIDE),
    ("flyout", Marks::BESIDE),
    ("interstitial", Marks::BESIDE),
    ("donat", Marks::BESIDE),
    ("jp-", Marks::BESIDE),
    ("addtoany", Marks::BESIDE),
    ("twitter", Marks::EMBED),
    ("tweet", Marks::EMBED),
    ("instagram", Marks::EMBED),
    ("tiktok", Marks::EMBED),
    ("embed", Marks::EMBED),
    ("teaser", Marks::TEASER),
    ("paywall", Marks::PAYWALL),
    ("piano", Marks::PAYWALL),
    ("comment", Marks::COMMENTS),
    ("disqus", Marks::COMMENTS),
    ("cookie", Marks::CONSENT),
    ("consent", Marks::CONSENT),
    ("gdpr", Marks::CONSENT),
    ("onetrust", Marks::CONSENT),
    ("didomi", Marks::CONSENT),
    ("usercentrics", Marks::CONSENT),
    ("caption", Marks::CAPTION),
    ("byline", Marks::BYLINE),
    ("author", Marks::BYLINE),
    ("standfirst", Marks::STANDFIRST),
    ("subheadline", Marks::STANDFIRST),
    ("subtitle", Marks::STANDFIRST),
];

/// Whole words in a class or id.
const WORDS: &[(&str, Marks)] = &[
    ("nav", Marks::BESIDE),
    ("ad", Marks::BESIDE),
    ("ads", Marks::BESIDE),
    ("adbox", Marks::BESIDE),
    ("adsbygoogle", Marks::BESIDE),
    ("tags", Marks::BESIDE),
    ("rating", Marks::BESIDE),
    ("ratings", Marks::BESIDE),
    ("noprint", Marks::BESIDE),
    ("toc", Marks::BESIDE),
    ("cta", Marks::BESIDE),
    ("sr", Marks::NONE),
    ("credit", Marks::CAPTION),
    ("credits", Marks::CAPTION),
    ("bio", Marks::BYLINE),
    ("timestamp", Marks::BYLINE),
    ("meta", Marks::BYLINE),
    ("dek", Marks::STANDFIRST),
    ("lede", Marks::STANDFIRST),
    ("header", Marks::HEADER),
    ("hidden", Marks::HIDDEN),
];

/// Two words in a row.
const PAIRS: &[(&str, &str, Marks)] = &[
    ("read", "more", Marks::BESIDE),
    ("read", "also", Marks::BESIDE),
    ("read", "next", Marks::BESIDE),
    ("most", "read", Marks::BESIDE),
    ("most", "viewed", Marks::BESIDE),
    ("see", "also", Marks::BESIDE),
    ("also", "read", Marks::BESIDE),
    ("also", "like", Marks::BESIDE),
    ("up", "next", Marks::BESIDE),
    ("sign", "up", Marks::BESIDE),
    ("more", "on", Marks::BESIDE),
    ("more", "stories", Marks::BESIDE),
    ("more", "news", Marks::BESIDE),
    ("tag", "list", Marks::BESIDE),
    ("post", "tag", Marks::BESIDE),
    ("sr", "only", Marks::HIDDEN),
    ("visually", "hidden", Marks::HIDDEN),
    ("screen", "reader", Marks::HIDDEN),
];

/// Words that stand for the article in the name of its body.
const SUBJECTS: &[&str] = &[
    "article", "post", "story", "entry", "news", "content", "body", "page", "blog", "text", "detail", "single", "art",
    "artikel", "articulo", "articolo", "noticia", "nota", "materia", "field", "main",
];

/// Words that stand for its running text.
const PARTS: &[&str] = &["body", "content", "text", "copy", "maintext", "fulltext", "texto", "corps", "inhalt"];

/// Body names written as one word.
const BODIES: &[&str] = &[
    "articlebody",
    "storybody",
    "postbody",
    "entrycontent",
    "postcontent",
    "articletext",
    "bodytext",
    "articlecontent",
    "newstext",
    "storytext",
    "storycontent",
    "richtext",
    "prose",
    "newscontent",
    "textcontent",
    "maincontent",
    "artibody",
    "endtext",
    "postentry",
    "bodycopy",
];

/// Hints of the classes of a page, which repeat.
#[derive(Default)]
pub(super) struct Cache<'a> {
    classes: HashMap<&'a str, Marks>,
}

/// A word of the tables.
struct Entry {
    text: &'static str,
    /// The word has to be no longer.
    is_whole: bool,
    marks: Marks,
}

/// The tables of words by their first letter.
static BY_LETTER: LazyLock<Vec<Vec<Entry>>> = LazyLock::new(|| {
    let mut by_letter: Vec<Vec<Entry>> = Vec::new();
    by_letter.resize_with(26, Vec::new);
    let mut add = |text: &'static str, is_whole: bool, marks: Marks| {
        if let Some(entries) = by_letter.get_mut(letter(text)) {
            entries.push(Entry { text, is_whole, marks });
        }
    };
    for (text, marks) in BEGINNINGS {
        add(text, false, *marks);
    }
    for (text, marks) in WORDS {
        add(text, true, *marks);
    }
    for text in BODIES {
        add(text, true, Marks::NAMED_BODY);
    }
    by_letter
});

fn letter(word: &str) -> usize {
    word.bytes().next().map_or(26, |byte| usize::from(byte.wrapping_sub(b'a')))
}

/// The hints of an element: its name, role, itemprop, and the words of its class and id.
pub(super) fn of<'a>(element: &'a Element, cache: &mut Cache<'a>) -> Marks {
    if element.attrs.is_empty() && matches!(element.name(), "div" | "p" | "span" | "li" | "a" | "ul" | "b" | "strong") {
        return Marks::NONE;
    }
    let name = element.name();
    let mut marks = match name {
        "nav" | "footer" | "aside" | "menu" => Marks::FRAME,
        "dialog" => Marks::HIDDEN,
        "figure" => Marks::FIGURE,
        "figcaption" => Marks::CAPTION,
        "header" => Marks::HEADER,
        "article" => Marks::ARTICLE,
        "main" => Marks::MAIN,
        "table" | "blockquote" | "pre" => Marks::TEXT_BLOCK,
        "time" => Marks::NOTE,
        _ => Marks::NONE,
    };
    // Elements of a page's own are named like classes: `<amp-consent>`, `<newsletter-signup>`.
    let mut words = if name.contains('-') { cached(name, cache) } else { Marks::NONE };
    for (key, value) in element.attrs() {
        match key {
            // React streams parts of a page as hidden elements (`S:1`) that a script puts in place.
            "hidden" if !element.attr("id").is_some_and(|id| id.starts_with("S:")) => {
                marks = marks.with(Marks::HIDDEN);
            }
            "aria-hidden" if value == "true" => marks = marks.with(Marks::HIDDEN),
            "style" if is_hidden_style(value) => marks = marks.with(Marks::HIDDEN),
            "role" => {
                marks = marks.with(match value {
                    "navigation" | "complementary" | "banner" | "contentinfo" | "search" | "menu" | "toolbar" => {
                        Marks::FRAME
                    }
                    "dialog" | "alertdialog" => Marks::CONSENT,
                    "main" => Marks::MAIN,
                    "article" => Marks::ARTICLE,
                    _ => Marks::NONE,
                });
            }
            "itemprop" => {
                if value.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case("articleBody")) {
                    marks = marks.with(Marks::DECLARED_BODY);
                }
                if matches!(value, "author" | "datePublished" | "dateModified" | "dateCreated" | "headline" | "name") {
                    marks = marks.with(Marks::NOTE);
                }
            }
            "rel" if value == "author" => marks = marks.with(Marks::NOTE),
            "datetime" | "pubdate" | "data-timestamp" | "data-utime" => marks = marks.with(Marks::NOTE),
            "class" | "id" => {
                words = words.with(cached(value, cache));
            }
            _ => {}
        }
    }
    // The frame of the page is never junk by its class: `<body class="has-sidebar">`.
    if matches!(name, "html" | "body" | "main" | "article") {
        words = words.without(Marks::JUNK.with(Marks::HEADER)).with(words.only(Marks::TEASER));
    }
    if name == "p" {
        // `<p class="paywall">` is the text behind it.
        words = words.without(Marks::PAYWALL);
    }
    marks.with(words)
}

/// The hints of a class or id.
pub(super) fn of_text(text: &str) -> Marks {
    of_words(text, &BY_LETTER)
}

/// The hints of a class, id or name.
fn cached<'a>(text: &'a str, cache: &mut Cache<'a>) -> Marks {
    cache.classes.get(text).copied().unwrap_or_else(|| {
        let found = of_words(text, &BY_LETTER);
        cache.classes.insert(text, found);
        found
    })
}

fn is_hidden_style(style: &str) -> bool {
    let mut compact = style.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| byte.to_ascii_lowercase());
    let compact: Vec<u8> = compact.by_ref().take(400).collect();
    compact.windows(12).any(|part| part == b"display:none")
        || compact.windows(17).any(|part| part == b"visibility:hidden")
}

/// A class attribute longer than this is a program's state, in bytes.
const MAX_CLASS: usize = 600;

/// The hints of a class or id.
fn of_words(text: &str, by_letter: &[Vec<Entry>]) -> Marks {
    if text.len() > MAX_CLASS {
        return Marks::NONE;
    }
    let mut marks = if is_note(text) { Marks::NOTE } else { Marks::NONE };
    let mut word = [0_u8; 32];
    let mut previous = [0_u8; 32];
    let (mut length, mut previous_length) = (0, 0);
    let mut last = b' ';
    for byte in text.bytes().chain([b' ']) {
        let is_word = byte.is_ascii_alphanumeric() || byte >= 0x80;
        let starts_hump = byte.is_ascii_uppercase() && last.is_ascii_lowercase();
        if (!is_word || starts_hump) && length > 0 {
            let text = std::str::from_utf8(&word[..length]).unwrap_or_default();
            let before = std::str::from_utf8(&previous[..previous_length]).unwrap_or_default();
            marks = marks.with(of_word(text, before, by_letter));
            (previous, previous_length) = (word, length);
            length = 0;
        }
        if !is_word && byte.is_ascii_whitespace() {
            previous_length = 0;
        }
        if is_word && length < word.len() {
            word[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        last = byte;
    }
    marks
}

/// Whether a class or id is one of a date, an author, or a user of a forum.
fn is_note(text: &str) -> bool {
    let bytes = text.as_bytes();
    // One look at each letter instead of a search for each word.
    bytes.len() < 200
        && bytes.iter().enumerate().any(|(at, first)| {
            let rest = &bytes[at + 1..];
            match first {
                b'a' => rest.starts_with(b"uthor") || rest.starts_with(b"utor"),
                b'A' => rest.starts_with(b"uthor"),
                b'b' | b'B' => rest.starts_with(b"yline"),
                b'd' => rest.starts_with(b"ate") || rest.starts_with(b"atum"),
                b'D' => rest.starts_with(b"ate"),
                b't' | b'T' => rest.starts_with(b"ime"),
                b'p' => rest.starts_with(b"ublished") || rest.starts_with(b"oster"),
                b'f' => rest.starts_with(b"echa"),
                b'u' => rest.starts_with(b"ser"),
                b'n' => rest.starts_with(b"ick"),
                _ => false,
            }
        })
}

fn of_word(word: &str, before: &str, by_letter: &[Vec<Entry>]) -> Marks {
    let mut marks = Marks::NONE;
    for entry in by_letter.get(letter(word)).into_iter().flatten() {
        if word.starts_with(entry.text) && (!entry.is_whole || word.len() == entry.text.len()) {
            marks = marks.with(entry.marks);
        }
    }
    if !before.is_empty() {
        for (first, second, mark) in PAIRS {
            if word == *second && before == *first {
                marks = marks.with(*mark);
            }
        }
        if PARTS.contains(&word) && SUBJECTS.contains(&before) {
            marks = marks.with(Marks::NAMED_BODY);
        }
    }
    marks
}
