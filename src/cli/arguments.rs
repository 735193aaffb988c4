//! The command line as data.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// Sort incoming news copy: who reported first, who credits whom, who merely copied.
#[derive(Debug, Parser)]
#[command(
    name = "copytaster",
    bin_name = "copytaster",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct GlobalArguments {
    /// Database file
    #[arg(long, global = true, env = "COPYTASTER_DB", value_parser = path(), value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub db: Option<PathBuf>,
    /// Configuration file
    #[arg(long, global = true, env = "COPYTASTER_CONFIG", value_parser = path(), value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Say only what is wrong (twice: nothing)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub quiet: u8,
    /// Say more (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colors (default: as configured, else auto)
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
    /// Output format: table, json, jsonl, csv, atom, html, md, opml, dot, where a command has them
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format")]
    pub json: bool,
    /// Only what happened since (48h, 7d, 2025-11-25)
    #[arg(long, global = true, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what happened until (48h, 7d, 2025-11-25)
    #[arg(long, global = true, value_name = "TIME")]
    pub until: Option<String>,
    /// Time zone of times in tables: UTC, local or a name such as Europe/Berlin (default: as configured, else UTC)
    #[arg(long, global = true, value_name = "ZONE")]
    pub tz: Option<String>,
}

/// Takes an empty path too: an environment variable that is set to nothing says nothing.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// A country by its ISO 3166 code.
fn country(text: &str) -> Result<String, &'static str> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code { Ok(text.to_owned()) } else { Err("write the two letters of a country, such as DE") }
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `export --help` ends with.
const EXPORT_FORMATS: &str = "\
Formats (--format):
  stories, story, articles   json, jsonl, csv, atom, html, md, dot, table
  feeds                      opml, json, jsonl, csv, html, md, table

html is a page that stands alone, md goes into a note. dot is for Graphviz: who rests on whom in a
story, stories in their threads, articles with what they copy and credit. Without --format stories
and a story are written as json, articles as jsonl, feeds as opml.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented configuration and create the database
    Init(InitArguments),
    /// Run the whole pipeline offline on a bundled miniature of the founding story
    Demo(DemoArguments),
    /// Poll due feeds, scrape articles and analyze, once (for cron)
    Fetch(FetchArguments),
    /// Keep fetching on a schedule until stopped
    Run(RunArguments),
    /// List story clusters
    Stories(StoriesArguments),
    /// Show one story: first report, members in time order, copies, credits
    Story(StoryArguments),
    /// Make one story of several; the first one's id stays
    Merge(MergeArguments),
    /// Take articles out of a story into one of their own
    Split(SplitArguments),
    /// Keep an article in its story, or in another one
    Pin(PinArguments),
    /// Give a story a title
    Title(TitleArguments),
    /// Close a story to further articles
    Hold {
        /// The story's id
        story: String,
    },
    /// Take back a decision (the last one that counts)
    Undo {
        /// Its number in the log
        decision: Option<String>,
    },
    /// List what editors decided
    Log,
    /// Tell why two articles are together or apart
    Explain(PairArguments),
    /// Show two articles' texts word by word
    Diff(PairArguments),
    /// Show how an article's headline and text changed
    History(HistoryArguments),
    /// List attributions: who credits whom
    Cites(CitesArguments),
    /// List outlets, add a name of one, or count what each does
    #[command(subcommand)]
    Outlet(OutletCommand),
    /// Search headlines and bodies
    Search(SearchArguments),
    /// Save queries whose new stories, new origins or changed headlines raise an alert
    #[command(subcommand)]
    Watch(WatchCommand),
    /// Add, list, remove or test feeds
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Import or export feed lists
    #[command(subcommand)]
    Opml(OpmlCommand),
    /// Write stories, a story, articles or feeds in a format for other programs or people
    #[command(after_help = EXPORT_FORMATS)]
    Export(ExportArguments),
    /// Back-fill from an archive
    #[command(subcommand)]
    Import(ImportCommand),
    /// Turn an article page into text and metadata, as JSON Lines
    Extract(ExtractArguments),
    /// Analyze pending articles, or derive everything again
    Analyze(AnalyzeArguments),
    /// Look for problems: configuration, database, failing feeds
    Doctor,
    /// Print what makes the system fetch by itself
    #[command(subcommand)]
    Setup(SetupCommand),
    /// Show the settings in force, or where they come from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Import the feeds of this OPML file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub opml: Option<PathBuf>,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the demo's database in this file instead of a temporary one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub keep: Option<PathBuf>,
}

/// What makes a run's exit code 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Only when nothing could be fetched.
    All,
    /// When any feed failed.
    Any,
}

