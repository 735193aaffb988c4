//! Analysis: fingerprints, attributions, clustering and roles, batch by batch.
//!
//! Each batch is one transaction: its inputs and `now` are recorded as a run, then decided and written. A rebuild
//! empties the derived tables and replays the recorded runs through the same function.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::attribution::{self, CreditedText, StoredOutlets};
use crate::cluster::decisions::{Decision, constraints};
use crate::cluster::{self, Constraints, Item, Neighbourhood, NextIds, TimeBasis, roles};
use crate::fingerprint;
use crate::model::{ArticleId, DatePrecision, StoryId, Timestamp, VersionId};
use crate::store::analysis::{self, AnalysisInput, ArticleReading};
use crate::store::{Store, StoreError, Transaction, decisions, full_text, watches};
use crate::text;

use super::Tools;

/// Articles decided at once: enough for document frequencies to mean something, few enough to bound memory.
const BATCH_SIZE: usize = 2_000;

/// Articles indexed for full-text search in one transaction.
const INDEX_BATCH: usize = 500;

/// What an analysis did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analyzed {
    /// What had to be derived again first, because an older version of the algorithm had derived it.
    pub rebuilt: Option<Rebuilt>,
    /// Articles analyzed.
    pub n_articles: usize,
    /// Stories created or changed.
    pub stories: BTreeSet<StoryId>,
    /// Runs recorded.
    pub n_runs: usize,
}

/// What a rebuild derived again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Inputs of all runs: an article that changed in between counts once for each run that had it.
    pub n_articles: usize,
    /// Runs replayed.
    pub n_runs: usize,
    /// Stories there are now.
    pub n_stories: usize,
}

/// Analyzes everything that is pending, or what is done when `is_over` says so between two batches. `progress` is told
/// how many articles are done. When all is done, watches raise their alerts.
///
/// # Errors
/// When the database fails; finished batches stay.
pub fn pending(
    store: &Store,
    tools: &Arc<Tools>,
    now: Timestamp,
    progress: &dyn Fn(usize),
    is_over: &dyn Fn() -> bool,
) -> Result<Analyzed, StoreError> {
    let mut done = Analyzed::default();
    if store.write(|transaction| analysis::is_outdated(transaction))? {
        done.rebuilt = Some(rebuild(store, tools)?);
    }
    // Listing what is pending reads each of it: done for each batch, a first run would read all of it again and again.
    let mut versions = Vec::new().into_iter();
    while !is_over() {
        if versions.len() == 0 {
            versions = store.write(|transaction| analysis::pending(transaction))?.into_iter();
        }
        let taken: Vec<VersionId> = versions.by_ref().take(BATCH_SIZE).collect();
        if taken.is_empty() {
            break;
        }
        let tools = Arc::clone(tools);
        let (n_articles, stories) = store.write(move |transaction| {
            let inputs = analysis::inputs(transaction, &taken)?;
            let recorded: Vec<(ArticleId, VersionId)> =
                inputs.iter().map(|input| (input.article, input.version)).collect();
            analysis::record_run(transaction, &recorded, now)?;
            let stories = batch(transaction, inputs, now, &tools, &decisions::all(transaction)?)?;
            Ok((recorded.len(), stories))
        })?;
        done.n_articles += n_articles;
        done.n_runs += 1;
        done.stories.extend(stories);
        progress(done.n_articles);
    }
    if !is_over() {
        index_text(store)?;
        store.write(move |transaction| watches::raise(transaction, text::search_terms, now))?;
    }
    Ok(done)
}

/// Brings the full-text index up to date.
///
/// # Errors
/// When the database fails.
pub fn index_text(store: &Store) -> Result<usize, StoreError> {
    let mut n_indexed = 0;
    loop {
        let n = store.write(|transaction| full_text::index_batch(transaction, INDEX_BATCH, text::search_terms))?;
        if n == 0 {
            return Ok(n_indexed);
        }
        n_indexed += n;
    }
}

/// Replays every recorded run from the facts, in one transaction: either the whole rebuild stands or nothing changed.
///
/// # Errors
/// When the database fails; the old derived rows then stay.
pub fn rebuild(store: &Store, tools: &Arc<Tools>) -> Result<Rebuilt, StoreError> {
    let tools = Arc::clone(tools);
    let done = store.write(move |transaction| {
        let old = analysis::assignment(transaction)?;
        analysis::clear_derived(transaction)?;
        let mut done = Rebuilt::default();
        let mut log = decisions::all(transaction)?;
        let mut n_made = 0;
        for (run, now) in analysis::recorded_runs(transaction)? {
            while log.get(n_made).is_some_and(|decision| decision.after_run < run) {
                carry_out_again(transaction, &mut log, n_made, &tools)?;
                n_made += 1;
            }
            let inputs = analysis::inputs(transaction, &analysis::recorded_inputs(transaction, run)?)?;
            done.n_articles += inputs.len();
            done.n_runs += 1;
            batch(transaction, inputs, now, &tools, &log[..n_made])?;
        }
        for at in n_made..log.len() {
            carry_out_again(transaction, &mut log, at, &tools)?;
        }
        analysis::restore_ids(transaction, &old)?;
        let stories: BTreeSet<i64> = analysis::assignment(transaction)?.stories.into_values().collect();
        done.n_stories = stories.len();
        Ok(done)
    })?;
    index_text(store)?;
    Ok(done)
}

/// Carries the decision at a place of the log out in a replay.
fn carry_out_again(
    transaction: &Transaction<'_>,
    log: &mut [Decision],
    at: usize,
    tools: &Tools,
) -> Result<(), StoreError> {
    super::decisions::renumber(transaction, &mut log[at])?;
    super::decisions::carry_out(transaction, &log[at], log, &tools.lexicon.marks)?;
    Ok(())
}

