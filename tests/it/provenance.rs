//! Who rests on whom, as the program's user sees it: roles, first report, tree, graph, uncredited copies, outlets.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::Test;

/// A report, two outlets that credit it, one that credits another, a copy without credit, one that credits an outlet
/// with no article here, and a correction.
fn archive() -> String {
    let flood = "The river Orrin broke its dike near Talbach on Monday evening and flooded 44 houses on 14 October, the \
        district office said in documents obtained by this newspaper. Engineers had warned the council for three years \
        that the eastern dike was hollow, and the council put off the repair each autumn because the money was spent on \
        the bridge. Families spent the night in the school gym, where the fire brigade served soup and tea until dawn.";
    let rows = [
        ("a", "ledger.example", "Orrin Ledger", "Talbach dike breaks, council knew for years", flood.to_owned(), "2025-10-15T08:00:00Z"),
        (
            "b",
            "post.example",
            "Valley Gazette",
            "Council knew of hollow Talbach dike",
            "The council of Talbach knew that its dike on the Orrin was hollow, the Orrin Ledger reported. The dike broke \
             on 14 October and 44 houses were flooded, according to the newspaper."
                .to_owned(),
            "2025-10-15T10:00:00Z",
        ),
        (
            "c",
            "echo.example",
            "Delta Echo",
            "Talbach council knew of hollow dike on the Orrin",
            "Talbach's council was warned of the hollow dike for years, the Valley Gazette reported. The dike on the Orrin \
             broke on 14 November and some 52 houses were flooded."
                .to_owned(),
            "2025-10-15T12:00:00Z",
        ),
        ("d", "mirror.example", "Talbach Mirror", "Talbach dike breaks; council knew for years", flood.to_owned(), "2025-10-15T13:00:00Z"),
        (
            "e",
            "post.example",
            "Valley Gazette",
            "CORRECTION: Council knew of hollow Talbach dike",
            "An earlier article on the hollow Talbach dike on the Orrin misstated the year of the first warning to the \
             council of Talbach. The dike broke on 14 October."
                .to_owned(),
            "2025-10-15T15:00:00Z",
        ),
    ];
    rows.iter()
        .map(|(id, host, outlet, title, body, published)| {
            let url = format!("https://{host}/{id}");
            let row = serde_json::json!({ "id": id, "url": url, "outlet": outlet, "title": title, "body": body, "lang": "en", "published": published });
            format!("{row}\n")
        })
        .collect()
}

/// The archive, its articles merged into one story by the editor where clustering kept them apart.
fn imported() -> Test {
    let test = Test::empty().file("archive.jsonl", &archive());
    assert!(test.run(&["import", "articles", "archive.jsonl"]).status.success());
    let stories: Vec<Value> = serde_json::from_str(&test.stdout(&["stories", "--json"])).unwrap();
    if stories.len() > 1 {
        let ids: Vec<String> = stories.iter().map(|story| story["id"].as_str().unwrap().to_owned()).collect();
        let mut arguments = vec!["merge"];
        arguments.extend(ids.iter().map(String::as_str));
        test.stdout(&arguments);
    }
    test
}

fn story(test: &Test) -> Value {
    let stories: Vec<Value> = serde_json::from_str(&test.stdout(&["stories", "--json"])).unwrap();
    assert_eq!(stories.len(), 1, "{stories:#?}");
    serde_json::from_str(&test.stdout(&["story", stories[0]["id"].as_str().unwrap(), "--json"])).unwrap()
}

#[test]
fn a_mark_of_the_configuration_is_read_like_those_that_come_with_the_program() {
    let text = archive().replace("CORRECTION: Council", "Addendum: Council");
    let config = "[[mark]]\nkind = \"correction\"\nword = \"Addendum\"\n";
    let test = Test::empty().file("archive.jsonl", &text).file("none.toml", "").file("config.toml", config);
    test.stdout(&["import", "articles", "archive.jsonl"]);
    let stories: Vec<Value> = serde_json::from_str(&test.stdout(&["stories", "--json"])).unwrap();
    let corrections = |config: &str| -> usize {
        let told = stories.iter().map(|story| {
            let id = story["id"].as_str().unwrap();
            test.stdout(&["--config", config, "story", id, "--json"]).matches("\"correction\"").count()
        });
        told.sum()
    };
    assert_eq!([corrections("none.toml"), corrections("config.toml")], [0, 1]);
    let test = test.file("config.toml", &config.replace("correction", "joke"));
    test.refused(&["--config", "config.toml", "stories"], 4, &["config.toml:2", "unknown kind of mark `joke`"]);
}

