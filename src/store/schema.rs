//! Numbered migrations, the file's identity, and the journal mode.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// "cpta" in ASCII: marks a database file as ours (SQLite's `application_id`).
pub const APPLICATION_ID: i64 = 0x6370_7461;

/// Migrations in order; number N brings `user_version` to N. Never edited once released.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_initial.sql")];

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
    Ok(())
}

fn not_ours(error: rusqlite::Error, path: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign { path: path.to_owned() },
        _ => StoreError::Sqlite(error),
    }
}

/// Brings a file to the newest schema; returns notices for people.
///
/// # Errors
/// When the file is another program's, is newer, or a migration fails (which leaves it as it was).
pub fn prepare(connection: &mut Connection, path: &Path) -> Result<Vec<String>, StoreError> {
    let (application_id, version) = identity(connection).map_err(|error| not_ours(error, path))?;
    let n_tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let mut notices = Vec::new();
    if n_tables == 0 && version == 0 {
        // WAL needs shared memory, which network mounts lack; SQLite then stays with the rollback journal.
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            notices.push(format!(
                "{} is on a file system without shared memory: readers will wait while a fetch writes",
                path.display()
            ));
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
    Ok(notices)
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
    }
}
