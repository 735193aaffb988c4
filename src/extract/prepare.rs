//! Bounds what the tree builder has to do, and leaves out what nobody reads.
//!
//! html5ever is quadratic in the depth of nested elements, in the attributes of one tag, and in formatting elements that
//! are never closed (each paragraph repeats them). One pass over the text counts all three and rewrites the page:
//!
//! ```text
//! page ─▶ without scripts, styles, comments and drawings ─▶ without attributes that nobody reads
//!      ─▶ depth, attributes, formatting and tags bounded ─▶ parser
//! ```
//!
//! Scripts with JSON-LD stay, and so does what stands in shadow roots, as an element of its own. Nothing visible is lost on
//! a real page: the bounds lie far above what pages have.

use super::attributes::{self, Keep, MAX_ATTRIBUTES};

/// html5ever is quadratic in depth: 30,000 nested elements take it seconds. Real pages stay under 100.
const MAX_DEPTH: usize = 400;

/// Tags after this many are dropped. The largest article page measured has 60,000.
const MAX_TAGS: usize = 400_000;

/// Unclosed formatting elements cost this many copies before they are dropped from the page.
const MAX_COPIES: usize = 300_000;

/// What the parser does with an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nests until its end tag comes.
    Nesting,
    /// Has no end tag, or is closed by the parser itself when the next one begins: the elements around it count.
    Flat,
    /// Nests, and is opened again in every paragraph until it is closed.
    Formatting,
    /// Its inside is text to the parser, and no text to a reader.
    Raw,
    /// Its inside is text to the parser.
    RawText,
}

fn role_of(name: &str) -> Role {
    match name {
        "div" | "span" | "ul" => Role::Nesting,
        "p" | "li" | "dt" | "dd" | "tr" | "td" | "th" | "thead" | "tbody" | "tfoot" | "option" | "a" | "html"
        | "body" | "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "param"
        | "source" | "track" | "wbr" | "frame" | "keygen" => Role::Flat,
        "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u" => {
            Role::Formatting
        }
        "script" | "style" | "noscript" | "iframe" | "noembed" | "noframes" | "xmp" => Role::Raw,
        "title" | "textarea" => Role::RawText,
        _ => Role::Nesting,
    }
}

/// A page that is safe to parse.
pub(super) struct Prepared {
    pub(super) html: String,
    /// Insides of `noscript` elements long enough to hold text.
    pub(super) without_scripts: Vec<String>,
}

/// A `noscript` shorter than this holds a counter's picture, in bytes.
const MIN_NOSCRIPT: usize = 400;

/// Rewrites a page.
pub(super) fn prepare(html: &str, keep: Keep, warnings: &mut Vec<String>) -> Prepared {
    let mut writer = Writer::new(html, keep, true);
    writer.run();
    if writer.n_copies > MAX_COPIES {
        warnings.push("unclosed formatting was left out".to_owned());
        writer = Writer::new(html, keep, false);
        writer.run();
    }
    if writer.is_flattened {
        warnings.push(format!("elements nested deeper than {MAX_DEPTH} were flattened"));
    }
    if writer.has_many_attributes {
        warnings.push(format!("a tag had more than {MAX_ATTRIBUTES} attributes"));
    }
    if writer.n_tags > MAX_TAGS {
        warnings.push(format!("the page was cut after {MAX_TAGS} tags"));
    }
    Prepared { html: writer.out, without_scripts: writer.without_scripts }
}

/// The name of the tag whose inside begins at `at`, in lower case and empty for no tag.
fn name_at(html: &str, at: usize) -> (bool, Name) {
    let bytes = &html.as_bytes()[at..];
    let closes = bytes.first() == Some(&b'/');
    let mut name = Name { bytes: [0; 12], length: 0 };
    for byte in bytes.iter().skip(usize::from(closes)) {
        let is_inner = name.length > 0 && matches!(byte, b'-' | b':' | b'_');
        if !byte.is_ascii_alphanumeric() && !is_inner {
            break;
        }
        if name.length == 0 && !byte.is_ascii_alphabetic() {
            break;
        }
        if name.length < name.bytes.len() {
            name.bytes[name.length] = byte.to_ascii_lowercase();
            name.length += 1;
        }
    }
    (closes, name)
}

/// The first letters of a tag's name.
struct Name {
    bytes: [u8; 12],
    length: usize,
}

