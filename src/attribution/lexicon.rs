//! Words and cues as data, from `config/attribution.toml`: the grammar of credits.
//!
//! A word list gives a class to words of one language (`<reports>`: "wrote", "berichtete"); a cue is a pattern over
//! classes, literal words and the place of the outlet's name.

use super::AttributionKind;

macro_rules! word_classes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a word can be to a credit; the words themselves stand in `config/attribution.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum WordClass {
            $($(#[$doc])* $name,)*
        }

        impl WordClass {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word used in `config/attribution.toml`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

word_classes! {
    /// Stands before the source: "according to", "laut".
    According = "according",
    /// Stands after the source: "zufolge", "göre".
    After = "after",
    /// "citing", "unter Berufung auf".
    Cite = "cite",
    /// A verb whose subject is the outlet.
    Reports = "reports",
    /// The same before its subject, in languages that put it there.
    Inverted = "inverted",
    /// English verbs before their subject; a clause must end behind it.
    Says = "says",
    /// What somebody does who speaks to an outlet, with a preposition to come.
    Said = "said",
    /// The same with the outlet as its object: "told".
    Tell = "tell",
    /// The same behind the outlet's name.
    TellAfter = "tell-after",
    /// "wrote" behind "in X".
    Wrote = "wrote",
    /// Participles of publishing: "published", "veröffentlicht".
    Published = "published",
    /// Participles of publishing with a bare instrumental to come: "обнародованный".
    PublishedBare = "published-bare",
    /// "by" of the passive.
    By = "by",
    /// "in" a paper.
    In = "in",
    /// Links a noun with the outlet: "of", "from".
    Of = "of",
    /// "to", "with" somebody.
    To = "to",
    /// "for" an employer.
    For = "for",
    /// A piece of reporting: "report", "transcript".
    PubNoun = "pubnoun",
    /// The same with a bare genitive to come: "публикация".
    PubNounBare = "pubnoun-bare",
    /// "interview", "statement".
    Interview = "interview",
    /// "request for comment".
    Request = "request",
    /// "has contacted", "reached out to".
    Contacted = "contacted",
    /// "could not independently verify".
    Unverified = "unverified",
    /// "read more in".
    ReadMore = "read-more",
    /// "follow".
    Follow = "follow",
    /// "photo", "image".
    Photo = "photo",
    /// "source" before a colon.
    SourceLabel = "source-label",
    /// "newspaper", "channel".
    OutletNoun = "outlet-noun",
    /// Among these, those that mean nothing but a news organisation.
    SureNoun = "sure-noun",
    /// Among these, those that mean a news organisation when they are said to say something: "channel".
    SubjectNoun = "subject-noun",
    /// Among these, the wires: "agency".
    AgencyNoun = "agency-noun",
    /// Outlets as a class, told something: "state media".
    StateMedia = "state-media",
    /// "the", "this".
    Determiner = "determiner",
    /// Among these, those that take something up: "the", not "a".
    Definite = "definite",
    /// Somebody who works or worked for an outlet, as a fact about the person.
    Employee = "employee",
    /// Somebody who reports for it.
    Journalist = "journalist",
    /// "former".
    Former = "former",
    /// What makes a name a company, a prize or a house: "Inc", "headquarters".
    OrgNoun = "org-noun",
    /// What an outlet does as a company: "hired", "declined to comment".
    Corporate = "corporate",
    /// "denied", "dismissed".
    Denied = "denied",
    /// "translated from".
    Translated = "translated",
    /// "republished from", "with permission of".
    Licensed = "licensed",
    /// Ends a noun phrase: "that", "who".
    Conjunction = "conjunction",
    /// "about".
    About = "about",
    /// Joins outlets: "and".
    And = "and",
    /// Joins two newsrooms that worked together: "with".
    With = "with",
    /// A word that names of papers are made of: "Herald".
    PaperWord = "paper-word",
    /// Stands before a person's name: "Mr", "Mayor".
    Person = "person",
    /// Days and months; they begin with capitals in English.
    Calendar = "calendar",
    /// "earlier".
    Earlier = "earlier",
    /// "first".
    First = "first",
    /// "which", "who" after the outlet.
    Which = "which",
    /// "report", "article" taken up again: "the report says".
    ReportNoun = "report-noun",
    /// Ends in a period that ends no sentence: "Nov.".
    Abbreviation = "abbreviation",
    /// Sees or learns at first hand: "saw", "heard".
    Saw = "saw",
}

impl WordClass {
    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.as_str() == word)
    }

    /// The class as a bit.
    #[must_use]
    pub(super) const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// Words of one class in one language; a `*` at the end stands for any ending, several words for a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList {
    /// BCP 47 language.
    pub language: String,
    /// Their class.
    pub class: WordClass,
    /// The words.
    pub words: Vec<String>,
}

/// A pattern that tells what a name is to the text around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// BCP 47 language, or `mul` for a pattern of classes that serves every language.
    pub language: String,
    /// What sort of credit it is; none for a pattern that shows that it is no credit.
    pub kind: Option<AttributionKind>,
    /// The pattern, in the notation explained in `config/attribution.toml`.
    pub pattern: String,
    /// Too weak for a name that is also a word or that the register doesn't know.
    pub is_loose: bool,
    /// Only for a name that the register doesn't know.
    pub is_for_unknown: bool,
    /// Only shows that initials which nothing introduces are an outlet's; what they are credited with, other cues say.
    pub is_for_initials: bool,
    /// A sentence of ours in which it holds; `{outlet}` stands for a name.
    pub example: String,
}

/// A phrase that gives an agency away without naming it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyPhrase {
    /// The phrase, at the start of a sentence.
    pub phrase: String,
    /// The agency's primary domain.
    pub outlet: String,
}

/// What a word in the headline or in the address says of the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// A word before a colon, a bar or a spaced dash of the headline: it is an opinion.
    Opinion,
    /// A part of the address: it is an opinion.
    OpinionSection,
    /// A word that begins the headline, set apart: it corrects an earlier piece.
    Correction,
}

impl MarkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Opinion, Self::OpinionSection, Self::Correction];

    /// The word used in `config/attribution.toml` and in `[[mark]]`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opinion => "opinion",
            Self::OpinionSection => "opinion-section",
            Self::Correction => "correction",
        }
    }

    /// The kind a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A word that says of a piece what it is in its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMark {
    /// BCP 47 language; `mul` for a word of the user's, which is of no language in particular.
    pub language: String,
    /// What it says.
    pub kind: MarkKind,
    /// The word, in small letters.
    pub word: String,
    /// A headline or an address of ours that has it; empty for a word of the user's.
    pub example: String,
}

/// Everything `config/attribution.toml` holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    /// Word lists.
    pub words: Vec<WordList>,
    /// Cues.
    pub cues: Vec<Cue>,
    /// Phrases of agencies.
    pub agency_phrases: Vec<AgencyPhrase>,
    /// Initials of institutions, in capitals: they report and are told things, too, and are no outlets.
    pub institutions: Vec<String>,
    /// Words that say of a piece what it is, with those of the user's `[[mark]]`.
    pub marks: Vec<RoleMark>,
}
