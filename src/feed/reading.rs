//! The reader of XML: one tolerant pass over the document that keeps what feed-rs drops and never gives up.
//!
//! It knows elements by namespace and place, closes what was left open, takes raw dates, nested markup and
//! permalinks as they stand, and keeps every entry of a document that breaks off. It doesn't recurse, and what it
//! holds is bounded by the document's size.

mod fields;

use std::borrow::Cow;
use std::cell::Cell;

use url::Url;

use self::fields::{push_tag, rank};
use super::names::{self, Field, Space};
use super::{ParseOptions, html};
use crate::model::{ClaimedDate, FeedKind, ParsedEntry, ParsedFeed};
use crate::text::dates;
use crate::text::markup::{self, Tag, Token, Tokens};

/// Open elements beyond this many are read as if they stood at this depth; feeds nest about ten, XHTML in them 40.
const MAX_DEPTH: usize = 128;

/// An entity declared in the document may stand for at most this much text, in bytes.
const MAX_ENTITY: usize = 1024;

/// Entity declarations beyond this many are not looked at.
const MAX_ENTITIES: usize = 300;

/// The versions of RSS that were ever specified.
const RSS_VERSIONS: [&str; 9] = ["0.90", "0.91", "0.92", "0.93", "0.94", "1.0", "2.0", "2.0.1", "2"];

/// All declared entities of a document together may be written out to this much text, in bytes; later ones stay as
/// they are. Feeds that declare entities use them for single characters.
const MAX_ENTITY_TEXT: usize = 1024 * 1024;

/// Namespace declarations in force beyond this many are not looked at; feeds declare about twenty.
const MAX_BINDINGS: usize = 256;

/// Authors, tags or credits of one entry beyond this many are left out; the longest lists of captured feeds have 60.
pub(super) const MAX_LIST: usize = 500;

/// A feed as it was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) feed: ParsedFeed,
    /// Entries in the document, of which at most the number asked for were kept.
    pub(super) n_entries: usize,
}

/// Reads an XML feed; none when nothing in it is the root of one.
pub(super) fn read(text: &str, options: &ParseOptions<'_>) -> Option<Reading> {
    let mut reader = Reader::new(text, options);
    while let Some(token) = reader.step() {
        reader.take(token);
    }
    reader.finish()
}

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Feed,
    Entry,
    /// A sitemap named by a sitemap index.
    Sitemap,
    /// Something about the feed that is not the feed.
    Ignored,
}

/// An open element.
#[derive(Debug)]
struct Frame<'a> {
    name: &'a str,
    place: Place,
    n_bindings: usize,
    n_bases: usize,
}

/// A field whose end has not come yet.
#[derive(Debug)]
struct Capture<'a> {
    field: Field,
    tag: Tag<'a>,
    space: Space,
    start: usize,
    /// Index of its frame.
    depth: usize,
    has_markup: bool,
    is_plain: bool,
}

/// A claim with its rank: lower ones win, readable ones before unreadable ones.
type Ranked<T> = Option<(u8, T)>;

#[derive(Debug, Default)]
struct Draft {
    entry: ParsedEntry,
    published: Ranked<ClaimedDate>,
    updated: Ranked<ClaimedDate>,
    dublin_core: Option<ClaimedDate>,
    summary: Ranked<String>,
    /// `media:title`, for entries without a title of their own.
    media_title: Option<String>,
    authors: Ranked<Vec<String>>,
    about: Option<String>,
    /// Where the content lies when it is not in the feed.
    content_source: Option<String>,
    is_news: bool,
    /// The link found says that a page lies there.
    url_is_page: bool,
}

