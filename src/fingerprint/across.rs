//! Keys of names that are the same in many languages: the consonants that stay when a name is written in another script.
//!
//! `Ouchakov`, `Uschakow`, `Ushakov` and `Ушаков` have one key. Vowels, repeated sounds and the spelling of sibilants go,
//! voiced `w`, `v` and `f` are one; a vowel at the beginning is kept as a mark.

use crate::text::fold;

/// Fewest characters of a key: shorter ones are shared by too many names.
const MIN_CHARS: usize = 3;

/// Characters of a key: endings that a language puts on a name come after them.
const MAX_CHARS: usize = 5;

/// The key of one word of a name; none when too little is left of it or its script isn't known here.
#[must_use]
pub fn key(word: &str) -> Option<String> {
    let latin = fold(word).chars().map(latin).collect::<Option<String>>()?;
    let mut key = String::new();
    let mut rest = latin.as_str();
    while let Some(first) = rest.chars().next() {
        let (sound, length) = sound(rest, first);
        rest = &rest[length..];
        let Some(sound) = sound else { continue };
        let is_vowel = sound == 'a';
        if (is_vowel && !key.is_empty()) || key.ends_with(sound) {
            continue;
        }
        key.push(sound);
        if key.len() == MAX_CHARS {
            break;
        }
    }
    (key.len() >= MIN_CHARS).then_some(key)
}

/// Spellings of more than one letter, longest first.
const SPELLINGS: [(&str, char); 12] = [
    ("tsch", 'x'),
    ("sch", 'x'),
    ("tch", 'x'),
    ("sh", 'x'),
    ("ch", 'x'),
    ("sz", 'x'),
    ("cz", 'x'),
    ("zh", 'x'),
    ("ck", 'k'),
    ("ph", 'v'),
    ("th", 't'),
    ("kh", 'k'),
];

/// The sound at the beginning of `rest` and the bytes it takes; none for a letter without one.
fn sound(rest: &str, first: char) -> (Option<char>, usize) {
    if let Some((spelling, sound)) = SPELLINGS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
        return (Some(*sound), spelling.len());
    }
    let sound = match first {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'j' => Some('a'),
        'w' | 'v' | 'f' => Some('v'),
        'c' | 'q' | 'k' => Some('k'),
        's' | 'z' => Some('s'),
        'h' => None,
        other => Some(other),
    };
    (sound, first.len_utf8())
}

/// The Latin letters that a folded Latin, Cyrillic or Greek letter stands for, one for each.
fn latin(c: char) -> Option<char> {
    Some(match c {
        'a'..='z' => c,
        'а' | 'α' => 'a',
        'б' => 'b',
        'в' | 'β' => 'v',
        'г' | 'ґ' | 'γ' => 'g',
        'д' | 'δ' => 'd',
        'е' | 'э' | 'є' | 'ε' | 'η' => 'e',
        // Written `zh`, `sh`, `ch` elsewhere; all of them become `x`.
        'ж' | 'ш' | 'щ' | 'ч' => 'x',
        'з' | 'с' | 'ц' | 'ζ' | 'σ' => 's',
        'и' | 'й' | 'ы' | 'і' | 'ї' | 'ι' => 'i',
        'к' | 'х' | 'κ' | 'χ' => 'k',
        'л' | 'λ' => 'l',
        'м' | 'μ' => 'm',
        'н' | 'ν' => 'n',
        'о' | 'ο' | 'ω' => 'o',
        'п' | 'π' => 'p',
        'р' | 'ρ' => 'r',
        'т' | 'τ' | 'θ' => 't',
        'у' | 'ю' | 'υ' => 'u',
        'ф' | 'φ' => 'f',
        'я' => 'a',
        'ь' | 'ъ' => 'h',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_in_many_spellings() {
        let check = |spellings: &[&str]| {
            let keys: Vec<Option<String>> = spellings.iter().map(|spelling| key(spelling)).collect();
            assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{spellings:?}: {keys:?}");
        };
        check(&["Ouchakov", "Uschakow", "Ushakov", "Ушаков"]);
        check(&["Tolstoy", "Tolstoi", "Толстой"]);
        check(&["Chekhov", "Tchekhov", "Чехов"]);
        check(&["Brandt", "Брандт"]);
        assert_eq!(key("Ida"), None);
        assert_eq!(key("東京"), None);
        assert_ne!(key("Velmouth"), key("Marlow"));
    }
}
