//! Commands that only read: no lock, no writer, no asynchronous runtime.

use std::io::Write;
use std::path::Path;

use super::arguments::{
    CitesArguments, ExportArguments, ExportWhat, SearchArguments, SortChoice, StoriesArguments, StoryArguments,
};
use super::context::Context;
use super::decisions::story_id;
use super::destination::Destination;
use super::evidence;
use super::exit::{Exit, ExitError};
use crate::export::{self, ExportError, Format, TableStyle};
use crate::model::ParsedFeed;
use crate::store::ReadConnection;
use crate::store::origins;
use crate::store::read::{self, StoryFilter, StorySort, TimeRange};
use crate::text;
use crate::view::{ArticleView, FeedTestView, FeedView, SCHEMA, StoryDetail, StoryView};

/// The format of an export: the one asked for, else the kind's own.
fn format(context: &Context, fallback: Format) -> anyhow::Result<Format> {
    match &context.format {
        None => Ok(fallback),
        Some(word) => word.parse().map_err(|error: ExportError| ExitError::usage(error.to_string()).into()),
    }
}

/// The format of a screen: the one asked for, else the one of the settings.
pub(super) fn screen_format(context: &Context) -> anyhow::Result<Format> {
    let set = &context.settings.output.format;
    let usual = set.parse().map_err(|error: ExportError| {
        ExitError::configuration(format!("[output] format (or COPYTASTER_FORMAT): {error}"))
    })?;
    format(context, usual)
}

pub(super) fn unsupported(what: &'static str, format: Format, offered: &'static [Format]) -> anyhow::Error {
    ExitError::usage(ExportError::Unsupported { what, format, offered }.to_string()).into()
}

/// Lists stories.
pub(super) fn stories(context: &Context, arguments: &StoriesArguments) -> anyhow::Result<Exit> {
    if arguments.new_origins {
        return new_origins(context);
    }
    let connection = context.open_reader()?;
    let filter = StoryFilter {
        query: arguments.query.as_deref().and_then(|query| read::match_query(query, text::search_terms)),
        range: context.range(),
        min_outlets: arguments.min_outlets,
        sort: match arguments.sort {
            SortChoice::Size => StorySort::Size,
            SortChoice::New => StorySort::New,
            SortChoice::First => StorySort::First,
            SortChoice::Origins => StorySort::Origins,
        },
        limit: arguments.limit,
    };
    let found = read::stories(&connection, &filter)?;
    let format = screen_format(context)?;
    if format == Format::Table && found.is_empty() {
        let is_narrowed =
            arguments.query.is_some() || arguments.min_outlets > 0 || context.range() != TimeRange::default();
        context.talk(if is_narrowed { "no story matches" } else { "no stories yet; `copytaster fetch` brings them" });
        return Ok(Exit::Done);
    }
    write_stories(&found, format, &context.style, &mut std::io::stdout().lock())?;
    if format == Format::Table {
        let n_articles: u32 = found.iter().map(|story| story.articles).sum();
        context.talk(&format!(
            "{}, {} · ORIGINS = reporting not traced to another article here; (+n) = unsure",
            export::counted(found.len(), "story"),
            export::counted(n_articles as usize, "article")
        ));
    }
    Ok(Exit::Done)
}

