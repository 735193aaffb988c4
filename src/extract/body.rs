//! Where the article stands: the smallest element that holds nearly all running text, or the one that says it is the
//! body.
//!
//! Each block is worth its length when it reads like prose and costs something when it is a list of links; sums of
//! these values over the elements show the article without a second look at the tree. From the top, the search goes
//! into a child as long as that keeps most of the value, and stops at an element that is declared as the body.

use super::linked::is_same_title;
use super::marks::Marks;
use super::page::{Block, Kind, Page, is_running_text};

/// A child with this share of its parent's value is the article, the rest is around it.
const DOMINANT_SHARE: f64 = 0.8;

/// An element declared as the body needs this share of the value that an undeclared search finds.
const DECLARED_SHARE: f64 = 0.5;

/// The same for an element whose class only sounds like a body.
const NAMED_SHARE: f64 = 0.6;

/// An element around the headline needs this share of the value of the best one to be the article itself.
const HEADLINE_SHARE: f64 = 0.3;

/// The same for an `article` element.
const HEADLINE_ARTICLE_SHARE: f64 = 0.1;

/// An `article` element with less value is a teaser.
const MIN_ARTICLE_VALUE: f64 = 300.0;

/// Elements of a body that was cut up have an ancestor in common at most so many levels up.
const MAX_COMMON_LEVELS: usize = 4;

/// Where an article stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The elements that hold it, in reading order; more than one when a body is cut up.
    pub(super) containers: Vec<usize>,
    /// The block with its headline.
    pub(super) headline: Option<usize>,
}

/// Finds the article whose headline is `title`.
pub(super) fn find(page: &Page<'_>, title: Option<&str>, keep: Marks) -> Place {
    if page.elements.is_empty() {
        return Place::default();
    }
    let headline = headline(page, title);
    let sums = sums(page, keep);
    let mut densest = densest(page, &sums, 0);
    if let Some(scope) = headline.and_then(|block| around_headline(page, &sums, block, densest))
        && !contains(page, scope, densest)
        && (!contains(page, densest, scope) || has_other_article(page, &sums, densest, scope))
    {
        // Another article further down is longer.
        densest = self::densest(page, &sums, scope);
    }
    let chosen = declared(page, &sums, densest).unwrap_or(densest);
    Place { containers: with_relatives(page, &sums, chosen), headline }
}

/// The block with the headline: a heading with the page's title, else the first heading of the first level.
fn headline(page: &Page<'_>, title: Option<&str>) -> Option<usize> {
    let headings = || page.blocks.iter().enumerate().filter(|(_, block)| matches!(block.kind, Kind::Heading(_)));
    let named =
        title.and_then(|title| headings().find(|(_, block)| is_same_title(title, &block.text)).map(|(index, _)| index));
    named.or_else(|| {
        headings()
            .find(|(_, block)| block.kind == Kind::Heading(1) && !page.marks_of(block).has(Marks::JUNK))
            .map(|(index, _)| index)
    })
}

/// Whether `outer` holds an article as long as the one in `scope` beside it, with a headline of the first level.
fn has_other_article(page: &Page<'_>, sums: &[f64], outer: usize, scope: usize) -> bool {
    page.elements[scope].marks.has(Marks::ARTICLE)
        && (outer..page.elements.len()).any(|index| {
            let other = &page.elements[index];
            other.marks.has(Marks::ARTICLE)
                && sums[index] >= sums[scope]
                && !contains(page, index, scope)
                && !contains(page, scope, index)
                && contains(page, outer, index)
                && page.blocks[other.first_block..other.end_block].iter().any(|block| block.kind == Kind::Heading(1))
        })
}

/// The smallest element around the headline that holds a fair share of the text.
fn around_headline(page: &Page<'_>, sums: &[f64], block: usize, densest: usize) -> Option<usize> {
    let mut index = page.blocks[block].element;
    while index != 0 {
        let share = sums[index] / sums[densest].max(1.0);
        let is_article = page.elements[index].marks.has(Marks::ARTICLE);
        if share >= HEADLINE_SHARE || (is_article && share >= HEADLINE_ARTICLE_SHARE && sums[index] > MIN_ARTICLE_VALUE)
        {
            return Some(index);
        }
        index = page.elements[index].parent;
    }
    None
}

