//! What analysis asks of the store and what it hands back.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use serde::Serialize;

use crate::fingerprint::Fingerprint;
use crate::model::{ArticleId, GroupId, OutletId, StoryId, ThreadId, Timestamp, VersionId};

/// Version of everything derived by this module; rows of an older one are rebuilt.
pub const ALGORITHM_VERSION: i64 = 17;

/// Which clock `event_time` was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeBasis {
    /// The claimed time of publication, when plausible.
    Published,
    /// Our own first sight.
    FirstSeen,
    /// The moment of an import without a date: it says nothing of when the article came out, and no gap is counted.
    Imported,
}

impl TimeBasis {
    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::FirstSeen => "first-seen",
            Self::Imported => "imported",
        }
    }

    /// Reads the stored word back.
    #[must_use]
    pub fn from_stored(word: &str) -> Self {
        match word {
            "published" => Self::Published,
            "imported" => Self::Imported,
            _ => Self::FirstSeen,
        }
    }
}

/// An article as analysis sees it: its current version's fingerprint and its times.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The article.
    pub article: ArticleId,
    /// The version the fingerprint was made of.
    pub version: VersionId,
    /// The outlet, when known.
    pub outlet: Option<OutletId>,
    /// The article's identity (canonical URL): the tie-break that makes the order of a batch not matter.
    pub identity: String,
    /// Headline, for the story's title and for title comparison.
    pub title: String,
    /// BCP 47 primary language, lower case, when known.
    pub language: Option<String>,
    /// The time used for clustering and for "first".
    pub event_time: Timestamp,
    /// Where `event_time` comes from.
    pub time_basis: TimeBasis,
    /// When we first saw the article.
    pub first_seen_at: Timestamp,
    /// The text's digest.
    pub fingerprint: Fingerprint,
}

/// An article that an earlier run placed.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedItem {
    /// The item as it was then.
    pub item: Item,
    /// Its near-duplicate group, when it shares its text with another article.
    pub group: Option<GroupId>,
    /// Its story.
    pub story: Option<StoryId>,
}

/// Document frequencies from the store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Number of analyzed articles in the store.
    pub n_documents: u64,
    /// In how many of them each asked term occurs; absent means none.
    pub document_frequency: FxHashMap<u32, u32>,
}

/// The second question: which rows of the two indexes are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CandidateQuery {
    /// Sampled shingle hashes of the batch.
    pub shingles: BTreeSet<u32>,
    /// The best terms of the batch's items.
    pub terms: BTreeSet<u32>,
    /// Stories whose last article is older than this are not asked for.
    pub stories_since: Timestamp,
    /// Nor are stories whose last article is younger than this: a back-filled archive meets the stories of its own time.
    pub stories_until: Timestamp,
    /// At most this many stories a term (the most recent ones).
    pub max_stories_per_term: usize,
    /// At most this many articles a shingle; a shingle with more is boilerplate and comes back with `MAX + 1` rows.
    pub max_articles_per_shingle: usize,
}

/// The store's answer to [`CandidateQuery`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// Articles a sampled shingle occurs in, ascending.
    pub shingles: FxHashMap<u32, Vec<ArticleId>>,
    /// Stories a term is a top term of, with its weight there, ascending by story.
    pub terms: FxHashMap<u32, Vec<(StoryId, f32)>>,
}

/// The third question: which articles and stories to load whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowQuery {
    /// Articles to load. The batch's own articles are always asked for, since they may have been placed before.
    pub articles: BTreeSet<ArticleId>,
    /// Stories to load. The store adds the stories and groups of the loaded articles.
    pub stories: BTreeSet<StoryId>,
}

/// The bounded part of the past that a batch is decided against.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Neighbourhood {
    /// Document frequencies.
    pub statistics: Statistics,
    /// Index rows.
    pub candidates: Candidates,
    /// Loaded articles, and the members of the near-duplicate groups of the loaded articles.
    pub articles: BTreeMap<ArticleId, PlacedItem>,
    /// Loaded stories.
    pub stories: BTreeMap<StoryId, StoredStory>,
    /// All members of each group of the loaded articles.
    pub groups: BTreeMap<GroupId, BTreeSet<ArticleId>>,
    /// Near-duplicate edges among the loaded articles, by (copy, source).
    pub edges: BTreeMap<(ArticleId, ArticleId), NearDuplicate>,
    /// How many articles each thread of the loaded stories has, in stories that are not loaded, too.
    pub thread_sizes: BTreeMap<ThreadId, usize>,
    /// Pairs of loaded stories that earlier runs linked, one of them in a thread with others, the smaller id first.
    pub story_links: BTreeSet<(StoryId, StoryId)>,
    /// What editors decided, as constraints on articles.
    pub constraints: Constraints,
}

