//! A page after one pass over its tree: elements with their hints, blocks of text in reading order, and what the
//! head and the visible elements say about the article.
//!
//! Everything else (body, metadata, state) is decided on these flat lists; nobody walks the tree again.

use scraper::Html;
use scraper::node::{Element as HtmlElement, Node};

use super::marks::{self, Marks};

/// What sort of text a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `p`, or text that stands in a `div` by itself.
    Paragraph,
    /// A heading of a level.
    Heading(u8),
    /// An item of a list or a term of a definition list.
    Item,
    /// A cell of a table.
    Cell,
}

/// An element that holds blocks.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) html: &'a HtmlElement,
    /// Index of the parent; the first element is its own.
    pub(super) parent: usize,
    pub(super) depth: u32,
    /// Hints of its own.
    pub(super) marks: Marks,
    /// Hints of its own and of the elements around it, once [`super::settle`] ran.
    pub(super) inherited: Marks,
    kind: Kind,
    /// Pictures and films inside.
    pub(super) n_pictures: usize,
    /// Blocks inside: from this one …
    pub(super) first_block: usize,
    /// … up to this one, exclusive.
    pub(super) end_block: usize,
}

/// A line of text.
#[derive(Debug)]
pub(super) struct Block {
    /// White space folded, never empty.
    pub(super) text: String,
    /// The innermost element around it.
    pub(super) element: usize,
    pub(super) kind: Kind,
    /// Length in characters, those of scripts without spaces counted twice: they say as much in half as many.
    pub(super) weight: usize,
    /// Part of `weight` that is link text.
    pub(super) link_weight: usize,
    /// Continues the line before it, which an inline element of another kind interrupted.
    pub(super) is_glued: bool,
    /// All of it is bold.
    pub(super) is_bold: bool,
}

impl Block {
    /// Share of the text that is link text, 0 to 1.
    pub(super) fn link_share(&self) -> f64 {
        ratio(self.link_weight, self.weight)
    }

    /// Ends as a sentence does.
    pub(super) fn ends_a_sentence(&self) -> bool {
        let end = self.text.trim_end_matches(['"', '\'', '”', '’', '»', '«', '“', '‘', ')', ']', '」', '』']);
        end.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।', ':', '：'])
    }
}

/// `part / whole`, 0 for an empty whole.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lengths of texts are far below 2^52")]
    let ratio = part as f64 / whole.max(1) as f64;
    ratio
}

/// A place in the text: a block and an offset in its text in bytes.
pub(super) type Place = (usize, usize);

/// An inline or small element that says something: a link, a time, an author.
#[derive(Debug)]
pub(super) struct Span<'a> {
    pub(super) html: &'a HtmlElement,
    /// The innermost element around it.
    pub(super) element: usize,
    pub(super) from: Place,
    pub(super) to: Place,
}

/// Everything a page says, in lists.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub(super) elements: Vec<Element<'a>>,
    pub(super) blocks: Vec<Block>,
    /// Links of the text, in order.
    pub(super) links: Vec<Span<'a>>,
    /// Elements that date, sign or name the article, in order.
    pub(super) notes: Vec<Span<'a>>,
    /// Name or property (as written) and content of `meta`.
    pub(super) metas: Vec<(&'a str, &'a str)>,
    /// `link` elements of the head.
    pub(super) head_links: Vec<&'a HtmlElement>,
    /// Texts of JSON-LD scripts.
    pub(super) linked_data: Vec<String>,
    /// `title`.
    pub(super) title: String,
    /// `lang` of the root.
    pub(super) language: Option<&'a str>,
}

/// Reads a tree.
pub(super) fn read(html: &Html) -> Page<'_> {
    let mut reader = Reader::default();
    let mut node = html.tree.root();
    loop {
        let descends = reader.enter(node.value());
        if let Some(child) = node.first_child().filter(|_| descends) {
            node = child;
            continue;
        }
        loop {
            reader.leave(node.value());
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return reader.finish() };
            node = parent;
        }
    }
}

