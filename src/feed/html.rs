//! The HTML inside feeds: what can act is taken out, relative addresses are resolved, headlines become plain text.

use std::borrow::Cow;

use url::Url;

use crate::text::markup::{self, Tag, Token, Tokens};

/// Elements that show something (HTML, and what MathML and SVG draw with), sorted; the tags of all others are left
/// out, their text stays.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "animate",
    "animatecolor",
    "animatemotion",
    "animatetransform",
    "annotation",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "circle",
    "cite",
    "code",
    "col",
    "colgroup",
    "command",
    "data",
    "datagrid",
    "datalist",
    "dd",
    "defs",
    "del",
    "desc",
    "details",
    "dfn",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "ellipse",
    "em",
    "event-source",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "font-face",
    "font-face-name",
    "font-face-src",
    "footer",
    "form",
    "g",
    "glyph",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hkern",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "keygen",
    "label",
    "legend",
    "li",
    "line",
    "lineargradient",
    "m",
    "maction",
    "main",
    "maligngroup",
    "malignmark",
    "map",
    "mark",
    "marker",
    "math",
    "menclose",
    "menu",
    "merror",
    "metadata",
    "meter",
    "mfenced",
    "mfrac",
    "mglyph",
    "mi",
    "missing-glyph",
    "mlabeledtr",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mpath",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "multicol",
    "munder",
    "munderover",
    "nav",
    "nextid",
    "none",
    "noscript",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "path",
    "picture",
    "polygon",
    "polyline",
    "pre",
    "progress",
    "q",
    "radialgradient",
    "rb",
    "rect",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "search",
    "section",
    "select",
    "semantics",
    "set",
    "small",
    "sound",
    "source",
    "spacer",
    "span",
    "stop",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "svg",
    "switch",
    "table",
    "tbody",
    "td",
    "text",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "track",
    "tspan",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// Elements left out with everything in them, sorted.
const WITH_CONTENT: &[&str] = &["applet", "script", "style"];

/// Further elements of HTML whose tags are left out, sorted.
const LEFT_OUT: &[&str] = &[
    "applet", "base", "basefont", "bgsound", "blink", "body", "embed", "frame", "frameset", "head", "html", "iframe",
    "link", "marquee", "meta", "noframes", "object", "param", "script", "style", "template", "xml",
];

/// Elements that have no end tag.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "command", "embed", "frame", "hr", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr",
];

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &[
    "action",
    "background",
    "cite",
    "data",
    "dynsrc",
    "formaction",
    "href",
    "longdesc",
    "lowsrc",
    "poster",
    "profile",
    "src",
    "usemap",
    "xlink:href",
];

/// Takes out scripts, frames, event handlers, styles and comments, and makes relative addresses absolute.
pub(super) fn clean<'a>(html: &'a str, base: Option<&Url>) -> Cow<'a, str> {
    if !html.contains('<') {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start(tag) => start(&mut out, &tag, &mut tokens, base),
            Token::End(name) => {
                if let Some(name) = known(name, ELEMENTS).filter(|name| !VOID.contains(name)) {
                    out.extend(["</", name, ">"]);
                }
            }
            Token::Text(text) => push_text(&mut out, text),
            Token::CData(text) => out.push_str(&markup::escape(text)),
            Token::Doctype(_) | Token::Aside => {}
        }
    }
    Cow::Owned(out)
}

fn start(out: &mut String, tag: &Tag<'_>, tokens: &mut Tokens<'_>, base: Option<&Url>) {
    let Some(name) = known(tag.name, ELEMENTS) else {
        if let Some(name) = known(tag.name, WITH_CONTENT).filter(|_| !tag.is_empty) {
            skip(name, tokens);
        }
        return;
    };
    out.extend(["<", name]);
    for (key, value) in tag.attributes() {
        attribute(out, key, value, base);
    }
    if VOID.contains(&name) {
        out.push_str(" />");
    } else if tag.is_empty {
        out.extend(["></", name, ">"]);
    } else {
        out.push('>');
    }
}

/// Passes over everything up to the end tag of `name`; when there is none, over the rest.
fn skip(name: &str, tokens: &mut Tokens<'_>) {
    tokens.find(|token| matches!(token, Token::End(end) if local(end).eq_ignore_ascii_case(name)));
}

