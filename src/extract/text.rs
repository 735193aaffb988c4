//! Blocks to text, one paragraph a line, and the links in it with their sentences.

use url::Url;

use super::page::{Kind, Page};
use crate::model::{OutgoingLink, Timestamp};
use crate::text::dates;

/// Writes blocks as lines.
pub(super) fn write(page: &Page<'_>, kept: &[usize], base: Option<&Url>) -> (String, Vec<OutgoingLink>) {
    write_posts(page, kept, base, &[])
}

/// The moments that `time` elements of a page give in full, each with the block it stands in or before.
pub(super) fn moments(page: &Page<'_>) -> Vec<(usize, String)> {
    let times = page.notes.iter().filter(|note| note.html.name() == "time");
    let moment = |text: &str| dates::parse(text, None).utc.map(Timestamp::rfc3339);
    times.filter_map(|note| Some((note.from.0, moment(note.html.attr("datetime")?)?))).collect()
}

/// Writes the posts of a live blog: the moment of each stands in a line of its own before the post.
pub(super) fn write_posts(
    page: &Page<'_>,
    kept: &[usize],
    base: Option<&Url>,
    moments: &[(usize, String)],
) -> (String, Vec<OutgoingLink>) {
    let first = kept.first().copied().unwrap_or_default();
    let mut moments = moments.iter().skip_while(|(block, _)| *block < first).peekable();
    let mut text = String::new();
    let mut links = Vec::new();
    let mut next_link = 0;
    let mut last: Option<usize> = None;
    for &index in kept {
        let block = &page.blocks[index];
        if let Some((_, moment)) = moments.next_if(|(block, _)| *block <= index) {
            // A post may be dated twice: when it was written and when it was changed.
            while moments.next_if(|(block, _)| *block <= index).is_some() {}
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(moment);
            if block.weight <= MAX_SHOWN_TIME
                && !block.ends_a_sentence()
                && block.text.bytes().any(|b| b.is_ascii_digit())
            {
                // The same as the page shows it.
                last = Some(index);
                continue;
            }
            text.push('\n');
        } else if let Some(last) = last.map(|last| &page.blocks[last]) {
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
        let mut sentences: Option<Vec<&str>> = None;
        while let Some(link) = page.links.get(next_link).filter(|link| link.from.0 == index) {
            next_link += 1;
            let end = if link.to.0 == index { link.to.1.min(block.text.len()) } else { block.text.len() };
            let anchor = block.text.get(link.from.1..end).unwrap_or_default().trim();
            let url = link.html.attr("href").and_then(|href| absolute(href, base));
            if let Some(url) = url.filter(|_| !anchor.is_empty()) {
                // A paragraph is split once, however many links it has.
                let sentences = sentences.get_or_insert_with(|| crate::text::sentences(&block.text));
                links.push(OutgoingLink {
                    url,
                    anchor: anchor.to_owned(),
                    sentence: sentence_at(&block.text, sentences, link.from.1).to_owned(),
                });
            }
        }
    }
    (text, links)
}

/// `20:40`, `8.40 p.m. CET`: the time of a post as it is shown is not longer, in weight.
const MAX_SHOWN_TIME: usize = 16;

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
fn sentence_at<'a>(paragraph: &'a str, sentences: &[&'a str], at: usize) -> &'a str {
    let mut start = 0;
    for sentence in sentences {
        let Some(found) = paragraph[start..].find(sentence) else { continue };
        start += found + sentence.len();
        if start > at {
            return sentence;
        }
    }
    paragraph
}
