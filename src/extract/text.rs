//! Blocks to text, one paragraph a line, and the links in it with their sentences.

use url::Url;

use super::page::{Kind, Page};
use crate::model::OutgoingLink;
use crate::text::sentences;

/// Writes blocks as lines.
pub(super) fn write(page: &Page<'_>, kept: &[usize], base: Option<&Url>) -> (String, Vec<OutgoingLink>) {
    let mut text = String::new();
    let mut links = Vec::new();
    let mut next_link = 0;
    let mut last: Option<usize> = None;
    for &index in kept {
        let block = &page.blocks[index];
        if let Some(last) = last.map(|last| &page.blocks[last]) {
            let is_row = block.kind == Kind::Cell
                && last.kind == Kind::Cell
                && page.elements[block.element].parent == page.elements[last.element].parent
                && block.element != last.element;
            let is_same_line = is_row || (block.is_glued && last.element == block.element);
            text.push(if is_same_line { ' ' } else { '\n' });
        }
        text.push_str(&block.text);
        last = Some(index);
        while page.links.get(next_link).is_some_and(|link| link.from.0 < index) {
            next_link += 1;
        }
        while let Some(link) = page.links.get(next_link).filter(|link| link.from.0 == index) {
            next_link += 1;
            let end = if link.to.0 == index { link.to.1.min(block.text.len()) } else { block.text.len() };
            let anchor = block.text.get(link.from.1..end).unwrap_or_default().trim();
            let url = link.html.attr("href").and_then(|href| absolute(href, base));
            if let Some(url) = url.filter(|_| !anchor.is_empty()) {
                links.push(OutgoingLink {
                    url,
                    anchor: anchor.to_owned(),
                    sentence: sentence_at(&block.text, link.from.1).to_owned(),
                });
            }
        }
    }
    (text, links)
}

/// Folds white space within lines and leaves out empty ones.
pub(super) fn fold_lines(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let url = base.map_or_else(|| Url::parse(href).ok(), |base| base.join(href).ok())?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The sentence of a paragraph in which an offset lies.
fn sentence_at(paragraph: &str, at: usize) -> &str {
    let mut start = 0;
    for sentence in sentences(paragraph) {
        let Some(found) = paragraph[start..].find(sentence) else { continue };
        start += found + sentence.len();
        if start > at {
            return sentence;
        }
    }
    paragraph
}