/// What a block adds to the value of the elements around it.
fn value(block: &Block, marks: Marks, keep: Marks) -> f64 {
    // Cards stay where the article stands around them, but they don't tell where it stands.
    let is_card = marks.has(Marks::CARD) && keep == Marks::NONE;
    if is_card || marks.has(Marks::JUNK.without(keep)) {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "lengths of blocks are small")]
    let weight = block.weight as f64;
    let links = block.link_share();
    match block.kind {
        Kind::Heading(_) if links > 0.5 => -20.0,
        Kind::Heading(_) => 0.0,
        Kind::Item if links > 0.5 => -weight.min(100.0),
        Kind::Item => weight * 0.7 * (1.0 - links),
        _ if is_running_text(block) => weight * (1.0 - 1.3 * links),
        _ if links > 0.5 => -weight.min(60.0),
        _ if block.ends_a_sentence() => weight,
        _ => 0.0,
    }
}

/// The value of each element.
fn sums(page: &Page<'_>, keep: Marks) -> Vec<f64> {
    let mut sums = vec![0.0; page.elements.len()];
    for block in &page.blocks {
        sums[block.element] += value(block, page.marks_of(block), keep);
    }
    for index in (1..sums.len()).rev() {
        let sum: f64 = sums[index];
        // An element of links costs its parent no more than itself.
        sums[page.elements[index].parent] += sum;
    }
    sums
}

/// Goes down from an element as long as one child dominates.
fn densest(page: &Page<'_>, sums: &[f64], from: usize) -> usize {
    let mut best_child = vec![0_usize; sums.len()];
    for index in 1..sums.len() {
        let best = &mut best_child[page.elements[index].parent];
        if *best == 0 || sums[index] > sums[*best] {
            *best = index;
        }
    }
    let mut current = from;
    loop {
        let child = best_child[current];
        let is_paragraph = page.elements[child].html.name() == "p";
        if child == 0 || is_paragraph || sums[child] < DOMINANT_SHARE * sums[current] || sums[child] <= 0.0 {
            return current;
        }
        current = child;
    }
}

/// The element that is marked as the body and holds enough of what the search found.
fn declared(page: &Page<'_>, sums: &[f64], densest: usize) -> Option<usize> {
    let wanted = sums[densest];
    let share = |index: usize| {
        let marks = page.elements[index].marks;
        if marks.has(Marks::DECLARED_BODY) {
            Some(DECLARED_SHARE)
        } else if marks.has(Marks::NAMED_BODY) {
            Some(NAMED_SHARE)
        } else {
            None
        }
    };
    let mut best: Option<usize> = None;
    for index in 0..sums.len() {
        let Some(share) = share(index) else { continue };
        if page.elements[index].inherited.has(Marks::JUNK) || sums[index] < share * wanted || sums[index] <= 0.0 {
            continue;
        }
        best = Some(match best {
            // Inside the other: the tighter one, if it holds nearly all of it.
            Some(other) if contains(page, other, index) => {
                if sums[index] >= DOMINANT_SHARE * sums[other] {
                    index
                } else {
                    other
                }
            }
            Some(other) if sums[other] >= sums[index] => other,
            _ => index,
        });
    }
    best
}

fn contains(page: &Page<'_>, outer: usize, inner: usize) -> bool {
    let mut index = inner;
    while page.elements[index].depth > page.elements[outer].depth {
        index = page.elements[index].parent;
    }
    index == outer
}

/// The element with those of its siblings and cousins that carry the same name and class and hold text too.
fn with_relatives(page: &Page<'_>, sums: &[f64], chosen: usize) -> Vec<usize> {
    let element = &page.elements[chosen];
    let class = element.html.attr("class").unwrap_or_default();
    if class.is_empty() || chosen == 0 || element.marks.has(Marks::ARTICLE) {
        return vec![chosen];
    }
    let mut scope = chosen;
    for _ in 0..MAX_COMMON_LEVELS {
        if scope == 0 || page.elements[scope].marks.has(Marks::ARTICLE.with(Marks::MAIN)) {
            break;
        }
        scope = page.elements[scope].parent;
    }
    (1..page.elements.len())
        .filter(|&index| {
            let other = &page.elements[index];
            index == chosen
                || (other.depth == element.depth
                    && other.html.name() == element.html.name()
                    && other.html.attr("class") == Some(class)
                    && sums[index] > 0.0
                    && !other.inherited.has(Marks::JUNK)
                    && contains(page, scope, index))
        })
        .collect()
}
