//! What of a container is the article: not its captions, boxes, bylines and lists of links.

use std::collections::HashMap;

use super::body::Place;
use super::cues;
use super::linked::is_same_title;
use super::marks::Marks;
use super::page::{Block, Kind, Page, is_running_text, ratio};
use crate::text::lowercase;

/// A paragraph with a larger share of link text is an advertisement for another page.
const MAX_LINK_SHARE: f64 = 0.6;

/// A long paragraph is kept however much of it is linked, in weight.
const LONG_PARAGRAPH: usize = 250;

/// The blocks of the containers that are the article, in reading order.
pub(super) fn blocks(page: &Page<'_>, place: &Place, title: Option<&str>, keep: Marks) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    let junk = Marks::JUNK.without(keep);
    for &container in &place.containers {
        let element = &page.elements[container];
        let outer = element.inherited;
        for index in element.first_block..element.end_block {
            let block = &page.blocks[index];
            let marks = page.marks_of(block);
            // What holds for the whole container tells nothing about its parts.
            let marks = marks.without(outer.only(Marks::JUNK.with(Marks::HEADER)));
            if marks.has(junk) || (marks.has(Marks::FIGURE) && !keep.has(Marks::FIGURE)) {
                continue;
            }
            kept.push(index);
        }
    }
    let kept = without_link_lists(page, kept);
    let kept = without_leads_away(page, kept);
    let kept = without_repeats(page, kept);
    let kept = without_edges(page, kept, title);
    let kept = without_first_labels(page, kept);
    let mut kept = without_empty_headings(page, kept);
    if let Some(first) = kept.first() {
        let standfirst = standfirst(page, place, *first, junk);
        kept.splice(0..0, standfirst);
    }
    kept
}

/// A standfirst is no longer than this, in weight.
const MAX_STANDFIRST: usize = 700;

/// Sentences between the headline and the first of the container's blocks.
fn standfirst(page: &Page<'_>, place: &Place, first: usize, junk: Marks) -> Vec<usize> {
    let Some(headline) = place.headline.filter(|headline| *headline < first) else { return Vec::new() };
    let found: Vec<usize> = (headline + 1..first)
        .filter(|index| {
            let block = &page.blocks[*index];
            let is_text = matches!(block.kind, Kind::Paragraph | Kind::Heading(2..)) && block.weight >= 50;
            is_text
                && block.weight <= MAX_STANDFIRST
                && block.link_share() < 0.3
                && (block.ends_a_sentence() || block.weight >= 80)
                && !page.marks_of(block).has(junk.with(Marks::FIGURE))
                && page.blocks[first].text != block.text
        })
        .collect();
    // More than that is a page of its own between headline and text.
    if found.len() <= MAX_STANDFIRST_BLOCKS { found } else { Vec::new() }
}

/// A standfirst has no more paragraphs than this.
const MAX_STANDFIRST_BLOCKS: usize = 4;

/// The list of an item: of lists within items the outermost.
fn list_of(page: &Page<'_>, index: usize) -> usize {
    let mut list = page.elements[page.blocks[index].element].parent;
    loop {
        let item = page.elements[list].parent;
        // The first element is its own parent.
        if item == 0 || page.elements[item].html.name() != "li" {
            return list;
        }
        list = page.elements[item].parent;
    }
}

/// Drops lists and paragraphs of links; a list is judged as a whole, with the lists within its items.
fn without_link_lists(page: &Page<'_>, kept: Vec<usize>) -> Vec<usize> {
    let mut out = Vec::with_capacity(kept.len());
    let mut at = 0;
    while at < kept.len() {
        let block = &page.blocks[kept[at]];
        if block.kind != Kind::Item {
            let is_link = block.link_share() > MAX_LINK_SHARE && block.weight < LONG_PARAGRAPH;
            if !is_link {
                out.push(kept[at]);
            }
            at += 1;
            continue;
        }
        let list = list_of(page, kept[at]);
        let end = kept[at..]
            .iter()
            .position(|index| page.blocks[*index].kind != Kind::Item || list_of(page, *index) != list)
            .map_or(kept.len(), |length| at + length);
        let items = &kept[at..end];
        let weight: usize = items.iter().map(|index| page.blocks[*index].weight).sum();
        let links: usize = items.iter().map(|index| page.blocks[*index].link_weight).sum();
        if ratio(links, weight) <= MAX_LINK_SHARE {
            out.extend_from_slice(items);
        }
        at = end;
    }
    out
}

/// Drops "Read also: …" with its link, labels, picture credits, and offers to subscribe.
fn without_leads_away(page: &Page<'_>, mut kept: Vec<usize>) -> Vec<usize> {
    kept.retain(|index| {
        let block = &page.blocks[*index];
        if block.weight > LONG_PARAGRAPH {
            return true;
        }
        let lower = lowercase(&block.text);
        let start = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
        let label = start.trim_end_matches(|c: char| !c.is_alphanumeric());
        let leads_away = (block.link_weight > 0 || block.weight <= 60) && cues::LEADS_AWAY.begin(start);
        let is_credit = block.weight <= 120 && cues::PICTURE_CREDITS.begin(start);
        !leads_away && !is_credit && !cues::LABELS.contains(&label) && !cues::PAYWALLS.stand_in(&lower)
    });
    // Last lines that ask for attention, from the end.
    let mut n_seen = 0;
    let mut at = kept.len();
    while at > 1 && n_seen < N_LAST_LINES {
        at -= 1;
        n_seen += 1;
        let block = &page.blocks[kept[at]];
        if block.weight > 2 * LONG_PARAGRAPH {
            continue;
        }
        let lower = lowercase(&block.text);
        let is_plain = block.link_share() < MAX_PLAIN_LINKS && !block.is_bold && block.weight > MIN_PLAIN;
        if !is_plain && cues::PROMOTIONS.stand_in(&lower) {
            kept.remove(at);
        }
    }
    kept
}