/// `fetch`.
#[derive(Debug, Args)]
pub struct FetchArguments {
    /// Poll every feed, due or not (a server's request to wait is still kept)
    #[arg(long)]
    pub all: bool,
    /// Poll only this feed (address or id)
    #[arg(long, value_name = "FEED")]
    pub feed: Option<String>,
    /// Poll only feeds with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Leave article pages alone
    #[arg(long)]
    pub no_bodies: bool,
    /// Store only; analyze later
    #[arg(long)]
    pub no_analyze: bool,
    /// Be done after this long; the rest is due in the next run (90s, 5m)
    #[arg(long, value_name = "DURATION")]
    pub max_time: Option<String>,
    /// Say what would be polled and stop
    #[arg(long)]
    pub dry_run: bool,
    /// What makes the exit code 3
    #[arg(long, value_enum, default_value_t = FailOn::All, value_name = "WHAT")]
    pub fail_on: FailOn,
    /// Wait this long for another run to end
    #[arg(long, value_name = "DURATION", conflicts_with = "skip_if_running")]
    pub wait: Option<String>,
    /// Exit quietly when another run is under way
    #[arg(long)]
    pub skip_if_running: bool,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Longest pause between two rounds (10m; at least 30s)
    #[arg(long, default_value = "10m", value_name = "DURATION")]
    pub every: String,
    /// Leave article pages alone
    #[arg(long)]
    pub no_bodies: bool,
}

/// How stories are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortChoice {
    /// Most articles first.
    Size,
    /// Latest article first.
    New,
    /// Earliest first report first.
    First,
    /// Most origins first.
    Origins,
}

/// `stories`.
#[derive(Debug, Args)]
pub struct StoriesArguments {
    /// Only stories with an article that matches
    pub query: Option<String>,
    /// Only stories covered by at least so many outlets
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub min_outlets: u32,
    /// Order
    #[arg(long, value_enum, default_value_t = SortChoice::Size)]
    pub sort: SortChoice,
    /// At most so many stories
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// List instead the outlets with reporting of their own that joined a story which had an origin already; --since and
    /// --until are then of the time we saw that
    #[arg(long, conflicts_with_all = ["query", "min_outlets", "sort", "limit"])]
    pub new_origins: bool,
}

/// `story`.
#[derive(Debug, Args)]
pub struct StoryArguments {
    /// The story's id
    pub id: String,
    /// Show the timeline alone
    #[arg(long, group = "part")]
    pub timeline: bool,
    /// Show who rests on whom instead, with chains and circles of credits
    #[arg(long, group = "part")]
    pub tree: bool,
    /// List the articles alone, a row each
    #[arg(long, group = "part")]
    pub members: bool,
}

/// `cites`.
#[derive(Debug, Args)]
pub struct CitesArguments {
    /// Only credits by others to this outlet (domain or name)
    #[arg(long, value_name = "OUTLET")]
    pub to: Option<String>,
    /// Only credits by this outlet (domain or name)
    #[arg(long, value_name = "OUTLET")]
    pub from: Option<String>,
    /// List text overlaps without a credit instead (--to: the earlier outlet, --from: the later one)
    #[arg(long)]
    pub uncredited: bool,
}

/// `outlet`.
#[derive(Debug, Subcommand)]
pub enum OutletCommand {
    /// List the outlets of the register
    List {
        /// Only outlets with this in a name or domain
        query: Option<String>,
        /// Only outlets of this country (two letters)
        #[arg(long, value_name = "COUNTRY", value_parser = country)]
        country: Option<String>,
        /// List the outlets whose articles or feeds are in the database instead
        #[arg(long)]
        stored: bool,
    },
    /// Add a name under which an outlet is credited, to the configuration file
    Alias {
        /// The outlet's name or domain; a domain the register lacks adds the outlet
        outlet: String,
        /// The name
        name: String,
    },
    /// Count original, credited, uncredited and wire articles of each outlet, with its median delay
    Stats {
        /// Only this outlet (domain or name)
        outlet: Option<String>,
    },
}

/// `search`.
#[derive(Debug, Args)]
pub struct SearchArguments {
    /// Words, "a phrase", or prefix*
    #[arg(required = true)]
    pub query: Vec<String>,
    /// At most so many articles
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// What raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlertChoice {
    /// A story has an article that matches, and had none before.
    New,
    /// An outlet with reporting of its own joined a matching story that had an origin.
    Origin,
    /// An article of a matching story has another headline.
    Headline,
}

