//! What the terminal is like: its width, whether it takes colors, and the zone times are shown in.

use std::io::IsTerminal as _;

use jiff::tz::TimeZone;

use super::arguments::ColorChoice;
use super::exit::ExitError;
use crate::export::TableStyle;

/// The width of a table where no terminal tells one.
const DEFAULT_WIDTH: usize = 120;

/// How tables look here: flags were resolved before, the rest is asked of the terminal and the environment.
///
/// # Errors
/// When the zone is none that the system or the program's own table knows.
pub(super) fn style(color: ColorChoice, zone: &str) -> anyhow::Result<TableStyle> {
    Ok(TableStyle { width: width(), is_colored: is_colored(color), zone: time_zone(zone)? })
}

/// Columns: `COLUMNS` where it is set, else the terminal's, else a width that prints well.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    told.or_else(asked).unwrap_or(DEFAULT_WIDTH)
}

/// `auto` colors a terminal unless `NO_COLOR` (no-color.org) is set to anything or the terminal is dumb.
fn is_colored(choice: ColorChoice) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            !is_set("NO_COLOR")
                && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
                && std::io::stdout().is_terminal()
        }
    }
}

/// The zone of a name: `UTC`, `local` for the system's, or one of the IANA database.
fn time_zone(name: &str) -> anyhow::Result<TimeZone> {
    match name {
        "" | "UTC" | "utc" => Ok(TimeZone::UTC),
        "local" => Ok(TimeZone::system()),
        name => TimeZone::get(name).map_err(|_| {
            ExitError::usage(format!("{name:?} is no time zone: write UTC, local or a name such as Europe/Berlin"))
                .into()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names() {
        assert_eq!(time_zone("").unwrap(), TimeZone::UTC);
        assert_eq!(time_zone("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert!(time_zone("Mars/Base").unwrap_err().to_string().contains("no time zone"));
    }
}