struct Reader<'a> {
    /// Entries read, kept or not.
    n_entries: usize,
    /// Bytes of declared entities written out so far.
    n_entity_bytes: Cell<usize>,
    n_bare_ampersands: Cell<usize>,
    text: &'a str,
    tokens: Tokens<'a>,
    options: &'a ParseOptions<'a>,
    feed: ParsedFeed,
    is_feed: bool,
    is_index: bool,
    kind: FeedKind,
    feed_updated: Ranked<ClaimedDate>,
    period: Option<u32>,
    frequency: Option<u32>,
    stack: Vec<Frame<'a>>,
    n_too_deep: usize,
    bindings: Vec<(&'a str, Space)>,
    bases: Vec<Url>,
    /// The feed's own address or page, where nothing else gives a base.
    fallback_base: Option<Url>,
    capture: Option<Capture<'a>>,
    draft: Option<Draft>,
    entities: Vec<(&'a str, &'a str)>,
    /// Elements closed in the wrong place or not at all.
    n_closed: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, options: &'a ParseOptions<'a>) -> Self {
        Self {
            n_entries: 0,
            n_entity_bytes: Cell::new(0),
            n_bare_ampersands: Cell::new(0),
            text,
            tokens: Tokens::new(text),
            options,
            feed: ParsedFeed::new(FeedKind::Rss),
            is_feed: false,
            is_index: false,
            kind: FeedKind::Rss,
            feed_updated: None,
            period: None,
            frequency: None,
            stack: Vec::new(),
            n_too_deep: 0,
            bindings: Vec::new(),
            bases: options.base_url.and_then(|base| Url::parse(base).ok()).into_iter().collect(),
            fallback_base: None,
            capture: None,
            draft: None,
            entities: Vec::new(),
            n_closed: 0,
        }
    }

    /// The next token, with its position.
    fn step(&mut self) -> Option<(usize, Token<'a>)> {
        let at = self.tokens.position();
        self.tokens.next().map(|token| (at, token))
    }

    fn take(&mut self, (at, token): (usize, Token<'a>)) {
        match token {
            Token::Start(tag) => self.start(at, tag),
            Token::End(name) => self.end(at, name),
            Token::Doctype(inside) => self.declare(inside),
            Token::CData(_) | Token::Aside => {
                if let Some(capture) = &mut self.capture {
                    capture.is_plain = false;
                }
            }
            Token::Text(_) => {}
        }
    }

    fn place(&self) -> Place {
        self.stack.last().map_or(Place::Outside, |frame| frame.place)
    }

    fn space(&self, prefix: &str) -> Space {
        let bound = self.bindings.iter().rev().find(|(bound, _)| *bound == prefix);
        bound.map_or_else(|| Space::of_undeclared_prefix(prefix), |(_, space)| *space)
    }

    fn start(&mut self, at: usize, tag: Tag<'a>) {
        let (prefix, local) = tag.name.split_once(':').unwrap_or(("", tag.name));
        let lower = lower_case(local);
        if let Some(capture) = &mut self.capture {
            if !ends_field(capture.field, &lower) {
                capture.has_markup = true;
                if !tag.is_empty {
                    self.push(tag.name, Place::Ignored, (self.bindings.len(), self.bases.len()));
                }
                return;
            }
            let depth = capture.depth;
            self.n_closed += 1;
            self.close_to(depth, at);
        }
        let before = (self.bindings.len(), self.bases.len());
        if tag.has_attributes() && self.stack.len() < MAX_DEPTH {
            self.bind(&tag);
        }
        let space = self.space(prefix);
        let place = self.enter(&tag, space, &lower);
        if tag.is_empty {
            if place == Place::Entry && self.place() != Place::Entry {
                self.end_entry();
            }
            self.bindings.truncate(before.0);
            self.bases.truncate(before.1);
            return;
        }
        let field = match self.place() {
            Place::Entry => names::entry_field(space, &lower),
            Place::Feed => names::feed_field(space, &lower),
            Place::Sitemap => names::entry_field(space, &lower).filter(|field| *field == Field::Link),
            Place::Outside | Place::Ignored => None,
        };
        self.push(tag.name, place, before);
        if let Some(field) = field.filter(|_| self.n_too_deep == 0) {
            let (start, depth) = (self.tokens.position(), self.stack.len().saturating_sub(1));
            self.capture = Some(Capture { field, tag, space, start, depth, has_markup: false, is_plain: true });
        }
    }

    /// Opens what the element is; returns where its children stand.
    fn enter(&mut self, tag: &Tag<'a>, space: Space, name: &str) -> Place {
        let is_ours = matches!(space, Space::Plain | Space::Atom | Space::Rdf);
        match (name, self.place()) {
            ("item" | "entry", Place::Entry) if is_ours && tag.is_empty => {
                self.keep(ParsedEntry::default());
                Place::Entry
            }
            ("item" | "entry", Place::Entry) if is_ours => {
                // The previous entry was never closed.
                if let Some(open) = self.stack.iter().rposition(|frame| frame.place != Place::Entry) {
                    self.n_closed += 1;
                    self.close_to(open + 1, self.tokens.position());
                }
                self.begin_entry(tag)
            }
            ("item" | "entry", _) if is_ours => {
                self.root(if name == "entry" && !self.is_feed { FeedKind::Atom } else { self.kind });
                self.begin_entry(tag)
            }
            ("rss", Place::Outside) => {
                if tag.attribute("version").is_none_or(|version| !RSS_VERSIONS.contains(&version.trim())) {
                    self.feed.warnings.push("the version of RSS is missing or none that exists".to_owned());
                }
                self.root(FeedKind::Rss)
            }
            ("rdf", Place::Outside) => self.root(FeedKind::Rdf),
            ("feed", Place::Outside) => self.root(FeedKind::Atom),
            ("urlset", Place::Outside) => self.root(FeedKind::NewsSitemap),
            ("sitemapindex", Place::Outside) => {
                self.is_index = true;
                self.root(FeedKind::NewsSitemap)
            }
            ("channel", Place::Outside | Place::Feed) if is_ours => {
                let place = self.root(self.kind);
                self.channel_attributes(tag);
                place
            }
            ("url", Place::Feed) if self.kind == FeedKind::NewsSitemap => self.begin_entry(tag),
            ("sitemap", Place::Feed) if self.is_index => Place::Sitemap,
            ("news", Place::Entry) if space == Space::News => {
                if let Some(draft) = &mut self.draft {
                    draft.is_news = true;
                }
                Place::Entry
            }
            ("link", Place::Feed | Place::Entry) if is_ours => {
                self.link_element(tag);
                self.place()
            }
            ("category", Place::Entry) if is_ours => {
                self.category_attributes(tag);
                Place::Entry
            }
            ("content", Place::Entry) if space != Space::Media => {
                if let Some(source) = tag.attribute("src").map(|source| self.resolve(&source)) {
                    self.draft().content_source.get_or_insert(source);
                }
                Place::Entry
            }
            (_, Place::Feed | Place::Entry) if names::is_ignored(name) => Place::Ignored,
            (_, place) => place,
        }
    }

    fn root(&mut self, kind: FeedKind) -> Place {
        self.is_feed = true;
        self.kind = kind;
        Place::Feed
    }

    fn draft(&mut self) -> &mut Draft {
        self.draft.get_or_insert_default()
    }

    fn begin_entry(&mut self, tag: &Tag<'a>) -> Place {
        self.end_entry();
        let about = tag.attributes().find(|(key, _)| *key == "rdf:about").map(|(_, value)| self.resolve(value));
        let link = tag.attribute("href").map(|link| self.resolve(&link));
        let updated = tag.attribute("lastmod").and_then(|date| self.date(&date));
        let draft = self.draft();
        draft.about = about;
        draft.entry.url = link;
        draft.updated = updated.map(|claim| (0, claim));
        Place::Entry
    }

    /// CDF says on the channel what others say inside.
    fn channel_attributes(&mut self, tag: &Tag<'a>) {
        if let Some(link) = tag.attribute("href") {
            self.feed.link = Some(self.resolve(&link));
        }
        if let Some(claim) = tag.attribute("lastmod").and_then(|date| self.date(&date)) {
            rank(&mut self.feed_updated, 0, claim);
        }
    }

    /// `<link rel="…" href="…">`.
    fn link_element(&mut self, tag: &Tag<'a>) {
        let Some(href) = tag.attribute("href").or_else(|| tag.attribute("rdf:resource")) else { return };
        let relation = tag.attribute("rel").unwrap_or(Cow::Borrowed("alternate"));
        let address = self.resolve(&href);
        if address.is_empty() {
            return;
        }
        let is_page = tag.attribute("type").is_none_or(|kind| kind.contains("html"));
        let is_main = matches!(&*relation, "alternate" | "" | "http://www.iana.org/assignments/relation/alternate");
        match &mut self.draft {
            Some(draft) if is_main && (draft.entry.url.is_none() || is_page && !draft.url_is_page) => {
                draft.entry.url = Some(address);
                draft.url_is_page = is_page;
            }
            Some(_) => {}
            None if is_main && self.feed.link.is_none() => self.feed.link = Some(address),
            None if &*relation == "self" => {
                self.feed.self_url.get_or_insert(address);
            }
            None if &*relation == "hub" => self.feed.hubs.push(address),
            None => {}
        }
    }

    fn category_attributes(&mut self, tag: &Tag<'a>) {
        let tag_name =
            tag.attribute("label").filter(|label| !label.trim().is_empty()).or_else(|| tag.attribute("term"));
        if let Some(name) = tag_name {
            push_tag(&mut self.draft().entry.tags, &name);
        }
    }

    /// Namespaces, base and language an element sets for what it holds.
    fn bind(&mut self, tag: &Tag<'a>) {
        for (key, value) in tag.attributes() {
            let Some(rest) = key.strip_prefix("xml").filter(|_| self.bindings.len() < MAX_BINDINGS) else { continue };
            match rest {
                "ns" => {
                    // A default namespace nobody knows, on the root: somebody's own name for RSS.
                    let unknown = if self.stack.is_empty() { Space::Plain } else { Space::Other };
                    self.bindings.push(("", Space::of(value).unwrap_or(unknown)));
                }
                ":base" => {
                    if let Some(base) = self.absolute(&markup::decode(value)) {
                        self.bases.push(base);
                    }
                }
                ":lang" => self.claim_language(&markup::decode(value)),
                _ => {
                    if let Some(prefix) = rest.strip_prefix("ns:") {
                        self.bindings.push((prefix, Space::of(value).unwrap_or(Space::Other)));
                    }
                }
            }
        }
    }

    fn claim_language(&mut self, language: &str) {
        let language = language.trim();
        if language.is_empty() {
            return;
        }
        match (&mut self.draft, self.stack.len()) {
            (Some(draft), _) => draft.entry.language.get_or_insert_with(|| language.to_owned()),
            (None, 0 | 1) => self.feed.language.get_or_insert_with(|| language.to_owned()),
            (None, _) => return,
        };
    }

    fn push(&mut self, name: &'a str, place: Place, before: (usize, usize)) {
        if self.stack.len() >= MAX_DEPTH {
            self.n_too_deep += 1;
        } else {
            self.stack.push(Frame { name, place, n_bindings: before.0, n_bases: before.1 });
        }
    }

    fn end(&mut self, at: usize, name: &str) {
        if self.n_too_deep > 0 && !self.ends_what_matters(name) {
            self.n_too_deep -= 1;
            return;
        }
        let found = self
            .stack
            .iter()
            .rposition(|frame| frame.name == name)
            .or_else(|| self.stack.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(name)));
        let Some(found) = found else {
            self.n_closed += 1;
            return;
        };
        // A stray end tag inside prose closes no field but its own.
        let crosses = self.capture.as_ref().is_some_and(|capture| found < capture.depth);
        if crosses && !matches!(self.stack[found].place, Place::Entry | Place::Feed | Place::Sitemap) {
            return;
        }
        self.n_closed += usize::from(found + 1 < self.stack.len());
        self.close_to(found, at);
    }

    /// Whether an end tag closes the field being read, or an entry or the feed, whatever lies too deep in it.
    fn ends_what_matters(&self, name: &str) -> bool {
        let field = self.capture.as_ref().map(|capture| capture.depth);
        self.stack.iter().enumerate().any(|(depth, frame)| {
            let is_own = depth > 0 && self.stack[depth - 1].place != frame.place;
            (Some(depth) == field || is_own && frame.place != Place::Ignored) && frame.name.eq_ignore_ascii_case(name)
        })
    }

    /// Closes everything from the frame `depth` on; `at` is where its content ends.
    fn close_to(&mut self, depth: usize, at: usize) {
        self.n_too_deep = 0;
        while self.stack.len() > depth {
            let Some(frame) = self.stack.pop() else { break };
            if self.capture.as_ref().is_some_and(|capture| capture.depth == self.stack.len())
                && let Some(capture) = self.capture.take()
            {
                self.end_field(&capture, at);
            }
            if frame.place == Place::Entry && self.place() != Place::Entry {
                self.end_entry();
            }
            self.bindings.truncate(frame.n_bindings);
            self.bases.truncate(frame.n_bases);
        }
    }

    fn end_entry(&mut self) {
        let Some(mut draft) = self.draft.take() else { return };
        if self.kind == FeedKind::NewsSitemap && !draft.is_news {
            return;
        }
        let entry = &mut draft.entry;
        if entry.guid.is_none() {
            entry.guid = draft.about.take();
            entry.guid_is_permalink = entry.guid.as_deref().is_some_and(is_address);
        }
        let is_claimed = entry.guid_is_permalink;
        entry.guid_is_permalink &= entry.guid.as_deref().is_some_and(is_address);
        if entry.url.is_none() {
            // A `tag:` address can't be fetched, but the feed says that it is the entry's: kept as claimed.
            let claimed = entry.guid.clone().filter(|guid| is_claimed && is_uri(guid));
            entry.url = claimed.clone().filter(|_| entry.guid_is_permalink).or(draft.content_source).or(claimed);
        }
        if entry.title.is_none() {
            entry.title = draft.media_title;
        }
        entry.published = draft.published.map(|(_, claim)| claim).or_else(|| draft.dublin_core.clone());
        entry.updated = draft.updated.map(|(_, claim)| claim).or(draft.dublin_core);
        entry.summary = draft.summary.map(|(_, text)| text);
        entry.authors = draft.authors.map(|(_, names)| names).unwrap_or_default();
        self.keep(draft.entry);
    }

    /// Keeps an entry, as long as there are not too many.
    fn keep(&mut self, entry: ParsedEntry) {
        self.n_entries += 1;
        if self.n_entries <= self.options.max_entries {
            self.feed.entries.push(entry);
        }
    }

    fn date(&self, text: &str) -> Option<ClaimedDate> {
        let text = html::fold(text);
        (!text.is_empty()).then(|| dates::parse(&text, Some(self.options.now)))
    }

    fn base(&self) -> Option<&Url> {
        self.bases.last().or(self.fallback_base.as_ref())
    }

    fn absolute(&self, address: &str) -> Option<Url> {
        match self.base() {
            Some(base) => base.join(address.trim()).ok(),
            None => Url::parse(address.trim()).ok(),
        }
    }

    /// An address made absolute where a base is known; addresses of other kinds (`urn:`, `tag:`) stay as they are.
    fn resolve(&self, address: &str) -> String {
        let address: String = address.split_ascii_whitespace().collect::<Vec<_>>().join("%20");
        if is_address(&address) || address.is_empty() {
            return address;
        }
        match self.base().and_then(|base| base.join(&address).ok()) {
            Some(url) if matches!(url.scheme(), "http" | "https") => url.into(),
            _ => address,
        }
    }

    fn finish(mut self) -> Option<Reading> {
        if !self.is_feed {
            return None;
        }
        let is_open = self.draft.is_some() || self.tokens.is_cut || !self.stack.is_empty();
        let is_worth_keeping =
            |draft: &Draft| draft.entry.title.is_some() && (draft.entry.url.is_some() || draft.entry.guid.is_some());
        if self.draft.as_ref().is_some_and(is_worth_keeping) {
            self.end_entry();
        }
        let feed = &mut self.feed;
        feed.kind = self.kind;
        feed.updated = self.feed_updated.map(|(_, claim)| claim);
        feed.syndication_minutes = self.period.map(|period| period / self.frequency.unwrap_or(1).max(1));
        if is_open {
            feed.warnings.push("the document breaks off; what came before was read".to_owned());
        }
        if self.n_bare_ampersands.get() > 0 {
            let n = self.n_bare_ampersands.get();
            feed.warnings.push(format!("{n} bare ampersands were read as they stand"));
        }
        if self.n_closed > 0 {
            feed.warnings.push(format!("{} elements were closed in the wrong place or not at all", self.n_closed));
        }
        if self.tokens.n_repairs > 0 {
            feed.warnings
                .push(format!("{} pieces of broken markup were read as they were meant", self.tokens.n_repairs));
        }
        Some(Reading { feed: self.feed, n_entries: self.n_entries })
    }

    /// Internal entities, each decoded once and never into one another.
    fn declare(&mut self, inside: &'a str) {
        for declaration in inside.split("<!ENTITY").skip(1) {
            let Some((name, rest)) = declaration.trim_start().split_once(|c: char| c.is_whitespace()) else { continue };
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((value, _)) = rest[1..].split_once(quote) else { continue };
            if value.len() <= MAX_ENTITY && self.entities.len() < MAX_ENTITIES {
                self.entities.push((name, value));
            }
        }
    }

    fn decode(&self, raw: &'a str) -> Cow<'a, str> {
        let declared = |name: &str| {
            let value = self.entities.iter().find(|(declared, _)| *declared == name).map(|(_, value)| *value)?;
            self.n_entity_bytes.set(self.n_entity_bytes.get() + value.len());
            (self.n_entity_bytes.get() <= MAX_ENTITY_TEXT).then_some(value)
        };
        let (text, n_bare) = markup::decode_with(raw, declared);
        self.n_bare_ampersands.set(self.n_bare_ampersands.get() + n_bare);
        text
    }
}

/// Whether an element that begins here means that the field was never closed.
fn ends_field(field: Field, name: &str) -> bool {
    match name {
        "item" | "entry" | "pubdate" | "guid" | "encoded" => true,
        "title" | "link" | "description" | "id" | "updated" | "published" | "author" | "category" | "source"
        | "summary" | "content" | "creator" | "channel" => !field.is_prose(),
        _ => false,
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// An address of any kind: `tag:`, `urn:`.
fn is_uri(text: &str) -> bool {
    !text.contains(char::is_whitespace) && Url::parse(text).is_ok()
}

/// Fills an empty place with a text that says something.
fn insert(slot: &mut Option<String>, text: String) {
    if slot.is_none() && !text.is_empty() {
        *slot = Some(text);
    }
}
