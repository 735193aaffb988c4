//! Outlets of the database that the register doesn't know, by name, initials and first word.

use std::collections::{HashMap, HashSet};

use super::introduced::initials_of;

/// Shorter first words of a name are articles and adjectives more often than short names.
const MIN_SHORT_CHARS: usize = 4;

/// Initials of this many letters are an outlet's wherever they are credited; two are too many things'.
const MIN_INITIALS: usize = 3;

/// Longest name looked for, in words.
pub(super) const MAX_WORDS: usize = 6;

/// The outlets of the database that the register doesn't know and whose names are of several words: one word is a person's
/// or a place's name more often.
#[derive(Debug, Default)]
pub struct StoredOutlets {
    /// Name and domain.
    outlets: Vec<(String, String)>,
    /// Positions by full name, by initials and by first word; none where several outlets share them.
    full: HashMap<String, Option<usize>>,
    initials: HashMap<String, Option<usize>>,
    short: HashMap<String, Option<usize>>,
    first_words: HashSet<String>,
}

impl StoredOutlets {
    /// The outlets with these names and domains.
    #[must_use]
    pub fn new(outlets: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut stored = Self::default();
        for (name, domain) in outlets {
            let words: Vec<&str> = name.split_whitespace().skip_while(|word| *word == "The").collect();
            let Some((first, [_, ..])) = words.split_first().filter(|_| !name.contains('.')) else { continue };
            if words.len() > MAX_WORDS || !first.chars().next().is_some_and(char::is_uppercase) {
                continue;
            }
            let position = stored.outlets.len();
            let note = |map: &mut HashMap<String, Option<usize>>, key: String| {
                map.entry(key).and_modify(|known| *known = None).or_insert(Some(position));
            };
            note(&mut stored.full, words.join(" "));
            if let Some(initials) = initials_of(&words) {
                note(&mut stored.initials, initials);
            }
            if first.chars().count() >= MIN_SHORT_CHARS {
                note(&mut stored.short, (*first).to_owned());
            }
            stored.first_words.insert((*first).to_owned());
            stored.outlets.push((words.join(" "), domain));
        }
        stored
    }

    /// Whether a name may begin with a word.
    pub(super) fn may_begin(&self, word: &str) -> bool {
        self.first_words.contains(word)
    }

    /// Whether a text is the whole name of an outlet.
    pub(super) fn is_name(&self, text: &str) -> bool {
        self.full.contains_key(text)
    }

    /// Whether initials are those of one outlet, and enough of them to mean it.
    pub(super) fn has_initials(&self, initials: &str) -> bool {
        initials.len() >= MIN_INITIALS && self.initials.get(initials).is_some_and(Option::is_some)
    }

    /// Whether a word begins the name of one outlet.
    pub(super) fn is_short_name(&self, word: &str) -> bool {
        self.short.get(word).is_some_and(Option::is_some)
    }

    /// Name and domain of the outlet that is called so: by its name, its initials or its name's first word.
    pub(super) fn outlet(&self, written: &str) -> Option<(&str, &str)> {
        let written = written.strip_prefix("The ").unwrap_or(written);
        let found = match self.full.get(written) {
            Some(found) => *found,
            None => self.initials.get(written).or_else(|| self.short.get(written)).copied().flatten(),
        };
        found.map(|at| (self.outlets[at].0.as_str(), self.outlets[at].1.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlets_are_known_by_name_initials_and_first_word() {
        let row = |name: &str, domain: &str| (name.to_owned(), domain.to_owned());
        let stored = StoredOutlets::new([
            row("The Talmouth Post", "post.example"),
            row("Orrin Valley Wire", "wire.example"),
            row("Orrin Village Week", "week.example"),
            row("Gordon", "gordon.example"),
            row("news.example", "news.example"),
        ]);
        let check = |written: &str, expected: Option<&str>| {
            assert_eq!(stored.outlet(written).map(|(_, domain)| domain), expected, "{written}");
        };
        check("Talmouth Post", Some("post.example"));
        check("The Talmouth Post", Some("post.example"));
        check("Talmouth", Some("post.example"));
        check("TP", Some("post.example"));
        check("Orrin Valley Wire", Some("wire.example"));
        // Two outlets have these.
        check("OVW", None);
        check("Orrin", None);
        check("Gordon", None);
        check("news.example", None);
        assert!(stored.may_begin("Talmouth") && !stored.may_begin("Gordon"));
    }
}
