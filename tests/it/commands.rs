//! The program as its user runs it: formats, zones, and what it says of bad input.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use copytaster::export::Format;
use copytaster::feed::{self, ParseOptions};
use copytaster::model::Timestamp;

use crate::program::{ARCHIVE, Test};

#[test]
fn times_are_told_in_the_zone_asked_for() {
    let test = Test::with_archive();
    let utc = test.stdout(&["stories"]);
    assert!(utc.contains("FIRST (UTC)") && utc.contains("2025-11-25 23:30"), "{utc}");
    let auckland = test.stdout(&["--tz", "Pacific/Auckland", "story", "1"]);
    assert!(auckland.contains("2025-11-26 12:30 Pacific/Auckland"), "{auckland}");
    let test = test.file("config.toml", "[output]\ntz = \"Asia/Tokyo\"\nformat = \"csv\"\n");
    let configured = test.stdout(&["--config", "config.toml", "--format", "table", "stories"]);
    assert!(configured.contains("FIRST (Asia/Tokyo)") && configured.contains("2025-11-26 08:30"), "{configured}");
    let csv = test.stdout(&["--config", "config.toml", "stories"]);
    assert!(csv.starts_with("id,first_time,") && csv.contains("2025-11-25T23:30:00Z"), "{csv}");
    test.refused(&["--tz", "Mars/Base", "stories"], 2, &["Mars/Base", "Europe/Berlin"]);
}

#[test]
fn a_story_in_parts() {
    let test = Test::with_archive();
    let whole = test.stdout(&["story", "1"]);
    let timeline = test.stdout(&["story", "1", "--timeline"]);
    assert!(timeline.contains("TIMELINE") && !timeline.contains("\nFIRST "), "{timeline}");
    let rows = |text: &str| text.lines().filter(|line| line.contains(" #")).map(str::to_owned).collect::<Vec<_>>();
    assert!(rows(&timeline).len() > 1);
    assert_eq!(rows(&timeline), rows(&whole));
    let members = test.stdout(&["story", "1", "--members", "--format", "csv"]);
    assert_eq!(members.lines().count(), 1 + rows(&timeline).len());
    let json: serde_json::Value =
        serde_json::from_str(&test.stdout(&["story", "1", "--members", "--format", "json"])).unwrap();
    assert_eq!(json["members"].as_array().unwrap().len(), members.lines().count() - 1);
    assert!(test.stdout(&["story", "1", "--members"]).starts_with("id "));
    test.refused(&["story", "1", "--members", "--tree"], 2, &["--members", "--tree"]);
    test.refused(&["story", "1", "--tree", "--format", "md"], 2, &["who rests on whom", "json"]);
    test.refused(&["story", "1", "--timeline", "--format", "csv"], 2, &["a timeline", "jsonl"]);
}

#[test]
fn tables_fit_and_colors_are_only_where_they_are_wanted() {
    let test = Test::with_archive();
    let narrow = test.command(&["stories"]).env("COLUMNS", "80").output().unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    assert!(!narrow.contains('\u{1b}'));
    test.stdout(&["feed", "add", "--no-check", "https://one.example/a/feed/with/a/long/address"]);
    for (arguments, names) in [
        (&["stories"][..], "ID FIRST (UTC) OUTLETS ARTICLES ORIGINS FIRST HERE STORY"),
        (&["cites"], "ARTICLE FROM CREDITS KIND SENTENCE"),
        (&["search", "dam"], "ARTICLE STORY TIME (UTC) OUTLET HEADLINE"),
        (&["feed", "list"], "ID STATE OUTLET TAGS URL NOTE"),
        (&["outlet", "stats"], "OUTLET ARTICLES ORIGINAL CREDITED UNCREDITED WIRE UNSURE CREDITED BY DELAY"),
    ] {
        let output = test.command(arguments).env("COLUMNS", "50").output().unwrap();
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= 50), "{table}");
        let words: Vec<&str> = table.split_whitespace().collect();
        assert_eq!(words[..names.split(' ').count()].join(" "), names, "{table}");
    }
    let story = test.command(&["story", "1"]).env("COLUMNS", "50").output().unwrap();
    let story = String::from_utf8(story.stdout).unwrap();
    assert!(story.lines().skip(1).all(|line| line.chars().count() <= 50), "{story}");
    // Nothing is cut where it can go on below.
    assert!(!story.contains('…') && story.contains("#3") && story.contains("families leave"), "{story}");
    assert!(test.stdout(&["--color", "always", "stories"]).starts_with("\u{1b}[1m"));
    let test = test.file("config.toml", "[output]\ncolor = \"pink\"\n");
    test.refused(&["--config", "config.toml", "stories"], 4, &["[output] color", "pink", "never"]);
}

