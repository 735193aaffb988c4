//! The running text: the container whose paragraphs carry most text, pruned of what is not the article.

use scraper::node::Node;
use scraper::{ElementRef, Html};
use url::Url;

use super::selector;
use crate::model::{BodyState, OutgoingLink};

/// Elements that never hold running text.
const SKIPPED: &[&str] = &[
    "script",
    "style",
    "noscript",
    "nav",
    "footer",
    "aside",
    "form",
    "button",
    "figure",
    "figcaption",
    "iframe",
    "svg",
    "select",
    "template",
    "video",
    "audio",
    "object",
    "dialog",
    "input",
    "textarea",
    "menu",
];

/// Words in a class or id that mark a block as something beside the article.
const JUNK_WORDS: &[&str] = &[
    "related",
    "recommend",
    "newsletter",
    "comment",
    "share",
    "social",
    "cookie",
    "consent",
    "promo",
    "advert",
    "sidebar",
    "breadcrumb",
    "teaser",
    "caption",
    "read-more",
    "readmore",
    "read-also",
    "paywall",
    "subscribe",
    "tags",
    "footer",
    "navigation",
    "popup",
    "outbrain",
    "taboola",
    "byline",
    "author-bio",
    "most-read",
    "trending",
    "copyright",
    "disclaimer",
];

/// Elements that end a line of text.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "tr",
    "table",
    "section",
    "article",
    "main",
    "header",
    "br",
    "hr",
    "dd",
    "dt",
    "dl",
    "td",
    "th",
];

/// Texts shorter than this are no article: a headline and a teaser.
const MIN_ARTICLE_CHARS: usize = 200;

/// A line in which more than this share of the characters is link text is navigation.
const MAX_LINK_SHARE: f64 = 0.6;

/// Words of a page that wants consent or a proof of humanity before it shows anything.
const CHALLENGE_WORDS: &[&str] = &[
    "enable javascript and cookies",
    "verify you are human",
    "checking your browser",
    "are you a robot",
    "captcha",
    "unusual traffic",
    "access to this page has been denied",
];

/// The article's text, one paragraph a line, and the links in it.
pub(super) fn main_text(document: &Html, base: Option<&Url>) -> (String, Vec<OutgoingLink>) {
    let container = best_container(document);
    container.map(|element| text_of(element, base, true)).unwrap_or_default()
}

/// All text of a fragment.
pub(super) fn all_text(document: &Html, base: Option<&Url>) -> (String, Vec<OutgoingLink>) {
    text_of(document.root_element(), base, false)
}

/// Folds white space within lines and leaves out empty ones.
pub(super) fn fold_lines(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What the text is, by its length and the page's own words.
pub(super) fn state(document: &Html, body: &str) -> BodyState {
    let n_chars = body.chars().count();
    if n_chars < MIN_ARTICLE_CHARS {
        let page: String = document.root_element().text().take(2_000).collect::<String>().to_lowercase();
        if CHALLENGE_WORDS.iter().any(|word| page.contains(word)) {
            return BodyState::Consent;
        }
        return if n_chars == 0 { BodyState::Missing } else { BodyState::NotAnArticle };
    }
    let is_locked = document.select(&selector("script[type='application/ld+json']")).any(|script| {
        let text: String = script.text().collect::<String>().split_whitespace().collect();
        text.contains("\"isAccessibleForFree\":false") || text.contains("\"isAccessibleForFree\":\"False\"")
    });
    // A locked page that still carries a long text shows it to us whole.
    if is_locked && n_chars < 1_500 { BodyState::PaywalledStub } else { BodyState::Complete }
}

/// Where the article stands: a declared body if it holds text, else the element whose own paragraphs score best.
fn best_container(document: &Html) -> Option<ElementRef<'_>> {
    let declared = selector("[itemprop=articleBody]");
    if let Some(element) = document.select(&declared).max_by_key(|element| paragraph_chars(*element))
        && paragraph_chars(element) >= MIN_ARTICLE_CHARS
    {
        return Some(element);
    }
    let mut scores: Vec<(ElementRef<'_>, f64)> = Vec::new();
    for paragraph in document.select(&selector("p, blockquote, pre")) {
        if is_junk_or_below(paragraph) {
            continue;
        }
        let (n_chars, n_link_chars) = weigh(paragraph);
        if n_chars < 25 || share(n_link_chars, n_chars) > MAX_LINK_SHARE {
            continue;
        }
        let text_score = f64::from(u32::try_from(n_chars.min(2_000)).unwrap_or(0))
            - 2.0 * f64::from(u32::try_from(n_link_chars).unwrap_or(0));
        // A paragraph counts for its parent, less for the ancestors above: the tightest element around the run wins.
        for (level, ancestor) in paragraph.ancestors().filter_map(ElementRef::wrap).take(4).enumerate() {
            let part = text_score * [1.0, 0.9, 0.6, 0.4][level];
            match scores.iter_mut().find(|(element, _)| element.id() == ancestor.id()) {
                Some((_, score)) => *score += part,
                None => scores.push((ancestor, part)),
            }
        }
    }
    let best = scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(element, _)| element);
    best.or_else(|| document.select(&selector("article, main")).next())
}

