//! The names of the register in every form a text may give them: scripts, contractions, inflection by rule.

use super::fold::fold;
use crate::model::{Outlet, OutletKind, OutletRegister};

/// One spelling that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameForm {
    /// The folded spelling.
    pub(super) folded: String,
    /// Position of the outlet in the register.
    pub(super) outlet: usize,
    /// How it must be written.
    pub(super) case: Case,
    /// Also a person, a place or a word.
    pub(super) is_ambiguous: bool,
    /// Endings that the language hangs on it.
    pub(super) endings: Endings,
    /// Bytes of the preposition that the form begins with.
    pub(super) prefix: usize,
}

/// How a name must be written to be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Any way: a domain, a script without capitals.
    Any,
    /// With a capital at the start of the words at these two bytes of the folded spelling: the first and the last word
    /// that has one, so that "Le monde" isn't taken for "Le Monde".
    Capital(usize, usize),
    /// An acronym: all capitals, or a capital alone when it has three letters or more.
    Acronym,
}

/// Case endings that may follow a name without a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endings {
    /// None.
    None,
    /// Of Polish, Czech, Lithuanian and their neighbors on a foreign name.
    Latin,
    /// Of Russian, Ukrainian and their neighbors.
    Cyrillic,
}

/// Endings of borrowed names in Slavic, Baltic and Finnic languages written with Latin letters, folded.
const LATIN_ENDINGS: &[&str] = &[
    "a", "u", "em", "om", "owi", "ovi", "ie", "e", "y", "ow", "iem", "i", "o", "as", "ui", "s", "ul", "ului", "ech",
    "ach", "ami", "ia", "iu", "ille", "in", "n", "lle", "ssa", "sta", "nek", "nak", "ban", "ben", "tol",
];

/// Endings of nouns in Slavic languages written with Cyrillic letters, folded.
const CYRILLIC_ENDINGS: &[&str] = &[
    "а", "у", "ом", "ем", "е", "ы", "и", "і", "ь", "ів", "ои", "ою", "еи", "єю", "ею", "ю", "я", "ові", "еві", "ам",
    "ами", "ах", "ов", "ям", "ями", "ях", "ью", "ъ", "ии", "ия", "ию", "иеи", "ія", "іі", "ію", "ією", "о", "ого",
    "ому", "им", "ым", "ыи", "ая", "ую",
];

/// Whether `tail` is an ending of that kind.
pub(super) fn is_ending(endings: Endings, tail: &str) -> bool {
    match endings {
        Endings::None => false,
        Endings::Latin => LATIN_ENDINGS.contains(&tail),
        Endings::Cyrillic => CYRILLIC_ENDINGS.contains(&tail),
    }
}

/// Every form of every name of the register.
pub(super) fn forms(register: &OutletRegister) -> Vec<NameForm> {
    let mut found = Vec::new();
    for (index, outlet) in register.outlets().iter().enumerate() {
        for name in std::iter::once(&outlet.name).chain(&outlet.aliases).chain(&outlet.ambiguous_names) {
            // Two capitals are an abbreviation of many things.
            let is_acronym = name.chars().count() == 2 && name.chars().all(char::is_uppercase);
            let is_ambiguous = outlet.ambiguous_names.contains(name) || (is_acronym && *name != outlet.name);
            add_name(&mut found, name, index, is_ambiguous);
        }
        for domain in &outlet.domains {
            add(&mut found, domain, index, Case::Any, false, Endings::Latin);
        }
        if outlet.kind == OutletKind::Agency {
            add_acronym_twin(&mut found, outlet, index);
        }
    }
    found
}

