//! The program run as its user runs it, in a folder of its own.

use std::path::Path;
use std::process::{Command, Output};

/// A folder of its own, and the program run in it.
pub(crate) struct Test {
    folder: tempfile::TempDir,
}

/// Three articles: two share their text, the third credits the first outlet.
pub(crate) const ARCHIVE: &str = concat!(
    r#"{"id":"a","url":"https://one.example/a","outlet":"One","title":"=Dam at Orrin <cracks>","body":"Engineers closed the dam above the town of Orrin on Monday after cracks ran through its eastern wall, the water board said. About two hundred families were told to leave the valley before night.","published":"2025-11-25T23:30:00Z"}"#,
    "\n",
    r#"{"id":"b","url":"https://two.example/b","outlet":"Two","title":"Dam at Orrin cracks","body":"Engineers closed the dam above the town of Orrin on Monday after cracks ran through its eastern wall, the water board said. About two hundred families were told to leave the valley before night.","published":"2025-11-26T01:00:00Z"}"#,
    "\n",
    r#"{"id":"c","url":"https://three.example/c","outlet":"Three","title":"Orrin dam cracked, families leave","body":"Cracks in the eastern wall of the dam above Orrin made the water board send two hundred families away. Reuters first reported the closure of the dam.","published":"2025-11-26T02:00:00Z"}"#,
    "\n",
);

impl Test {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn with_archive() -> Self {
        let test = Self::empty().file("archive.jsonl", ARCHIVE);
        let output = test.run(&["import", "articles", "archive.jsonl"]);
        assert!(output.status.success(), "{output:?}");
        test
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("the folder is writable");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("COPYTASTER_DB", "news.db");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// What the command prints; it must succeed.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// The command ends with `code` and says each of `messages` on stderr.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, messages: &[&str]) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        for message in messages {
            assert!(said.contains(message), "{arguments:?}: {message:?} is not in {said}");
        }
    }
}