#[test]
fn exports_are_well_formed_and_escaped() {
    let test = Test::with_archive();
    for arguments in [["export", "articles", "--format", "atom"], ["export", "stories", "--format", "atom"]] {
        let atom = test.stdout(&arguments);
        let options = ParseOptions { content_type: None, base_url: None, now: Timestamp(0), max_entries: 10 };
        let read = feed::parse(atom.as_bytes(), &options).expect("our own Atom is a feed");
        assert_eq!(read.warnings, Vec::<String>::new(), "{atom}");
        assert!(!read.entries.is_empty(), "{atom}");
    }
    let story = test.stdout(&["export", "story", "1", "--format", "atom"]);
    assert!(story.contains("<title>=Dam at Orrin &lt;cracks&gt;</title>"), "{story}");
    let csv = test.stdout(&["export", "articles", "--format", "csv"]);
    assert!(csv.contains("'=Dam at Orrin <cracks>"), "{csv}");
    let members = test.stdout(&["export", "story", "1", "--format", "csv"]);
    assert_eq!(members.lines().count(), 4, "{members}");
    for line in test.stdout(&["export", "articles"]).lines() {
        let article: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(article["schema"], 1);
        assert!(article["external_id"].is_string() && article["id"].is_string(), "{article}");
    }
    test.refused(&["export", "articles", "--format", "pdf"], 2, &["unknown format \"pdf\"", "jsonl"]);
}

#[test]
fn everything_is_written_in_each_format_that_means_something() {
    let test = Test::with_archive();
    test.stdout(&["feed", "add", "--no-check", "https://one.example/feed?a=1&b=<2>"]);
    let things = [&["export", "stories"][..], &["export", "story", "1"], &["export", "articles"], &["export", "feeds"]];
    for format in Format::ALL {
        for thing in things {
            let offered: &[Format] = if thing[1] == "feeds" { &Format::FEEDS } else { &Format::NEWS };
            let arguments = [thing, &["--format", format.as_str()]].concat();
            if !offered.contains(&format) {
                let names = offered.iter().map(|format| format.as_str());
                let refusal = format!("can't be written as {}: use ", format.as_str());
                let expected: Vec<&str> = names.chain([refusal.as_str()]).collect();
                test.refused(&arguments, 2, &expected);
                continue;
            }
            let written = test.stdout(&arguments);
            let names = if thing[1] == "feeds" { "one.example/feed" } else { "Dam at Orrin" };
            assert!(written.contains(names), "{arguments:?}: {written}");
            let is_markup = matches!(format, Format::Html | Format::Atom | Format::Opml);
            assert!(!is_markup || !written.contains("<cracks>"), "{arguments:?}: {written}");
        }
    }
    let said = test.stdout(&["export", "--help"]);
    for format in Format::ALL {
        assert!(said.contains(format.as_str()), "{}", format.as_str());
    }
}

#[test]
fn a_story_goes_into_a_note() {
    let test = Test::with_archive();
    let note = test.stdout(&["export", "story", "1", "--format", "md", "--tz", "Europe/Berlin"]);
    for part in [
        "# =Dam at Orrin &lt;cracks>\n\nStory 1: 3 articles · 3 outlets · 1 language",
        "\n## First report\n",
        "- 2025-11-26 00:30 **One**: [=Dam at Orrin &lt;cracks>](https://one.example/a) (#1, ",
        "\n  - 2025-11-26 02:00 **Two**: [Dam at Orrin cracks](https://two.example/b) (#2, ",
        "100 % of it from #1)",
        "**Reuters** (no article here) is credited by Three",
        "\n## Copies\n\n- **Two** #2: 100 % of its text stands in One #1 (",
        "| 3 | 2025-11-26 03:00 | Three | en | ",
    ] {
        assert!(note.contains(part), "{part:?} is not in {note}");
    }
    assert_eq!(test.stdout(&["story", "1", "--format", "md", "--tz", "Europe/Berlin"]), note);
}

