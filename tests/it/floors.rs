//! The floors of docs/ARCHITECTURE.md: a module imports only strictly lower floors, and a third-party crate
//! is used only on its own floor. Fails with file:line.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module with its floor.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("text", 1),
    ("canonical", 1),
    ("schedule", 1),
    ("feed", 2),
    ("import", 2),
    ("extract", 2),
    ("fingerprint", 2),
    ("attribution", 2),
    ("cluster", 3),
    ("plan", 4),
    ("view", 4),
    ("export", 5),
    ("fetch", 6),
    ("store", 6),
    ("pipeline", 7),
    ("config", 8),
    ("web", 9),
    ("cli", 10),
    ("main", 11),
];

/// Third-party crates that belong to some modules only; crates not listed here may be used anywhere.
const CRATES: &[(&str, &[&str])] = &[
    ("feed_rs", &["feed"]),
    ("scraper", &["extract"]),
    ("strsim", &["cluster", "config"]),
    ("reqwest", &["fetch"]),
    ("h2", &["fetch"]),
    ("rustls", &["fetch"]),
    ("webpki_root_certs", &["fetch"]),
    ("rusqlite", &["store"]),
    ("tokio", &["fetch", "pipeline", "web", "cli"]),
    ("futures_util", &["fetch", "pipeline", "web"]),
    ("axum", &["web"]),
    ("toml", &["config"]),
    ("ring", &["cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
    ("anstream", &["cli"]),
    ("rustix", &["cli"]),
    ("terminal_size", &["cli"]),
    ("anstyle", &["cli", "export"]),
    ("comfy_table", &["export"]),
    ("csv", &["export"]),
    ("anyhow", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("quick_xml", &["text", "export", "fetch"]),
    ("encoding_rs", &["text", "extract"]),
    ("chardetng", &["text", "extract"]),
    ("rust_stemmers", &["text"]),
    ("whatlang", &["text"]),
    ("unicode_segmentation", &["text"]),
    ("unicode_normalization", &["text"]),
    ("psl", &["canonical"]),
    ("aho_corasick", &["attribution"]),
];

/// What floors 0 to 5 may not touch: the clock, the environment, the disk, the network.
const IMPURE: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "thread::spawn",
    "TimeZone::system",
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The top-level module that `path` (relative to src) belongs to.
fn module_of(path: &Path) -> String {
    let first = path.components().next().expect("a file has a name").as_os_str().to_string_lossy().into_owned();
    first.strip_suffix(".rs").unwrap_or(&first).to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Identifiers that follow `prefix` in `line`, with braces of a `use` group opened: `crate::{a, b::c}` gives a and b.
fn names_after(line: &str, prefix: &str) -> Vec<String> {
    let identifier = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut start = true;
            for (offset, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && !c.is_whitespace() => {
                        names.push(identifier(&group[offset..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            names.push(identifier(rest));
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Violations of one file, one line each.
fn violations(relative: &Path, text: &str) -> Vec<String> {
    let module = module_of(relative);
    if module == "lib" {
        return Vec::new();
    }
    let Some(own_floor) = floor(&module) else {
        return vec![format!("src/{}:1: module `{module}` is on no floor", relative.display())];
    };
    let mut found = Vec::new();
    let mut in_tests = false;
    let mut pending_use = String::new();
    for (index, raw) in text.lines().enumerate() {
        let code = raw.split("//").next().unwrap_or_default();
        in_tests |= raw.trim_start().starts_with("#[cfg(test)]");
        // A `use` group that runs over several lines is read as one line, reported where it ends.
        let line = if pending_use.is_empty() { code.to_owned() } else { format!("{pending_use} {}", code.trim()) };
        if line.trim_start().trim_start_matches("pub ").starts_with("use ") && !line.contains(';') {
            pending_use = line;
            continue;
        }
        pending_use.clear();
        let mut complain = |message: String| {
            found.push(format!("src/{}:{}: {message}", relative.display(), index + 1));
        };
        let mut imported = names_after(&line, "crate::");
        if module == "main" {
            imported.extend(names_after(&line, "copytaster::"));
        }
        for name in imported {
            if name == module {
                continue;
            }
            match floor(&name) {
                Some(other) if other >= own_floor => complain(format!(
                    "`{module}` (floor {own_floor}) imports `{name}` (floor {other}); only lower floors may be imported"
                )),
                Some(_) => {}
                None => complain(format!("`crate::{name}` is on no floor")),
            }
        }
        for (name, modules) in CRATES {
            let used = line.match_indices(&format!("{name}::")).any(|(at, _)| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                    || line[..at].ends_with("use ::")
            });
            if used && !modules.contains(&module.as_str()) {
                complain(format!("crate `{name}` belongs to {}, not to `{module}`", modules.join(", ")));
            }
        }
        if own_floor <= 5 && !in_tests {
            for word in IMPURE {
                if line.contains(word) {
                    complain(format!("`{word}` on floor {own_floor}: floors 0 to 5 have no clock, environment or I/O"));
                }
            }
        }
    }
    found
}

#[test]
fn modules_import_only_lower_floors() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 10, "the walk found only {} files", files.len());
    let mut report = String::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("found below src");
        let text = fs::read_to_string(&file).expect("source is UTF-8");
        for violation in violations(relative, &text) {
            writeln!(report, "{violation}").expect("writing to a string");
        }
    }
    assert!(report.is_empty(), "floors are broken:\n{report}");
}

#[test]
fn the_scan_sees_what_it_must() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let found = violations(Path::new(path), text);
        assert_eq!(found.len(), expected.len(), "{path}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} does not contain {expected}");
        }
    };
    check("feed/mod.rs", "use crate::model::FeedId;\nuse feed_rs::parser;", &[]);
    check(
        "feed/mod.rs",
        "use crate::store::Store;",
        &["src/feed/mod.rs:1: `feed` (floor 2) imports `store` (floor 6)"],
    );
    check(
        "feed/mod.rs",
        "use crate::{\n  model::FeedId,\n  extract::article,\n};",
        &["feed/mod.rs:4: `feed` (floor 2) imports"],
    );
    check("store/mod.rs", "fn f() { crate::fetch::go() }", &["`store` (floor 6) imports `fetch` (floor 6)"]);
    check("view.rs", "use rusqlite::Connection;", &["crate `rusqlite` belongs to store"]);
    check("plan/mod.rs", "let t = SystemTime::now();", &["floors 0 to 5"]);
    check("plan/mod.rs", "// crate::store is only mentioned", &[]);
    check("odd.rs", "", &["on no floor"]);
    check("main.rs", "copytaster::cli::main()", &[]);
}
