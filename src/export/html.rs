//! A page of HTML that stands alone: no script, nothing loaded from elsewhere, the same in ten years.

use std::io::Write;

use super::ExportError;
use super::document::{Block, Document, Span, web_address};
use super::escape;

/// Light and dark as the reader's system wants it; wide tables scroll by themselves.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{line-height:1.2}h2{margin-top:2rem;font-size:1.15rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}\
th,td{text-align:start;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8886}";

/// Writes a page as HTML.
///
/// # Errors
/// When the destination refuses.
pub fn html(document: &Document, out: &mut dyn Write) -> Result<(), ExportError> {
    let title = escape::html(&document.title);
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    // A browser that is told so runs and loads nothing, whatever a headline may have smuggled in.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")?;
    writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\">")?;
    writeln!(out, "<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1><bdi>{title}</bdi></h1>")?;
    for block in &document.blocks {
        match block {
            Block::Heading(text) => writeln!(out, "<h2>{text}</h2>")?,
            Block::Paragraph(spans) => writeln!(out, "<p>{}</p>", joined(spans))?,
            Block::List(items) => list(items, out)?,
            Block::Table { header, rows } => {
                let header: String = header.iter().map(|name| format!("<th>{}</th>", escape::html(name))).collect();
                writeln!(out, "<div class=\"wide\"><table>\n<thead><tr>{header}</tr></thead>\n<tbody>")?;
                for row in rows {
                    let cells: String = row.iter().map(|cell| format!("<td>{}</td>", span(cell))).collect();
                    writeln!(out, "<tr>{cells}</tr>")?;
                }
                writeln!(out, "</tbody>\n</table></div>")?;
            }
        }
    }
    Ok(writeln!(out, "</body>\n</html>")?)
}

/// A list within a list stands in the item above it.
fn list(items: &[(usize, Vec<Span>)], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut n_open = 0;
    for (depth, spans) in items {
        // No item skips a level, so that each list has an item to stand in.
        let wanted = (depth + 1).min(n_open + 1);
        if wanted > n_open {
            write!(out, "<ul>\n<li>")?;
        } else {
            write!(out, "</li>\n{}<li>", "</ul></li>\n".repeat(n_open - wanted))?;
        }
        n_open = wanted;
        write!(out, "{}", joined(spans))?;
    }
    if n_open > 0 {
        writeln!(out, "</li>\n{}</ul>", "</ul></li>\n".repeat(n_open - 1))?;
    }
    Ok(())
}

fn joined(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) => escape::html(text),
        Span::Strong(text) => format!("<strong><bdi>{}</bdi></strong>", escape::html(text)),
        Span::Link { text, url, language } => {
            let lang = language.as_deref().map_or_else(String::new, |tag| format!(" lang=\"{}\"", escape::html(tag)));
            let text = format!("<bdi{lang}>{}</bdi>", escape::html(text));
            match url.as_deref().and_then(web_address) {
                Some(url) => format!("<a href=\"{}\" rel=\"noopener noreferrer\">{text}</a>", escape::html(&url)),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(blocks: Vec<Block>) -> String {
        let mut out = Vec::new();
        html(&Document { title: "</title><script>".to_owned(), blocks }, &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<script") && page.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"), "{page}");
        let (_, body) = page.split_once("</h1>\n").unwrap();
        body.strip_suffix("</body>\n</html>\n").unwrap().to_owned()
    }

    #[test]
    fn lists_nest() {
        let items = [0, 1, 2, 0, 3].map(|depth| (depth, vec![Span::text(format!("{depth}"))]));
        assert_eq!(
            body(vec![Block::List(items.to_vec())]).replace('\n', ""),
            "<ul><li>0<ul><li>1<ul><li>2</li></ul></li></ul></li><li>0<ul><li>3</li></ul></li></ul>"
        );
    }

    #[test]
    fn text_stays_text() {
        let link = |url: &str| Span::Link {
            text: "<b>".to_owned(),
            url: Some(url.to_owned()),
            language: Some("d\"e".to_owned()),
        };
        assert_eq!(
            body(vec![Block::Paragraph(vec![link("https://x.example/?a=1&b=\"")])]),
            "<p><a href=\"https://x.example/?a=1&amp;b=%22\" rel=\"noopener noreferrer\">\
             <bdi lang=\"d&quot;e\">&lt;b&gt;</bdi></a></p>\n"
        );
        assert_eq!(
            body(vec![Block::Paragraph(vec![link("javascript:alert(1)")])]),
            "<p><bdi lang=\"d&quot;e\">&lt;b&gt;</bdi></p>\n"
        );
    }
}