fn add_name(found: &mut Vec<NameForm>, name: &str, outlet: usize, is_ambiguous: bool) {
    if name.chars().count() < 2 {
        return;
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    for form in slavic_forms(&words) {
        let case = case_of(&form);
        let endings = endings_of(&form);
        // The last vowel of a Cyrillic or Polish noun changes with its case: what is left is the stem.
        let stem = if words.len() == 1 { stem_of(&form, endings) } else { form.clone() };
        add(found, &stem, outlet, case, is_ambiguous, endings);
        if stem != form {
            add(found, &form, outlet, case, is_ambiguous, Endings::None);
        }
    }
    contracted(found, &words, outlet, is_ambiguous);
}

fn add(found: &mut Vec<NameForm>, name: &str, outlet: usize, case: Case, is_ambiguous: bool, endings: Endings) {
    let folded = fold(name);
    if folded.trim().is_empty()
        || found.iter().rev().take(200).any(|form| form.folded == folded && form.outlet == outlet && form.case == case)
    {
        return;
    }
    found.push(NameForm { folded, outlet, case, is_ambiguous, endings, prefix: 0 });
}

/// Dotted acronyms: an agency called ABC is also A.B.C. in some languages.
fn add_acronym_twin(found: &mut Vec<NameForm>, outlet: &Outlet, index: usize) {
    for name in std::iter::once(&outlet.name).chain(&outlet.aliases) {
        if name.chars().count() == 3 && name.chars().all(char::is_uppercase) {
            let dotted: String = name.chars().flat_map(|c| [c, '.']).collect();
            add(found, dotted.trim_end_matches('.'), index, Case::Acronym, false, Endings::None);
        }
    }
}

fn case_of(name: &str) -> Case {
    let letters = || name.chars().filter(|c| c.is_alphabetic());
    if !letters().any(|c| c.is_uppercase()) || name.contains('.') {
        return Case::Any;
    }
    if letters().count() <= 5 && letters().all(char::is_uppercase) {
        return Case::Acronym;
    }
    let folded = fold(name);
    let mut capitals = name.split_whitespace().filter(|word| word.chars().next().is_some_and(char::is_uppercase));
    let Some(start) = capitals.next() else { return Case::Any };
    let at = |word: &str| folded.rfind(&fold(word));
    let (Some(start), end) = (folded.find(&fold(start)), capitals.next_back().and_then(at)) else { return Case::Any };
    Case::Capital(start, end.unwrap_or(start))
}

fn endings_of(name: &str) -> Endings {
    let last = name.chars().next_back();
    if last.is_some_and(|c| ('\u{400}'..='\u{52f}').contains(&c)) {
        Endings::Cyrillic
    } else if last.is_some_and(|c| c.is_alphabetic() && c <= '\u{24f}') {
        Endings::Latin
    } else {
        Endings::None
    }
}

fn stem_of(name: &str, endings: Endings) -> String {
    if endings != Endings::Cyrillic || name.chars().count() < 4 || name.chars().all(|c| c.is_uppercase()) {
        return name.to_owned();
    }
    let stem = name.trim_end_matches(['а', 'я', 'ь', 'ъ', 'й', 'о', 'е', 'і', 'и', 'ы']);
    if stem.chars().count() >= 3 { stem.to_owned() } else { name.to_owned() }
}

/// "du Monde", "del País", "dal Corriere", "im Spiegel": the preposition has swallowed the name's article.
fn contracted(found: &mut Vec<NameForm>, words: &[&str], outlet: usize, is_ambiguous: bool) {
    let Some((article, rest)) = words.split_first().filter(|(_, rest)| !rest.is_empty()) else { return };
    let rest = rest.join(" ");
    let prefixes: &[&str] = match *article {
        "Le" => &["du", "au", "le"],
        "Les" => &["des", "aux", "les"],
        "La" => &["la", "alla", "della", "dalla", "sulla", "nella"],
        "El" => &["del", "al", "el"],
        "Il" => &["del", "al", "dal", "sul", "nel", "il"],
        "O" => &["do", "ao", "pelo", "no", "o"],
        "A" => &["da", "à", "pela", "na", "a"],
        "Der" | "Die" | "Das" => &["der", "dem", "den", "des", "im", "vom", "zum", "beim", "die", "das"],
        "De" | "Het" => &["de", "het"],
        "The" => &["the"],
        _ => return,
    };
    for prefix in prefixes {
        let form = format!("{prefix} {rest}");
        let at = fold(prefix).trim().len() + 1;
        let case = match case_of(&rest) {
            Case::Capital(start, end) => Case::Capital(start + at, end + at),
            other => other,
        };
        let n_before = found.len();
        add(found, &form, outlet, case, is_ambiguous, endings_of(&rest));
        if found.len() > n_before && !matches!(*article, "The") {
            found[n_before].prefix = at - 1;
        }
    }
    // Without its article a single word is a common one; the register says where it is still the name.
    if rest.contains(' ') {
        add(found, &rest, outlet, case_of(&rest), is_ambiguous, endings_of(&rest));
    }
}

/// Whether a Cyrillic name is spelled in the Ukrainian way.
fn is_ukrainian(words: &[&str]) -> bool {
    words.iter().any(|word| word.ends_with("ська") || word.contains(['і', 'ї', 'є', 'ґ', 'І', 'Ї', 'Є']))
}

/// Whether a Cyrillic name may be spelled in the Belarusian way: it has letters of Belarusian and none that it lacks.
fn may_be_belarusian(words: &[&str]) -> bool {
    words.iter().any(|word| word.contains(['і', 'ў', 'І', 'Ў']))
        && !words.iter().any(|word| word.contains(['и', 'ї', 'є', 'ґ', 'ъ', 'щ', 'И', 'Ї', 'Є', 'Ґ', 'Щ']))
}

/// Each case of a Slavic name of several words, adjective and noun changing together; any other name as it is.
fn slavic_forms(words: &[&str]) -> Vec<String> {
    let joined = words.join(" ");
    if words.len() < 2 {
        return vec![joined];
    }
    let mut spellings = vec![if is_ukrainian(words) { Spelling::Ukrainian } else { Spelling::Other }];
    if may_be_belarusian(words) {
        spellings.push(Spelling::Belarusian);
    }
    let mut found = vec![joined];
    for spelling in spellings {
        let paradigms: Option<Vec<Vec<String>>> = words.iter().map(|word| paradigm(word, spelling)).collect();
        let Some(paradigms) = paradigms.filter(|all| all.iter().any(|forms| forms.len() > 1)) else { continue };
        let n_cases = paradigms.iter().map(Vec::len).max().unwrap_or(1);
        for case in 0..n_cases {
            let form: Vec<&str> = paradigms.iter().map(|forms| forms.get(case).unwrap_or(&forms[0]).as_str()).collect();
            found.push(form.join(" "));
        }
    }
    found
}

/// Whose endings a name takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Ukrainian,
    Belarusian,
    Other,
}

