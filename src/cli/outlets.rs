//! `outlet list`, `outlet alias`, `outlet stats` and `cites --uncredited`.

use std::io::Write as _;

use anyhow::Context as _;

use super::arguments::{CitesArguments, OutletCommand};
use super::context::Context;
use super::exit::{Exit, ExitError};
use super::read::write_rows;
use crate::config::settings::Settings;
use crate::store::provenance;
use crate::view::SCHEMA;
use crate::view::provenance::OutletView;

/// Runs an `outlet` command.
pub(super) fn outlet(context: &Context, command: &OutletCommand) -> anyhow::Result<Exit> {
    match command {
        OutletCommand::List { query, country, stored } => list(context, query.as_deref(), country.as_deref(), *stored),
        OutletCommand::Alias { outlet, name } => alias(context, outlet, name),
        OutletCommand::Stats { outlet } => stats(context, outlet.as_deref()),
    }
}

fn list(context: &Context, query: Option<&str>, country: Option<&str>, stored: bool) -> anyhow::Result<Exit> {
    let all: Vec<OutletView> = if stored {
        provenance::outlets(&context.open_reader()?)?
    } else {
        let register = context.register()?;
        let view = |outlet: &crate::model::Outlet| OutletView {
            schema: SCHEMA,
            outlet: outlet.name.clone(),
            domain: outlet.key().to_owned(),
            country: outlet.country.clone(),
            language: outlet.language.clone(),
            kind: outlet.kind.as_str().to_owned(),
            aliases: outlet.aliases.iter().chain(&outlet.ambiguous_names).cloned().collect(),
        };
        register.outlets().iter().map(view).collect()
    };
    let query = query.map(str::to_lowercase);
    let is_wanted = |outlet: &OutletView| {
        let names = outlet.aliases.iter().chain([&outlet.outlet, &outlet.domain]);
        query.as_deref().is_none_or(|query| names.into_iter().any(|name| name.to_lowercase().contains(query)))
            && country
                .is_none_or(|wanted| outlet.country.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
    };
    let found: Vec<OutletView> = all.into_iter().filter(is_wanted).collect();
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|outlet| {
            vec![
                outlet.domain.clone(),
                outlet.outlet.clone(),
                outlet.country.clone().unwrap_or_default(),
                outlet.language.clone().unwrap_or_default(),
                outlet.kind.clone(),
                outlet.aliases.join(", "),
            ]
        })
        .collect();
    write_rows(context, "outlets", &["DOMAIN", "OUTLET", "COUNTRY", "LANG", "KIND", "ALSO"], &rows, &found)
}

/// Adds a name of an outlet to the configuration file.
fn alias(context: &Context, outlet: &str, name: &str) -> anyhow::Result<Exit> {
    let name = name.trim();
    if name.is_empty() {
        return Err(ExitError::usage("the name is empty").into());
    }
    let register = context.register()?;
    let known = register.outlets().iter().find(|known| {
        known.name.eq_ignore_ascii_case(outlet)
            || known.domains.iter().any(|domain| domain.eq_ignore_ascii_case(outlet))
    });
    let domain = match known {
        Some(known) if known.name == name || known.aliases.iter().any(|alias| alias == name) => {
            context.talk(&format!("{} is known as {name:?} already", known.name));
            return Ok(Exit::Done);
        }
        Some(known) => known.key().to_owned(),
        None if outlet.contains('.') && !outlet.contains(['/', ' ']) => outlet.to_lowercase(),
        None => {
            let message = format!("no outlet is called {outlet:?}; name its domain, or see `copytaster outlet list`");
            return Err(ExitError::usage(message).into());
        }
    };
    let other = register
        .outlets()
        .iter()
        .find(|other| other.key() != domain && (other.name == name || other.aliases.iter().any(|alias| alias == name)));
    if let Some(other) = other {
        let message = format!("{name:?} is {} ({}) already; a name leads to one outlet", other.name, other.key());
        return Err(ExitError::usage(message).into());
    }
    let path = context.config.display();
    let mut text = match std::fs::read_to_string(&context.config) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message =
                format!("there is no configuration at {path} yet to keep the name in; run `copytaster init` first");
            return Err(ExitError::configuration(message).into());
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
    };
    let quoted = |value: &str| serde_json::to_string(value).map_err(anyhow::Error::from);
    text.push_str(&format!("\n[[alias]]\noutlet = {}\nname = {}\n", quoted(&domain)?, quoted(name)?));
    // The file is only touched when it can be read back.
    Settings::parse(&text, &path.to_string()).map_err(|error| ExitError::configuration(error.to_string()))?;
    std::fs::write(&context.config, text).with_context(|| format!("cannot write {path}"))?;
    context.talk(&format!(
        "{name:?} is {domain} from now on (written to {path}); `copytaster analyze --rebuild` reads earlier articles again"
    ));
    Ok(Exit::Done)
}

fn stats(context: &Context, outlet: Option<&str>) -> anyhow::Result<Exit> {
    let found = provenance::outlet_stats(&context.open_reader()?, outlet, context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|outlet| {
            vec![
                outlet.outlet.clone(),
                outlet.articles.to_string(),
                outlet.original.to_string(),
                outlet.credited.to_string(),
                outlet.uncredited.to_string(),
                format!("{:.0} %", outlet.wire_share * 100.0),
                outlet.unsure.to_string(),
                outlet.cited_by.to_string(),
                outlet
                    .median_delay_s
                    .map(|seconds| format!("{}:{:02}", seconds / 3600, seconds % 3600 / 60))
                    .unwrap_or_default(),
            ]
        })
        .collect();
    let header = ["OUTLET", "ARTICLES", "ORIGINAL", "CREDITED", "UNCREDITED", "WIRE", "UNSURE", "CREDITED BY", "DELAY"];
    write_rows(context, "outlet statistics", &header, &rows, &found)?;
    std::io::stdout().flush()?;
    Ok(Exit::Done)
}

/// Lists articles with others' text or report and without a credit.
pub(super) fn uncredited(context: &Context, arguments: &CitesArguments) -> anyhow::Result<Exit> {
    let connection = context.open_reader()?;
    let (to, from) = (arguments.to.as_deref(), arguments.from.as_deref());
    let found = provenance::uncredited(&connection, to, from, context.range())?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|copy| {
            vec![
                copy.article.to_string(),
                copy.outlet.clone().unwrap_or_default(),
                copy.role.clone(),
                copy.overlap.map(|share| format!("{:.0} %", share * 100.0)).unwrap_or_default(),
                copy.of.to_string(),
                copy.of_outlet.clone().unwrap_or_default(),
                copy.title.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let header = ["ARTICLE", "OUTLET", "ROLE", "OVERLAP", "OF", "EARLIER IN", "HEADLINE"];
    write_rows(context, "uncredited copies", &header, &rows, &found)
}
