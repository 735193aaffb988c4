//! Editors' decisions outlive every later run and every rebuild; articles side by side can be explained.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::rebuild::{archive, copytaster};

/// Runs a command that must succeed and returns its standard output.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = copytaster(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn import(folder: &Path, name: &str, lines: &str) {
    std::fs::write(folder.join(name), lines).unwrap();
    run(folder, &["import", "articles", name]);
}

/// Article ids by story id.
fn stories(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in run(folder, &["export", "articles"]).lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        found.entry(text("story")).or_default().insert(text("id"));
    }
    found
}

/// The two stories of the archive: that of the first article, and the other one.
fn both(folder: &Path) -> (String, String) {
    let found = stories(folder);
    assert_eq!(found.len(), 2, "{found:?}");
    let first = found.iter().find(|(_, articles)| articles.contains("1")).unwrap().0.clone();
    let other = found.keys().find(|id| **id != first).unwrap().clone();
    (first, other)
}

/// What a rebuild makes of it is the same.
fn assert_rebuild_agrees(folder: &Path) {
    let before = run(folder, &["export", "articles"]);
    run(folder, &["analyze", "--rebuild"]);
    assert_eq!(before, run(folder, &["export", "articles"]));
}

#[test]
fn a_merge_stays_until_it_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    let before = stories(folder);
    let (first, other) = both(folder);
    run(folder, &["merge", &first, &other]);
    assert_eq!(stories(folder).keys().collect::<Vec<_>>(), [&first]);
    assert!(run(folder, &["story", &other]).contains("Marlow"), "a merged id still resolves");
    assert_rebuild_agrees(folder);
    import(folder, "b.jsonl", &archive(3));
    assert_eq!(stories(folder).len(), 1, "copies join the merged story");
    assert_rebuild_agrees(folder);
    run(folder, &["undo"]);
    let after = stories(folder);
    assert!(before.iter().all(|(id, articles)| after[id].is_superset(articles)), "{before:?} {after:?}");
    assert_eq!(after.len(), 2);
    assert_rebuild_agrees(folder);
    run(folder, &["undo", "2"]);
    assert_eq!(stories(folder).len(), 1, "an undo can be undone");
    assert_rebuild_agrees(folder);
    let log = run(folder, &["log", "--format", "jsonl"]);
    assert_eq!(log.lines().count(), 3);
}

#[test]
fn what_later_decisions_rest_on_is_undone_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    let before = stories(folder);
    let (first, other) = both(folder);
    run(folder, &["merge", &first, &other]);
    run(folder, &["split", &first, "1"]);
    let output = copytaster(folder, &["undo", "1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("undo 2 first"), "{said}");
    run(folder, &["undo", "2"]);
    run(folder, &["undo", "1"]);
    assert_eq!(stories(folder).into_values().collect::<BTreeSet<_>>(), before.into_values().collect());
    assert_rebuild_agrees(folder);
}

#[test]
fn a_split_stays_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    let (first, _) = both(folder);
    let out = stories(folder)[&first].iter().next_back().unwrap().clone();
    run(folder, &["split", &first, &out]);
    assert_eq!(stories(folder).len(), 3);
    assert_rebuild_agrees(folder);
    import(folder, "b.jsonl", &archive(3));
    let found = stories(folder);
    let home = found.iter().find(|(_, articles)| articles.contains(&out)).unwrap().1;
    assert!(!home.contains("1"), "{found:?}");
    assert_rebuild_agrees(folder);
}

#[test]
fn pins_titles_and_holds_stay() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    let (first, other) = both(folder);
    let moved = stories(folder)[&other].iter().next().unwrap().clone();
    run(folder, &["pin", &moved, &first]);
    assert!(stories(folder)[&first].contains(&moved));
    run(folder, &["title", &first, "Bridge", "and more"]);
    assert!(run(folder, &["stories"]).contains("Bridge and more"));
    run(folder, &["hold", &first]);
    let held = stories(folder)[&first].clone();
    import(folder, "b.jsonl", &archive(3));
    assert_eq!(stories(folder)[&first], held);
    assert!(run(folder, &["stories"]).contains("Bridge and more"));
    assert_rebuild_agrees(folder);
    assert!(run(folder, &["stories"]).contains("Bridge and more"));
    run(folder, &["undo"]);
    run(folder, &["undo"]);
    assert!(!run(folder, &["stories"]).contains("Bridge and more"));
    assert_rebuild_agrees(folder);
}

#[test]
fn decisions_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    let (first, other) = both(folder);
    let check = |arguments: &[&str], code: i32, message: &str| {
        let output = copytaster(folder, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(message), "{arguments:?}: {text}");
    };
    check(&["merge", &first, &first], 2, "one story already");
    check(&["merge", &first, "999"], 1, "there is no story 999");
    check(&["merge", &first, "x"], 2, "no story id");
    check(&["split", &other, "1"], 1, "is not in story");
    check(&["undo"], 1, "no decision to undo");
    check(&["pin", "999"], 1, "no analyzed article");
    check(&["title", &first, " "], 2, "empty");
}