/// Editors' decisions as must-link and cannot-link constraints; no run may break them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// Sets of articles that belong in one story.
    pub together: Vec<BTreeSet<ArticleId>>,
    /// The articles that an article never shares a story with.
    pub apart: BTreeMap<ArticleId, BTreeSet<ArticleId>>,
    /// The articles of each story that takes no others (hold).
    pub held: Vec<BTreeSet<ArticleId>>,
    /// Titles by the articles of the story they were given to; of several the last one stands.
    pub titles: Vec<(BTreeSet<ArticleId>, String)>,
}

impl Constraints {
    /// Whether two articles never share a story.
    #[must_use]
    pub fn is_apart(&self, a: ArticleId, b: ArticleId) -> bool {
        self.apart.get(&a).is_some_and(|others| others.contains(&b))
    }
}

/// A story as stored between runs.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredStory {
    /// Its id.
    pub id: StoryId,
    /// Its thread.
    pub thread: Option<ThreadId>,
    /// Members in order of (event time, identity).
    pub members: Vec<ArticleId>,
    /// Earliest event time of a member.
    pub first_time: Timestamp,
    /// Latest event time of a member.
    pub last_time: Timestamp,
    /// The number of distinct outlets.
    pub n_outlets: u32,
    /// The headline shown for the story.
    pub title: String,
    /// The language most members are in.
    pub language: Option<String>,
    /// The model's state (members, sums by field), in the module's own encoding.
    pub state: Vec<u8>,
    /// Top terms with their weights, for the index.
    pub index_terms: Vec<(u32, f32)>,
}

#[cfg(test)]
impl StoredStory {
    /// A story of these articles and nothing else.
    pub(super) fn of(id: StoryId, members: Vec<ArticleId>) -> Self {
        Self {
            id,
            thread: None,
            members,
            first_time: Timestamp(0),
            last_time: Timestamp(0),
            n_outlets: 1,
            title: String::new(),
            language: None,
            state: Vec::new(),
            index_terms: Vec::new(),
        }
    }
}

/// How much of a text another article repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyGrade {
    /// The texts are one text: they share a near-duplicate group.
    Copy,
    /// A passage is shared; shown, but no group.
    Partial,
}

impl CopyGrade {
    /// The word used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Partial => "partial",
        }
    }
}

/// Verified text overlap, directed from the later article to the earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearDuplicate {
    /// The later article.
    pub copy: ArticleId,
    /// The earlier article.
    pub source: ArticleId,
    /// Share of the copy's shingles found in the source, 0 to 1.
    pub containment_of_copy: f64,
    /// Share of the source's shingles found in the copy, 0 to 1.
    pub containment_of_source: f64,
    /// Jaccard coefficient of the two shingle sets, 0 to 1.
    pub resemblance: f64,
    /// Number of distinct shared shingles.
    pub n_shared: u32,
    /// Whether it makes a group.
    pub grade: CopyGrade,
}

/// Why an article is in its story.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Membership {
    /// `founded`, `joined`, `copy`, `merged`, `decided`.
    pub how: &'static str,
    /// The model's score at that moment, where one was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The threshold it was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The signals behind the score, by name (for example `title`, `lead`, `body`, `names`, `numbers`, `gap_days`).
    pub signals: BTreeMap<&'static str, f64>,
}

/// Where new ids start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextIds {
    /// The next free group id.
    pub group: GroupId,
    /// The next free story id.
    pub story: StoryId,
    /// The next free thread id.
    pub thread: ThreadId,
}

/// A looser link between two stories of one thread.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryLink {
    /// The story with the smaller id.
    pub a: StoryId,
    /// The story with the larger id.
    pub b: StoryId,
    /// How strong, 0 to 1.
    pub score: f64,
    /// The signals behind it, by name.
    pub signals: BTreeMap<&'static str, f64>,
}

/// Everything a batch changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterPlan {
    /// The batch's items and every other article whose group, story or membership changed, in their new places.
    pub placed: Vec<PlacedItem>,
    /// Why, for the placed articles whose membership was (re)decided.
    pub memberships: Vec<(ArticleId, Membership)>,
    /// Edges found for the batch's items; they replace all edges of the articles in the batch.
    pub edges: Vec<NearDuplicate>,
    /// Stories created or changed, whole.
    pub stories: Vec<StoredStory>,
    /// Stories that no longer exist, and the story that took over (redirects).
    pub retired_stories: Vec<(StoryId, StoryId)>,
    /// Stories that lost all members without a successor.
    pub emptied_stories: Vec<StoryId>,
    /// Links found for the touched stories; they replace all links of these stories.
    pub story_links: Vec<StoryLink>,
    /// Changes of document frequency: plus for new articles, minus for what a new version dropped.
    pub document_frequency_changes: Vec<(u32, i64)>,
    /// Change of the number of documents.
    pub n_documents_change: i64,
    /// Where the next run's ids start.
    pub next_ids: NextIds,
}
