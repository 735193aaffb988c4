//! What was derived step by step and what a rebuild derives are the same, ids included.

use std::fmt::Write as _;
use std::process::{Command, Output};

pub(super) fn copytaster(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_copytaster"))
        .args(["--db", "news.db"])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("COPYTASTER_DB")
        .output()
        .expect("the program starts")
}

/// Two events told by three outlets each, in two imports, with one verbatim copy.
pub(super) fn archive(from: usize) -> String {
    let bridge = "The old bridge over the river Lenn reopened on Tuesday after eleven months of repairs, the council of \
                  Marlow said. Engineers had found cracks in two of its piers and closed it to all traffic last winter.";
    let strike = "Pilots of the northern airline began a strike at midnight over pay and rest hours, their union said. \
                  About forty flights from Kestrel airport were cancelled and passengers were told to stay at home.";
    let mut lines = String::new();
    for (index, (text, outlet)) in
        [(bridge, "one"), (strike, "one"), (bridge, "two"), (strike, "three"), (bridge, "three"), (strike, "two")]
            .iter()
            .enumerate()
            .skip(from)
            .take(3)
    {
        let title =
            if text.starts_with("The old") { "Marlow bridge reopens" } else { "Northern airline pilots strike" };
        writeln!(
            lines,
            r#"{{"id":"{index}","url":"https://{outlet}.example/{index}","title":"{title}","body":"{text}","published":"2025-11-25T0{index}:00:00Z"}}"#
        )
        .expect("writing to a string");
    }
    lines
}

#[test]
fn a_rebuild_agrees_with_the_incremental_result() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, from) in [("a.jsonl", 0), ("b.jsonl", 3)] {
        std::fs::write(folder.path().join(name), archive(from)).expect("the folder is writable");
        let output = copytaster(folder.path(), &["import", "articles", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let before = copytaster(folder.path(), &["export", "articles"]).stdout;
    assert_eq!(before.iter().filter(|byte| **byte == b'\n').count(), 6);
    assert!(copytaster(folder.path(), &["analyze", "--rebuild"]).status.success());
    let after = copytaster(folder.path(), &["export", "articles"]).stdout;
    assert_eq!(String::from_utf8_lossy(&before), String::from_utf8_lossy(&after));
    let again = copytaster(folder.path(), &["import", "articles", "a.jsonl"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("0 new, 0 changed, 3 unchanged"), "{again:?}");
}

/// Makes as if another version of the algorithm had derived what is there.
fn outdate(folder: &std::path::Path) {
    let database = rusqlite::Connection::open(folder.join("news.db")).expect("the database is there");
    let n = database.execute("UPDATE corpus_statistics SET value = 1 WHERE name = 'algorithm_version'", []);
    assert_eq!(n.expect("the database works"), 1);
}

#[test]
fn what_an_upgrade_derives_again_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, from) in [("a.jsonl", 0), ("b.jsonl", 3)] {
        std::fs::write(folder.path().join(name), archive(from)).expect("the folder is writable");
    }
    let told = |arguments: &[&str]| {
        let output = copytaster(folder.path(), arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(!told(&["import", "articles", "a.jsonl"]).contains("again"));
    let again = |n: usize, runs: &str| {
        format!("another version of the analysis than the last: {n} articles of {runs} derived again, 2 stories")
    };
    outdate(folder.path());
    let dry = copytaster(folder.path(), &["analyze", "--dry-run"]).stdout;
    assert_eq!(String::from_utf8_lossy(&dry), "1 run would be replayed\n0 articles would be analyzed\n");
    assert_eq!(told(&["analyze"]), format!("{}\n0 articles analyzed in 0 runs, 0 stories\n", again(3, "1 run")));
    assert_eq!(told(&["analyze"]), "0 articles analyzed in 0 runs, 0 stories\n", "once");
    outdate(folder.path());
    assert!(told(&["import", "articles", "b.jsonl"]).contains(&format!("{}\n3 articles analyzed", again(3, "1 run"))));
    outdate(folder.path());
    told(&["feed", "add", "--no-check", "http://127.0.0.1:9/"]);
    let round = copytaster(folder.path(), &["fetch", "--no-bodies"]).stderr;
    let round = String::from_utf8_lossy(&round);
    assert!(round.contains(&format!(" · {}", again(6, "2 runs"))), "{round}");
    // An editor's decision derives nothing of the rest again.
    outdate(folder.path());
    told(&["title", "1", "Marlow has its bridge back"]);
    assert!(told(&["analyze"]).starts_with(&again(6, "2 runs")));
    assert_eq!(told(&["analyze", "--rebuild"]), "6 articles of 2 runs derived again, 2 stories\n");
}

#[test]
fn the_demo_finds_the_first_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = copytaster(folder.path(), &["demo"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("FIRST   Bloomberg"), "{text}");
    assert!(text.contains("agency-copy 100 %"), "{text}");
}

#[test]
fn mistakes_have_their_exit_codes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("bad.toml"), "[fetch]\nhost_spacing = 1\n").expect("the folder is writable");
    let check = |arguments: &[&str], code: i32, message: &str| {
        let output = copytaster(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(message), "{arguments:?}: {text}");
    };
    check(&["stories"], 1, "there is no database");
    check(&["--config", "bad.toml", "stories"], 4, "did you mean `host_spacing_ms`?");
    check(&["--config", "none.toml", "stories"], 4, "copytaster init");
    check(&["stories", "--sort", "odd"], 2, "odd");
}