#[test]
fn evidence_is_whole_and_can_be_checked() {
    let test = Test::with_archive();
    let said = test.run(&["export", "story", "1", "--evidence", "kept"]);
    assert!(said.status.success() && said.stdout.is_empty(), "{said:?}");
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(told.contains("evidence of story 1 in kept: 3 articles, 3 versions, 1 pair of texts"), "{told}");
    let folder = test.path().join("kept");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let names: Vec<String> =
        read("SHA256SUMS").lines().map(|line| line.split_once("  ").unwrap().1.to_owned()).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "story.html",
            "story.json",
            "articles/1.txt",
            "articles/1.json",
            "articles/2.txt",
            "articles/2.json",
            "articles/3.txt",
            "articles/3.json",
            "pairs/2-1.json",
        ]
    );
    for line in read("SHA256SUMS").lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, read(name).as_bytes());
        let expected: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum, expected, "{name}");
    }
    for part in [
        "=Dam at Orrin <cracks>",
        "outlet:           One",
        "published:        2025-11-25T23:30:00Z",
        "families were told",
    ] {
        assert!(read("articles/1.txt").contains(part), "{part}: {}", read("articles/1.txt"));
    }
    assert!(
        read("articles/2.txt").contains("100 % of its text stands in article 1 (copy)"),
        "{}",
        read("articles/2.txt")
    );
    assert!(
        read("articles/3.txt").contains("Reuters, original-report:\n  Reuters first reported"),
        "{}",
        read("articles/3.txt")
    );
    let pair: serde_json::Value = serde_json::from_str(&read("pairs/2-1.json")).unwrap();
    assert!(pair["passages"][0].as_str().unwrap().contains("Engineers closed the dam"), "{pair}");
    assert_eq!(read("story.json"), test.stdout(&["export", "story", "1"]));
    // Nothing is overwritten, and nothing is left of what failed.
    test.refused(&["export", "story", "1", "--evidence", "kept"], 2, &["kept is there already"]);
    test.refused(&["export", "story", "9", "--evidence", "other"], 1, &["no story 9"]);
    test.refused(&["export", "stories", "--evidence", "other"], 2, &["evidence is of one story"]);
    std::fs::create_dir(test.path().join("empty")).unwrap();
    let page = test.stdout(&["export", "story", "1", "--evidence", "empty", "--format", "md"]);
    assert!(page.starts_with("# =Dam at Orrin") && test.path().join("empty/SHA256SUMS").exists());
    let found = std::fs::read_dir(test.path()).unwrap().flatten().map(|file| file.file_name());
    assert!(!found.into_iter().any(|name| name.to_string_lossy().ends_with(".part")));
}

#[test]
fn a_page_stands_alone() {
    let test = Test::with_archive();
    for thing in [&["stories"][..], &["story", "1"], &["articles"]] {
        let page = test.stdout(&[&["export"], thing, &["--format", "html"]].concat());
        assert!(page.contains("default-src 'none'") && page.contains("&lt;cracks&gt;"), "{page}");
        for loaded in ["<script", "src=", "<link", "@import", "url(", " on"] {
            let markup = page
                .replace("</", "<")
                .split('<')
                .filter_map(|tag| tag.split_once('>'))
                .fold(String::new(), |tags, (tag, _)| tags + "<" + tag + ">");
            assert!(!markup.contains(loaded), "{loaded}: {markup}");
        }
        let opened = |name: &str| page.matches(&format!("<{name}>")).count();
        for name in ["ul", "li", "table", "tr", "td", "bdi", "p"] {
            let closed = page.matches(&format!("</{name}>")).count();
            assert!(opened(name) <= closed && (opened(name) == closed || name == "bdi"), "{name}: {page}");
        }
    }
    let page = test.stdout(&["export", "story", "1", "--format", "html"]);
    assert!(page.contains("<a href=\"https://one.example/a\" rel=\"noopener noreferrer\">"), "{page}");
}

