//! `run` and quiet `fetch`: signals, the service manager, and what is said when.

use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::server::{Reply, Server, reply};

const FEED: &[u8] = b"<rss version=\"2.0\"><channel><title>t</title><item><title>The bridge is open</title>\
    <link>/1</link></item></channel></rss>";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    command
        .args(["--db", "news.db"])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("COPYTASTER_ALLOW_PRIVATE", "127.20.0.0/16")
        .env("COPYTASTER_HOST_SPACING_MS", "0")
        .env_remove("COPYTASTER_DB")
        .env_remove("COPYTASTER_CONFIG")
        .env_remove("XDG_CONFIG_HOME");
    command
}

fn copytaster(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Adds `/feed` of the server.
fn add(folder: &Path, server: &Server) {
    let output = copytaster(folder, &["feed", "add", "--no-check", &server.url("/feed")]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn quiet_fetch_speaks_only_of_feeds_newly_broken_or_recovered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let status = Arc::new(AtomicU16::new(200));
    let now = Arc::clone(&status);
    let server = Server::start("127.20.0.1", move |_| reply(now.load(Ordering::Relaxed), &[], FEED));
    add(folder.path(), &server);
    let fetch = |expected: &str| {
        let output = copytaster(folder.path(), &["-q", "fetch", "--all", "--no-bodies"]);
        let said = stderr(&output);
        assert_eq!(said.lines().count(), usize::from(!expected.is_empty()), "{said}");
        assert!(said.starts_with(expected), "{said}");
        assert!(output.stdout.is_empty());
    };
    fetch("");
    status.store(500, Ordering::Relaxed);
    fetch("newly failing: http://127.20.0.1");
    fetch("");
    let listed = copytaster(folder.path(), &["feed", "list", "--failing", "--json"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("fault of its own (500)"), "{listed:?}");
    assert_eq!(copytaster(folder.path(), &["doctor"]).status.code(), Some(6));
    status.store(200, Ordering::Relaxed);
    fetch("recovered: http://127.20.0.1");
    fetch("");
    assert_eq!(copytaster(folder.path(), &["doctor"]).status.code(), Some(0));
}

#[test]
fn quiet_fetch_stays_short_when_nothing_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Nobody listens there.
    let urls: Vec<String> = (1..=25).map(|n| format!("http://127.20.9.{n}:8009/feed")).collect();
    let mut arguments = vec!["feed", "add", "--no-check"];
    arguments.extend(urls.iter().map(String::as_str));
    assert!(copytaster(folder.path(), &arguments).status.success());
    let said = stderr(&copytaster(folder.path(), &["-q", "fetch", "--no-bodies"]));
    assert!(said.starts_with("none of 25 feeds answered: is this machine online?\nnewly failing: http"), "{said}");
    assert!(said.ends_with("and 5 more newly failing: copytaster feed list --failing\n"), "{said}");
    assert_eq!(said.lines().count(), 22, "{said}");
}

#[test]
fn max_time_bounds_the_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start("127.20.0.1", |_| Reply::Silence);
    let good = Server::start("127.20.0.2", |_| reply(200, &[], FEED));
    add(folder.path(), &server);
    add(folder.path(), &good);
    let started = Instant::now();
    let output = copytaster(folder.path(), &["fetch", "--max-time", "2s"]);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(stderr(&output).contains("1 of 2 due feeds polled"), "{}", stderr(&output));
    assert!(stderr(&output).contains("stopped early"), "{}", stderr(&output));
}

/// A daemon under a service manager; killed when the test fails.
struct Daemon {
    child: Child,
    manager: UnixDatagram,
}

impl Daemon {
    fn start(folder: &Path) -> Self {
        let path = folder.join("notify");
        let manager = UnixDatagram::bind(&path).expect("the folder is writable");
        Self::under(folder, manager, path.as_os_str(), &[])
    }

    /// Starts under a service manager that listens at `name` and sets these variables, too.
    fn under(folder: &Path, manager: UnixDatagram, name: &OsStr, variables: &[(&str, &str)]) -> Self {
        manager.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let child = command(folder, &["run", "--no-bodies"])
            .env("NOTIFY_SOCKET", name)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self { child, manager }
    }

    /// The next message to the service manager.
    fn message(&self) -> String {
        let mut buffer = [0; 1024];
        let n = self.manager.recv(&mut buffer).expect("a message");
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    }

    /// The next message, which tells of a reload with the moment it began, between then and now by the monotonic clock.
    fn reloading(&self, since: i64) {
        let message = self.message();
        let begun = message.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{message}"));
        let begun: i64 = begun.parse().expect("microseconds");
        assert!((since..=microseconds()).contains(&begun), "{since} {begun}");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
    }

    /// Waits for the end; returns the exit code and what was said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut said).expect("text");
        (self.child.wait().expect("it ends").code(), said)
    }
}

/// The monotonic clock.
fn microseconds() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
    }
}

