//! Direct speech: what stands between quotation marks.

use std::ops::Range;

/// Marks that open a quotation, with those that close it: the marks of a language come in one of several forms.
const PAIRS: [(char, &[char]); 8] = [
    ('“', &['”', '“']),
    ('„', &['“', '”', '„']),
    ('«', &['»']),
    ('»', &['«', '»']),
    ('‟', &['”']),
    ('「', &['」']),
    ('『', &['』']),
    ('"', &['"', '”']),
];

/// The stretches of a text between quotation marks, in their order, marks left out.
///
/// A quotation ends with its line at the latest: one of several paragraphs opens each of them again. Plain marks (`"`) that
/// nothing closes in their line are none, such as those of inches.
#[must_use]
pub fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        in_line(line, line_start, &mut found);
        line_start += line.len();
    }
    found
}

fn in_line(line: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    // All marks but one are not ASCII: most lines have none.
    if line.is_ascii() && !line.contains('"') {
        return;
    }
    let mut open: Option<(char, &[char], usize)> = None;
    for (at, c) in line.char_indices() {
        match open {
            Some((_, closing, start)) if closing.contains(&c) => {
                found.push(offset + start..offset + at);
                open = None;
            }
            Some(_) => {}
            None => {
                let pair = PAIRS.iter().find(|(mark, _)| *mark == c);
                open = pair.map(|(mark, closing)| (*mark, *closing, at + c.len_utf8()));
            }
        }
    }
    if let Some((mark, _, start)) = open
        && mark != '"'
    {
        found.push(offset + start..offset + line.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_speech_in_the_marks_of_many_languages() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = quotations(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("“We paid,” she said. “All of it.”", &["We paid,", "All of it."]);
        check("Sie sagte: „Wir zahlen“, und ging.", &["Wir zahlen"]);
        check("Sie sagte: »Wir zahlen«, und ging.", &["Wir zahlen"]);
        check("Elle a dit : « Nous payons ».", &[" Nous payons "]);
        check("He said \"no\" and \"never\".", &["no", "never"]);
        check("他说：「不会」。", &["不会"]);
        check("A 15\" screen\nand 20 more", &[]);
        check("“The first paragraph\n“and the last,” he said", &["The first paragraph\n", "and the last,"]);
        check("the farmer's field, the farmers' fields", &[]);
        check("", &[]);
    }
}