#[test]
fn graphs_tell_who_rests_on_whom() {
    let test = Test::with_archive();
    let articles = test.stdout(&["export", "articles", "--format", "dot"]);
    for part in [
        r#""article 1" [label="One\n=Dam at Orrin <cracks>\n#1"];"#,
        r#""article 2" -> "article 1" [label="100 %"];"#,
        r#""article 3" -> "outlet Reuters" [style=dashed];"#,
    ] {
        assert!(articles.contains(part), "{part}: {articles}");
    }
    let stories = test.stdout(&["export", "stories", "--format", "dot"]);
    let node = r#""story 1" [label="=Dam at Orrin <cracks>\n3 articles, 3 outlets"];"#;
    assert!(stories.contains(node), "{stories}");
    for graph in [articles, stories, test.stdout(&["export", "story", "1", "--format", "dot"])] {
        assert!(graph.starts_with("digraph \"") && graph.ends_with("}\n"), "{graph}");
    }
}

#[test]
fn an_export_that_fails_leaves_the_file_as_it_was() {
    let test = Test::with_archive().file("kept.json", "precious");
    let kept = || std::fs::read_to_string(test.path().join("kept.json")).unwrap();
    test.refused(&["export", "story", "99", "-o", "kept.json"], 1, &["no story 99"]);
    test.refused(&["export", "stories", "--format", "opml", "-o", "kept.json"], 2, &["opml"]);
    assert_eq!(kept(), "precious");
    test.stdout(&["export", "stories", "-o", "kept.json"]);
    assert!(kept().contains("\"schema\""), "{}", kept());
    let parts = std::fs::read_dir(test.path()).unwrap();
    assert!(
        !parts.flatten().any(|file| file.file_name().to_string_lossy().ends_with(".part")),
        "nothing is left behind"
    );
}

#[test]
fn a_time_that_is_none_is_told_and_the_article_kept() {
    let line = r#"{"id":"x","url":"https://one.example/x","title":"T","body":"B","published":"yesterday-ish"}"#;
    let test = Test::empty().file("a.jsonl", line);
    test.refused(&["import", "articles", "a.jsonl"], 0, &["a.jsonl:1: \"yesterday-ish\" tells no moment", "1 new"]);
}

#[test]
fn a_zone_that_is_none_is_named_with_its_file() {
    let test = Test::with_archive().file("c.toml", "[output]\ntz = \"Mars/X\"\n");
    test.refused(&["--config", "c.toml", "stories"], 4, &["c.toml: [output] tz: \"Mars/X\" is no time zone"]);
    test.refused(&["--tz", "Mars/X", "stories"], 2, &["\"Mars/X\" is no time zone"]);
}

#[test]
fn what_nobody_has_is_named() {
    let test = Test::with_archive();
    test.stdout(&["feed", "add", "--no-check", "http://127.20.0.1:8009/feed"]);
    test.refused(&["fetch", "--feed", "77"], 1, &["no feed \"77\""]);
    test.refused(&["fetch", "--tag", "nope"], 1, &["no feed has the tag \"nope\""]);
    test.refused(&["demo", "--keep", "news.db"], 2, &["news.db is there already"]);
    test.refused(&["outlet", "alias", "reuters.com", "Bloomberg"], 2, &["leads to one outlet"]);
}

#[test]
fn a_time_range_steers_every_list() {
    let test = Test::with_archive();
    let n_lines = |arguments: &[&str]| test.stdout(arguments).lines().count();
    assert_eq!(n_lines(&["export", "articles"]), 3);
    assert_eq!(n_lines(&["export", "articles", "--since", "2025-11-26"]), 2);
    assert_eq!(n_lines(&["export", "articles", "--until", "2025-11-26T01:30:00Z"]), 2);
    assert_eq!(n_lines(&["--format", "jsonl", "search", "dam", "--since", "2025-11-26T01:30:00Z"]), 1);
    assert_eq!(n_lines(&["--format", "jsonl", "cites"]), 1);
    assert_eq!(n_lines(&["--format", "jsonl", "cites", "--until", "2025-11-26"]), 0);
}

