//! What a field of a feed or an entry says, once its element has ended.

use std::borrow::Cow;

use url::Url;

use super::{Capture, Draft, MAX_LIST, Place, Ranked, Reader, insert};
use crate::feed::names::{Field, Space};
use crate::feed::{hints, html, person};
use crate::model::{ClaimedDate, EntrySource, FeedKind};
use crate::text::markup::{Tag, Token, Tokens};

/// What a text field says.
enum Value<'a> {
    /// Text as it is.
    Text(Cow<'a, str>),
    /// HTML.
    Html(Cow<'a, str>),
}

impl Value<'_> {
    /// As one line of plain text.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => html::fold(text),
            Self::Html(text) => html::plain(text),
        }
    }

    fn raw(&self) -> &str {
        match self {
            Self::Text(text) | Self::Html(text) => text.trim(),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn end_field(&mut self, capture: &Capture<'a>, at: usize) {
        let raw = &self.text[capture.start.min(at)..at];
        let value = self.value(capture, raw);
        if let Some(draft) = self.draft.take() {
            self.draft = Some(self.entry_field(draft, capture, raw, &value));
        } else {
            self.feed_field(capture.field, &value);
        }
    }

    fn entry_field(&self, mut draft: Draft, capture: &Capture<'a>, raw: &'a str, value: &Value<'a>) -> Draft {
        let entry = &mut draft.entry;
        match capture.field {
            Field::Title => insert(&mut entry.title, value.plain()),
            Field::MediaTitle => insert(&mut draft.media_title, value.plain()),
            Field::Link => {
                let address = self.resolve(value.raw());
                if !address.is_empty() {
                    entry.url = Some(address);
                    draft.url_is_page = true;
                }
            }
            Field::Id if entry.guid.is_none() => {
                let is_permalink = capture
                    .tag
                    .attribute("isPermaLink")
                    .is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"));
                insert(&mut entry.guid, html::fold(value.raw()));
                entry.guid_is_permalink = is_permalink;
            }
            Field::Summary(rank) => {
                let text = self.prose(value);
                match &draft.summary {
                    _ if text.is_empty() => {}
                    Some((0, _)) if rank == 0 => insert(&mut entry.content, text),
                    Some((held, _)) if *held <= rank => {}
                    _ => draft.summary = Some((rank, text)),
                }
            }
            Field::Content => insert(&mut entry.content, self.prose(value)),
            Field::Published(order) => {
                self.date(value.raw()).into_iter().for_each(|claim| rank(&mut draft.published, order, claim))
            }
            Field::Updated(order) => {
                self.date(value.raw()).into_iter().for_each(|claim| rank(&mut draft.updated, order, claim))
            }
            Field::DublinCoreDate => draft.dublin_core = draft.dublin_core.or_else(|| self.date(value.raw())),
            Field::Author(rank) => {
                let name = if capture.has_markup {
                    inner(raw, "name").and_then(|(_, name)| person::name(&self.joined(name)))
                } else {
                    person::name(&value.plain())
                };
                push_author(&mut draft.authors, rank, name);
            }
            Field::Category => push_tag(&mut entry.tags, value.raw()),
            Field::Keywords => value.raw().split(',').for_each(|name| push_tag(&mut entry.tags, name)),
            Field::Source => entry.source = Some(self.source(capture, raw, value)),
            Field::SourceName => entry.source = Some(EntrySource { title: Some(value.plain()), url: None }),
            Field::Credit if entry.media_credits.len() < MAX_LIST => {
                entry.media_credits.extend(Some(value.plain()).filter(|name| !name.is_empty()));
            }
            Field::Rights => insert(&mut entry.rights, value.plain()),
            Field::Language => insert(&mut entry.language, value.plain()),
            _ => {}
        }
        if let Some(language) = capture.tag.attribute("xml:lang") {
            insert(&mut draft.entry.language, language.trim().to_owned());
        }
        draft
    }

    fn feed_field(&mut self, field: Field, value: &Value<'a>) {
        let number = || value.raw().parse::<u32>().ok();
        match field {
            Field::Title => insert(&mut self.feed.title, value.plain()),
            Field::Link if self.place() == Place::Sitemap => self.feed.further.push(self.resolve(value.raw())),
            Field::Link => {
                let address = self.resolve(value.raw());
                self.fallback_base = self.fallback_base.take().or_else(|| Url::parse(&address).ok());
                if !address.is_empty() {
                    self.feed.link = Some(address);
                }
            }
            Field::Updated(order) => {
                self.date(value.raw()).into_iter().for_each(|claim| rank(&mut self.feed_updated, order, claim));
            }
            Field::DublinCoreDate => {
                self.date(value.raw()).into_iter().for_each(|claim| rank(&mut self.feed_updated, 1, claim));
            }
            Field::Language => {
                let language = value.plain();
                if !language.is_empty() {
                    self.feed.language = Some(language);
                }
            }
            Field::Ttl => self.feed.ttl_minutes = number(),
            Field::SkipHour => self.feed.skip_hours.extend(hints::hour(value.raw())),
            Field::SkipDay => self.feed.skip_days.extend(hints::day(value.raw())),
            Field::Period => self.period = hints::period_minutes(value.raw()),
            Field::Frequency => self.frequency = number(),
            _ => {}
        }
    }

    /// What the text of an element is: Atom says it, everybody else means HTML.
    fn value(&self, capture: &Capture<'a>, raw: &'a str) -> Value<'a> {
        let kind = capture.tag.attribute("type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if capture.has_markup {
            let inside = if kind == "xhtml" { html::without_wrapper(raw) } else { raw };
            return Value::Html(Cow::Borrowed(inside));
        }
        let text = if capture.is_plain { self.decode(raw) } else { Cow::Owned(self.joined(raw)) };
        let is_atom = capture.space == Space::Atom || (capture.space == Space::Plain && self.kind == FeedKind::Atom);
        if !is_atom {
            return Value::Html(text);
        }
        let mode = capture.tag.attribute("mode").unwrap_or_default();
        let is_base64 = mode.trim().eq_ignore_ascii_case("base64") || is_binary(&kind);
        if let Some(text) = is_base64.then(|| from_base64(&text)).flatten() {
            return Value::Html(Cow::Owned(text));
        }
        let is_html = kind == "html" || kind.ends_with("/html") || (kind.contains("xhtml") && kind != "xhtml");
        if is_html || (capture.field.is_prose() && html::looks_like_html(&text)) {
            Value::Html(text)
        } else {
            Value::Text(text)
        }
    }

    /// Text and CDATA sections in a row.
    fn joined(&self, raw: &'a str) -> String {
        let mut text = String::with_capacity(raw.len());
        for token in Tokens::new(raw) {
            match token {
                Token::Text(part) => text.push_str(&self.decode(part)),
                Token::CData(part) => text.push_str(part),
                _ => {}
            }
        }
        text
    }

    fn prose(&self, value: &Value<'a>) -> String {
        match value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Html(text) => html::clean(text.trim(), self.base()).into_owned(),
        }
    }

    /// RSS names a source by address and text, Atom by the head of the feed it came from.
    fn source(&self, capture: &Capture<'a>, raw: &'a str, value: &Value<'a>) -> EntrySource {
        if !capture.has_markup {
            let url = capture.tag.attribute("url").map(|url| self.resolve(&url));
            return EntrySource { title: Some(value.plain()).filter(|title| !title.is_empty()), url };
        }
        let links = Tokens::new(raw).filter_map(|token| match token {
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("link") => {
                let is_page = tag.attribute("rel").is_none_or(|relation| &*relation == "alternate");
                tag.attribute("href").map(|href| (!is_page, self.resolve(&href)))
            }
            _ => None,
        });
        let title = inner(raw, "title").map(|(tag, raw)| {
            let has_markup = Tokens::new(raw).any(|token| matches!(token, Token::Start(_)));
            let title = Capture {
                field: Field::Title,
                tag,
                space: Space::Atom,
                start: 0,
                depth: 0,
                has_markup,
                is_plain: false,
            };
            self.value(&title, raw).plain()
        });
        EntrySource { title, url: links.min().map(|(_, url)| url) }
    }
}

