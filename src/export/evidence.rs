//! What stands behind a story, for people: each article with its clocks, credits and every text that was seen of it.

use std::io::Write;

use super::ExportError;
use super::escape::terminal;
use super::told;
use crate::view::compare::EvidenceView;

/// Writes an article with all that was seen of it as plain text; times are of UTC, as in JSON.
///
/// # Errors
/// When the destination refuses.
pub fn evidence_text(evidence: &EvidenceView, out: &mut dyn Write) -> Result<(), ExportError> {
    let article = &evidence.article;
    writeln!(out, "{}", terminal(told::title(article)))?;
    let published = article.published_at.map_or_else(|| "not claimed".to_owned(), |at| at.rfc3339());
    let precision = article.published_precision.as_deref().unwrap_or_default();
    let updated = article.updated_at.map_or_else(|| "not claimed".to_owned(), |at| at.rfc3339());
    for (name, value) in [
        ("article", article.id.to_string().as_str()),
        ("outlet", told::outlet(article)),
        ("address", article.url.as_deref().unwrap_or("none")),
        ("published", &format!("{published} {}", if precision == "day" { "(a day, no time of day)" } else { "" })),
        ("changed", &updated),
        ("first seen by us", &article.first_seen_at.rfc3339()),
        ("role", told::role(article)),
    ] {
        writeln!(out, "{:17} {}", format!("{name}:"), terminal(value).trim_end())?;
    }
    for cite in &article.cites {
        writeln!(out, "\n{}, {}:\n  {}", terminal(&cite.outlet), cite.kind, terminal(&cite.sentence))?;
    }
    for copy in &article.copy_of {
        let share = copy.containment * 100.0;
        writeln!(out, "\n{share:.0} % of its text stands in article {} ({})", copy.of, copy.grade)?;
    }
    for version in &evidence.versions {
        writeln!(out, "\n--- seen {} ({})", version.seen_at.rfc3339(), version.source)?;
        writeln!(out, "{}\n", terminal(told::headline(&version.title)))?;
        for line in version.body.as_deref().unwrap_or("(no text)").lines() {
            writeln!(out, "{}", terminal(line))?;
        }
    }
    Ok(())
}