/// Decides and writes one batch under the decisions `made` before it; returns the stories it touched.
fn batch(
    transaction: &Transaction<'_>,
    inputs: Vec<AnalysisInput>,
    now: Timestamp,
    tools: &Tools,
    made: &[Decision],
) -> Result<BTreeSet<StoryId>, StoreError> {
    let items: Vec<Item> = inputs.iter().map(|input| item(input, language(input))).collect();
    // Only outlets analyzed by now are known: a replay of the runs knows the same.
    let stored = analysis::unregistered_outlets(transaction, &inputs)?;
    let stored = StoredOutlets::new(stored);
    let readings: Vec<ArticleReading> =
        inputs.iter().zip(&items).map(|(input, item)| read_article(input, item, &stored, tools)).collect();
    drop(inputs);
    let batch: BTreeSet<ArticleId> = items.iter().map(|item| item.article).collect();
    let constraints = constraints(made);
    let asking = cluster::Batch::new(&items);
    let (neighbourhood, next_ids) = known(transaction, asking, &batch, &constraints, now, tools)?;
    let plan = cluster::decide(&items, &neighbourhood, next_ids, &tools.cluster);
    analysis::apply(transaction, &plan, &batch, &readings, now)?;
    let mut touched = BTreeSet::new();
    cluster::note_touched(&mut touched, &plan);
    // A new version of an article is no news of its story.
    let fresh: BTreeSet<ArticleId> =
        batch.iter().filter(|article| !neighbourhood.articles.contains_key(article)).copied().collect();
    for part in cluster::reopened(&plan, &fresh) {
        let items = analysis::placed_items(transaction, &part)?;
        let (neighbourhood, next_ids) =
            known(transaction, cluster::Batch::again(&items), &part, &constraints, now, tools)?;
        let plan = cluster::decide_again(&items, &fresh, &neighbourhood, next_ids, &tools.cluster);
        // Nothing of these articles is new but where they belong.
        analysis::apply(transaction, &plan, &BTreeSet::new(), &[], now)?;
        cluster::note_touched(&mut touched, &plan);
    }
    for story in &touched {
        let members = analysis::story_members(transaction, *story)?;
        analysis::apply_reading(transaction, *story, &roles::read_story(&members, &tools.lexicon.marks), now)?;
    }
    Ok(touched)
}

/// The part of the past that a decision on these articles needs, and where new ids start.
fn known(
    transaction: &Transaction<'_>,
    asking: cluster::Batch<'_>,
    articles: &BTreeSet<ArticleId>,
    constraints: &Constraints,
    now: Timestamp,
    tools: &Tools,
) -> Result<(Neighbourhood, NextIds), StoreError> {
    let statistics = analysis::statistics(transaction, asking.wanted_terms())?;
    let asking = asking.weighted(&statistics, &tools.cluster);
    let candidates = analysis::candidates(transaction, &asking.wanted_candidates(now, &tools.cluster))?;
    let rows = asking.wanted_rows(&candidates, &tools.cluster);
    let rows = analysis::with_bound(rows, articles, constraints);
    let mut neighbourhood = analysis::neighbourhood(transaction, &rows, statistics, candidates)?;
    neighbourhood.constraints = constraints.clone();
    Ok((neighbourhood, analysis::next_ids(transaction)?))
}

/// The article, written in `language`, as clustering sees it: `event_time` is the claimed time of publication when it is plausible.
#[must_use]
pub fn item(input: &AnalysisInput, language: Option<String>) -> Item {
    let published = input
        .published
        .as_ref()
        .filter(|claim| !claim.future && !claim.impossible && !claim.zone_unknown)
        .filter(|claim| claim.precision != DatePrecision::Month)
        .and_then(|claim| claim.utc);
    let unclaimed = if input.imported { TimeBasis::Imported } else { TimeBasis::FirstSeen };
    let (event_time, time_basis) =
        published.map_or((input.first_seen_at, unclaimed), |utc| (utc, TimeBasis::Published));
    let body = (input.body_state.is_article_text() && !input.body.is_empty()).then_some(input.body.as_str());
    Item {
        article: input.article,
        version: input.version,
        outlet: input.outlet,
        identity: input.identity.clone(),
        title: input.title.clone(),
        event_time,
        time_basis,
        first_seen_at: input.first_seen_at,
        fingerprint: fingerprint::fingerprint(&input.title, body, language.as_deref()),
        language,
    }
}

/// What the text shows beats what the page declares: many sites declare `en` on every page.
fn language(input: &AnalysisInput) -> Option<String> {
    let declared = input
        .language
        .as_deref()
        .map(|tag| tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase())
        .filter(|tag| !tag.is_empty());
    if let Some(declared) = &declared
        && text::language::confirms(&input.body, declared)
    {
        return Some(declared.clone());
    }
    let text = format!("{}\n{}", input.title, input.body);
    text::language::detect(&text).map(str::to_owned).or(declared)
}

fn read_article(input: &AnalysisInput, item: &Item, stored: &StoredOutlets, tools: &Tools) -> ArticleReading {
    let text = CreditedText {
        title: &input.title,
        body: if input.body_state.is_article_text() { &input.body } else { "" },
        byline: &input.byline,
        credit_lines: &input.credit_lines,
        links: &input.links,
        publisher_domain: input.outlet_domain.as_deref(),
        language: item.language.as_deref(),
        stored,
    };
    ArticleReading { article: input.article, attributions: attribution::attributions(&text, tools.attribution()) }
}
