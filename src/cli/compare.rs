//! `explain`, `diff` and `history`: articles side by side.

use std::io::Write;

use super::arguments::{HistoryArguments, PairArguments};
use super::context::Context;
use super::decisions::article_id;
use super::exit::Exit;
use super::read;
use crate::cluster::decisions::{Decision, standing};
use crate::cluster::explain::{self, PairReading};
use crate::export::escape::terminal;
use crate::export::{self, Format};
use crate::fingerprint;
use crate::model::{ArticleId, Timestamp};
use crate::plan::body;
use crate::store::versions::{ComparedArticle, ObservedVersion, compared, titles_between, versions};
use crate::store::{ReadConnection, analysis, bodies, decisions};
use crate::view::SCHEMA;
use crate::view::compare::{
    ComparedView, DiffView, ExplainView, HistoryView, SharedWordView, SignalView, diff, passages,
};

fn load(connection: &ReadConnection, text: &str) -> anyhow::Result<ComparedArticle> {
    let id = article_id(text)?;
    compared(connection, id)?
        .ok_or_else(|| anyhow::anyhow!("there is no analyzed article {id}; `copytaster search` finds articles"))
}

/// Tells why two articles are together or apart.
pub(super) fn explain(context: &Context, arguments: &PairArguments) -> anyhow::Result<Exit> {
    let view = explained(context, &context.open_reader()?, &arguments.a, &arguments.b)?;
    write(context, &view, |out| explain_text(&view, out))
}

/// Why two articles are together or apart.
pub(super) fn explained(
    context: &Context,
    connection: &ReadConnection,
    a: &str,
    b: &str,
) -> anyhow::Result<ExplainView> {
    let (a, b) = (load(connection, a)?, load(connection, b)?);
    let (x, y) = (&a.placed.item, &b.placed.item);
    let statistics = analysis::statistics(connection, explain::wanted(&x.fingerprint, &y.fingerprint).into_iter())?;
    let options = context.cluster_options(None)?;
    let window_s = options.window_days.saturating_mul(86_400);
    let (first, last) = (x.event_time.min(y.event_time), x.event_time.max(y.event_time));
    let titles = titles_between(connection, first.plus(-window_s), last.plus(window_s))?;
    let reading = explain::pair(x, y, &statistics, &titles, &options);
    Ok(explain_view(&a, &b, &reading, &decisions::all(connection)?))
}

fn explain_view(a: &ComparedArticle, b: &ComparedArticle, reading: &PairReading, log: &[Decision]) -> ExplainView {
    let (x, y) = (&a.placed.item, &b.placed.item);
    let names = |decision: &&Decision| {
        let articles = decision.articles();
        articles.contains(&x.article) && articles.contains(&y.article)
    };
    let decided: Vec<&Decision> = standing(log).into_iter().filter(names).collect();
    let words = fingerprint::words_by_hash(&x.title, Some(&a.body), x.language.as_deref());
    let share = |of: ArticleId| {
        let edge = reading.overlap.as_ref()?;
        Some(if edge.copy == of { edge.containment_of_copy } else { edge.containment_of_source })
    };
    ExplainView {
        schema: SCHEMA,
        a: side(a),
        b: side(b),
        together: a.placed.story.is_some() && a.placed.story == b.placed.story,
        reasons: reasons(a, b, reading, &decided),
        score: reading.score,
        threshold: reading.threshold,
        signals: reading
            .signals
            .iter()
            .map(|(name, value, adds)| SignalView { name, value: *value, adds: *adds })
            .collect(),
        shared_words: reading
            .terms
            .iter()
            .filter_map(|(term, adds)| Some(SharedWordView { word: words.get(term)?.clone(), adds: *adds }))
            .collect(),
        containment_of_a: share(x.article),
        containment_of_b: share(y.article),
        passages: passages(&a.body, &b.body),
        decisions: decided.iter().map(|decision| decision.id).collect(),
    }
}