/// Lists origins that joined a story later.
fn new_origins(context: &Context) -> anyhow::Result<Exit> {
    let found = origins::joined(&context.open_reader()?, context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|joined| {
            vec![
                joined.story.to_string(),
                joined.article.to_string(),
                context.style.moment(joined.joined_at),
                joined.outlet.clone().unwrap_or_default(),
                joined.title.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let seen = format!("SEEN ({})", context.style.zone_name());
    write_rows(context, "new origins", &["STORY", "ARTICLE", &seen, "OUTLET", "HEADLINE"], &rows, &found)
}

/// Shows the largest stories after a run.
pub(super) fn top_stories(context: &Context, limit: usize) -> anyhow::Result<()> {
    let connection = context.open_reader()?;
    let found = read::stories(&connection, &StoryFilter { limit, ..StoryFilter::default() })?;
    write_stories(&found, Format::Table, &context.style, &mut std::io::stdout().lock())
}

fn write_stories(found: &[StoryView], format: Format, style: &TableStyle, out: &mut dyn Write) -> anyhow::Result<()> {
    let first_time = |story: &StoryView| match (format, story.first_time_is_day) {
        (Format::Table, true) => style.day(story.first_time),
        (Format::Table, false) => style.moment(story.first_time),
        _ => story.first_time.rfc3339(),
    };
    let row = |story: &StoryView| {
        vec![
            story.id.to_string(),
            first_time(story),
            story.outlets.to_string(),
            story.articles.to_string(),
            export::origins(story),
            story.first_outlet.clone().unwrap_or_else(|| "not known".to_owned()),
            if format == Format::Table { export::headline(&story.title).to_owned() } else { story.title.clone() },
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    match format {
        Format::Table => {
            let first = format!("FIRST ({})", style.zone_name());
            let header = ["ID", &first, "OUTLETS", "ARTICLES", "ORIGINS", "FIRST HERE", "STORY"];
            export::table(&header, &rows, style, out)?;
        }
        Format::Csv => {
            export::csv(&["id", "first_time", "outlets", "articles", "origins", "first_outlet", "title"], &rows, out)?
        }
        Format::Json => export::json(&found, out)?,
        Format::Jsonl => {
            for story in found {
                export::json_line(story, out)?;
            }
        }
        Format::Atom => export::stories_atom(found, out)?,
        Format::Html => export::html(&export::pages::stories(found, style), out)?,
        Format::Md => export::markdown(&export::pages::stories(found, style), out)?,
        Format::Dot => export::stories_dot(found, out)?,
        Format::Opml => return Err(unsupported("stories", format, &Format::NEWS)),
    }
    Ok(())
}

/// Shows one story.
pub(super) fn story(context: &Context, arguments: &StoryArguments) -> anyhow::Result<Exit> {
    write_story(context, arguments, screen_format(context)?, &context.style, &mut std::io::stdout().lock())
}

fn find_story(context: &Context, connection: &ReadConnection, id: &str) -> anyhow::Result<StoryDetail> {
    let wanted = story_id(id)?;
    read::story(connection, wanted, &context.lexicon()?.marks)?
        .ok_or_else(|| anyhow::anyhow!("there is no story {wanted}; `copytaster stories` lists them"))
}

fn write_story(
    context: &Context,
    arguments: &StoryArguments,
    format: Format,
    style: &TableStyle,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    // A part is written in the formats that have a place for it alone.
    let part: Option<(&str, &[Format])> = if arguments.tree {
        Some(("who rests on whom", &[Format::Table, Format::Json]))
    } else if arguments.timeline {
        Some(("a timeline", &Format::VALUE))
    } else {
        arguments.members.then_some(("a story's articles", &[Format::Table, Format::Json, Format::Jsonl, Format::Csv]))
    };
    if let Some((what, formats)) = part.filter(|(_, formats)| !formats.contains(&format)) {
        return Err(unsupported(what, format, formats));
    }
    let found = find_story(context, &context.open_reader()?, &arguments.id)?;
    let rows = || found.members.iter().map(article_row).collect::<Vec<_>>();
    match format {
        Format::Table if arguments.tree => export::story_tree(&found, style, out)?,
        Format::Json if arguments.tree => {
            let mut graph = serde_json::to_value(&found.citations)?;
            graph["schema"] = SCHEMA.into();
            export::json(&graph, out)?;
        }
        Format::Table if arguments.timeline => export::story_timeline(&found, style, out)?,
        Format::Table if arguments.members => export::table(&ARTICLE_HEADER, &rows(), style, out)?,
        Format::Json if arguments.timeline || arguments.members => {
            export::json(&serde_json::json!({"schema": SCHEMA, "members": found.members}), out)?;
        }
        Format::Table => export::story_text(&found, style, out)?,
        Format::Json => export::json(&found, out)?,
        Format::Jsonl if arguments.timeline || arguments.members => {
            found.members.iter().try_for_each(|member| export::json_line(member, out))?;
        }
        Format::Jsonl => export::json_line(&found, out)?,
        Format::Csv => export::csv(&ARTICLE_HEADER, &rows(), out)?,
        Format::Atom => {
            let feed = export::AtomFeed {
                id: &format!("urn:copytaster:story:{}", found.story.id),
                title: &found.story.title,
                updated: found.story.last_time,
            };
            export::articles_atom(&feed, &found.members, out)?;
        }
        Format::Dot => export::story_dot(&found, out)?,
        Format::Html => export::html(&export::pages::story(&found, style), out)?,
        Format::Md => export::markdown(&export::pages::story(&found, style), out)?,
        Format::Opml => return Err(unsupported("a story", format, &Format::NEWS)),
    }
    Ok(Exit::Done)
}

/// Lists credits.
pub(super) fn cites(context: &Context, arguments: &CitesArguments) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let found = read::cites(&connection, arguments.to.as_deref(), arguments.from.as_deref(), context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|citing| {
            vec![
                citing.article.to_string(),
                citing.from.clone().unwrap_or_default(),
                citing.cite.outlet.clone(),
                citing.cite.kind.clone(),
                citing.cite.sentence.clone(),
            ]
        })
        .collect();
    write_rows(context, "credits", &["ARTICLE", "FROM", "CREDITS", "KIND", "SENTENCE"], &rows, &found)
}

/// Searches headlines and bodies.
pub(super) fn search(context: &Context, arguments: &SearchArguments) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let typed = arguments.query.join(" ");
    let query = read::match_query(&typed, text::search_terms)
        .ok_or_else(|| ExitError::usage("the query has no word to search for"))?;
    let found = read::search(&connection, &query, arguments.limit, context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|hit| {
            vec![
                hit.article.to_string(),
                hit.story.map(|story| story.to_string()).unwrap_or_default(),
                context.style.moment(hit.event_time),
                hit.outlet.clone().unwrap_or_default(),
                hit.title.clone(),
            ]
        })
        .collect();
    let time = format!("TIME ({})", context.style.zone_name());
    write_rows(context, "search results", &["ARTICLE", "STORY", &time, "OUTLET", "HEADLINE"], &rows, &found)
}

/// Lists feeds.
pub(super) fn feeds(context: &Context, only_failing: bool) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let found = read::feeds(&connection, only_failing)?;
    let format = screen_format(context)?;
    if format == Format::Table && found.is_empty() {
        context.talk(match only_failing {
            true => "no feed fails",
            false => "no feeds yet; add some with `copytaster feed add URL`, or `copytaster fetch` starts with those it knows",
        });
        return Ok(Exit::Done);
    }
    write_feeds(&found, format, &context.style, &mut std::io::stdout().lock())
}

fn write_feeds(found: &[FeedView], format: Format, style: &TableStyle, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|feed| {
            vec![
                feed.id.to_string(),
                export::feed_state(feed),
                feed.outlet.clone().unwrap_or_default(),
                feed.tags.join(" "),
                feed.url.clone(),
                export::feed_note(feed),
            ]
        })
        .collect();
    let header = ["ID", "STATE", "OUTLET", "TAGS", "URL", "NOTE"];
    match format {
        Format::Table => export::table(&header, &rows, style, out)?,
        Format::Csv => export::csv(&header, &rows, out)?,
        Format::Json => export::json(&found, out)?,
        Format::Jsonl => {
            for feed in found {
                export::json_line(feed, out)?;
            }
        }
        Format::Opml => export::opml(found, out)?,
        Format::Html => export::html(&export::pages::feeds(found), out)?,
        Format::Md => export::markdown(&export::pages::feeds(found), out)?,
        Format::Atom | Format::Dot => return Err(unsupported("feeds", format, &Format::FEEDS)),
    }
    Ok(Exit::Done)
}

/// Writes the feed list in one format to a file or standard output.
pub(super) fn export_feeds(context: &Context, format: Format, output: Option<&Path>) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let mut out = Destination::open(output)?;
    let code = write_feeds(&read::feeds(&connection, false)?, format, &TableStyle::default(), &mut out)?;
    out.finish()?;
    Ok(code)
}