#[test]
fn the_daemon_answers_to_signals_and_tells_the_service_manager() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start("127.20.0.1", |_| reply(200, &[], FEED));
    add(folder.path(), &server);
    let config = folder.path().join(".config/copytaster/config.toml");
    std::fs::create_dir_all(config.parent().expect("a folder")).expect("the folder is writable");
    std::fs::write(&config, "[fetch]\nuser_agent_contact = \"one\"\n").expect("the folder is writable");
    let daemon = Daemon::start(folder.path());
    assert_eq!(daemon.message(), "READY=1");
    assert!(daemon.message().starts_with("STATUS=1 of 1 due feed polled"));
    std::fs::write(&config, "[fetch]\nuser_agent_kontakt = 1\n").expect("the folder is writable");
    let since = microseconds();
    daemon.signal("-HUP");
    daemon.reloading(since);
    assert_eq!(daemon.message(), "READY=1", "a mistake in the configuration is no end");
    assert!(daemon.message().starts_with("STATUS=0 of 0"));
    std::fs::write(&config, "[fetch]\nuser_agent_contact = \"two\"\n").expect("the folder is writable");
    let since = microseconds();
    daemon.signal("-HUP");
    daemon.reloading(since);
    assert_eq!(daemon.message(), "READY=1");
    assert!(daemon.message().starts_with("STATUS=0 of 0"));
    daemon.signal("-TERM");
    assert_eq!(daemon.message(), "STOPPING=1");
    let (code, said) = daemon.end();
    assert_eq!(code, Some(0), "{said}");
    let expected = [
        "1 of 1 due feed polled",
        "copytaster: the configuration stays as it was",
        "0 of 0",
        "configuration read again",
        "0 of 0",
    ];
    assert_eq!(said.lines().count(), expected.len(), "one line a round: {said}");
    for (line, start) in said.lines().zip(expected) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_daemon_keeps_the_watchdog_quiet_through_an_abstract_socket() {
    use std::os::linux::net::SocketAddrExt as _;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start("127.20.0.1", |_| Reply::Silence);
    add(folder.path(), &server);
    let name = format!("copytaster-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
    let manager = UnixDatagram::bind_addr(&address).expect("the name is free");
    let variables = [("WATCHDOG_USEC", "100000")];
    let daemon = Daemon::under(folder.path(), manager, OsStr::new(&format!("@{name}")), &variables);
    let messages: Vec<String> = (0..5).map(|_| daemon.message()).collect();
    // Also while a server keeps it waiting.
    assert_eq!(messages.iter().filter(|message| *message == "READY=1").count(), 1, "{messages:?}");
    assert_eq!(messages.iter().filter(|message| *message == "WATCHDOG=1").count(), 4, "{messages:?}");
    server.wait_for("/feed");
    daemon.signal("-TERM");
    let told = std::iter::repeat_with(|| daemon.message()).find(|message| message != "WATCHDOG=1");
    assert_eq!(told.as_deref(), Some("STOPPING=1"), "at once, before the round is over");
    assert_eq!(daemon.end().0, Some(0));
}

#[test]
fn sighup_in_the_middle_of_a_round_is_answered_after_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (open, is_open) = mpsc::channel::<()>();
    let is_open = Mutex::new(is_open);
    let server = Server::start("127.20.0.1", move |_| {
        // Answers when the test says so.
        is_open.lock().expect("nothing panicked").recv().expect("the test opens it");
        reply(200, &[], FEED)
    });
    add(folder.path(), &server);
    let daemon = Daemon::start(folder.path());
    assert_eq!(daemon.message(), "READY=1");
    server.wait_for("/feed");
    daemon.signal("-HUP");
    open.send(()).expect("the server waits");
    assert!(daemon.message().starts_with("STATUS=1 of 1 due feed polled"));
    daemon.reloading(0);
    assert_eq!(daemon.message(), "READY=1");
}

#[test]
fn row_27_the_contact_of_the_configuration_is_told_to_every_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start("127.20.0.1", |_| reply(200, &[], FEED));
    add(folder.path(), &server);
    let contact = "[fetch]\nuser_agent_contact = \"https://desk.example/robot\"\n";
    std::fs::write(folder.path().join("config.toml"), contact).expect("the folder is writable");
    let fetch =
        |flags: &[&str]| assert!(copytaster(folder.path(), &[flags, &["fetch", "--all"]].concat()).status.success());
    fetch(&[]);
    fetch(&["--config", "config.toml"]);
    let seen = server.seen();
    let told: Vec<_> = seen.iter().filter(|request| request.path == "/feed").map(|r| r.header("user-agent")).collect();
    let name = concat!("copytaster/", env!("CARGO_PKG_VERSION"));
    let with_contact = format!("{name} (+https://desk.example/robot)");
    assert_eq!(told, [Some(name.as_bytes()), Some(with_contact.as_bytes())]);
}

#[test]
fn a_signal_in_the_middle_of_a_round_ends_it_with_what_arrived() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // A host is asked for the next thing only when the answer before has arrived: its silence tells us that.
    let server = Server::start("127.20.0.1", |request| match request.path.as_str() {
        "/feed" => reply(200, &[], FEED),
        _ => Reply::Silence,
    });
    let silent = Server::start("127.20.0.2", |_| Reply::Silence);
    add(folder.path(), &server);
    add(folder.path(), &silent);
    let later = copytaster(folder.path(), &["feed", "add", "--no-check", &server.url("/later")]);
    assert!(later.status.success(), "{}", stderr(&later));
    let daemon = Daemon::start(folder.path());
    assert_eq!(daemon.message(), "READY=1");
    server.wait_for("/later");
    silent.wait_for("/feed");
    let started = Instant::now();
    daemon.signal("-INT");
    let (code, said) = daemon.end();
    assert_eq!(code, Some(0), "{said}");
    // A fetch is given up after thirty seconds: the silence was not waited out.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(said.contains("1 of 3 due feeds polled") && said.contains("stopped early"), "{said}");
    let listed = copytaster(folder.path(), &["feed", "list", "--json"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("\"title\": \"t\""), "{listed:?}");
}
