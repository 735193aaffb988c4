//! What a watch looks for and where its alerts go.

/// What raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertKind {
    /// A story has an article that matches, and had none before.
    New,
    /// An outlet with reporting of its own joined a matching story that had an origin already.
    Origin,
    /// An article of a matching story has another headline.
    Headline,
}

impl AlertKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::New, Self::Origin, Self::Headline];

    /// The word on the command line and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Origin => "origin",
            Self::Headline => "headline",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a watch's alerts go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Into the summary of the round.
    #[default]
    Summary,
    /// To a program's standard input: the program and its arguments, never a shell's line.
    Command(Vec<String>),
    /// To an address, by POST.
    Webhook(String),
}