/// Everything out.
pub(super) fn export(context: &Context, arguments: &ExportArguments) -> anyhow::Result<Exit> {
    if arguments.id.is_some() && !matches!(arguments.what, ExportWhat::Story) {
        return Err(ExitError::usage("only `export story` takes an id").into());
    }
    if arguments.evidence.is_some() && !matches!(arguments.what, ExportWhat::Story) {
        return Err(ExitError::usage("evidence is of one story: copytaster export story ID --evidence FOLDER").into());
    }
    let connection = context.open_reader()?;
    let usual = match arguments.what {
        ExportWhat::Stories | ExportWhat::Story => Format::Json,
        ExportWhat::Articles => Format::Jsonl,
        ExportWhat::Feeds => Format::Opml,
    };
    let format = format(context, usual)?;
    // A file has the same width wherever it is written; the zone is the one asked for.
    let style = TableStyle { zone: context.style.zone.clone(), ..TableStyle::default() };
    if let (Some(folder), Some(id)) = (&arguments.evidence, &arguments.id) {
        evidence::write(context, &connection, &find_story(context, &connection, id)?, &style, folder)?;
        if context.format.is_none() && arguments.output.is_none() {
            return Ok(Exit::Done);
        }
    }
    let mut out = Destination::open(arguments.output.as_deref())?;
    let code = match arguments.what {
        ExportWhat::Stories => {
            let filter = StoryFilter { range: context.range(), limit: usize::MAX, ..StoryFilter::default() };
            write_stories(&read::stories(&connection, &filter)?, format, &style, &mut out)?;
            Exit::Done
        }
        ExportWhat::Story => {
            let id = arguments.id.as_deref().ok_or_else(|| ExitError::usage("`export story` needs the story's id"))?;
            let wanted = StoryArguments { id: id.to_owned(), timeline: false, tree: false, members: false };
            write_story(context, &wanted, format, &style, &mut out)?
        }
        ExportWhat::Articles => export_articles(context, &connection, format, &style, &mut out)?,
        ExportWhat::Feeds => write_feeds(&read::feeds(&connection, false)?, format, &style, &mut out)?,
    };
    out.finish()?;
    Ok(code)
}

