//! The command line: arguments, terminal, exit codes.
//!
//! stdout is data, stderr is talk. Commands that only read never start an asynchronous runtime.

mod archive;
mod arguments;
mod compare;
mod context;
mod daemon;
mod decisions;
mod demo;
mod destination;
mod discover;
mod doctor;
mod evidence;
pub mod exit;
mod feeds;
mod fetch;
mod lock;
mod notify;
mod outlets;
mod pages;
mod parallel;
mod read;
mod setup;
mod signals;
mod terminal;
mod watches;

use std::io::Write as _;

use clap::{CommandFactory as _, Parser as _};

pub use arguments::Cli;
use arguments::{Command, ConfigCommand, FeedCommand, OutletCommand, WatchCommand};
use context::Context;
use exit::{Exit, ExitError};

/// Runs the program with the process's arguments and returns its exit code.
#[must_use]
pub fn main() -> Exit {
    std::panic::set_hook(Box::new(|panic| {
        // feed-rs and the XML reader under it panic on some documents; that is caught, and the feed's outcome tells it.
        let is_caught = |file: &str| file.contains("/feed-rs-") || file.contains("/quick-xml-");
        if panic.location().is_none_or(|location| !is_caught(location.file())) {
            anstream::eprintln!("copytaster: internal error, please report it: {panic}");
        }
    }));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Printing help into a closed pipe is no failure.
            drop(error.print());
            return code;
        }
    };
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            let code = exit::code(&error);
            if code != Exit::Done {
                anstream::eprintln!("copytaster: {error:#}");
            }
            code
        }
    }
}

/// The name of a command that writes no data in a format of one's choice; a wish for one is a mistake worth telling.
fn without_formats(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Init(_) => "init",
        Command::Demo(_) => "demo",
        Command::Fetch(_) => "fetch",
        Command::Run(_) => "run",
        Command::Merge(_) => "merge",
        Command::Split(_) => "split",
        Command::Pin(_) => "pin",
        Command::Title(_) => "title",
        Command::Hold { .. } => "hold",
        Command::Undo { .. } => "undo",
        Command::Outlet(OutletCommand::Alias { .. }) => "outlet alias",
        Command::Feed(FeedCommand::Add { .. }) => "feed add",
        Command::Feed(FeedCommand::Rm { .. }) => "feed rm",
        Command::Watch(WatchCommand::Add { .. }) => "watch add",
        Command::Watch(WatchCommand::Rm { .. }) => "watch rm",
        Command::Opml(_) => "opml",
        Command::Import(_) => "import",
        Command::Analyze(_) => "analyze",
        Command::Doctor => "doctor",
        Command::Setup(_) => "setup",
        Command::Config(_) => "config",
        Command::Completions { .. } => "completions",
        Command::Man => "man",
        _ => return None,
    })
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    if (cli.global.json || cli.global.format.is_some())
        && let Some(name) = without_formats(&cli.command)
    {
        return Err(
            ExitError::usage(format!("`{name}` has no formats to choose from: leave --format and --json out")).into()
        );
    }
    let level = match (cli.global.quiet, cli.global.verbose) {
        (1.., _) => "error",
        (0, 0) => "warn",
        (0, 1) => "info",
        (0, _) => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(format!("copytaster={level}")))
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    match cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "copytaster", &mut script);
            std::io::stdout().write_all(&script)?;
            return Ok(Exit::Done);
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            std::io::stdout().write_all(&page)?;
            return Ok(Exit::Done);
        }
        _ => {}
    }
    let context = Context::load(&cli.global)?;
    match cli.command {
        Command::Init(arguments) => feeds::init(&context, &arguments),
        Command::Demo(arguments) => demo::demo(&context, &arguments),
        Command::Fetch(arguments) => fetch::fetch(&context, &arguments),
        Command::Run(arguments) => daemon::run(context, &arguments, &cli.global),
        Command::Setup(command) => setup::setup(&command, &cli.global),
        Command::Stories(arguments) => read::stories(&context, &arguments),
        Command::Story(arguments) => read::story(&context, &arguments),
        Command::Merge(arguments) => decisions::merge(&context, &arguments),
        Command::Split(arguments) => decisions::split(&context, &arguments),
        Command::Pin(arguments) => decisions::pin(&context, &arguments),
        Command::Title(arguments) => decisions::title(&context, &arguments),
        Command::Hold { story } => decisions::hold(&context, &story),
        Command::Undo { decision } => decisions::undo(&context, decision.as_deref()),
        Command::Log => decisions::log(&context),
        Command::Explain(arguments) => compare::explain(&context, &arguments),
        Command::Diff(arguments) => compare::diff_articles(&context, &arguments),
        Command::History(arguments) => compare::history(&context, &arguments),
        Command::Cites(arguments) if arguments.uncredited => outlets::uncredited(&context, &arguments),
        Command::Cites(arguments) => read::cites(&context, &arguments),
        Command::Outlet(command) => outlets::outlet(&context, &command),
        Command::Search(arguments) => read::search(&context, &arguments),
        Command::Watch(command) => watches::watch(&context, &command),
        Command::Feed(command) => feeds::feed(&context, command),
        Command::Opml(command) => feeds::opml(&context, command),
        Command::Export(arguments) => read::export(&context, &arguments),
        Command::Import(command) => archive::import(&context, command),
        Command::Extract(arguments) => pages::extract(&context, &arguments),
        Command::Analyze(arguments) => archive::analyze(&context, &arguments),
        Command::Doctor => doctor::doctor(&context),
        Command::Config(ConfigCommand::Show) => context.show(),
        Command::Config(ConfigCommand::Path) => context.show_paths(),
        Command::Completions { .. } | Command::Man => Err(ExitError::usage("unreachable command").into()),
    }
}
