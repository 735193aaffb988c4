//! Editors' decisions: `merge`, `split`, `pin`, `title`, `hold`, `undo`, `log`.

use std::collections::BTreeSet;

use super::arguments::{MergeArguments, PinArguments, SplitArguments, TitleArguments};
use super::context::Context;
use super::exit::{Exit, ExitError};
use super::{lock, read};
use crate::cluster::decisions::{Decision, standing};
use crate::model::{ArticleId, DecisionId, StoryId};
use crate::pipeline;
use crate::pipeline::decisions::{Refusal, Request, decide};
use crate::store::decisions;
use crate::view::SCHEMA;
use crate::view::compare::DecisionView;

/// Reads a story's id, with or without its `s`.
pub(super) fn story_id(text: &str) -> anyhow::Result<StoryId> {
    let digits = text.strip_prefix('s').unwrap_or(text);
    digits
        .parse()
        .map_err(|_| ExitError::usage(format!("{text:?} is no story id; `copytaster stories` lists them")).into())
}

/// Reads an article's id, with or without its `a`.
pub(super) fn article_id(text: &str) -> anyhow::Result<ArticleId> {
    let digits = text.strip_prefix('a').unwrap_or(text);
    digits.parse().map_err(|_| {
        ExitError::usage(format!("{text:?} is no article id; `copytaster story ID` lists a story's articles")).into()
    })
}

/// Makes one story of several.
pub(super) fn merge(context: &Context, arguments: &MergeArguments) -> anyhow::Result<Exit> {
    let stories = arguments.stories.iter().map(|id| story_id(id)).collect::<anyhow::Result<_>>()?;
    make(context, Request::Merge(stories))
}

/// Takes articles out of a story.
pub(super) fn split(context: &Context, arguments: &SplitArguments) -> anyhow::Result<Exit> {
    let articles = arguments.articles.iter().map(|id| article_id(id)).collect::<anyhow::Result<_>>()?;
    make(context, Request::Split(story_id(&arguments.story)?, articles))
}

/// Keeps an article in a story.
pub(super) fn pin(context: &Context, arguments: &PinArguments) -> anyhow::Result<Exit> {
    let story = arguments.story.as_deref().map(story_id).transpose()?;
    make(context, Request::Pin(article_id(&arguments.article)?, story))
}

/// Gives a story a title.
pub(super) fn title(context: &Context, arguments: &TitleArguments) -> anyhow::Result<Exit> {
    make(context, Request::Title(story_id(&arguments.story)?, arguments.title.join(" ")))
}

/// Closes a story to further articles.
pub(super) fn hold(context: &Context, story: &str) -> anyhow::Result<Exit> {
    make(context, Request::Hold(story_id(story)?))
}

/// Takes a decision back.
pub(super) fn undo(context: &Context, decision: Option<&str>) -> anyhow::Result<Exit> {
    let id = decision
        .map(|text| {
            text.parse::<DecisionId>()
                .map_err(|_| ExitError::usage(format!("{text:?} is no decision; `copytaster log` lists them")))
        })
        .transpose()?;
    make(context, Request::Undo(id))
}

fn make(context: &Context, request: Request) -> anyhow::Result<Exit> {
    context.require_database()?;
    let _lock = lock::take(&context.database)?;
    let store = context.open_store()?;
    match decide(&store, request, context.lexicon()?.marks, pipeline::now())? {
        Ok(decided) => {
            let stories: Vec<String> = decided.stories.iter().map(ToString::to_string).collect();
            context.talk(&format!(
                "decision {}: {}; stories changed: {}; `copytaster undo {}` takes it back",
                decided.decision.id,
                decided.decision.kind.as_str(),
                if stories.is_empty() { "none".to_owned() } else { stories.join(", ") },
                decided.decision.id
            ));
            Ok(Exit::Done)
        }
        Err(refusal @ (Refusal::OneStory(_) | Refusal::NothingLeft | Refusal::EmptyTitle | Refusal::Alone(_))) => {
            Err(ExitError::usage(refusal.to_string()).into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Lists what was decided.
pub(super) fn log(context: &Context) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let all = decisions::all(&connection)?;
    let counting: BTreeSet<DecisionId> = standing(&all).into_iter().map(|decision| decision.id).collect();
    let views: Vec<DecisionView> = all.iter().map(|decision| view(decision, counting.contains(&decision.id))).collect();
    let rows: Vec<Vec<String>> = views
        .iter()
        .map(|view| {
            let stories: Vec<String> = view.stories.iter().map(ToString::to_string).collect();
            let sides: Vec<String> = view
                .articles
                .iter()
                .map(|side| side.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
                .collect();
            let what = match (&view.title, view.undoes) {
                (Some(title), _) => title.clone(),
                (None, Some(undone)) => format!("decision {undone}"),
                (None, None) => sides.join(" | "),
            };
            vec![
                view.id.to_string(),
                view.made_at.rfc3339(),
                view.kind.to_owned(),
                if view.stands { "stands" } else { "undone" }.to_owned(),
                stories.join(" "),
                what,
            ]
        })
        .collect();
    read::write_rows(context, "the log", &["ID", "MADE (UTC)", "KIND", "STATE", "STORIES THEN", "WHAT"], &rows, &views)
}

fn view(decision: &Decision, stands: bool) -> DecisionView {
    DecisionView {
        schema: SCHEMA,
        id: decision.id,
        made_at: decision.made_at,
        kind: decision.kind.as_str(),
        stories: decision.stories.clone(),
        articles: decision.sides.iter().map(|side| side.iter().copied().collect()).collect(),
        title: decision.title.clone(),
        undoes: decision.undoes,
        stands,
    }
}