/// The columns of articles in CSV and tables.
const ARTICLE_HEADER: [&str; 9] =
    ["id", "external_id", "story", "near_duplicate_group", "role", "outlet", "published_at", "title", "url"];

fn article_row(article: &ArticleView) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        article.id.to_string(),
        text(&article.external_id),
        article.story.map(|id| id.to_string()).unwrap_or_default(),
        article.near_duplicate_group.map(|id| id.to_string()).unwrap_or_default(),
        text(&article.role),
        text(&article.outlet),
        article.published_at.map(|at| at.rfc3339()).unwrap_or_default(),
        text(&article.title),
        text(&article.url),
    ]
}

fn export_articles(
    context: &Context,
    connection: &ReadConnection,
    format: Format,
    style: &TableStyle,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let range = context.range();
    let all = || {
        let mut all = Vec::new();
        read::articles(connection, range, |article| {
            all.push(article);
            Ok::<_, anyhow::Error>(())
        })?;
        Ok::<_, anyhow::Error>(all)
    };
    let rows = || Ok::<_, anyhow::Error>(all()?.iter().map(article_row).collect::<Vec<_>>());
    match format {
        // The usual way out of a large database: one article at a time.
        Format::Jsonl => {
            read::articles(connection, range, |article| Ok::<_, anyhow::Error>(export::json_line(&article, out)?))?
        }
        Format::Json => export::json(&all()?, out)?,
        Format::Csv => export::csv(&ARTICLE_HEADER, &rows()?, out)?,
        Format::Table => export::table(&ARTICLE_HEADER, &rows()?, style, out)?,
        Format::Atom => {
            let all = all()?;
            let updated = all.iter().map(ArticleView::last_changed).max().unwrap_or_default();
            let feed = export::AtomFeed { id: "urn:copytaster:articles", title: "copytaster articles", updated };
            export::articles_atom(&feed, &all, out)?;
        }
        Format::Html => export::html(&export::pages::articles(&all()?, style), out)?,
        Format::Md => export::markdown(&export::pages::articles(&all()?, style), out)?,
        Format::Dot => export::articles_dot(&all()?, out)?,
        Format::Opml => return Err(unsupported("articles", format, &Format::NEWS)),
    }
    Ok(Exit::Done)
}