fn side(article: &ComparedArticle) -> ComparedView {
    let item = &article.placed.item;
    ComparedView {
        article: item.article,
        outlet: article.outlet.clone(),
        title: item.title.clone(),
        story: article.placed.story,
        near_duplicate_group: article.placed.group,
        event_time: item.event_time,
        lang: item.language.clone(),
        membership: article.membership.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}

/// The reasons in the order of their strength: what editors decided, the shared text, the model, the guards.
fn reasons(a: &ComparedArticle, b: &ComparedArticle, reading: &PairReading, decided: &[&Decision]) -> Vec<String> {
    let together = a.placed.story.is_some() && a.placed.story == b.placed.story;
    let mut said = vec![match (a.placed.story, b.placed.story) {
        (Some(story), Some(other)) if story == other => format!("together: both are in story {story}"),
        (Some(story), Some(other)) => format!("apart: one is in story {story}, the other in story {other}"),
        _ => "apart: one of them is in no story".to_owned(),
    }];
    for decision in decided {
        said.push(format!("an editor decided on it: decision {} ({})", decision.id, decision.kind.as_str()));
    }
    if a.placed.group.is_some() && a.placed.group == b.placed.group {
        said.push("they are in one near-duplicate group: copies of one text enter a story together".to_owned());
    }
    if reading.is_look_alike {
        let told = if reading.is_column_beside_news {
            "one headline is an item of a column, a form that came with three different names, the other is not: two events"
        } else {
            "their headlines fill one form with other names or, in a column, other figures: two events"
        };
        said.push(told.to_owned());
    }
    if reading.is_out_of_window {
        said.push("they lie further apart than a story without news stays open".to_owned());
    }
    let raised = if reading.caution >= 0.05 {
        format!(" ({:.2} more than in a database of more articles)", reading.caution)
    } else {
        String::new()
    };
    let (score, threshold) = (reading.score, reading.threshold);
    let alone = format!("the pair alone scores {score:.2} against a threshold of {threshold:.2}{raised}");
    said.push(match (together, reading.score >= reading.threshold) {
        (true, true) => format!("{alone}: enough"),
        (true, false) => format!("{alone}: they came together by way of the other articles of the story"),
        (false, true) => {
            format!("{alone}: enough, but the stories as wholes are not alike enough, or a guard above holds")
        }
        (false, false) => format!("{alone}: not enough"),
    });
    said
}

fn explain_text(view: &ExplainView, out: &mut dyn Write) -> anyhow::Result<()> {
    for (name, side) in [("A", &view.a), ("B", &view.b)] {
        let outlet = side.outlet.as_deref().unwrap_or("unknown outlet");
        let story = side.story.map_or("no story".to_owned(), |story| format!("story {story}"));
        let how = side.membership.as_ref().and_then(|membership| membership["how"].as_str()).unwrap_or("not recorded");
        writeln!(out, "{name}  {}  {}  {}", side.article, side.event_time.rfc3339(), terminal(outlet))?;
        writeln!(out, "   {}", terminal(&side.title))?;
        writeln!(out, "   {story} ({how})")?;
    }
    writeln!(out)?;
    for reason in &view.reasons {
        writeln!(out, "{reason}")?;
    }
    if let (Some(of_a), Some(of_b)) = (view.containment_of_a, view.containment_of_b) {
        writeln!(out, "shared text: {:.0} % of A is in B, {:.0} % of B is in A", 100.0 * of_a, 100.0 * of_b)?;
    }
    for passage in &view.passages {
        writeln!(out, "  | {}", terminal(passage).replace('\n', " "))?;
    }
    writeln!(out, "\nSIGNAL            VALUE   ADDS")?;
    for signal in &view.signals {
        writeln!(out, "{:16} {:6.2} {:+6.2}", signal.name, signal.value, signal.adds)?;
    }
    let words: Vec<String> =
        view.shared_words.iter().map(|shared| format!("{} {:.3}", terminal(&shared.word), shared.adds)).collect();
    writeln!(out, "\nshared words: {}", if words.is_empty() { "none".to_owned() } else { words.join(", ") })?;
    Ok(())
}

/// Shows two articles' texts word by word.
pub(super) fn diff_articles(context: &Context, arguments: &PairArguments) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let (a, b) = (load(&connection, &arguments.a)?, load(&connection, &arguments.b)?);
    let text = |article: &ComparedArticle| format!("{}\n{}", article.placed.item.title, article.body);
    let view = diff(&text(&a), &text(&b));
    write(context, &view, |out| diff_text(&view, out))
}

