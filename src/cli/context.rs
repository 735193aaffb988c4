//! What every command starts from: settings, paths, the terminal.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;

use clap::ValueEnum as _;

use super::arguments::{ColorChoice, GlobalArguments};
use super::exit::{Exit, ExitError};
use super::terminal;
use crate::attribution::{Lexicon, RoleMark};
use crate::canonical::Rules;
use crate::cluster::ClusterOptions;
use crate::config::settings::{self, Settings};
use crate::config::{clustering, tables};
use crate::export::TableStyle;
use crate::extract::SiteRules;
use crate::fetch::FetchOptions;
use crate::model::{OutletRegister, Timestamp};
use crate::pipeline::{self, Tools};
use crate::schedule::ScheduleOptions;
use crate::store::read::TimeRange;
use crate::store::{ReadConnection, Store, StoreError};

/// No configuration lets a server be asked more often, in seconds: a minute.
const MIN_INTERVAL_FLOOR_S: i64 = 60;

/// The tracking parameters known to the program.
const TRACKING_PARAMETERS: &str = include_str!("../../config/tracking_parameters.txt");

/// Settings and paths of one invocation.
#[derive(Debug)]
pub(super) struct Context {
    /// The settings in force.
    pub settings: Settings,
    /// The configuration file, whether it exists or not.
    pub config: PathBuf,
    /// The database file.
    pub database: PathBuf,
    /// The format asked for, if any.
    pub format: Option<String>,
    /// Start of the time range asked for.
    pub since: Option<Timestamp>,
    /// End of the time range asked for.
    pub until: Option<Timestamp>,
    /// How tables look on this terminal.
    pub style: TableStyle,
    quiet: u8,
}

