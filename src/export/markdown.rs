//! Markdown (CommonMark with the tables of GitHub), to paste into a note.

use std::io::Write;

use super::ExportError;
use super::document::{Block, Document, Span, web_address};
use super::escape;

/// Writes a page as Markdown.
///
/// # Errors
/// When the destination refuses.
pub fn markdown(document: &Document, out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "# {}", escape::markdown(&document.title))?;
    for block in &document.blocks {
        writeln!(out)?;
        match block {
            Block::Heading(text) => writeln!(out, "## {text}")?,
            Block::Paragraph(spans) => writeln!(out, "{}", joined(spans))?,
            Block::List(items) => {
                for (depth, spans) in items {
                    writeln!(out, "{}- {}", "  ".repeat(*depth), joined(spans))?;
                }
            }
            Block::Table { header, rows } => {
                let header: Vec<String> = header.iter().map(|name| escape::markdown(name)).collect();
                writeln!(out, "| {} |", header.join(" | "))?;
                writeln!(out, "|{}", " --- |".repeat(header.len()))?;
                for row in rows {
                    writeln!(out, "| {} |", row.iter().map(span).collect::<Vec<_>>().join(" | "))?;
                }
            }
        }
    }
    Ok(())
}

fn joined(spans: &[Span]) -> String {
    let text: String = spans.iter().map(span).collect();
    // Such a beginning would make a list, a quotation or a heading of it.
    let starts_a_block = text.starts_with(['-', '+', '>', '#', '=']) || text.starts_with(|c: char| c.is_ascii_digit());
    match text.find(|c: char| !c.is_ascii_digit()) {
        // "12. May" is no list of one.
        Some(at) if starts_a_block && at > 0 && text[at..].starts_with(['.', ')']) => {
            format!("{}\\{}", &text[..at], &text[at..])
        }
        Some(0) if starts_a_block => format!("\\{text}"),
        _ => text,
    }
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) => escape::markdown(text),
        Span::Strong(text) => format!("**{}**", escape::markdown(text)),
        Span::Link { text, url, .. } => match url.as_deref().and_then(web_address) {
            Some(url) => format!("[{}]({url})", escape::markdown(text)),
            None => escape::markdown(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(blocks: Vec<Block>, expected: &str) {
        let mut out = Vec::new();
        markdown(&Document { title: "A [title]".to_owned(), blocks }, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("# A \\[title\\]\n\n{expected}"));
    }

    #[test]
    fn text_stays_text() {
        let link =
            Span::Link { text: "a](b)".to_owned(), url: Some("https://x.example/(1)".to_owned()), language: None };
        check(
            vec![Block::Table { header: vec!["A|B".to_owned()], rows: vec![vec![link]] }],
            "| A\\|B |\n| --- |\n| [a\\](b)](https://x.example/%281%29) |\n",
        );
        let nowhere =
            Span::Link { text: "here".to_owned(), url: Some("javascript:alert(1)".to_owned()), language: None };
        check(
            vec![Block::List(vec![(0, vec![Span::text("- x")]), (1, vec![Span::Strong("*".to_owned()), nowhere])])],
            "- \\- x\n  - **\\***here\n",
        );
        check(vec![Block::Paragraph(vec![Span::text("12. May")])], "12\\. May\n");
        check(vec![Block::Paragraph(vec![Span::text("2025-11-25")])], "2025-11-25\n");
    }
}