impl Page<'_> {
    /// The text of a span, its lines joined by spaces.
    pub(super) fn text_of(&self, span: &Span<'_>) -> String {
        let mut text = String::new();
        for index in span.from.0..=span.to.0 {
            let Some(block) = self.blocks.get(index) else { break };
            let from = if index == span.from.0 { span.from.1 } else { 0 };
            let to = if index == span.to.0 { span.to.1.min(block.text.len()) } else { block.text.len() };
            let part = block.text.get(from..to).unwrap_or_default().trim();
            if text.len() > MAX_SPAN {
                break;
            }
            if !part.is_empty() {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(part);
            }
        }
        text
    }

    /// The hints that hold for a block.
    pub(super) fn marks_of(&self, block: &Block) -> Marks {
        self.elements[block.element].inherited
    }
}

/// What dates or signs an article is shorter; the text of a longer span is cut, in bytes.
const MAX_SPAN: usize = 1_000;

/// A block with the look of prose: long enough, and not mostly links.
pub(super) fn is_running_text(block: &Block) -> bool {
    block.weight >= MIN_RUNNING_WEIGHT
        && block.link_weight * 2 < block.weight
        && !matches!(block.kind, Kind::Heading(_))
}

/// Shorter blocks are labels, names and buttons more often than sentences.
const MIN_RUNNING_WEIGHT: usize = 60;

/// A line of text under way.
#[derive(Default)]
struct Run {
    text: String,
    needs_space: bool,
    link_weight: usize,
    weight: usize,
    bold_weight: usize,
    is_glued: bool,
}

/// What the text under the reader belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Text,
    LinkedData,
    Title,
}

struct Reader<'a> {
    page: Page<'a>,
    run: Run,
    /// The innermost open element.
    current: usize,
    /// Open links and bold elements.
    n_open_links: usize,
    n_open_bold: usize,
    /// What is known of the elements that are open.
    opened: Vec<Opened>,
    /// Hints of the classes seen so far.
    cache: marks::Cache<'a>,
    target: Target,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            page: Page::default(),
            run: Run::default(),
            current: 0,
            n_open_links: 0,
            n_open_bold: 0,
            opened: Vec::new(),
            cache: marks::Cache::default(),
            target: Target::Text,
        }
    }
}

/// What has to be known when an element ends.
struct Opened {
    role: Role,
    /// An inline element with blocks of its own.
    is_junk: bool,
    /// Where a note (true) or link began.
    note: Option<(Place, bool)>,
}

/// How an element takes part in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Ends a line and holds blocks.
    Block(Kind),
    /// Part of a line.
    Inline,
    /// Ends a line, holds nothing.
    Break,
    /// Not text at all.
    Nothing,
}

fn role_of(name: &str) -> Role {
    // The most frequent first: names are compared one by one.
    match name {
        "div" => Role::Block(Kind::Paragraph),
        "a" | "span" => Role::Inline,
        "li" => Role::Block(Kind::Item),
        "p" | "ul" => Role::Block(Kind::Paragraph),
        "b" | "strong" | "i" | "em" | "u" | "small" | "sup" | "sub" | "abbr" | "cite" | "q" | "mark" | "time"
        | "font" | "code" | "s" | "del" | "ins" | "kbd" | "tt" | "big" | "bdi" | "bdo" | "dfn" | "var" | "samp"
        | "acronym" | "label" | "wbr" | "ruby" | "rb" | "data" | "nobr" | "address" | "img" | "picture" | "source"
        | "strike" | "rt" | "rp" | "rtc" => Role::Inline,
        "br" | "hr" => Role::Break,
        "style" | "template" | "svg" | "math" | "iframe" | "object" | "embed" | "canvas" | "video" | "audio"
        | "button" | "select" | "option" | "textarea" | "input" | "noscript" | "map" | "progress" | "meter"
        | "optgroup" | "datalist" | "frameset" | "applet" => Role::Nothing,
        "h1" => Role::Block(Kind::Heading(1)),
        "h2" => Role::Block(Kind::Heading(2)),
        "h3" => Role::Block(Kind::Heading(3)),
        "h4" => Role::Block(Kind::Heading(4)),
        "h5" => Role::Block(Kind::Heading(5)),
        "h6" => Role::Block(Kind::Heading(6)),
        "dt" | "dd" => Role::Block(Kind::Item),
        "td" | "th" => Role::Block(Kind::Cell),
        _ => Role::Block(Kind::Paragraph),
    }
}

