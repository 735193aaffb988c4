//! What the hints of the elements come to on this page: which hold.
//!
//! ```text
//! sums of text ─▶ boxes that hold the page ─▶ boxes around pictures ─▶ passed down
//! ```

use super::marks::Marks;
use super::page::{Page, is_running_text, ratio};

/// The text in a small element around a picture is about the picture; longer than this it is not, in weight.
const MAX_CAPTION_WEIGHT: usize = 300;

/// Elements with less running text keep their marks however short the page is, in weight.
const MIN_PAGE_WEIGHT: usize = 500;

/// A box beside the article does not hold this share of the page's running text.
const MAX_BESIDE_SHARE: f64 = 0.4;

/// An element with a larger share of the page's running text is the page, whatever it is called.
const MAX_JUNK_SHARE: f64 = 0.6;

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
}
