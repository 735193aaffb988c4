//! `setup timer --print`: read by the schedulers themselves, where they are installed; a test that lacks one says so.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::program::Test;

/// A folder whose name every scheduler reads in its own way.
const ODD: &str = "50% & my $HOME/o'brien <\"b\\c\">; x=1";

/// The program in a folder of that name.
struct Odd {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Odd {
    fn new() -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_copytaster"));
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let odd = folder.path().join(ODD);
        std::fs::create_dir_all(&odd).expect("the folder is writable");
        // Not a symbolic one, behind which the program would see its true place.
        std::fs::hard_link(program, odd.join("copytaster")).expect("one file system");
        Self { program: odd.join("copytaster"), folder }
    }

    fn print(&self, scheduler: &str, every: &str) -> String {
        let output = Command::new(&self.program)
            .args(["--db", "my news.db", "setup", "timer", "--print", "--every", every, "--for", scheduler])
            .current_dir(self.folder.path())
            .env_remove("COPYTASTER_CONFIG")
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The command that every scheduler has to come to.
    fn words(&self) -> Vec<String> {
        let database = self.folder.path().join("my news.db");
        let paths = [&self.program, &database].map(|path| path.to_str().expect("UTF-8").to_owned());
        let [program, database] = paths;
        [&program, "--db", &database, "--quiet", "fetch", "--skip-if-running"].map(str::to_owned).to_vec()
    }
}

/// Runs a tool with a text on its standard input; nothing when it isn't installed.
fn tool(name: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let child =
        Command::new(name).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    match child {
        Ok(mut child) => {
            // A tool that has read enough closes its input.
            drop(child.stdin.take().expect("it is piped").write_all(input.as_bytes()));
            Some(child.wait_with_output().expect("it ends"))
        }
        Err(error) => {
            eprintln!("skipped: {name}: {error}");
            None
        }
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// The files of which the printed text is made: each begins with its place in a comment.
fn units(text: &str) -> Vec<(&'static str, String)> {
    let (service, timer) = text.split_once("# ~/.config/systemd/user/copytaster.timer").expect("two units");
    vec![("copytaster.service", service.to_owned()), ("copytaster.timer", format!("#{timer}"))]
}

#[test]
fn systemd_takes_the_units() {
    let odd = Odd::new();
    for every in ["10m", "90s", "3h", "2d"] {
        let folder = odd.folder.path();
        let units = units(&odd.print("systemd", every));
        for (name, text) in &units {
            std::fs::write(folder.join(name), text).expect("the folder is writable");
        }
        let verified = Command::new("systemd-analyze")
            .args(["--user", "--man=no", "verify", "copytaster.service", "copytaster.timer"])
            .current_dir(folder)
            .env("XDG_RUNTIME_DIR", folder)
            .output();
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => return eprintln!("skipped: systemd-analyze: {error}"),
        };
        assert!(verified.status.success() && verified.stderr.is_empty(), "{every}: {}", said(&verified));
        let interval = units[1].1.lines().find_map(|line| line.strip_prefix("OnUnitActiveSec=")).expect("an interval");
        let span = tool("systemd-analyze", &["timespan", interval], "").expect("it was there");
        let human = said(&span);
        let human = human.lines().find_map(|line| line.trim().strip_prefix("Human: ")).expect("a span");
        let expected = [("10m", "10min"), ("90s", "1min 30s"), ("3h", "3h"), ("2d", "2d")];
        assert!(expected.contains(&(every, human)), "{every}: {human}");
    }
}

#[test]
fn systemd_is_told_a_line_that_it_would_refuse() {
    // So that the test above can fail: a program whose path has quotes in it.
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("x.service"), "[Service]\nType=oneshot\nExecStart=\"/o'b/x\"\n")
        .expect("writable");
    let verified = Command::new("systemd-analyze")
        .args(["--user", "--man=no", "verify", "x.service"])
        .current_dir(folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .output();
    match verified {
        Ok(verified) => assert!(!verified.status.success(), "{}", said(&verified)),
        Err(error) => eprintln!("skipped: systemd-analyze: {error}"),
    }
}

#[test]
fn cron_takes_the_line() {
    let Some(usage) = tool("crontab", &["-h"], "") else { return };
    // Elsewhere this flag means something else, or nothing.
    if !said(&usage).contains("dry run") {
        return eprintln!("skipped: this crontab has no dry run");
    }
    let odd = Odd::new();
    let check = |text: &str| {
        let file = odd.folder.path().join("crontab");
        std::fs::write(&file, text).expect("the folder is writable");
        tool("crontab", &["-n", file.to_str().expect("UTF-8")], "").expect("it was there")
    };
    for every in ["1m", "10m", "59m", "1h", "5h", "1d", "7d"] {
        let checked = check(&odd.print("cron", every));
        assert!(checked.status.success(), "{every}: {}", said(&checked));
    }
    assert!(!check("*/10 * * * /copytaster\n").status.success(), "a line of another form is refused");
}

#[test]
fn the_shell_of_cron_reads_the_words_that_are_meant() {
    let odd = Odd::new();
    let text = odd.print("cron", "10m");
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 1, "{text}");
    let command = lines[0].strip_prefix("*/10 * * * * ").expect("five fields");
    assert!(!command.replace(r"\%", "").contains('%'), "a bare percent sign ends the command: {command}");
    // What cron hands on.
    let command = command.replace(r"\%", "%");
    let read = tool("/bin/sh", &["-c", &format!("printf '%s\\n' {command}")], "").expect("a shell");
    assert_eq!(said(&read).lines().collect::<Vec<_>>(), odd.words());
}

#[test]
fn launchd_gets_a_property_list_that_a_parser_reads() {
    let odd = Odd::new();
    let plist = odd.print("launchd", "10m");
    assert!(plist.starts_with("<?xml version=\"1.0\""), "nothing may stand before the declaration: {plist}");
    let script = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    let Some(read) = tool("python3", &["-c", script], &plist) else { return };
    assert!(read.status.success(), "{}", said(&read));
    let read: serde_json::Value = serde_json::from_slice(&read.stdout).expect("JSON");
    let expected = serde_json::json!({
        "Label": "copytaster.fetch", "ProgramArguments": odd.words(), "StartInterval": 600, "RunAtLoad": true,
    });
    assert_eq!(read, expected);
}

#[test]
fn setup_prints_and_installs_nothing() {
    let test = Test::empty();
    let before = std::fs::read_dir(test.path()).expect("the folder").count();
    let text = test.stdout(&["setup", "timer", "--print", "--every", "15m"]);
    for part in ["OnUnitActiveSec=900s", "*/15 * * * *", "<integer>900</integer>", "--quiet fetch --skip-if-running"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(std::fs::read_dir(test.path()).expect("the folder").count(), before);
    assert_eq!(test.run(&["setup", "timer", "--print", "--every", "5s"]).status.code(), Some(2));
}