/// Elements whose text belongs to the list item, cell or heading around them.
fn is_transparent(name: &str) -> bool {
    matches!(name, "p" | "div" | "center")
}

impl<'a> Reader<'a> {
    /// Whether to go on into the children.
    fn enter(&mut self, node: &'a Node) -> bool {
        match node {
            Node::Text(text) => {
                match self.target {
                    Target::Text => self.push(text),
                    Target::Title => self.page.title.push_str(text),
                    Target::LinkedData => {
                        if let Some(last) = self.page.linked_data.last_mut() {
                            last.push_str(text);
                        }
                    }
                }
                false
            }
            Node::Element(element) => {
                self.opened.push(Opened { role: Role::Nothing, is_junk: false, note: None });
                self.enter_element(element)
            }
            Node::Document | Node::Fragment => true,
            _ => false,
        }
    }

    fn enter_element(&mut self, element: &'a HtmlElement) -> bool {
        let name = element.name();
        match name {
            "meta" => {
                self.meta(element);
                return false;
            }
            "link" => {
                if element.attr("rel").is_some() {
                    self.page.head_links.push(element);
                }
                return false;
            }
            "script" => {
                let kind = element.attr("type").unwrap_or_default();
                let is_linked = kind.len() >= 19 && kind[..].to_ascii_lowercase().contains("ld+json");
                if is_linked {
                    self.page.linked_data.push(String::new());
                    self.target = Target::LinkedData;
                }
                return is_linked;
            }
            "title" if self.page.title.is_empty() => {
                self.target = Target::Title;
                return true;
            }
            "title" => return false,
            "html" => self.page.language = element.attr("lang").or_else(|| element.attr("xml:lang")),
            "head" => return true,
            _ => {}
        }
        if matches!(name, "img" | "picture" | "video" | "iframe" | "amp-img")
            && let Some(element) = self.page.elements.get_mut(self.current)
        {
            element.n_pictures += 1;
        }
        let role = role_of(name);
        if let Role::Break = role {
            self.flush();
        }
        if matches!(role, Role::Nothing | Role::Break) {
            return false;
        }
        let marks = marks::of(element, &mut self.cache);
        let mut opened = Opened { role, is_junk: false, note: None };
        match role {
            Role::Inline => {
                let marks = inline_marks(name, marks);
                if marks.has(Marks::JUNK) {
                    opened.is_junk = true;
                    self.flush();
                    self.run.is_glued = true;
                    self.push_element(element, marks, self.kind());
                } else if name != "a" {
                    self.n_open_bold += usize::from(matches!(name, "b" | "strong"));
                }
                self.n_open_links += usize::from(is_link(element));
            }
            Role::Block(kind) => {
                self.flush();
                let kind = if is_transparent(name) && kind == Kind::Paragraph {
                    match self.kind() {
                        Kind::Heading(_) | Kind::Cell if name == "p" => Kind::Paragraph,
                        kind => kind,
                    }
                } else {
                    kind
                };
                self.push_element(element, marks, kind);
            }
            Role::Nothing | Role::Break => {}
        }
        if marks.has(Marks::NOTE) || name == "a" {
            opened.note = Some((self.place(), marks.has(Marks::NOTE)));
        }
        if let Some(last) = self.opened.last_mut() {
            *last = opened;
        }
        true
    }

    fn kind(&self) -> Kind {
        self.page.elements.get(self.current).map_or(Kind::Paragraph, |element| element.kind)
    }

    fn push_element(&mut self, html: &'a HtmlElement, marks: Marks, kind: Kind) {
        let index = self.page.elements.len();
        let depth = self.page.elements.get(self.current).map_or(0, |element| element.depth + 1);
        self.page.elements.push(Element {
            html,
            parent: self.current,
            depth,
            marks,
            inherited: Marks::NONE,
            kind,
            n_pictures: 0,
            first_block: self.page.blocks.len(),
            end_block: 0,
        });
        self.current = index;
    }