fn diff_text(view: &DiffView, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:.0} % of A's words are in B in the same order, {:.0} % of B's words are in A",
        100.0 * view.kept_of_a,
        100.0 * view.kept_of_b
    )?;
    for (name, figures) in [("A", &view.figures_only_a), ("B", &view.figures_only_b)] {
        if !figures.is_empty() {
            writeln!(out, "numbers and dates only in {name}: {}", terminal(&figures.join(", ")))?;
        }
    }
    writeln!(out)?;
    for change in &view.changes {
        let text = terminal(&change.text).into_owned();
        // Marks carry the meaning, never color; `!` stands where a number or a date differs.
        let mark = if change.figures { "!" } else { "" };
        match change.change {
            "removed" => write!(out, "[-{mark}{text}{mark}-] ")?,
            "added" => write!(out, "{{+{mark}{text}{mark}+}} ")?,
            _ => write!(out, "{text} ")?,
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Shows how an article changed.
pub(super) fn history(context: &Context, arguments: &HistoryArguments) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let article = article_id(&arguments.article)?;
    let observed = versions(&connection, article)?;
    if observed.is_empty() {
        return Err(anyhow::anyhow!("there is no article {article}; `copytaster search` finds articles"));
    }
    let reasons = bodies::reasons(&connection, article)?;
    let mut views: Vec<HistoryView> = Vec::new();
    for (at, version) in observed.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &observed[before]);
        let changed = |old: Option<&str>, new: Option<&str>| {
            let (old, new) = (old?, new?);
            (old != new).then(|| diff(old, new))
        };
        // What was said of this version until the next one was seen.
        let until = observed.get(at + 1).map(|next| next.seen_at);
        let is_its_own =
            |(time, _): &&(Timestamp, String)| *time >= version.seen_at && until.is_none_or(|until| *time < until);
        views.push(HistoryView {
            schema: SCHEMA,
            version: version.version,
            seen_at: version.seen_at,
            source: version.source.clone(),
            title: version.title.clone(),
            words: version.body.as_deref().map(|body| body.split_whitespace().count()),
            reason: reasons
                .iter()
                .rfind(is_its_own)
                .map(|(_, reason)| reason.clone())
                .or_else(|| replaced(before?, version)),
            title_diff: changed(before.map(|before| before.title.as_str()), Some(&version.title)),
            body_diff: changed(before.and_then(|before| before.body.as_deref()), version.body.as_deref()),
        });
    }
    write(context, &views, |out| history_text(&views, out))
}

/// Why the text of a feed took the place of the page's.
fn replaced(before: &ObservedVersion, version: &ObservedVersion) -> Option<String> {
    if before.source != "page" || version.source != "feed" {
        return None;
    }
    let feed = body::Text { body: version.body.as_deref()?, state: version.state };
    let page = body::Text { body: before.body.as_deref()?, state: before.state };
    Some(body::choose(feed, page).reason)
}

fn history_text(views: &[HistoryView], out: &mut dyn Write) -> anyhow::Result<()> {
    for view in views {
        let words = view.words.map_or("no text".to_owned(), |words| format!("{words} words"));
        writeln!(out, "{}  version {}  {}  {words}", view.seen_at.rfc3339(), view.version, view.source)?;
        writeln!(out, "  {}", terminal(&view.title))?;
        if let Some(reason) = &view.reason {
            writeln!(out, "  {}", terminal(reason))?;
        }
        for (what, changed) in [("headline", &view.title_diff), ("text", &view.body_diff)] {
            if let Some(changed) = changed {
                write!(out, "  {what} changed: ")?;
                diff_text(changed, out)?;
            }
        }
    }
    Ok(())
}

fn write<T: serde::Serialize>(
    context: &Context,
    view: &T,
    text: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let out = &mut std::io::stdout().lock();
    match read::screen_format(context)? {
        Format::Table => text(out)?,
        Format::Json => export::json(view, out)?,
        Format::Jsonl => export::json_line(view, out)?,
        format => return Err(read::unsupported("articles side by side", format, &Format::VALUE)),
    }
    Ok(Exit::Done)
}
