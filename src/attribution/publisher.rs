//! Whether a name is the publisher's own: by the register, by the letters of its domain, by "this newspaper".

use super::fold::fold;
use crate::model::OutletRegister;

/// Shorter labels of a domain tell nothing.
const MIN_LABEL: usize = 3;

/// Words before a noun that make it the publisher when no outlet was named before: "this newspaper", "unsere Zeitung".
const THIS: &[&str] = &[
    "this ",
    "our ",
    "diese",
    "unser",
    "ce ",
    "cette ",
    "notre ",
    "este ",
    "esta ",
    "nuestr",
    "noss",
    "questo ",
    "questa ",
    "nostr",
    "этой ",
    "этому ",
    "наш",
    "цій ",
    "tej ",
    "naszej ",
    "deze ",
    "dit ",
    "onze ",
    "bu ",
    "本",
];

/// The outlet whose page the text stands on.
#[derive(Debug)]
pub(super) struct Publisher<'a> {
    /// Its primary domain, when known.
    domain: Option<&'a str>,
    /// The telling label of the domain; empty for none.
    label: String,
    /// The register knows it, or its domain is not known.
    is_registered: bool,
}

impl<'a> Publisher<'a> {
    /// The publisher of this domain.
    pub(super) fn new(domain: Option<&'a str>, register: &OutletRegister) -> Self {
        Self {
            domain,
            label: domain.map(label).unwrap_or_default(),
            is_registered: domain.is_none_or(|domain| register.by_host(domain).is_some()),
        }
    }

    /// Whether an outlet of the register with this domain is it.
    pub(super) fn is(&self, domain: &str) -> bool {
        self.domain == Some(domain)
    }

    /// Whether a domain is its own or one of its brand in another country.
    pub(super) fn owns(&self, domain: &str) -> bool {
        self.is(domain) || (!self.label.is_empty() && label(domain) == self.label)
    }

    /// Whether words that stand for an outlet mean the publisher when no outlet was named before.
    pub(super) fn is_meant_by(written: &str) -> bool {
        let written = written.to_lowercase();
        THIS.iter().any(|word| written.starts_with(word))
    }

    /// Whether a name that the register doesn't know is the publisher's: its letters stand in the publisher's domain.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let own = self.label.as_str();
        let begins = |name: &str| name.bytes().next().map(|b| b.to_ascii_lowercase()) == own.bytes().next();
        // Letters of other alphabets must be romanized first; most names need no second look.
        if own.len() < MIN_LABEL
            || (name.is_ascii() && name.starts_with(|c: char| c.is_alphanumeric()) && !begins(name))
        {
            return false;
        }
        let squeezed: String = romanized(&fold(name)).chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        // A name given as a domain carries its last label with it.
        let stem = name.rsplit_once('.').map_or_else(
            || squeezed.clone(),
            |(stem, _)| romanized(&fold(stem)).chars().filter(|c| c.is_ascii_alphanumeric()).collect(),
        );
        let fits = |name: &str| {
            name.len() >= MIN_LABEL && own.len() >= MIN_LABEL && (own.starts_with(name) || name.starts_with(own))
        };
        fits(&squeezed) || fits(&stem)
    }

    /// Whether a word of a folded line begins its domain, when the register doesn't know it.
    pub(super) fn may_be_named_in(&self, folded: &str) -> bool {
        let own = self.label.as_str();
        let begins = |word: &str| word.len() >= 2 && own.starts_with(word);
        !self.is_registered
            && own.len() >= MIN_LABEL
            && folded
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| if word.is_ascii() { begins(word) } else { begins(&romanized(word)) })
    }
}

/// The telling label of a domain: `forbes` of `forbes.be`, `tsn` of `tsn.ua`; empty when it is too short to tell.
fn label(domain: &str) -> String {
    let mut labels: Vec<&str> = domain.split('.').collect();
    labels.pop();
    let label = labels
        .into_iter()
        .rev()
        .find(|label| label.len() > 3 || !matches!(*label, "co" | "com" | "org" | "net" | "gov" | "edu" | "ac"));
    label.map(|label| label.replace('-', "").to_lowercase()).filter(|label| label.len() >= 3).unwrap_or_default()
}

/// Latin letters for Cyrillic ones, as domains are spelled.
fn romanized(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    for c in folded.chars() {
        out.push_str(match c {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' | 'ґ' => "g",
            'д' => "d",
            'е' | 'є' | 'э' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' | 'і' | 'ї' | 'ы' => "i",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ф' => "f",
            'х' => "h",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "sch",
            'ю' => "yu",
            'я' => "ya",
            'ь' | 'ъ' => "",
            other => {
                out.push(other);
                continue;
            }
        });
    }
    out
}
