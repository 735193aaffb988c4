//! Numbered migrations, the file's identity, and the journal mode.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// "cpta" in ASCII: marks a database file as ours (SQLite's `application_id`).
pub const APPLICATION_ID: i64 = 0x6370_7461;

/// Migrations in order; number N brings `user_version` to N. Never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0004_fetching.sql"),
    include_str!("migrations/0002_story_index.sql"),
    include_str!("migrations/0010_origin_event.sql"),
    include_str!("migrations/0011_watch.sql"),
    include_str!("migrations/0012_story_index_terms.sql"),
    include_str!("migrations/0013_recent_rows.sql"),
    include_str!("migrations/0014_shingle_filter.sql"),
    include_str!("migrations/0015_index_blocks.sql"),
    include_str!("migrations/0016_eras.sql"),
    include_str!("migrations/0017_thread_sizes.sql"),
];

/// The newest schema this program knows.
#[must_use]
pub fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

fn identity(connection: &Connection) -> Result<(i64, i64), rusqlite::Error> {
    let application_id = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((application_id, version))
}

/// Checks that the file is ours and not newer than the program.
///
/// # Errors
/// When it is another program's file, not a database at all, or newer.
pub fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let (application_id, version) = identity(connection).map_err(|error| not_ours(error, path))?;
    if application_id != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > newest() {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: newest() });
    }
    if version < newest() && connection.is_readonly("main")? {
        return Err(StoreError::Older { path: path.to_owned(), found: version, known: newest() });
    }
    Ok(())
}

fn not_ours(error: rusqlite::Error, path: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign { path: path.to_owned() },
        _ => StoreError::from(error),
    }
}

/// What a person should know of a file that has to do without WAL.
pub(super) fn without_wal(path: &Path) -> String {
    format!(
        "{} lies where SQLite can't share memory (a network mount?): readers will wait while a fetch writes",
        path.display()
    )
}

/// Takes a file out of WAL mode where its shared memory can't be made: alone on the file, SQLite does without it.
///
/// It needs a connection of its own: one that failed to enter WAL stays between the modes.
pub(super) fn leave_wal(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    let (application_id, _) = identity(connection)?;
    let n_tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if n_tables > 0 && application_id != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    Ok(())
}

/// How a new file keeps what is not yet in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// A write-ahead log: readers never wait.
    Wal,
    /// A rollback journal, where SQLite can't share memory.
    Rollback,
}

/// Brings a file to the newest schema.
///
/// # Errors
/// When the file is another program's, is newer, or a migration fails (which leaves it as it was).
pub fn prepare(connection: &mut Connection, path: &Path, journal: Journal) -> Result<(), StoreError> {
    let (application_id, version) = identity(connection).map_err(|error| not_ours(error, path))?;
    let n_tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if n_tables == 0 && version == 0 {
        if journal == Journal::Wal {
            // SQLite says yes and fails at the first use, where it can't share memory; so use it.
            connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;")?;
        }
    } else if application_id != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    } else {
        check(connection, path)?;
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    for (index, migration) in MIGRATIONS.iter().enumerate() {
        let number = i64::try_from(index + 1).expect("a handful of migrations");
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let current: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if current >= number {
            continue;
        }
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_new_file_is_created_and_reopened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/news.db");
        drop(Store::open(&path).unwrap());
        drop(Store::open(&path).unwrap());
        let reader = Store::open_read_only(&path).unwrap();
        let mode: String = reader.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn without_shared_memory_the_file_is_kept_with_a_rollback_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("news.db");
        // SQLite does not follow a link in that place, so that its shared memory can't be made, not even by root.
        let block = || std::os::unix::fs::symlink("/nowhere", folder.path().join("news.db-shm")).unwrap();
        let unblock = || std::fs::remove_file(folder.path().join("news.db-shm")).unwrap();
        block();
        let store = Store::open(&path).unwrap();
        assert!(store.notices[0].contains("can't share memory"), "{:?}", store.notices);
        store
            .write(|transaction| Ok(transaction.execute("INSERT INTO corpus_statistics VALUES ('x', 7)", [])?))
            .unwrap();
        drop(store);
        let value = |reader: &Connection| -> i64 {
            reader.query_row("SELECT value FROM corpus_statistics WHERE name = 'x'", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(value(&Store::open_read_only(&path).unwrap()), 7);
        unblock();
        // A file that is in WAL mode already is read as it is, and written after leaving that mode.
        Connection::open(&path).unwrap().query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        block();
        assert_eq!(value(&Store::open_read_only(&path).unwrap()), 7);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.notices.len(), 1);
        store.write(|transaction| Ok(transaction.execute("UPDATE corpus_statistics SET value = 8", [])?)).unwrap();
        drop(store);
        assert_eq!(value(&Store::open_read_only(&path).unwrap()), 8);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("news.db"), folder.path().join("copy.db"));
        let store = Store::open(&path).unwrap();
        store
            .write(|transaction| Ok(transaction.execute("INSERT INTO corpus_statistics VALUES ('x', 7)", [])?))
            .unwrap();
        std::fs::copy(&path, &copy).unwrap();
        std::fs::copy(folder.path().join("news.db-wal"), folder.path().join("copy.db-wal")).unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.path().join("copy.db-shm")).unwrap();
        assert!(matches!(Store::open_read_only(&copy), Err(StoreError::UnreadableLog { .. })));
    }

    #[test]
    fn a_locked_database_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("news.db");
        drop(Store::open(&path).unwrap());
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let impatient = Connection::open(&path).unwrap();
        impatient.busy_timeout(std::time::Duration::ZERO).unwrap();
        let refused = impatient.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from);
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    }

    #[test]
    fn foreign_and_newer_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Foreign { .. })));
        let text = folder.path().join("text.db");
        std::fs::write(&text, "this is a text file, and long enough to be looked at as a header of a file").unwrap();
        assert!(matches!(Store::open(&text), Err(StoreError::Foreign { .. })));
        let newer = folder.path().join("newer.db");
        drop(Store::open(&newer).unwrap());
        Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(&newer), Err(StoreError::Newer { found: 99, .. })));
        assert!(matches!(Store::open_read_only(&newer), Err(StoreError::Newer { .. })));
        assert!(matches!(Store::open_read_only(&folder.path().join("none.db")), Err(StoreError::Missing { .. })));
        let older = folder.path().join("older.db");
        drop(Store::open(&older).unwrap());
        Connection::open(&older).unwrap().pragma_update(None, "user_version", 0).unwrap();
        assert!(matches!(Store::open_read_only(&older), Err(StoreError::Older { found: 0, .. })));
        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        assert!(matches!(Store::open_read_only(&empty), Err(StoreError::Missing { .. })));
    }
}