pub(super) fn write_rows<T: serde::Serialize>(
    context: &Context,
    what: &'static str,
    header: &[&str],
    rows: &[Vec<String>],
    values: &[T],
) -> anyhow::Result<Exit> {
    let out = &mut std::io::stdout().lock();
    match screen_format(context)? {
        Format::Table if rows.is_empty() => context.talk("nothing found"),
        Format::Table => export::table(header, rows, &context.style, out)?,
        Format::Csv => export::csv(header, rows, out)?,
        Format::Json => export::json(&values, out)?,
        Format::Jsonl => {
            for value in values {
                export::json_line(value, out)?;
            }
        }
        format => return Err(unsupported(what, format, &Format::ROWS)),
    }
    Ok(Exit::Done)
}

/// Shows what would be stored of one feed.
pub(super) fn feed_test(context: &Context, source: &str, feed: &ParsedFeed, out: &mut dyn Write) -> anyhow::Result<()> {
    let view = FeedTestView::new(source, feed);
    match screen_format(context)? {
        Format::Jsonl => export::json_line(&view, out)?,
        Format::Json => export::json(&view, out)?,
        Format::Table => {
            let entries = &feed.entries;
            let title = feed.title.as_deref().unwrap_or("(no title)");
            writeln!(
                out,
                "{source}: {} · {} · {} entries",
                feed.kind.as_str(),
                export::escape::terminal(title),
                entries.len()
            )?;
            for warning in &feed.warnings {
                writeln!(out, "  repaired: {}", export::escape::terminal(warning))?;
            }
            let rows: Vec<Vec<String>> = entries
                .iter()
                .map(|entry| {
                    let date =
                        entry.published.as_ref().or(entry.updated.as_ref()).map_or("", |claim| claim.raw.as_str());
                    vec![date.to_owned(), entry.title.clone().unwrap_or_default()]
                })
                .collect();
            export::table(&["DATE", "HEADLINE"], &rows, &context.style, out)?;
        }
        format => return Err(unsupported("a feed test", format, &Format::VALUE)),
    }
    Ok(())
}

/// Shows the demo's stories: the list, then the largest one whole.
pub(super) fn demo_stories(context: &Context, connection: &ReadConnection, limit: usize) -> anyhow::Result<()> {
    let style = &context.style;
    let out = &mut std::io::stdout().lock();
    let found = read::stories(connection, &StoryFilter { limit, ..StoryFilter::default() })?;
    write_stories(&found, Format::Table, style, out)?;
    if let Some(largest) = found.first()
        && let Some(story) = read::story(connection, largest.id, &context.lexicon()?.marks)?
    {
        writeln!(out)?;
        export::story_text(&story, style, out)?;
    }
    Ok(())
}