/// Text keeps its references; only a stray `<` is escaped.
fn push_text(out: &mut String, text: &str) {
    match text.strip_prefix('<') {
        Some(rest) => out.extend(["&lt;", rest]),
        None => out.push_str(text),
    }
}

fn attribute(out: &mut String, key: &str, value: &str, base: Option<&Url>) {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_'));
    let lower = key.to_ascii_lowercase();
    let is_noise = lower == "xmlns" && value.ends_with("/xhtml");
    if !is_plain || is_noise || lower.starts_with("on") || lower == "srcdoc" {
        return;
    }
    let value = if lower == "style" {
        match style(&markup::decode(value)) {
            Some(style) => Cow::Owned(style),
            None => return,
        }
    } else if ADDRESSES.binary_search(&lower.as_str()).is_ok() {
        let decoded = markup::decode(value);
        if is_active(&decoded) {
            return;
        }
        match absolute(&decoded, base) {
            Some(address) => Cow::Owned(address.replace('&', "&amp;")),
            None => Cow::Borrowed(value),
        }
    } else {
        Cow::Borrowed(value)
    };
    out.extend([" ", key, "=\""]);
    if value.contains('"') {
        out.push_str(&value.replace('"', "&quot;"));
    } else {
        out.push_str(&value);
    }
    out.push('"');
}

/// The declarations of a `style` attribute that only say how the text looks; none when none is left.
fn style(value: &str) -> Option<String> {
    let kept: Vec<String> = value
        .split(';')
        .filter_map(|declaration| declaration.split_once(':'))
        .map(|(property, value)| (property.trim().to_ascii_lowercase(), value.trim()))
        .filter(|(property, value)| is_harmless(property) && is_plain_value(value))
        .map(|(property, value)| format!("{property}: {value};"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}

/// Properties that neither load anything nor move text over other text.
fn is_harmless(property: &str) -> bool {
    const WHOLE: &[&str] = &[
        "background",
        "background-color",
        "background-x",
        "background-y",
        "border",
        "clear",
        "color",
        "cursor",
        "direction",
        "display",
        "float",
        "font",
        "height",
        "letter-spacing",
        "line-height",
        "margin",
        "overflow",
        "padding",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "unicode-bidi",
        "vertical-align",
        "white-space",
        "width",
        "word-spacing",
    ];
    const FAMILIES: &[&str] = &["border-", "font-", "margin-", "padding-"];
    WHOLE.contains(&property) || FAMILIES.iter().any(|family| property.starts_with(family))
}

/// Words, numbers of a sane size, colors: nothing that loads or computes.
fn is_plain_value(value: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '#' | '%' | '.' | ',' | '\'' | '!' | '-');
    let bare = value.replace("rgb(", "").replace(')', "");
    let is_sane = |number: &str| number.len() <= 4;
    let lengths = value.split([' ', ',']).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    !value.is_empty()
        && bare.chars().all(is_word)
        && lengths.map(|word| word.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("")).all(is_sane)
}

/// Whether following the address would run something.
fn is_active(address: &str) -> bool {
    let scheme: String = address
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take_while(|c| *c != ':')
        .take(16)
        .collect::<String>()
        .to_ascii_lowercase();
    matches!(scheme.as_str(), "javascript" | "vbscript" | "livescript" | "mocha")
        || (scheme == "data" && !address.trim_start().to_ascii_lowercase().starts_with("data:image/"))
}

/// A relative address made absolute; none when there is nothing to do.
fn absolute(address: &str, base: Option<&Url>) -> Option<String> {
    let address = address.trim();
    if address.starts_with("http://") || address.starts_with("https://") {
        return None;
    }
    base?.join(address).ok().map(String::from)
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The lower-case name when `names` has it, whatever its prefix.
fn known(name: &str, names: &'static [&'static str]) -> Option<&'static str> {
    let name = local(name);
    let lower = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    names.binary_search(&&*lower).ok().map(|index| names[index])
}