#[test]
fn a_half_written_line_is_named_and_the_rest_is_imported() {
    let test = Test::empty();
    let broken =
        format!("{}{}\n{}", ARCHIVE, r#"{"id":"d","title":"Half a li"#, r#"{"id":"e","title":"A whole line"}"#);
    let test = test.file("archive.jsonl", &broken);
    test.refused(&["import", "articles", "archive.jsonl"], 3, &["archive.jsonl:4:", "4 new", "1 bad line"]);
    assert_eq!(test.stdout(&["export", "articles"]).lines().count(), 4);
    test.refused(&["import", "articles", "none.jsonl"], 1, &["none.jsonl"]);
}

#[test]
fn what_is_no_feed_is_named() {
    let test = Test::empty()
        .file("page.xml", "<!doctype html><html><body><p>Our feeds have moved.</p></body></html>")
        .file("nothing.xml", "")
        .file("empty.xml", "<rss version=\"2.0\"><channel><title>Quiet</title></channel></rss>");
    test.refused(&["feed", "test", "page.xml"], 3, &["page.xml", "web page, not a feed"]);
    test.refused(&["feed", "test", "nothing.xml"], 3, &["nothing.xml", "empty"]);
    let quiet = test.stdout(&["--format", "jsonl", "feed", "test", "empty.xml"]);
    let quiet: serde_json::Value = serde_json::from_str(&quiet).unwrap();
    assert_eq!((quiet["title"].as_str(), quiet["entries"].as_array().map(Vec::len)), (Some("Quiet"), Some(0)));
    // The rest goes on when one input is bad.
    let output = test.run(&["--format", "jsonl", "feed", "test", "page.xml", "empty.xml", "gone.xml"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("gone.xml: cannot be read"));
}

#[test]
fn a_second_run_waits_skips_or_says_who_holds_the_lock() {
    let test = Test::with_archive();
    let lock = std::fs::File::create(test.path().join("news.db.lock")).unwrap();
    lock.lock().unwrap();
    test.refused(&["fetch"], 5, &["news.db.lock", "--wait", "--skip-if-running"]);
    test.refused(&["fetch", "--skip-if-running"], 0, &["skipped"]);
    // Flags it doesn't have are not advised.
    test.refused(&["analyze"], 5, &["news.db.lock; try again"]);
    test.refused(&["fetch", "--wait", "1s"], 5, &["news.db.lock"]);
    assert!(test.stdout(&["stories"]).contains("Dam at Orrin"), "readers need no lock");
}

#[test]
fn a_closed_pipe_is_success() {
    let test = Test::empty();
    let lines: String =
        (0..4_000).map(|n| format!("{{\"id\":\"{n}\",\"title\":\"Headline number {n} of an archive\"}}\n")).collect();
    let test = test.file("archive.jsonl", &lines);
    assert!(test.run(&["import", "articles", "archive.jsonl", "--no-analyze"]).status.success());
    let mut child = test
        .command(&["export", "articles"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!((first.is_empty(), said.as_str()), (false, ""));
}

#[cfg(unix)]
#[test]
fn a_read_only_database_is_named_and_still_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let test = Test::with_archive();
    let database = test.path().join("news.db");
    let set = |mode| std::fs::set_permissions(&database, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o444);
    let is_root = std::fs::OpenOptions::new().append(true).open(&database).is_ok();
    assert!(test.stdout(&["stories"]).contains("Dam at Orrin"));
    // Permissions don't bind root, for whom the file stays writable.
    if !is_root {
        test.refused(&["analyze"], 1, &["news.db", "writable"]);
    }
    set(0o644);
    assert!(test.stdout(&["stories"]).contains("Dam at Orrin"));
}

#[test]
fn exit_codes_tell_part_from_whole() {
    let test = Test::empty();
    let added = |urls: &[&str]| test.run(&[&["feed", "add", "--no-check"], urls].concat()).status.code();
    assert_eq!(added(&["https://one.example/feed", "https://two.example/feed"]), Some(0));
    assert_eq!(added(&["https://three.example/feed", "no address"]), Some(3));
    assert_eq!(added(&["no address"]), Some(1));
    let removed = |feeds: &[&str]| test.run(&[&["feed", "rm"], feeds].concat()).status.code();
    assert_eq!(removed(&["1", "99"]), Some(3));
    assert_eq!(removed(&["99"]), Some(1));
    assert_eq!(removed(&["2"]), Some(0));
    let outline = |url: &str| format!("<outline type=\"rss\" xmlUrl=\"{url}\"/>");
    let list = |urls: &[&str]| {
        let outlines: String = urls.iter().map(|url| outline(url)).collect();
        std::fs::write(test.path().join("l.opml"), format!("<opml version=\"2.0\"><body>{outlines}</body></opml>"))
            .unwrap();
        test.run(&["opml", "import", "l.opml"]).status.code()
    };
    assert_eq!(list(&["https://four.example/feed"]), Some(0));
    assert_eq!(list(&["https://five.example/feed", "file:///etc/passwd"]), Some(3));
    assert_eq!(list(&["file:///etc/passwd"]), Some(1));
}

#[test]
fn a_format_that_nothing_is_written_in_is_refused() {
    let test = Test::with_archive();
    for arguments in [
        &["fetch"][..],
        &["analyze"],
        &["doctor"],
        &["undo"],
        &["config", "show"],
        &["setup", "timer", "--print"],
        &["feed", "rm", "1"],
        &["opml", "export"],
        &["man"],
    ] {
        test.refused(&[&["--json"], arguments].concat(), 2, &[arguments[0], "--json"]);
    }
    test.refused(&["run", "--every", "1s"], 2, &["every 30 seconds at most"]);
}

#[test]
fn columns_have_names_of_one_form() {
    let test = Test::with_archive();
    for arguments in
        [&["stories"][..], &["cites"], &["outlet", "list"], &["outlet", "stats"], &["feed", "list"], &["log"]]
    {
        let csv = test.stdout(&[arguments, &["--format", "csv"]].concat());
        let header = csv.lines().next().unwrap_or_default();
        assert!(header.chars().all(|c| c.is_ascii_lowercase() || matches!(c, ',' | '_')), "{header}");
    }
    assert!(test.stdout(&["log", "--format", "csv"]).starts_with("id,made_utc,"));
}

#[test]
fn a_command_that_needs_a_database_creates_none() {
    let test = Test::empty();
    for arguments in [
        &["stories"][..],
        &["story", "1"],
        &["merge", "1", "2"],
        &["split", "1", "2"],
        &["pin", "1"],
        &["title", "1", "A title"],
        &["hold", "1"],
        &["undo"],
        &["log"],
        &["explain", "1", "2"],
        &["history", "1"],
        &["cites"],
        &["search", "dam"],
        &["outlet", "stats"],
        &["feed", "list"],
        &["feed", "rm", "1"],
        &["watch", "rm", "1"],
        &["export", "articles"],
        &["analyze"],
    ] {
        test.refused(arguments, 1, &["there is no database at news.db yet; `copytaster fetch`"]);
    }
    assert_eq!(std::fs::read_dir(test.path()).unwrap().count(), 0, "not even a lock");
}

#[test]
fn a_dry_run_writes_nothing() {
    let test = Test::empty();
    let output = test.run(&["fetch", "--dry-run"]);
    let n_urls = String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("http")).count();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(n_urls > 1 && said.contains(&format!("{n_urls} feeds would be polled")), "{output:?}");
    assert_eq!(std::fs::read_dir(test.path()).unwrap().count(), 0);
    test.stdout(&["feed", "add", "--no-check", "https://one.example/feed"]);
    assert_eq!(test.stdout(&["fetch", "--dry-run"]), "https://one.example/feed\n");
    test.refused(&["fetch", "--dry-run", "--tag", "none"], 1, &["no feed has the tag \"none\""]);
}

#[test]
fn an_empty_list_says_what_to_do() {
    let test = Test::empty();
    test.run(&["init"]);
    test.refused(&["stories"], 0, &["no stories yet; `copytaster fetch`"]);
    test.refused(&["feed", "list"], 0, &["no feeds yet; add some with `copytaster feed add URL`"]);
    test.refused(&["feed", "list", "--failing"], 0, &["no feed fails"]);
    let test = Test::with_archive();
    test.refused(&["stories", "zeppelin"], 0, &["no story matches"]);
    assert_eq!(test.stdout(&["stories", "zeppelin"]), "");
    assert_eq!(test.stdout(&["stories", "zeppelin", "--json"]).trim(), "[]");
}

#[test]
fn slips_of_the_pen_are_told_in_words() {
    let test = Test::with_archive();
    test.refused(&["export", "articles", "1"], 2, &["only `export story` takes an id"]);
    test.refused(&["run", "--every", "soon"], 2, &["copytaster: `soon` is not a duration; write a number and s, m,"]);
    test.refused(
        &["analyze", "--weights", "none.toml"],
        1,
        &["copytaster: the weights in none.toml: cannot be read: No"],
    );
    test.refused(&["outlet", "list", "--country", "germany"], 2, &["the two letters of a country, such as DE"]);
    test.refused(&["feed", "add", "nowhere"], 1, &["nowhere: no web address: it begins with neither http:// nor"]);
    test.refused(&["watch", "add", "dam", "--webhook", "x"], 2, &["--webhook: \"x\": no web address: it begins with"]);
    test.refused(&["story"], 2, &["Usage: copytaster story"]);
    // A host as people write it is one of https; a file is none.
    test.stdout(&["feed", "add", "--no-check", "one.example/feed", "Two.example"]);
    let listed = test.stdout(&["feed", "list", "--format", "csv"]);
    assert!(listed.contains(",https://one.example/feed,") && listed.contains(",https://Two.example,"), "{listed}");
    test.refused(&["feed", "add", "--no-check", "./archive.jsonl"], 1, &["./archive.jsonl: no web address"]);
    test.refused(&["feed", "add", "--no-check", "archive.jsonl"], 1, &["archive.jsonl: no web address"]);
}

#[test]
fn doctor_tells_what_is_wrong_with_the_configuration() {
    let check = |config: &str, finding: &str| {
        let test = Test::with_archive().file("c.toml", config);
        let output = test.run(&["--config", "c.toml", "doctor"]);
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(6), "{config}: {told}");
        assert!(told.contains(finding), "{finding:?} is not in {told}");
    };
    check("[fetch]\ntotal_timeout_s = 0\n", "! [fetch] total_timeout_s: 0 would fetch nothing");
    check("[fetch]\nuser_agent_contact = \"a\\nb\"\n", "! [fetch] user_agent_contact: it goes into a header");
    check("[fetch]\nextra_authorities = [\"none.pem\"]\n", "! none.pem is no PEM file with a certificate");
    check("[schedule]\nmin_interval = \"1s\"\n", "! [schedule] needs 60s <= min_interval");
    check("[output]\nformat = \"pdf\"\n", "! [output] format (or COPYTASTER_FORMAT): unknown format \"pdf\"");
    check("[[site]]\ndomain = \"x.example\"\nbody = \"<<\"\n", "! [[site]]");
    let test = Test::with_archive();
    let told = test.stdout(&["doctor"]);
    assert!(told.contains("feeds          0, 0 failing or off"), "{told}");
    test.refused(&["--config", "none.toml", "doctor"], 4, &["none.toml", "`copytaster init` writes one"]);
}

#[test]
fn a_feed_without_a_poll_is_not_well_yet() {
    let test = Test::empty();
    test.stdout(&["feed", "add", "--no-check", "https://one.example/feed"]);
    let list = test.stdout(&["feed", "list"]);
    assert!(list.contains("not polled") && !list.contains("ok"), "{list}");
}

#[test]
fn an_empty_path_is_none() {
    let test = Test::empty();
    let output =
        test.command(&["config", "path"]).env("COPYTASTER_DB", "").env("COPYTASTER_CONFIG", "").output().unwrap();
    let paths = String::from_utf8(output.stdout).unwrap();
    assert!(paths.contains(".local/share/copytaster/") && paths.contains(".config/copytaster/"), "{paths}");
}
