//! Markup as it is really sent: a tokenizer that reads XML and HTML without ever giving up.
//!
//! It neither allocates nor recurses: tokens are slices of the document, references stay undecoded until
//! [`decode`] is asked for. Broken quotes, stray `<`, unclosed comments and tags are read as what they most likely
//! mean, and [`Tokens::n_repairs`] counts how often that was necessary.

use std::borrow::Cow;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name …>` or `<name …/>`.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a str),
    /// Text between tags, references undecoded.
    Text(&'a str),
    /// The inside of a CDATA section.
    CData(&'a str),
    /// The inside of `<!…>`, for its entity declarations.
    Doctype(&'a str),
    /// A comment or a processing instruction.
    Aside,
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// The name with its prefix.
    pub name: &'a str,
    /// Everything between the name and the end of the tag.
    inside: &'a str,
    /// `<name/>`.
    pub is_empty: bool,
}

impl<'a> Tag<'a> {
    /// The attributes in order, values undecoded and without their quotes.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        Attributes { rest: self.inside }
    }

    /// The decoded value of the first attribute of that name, whatever its case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| decode(value))
    }

    /// Whether any attribute is there.
    #[must_use]
    pub fn has_attributes(&self) -> bool {
        !self.inside.is_empty()
    }
}

/// Reads a document token by token.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// No comment ends any more from here on.
    has_open_comment: bool,
    /// How often the text was no well-formed markup.
    pub n_repairs: usize,
    /// The document ended inside a tag, comment or section.
    pub is_cut: bool,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, has_open_comment: false, n_repairs: 0, is_cut: false }
    }

    /// Where the next token starts, in bytes.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// What lies between `open` and its `close`; to the end when that is missing.
    fn section(&mut self, open: usize, close: &str) -> &'a str {
        let inside = &self.text[self.at + open..];
        if let Some(end) = inside.find(close) {
            self.at += open + end + close.len();
            &inside[..end]
        } else {
            self.cut();
            inside
        }
    }

    fn cut(&mut self) {
        self.at = self.text.len();
        self.n_repairs += 1;
        self.is_cut = true;
    }

    fn declaration(&mut self) -> Token<'a> {
        let rest = &self.text[self.at..];
        let has_subset = rest.find('>').is_some_and(|end| rest[..end].contains('['));
        Token::Doctype(self.section(2, if has_subset { "]>" } else { ">" }))
    }

    /// `<?xml …?>`; without a `?>` on the next pages it ends at its first `>`.
    fn instruction(&mut self) -> Token<'a> {
        let nearby = &self.text.as_bytes()[self.at..self.text.len().min(self.at + MAX_INSTRUCTION)];
        let is_closed = nearby.windows(2).any(|pair| pair == b"?>");
        self.section(2, if is_closed { "?>" } else { ">" });
        Token::Aside
    }

    fn end_tag(&mut self) -> Token<'a> {
        let rest = &self.text[self.at + 2..];
        let end = rest.find(['>', '<']).unwrap_or(rest.len());
        let name = rest[..end].split_ascii_whitespace().next().unwrap_or("");
        self.at += 2 + end;
        match rest.as_bytes().get(end) {
            Some(b'>') => self.at += 1,
            Some(_) => self.n_repairs += 1,
            None => self.cut(),
        }
        Token::End(name)
    }

    fn start_tag(&mut self) -> Token<'a> {
        let rest = &self.text[self.at + 1..];
        let name_end = rest.find(is_name_end).unwrap_or(rest.len());
        let (end, is_well_formed) = tag_end(rest, name_end);
        let Some(end) = end else {
            self.cut();
            return Token::Aside;
        };
        self.n_repairs += usize::from(!is_well_formed);
        let inside = rest[name_end..end].trim_ascii();
        let (inside, is_empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside.trim_ascii(), true));
        // `<a href=x>` may end where the next tag begins.
        self.at += 1 + end + usize::from(rest.as_bytes()[end] == b'>');
        Token::Start(Tag { name: &rest[..name_end], inside, is_empty })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        if *bytes.first()? == b'<' {
            match bytes.get(1) {
                Some(b'/') => return Some(self.end_tag()),
                Some(b'?') => return Some(self.instruction()),
                Some(b'!') if rest.starts_with("<![CDATA[") => return Some(Token::CData(self.section(9, "]]>"))),
                Some(b'!') if rest.starts_with("<!--") => {
                    // A comment nobody closed ends at its first `>`, as everything else would be lost.
                    let is_closed = !self.has_open_comment && rest.contains("-->");
                    self.has_open_comment = !is_closed;
                    self.n_repairs += usize::from(!is_closed);
                    self.section(4, if is_closed { "-->" } else { ">" });
                    return Some(Token::Aside);
                }
                Some(b'!') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => return Some(self.declaration()),
                Some(byte) if is_name_start(*byte) => return Some(self.start_tag()),
                _ => self.n_repairs += 1,
            }
        }
        let own = usize::from(bytes[0] == b'<');
        let end = rest[own..].find('<').map_or(rest.len(), |at| own + at);
        self.at += end;
        Some(Token::Text(&rest[..end]))
    }
}

/// A processing instruction is no longer than this, in bytes; style sheet references stay under 200.
const MAX_INSTRUCTION: usize = 1024;

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80
}

fn is_name_end(c: char) -> bool {
    matches!(c, '>' | '/' | '<' | '=' | '"' | '\'') || c.is_ascii_whitespace()
}

/// The end of a tag (its `>`, or the `<` of the next one), and whether the quotes were sound.
fn tag_end(text: &str, from: usize) -> (Option<usize>, bool) {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = text[at..].find(['>', '<', '"', '\'']) {
        at += found;
        match bytes[at] {
            b'>' => return (Some(at), true),
            b'<' => return (Some(at), false),
            quote if text[..at].trim_ascii_end().ends_with('=') => match closing_quote(text, at + 1, quote) {
                Some(end) => at = end + 1,
                None => return (text[from..].find('>').map(|end| from + end), false),
            },
            _ => at += 1,
        }
    }
    (None, false)
}

/// The quote that ends a value begun at `from`: one that something sensible follows.
///
/// A quote followed by a letter is part of the text (`title="the "best" one"`); a value whose quote is missing
/// would run into the next tag.
fn closing_quote(text: &str, from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    for attempt in 0..MAX_QUOTES {
        let end = at + text[at..].find(char::from(quote))?;
        let value = &text[from..end];
        let rest = text[end + 1..].trim_ascii_start();
        let ends_tag = rest.is_empty() || rest.starts_with(['>', '/', '?']);
        if attempt == 0
            && !value.contains('<')
            && (ends_tag || text[end + 1..].starts_with(|c: char| c.is_ascii_whitespace()))
        {
            let is_next = ends_tag || begins_attribute(rest);
            let has_later = || later_quote(text, end + 1, quote);
            if is_next || has_later().is_none() {
                return Some(end);
            }
        } else if ends_tag || begins_attribute(rest) {
            return Some(end);
        }
        at = end + 1;
    }
    None
}

/// A value with more raw quotes than this has lost its own.
const MAX_QUOTES: usize = 16;

/// Whether the same tag holds another quote that ends a value.
fn later_quote(text: &str, from: usize, quote: u8) -> Option<usize> {
    let tag = &text[from..];
    let tag = &tag[..tag.find(['>', '<']).unwrap_or(tag.len())];
    tag.find(char::from(quote)).filter(|at| !tag[..*at].trim_ascii_end().ends_with('='))
}

/// Whether `name=` comes next, or a lone name.
fn begins_attribute(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'))).unwrap_or(text.len());
    end > 0 && text[end..].trim_ascii_start().starts_with('=')
}

struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let text =
            self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '='));
        if text.is_empty() {
            self.rest = "";
            return None;
        }
        let end = text.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            self.rest = rest;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => match closing_quote(value, 1, *quote) {
                Some(end) => (&value[1..end], &value[end + 1..]),
                None => (&value[1..], ""),
            },
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// The longest name of an HTML entity, in bytes (`CounterClockwiseContourIntegral`).
const MAX_REFERENCE: usize = 33;

/// Decodes character references: numbers, XML's five names and HTML's. What is no reference stays as it is;
/// characters that no document may hold are left out.
#[must_use]
pub fn decode(raw: &str) -> Cow<'_, str> {
    decode_with(raw, |_| None).0
}

/// [`decode`], asking `declared` for names first; also how many ampersands began no reference.
pub fn decode_with<'a>(raw: &'a str, declared: impl Fn(&str) -> Option<&'a str>) -> (Cow<'a, str>, usize) {
    let is_special = |byte: &u8| *byte == b'&' || (*byte < b' ' && !byte.is_ascii_whitespace());
    if !raw.as_bytes().iter().any(is_special) {
        return (Cow::Borrowed(raw), 0);
    }
    let mut n_bare = 0;
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.as_bytes().iter().position(is_special) {
        out.push_str(&rest[..at]);
        if rest.as_bytes()[at] != b'&' {
            rest = &rest[at + 1..];
            continue;
        }
        rest = &rest[at + 1..];
        match reference(rest) {
            Some((name, length)) => {
                rest = &rest[length..];
                push_reference(&mut out, name, &declared);
            }
            None => {
                n_bare += 1;
                out.push('&');
            }
        }
    }
    out.push_str(rest);
    (Cow::Owned(out), n_bare)
}

/// The name of the reference that follows an ampersand, and its length with the semicolon.
#[must_use]
pub fn reference(rest: &str) -> Option<(&str, usize)> {
    let end = rest.bytes().take(MAX_REFERENCE + 1).position(|byte| byte == b';')?;
    let name = &rest[..end];
    let digits = name.strip_prefix('#');
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    (digits.map_or(!name.is_empty(), |digits| !digits.is_empty()) && is_name(digits.unwrap_or(name)))
        .then_some((name, end + 1))
}

fn push_reference<'a>(out: &mut String, name: &str, declared: &impl Fn(&str) -> Option<&'a str>) {
    if let Some(number) = name.strip_prefix('#') {
        match code_point(number) {
            Some(code) => out.extend(character(code)),
            None => out.extend(["&", name, ";"]),
        }
    } else if let Some(text) = declared(name).or_else(|| named(name)) {
        out.push_str(text);
    } else {
        out.extend(["&", name, ";"]);
    }
}

/// The text an entity of XML or HTML stands for.
#[must_use]
pub fn named(name: &str) -> Option<&'static str> {
    quick_xml::escape::resolve_predefined_entity(name).or_else(|| quick_xml::escape::resolve_html5_entity(name))
}

fn code_point(number: &str) -> Option<u32> {
    match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    }
}

/// A code point as a character. Those of the C1 range are windows-1252, as browsers read them (HTML, "numeric
/// character reference end state"); control characters and surrogates stand for nothing.
fn character(code: u32) -> Option<char> {
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    if let Some(index) = code.checked_sub(0x80).filter(|index| *index < 32) {
        return WINDOWS_1252.get(index as usize).copied();
    }
    char::from_u32(code).filter(|c| *c >= ' ' || c.is_ascii_whitespace())
}

/// Escapes text so that it stands for itself in markup.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut tokens = Tokens::new(text);
        let mut shown = Vec::new();
        for token in tokens.by_ref() {
            shown.push(match token {
                Token::Start(tag) => {
                    let attributes: Vec<String> =
                        tag.attributes().map(|(name, value)| format!(" {name}={}", decode(value))).collect();
                    format!("<{}{}{}", tag.name, attributes.concat(), if tag.is_empty { "/" } else { "" })
                }
                Token::End(name) => format!("/{name}"),
                Token::Text(text) => format!("'{text}'"),
                Token::CData(text) => format!("[{text}]"),
                Token::Doctype(_) => "!".to_owned(),
                Token::Aside => "-".to_owned(),
            });
        }
        if tokens.n_repairs > 0 {
            shown.push(format!("~{}", tokens.n_repairs));
        }
        assert_eq!(shown.join(" "), expected, "{text}");
    }

    #[test]
    fn sound_markup_is_read() {
        check("<a x='1' y = \"2 > 1\"><b/>t</a >", "<a x=1 y=2 > 1 <b/ 't' /a");
        check("<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a \"b>\">]><r><![CDATA[<x>]]></r>", "- ! <r [<x>] /r");
        check("<!-- <a> --><ä:b é='1'/>", "- <ä:b é=1/");
    }

    #[test]
    fn broken_markup_is_read_as_it_was_meant() {
        check("1 < 2 <b>", "'1 ' '< 2 ' <b ~1");
        check("<a x=1 y>t", "<a x=1 y= 't'");
        check("<a x=\"the \"best\" one\" y='2'/>", "<a x=the \"best\" one y=2/");
        check("<a x=\"the \"best one\" y=\"2\"/>", "<a x=the \"best one y=2/");
        check("<a x=\"open>t</a>", "<a x=open 't' /a ~1");
        check("<a <b>t</b", "<a <b 't' /b ~2");
        check("<a><![CDATA[x", "<a [x] ~1");
        check("t<a x='1", "'t' - ~1");
        check("é<", "'é' '<' ~1");
        check("a<!-- b --><!-- c>d", "'a' - - 'd' ~1");
    }

    #[test]
    fn references_are_decoded_once() {
        for (raw, expected) in [
            ("a &amp;lt; b", "a &lt; b"),
            ("caf&eacute;&#160;&#x2019;&#146;", "café\u{a0}’’"),
            ("AT&T & x&y; &;", "AT&T & x&y; &;"),
            ("nul&#0;\u{b}l", "null"),
        ] {
            assert_eq!(decode(raw), expected);
        }
        assert_eq!(decode_with("&a;&b; & c", |name| (name == "a").then_some("1")), ("1&b; & c".into(), 1));
    }
}