fn paragraph_chars(element: ElementRef<'_>) -> usize {
    element.text().map(|text| text.trim().chars().count()).sum()
}

/// Characters of an element, and those of them inside links.
fn weigh(element: ElementRef<'_>) -> (usize, usize) {
    let n_chars = paragraph_chars(element);
    let n_link_chars = element.select(&selector("a")).map(paragraph_chars).sum();
    (n_chars, n_link_chars)
}

fn share(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lengths of paragraphs are small")]
    let share = part as f64 / whole.max(1) as f64;
    share
}

fn is_junk(element: ElementRef<'_>) -> bool {
    let name = element.value().name();
    if SKIPPED.contains(&name) {
        return true;
    }
    if matches!(name, "html" | "body" | "main" | "article") {
        return false;
    }
    let is_hidden = element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true");
    let marks = [element.attr("class"), element.attr("id")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase();
    is_hidden || (!marks.is_empty() && JUNK_WORDS.iter().any(|word| marks.contains(word)))
}

fn is_junk_or_below(element: ElementRef<'_>) -> bool {
    is_junk(element) || element.ancestors().filter_map(ElementRef::wrap).any(is_junk)
}

/// One line of text under way, with the links in it.
#[derive(Default)]
struct Line {
    text: String,
    n_link_chars: usize,
    links: Vec<(String, String)>,
}

fn text_of(root: ElementRef<'_>, base: Option<&Url>, prune: bool) -> (String, Vec<OutgoingLink>) {
    let (mut lines, mut links, mut line) = (Vec::new(), Vec::new(), Line::default());
    walk(root, base, prune, false, &mut line, &mut |line: Line| {
        let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_navigation = prune && share(line.n_link_chars, text.chars().count()) > MAX_LINK_SHARE;
        if text.is_empty() || is_navigation {
            return;
        }
        links.extend(line.links.into_iter().map(|(url, anchor)| OutgoingLink {
            sentence: sentence_around(&text, &anchor),
            url,
            anchor,
        }));
        lines.push(text);
    });
    (lines.join("\n"), links)
}

fn walk(
    element: ElementRef<'_>,
    base: Option<&Url>,
    prune: bool,
    in_link: bool,
    line: &mut Line,
    finish: &mut impl FnMut(Line),
) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => {
                line.text.push_str(text);
                line.n_link_chars += if in_link { text.trim().chars().count() } else { 0 };
            }
            Node::Element(_) => {
                let Some(child) = ElementRef::wrap(child) else { continue };
                let name = child.value().name();
                let is_headline = prune && name == "h1";
                if is_headline || (prune && is_junk(child)) || matches!(name, "script" | "style" | "template") {
                    continue;
                }
                let is_block = BLOCKS.contains(&name);
                if is_block {
                    finish(std::mem::take(line));
                }
                let start = line.text.len();
                walk(child, base, prune, in_link || name == "a", line, finish);
                if name == "a"
                    && let Some(url) = child.attr("href").and_then(|href| absolute(href, base))
                {
                    let anchor =
                        line.text.get(start..).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
                    if !anchor.is_empty() {
                        line.links.push((url, anchor));
                    }
                }
                if is_block {
                    finish(std::mem::take(line));
                }
            }
            _ => {}
        }
    }
    if !in_link && element.parent().is_none_or(|parent| parent.parent().is_none()) {
        finish(std::mem::take(line));
    }
}

fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let url = base.map_or_else(|| Url::parse(href).ok(), |base| base.join(href).ok())?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The sentence of a paragraph in which an anchor stands.
fn sentence_around(paragraph: &str, anchor: &str) -> String {
    let Some(at) = paragraph.find(anchor) else { return paragraph.to_owned() };
    let start = paragraph[..at].rfind(['.', '!', '?', '。']).map_or(0, |end| end + 1);
    let start = (start..=at).find(|index| paragraph.is_char_boundary(*index)).unwrap_or(0);
    let after = at + anchor.len();
    let end = paragraph[after..].find(['.', '!', '?', '。']).map_or(paragraph.len(), |end| after + end + 1);
    let end = (end..=paragraph.len()).find(|index| paragraph.is_char_boundary(*index)).unwrap_or(paragraph.len());
    paragraph[start..end].trim().to_owned()
}