impl Name {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

struct Writer<'a> {
    html: &'a str,
    keep: Keep,
    out: String,
    depth: usize,
    n_tags: usize,
    is_flattened: bool,
    has_many_attributes: bool,
    keeps_formatting: bool,
    /// Formatting elements that are open.
    n_formatting: usize,
    /// How many elements the parser adds for formatting that is open when another element begins, at most.
    n_copies: usize,
    /// Templates that are open, and whether each is the inside of its element.
    templates: Vec<bool>,
    /// A drawing was found that does not end.
    has_open_drawing: bool,
    /// White space means nothing here: a line has just ended.
    is_between_lines: bool,
    without_scripts: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(html: &'a str, keep: Keep, keeps_formatting: bool) -> Self {
        Self {
            html,
            keep,
            out: String::with_capacity(html.len() / 2),
            depth: 0,
            n_tags: 0,
            is_flattened: false,
            has_many_attributes: false,
            keeps_formatting,
            n_formatting: 0,
            n_copies: 0,
            templates: Vec::new(),
            has_open_drawing: false,
            is_between_lines: false,
            without_scripts: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut at = 0;
        while let Some(found) = self.html[at..].find('<') {
            let start = at + found;
            self.text(at, start);
            at = self.tag(start);
        }
        self.out.push_str(&self.html[at..]);
    }

    /// Writes the text between two tags.
    fn text(&mut self, from: usize, to: usize) {
        let text = &self.html[from..to];
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            if !text.is_empty() && !self.is_between_lines {
                self.out.push(' ');
            }
        } else {
            self.out.push_str(text);
            self.is_between_lines = false;
        }
    }

    /// Writes what begins with the `<` at `start`, and says where it ends.
    fn tag(&mut self, start: usize) -> usize {
        let rest = &self.html[start..];
        if rest.starts_with("<!--") {
            return start + comment_length(rest);
        }
        let (closes, name) = name_at(self.html, start + 1);
        let name = name.as_str();
        let was_between_lines = std::mem::take(&mut self.is_between_lines);
        if name.is_empty() {
            // `<!doctype`, `<?`, `</>` or a plain sign.
            self.out.push('<');
            return start + 1;
        }
        let Some(end) = tag_end(self.html, start) else { return self.html.len() };
        let mut tag = &self.html[start..end];
        if name == "template" && self.is_shown_template(closes, tag) {
            tag = if closes { "</shadow-root>" } else { "<shadow-root>" };
        }
        if !closes && name == "svg" {
            if tag.ends_with("/>") {
                return end;
            }
            // Looked for once: a page whose drawings don't end would be searched again from each of them.
            if !self.has_open_drawing {
                match closed_length(&self.html[end..], "svg") {
                    Some(length) => return end + length,
                    None => self.has_open_drawing = true,
                }
            }
        }
        let role = role_of(name);
        if !closes && matches!(role, Role::Raw | Role::RawText) {
            return self.raw(name, role, start, end);
        }
        if matches!(name, "source" | "track" | "wbr") || (name == "link" && !is_useful_link(tag)) {
            self.is_between_lines = was_between_lines;
            return end;
        }
        self.is_between_lines = ends_a_line(name);
        if role == Role::Formatting {
            self.n_formatting = if closes { self.n_formatting.saturating_sub(1) } else { self.n_formatting + 1 };
        } else if !closes {
            // A few are always open: a link around a card, bold around a line.
            self.n_copies += self.n_formatting.saturating_sub(8);
        }
        self.n_tags += 1;
        if self.n_tags > MAX_TAGS || (!self.keeps_formatting && role == Role::Formatting) {
            self.out.push(' ');
            return end;
        }
        let nests = role != Role::Flat;
        if closes && !nests {
            self.out.push_str(tag);
            return end;
        }
        if closes {
            if self.depth <= MAX_DEPTH {
                self.out.push_str(tag);
            }
            self.depth = self.depth.saturating_sub(1);
            return end;
        }
        if nests {
            self.depth += 1;
        }
        if self.depth > MAX_DEPTH && nests {
            self.is_flattened = true;
            self.out.push(' ');
        } else {
            self.push_bounded(tag, name);
        }
        end
    }

    /// Whether a template is no template but what its element shows (a declarative shadow root).
    fn is_shown_template(&mut self, closes: bool, tag: &str) -> bool {
        if closes {
            return self.templates.pop().unwrap_or_default();
        }
        let is_shown = attributes::has(tag, "shadowrootmode");
        self.templates.push(is_shown);
        is_shown
    }

    /// Writes an element whose inside is text to the parser, if anybody reads it.
    fn raw(&mut self, name: &str, role: Role, start: usize, end: usize) -> usize {
        let rest = &self.html[end..];
        let length = closing_at(rest, name).unwrap_or(rest.len());
        let inside = &rest[..length];
        let tag = &self.html[start..end];
        let is_linked_data = name == "script" && tag.to_ascii_lowercase().contains("ld+json");
        if is_linked_data || role == Role::RawText {
            self.push_bounded(tag, name);
            self.out.push_str(inside);
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        } else if name == "noscript" && inside.len() >= MIN_NOSCRIPT {
            self.without_scripts.push(inside.to_owned());
        }
        let after = end + length;
        tag_end(self.html, after).unwrap_or(self.html.len()).max(after)
    }

    /// Writes a tag with at most [`MAX_ATTRIBUTES`] attributes.
    fn push_bounded(&mut self, tag: &str, name: &str) {
        self.has_many_attributes |= attributes::push(&mut self.out, tag, name, self.keep);
    }
}

/// Whether a `link` is one of the relations that are read.
fn is_useful_link(tag: &str) -> bool {
    ["canonical", "alternate", "amphtml"].iter().any(|relation| {
        tag.as_bytes().windows(relation.len()).any(|part| part.eq_ignore_ascii_case(relation.as_bytes()))
    })
}

