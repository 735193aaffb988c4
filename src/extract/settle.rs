//! What the hints of the elements come to on this page: which hold, which its structure belies, and which it gives by
//! itself.
//!
//! ```text
//! sums of text ─▶ ids that are headings ─▶ cards ─▶ boxes that hold the page ─▶ boxes around pictures ─▶ passed down
//! ```

use std::collections::HashMap;

use super::linked::letters;
use super::marks::{self, Marks};
use super::page::{Block, Kind, Page, is_running_text, ratio};

/// The text in a small element around a picture is about the picture; longer than this it is not, in weight.
const MAX_CAPTION_WEIGHT: usize = 300;

/// Elements with less running text keep their marks however short the page is, in weight.
const MIN_PAGE_WEIGHT: usize = 500;

/// A box beside the article does not hold this share of the page's running text.
const MAX_BESIDE_SHARE: f64 = 0.4;

/// An element with a larger share of the page's running text is the page, whatever it is called.
const MAX_JUNK_SHARE: f64 = 0.6;

/// Where so many sections or headings are called by the words of the heading, ids are made of headings.
const MIN_NAMED: usize = 2;

/// A longer heading has no id of its words, in bytes.
const MAX_NAMED: usize = 200;

/// The heading of a card that is shorter is a label, in weight.
const MIN_HEADING: usize = 15;

/// Fewer cards alike are sections.
const MIN_CARDS: usize = 3;

/// A card holds no more paragraphs than this.
const MAX_CARD_PARAGRAPHS: usize = 2;

/// A card holds no more running text than this, in weight.
const MAX_CARD_WEIGHT: usize = 700;

/// A page with less text outside its cards has them for an article: an overview, a list of the best. In weight.
const MIN_BESIDE_CARDS: usize = 600;

impl Page<'_> {
    /// Passes hints down, leaving out those that would take most of the page's text away, and marks captions.
    ///
    /// A wrapper called `newsletter-page` that holds the whole article is no newsletter box.
    pub(super) fn settle(&mut self) {
        let n_elements = self.elements.len();
        let (mut running, mut weights) = (vec![0_usize; n_elements], vec![0_usize; n_elements]);
        for block in &self.blocks {
            weights[block.element] += block.weight;
            running[block.element] += if is_running_text(block) { block.weight } else { 0 };
        }
        for index in (1..n_elements).rev() {
            let parent = self.elements[index].parent;
            running[parent] += running[index];
            weights[parent] += weights[index];
            self.elements[parent].n_pictures += self.elements[index].n_pictures;
        }
        self.settle_ids();
        self.settle_cards(&running);
        let total = running.first().copied().unwrap_or(0);
        for index in 0..n_elements {
            let element = &mut self.elements[index];
            if total > 0 && running[index] > MIN_PAGE_WEIGHT {
                let share = ratio(running[index], total);
                if share > MAX_BESIDE_SHARE {
                    element.marks = element.marks.without(Marks::DOUBTFUL);
                }
                if share > MAX_JUNK_SHARE {
                    element.marks = element.marks.without(Marks::JUNK.with(Marks::HEADER));
                }
            }
            if element.n_pictures > 0
                && (1..=MAX_CAPTION_WEIGHT).contains(&weights[index])
                && matches!(element.html.name(), "div" | "section" | "span" | "a" | "center" | "dl")
            {
                element.marks = element.marks.with(Marks::PICTURE);
            }
        }
        self.inherit_marks();
    }

    /// Passes the marks of the elements down.
    pub(super) fn inherit_marks(&mut self) {
        for index in 0..self.elements.len() {
            let above = if index == 0 { Marks::NONE } else { self.elements[self.elements[index].parent].inherited };
            let element = &mut self.elements[index];
            let above = if element.marks.has(Marks::TEXT_BLOCK) { above.without(Marks::FIGURE) } else { above };
            element.inherited = element.marks.with(above);
        }
    }

    /// Takes the hints of ids back where a generator makes them of headings: the section `sharing-a-repository` of a
    /// manual is no row of buttons.
    fn settle_ids(&mut self) {
        let is_named = |id: &str, block: &Block| {
            let is_heading = matches!(block.kind, Kind::Heading(_)) && block.text.len() <= MAX_NAMED;
            is_heading && !id.is_empty() && letters(id) == letters(&block.text)
        };
        let mut named: Vec<usize> = Vec::new();
        for (index, element) in self.elements.iter().enumerate() {
            let first = self.blocks.get(element.first_block).filter(|_| element.first_block < element.end_block);
            if let Some(first) = first
                && element.html.attr("id").is_some_and(|id| is_named(id, first))
            {
                named.push(index);
            }
        }
        // A box of related articles is called so, too: only on pages that call all sections by their headings.
        if named.iter().filter(|index| !self.elements[**index].marks.has(Marks::JUNK)).count() < MIN_NAMED {
            return;
        }
        for index in named {
            let element = &mut self.elements[index];
            let of = |key: &str| element.html.attr(key).map_or(Marks::NONE, marks::of_text);
            let by_id = of("id").without(of("class")).only(Marks::JUNK);
            element.marks = element.marks.without(by_id);
        }
    }

    /// Marks the cards of lists: several elements side by side, each with one heading that is a link and a few lines.
    fn settle_cards(&mut self, running: &[usize]) {
        let is_linked = |block: &&Block| {
            matches!(block.kind, Kind::Heading(2..)) && block.link_share() > 0.8 && block.weight >= MIN_HEADING
        };
        let mut n_headings = vec![0_usize; self.elements.len()];
        for block in self.blocks.iter().filter(is_linked) {
            n_headings[block.element] += 1;
        }
        for index in (1..self.elements.len()).rev() {
            n_headings[self.elements[index].parent] += n_headings[index];
        }
        let mut by_list: HashMap<usize, Vec<usize>> = HashMap::new();
        for block in self.blocks.iter().filter(is_linked) {
            let mut index = block.element;
            while index != 0 && n_headings[self.elements[index].parent] == 1 {
                index = self.elements[index].parent;
            }
            let element = &self.elements[index];
            let own = &self.blocks[element.first_block..element.end_block];
            let is_card = n_headings[index] == 1
                && own.len() > 1
                && running[index] <= MAX_CARD_WEIGHT
                && own.iter().filter(|block| is_running_text(block)).count() <= MAX_CARD_PARAGRAPHS;
            if index != 0 && is_card {
                by_list.entry(element.parent).or_default().push(index);
            }
        }
        let cards: Vec<usize> = by_list.into_values().filter(|cards| cards.len() >= MIN_CARDS).flatten().collect();
        let total = running.first().copied().unwrap_or(0);
        let in_cards: usize = cards.iter().map(|index| running[*index]).sum();
        if total.saturating_sub(in_cards) < MIN_BESIDE_CARDS {
            return;
        }
        for index in cards {
            let element = &mut self.elements[index];
            element.marks = element.marks.with(Marks::CARD);
        }
    }
}