#[test]
fn a_story_tells_roles_first_report_chains_and_differences() {
    let test = imported();
    let story = story(&test);
    let role = |url: &str| {
        let members = story["members"].as_array().unwrap();
        let member = members.iter().find(|member| member["url"].as_str().unwrap().ends_with(url)).unwrap();
        member["role"].as_str().unwrap().to_owned()
    };
    assert_eq!(role("ledger.example/a"), "original");
    assert_eq!(role("post.example/b"), "rewrite-with-credit");
    assert_eq!(role("echo.example/c"), "rewrite-with-credit");
    assert_eq!(role("mirror.example/d"), "copy-stripped");
    assert_eq!(story["first_outlet"], "Orrin Ledger");
    assert!(story["first_report"]["basis"].as_str().unwrap().contains("in this database"), "{story:#}");
    assert!(story["clocks"]["first_seen_at"].is_string() && story["clocks"]["polling_gap_s"].is_null(), "{story:#}");
    let chain = serde_json::json!([["Delta Echo", "Valley Gazette", "Orrin Ledger"]]);
    assert_eq!(story["citations"]["chains"], chain);
    assert_eq!(story["citations"]["circles"], serde_json::json!([]));
    let told = story["drift"].to_string();
    assert!(told.contains(r#""about":"10-14""#) && told.contains(r#""value":"11-14""#), "{told}");
    assert!(told.contains(r#""about":"houses""#) && told.contains(r#""value":"52""#), "{told}");
    let events = story["events"].as_array().unwrap();
    let correction = events.iter().find(|event| event["kind"] == "correction").unwrap();
    assert!(correction["of"].is_string() && correction["title"].as_str().unwrap().starts_with("CORRECTION"));
    let id = story["id"].as_str().unwrap();
    let screen = test.stdout(&["story", id]);
    for words in ["FIRST", "EVENTS", "corrects", "DIFFERENCES", "52 (Delta Echo)"] {
        assert!(screen.contains(words), "{words} is not in {screen}");
    }
}

#[test]
fn who_rests_on_whom_is_a_tree_and_a_graph() {
    let test = imported();
    let id = story(&test)["id"].as_str().unwrap().to_owned();
    let tree = test.stdout(&["story", &id, "--tree"]);
    assert!(
        tree.contains("Orrin Ledger\n├─ Talbach Mirror (without credit)\n└─ Valley Gazette\n   └─ Delta Echo"),
        "{tree}"
    );
    assert!(tree.contains("CHAINS\n  Delta Echo → Valley Gazette → Orrin Ledger"), "{tree}");
    let graph: Value = serde_json::from_str(&test.stdout(&["story", &id, "--tree", "--json"])).unwrap();
    assert_eq!(graph["edges"].as_array().unwrap().len(), 3, "{graph:#}");
    let dot = test.stdout(&["export", "story", &id, "--format", "dot"]);
    assert!(dot.starts_with("digraph") && dot.contains(r#""Valley Gazette" -> "Orrin Ledger" [tooltip="#), "{dot}");
    assert!(dot.contains("style=dotted") && dot.trim_end().ends_with('}'), "{dot}");
    let json: Value = serde_json::from_str(&test.stdout(&["export", "story", &id])).unwrap();
    assert_eq!(json["citations"]["edges"].as_array().unwrap().len(), 3);
    let narrow = test.command(&["story", &id, "--tree"]).env("COLUMNS", "40").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.lines().skip(1).all(|line| line.chars().count() <= 40), "{narrow}");
    test.refused(&["story", "s999", "--tree"], 1, &["there is no story"]);
    test.refused(&["export", "story", "s999", "--format", "dot"], 1, &["there is no story"]);
    test.refused(&["export", "feeds", "--format", "dot"], 2, &["feeds can't be written as dot: use table, json"]);
}

#[test]
fn copies_without_credit_are_listed() {
    let test = imported();
    let found: Vec<Value> = serde_json::from_str(&test.stdout(&["cites", "--uncredited", "--json"])).unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["outlet"], &found[0]["of_outlet"]), (&"Talbach Mirror".into(), &"Orrin Ledger".into()));
    assert!(found[0]["overlap"].as_f64().unwrap() > 0.9);
    let of = |arguments: &[&str]| test.stdout(arguments).lines().count();
    assert_eq!(of(&["cites", "--uncredited", "--to", "ledger.example", "--format", "jsonl"]), 1);
    assert_eq!(of(&["cites", "--uncredited", "--from", "ledger.example", "--format", "jsonl"]), 0);
}

#[test]
fn outlets_are_listed_and_counted() {
    let test = imported();
    let found: Vec<Value> = serde_json::from_str(&test.stdout(&["outlet", "stats", "--json"])).unwrap();
    let of = |name: &str| found.iter().find(|outlet| outlet["outlet"] == name).unwrap();
    assert_eq!((&of("Orrin Ledger")["original"], &of("Orrin Ledger")["cited_by"]), (&1.into(), &1.into()));
    assert_eq!(
        (&of("Talbach Mirror")["uncredited"], &of("Talbach Mirror")["median_delay_s"]),
        (&1.into(), &18_000.into())
    );
    assert!(test.stdout(&["outlet", "stats", "echo.example"]).contains("Delta Echo"));
    let stored = test.stdout(&["outlet", "list", "--stored", "--format", "csv"]);
    assert!(stored.contains("ledger.example,Orrin Ledger"), "{stored}");
    let known = test.stdout(&["outlet", "list", "reuters", "--json"]);
    assert!(known.contains("reuters.com"), "{known}");
    assert!(test.stdout(&["outlet", "list", "--country", "no", "--format", "jsonl"]).lines().count() > 3);
}

/// What `story` shows of the archive dated by days, months or not at all.
fn dated(dates: [Option<&str>; 2]) -> String {
    let text = "The river Orrin broke its dike near Talbach on Monday evening and flooded 44 houses, the district said. \
        Engineers had warned the council for years that the eastern dike was hollow.";
    let row = |id: &str, host: &str, title: &str, published: Option<&str>| {
        serde_json::json!({ "id": id, "url": format!("https://{host}/{id}"), "outlet": host, "title": title,
            "body": format!("{text} So {host} says."), "lang": "en", "published": published })
        .to_string()
    };
    let rows = [
        row("a", "ledger.example", "Talbach dike breaks after years of warnings", dates[0]),
        row("b", "gazette.example", "", dates[1]),
    ];
    let test = Test::empty().file("archive.jsonl", &rows.join("\n"));
    test.stdout(&["import", "articles", "archive.jsonl"]);
    let stories: Vec<Value> = serde_json::from_str(&test.stdout(&["stories", "--json"])).unwrap();
    assert_eq!(stories.len(), 1, "{stories:#?}");
    let is_day = dates[0].is_some_and(|date| date.len() == "2025-10-14".len());
    assert_eq!(stories[0]["first_time_is_day"], is_day);
    assert_eq!(test.stdout(&["stories"]).contains("2025-10-14  "), is_day);
    test.stdout(&["story", stories[0]["id"].as_str().unwrap()])
}

#[test]
fn a_day_without_a_time_is_no_midnight() {
    let shown = dated([Some("2025-10-14"), Some("2025-10-14")]);
    assert!(shown.contains("14 Oct") && !shown.contains("0:00"), "{shown}");
    assert!(shown.contains("which was first is not known"), "{shown}");
    assert!(shown.contains("(no headline)"), "{shown}");
    let shown = dated([Some("2025-10-14"), Some("2025-10-16T08:00:00Z")]);
    assert!(shown.contains("FIRST   ledger.example  2025-10-14 page date, no time of day"), "{shown}");
    // A month is no time at all: the article counts from our clock.
    let shown = dated([Some("2025-10"), Some("2025-10-16T08:00:00Z")]);
    assert!(shown.contains("FIRST   gazette.example  2025-10-16 08:00 page time"), "{shown}");
}

#[test]
fn outlets_of_the_database_are_credited_from_their_first_article_on_and_a_rebuild_agrees() {
    let row = |id: &str, outlet: &str, body: &str| {
        let url = format!("https://{id}.example/{id}");
        serde_json::json!({ "id": id, "url": url, "outlet": outlet, "title": format!("Weir {id}"), "body": body, "lang": "en" })
            .to_string()
    };
    let crediting =
        "The weir of Talmouth was sold to a miller in May, according to OVW, and the council kept silent about it.";
    let test = Test::empty()
        .file("1.jsonl", &row("early", "Talmouth Mail", crediting))
        .file(
            "2.jsonl",
            &row("wire", "Orrin Valley Wire", "The weir of Talmouth has been sold to a miller, the deed shows."),
        )
        .file("3.jsonl", &row("late", "Talmouth Echo", crediting));
    for file in ["1.jsonl", "2.jsonl", "3.jsonl"] {
        test.stdout(&["import", "articles", file]);
    }
    let cites = || test.stdout(&["cites", "--format", "csv"]);
    let before = cites();
    let rows: Vec<&str> = before.lines().skip(1).collect();
    assert!(rows.len() == 1 && rows[0].contains("Talmouth Echo") && rows[0].contains("Orrin Valley Wire"), "{before}");
    test.stdout(&["analyze", "--rebuild"]);
    assert_eq!(cites(), before);
}

#[test]
fn a_name_is_added_to_an_outlet() {
    let row = r#"{"id":"a","url":"https://one.example/a","outlet":"One","title":"Dike breaks","lang":"en","body":"The council knew of the hollow dike for years, the Talbach Herald reported on Monday."}"#;
    let test = Test::empty().file("archive.jsonl", row);
    let config = ["--config", "config.toml"];
    let with = |more: &[&str]| -> Vec<String> { config.iter().chain(more).map(|word| (*word).to_owned()).collect() };
    let run = |more: &[&str]| {
        let arguments = with(more);
        test.stdout(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let test_file = test.path().join("config.toml");
    std::fs::write(&test_file, "[output]\ntz = \"UTC\"\n").unwrap();
    run(&["import", "articles", "archive.jsonl"]);
    let before = run(&["cites", "--format", "jsonl"]);
    assert!(
        before.contains("Talbach Herald") && before.contains("\"outlet_domain\":null"),
        "kept as written: {before}"
    );
    run(&["outlet", "alias", "herold.example", "Talbach Herald"]);
    let text = std::fs::read_to_string(&test_file).unwrap();
    assert!(text.starts_with("[output]\n") && text.contains("outlet = \"herold.example\""), "{text}");
    run(&["analyze", "--rebuild"]);
    let after = run(&["cites", "--to", "herold.example", "--format", "jsonl"]);
    assert_eq!(after.lines().count(), 1, "{after}");
    assert!(run(&["outlet", "list", "herold.example"]).contains("Talbach Herald"));
    let missing = ["--config", "none.toml", "outlet", "alias", "reuters.com", "Rtrs"];
    test.refused(&missing, 4, &["none.toml", "copytaster init"]);
    test.refused(&["outlet", "alias", "reuters.com", "Rtrs"], 4, &["no configuration", "copytaster init"]);
    test.refused(&["outlet", "alias", "No Such Paper", "NSP"], 2, &["no outlet is called", "outlet list"]);
    test.refused(&["outlet", "alias", "reuters.com", " "], 2, &["the name is empty"]);
}

#[test]
fn an_empty_database_is_no_error() {
    let test = Test::empty().file("nothing.jsonl", "");
    assert!(test.run(&["import", "articles", "nothing.jsonl"]).status.success());
    for command in [&["cites"][..], &["cites", "--uncredited"], &["outlet", "stats"], &["outlet", "list", "--stored"]] {
        let json: Vec<&str> = command.iter().copied().chain(["--json"]).collect();
        assert_eq!(test.stdout(&json).trim(), "[]", "{command:?}");
        test.stdout(command);
    }
    test.refused(&["story", "1", "--tree"], 1, &["there is no story"]);
    test.refused(&["story", "one", "--tree"], 2, &["no story id"]);
}

#[test]
fn a_later_origin_is_an_event() {
    let test = imported();
    let joined = |more: &[&str]| -> Vec<Value> {
        let arguments: Vec<&str> =
            ["stories", "--new-origins", "--format", "jsonl"].iter().chain(more).copied().collect();
        test.stdout(&arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(joined(&[]), Vec::<Value>::new(), "the first origin joins nothing");
    let row = serde_json::json!({
        "id": "f", "url": "https://harbor.example/f", "outlet": "Harbor Courier", "lang": "en",
        "title": "Talbach council knew of hollow dike, engineer says", "published": "2025-10-15T18:00:00Z",
        "body": "An engineer of the Talbach district told the Harbor Courier on Wednesday in his kitchen that he had \
            measured the hollow dike on the Orrin himself and that the council had his letters since spring.",
    });
    std::fs::write(test.path().join("later.jsonl"), format!("{row}\n")).unwrap();
    test.stdout(&["import", "articles", "later.jsonl"]);
    let stories = |test: &Test| -> BTreeSet<String> {
        let rows = test.stdout(&["export", "articles", "--format", "jsonl"]);
        let story = |line: &str| serde_json::from_str::<Value>(line).unwrap()["story"].as_str().unwrap().to_owned();
        rows.lines().map(story).collect()
    };
    let ids: Vec<String> = stories(&test).into_iter().collect();
    if let [one, other] = &ids[..] {
        test.stdout(&["merge", one, other]);
    }
    let found = joined(&[]);
    assert_eq!(found.len(), 1, "{found:?} {}", test.stdout(&["export", "articles", "--format", "jsonl"]));
    assert_eq!((&found[0]["outlet"], &found[0]["outlet_domain"]), (&"Harbor Courier".into(), &"harbor.example".into()));
    assert!(joined(&["--until", "2025-12-31"]).is_empty(), "the range is of our clock");
    assert!(test.stdout(&["stories", "--new-origins"]).contains("Harbor Courier"));
    test.stdout(&["analyze", "--rebuild"]);
    assert_eq!(joined(&[]), found);
}

#[test]
fn what_an_outlet_says_of_itself_is_no_credit_to_it() {
    let row = |id: &str, host: &str, body: &str| {
        let url = format!("https://{host}/{id}");
        serde_json::json!({ "id": id, "url": url, "title": "Dike breaks", "lang": "en", "body": body }).to_string()
    };
    let rows = [
        row(
            "a",
            "orrinledger.example",
            "The dike was hollow, an engineer of the district told the Orrin Ledger on Monday.",
        ),
        row("b", "post.example", "The dike was hollow for years, the Orrin Ledger reported on Monday evening."),
    ];
    let test = Test::empty().file("archive.jsonl", &rows.join("\n"));
    test.stdout(&["import", "articles", "archive.jsonl"]);
    let all = test.stdout(&["cites", "--format", "jsonl"]);
    assert!(all.contains("self-reference"), "{all}");
    let to = test.stdout(&["cites", "--to", "Orrin Ledger", "--format", "jsonl"]);
    assert!(to.contains("original-report") && !to.contains("self-reference"), "{to}");
}

#[test]
fn an_aligned_article_in_another_language_is_a_translation() {
    let test = Test::empty().file("archive.jsonl", include_str!("../data/attribution/translations.jsonl"));
    test.stdout(&["import", "articles", "archive.jsonl"]);
    let exported = test.stdout(&["export", "articles", "--format", "jsonl"]);
    let read = |line: &str| -> (String, String) {
        let article: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| article[field].as_str().unwrap().to_owned();
        (text("external_id"), text("role"))
    };
    let roles: Vec<(String, String)> = exported.lines().map(read).collect();
    // The last is another report of the same event in one of the languages.
    let expected = [("a", "unsure"), ("b", "translation"), ("c", "translation"), ("d", "unsure")];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(id, role)| ((*id).to_owned(), (*role).to_owned())).collect();
    assert_eq!(roles, expected);
}