#[test]
fn articles_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    import(folder, "a.jsonl", &archive(0));
    import(folder, "b.jsonl", &archive(3));
    let bridge: Vec<String> =
        stories(folder).into_values().find(|ids| ids.contains("1")).unwrap().into_iter().collect();
    let same = run(folder, &["explain", &bridge[0], &bridge[1]]);
    for expected in ["together: both are in story", "near-duplicate group", "100 % of A is in B", "SIGNAL", "marlow"] {
        assert!(same.contains(expected), "{expected}: {same}");
    }
    assert!(same.contains("more than in a database of more articles"), "{same}");
    let apart = run(folder, &["explain", "1", "2", "--json"]);
    let apart: serde_json::Value = serde_json::from_str(&apart).unwrap();
    assert_eq!(apart["together"], false);
    assert!(apart["score"].as_f64().unwrap() < apart["threshold"].as_f64().unwrap(), "{apart}");
    let changed = archive(0).replace("eleven months", "12 months").lines().next().unwrap().to_owned();
    import(folder, "c.jsonl", &changed);
    let history = run(folder, &["history", "1"]);
    assert!(history.contains("[-eleven-] {+!12!+}"), "{history}");
    let diff = run(folder, &["diff", "1", &bridge[1]]);
    assert!(diff.contains("numbers and dates only in A: 12"), "{diff}");
}

/// An article to import, of the 8 p.m. of a day in November.
fn article(id: &str, outlet: &str, title: &str, body: &str, day: u32) -> String {
    serde_json::json!({
        "id": id, "url": format!("https://{}.example/{day}", id.to_lowercase()), "outlet": outlet, "title": title, "body": body,
        "published": format!("2025-11-{day:02}T20:00:00Z"), "lang": "en"
    })
    .to_string()
}

#[test]
fn the_next_issue_of_a_column_stays_apart_and_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let issue = |place: &str, day: u32, numbers: &str| {
        let body = format!(
            "The draw was held on stage before a crowd of guests. The numbers were {numbers}. Winners have ninety days to \
             claim a prize at any kiosk, and the next draw follows in two days. Tickets bought after the draw take part in \
             the one that follows. All of this is without guarantee, and the printed list alone is binding on the lottery."
        );
        let title = format!("{place} lottery: the numbers of Monday");
        article(&format!("{place}-{day}"), &format!("{place} Gazette"), &title, &body, day)
    };
    let rows = [
        issue("Marlow", 3, "14, 22, 31, 37 and 45"),
        issue("Kestrel", 3, "11, 19, 23, 29 and 40"),
        issue("Lennburg", 3, "12, 18, 27, 33 and 41"),
        issue("Marlow", 10, "15, 26, 34, 38 and 49"),
    ];
    import(folder, "a.jsonl", &rows.join("\n"));
    assert_eq!(stories(folder).len(), 4, "{:?}", stories(folder));
    for other in ["2", "4"] {
        let said = run(folder, &["explain", "1", other]);
        assert!(said.contains("other names or, in a column, other figures: two events"), "{said}");
    }
}

/// Words of the weather make no news of it: the item of a column scores high beside a report on the same wind, and is told apart.
#[test]
fn an_item_of_a_column_stays_out_of_news_and_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let weather = |place: &str, n: u32| {
        let body = format!(
            "Light wind from the west and showers in the afternoon are expected in {place}, the forecasters in {place} say. \
             Temperatures reach {n} degrees, and the night stays dry on the coast near {place}. The wind turns to the north in the evening."
        );
        let title = format!("The weather for {place}: {n} degrees and light wind");
        article(place, &format!("{place} Gazette"), &title, &body, 25)
    };
    let news = "The harbour of Marlow was shut on Tuesday as wind from the west rose, forecasters say. Showers in the afternoon and \
                wind on the coast near Marlow keep boats in. Temperatures reach 11 degrees.";
    let rows = [
        weather("Marlow", 11),
        weather("Kestrel", 12),
        weather("Lennshire", 13),
        article("harbour", "Port Watch", "Marlow shuts its harbour as wind rises", news, 25),
    ];
    import(folder, "a.jsonl", &rows.join("\n"));
    assert_eq!(stories(folder).len(), 4, "{:?}", stories(folder));
    let said = run(folder, &["explain", "1", "4"]);
    assert!(said.contains("one headline is an item of a column"), "{said}");
    assert!(said.contains("enough, but the stories as wholes"), "the model alone would have joined them: {said}");
    let said = run(folder, &["explain", "1", "2"]);
    assert!(said.contains("other names or, in a column, other figures: two events"), "{said}");
}