/// A headline as plain text: the tags of HTML left out, references decoded once more, white space folded.
///
/// What only looks like a tag (`a <b c`, `Vec<Item>`) stays.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    if html.contains('<') {
        let mut tokens = Tokens::new(html);
        let mut from = 0;
        while let Some(token) = tokens.next() {
            match token {
                Token::Start(tag) if known(tag.name, WITH_CONTENT).is_some() && !tag.is_empty => {
                    skip(local(tag.name), &mut tokens);
                }
                Token::Start(Tag { name, .. }) | Token::End(name)
                    if name.contains(':') || known(name, ELEMENTS).is_some() || known(name, LEFT_OUT).is_some() =>
                {
                    if is_break(name) {
                        text.push(' ');
                    }
                }
                Token::Aside | Token::Doctype(_) if tokens.is_cut => text.push_str(&html[from..]),
                Token::Doctype(_) | Token::Aside => {}
                Token::CData(inside) => text.push_str(&markup::escape(inside)),
                Token::Text(_) | Token::Start(_) | Token::End(_) => text.push_str(&html[from..tokens.position()]),
            }
            from = tokens.position();
        }
    } else {
        text.push_str(html);
    }
    fold(&markup::decode(&text))
}

/// Whether text that calls itself plain is HTML: it closes elements or names entities, and knows all its tags.
pub(super) fn looks_like_html(text: &str) -> bool {
    let mut is_closed = false;
    for token in Tokens::new(text) {
        match token {
            Token::Start(Tag { name, .. }) if known(name, ELEMENTS).is_none() => return false,
            Token::End(name) if known(name, ELEMENTS).is_none() => return false,
            Token::Start(tag) => is_closed |= tag.is_empty || VOID.contains(&tag.name),
            Token::End(_) => is_closed = true,
            Token::Text(text) => {
                let entity =
                    |rest: &str| markup::reference(rest).is_some_and(|(name, _)| markup::named(name).is_some());
                is_closed |= text.split('&').skip(1).take(8).any(entity);
            }
            Token::CData(_) | Token::Doctype(_) | Token::Aside => {}
        }
    }
    is_closed
}

/// The inside of the `div` that Atom wraps XHTML in.
pub(super) fn without_wrapper(html: &str) -> &str {
    let trimmed = html.trim();
    let mut tokens = Tokens::new(trimmed);
    match tokens.next() {
        Some(Token::Start(tag)) if local(tag.name).eq_ignore_ascii_case("div") && !tag.is_empty => {
            let inside = &trimmed[tokens.position()..];
            inside.rfind("</").map_or(inside, |end| inside[..end].trim())
        }
        _ => trimmed,
    }
}

fn is_break(name: &str) -> bool {
    ["br", "p", "div", "li", "tr", "td"].iter().any(|block| block.eq_ignore_ascii_case(local(name)))
}

/// White space folded to single spaces, none at the ends.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for names in [ELEMENTS, WITH_CONTENT, LEFT_OUT, VOID, ADDRESSES] {
            assert!(names.is_sorted());
        }
    }

    #[test]
    fn what_can_act_is_taken_out() {
        let base = Url::parse("https://example.org/news/").ok();
        for (html, expected) in [
            ("plain & simple", "plain & simple"),
            ("a<script>alert('</b>')</script><b ONCLICK=x title='t\"'>b</b>", "a<b title=\"t&quot;\">b</b>"),
            ("<p style='top:1'>x<br>y</p>", "<p>x<br />y</p>"),
            (
                "<p style='COLOR:red;position:fixed;background:url(x);width:99999px;margin:0 1em'>x</p>",
                "<p style=\"color: red; margin: 0 1em;\">x</p>",
            ),
            ("<a href='../one?a=1&amp;b=2'>x</a>", "<a href=\"https://example.org/one?a=1&amp;b=2\">x</a>"),
            (
                "<a href='java&#10;script:x()'>x</a><img src=/i.png>",
                "<a>x</a><img src=\"https://example.org/i.png\" />",
            ),
            ("<iframe src='x'>text</iframe><object data=x>", "text"),
            ("<x:p>1 < 2</x:p><span/><!-- x --><![CDATA[<b>]]>", "<p>1 &lt; 2</p><span></span>&lt;b&gt;"),
            ("a<style>p {}", "a"),
        ] {
            assert_eq!(clean(html, base.as_ref()), expected);
        }
    }

    #[test]
    fn headlines_are_plain_text() {
        for (html, expected) in [
            ("One <b>bold</b> &amp; true", "One bold & true"),
            ("Two\n  lines<br/>and more ", "Two lines and more"),
            ("Why Vec<Item> and a < b", "Why Vec<Item> and a < b"),
            ("AT&amp;T<script>x</script>", "AT&T"),
            ("&#8217;s", "’s"),
        ] {
            assert_eq!(plain(html), expected);
        }
    }
}