/// A last line that is longer and hardly linked is a paragraph that speaks of a newsletter or a shop, in weight.
const MIN_PLAIN: usize = 100;

/// The initials of an author are linked, in a share of the paragraph.
const MAX_PLAIN_LINKS: f64 = 0.05;

/// So many lines at the end may be promotion.
const N_LAST_LINES: usize = 5;

/// Drops the second copy of a paragraph: pull quotes, and bodies sent twice.
///
/// A copy whose place looks like that of the first is the author's own: a refrain, or a form filled in again.
fn without_repeats(page: &Page<'_>, mut kept: Vec<usize>) -> Vec<usize> {
    let mut seen = HashMap::new();
    kept.retain(|index| {
        let block = &page.blocks[*index];
        if block.weight < 40 {
            return true;
        }
        let first = *seen.entry(block.text.as_str()).or_insert(block.element);
        first == block.element || is_alike(page, first, block.element)
    });
    kept
}

/// Whether two elements and those around them have the same names and classes, up to the one that holds both.
fn is_alike(page: &Page<'_>, mut one: usize, mut other: usize) -> bool {
    while one != other {
        let (first, second) = (&page.elements[one], &page.elements[other]);
        if first.html.name() != second.html.name() || first.html.attr("class") != second.html.attr("class") {
            return false;
        }
        (one, other) = (first.parent, second.parent);
    }
    true
}

/// Whether a block can begin or end the text: a sentence, not a label.
fn is_sentence(block: &Block) -> bool {
    is_running_text(block) || (block.ends_a_sentence() && block.weight >= 25 && block.link_share() < 0.5)
}

/// So many lines that only breaks set apart from a sentence of their element are its text: verses, changes of a version,
/// results.
const MIN_LINES: usize = 3;

/// Drops what stands before the first and after the last sentence.
fn without_edges(page: &Page<'_>, kept: Vec<usize>, title: Option<&str>) -> Vec<usize> {
    let Some(first) = kept.iter().position(|index| is_sentence(&page.blocks[*index])) else {
        return Vec::new();
    };
    // A heading right before the first sentence belongs to it, unless it is the headline.
    let mut first = first;
    while first > 0 {
        let block = &page.blocks[kept[first - 1]];
        let is_title = title.is_some_and(|title| is_same_title(title, &block.text));
        if !matches!(block.kind, Kind::Heading(level) if level > 1) || is_title {
            break;
        }
        first -= 1;
    }
    let last = kept.iter().rposition(|index| {
        let block = &page.blocks[*index];
        is_sentence(block) || (block.kind == Kind::Item && block.link_share() < 0.5) || block.kind == Kind::Cell
    });
    let last = last.unwrap_or(first);
    let lines = kept[last + 1..].iter().map(|index| &page.blocks[*index]);
    let element = page.blocks[kept[last]].element;
    let n_lines = lines.take_while(|line| line.element == element && line.link_share() < 0.5).count();
    let last = if n_lines >= MIN_LINES { last + n_lines } else { last };
    kept[first..=last]
        .iter()
        .copied()
        .filter(|index| {
            let block = &page.blocks[*index];
            !(block.kind == Kind::Heading(1) && title.is_some_and(|title| is_same_title(title, &block.text)))
        })
        .collect()
}

/// Drops bylines, times and places of the first lines: short, and no sentence.
fn without_first_labels(page: &Page<'_>, mut kept: Vec<usize>) -> Vec<usize> {
    let Some(second) = kept.iter().enumerate().filter(|(_, index)| is_sentence(&page.blocks[**index])).nth(1) else {
        return kept;
    };
    let end = second.0;
    let element = page.blocks[kept[end]].element;
    let is_own = |block: &Block| block.element == element;
    let has_lines = kept[..end].iter().filter(|index| is_own(&page.blocks[**index])).count() >= MIN_LINES;
    let mut at = 0;
    kept.retain(|index| {
        let block = &page.blocks[*index];
        at += 1;
        at > end
            || (has_lines && is_own(block))
            || block.kind != Kind::Paragraph
            || block.weight >= 60
            || block.ends_a_sentence()
    });
    kept
}

/// Drops headings that nothing follows.
fn without_empty_headings(page: &Page<'_>, kept: Vec<usize>) -> Vec<usize> {
    let level = |index: usize| match page.blocks[index].kind {
        Kind::Heading(level) => Some(level),
        _ => None,
    };
    let mut out = Vec::with_capacity(kept.len());
    for (at, &index) in kept.iter().enumerate() {
        let is_followed = level(index)
            .is_none_or(|own| kept.get(at + 1).is_some_and(|next| level(*next).is_none_or(|next| next > own)));
        if is_followed {
            out.push(index);
        }
    }
    out
}