    fn close_element(&mut self) {
        let n_blocks = self.page.blocks.len();
        let element = &mut self.page.elements[self.current];
        element.end_block = n_blocks;
        self.current = element.parent;
    }

    fn leave(&mut self, node: &'a Node) {
        let Node::Element(element) = node else { return };
        let opened = self.opened.pop();
        let name = element.name();
        if matches!(name, "script" | "title") {
            self.target = Target::Text;
            return;
        }
        let Some(opened) = opened.filter(|opened| opened.role != Role::Nothing) else { return };
        if let Some((from, is_note)) = opened.note {
            let to = self.place();
            let span = Span { html: element, element: self.current, from, to };
            if is_note {
                self.page.notes.push(span);
            } else if from != to && is_link(element) {
                self.page.links.push(span);
            }
        }
        match opened.role {
            Role::Inline => {
                self.n_open_links -= usize::from(is_link(element));
                if opened.is_junk {
                    self.flush();
                    self.run.is_glued = true;
                    self.close_element();
                } else if name != "a" {
                    self.n_open_bold -= usize::from(matches!(name, "b" | "strong"));
                }
            }
            _ => {
                self.flush();
                self.run.is_glued = false;
                self.close_element();
            }
        }
    }

    fn place(&self) -> Place {
        (self.page.blocks.len(), self.run.text.len())
    }

    fn meta(&mut self, element: &'a HtmlElement) {
        let Some(content) = element.attr("content").map(str::trim).filter(|content| !content.is_empty()) else {
            return;
        };
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = element.attr(key) {
                self.page.metas.push((name.trim(), content));
            }
        }
    }

    fn push(&mut self, text: &str) {
        let run = &mut self.run;
        if text.starts_with(char::is_whitespace) {
            run.needs_space = true;
        }
        let mut weight = 0;
        for word in text.split_whitespace() {
            if run.needs_space && !run.text.is_empty() {
                run.text.push(' ');
                weight += 1;
            }
            run.text.push_str(word);
            weight += weight_of(word);
            run.needs_space = true;
        }
        run.needs_space = text.ends_with(char::is_whitespace) || (weight == 0 && run.needs_space);
        run.weight += weight;
        run.link_weight += if self.n_open_links > 0 { weight } else { 0 };
        run.bold_weight += if self.n_open_bold > 0 { weight } else { 0 };
    }

    fn flush(&mut self) {
        if self.run.text.is_empty() {
            self.run.needs_space = false;
            return;
        }
        let run = std::mem::take(&mut self.run);
        if self.page.elements.is_empty() {
            return;
        }
        self.page.blocks.push(Block {
            text: run.text,
            element: self.current,
            kind: self.kind(),
            weight: run.weight,
            link_weight: run.link_weight,
            is_glued: run.is_glued,
            is_bold: run.bold_weight * 10 >= run.weight * 9,
        });
    }

    fn finish(mut self) -> Page<'a> {
        self.flush();
        self.page.settle();
        self.page
    }
}

/// Whether an element leads to another page.
fn is_link(element: &HtmlElement) -> bool {
    element.name() == "a" && element.attr("href").is_some_and(|href| !href.trim_start().starts_with('#'))
}

/// Hints of an inline element; a link in running text keeps its text whatever its class.
fn inline_marks(name: &str, marks: Marks) -> Marks {
    if name == "a" {
        return Marks::NONE;
    }
    // `<span class="article-author">` is a byline, `<strong class="popular">` is still a word of its sentence.
    marks.only(Marks::HIDDEN.with(Marks::CAPTION).with(Marks::BYLINE).with(Marks::CONSENT))
}

/// The weight of a text: its characters, those of scripts without spaces counted twice.
pub(super) fn weight_of(word: &str) -> usize {
    if word.is_ascii() {
        return word.len();
    }
    word.chars().map(|c| if crate::text::is_unspaced(c) { 2 } else { 1 }).sum()
}