impl Context {
    /// Reads configuration, environment and flags: flags beat `COPYTASTER_*`, which beats the file, which beats defaults.
    pub(super) fn load(arguments: &GlobalArguments) -> anyhow::Result<Self> {
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let no_home =
            || ExitError::configuration("neither HOME nor XDG_CONFIG_HOME is set; name files with --config and --db");
        let config = match named(&arguments.config) {
            Some(path) => path,
            None => settings::config_path(environment).ok_or_else(no_home)?,
        };
        let mut settings = match std::fs::read_to_string(&config) {
            Ok(text) => Settings::parse(&text, &config.display().to_string())
                .map_err(|error| ExitError::configuration(chain(&error)))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named(&arguments.config).is_none() => {
                Settings::default()
            }
            Err(error) => {
                let is_missing = error.kind() == std::io::ErrorKind::NotFound;
                let remedy = if is_missing { "; `copytaster init` writes one" } else { "" };
                let message = format!("cannot read the configuration {}: {error}{remedy}", config.display());
                return Err(ExitError::configuration(message).into());
            }
        };
        settings.apply_environment(environment).map_err(|error| ExitError::configuration(chain(&error)))?;
        let configured = Some(&settings.paths.database).filter(|path| !path.is_empty()).map(PathBuf::from);
        let database =
            named(&arguments.db).or(configured).or_else(|| settings::database_path(environment)).ok_or_else(no_home)?;
        let now = pipeline::now();
        let color = match arguments.color {
            Some(choice) => choice,
            None => ColorChoice::from_str(&settings.output.color, true).map_err(|_| {
                let written = &settings.output.color;
                ExitError::configuration(format!(
                    "[output] color (or COPYTASTER_COLOR): {written:?} is not auto, always or never"
                ))
            })?,
        };
        let zone = arguments.tz.as_deref().unwrap_or(&settings.output.tz);
        let style = terminal::style(color, zone).map_err(|error| match arguments.tz {
            Some(_) => error,
            None => {
                ExitError::configuration(format!("{}: [output] tz: {}", config.display(), chain(error.as_ref()))).into()
            }
        })?;
        anstream::ColorChoice::write_global(match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        });
        let format = if arguments.json { Some("json".to_owned()) } else { arguments.format.clone() };
        Ok(Self {
            settings,
            config,
            database,
            format,
            since: arguments.since.as_deref().map(|text| moment(text, now)).transpose()?,
            until: arguments.until.as_deref().map(|text| moment(text, now)).transpose()?,
            style,
            quiet: arguments.quiet,
        })
    }

    /// Whether the run may talk on stderr about what it does.
    pub(super) fn is_talkative(&self) -> bool {
        self.quiet == 0
    }

    /// Whether not even failures are told.
    pub(super) fn is_silent(&self) -> bool {
        self.quiet > 1
    }

    /// Says something on stderr, unless quiet.
    pub(super) fn talk(&self, message: &str) {
        if self.is_talkative() {
            anstream::eprintln!("{message}");
        }
    }

    /// The time range asked for.
    pub(super) fn range(&self) -> TimeRange {
        TimeRange { since: self.since, until: self.until }
    }

    /// Opens (or creates) the database for writing.
    pub(super) fn open_store(&self) -> anyhow::Result<Store> {
        let store = Store::open(&self.database)?;
        for notice in &store.notices {
            self.talk(notice);
        }
        Ok(store)
    }

    /// Refuses to go on without a database: a command that only changes what is there creates none.
    pub(super) fn require_database(&self) -> anyhow::Result<()> {
        if self.database.exists() {
            return Ok(());
        }
        Err(StoreError::Missing { path: self.database.clone() }.into())
    }

    /// Opens the database for reading only.
    pub(super) fn open_reader(&self) -> anyhow::Result<ReadConnection> {
        Ok(Store::open_read_only(&self.database)?)
    }

    /// The tables and options every stage shares.
    pub(super) fn tools(&self) -> anyhow::Result<Tools> {
        let register = self.register()?;
        Ok(Tools {
            rules: Rules::parse(TRACKING_PARAMETERS),
            lexicon: self.lexicon()?,
            compiled: OnceLock::new(),
            register,
            cluster: self.cluster_options(None)?,
            sites: self.site_rules()?,
        })
    }

    /// The grammar of credits that comes with the program, with the words of `[[mark]]`.
    pub(super) fn lexicon(&self) -> anyhow::Result<Lexicon> {
        let mut lexicon =
            tables::embedded_lexicon().context("config/attribution.toml, as it comes with the program")?;
        lexicon.marks.extend(self.settings.mark.iter().map(|mark| RoleMark {
            language: "mul".to_owned(),
            kind: mark.kind,
            word: mark.word.clone(),
            example: String::new(),
        }));
        Ok(lexicon)
    }

    /// The outlet register that comes with the program, with the names of `[[alias]]`.
    pub(super) fn register(&self) -> anyhow::Result<OutletRegister> {
        let register = tables::embedded_register().context("the outlet register that comes with the program")?;
        let names = self.settings.alias.iter().map(|alias| (alias.outlet.as_str(), alias.name.as_str()));
        Ok(register.with_names(names))
    }

    /// The selectors of `[[site]]`.
    pub(super) fn site_rules(&self) -> anyhow::Result<SiteRules> {
        Ok(self.settings.site_rules().map_err(|error| ExitError::configuration(chain(&error)))?)
    }

    /// How stories are clustered: the weights that come with the program, or a file's.
    pub(super) fn cluster_options(&self, weights: Option<&Path>) -> anyhow::Result<ClusterOptions> {
        let options = match weights {
            Some(file) => clustering::from_file(file).with_context(|| format!("the weights in {}", file.display()))?,
            None => clustering::embedded().context("the weights that come with the program")?,
        };
        Ok(ClusterOptions { window_days: i64::from(self.settings.cluster.window_days), ..options })
    }

    /// The canonical URL rules alone, for commands that need no register.
    pub(super) fn rules() -> Rules {
        Rules::parse(TRACKING_PARAMETERS)
    }

    /// The HTTP options of the settings.
    pub(super) fn fetch_options(&self) -> anyhow::Result<FetchOptions> {
        let fetch = &self.settings.fetch;
        let numbers = [
            ("total_timeout_s", fetch.total_timeout_s == 0),
            ("max_concurrency", fetch.max_concurrency == 0),
            ("per_host_concurrency", fetch.per_host_concurrency == 0),
            ("max_feed_bytes", fetch.max_feed_bytes == 0),
            ("max_page_bytes", fetch.max_page_bytes == 0),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(ExitError::configuration(format!("[fetch] {key}: 0 would fetch nothing")).into());
        }
        if fetch.user_agent_contact.chars().any(char::is_control) {
            let message = "[fetch] user_agent_contact: it goes into a header, which has no line breaks";
            return Err(ExitError::configuration(message).into());
        }
        let mut options = FetchOptions {
            user_agent: user_agent(&fetch.user_agent_contact),
            total_timeout_s: fetch.total_timeout_s,
            max_feed_bytes: usize::try_from(fetch.max_feed_bytes).unwrap_or(usize::MAX),
            max_page_bytes: usize::try_from(fetch.max_page_bytes).unwrap_or(usize::MAX),
            per_host_concurrency: fetch.per_host_concurrency,
            host_spacing_ms: fetch.host_spacing_ms,
            max_concurrency: fetch.max_concurrency,
            respect_robots: fetch.respect_robots,
            extra_authorities: fetch.extra_authorities.iter().map(PathBuf::from).collect(),
            ..FetchOptions::default()
        };
        for range in &fetch.allow_private {
            options.allow_private.push(
                range
                    .parse()
                    .map_err(|error| ExitError::configuration(format!("[fetch] allow_private: {range:?}: {error}")))?,
            );
        }
        Ok(options)
    }

    /// How often feeds may be polled, by the settings.
    pub(super) fn schedule_options(&self) -> anyhow::Result<ScheduleOptions> {
        let schedule = &self.settings.schedule;
        let seconds = |interval: Duration| i64::try_from(interval.as_secs()).unwrap_or(i64::MAX);
        let options = ScheduleOptions {
            min_interval_s: seconds(schedule.min_interval),
            default_interval_s: seconds(schedule.default_interval),
            max_interval_s: seconds(schedule.max_interval),
        };
        let is_ordered = options.min_interval_s <= options.default_interval_s
            && options.default_interval_s <= options.max_interval_s
            && options.min_interval_s >= MIN_INTERVAL_FLOOR_S;
        if is_ordered {
            return Ok(options);
        }
        let message =
            format!("[schedule] needs {MIN_INTERVAL_FLOOR_S}s <= min_interval <= default_interval <= max_interval");
        Err(ExitError::configuration(message).into())
    }

    /// `config show`: the settings in force, as the file would say them.
    pub(super) fn show(&self) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        let settings = &self.settings;
        let fetch = &settings.fetch;
        writeln!(out, "[fetch]")?;
        writeln!(out, "user_agent_contact = {:?}", fetch.user_agent_contact)?;
        writeln!(out, "allow_private = {:?}", fetch.allow_private)?;
        writeln!(out, "host_spacing_ms = {}", fetch.host_spacing_ms)?;
        writeln!(out, "max_concurrency = {}", fetch.max_concurrency)?;
        writeln!(out, "per_host_concurrency = {}", fetch.per_host_concurrency)?;
        writeln!(out, "total_timeout_s = {}", fetch.total_timeout_s)?;
        writeln!(out, "max_feed_bytes = {}", fetch.max_feed_bytes)?;
        writeln!(out, "max_page_bytes = {}", fetch.max_page_bytes)?;
        writeln!(out, "extra_authorities = {:?}", fetch.extra_authorities)?;
        writeln!(out, "respect_robots = {}", fetch.respect_robots)?;
        writeln!(out, "bodies = {}", fetch.bodies)?;
        writeln!(out, "\n[schedule]")?;
        writeln!(out, "min_interval = \"{}s\"", settings.schedule.min_interval.as_secs())?;
        writeln!(out, "default_interval = \"{}s\"", settings.schedule.default_interval.as_secs())?;
        writeln!(out, "max_interval = \"{}s\"", settings.schedule.max_interval.as_secs())?;
        writeln!(out, "\n[cluster]\nwindow_days = {}", settings.cluster.window_days)?;
        let output = &settings.output;
        writeln!(out, "\n[output]\ncolor = {:?}\ntz = {:?}\nformat = {:?}", output.color, output.tz, output.format)?;
        writeln!(out, "\n[paths]\ndatabase = {:?}", self.database.display().to_string())?;
        for site in &settings.site {
            writeln!(out, "\n[[site]]\ndomain = {:?}\nremove = {:?}", site.domain, site.remove)?;
            let selectors = [
                ("body", &site.body),
                ("title", &site.title),
                ("author", &site.author),
                ("published", &site.published),
            ];
            for (key, selector) in selectors {
                if let Some(selector) = selector {
                    writeln!(out, "{key} = {selector:?}")?;
                }
            }
        }
        Ok(Exit::Done)
    }

    /// `config path`.
    pub(super) fn show_paths(&self) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        let note = |path: &Path| if path.exists() { "" } else { " (not there yet)" };
        writeln!(out, "configuration  {}{}", self.config.display(), note(&self.config))?;
        writeln!(out, "database       {}{}", self.database.display(), note(&self.database))?;
        Ok(Exit::Done)
    }
}

/// A path that was given; an empty one, as an empty environment variable gives it, is none.
pub(super) fn named(path: &Option<PathBuf>) -> Option<PathBuf> {
    path.clone().filter(|path| !path.as_os_str().is_empty())
}

/// One steady, truthful name for every server admin, with a contact where the configuration gives one.
fn user_agent(contact: &str) -> String {
    let name = concat!("copytaster/", env!("CARGO_PKG_VERSION"));
    if contact.is_empty() { name.to_owned() } else { format!("{name} (+{contact})") }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Reads a duration such as `90s`, `5m` or `48h`.
pub(super) fn duration(text: &str) -> anyhow::Result<Duration> {
    settings::parse_duration(text).map_err(|error| ExitError::usage(error.to_string()).into())
}

/// Reads a moment: a duration back from now, or a date (2025-11-25, 2025-11-25T18:00:00Z).
fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(back) = settings::parse_duration(text) {
        return Ok(now.plus(-i64::try_from(back.as_secs()).unwrap_or(i64::MAX)));
    }
    crate::text::dates::parse(text, None)
        .utc
        .ok_or_else(|| ExitError::usage(format!("{text:?} is no time: write 48h, 7d or 2025-11-25")).into())
}
