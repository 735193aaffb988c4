//! What the README shows is true: the demo's output is the demo's, and its commands are commands.

use clap::Parser as _;
use copytaster::cli::Cli;

use crate::program::Test;

const README: &str = include_str!("../../README.md");

/// The width the README shows the demo in.
const COLUMNS: &str = "110";

/// Our own first sight is the moment of the run; everything else the demo shows is the same each time.
fn without_first_sight(text: &str) -> String {
    // So do the numbers of its articles, which are those of their arrival.
    let unnumbered = |line: &str| match line.split_once('#') {
        Some((before, after)) => {
            format!("{} #… {}", before.trim_end(), after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    };
    let line = |line: &str| match (line.find(" page time · "), line.find(" first seen by us")) {
        (Some(start), Some(end)) => format!("{} page time · …{}", &line[..start], &line[end..]),
        _ => line.trim_end().to_owned(),
    };
    text.lines().map(line).map(|line| unnumbered(&line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_demo_prints_what_the_readme_shows() {
    let (_, shown) = README.split_once("<!-- demo -->\n").expect("the README shows the demo");
    let (shown, _) = shown.split_once("<!-- /demo -->").expect("the README shows the demo to its end");
    let shown: Vec<&str> = shown.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let test = Test::empty();
    let output = test.command(&["demo"]).env("COLUMNS", COLUMNS).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = without_first_sight(&String::from_utf8(output.stdout).unwrap());
    let shown = without_first_sight(&shown.join("\n"));
    assert_eq!(printed.trim(), shown.trim(), "run COLUMNS={COLUMNS} copytaster demo and paste it into the README");
}

#[test]
fn the_commands_of_the_readme_are_commands() {
    let mut n_commands = 0;
    for line in README.lines().filter(|line| line.starts_with("    ")) {
        let line = line.split(" # ").next().unwrap_or_default();
        for command in line.split("&&").filter_map(|part| part.find("copytaster ").map(|at| &part[at..])) {
            let words = command.split_whitespace().map(|word| word.trim_matches('"'));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{command}: {error}");
            }
            n_commands += 1;
        }
    }
    assert!(n_commands > 15, "{n_commands}");
}