/// Whether a line ends where an element of this name begins or ends.
fn ends_a_line(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "p"
            | "li"
            | "ul"
            | "ol"
            | "br"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "nav"
            | "main"
            | "aside"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "table"
            | "tbody"
            | "tr"
            | "td"
            | "th"
            | "figure"
            | "form"
            | "dl"
            | "dt"
            | "dd"
            | "html"
            | "head"
            | "body"
    )
}

/// The length of the comment that `rest` begins with.
fn comment_length(rest: &str) -> usize {
    for short in ["<!-->", "<!--->"] {
        if rest.starts_with(short) {
            return short.len();
        }
    }
    let end = rest[4..].find("-->").map(|at| 4 + at + 3);
    let other = end.is_none().then(|| rest[4..].find("--!>").map(|at| 4 + at + 4)).flatten();
    end.or(other).unwrap_or(rest.len())
}

/// Where the tag that begins at `start` ends, after its `>`; none when the page ends first.
fn tag_end(html: &str, start: usize) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return Some(at + 1),
            b'=' => {
                at += 1;
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
                    at += 1 + html[at + 1..].find(char::from(*quote))? + 1;
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// Where the end tag of a raw element begins.
fn closing_at(rest: &str, name: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(found) = rest[at..].find('<') {
        at += found;
        let after = bytes.get(at + 2..).unwrap_or_default();
        let is_end = bytes.get(at + 1) == Some(&b'/')
            && after.len() >= name.len()
            && after[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && after.get(name.len()).is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
        if is_end {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The length of what is left of an element up to and with its end tag, other ones of its name inside it counted.
fn closed_length(rest: &str, name: &str) -> Option<usize> {
    let (mut n_open, mut at) = (1_usize, 0);
    while let Some(found) = rest[at..].find('<') {
        at += found + 1;
        let (closes, found) = name_at(rest, at);
        if found.as_str() != name {
            continue;
        }
        let end = tag_end(rest, at - 1)?;
        if closes {
            n_open -= 1;
            if n_open == 0 {
                return Some(end);
            }
        } else if !rest[..end].ends_with("/>") {
            n_open += 1;
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(prepare(html, Keep::Read, &mut Vec::new()).html, expected, "{html}");
    }

    #[test]
    fn what_nobody_reads_goes() {
        check("<p>a<script>if (a<b) {}</script>b</p>", "<p>ab</p>");
        check("<p>a<!-- <p> -->b<!-->c</p>", "<p>abc</p>");
        check("<style>p{}</style><SVG><svg/><path d='>'></SVG>a", "a");
        check(
            "<script type='application/ld+json'>{\"a\":1}</SCRIPT >b",
            "<script type='application/ld+json'>{\"a\":1}</script>b",
        );
        check("<title>a <b></title>c", "<title>a <b></title>c");
        check("<!doctype html><p class='a > b'>c", "<!doctype html><p class='a > b'>c");
        check("a < b", "a < b");
        check("<p>a</p", "<p>a");
        check("<script>never closed", "");
        check("<link rel=icon href=a><video><source src=a></video>", "<video></video>");
        check("<p>\n <b>a</b> <b>b</b><!-- --> <i>c</i></p>\n<p>", "<p><b>a</b> <b>b</b> <i>c</i></p><p>");
    }

    #[test]
    fn shadow_roots_are_shown() {
        check(
            "<x-a><template ShadowRootMode='open'><p>a</p><template>b</template></template>c</x-a>",
            "<x-a><shadow-root><p>a</p><template>b</template></shadow-root>c</x-a>",
        );
        check("<template><p>a</template></template>b", "<template><p>a</template></template>b");
    }

    #[test]
    fn depth_is_bounded() {
        let mut warnings = Vec::new();
        let deep = format!("{}text{}", "<div>".repeat(1_000), "</div>".repeat(1_000));
        let html = prepare(&deep, Keep::Read, &mut warnings).html;
        assert_eq!((html.matches("<div>").count(), html.matches("</div>").count()), (MAX_DEPTH, MAX_DEPTH));
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn attributes_are_bounded() {
        let many: String = (0..1_000).map(|n| format!(" a{n}='{n}>'")).collect();
        let html = prepare(&format!("<p{many}>text</p>"), Keep::All, &mut Vec::new()).html;
        assert_eq!(html.matches('=').count(), MAX_ATTRIBUTES);
        assert!(html.ends_with(">text</p>"), "{html}");
    }

    #[test]
    fn unclosed_formatting_is_bounded() {
        let page = format!(
            "<p>{}</p>{}",
            (0..300).map(|n| format!("<font id={n}>")).collect::<String>(),
            "<p>x</p>".repeat(9_000)
        );
        let mut warnings = Vec::new();
        assert!(!prepare(&page, Keep::Read, &mut warnings).html.contains("font"));
        assert_eq!(warnings, ["unclosed formatting was left out"]);
    }
}
