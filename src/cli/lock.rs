//! The lock against overlapping runs: an OS file lock beside the database, gone with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::exit::{Exit, ExitError};

/// How often a waiting run looks whether the lock is free.
const RETRY_EVERY: Duration = Duration::from_millis(200);

/// Takes the lock, or fails at once.
///
/// # Errors
/// When another run holds the lock, or the lock file can't be opened.
pub(super) fn take(database: &Path) -> anyhow::Result<File> {
    take_until(database, Instant::now())?.ok_or_else(|| held(database, "try again when it is done"))
}

/// Takes the lock, waiting at most `wait`. Returns none when it is held and `skip` says that this is fine.
///
/// # Errors
/// When another run holds the lock, or the lock file can't be opened.
pub(super) fn take_or_wait(database: &Path, wait: Option<Duration>, skip: bool) -> anyhow::Result<Option<File>> {
    match take_until(database, Instant::now() + wait.unwrap_or_default())? {
        None if !skip => Err(held(database, "wait for it with --wait 2m, or skip quietly with --skip-if-running")),
        taken => Ok(taken),
    }
}

fn held(database: &Path, remedy: &str) -> anyhow::Error {
    let message = format!("another copytaster run holds {}; {remedy}", lock_file(database).display());
    ExitError { message, code: Exit::Locked }.into()
}

fn lock_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Takes the lock; none when it is still held at that moment.
fn take_until(database: &Path, until: Instant) -> anyhow::Result<Option<File>> {
    let name = lock_file(database);
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .with_context(|| format!("cannot open the lock file {}; is the folder writable?", name.display()))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(RETRY_EVERY),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", name.display()));
            }
        }
    }
}