/// Nominative, genitive, dative, accusative, instrumental and prepositional of a word by its ending; a word that no
/// rule knows has one form; none when the word is in a script that these rules are not about.
fn paradigm(word: &str, spelling: Spelling) -> Option<Vec<String>> {
    const UKRAINIAN: &[(&str, [&str; 6])] = &[
        ("ська", ["ська", "ської", "ській", "ську", "ською", "ській"]),
        ("ка", ["ка", "ки", "ці", "ку", "кою", "ці"]),
        ("ія", ["ія", "ії", "ії", "ію", "ією", "ії"]),
        ("ня", ["ня", "ні", "ні", "ню", "нею", "ні"]),
        ("а", ["а", "и", "і", "у", "ою", "і"]),
    ];
    const BELARUSIAN: &[(&str, [&str; 6])] = &[
        // Possessives, adjectives, then nouns.
        ("аша", ["аша", "ашай", "ашай", "ашу", "ашай", "ашай"]),
        ("ая", ["ая", "ай", "ай", "ую", "ай", "ай"]),
        ("яя", ["яя", "яй", "яй", "юю", "яй", "яй"]),
        ("кі", ["кі", "кага", "каму", "кі", "кім", "кім"]),
        ("ы", ["ы", "ага", "аму", "ы", "ым", "ым"]),
        ("ка", ["ка", "кі", "цы", "ку", "кай", "цы"]),
        ("да", ["да", "ды", "дзе", "ду", "дай", "дзе"]),
        ("та", ["та", "ты", "це", "ту", "тай", "це"]),
        ("ія", ["ія", "іі", "іі", "ію", "іяй", "іі"]),
        ("а", ["а", "ы", "е", "у", "ай", "е"]),
        ("я", ["я", "і", "і", "ю", "яй", "і"]),
    ];
    const RULES: &[(&str, [&str; 6])] = &[
        // Cyrillic: adjectives, then nouns.
        ("ская", ["ская", "ской", "ской", "скую", "ской", "ской"]),
        ("ая", ["ая", "ой", "ой", "ую", "ой", "ой"]),
        ("яя", ["яя", "ей", "ей", "юю", "ей", "ей"]),
        ("ий", ["ий", "ого", "ому", "ий", "им", "ом"]),
        ("ый", ["ый", "ого", "ому", "ый", "ым", "ом"]),
        ("ое", ["ое", "ого", "ому", "ое", "ым", "ом"]),
        ("ия", ["ия", "ии", "ии", "ию", "ией", "ии"]),
        ("ти", ["ти", "тей", "тям", "ти", "тями", "тях"]),
        ("ка", ["ка", "ки", "ці", "ку", "кою", "ке"]),
        ("та", ["та", "ты", "те", "ту", "той", "ті"]),
        ("да", ["да", "ды", "де", "ду", "дой", "ді"]),
        ("а", ["а", "ы", "е", "у", "ой", "і"]),
        ("я", ["я", "и", "е", "ю", "ей", "і"]),
        // Latin: Polish, Czech and Slovak adjectives and nouns.
        ("cza", ["cza", "czej", "czej", "czą", "czą", "czej"]),
        ("zeta", ["zeta", "zety", "zecie", "zetę", "zetą", "zecie"]),
        ("pospolita", ["pospolita", "pospolitej", "pospolitej", "pospolitą", "pospolitą", "pospolitej"]),
        ("ska", ["ska", "skiej", "skiej", "ską", "ską", "skiej"]),
        ("ská", ["ská", "ské", "ské", "skou", "skou", "ské"]),
        ("ík", ["ík", "íku", "íku", "ík", "íkem", "íku"]),
        // Finnish and German.
        ("omat", ["omat", "omien", "omille", "omia", "omissa", "omista"]),
        ("deutsche", ["deutsche", "deutschen", "deutscher", "deutschen", "deutschen", "deutscher"]),
        ("Neue", ["Neue", "Neuen", "Neuer", "Neuen", "Neuen", "Neuer"]),
        ("avda", ["avda", "avdy", "avdě", "avdu", "avdou", "avdzie"]),
    ];
    let first = word.chars().find(|c| c.is_alphabetic())?;
    let is_cyrillic = ('\u{400}'..='\u{52f}').contains(&first);
    if !is_cyrillic && first > '\u{24f}' {
        return None;
    }
    let own = match spelling {
        Spelling::Ukrainian => UKRAINIAN,
        Spelling::Belarusian => BELARUSIAN,
        Spelling::Other => &[],
    };
    let special = own.iter().find(|(ending, _)| word.ends_with(ending));
    let rule = special.or_else(|| {
        RULES.iter().find(|(ending, _)| {
            let is_rule_cyrillic = ending.chars().all(|c| c > '\u{3ff}');
            is_rule_cyrillic == is_cyrillic && word.ends_with(ending)
        })
    });
    Some(match rule {
        Some((ending, cases)) => {
            let stem = word.strip_suffix(ending).unwrap_or(word);
            cases.iter().map(|case| format!("{stem}{case}")).collect()
        }
        None => vec![word.to_owned()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<String> {
        let mut found = Vec::new();
        add_name(&mut found, name, 0, false);
        found.into_iter().map(|form| form.folded.trim().to_owned()).collect()
    }

    #[test]
    fn names_are_inflected_by_rule() {
        let forms = of("Вечерняя Заря");
        assert!(forms.contains(&"вечернюю зарю".to_owned()), "{forms:?}");
        assert!(of("Северная Газета").contains(&"севернои газеты".to_owned()));
        assert!(of("Gazeta Morska").contains(&"gazety morskiej".to_owned()));
        assert_eq!(of("Ведомости"), ["ведомост", "ведомости"]);
        let forms = of("Ваша Хвіля");
        assert!(forms.contains(&fold("Вашай Хвілі").trim().to_owned()), "{forms:?}");
        assert!(is_ending(Endings::Cyrillic, "у"));
        assert!(!is_ending(Endings::Cyrillic, "ский"));
    }

    #[test]
    fn articles_melt_into_prepositions() {
        assert!(of("Le Phare").contains(&"du phare".to_owned()));
        assert!(of("El Puerto").contains(&"del puerto".to_owned()));
        assert!(of("Der Anker").contains(&"im anker".to_owned()));
        assert!(of("The Beacon").contains(&"the beacon".to_owned()));
    }
}
