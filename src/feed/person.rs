//! Names of authors, out of the ways feeds write them.

/// The name in `desk@example.org (Jane Roe)`, `Jane Roe <desk@example.org>`, `Jane Roe (desk@example.org)` or
/// `Jane Roe`; none for an address alone.
pub(super) fn name(text: &str) -> Option<String> {
    let text = super::html::fold(text);
    let is_address = |part: &str| part.contains('@') && !part.contains(' ');
    let bare = |part: &str| part.trim().trim_start_matches("mailto:").to_owned();
    for (open, close) in [('(', ')'), ('<', '>')] {
        let Some((before, rest)) = text.split_once(open) else { continue };
        let Some((inside, after)) = rest.split_once(close) else { continue };
        let outside = bare(&format!("{} {}", before.trim(), after.trim()));
        if is_address(&outside) || outside.is_empty() {
            return Some(bare(inside)).filter(|name| !name.is_empty() && !is_address(name));
        }
        if is_address(&bare(inside)) || inside.trim().is_empty() {
            return Some(outside);
        }
    }
    if is_address(&bare(&text)) || text.is_empty() {
        return None;
    }
    // "Jane Roe desk@example.org", and "by Jane Roe" of some feeds.
    let words: Vec<&str> = text.split(' ').filter(|word| !is_address(word)).collect();
    Some(words.join(" ").trim_end_matches([',', ';', '-', ' ']).to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found() {
        for (text, expected) in [
            ("desk@example.org (Jane Roe)", Some("Jane Roe")),
            ("Jane Roe <desk@example.org>", Some("Jane Roe")),
            ("Jane Roe (desk@example.org)", Some("Jane Roe")),
            ("(Jane Roe)", Some("Jane Roe")),
            ("Jane\n Roe", Some("Jane Roe")),
            ("Jane Roe (Berlin)", Some("Jane Roe (Berlin)")),
            ("Jane Roe, desk@example.org", Some("Jane Roe")),
            ("desk@example.org", None),
            ("mailto:desk@example.org", None),
            ("desk@example.org ()", None),
            (" ", None),
        ] {
            assert_eq!(super::name(text).as_deref(), expected, "{text}");
        }
    }
}
