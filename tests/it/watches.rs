//! Watches: what raises an alert, what doesn't, and how alerts reach a command or an address.

use std::process::Output;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::program::Test;
use crate::server::{Server, reply};

/// A feed whose items a test changes between rounds.
struct World {
    test: Test,
    items: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
}

const DAM: (&str, &str) = ("/dam", "Dam above Orrin shows cracks, families leave the valley");
const FERRY: (&str, &str) = ("/ferry", "Ferry crews of Talmouth begin a strike of two days");

const PAGE: &str = "<html lang=en><head><title>Dam above Orrin shows cracks, families leave the valley</title></head><body>\
    <article><h1>Dam above Orrin shows cracks, families leave the valley</h1><p>Engineers closed the dam above the town of \
    Orrin on Monday after cracks ran through its eastern wall, the water board said. About two hundred families were told to \
    leave the valley before night.</p><p>The road to the dam stays closed until the wall has been measured, and the school \
    of the town takes in those who have nowhere to go.</p></article></body></html>";

impl World {
    fn new() -> Self {
        let items = Arc::new(Mutex::new(vec![DAM]));
        let listed = Arc::clone(&items);
        let server = Server::start("127.21.0.1", move |request| match request.path.as_str() {
            "/feed" => {
                let items = listed.lock().unwrap().clone();
                let item =
                    |(link, title): (&str, &str)| format!("<item><title>{title}</title><link>{link}</link></item>");
                let items: String = items.into_iter().map(item).collect();
                let feed = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
                reply(200, &[], feed.as_bytes())
            }
            "/dam" => reply(200, &[("Content-Type", "text/html; charset=utf-8")], PAGE.as_bytes()),
            _ => reply(404, &[], b""),
        });
        let world = Self { test: Test::empty(), items };
        world.ok(&["feed", "add", "--no-check", &server.url("/feed")]);
        world
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.test.command(arguments);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("COPYTASTER_ALLOW_PRIVATE", "127.21.0.1/32").env("COPYTASTER_HOST_SPACING_MS", "0");
        command.output().unwrap()
    }

    /// What a command that must succeed says on stderr.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// A round, quiet; what it says.
    fn round(&self) -> String {
        self.ok(&["-q", "fetch", "--all", "--no-bodies"])
    }

    fn put(&self, items: &[(&'static str, &'static str)]) {
        *self.items.lock().unwrap() = items.to_vec();
    }