/// Takes a date when what is there can't be read or has a higher rank; of equals the last one counts.
pub(super) fn rank(slot: &mut Ranked<ClaimedDate>, rank: u8, claim: ClaimedDate) {
    let is_better = |(held, old): &(u8, ClaimedDate)| (claim.impossible, rank) <= (old.impossible, *held);
    if slot.as_ref().is_none_or(is_better) {
        *slot = Some((rank, claim));
    }
}

/// The first element of that name inside, and what it holds.
fn inner<'a>(raw: &'a str, name: &str) -> Option<(Tag<'a>, &'a str)> {
    let is_named = |found: &str| found.rsplit(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
    let mut tokens = Tokens::new(raw);
    let tag = tokens.find_map(|token| match token {
        Token::Start(tag) if is_named(tag.name) && !tag.is_empty => Some(tag),
        _ => None,
    })?;
    let (start, mut end) = (tokens.position(), tokens.position());
    while let Some(token) = tokens.next() {
        if matches!(token, Token::End(found) if is_named(found)) {
            break;
        }
        end = tokens.position();
    }
    Some((tag, &raw[start..end]))
}

fn push_author(authors: &mut Ranked<Vec<String>>, rank: u8, name: Option<String>) {
    let Some(name) = name else { return };
    match authors {
        Some((held, names)) if *held == rank => {
            if names.len() < MAX_LIST && !names.contains(&name) {
                names.push(name);
            }
        }
        Some((held, _)) if *held < rank => {}
        _ => *authors = Some((rank, vec![name])),
    }
}

/// Content that is neither text nor markup is base64 (RFC 4287, section 4.1.3.3).
fn is_binary(kind: &str) -> bool {
    kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("/xml") && !kind.ends_with("+xml")
}

fn from_base64(text: &str) -> Option<String> {
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, compact).ok()?;
    String::from_utf8(bytes).ok()
}

pub(super) fn push_tag(tags: &mut Vec<String>, name: &str) {
    if tags.len() >= MAX_LIST {
        return;
    }
    let name = html::plain(name);
    if !name.is_empty() && !tags.contains(&name) {
        tags.push(name);
    }
}
