//! The language a text is written in, guessed from its beginning.

use whatlang::Lang;

/// Characters looked at: a few paragraphs decide as well as the whole text.
const PREFIX_CHARS: usize = 1_500;

/// Shortest text that is guessed at, in letters; shorter ones mislead the trigram model.
const MIN_LETTERS: usize = 12;

/// Confidence under which a guess is not given.
const MIN_CONFIDENCE: f64 = 0.3;

/// Primary subtag of a language tag, lower case: `pt-BR` and `pt_BR` give `pt`.
#[must_use]
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().trim().to_lowercase()
}

/// Words looked at to confirm a declared language.
const N_CONFIRMING_WORDS: usize = 120;

/// Fewest words that confirm one.
const MIN_CONFIRMING_WORDS: usize = 30;

/// Share of stop words from which a text is written in the language: in news prose of the languages with a list it is
/// a third to a half.
const MIN_STOP_WORDS: f64 = 0.25;

/// How many times the stop words of any other language it must have: close relatives share many of theirs.
const MIN_STOP_WORD_LEAD: f64 = 1.3;

/// Whether the stop words of a text say that it is written in `language` (a primary subtag): a cheap way to confirm what a
/// page declares. False where there is no list for the language or the text is too short to tell.
#[must_use]
pub fn confirms(text: &str, language: &str) -> bool {
    let mut counts = super::stop::Counts::default();
    let mut lower = String::new();
    let words = text.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty());
    for word in words.take(N_CONFIRMING_WORDS) {
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        counts.add(&lower);
    }
    let Some((own, best_other)) = counts.of(language) else { return false };
    counts.n_words >= MIN_CONFIRMING_WORDS
        && own as f64 >= MIN_STOP_WORDS * counts.n_words as f64
        && own as f64 >= MIN_STOP_WORD_LEAD * best_other as f64
}

/// Guesses the language of a text as an ISO 639-1 code; none when unsure.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let end = text.char_indices().nth(PREFIX_CHARS).map_or(text.len(), |(at, _)| at);
    let prefix = &text[..end];
    let unspaced = prefix.chars().filter(|c| super::is_unspaced(*c)).count();
    if prefix.chars().filter(|c| c.is_alphabetic()).count() < MIN_LETTERS && unspaced < 4 {
        return None;
    }
    let guess = whatlang::detect(prefix)?;
    if guess.confidence() < MIN_CONFIDENCE {
        return None;
    }
    code(guess.lang())
}

/// ISO 639-1 code of a language of the detector.
fn code(language: Lang) -> Option<&'static str> {
    Some(match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "no",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_the_language() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(detect(text), expected, "{text}");
        check("The minister said on Tuesday that the talks would continue until the end of the week.", Some("en"));
        check("Министр заявил во вторник, что переговоры продолжатся до конца недели.", Some("ru"));
        check("Der Minister sagte am Dienstag, dass die Gespräche bis zum Ende der Woche weitergehen.", Some("de"));
        check("外相は火曜日、会談を週末まで続けると述べた。", Some("ja"));
        check("12", None);
    }

    #[test]
    fn confirms_what_is_declared() {
        let english = "The mayor of the town said on Monday that he would not stand for a third term, and that the council \
                       had been told of it in a letter. It was the end of what has been a long and bitter dispute over the harbor.";
        let german = "Der Bürgermeister der Stadt sagte am Montag, dass er nicht für eine dritte Amtszeit antreten werde und \
                      dass der Rat in einem Brief davon erfahren habe. Es war das Ende eines langen Streits um den Hafen.";
        let check = |text: &str, language: &str, expected: bool| {
            assert_eq!(confirms(text, language), expected, "{language}: {text}");
        };
        check(english, "en", true);
        check(english, "de", false);
        check(english, "xx", false);
        check(german, "de", true);
        check(german, "en", false);
        check(german, "nl", false);
        check("The mayor of the town", "en", false);
        check("", "en", false);
    }

    #[test]
    fn takes_the_primary_subtag() {
        assert_eq!(primary("pt-BR"), "pt");
        assert_eq!(primary("EN_us"), "en");
    }
}
