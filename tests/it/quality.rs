//! Labeled articles of our own: which go together, which only look alike. Wrong merges are listed by name.

use std::collections::BTreeMap;
use std::path::Path;

use crate::rebuild::copytaster;

/// Least share of the pairs put together that belong together: a false merge claims that two newsrooms confirm each other.
const MIN_PRECISION: f64 = 0.98;

/// Least share of the pairs that belong together that are put together.
const MIN_RECALL: f64 = 0.85;

fn rows(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn by_id(rows: &[serde_json::Value], id: &str, label: &str) -> BTreeMap<String, Option<String>> {
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().map(str::to_owned);
    rows.iter().filter_map(|row| Some((text(row, id)?, text(row, label)))).collect()
}

#[test]
fn stories_of_labeled_articles() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/quality/articles.jsonl");
    let imported = copytaster(folder.path(), &["import", "articles", &archive.to_string_lossy()]);
    assert!(imported.status.success(), "{imported:?}");
    let exported = rows(&String::from_utf8_lossy(&copytaster(folder.path(), &["export", "articles"]).stdout));
    let gold = by_id(&rows(&std::fs::read_to_string(&archive).unwrap()), "id", "event");
    let stories = by_id(&exported, "external_id", "story");
    let groups = by_id(&exported, "external_id", "near_duplicate_group");
    let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for (a, event) in &gold {
        for (b, other) in gold.iter().filter(|(b, _)| *b > a) {
            match (event == other, stories[a] == stories[b]) {
                (true, true) => right += 1,
                (false, true) => wrong.push(format!("{a} {b}")),
                (true, false) => missed.push(format!("{a} {b}")),
                (false, false) => {}
            }
        }
    }
    let share = |others: usize| f64::from(right) / f64::from(right + i32::try_from(others).unwrap());
    assert!(share(wrong.len()) >= MIN_PRECISION, "merged: {wrong:?}, missed: {missed:?}");
    assert!(share(missed.len()) >= MIN_RECALL, "merged: {wrong:?}, missed: {missed:?}");
    let is_copy = |a: &str, b: &str| groups[a].is_some() && groups[a] == groups[b];
    assert!(is_copy("bridge-1", "bridge-2") && is_copy("rate-1", "rate-2"));
    assert!(is_copy("klinik-1", "klinik-2"), "with a paragraph of its own at the end");
    assert!(!is_copy("bank-1", "bank-2"), "one long quotation, two reports");
    assert!(!is_copy("sky-1", "sky-4"), "two issues of a column");
    assert!(!is_copy("bridge-1", "bridge-3") && !is_copy("fire-kestrel-1", "fire-bolden-1"));
}