    fn watches(&self) -> Vec<Value> {
        let output = self.run(&["watch", "list", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn alerts(&self) -> Vec<Value> {
        let output = self.run(&["watch", "list", "--alerts", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the command of a watch was given.
    fn given(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.test.path().join("given.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A script that keeps what it is given, and fails while there is a file `broken`.
    fn script(&self) -> String {
        let text = "[ -e broken ] && exit 7\ncat >> given.jsonl\necho \"$COPYTASTER_ALERT_KIND\" >> kinds\n";
        std::fs::write(self.test.path().join("keep it.sh"), text).unwrap();
        "sh 'keep it.sh'".to_owned()
    }
}

#[test]
fn a_command_gets_each_alert_once() {
    let world = World::new();
    world.round();
    let said = world.ok(&["watch", "add", "orrin", "--exec", &world.script()]);
    assert!(said.starts_with("watch 1 added; stories that match already: 1"), "{said}");
    world.ok(&["watch", "add", "strike*", "--on", "new", "--exec", &world.script()]);
    world.round();
    assert!(world.given().is_empty(), "what was stored before is no news: {:?}", world.given());
    world.put(&[DAM, FERRY]);
    assert_eq!(world.round(), "", "a command's alerts are not told to cron");
    let given = world.given();
    assert_eq!(given.len(), 1, "{given:?}");
    let alert = |key: &str| given[0][key].as_str().unwrap_or_default().to_owned();
    assert_eq!((alert("kind"), alert("query"), alert("title")), ("new".into(), "strike*".into(), FERRY.1.into()));
    assert_eq!((alert("story_title"), alert("watch")), (FERRY.1.into(), "2".into()));
    assert!(alert("url").ends_with("/ferry") && given[0]["schema"] == 1, "{given:?}");
    world.round();
    assert_eq!(world.given().len(), 1);
    let retitled = "Dam above Orrin breaks as families leave the valley";
    world.put(&[(DAM.0, retitled), (FERRY.0, "Ferry crews of Talmouth end their strike")]);
    world.round();
    let given = world.given();
    assert_eq!(given.len(), 2, "the second watch is of new stories only: {given:?}");
    assert_eq!((&given[1]["kind"], &given[1]["before"]), (&"headline".into(), &DAM.1.into()));
    assert_eq!(given[1]["title"], retitled);
    world.ok(&["analyze", "--rebuild"]);
    world.ok(&["analyze"]);
    world.round();
    assert_eq!(world.given().len(), 2, "a rebuild is silent");
    assert_eq!(std::fs::read_to_string(world.test.path().join("kinds")).unwrap(), "new\nheadline\n");
    let listed = world.watches();
    assert_eq!(
        (&listed[0]["alerts"], &listed[0]["waiting"], &listed[0]["failure"]),
        (&1.into(), &0.into(), &Value::Null)
    );
    world.ok(&["watch", "rm", "1"]);
    assert_eq!(world.watches().len(), 1);
    assert_eq!(world.alerts().len(), 2, "alerts stay on record");
    assert_eq!(world.run(&["watch", "rm", "1"]).status.code(), Some(1));
}

#[test]
fn a_command_that_fails_is_told_and_tried_again() {
    let world = World::new();
    world.put(&[]);
    world.ok(&["watch", "add", "orrin", "--exec", &world.script()]);
    std::fs::write(world.test.path().join("broken"), "").unwrap();
    world.put(&[DAM, FERRY]);
    let said = world.round();
    assert!(said.contains("alert 1 of watch 1 not delivered: sh ended with exit status: 7"), "{said}");
    assert!(said.contains("tried again in the next round"), "{said}");
    let listed = world.watches();
    assert_eq!((&listed[0]["waiting"], &listed[0]["failure"]), (&1.into(), &"sh ended with exit status: 7".into()));
    let doctor = world.run(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(told.contains("! watch 1: sh ended with exit status: 7; 1 alert waiting, 0 given up"), "{told}");
    assert_eq!(doctor.status.code(), Some(6));
    std::fs::remove_file(world.test.path().join("broken")).unwrap();
    assert_eq!(world.round(), "");
    assert_eq!(world.run(&["doctor"]).status.code(), Some(0));
    assert_eq!(world.given().len(), 1);
    let alerts = world.alerts();
    assert_eq!((&alerts[0]["state"], &alerts[0]["attempts"]), (&"delivered".into(), &2.into()));
    world.ok(&["watch", "add", "quillbridge", "--exec", "no-such-program-here"]);
    world.put(&[("/2", "Quillbridge library opens its map room")]);
    let first = world.round();
    assert!(first.contains("no-such-program-here could not be started"), "{first}");
    let later: Vec<String> = (2..=12).map(|_| world.round()).collect();
    let last = &later[10];
    assert!(last.contains("given up"), "{last}");
    assert_eq!(world.round(), "");
    assert_eq!(world.watches()[1]["given_up"], 1);
}

#[test]
fn a_killed_run_delivers_in_the_next_one() {
    let world = World::new();
    world.put(&[]);
    // The first time, the command kills the program that runs it.
    let text = "[ -e done ] && exec sh 'keep it.sh'\n: > done\nkill -9 $PPID\n";
    std::fs::write(world.test.path().join("kill.sh"), text).unwrap();
    world.script();
    world.ok(&["watch", "add", "orrin", "--exec", "sh kill.sh"]);
    world.put(&[DAM]);
    let output = world.run(&["-q", "fetch", "--all", "--no-bodies"]);
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(world.watches()[0]["waiting"], 1);
    assert_eq!(world.round(), "");
    assert_eq!(world.round(), "");
    assert_eq!(world.given().len(), 1);
}

#[test]
fn a_webhook_gets_json_and_a_private_one_is_refused() {
    let status = Arc::new(AtomicU16::new(500));
    let answer = Arc::clone(&status);
    let desk =
        Server::start("127.21.0.1", move |_| reply(answer.load(Ordering::Relaxed), &[("Location", "/x")], b"ok"));
    let world = World::new();
    world.put(&[]);
    world.ok(&["watch", "add", "orrin", "--webhook", &desk.url("/desk")]);
    for (url, why) in
        [("http://127.21.9.9/", "private address"), ("file:///etc/passwd", "only http"), ("x", "no web address")]
    {
        let output = world.run(&["watch", "add", "orrin", "--webhook", url]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{url}: {said}");
    }
    world.put(&[DAM]);
    let said = world.round();
    assert!(said.contains("not delivered: the server has a fault of its own (500)"), "{said}");
    status.store(302, Ordering::Relaxed);
    assert!(world.round().contains("the address redirects (302)"));
    assert_eq!(desk.seen().len(), 2, "one attempt a round, and no redirect is followed");
    let mut command = world.test.command(&["-q", "analyze"]);
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(said.contains("127.21.0.1 is a private address"), "{said}");
    status.store(204, Ordering::Relaxed);
    assert_eq!(world.round(), "");
    assert_eq!(world.round(), "");
    let seen = desk.seen();
    assert_eq!(seen.len(), 3);
    let request = &seen[2];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/desk"));
    assert_eq!(request.header("content-type"), Some(&b"application/json"[..]));
    let alert: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&alert["id"], &alert["kind"], &alert["title"]), (&"1".into(), &"new".into(), &DAM.1.into()));
}

#[test]
fn without_a_destination_the_summary_tells() {
    let world = World::new();
    world.put(&[]);
    world.ok(&["watch", "add", "orrin"]);
    world.put(&[DAM]);
    world.ok(&["fetch", "--all", "--no-bodies", "--no-analyze"]);
    assert!(world.alerts().is_empty());
    let said = world.ok(&["-q", "analyze"]);
    assert_eq!(said, format!("alert: orrin · new · story 1 · t: {}\n", DAM.1));
    assert_eq!(world.round(), "");
    let listed = String::from_utf8(world.run(&["watch", "list", "--alerts"]).stdout).unwrap();
    assert!(listed.contains("delivered") && listed.contains("Dam above Orrin"), "{listed}");
    for (arguments, why) in [
        (&["watch", "add", "..."][..], "no word"),
        (&["watch", "add", "x", "--on", "sometimes"], "sometimes"),
        (&["watch", "add", "x", "--exec", "a", "--webhook", "http://a.example"], "cannot be used with"),
        (&["watch", "add", "x", "--exec", "say 'it"], "not closed"),
        (&["watch", "add", "x", "--exec", "./none.sh"], "no file ./none.sh"),
        (&["watch", "rm", "one"], "no watch's id"),
    ] {
        world.test.refused(arguments, 2, &[why]);
    }
}

#[test]
fn a_later_origin_raises_an_alert() {
    let test = Test::with_archive();
    test.stdout(&["watch", "add", "orrin", "--on", "origin"]);
    let import = |id: &str, outlet: &str, title: &str, hour: u32, body: &str| {
        let url = format!("https://{id}.example/{id}");
        let published = format!("2025-11-26T{hour:02}:00:00Z");
        let row = serde_json::json!({
            "id": id, "url": url, "outlet": outlet, "lang": "en", "title": title, "published": published, "body": body,
        });
        std::fs::write(test.path().join("later.jsonl"), format!("{row}\n")).unwrap();
        String::from_utf8(test.run(&["-q", "import", "articles", "later.jsonl"]).stderr).unwrap()
    };
    let first = import(
        "harbor",
        "Harbor Courier",
        "Orrin dam cracks were known to water board, engineer says",
        5,
        "An engineer of the water board told the Harbor Courier in an interview that cracks in the eastern wall of the dam \
        above the town of Orrin were known since spring, before two hundred families had to leave the valley.",
    );
    assert_eq!(first, "", "the first origin joins nothing");
    let said = import(
        "ridge",
        "Ridge Post",
        "Families of Orrin valley heard cracks in dam wall for weeks",
        7,
        "Families who had to leave the valley below the dam at Orrin told the Ridge Post in an interview that they had heard \
        the eastern wall for weeks, and that the water board sent nobody when they called about the cracks.",
    );
    let joined = test.stdout(&["stories", "--new-origins", "--format", "jsonl"]);
    assert_eq!(joined.lines().count(), 1, "{joined} {}", test.stdout(&["story", "1"]));
    assert!(said.starts_with("alert: orrin · origin · story 1 · Ridge Post: Families of Orrin valley"), "{said}");
    test.stdout(&["analyze", "--rebuild"]);
    assert!(test.run(&["-q", "analyze"]).stderr.is_empty());
}

#[test]
fn articles_of_watched_stories_are_scraped_again_sooner() {
    let world = World::new();
    world.ok(&["fetch", "--all"]);
    let database = rusqlite::Connection::open(world.test.path().join("news.db")).unwrap();
    let change = |sql: &str| database.execute_batch(sql).unwrap();
    let due_after = || -> i64 {
        let sql = "SELECT next_scrape_at - first_seen_at FROM article_state JOIN article ON id = article_id";
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    // First seen a good hour ago, scraped since: the usual next look is after six hours.
    change("UPDATE article SET first_seen_at = first_seen_at - 4000");
    change("UPDATE article_state SET n_scrapes = 1, next_scrape_at = (SELECT first_seen_at FROM article) + 21600");
    world.ok(&["watch", "add", "orrin"]);
    assert_eq!(due_after(), 7200, "brought forward when the watch is added");
    change("UPDATE article_state SET next_scrape_at = (SELECT first_seen_at FROM article) + 4000");
    world.ok(&["fetch"]);
    assert!(due_after() <= 7200 + 3600, "{}", due_after());
    world.ok(&["watch", "rm", "1"]);
    change("UPDATE article_state SET next_scrape_at = (SELECT first_seen_at FROM article) + 4000");
    world.ok(&["fetch"]);
    assert_eq!(due_after(), 21600);
}