/// `watch`.
#[derive(Debug, Subcommand)]
pub enum WatchCommand {
    /// Save a query; what matches from now on raises alerts in the rounds of fetch, run and analyze
    Add {
        /// The query, as for `stories`: words, "a phrase", or prefix*
        #[arg(required = true)]
        query: Vec<String>,
        /// What raises an alert
        #[arg(long, value_enum, value_delimiter = ',', default_value = "new,origin,headline", value_name = "KINDS")]
        on: Vec<AlertChoice>,
        /// Run this command for each alert, with the alert as JSON on its standard input; no shell reads it, quotes keep
        /// words together
        #[arg(long, value_name = "COMMAND", conflicts_with = "webhook")]
        exec: Option<String>,
        /// Post each alert as JSON to this address
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
    },
    /// List watches with their last alert and failure
    List {
        /// List the alerts instead; --since and --until are then of the time they were raised
        #[arg(long)]
        alerts: bool,
    },
    /// Remove watches; their alerts stay on record
    Rm {
        /// Ids
        #[arg(required = true)]
        watches: Vec<String>,
    },
}

/// `feed`.
#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// Add feeds by address; a home page's feeds are looked up
    Add {
        /// Addresses of feeds or home pages
        #[arg(required = true)]
        urls: Vec<String>,
        /// Tag the feeds
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
        /// Add the address as it is, without looking at it
        #[arg(long)]
        no_check: bool,
    },
    /// List feeds with their state
    List {
        /// Only feeds that fail
        #[arg(long)]
        failing: bool,
    },
    /// Remove feeds; what they brought stays
    Rm {
        /// Addresses or ids
        #[arg(required = true)]
        feeds: Vec<String>,
    },
    /// Show what would be stored of feeds, from files or addresses
    Test {
        /// Files or addresses
        #[arg(required = true)]
        sources: Vec<String>,
    },
}

/// `opml`.
#[derive(Debug, Subcommand)]
pub enum OpmlCommand {
    /// Add the feeds of an OPML file (- for standard input)
    Import {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Write the feeds as OPML
    Export {
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportWhat {
    /// The list of stories.
    Stories,
    /// One story.
    Story,
    /// Every article.
    Articles,
    /// Every feed.
    Feeds,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// What to write
    #[arg(value_enum)]
    pub what: ExportWhat,
    /// The story's id (for `export story`)
    pub id: Option<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Put what stands behind the story into this new folder: every text seen, clocks, credits, copies beside their
    /// sources, with checksums; without --format and --output nothing else is written
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub evidence: Option<PathBuf>,
}

/// `import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import articles from JSON Lines ({id,url,outlet,title,body,author,published,lang} a line)
    Articles {
        /// The file (- for standard input)
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Keeps the ids of several archives apart
        #[arg(long, default_value = "import", value_name = "NAME")]
        namespace: String,
        /// Store only; analyze later
        #[arg(long)]
        no_analyze: bool,
    },
}

/// `extract`.
#[derive(Debug, Args)]
pub struct ExtractArguments {
    /// A page: a file, or an address
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub page: Option<String>,
    /// The address the file was saved from
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Many pages: a JSON Lines file of {id,path,url}
    #[arg(long, value_name = "MANIFEST", value_hint = ValueHint::FilePath)]
    pub batch: Option<PathBuf>,
}

/// `merge`.
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// The stories' ids
    #[arg(required = true, num_args = 2..)]
    pub stories: Vec<String>,
}

/// `split`.
#[derive(Debug, Args)]
pub struct SplitArguments {
    /// The story's id
    pub story: String,
    /// The ids of the articles that don't belong
    #[arg(required = true)]
    pub articles: Vec<String>,
}

/// `pin`.
#[derive(Debug, Args)]
pub struct PinArguments {
    /// The article's id
    pub article: String,
    /// The story's id; without it, the story it is in
    pub story: Option<String>,
}

/// `title`.
#[derive(Debug, Args)]
pub struct TitleArguments {
    /// The story's id
    pub story: String,
    /// The title
    #[arg(required = true)]
    pub title: Vec<String>,
}

/// `explain` and `diff`.
#[derive(Debug, Args)]
pub struct PairArguments {
    /// The first article's id
    pub a: String,
    /// The second article's id
    pub b: String,
}

/// `history`.
#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// The article's id
    pub article: String,
}

/// `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArguments {
    /// Derive everything again by replaying the recorded runs
    #[arg(long)]
    pub rebuild: bool,
    /// Say what would be analyzed and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Take the weights of the story model from this file (in the form of config/clustering.toml)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub weights: Option<PathBuf>,
}

/// `setup`.
#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Print a systemd user timer, a cron line and a launchd property list that run `fetch`
    Timer {
        /// Print them; nothing is installed
        #[arg(long, required = true)]
        print: bool,
        /// How often (10m, 1h)
        #[arg(long, default_value = "10m", value_name = "DURATION")]
        every: String,
        /// Only for this one
        #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
        scheduler: Option<Scheduler>,
    },
}

/// What runs a command on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A service and a timer of the user.
    Systemd,
    /// A line of a crontab.
    Cron,
    /// A property list of macOS.
    Launchd,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in force
    Show,
    /// Print where configuration and database are looked for
    Path,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
