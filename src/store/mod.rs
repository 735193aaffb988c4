//! SQLite; the only user of rusqlite.
//!
//! Owns the file: opening, migrations, the one writer thread and the read-only readers. Facts are appended, derived
//! rows replaced; every change is one short `BEGIN IMMEDIATE` transaction and none is open during network work.
//!
//! ```text
//! pipeline ─▶ Store::write(closure) ─▶ writer thread ─▶ one transaction ─▶ reply
//! commands that read ─▶ Store::reader ─▶ read-only connection
//! ```

pub mod analysis;
pub mod articles;
pub mod bodies;
pub mod decisions;
pub mod feeds;
pub mod full_text;
pub mod hosts;
pub mod origins;
pub mod provenance;
pub mod read;
pub mod schema;
pub mod versions;
pub mod watches;
pub mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use rusqlite::{Connection as ReadConnection, Transaction};
use schema::Journal;
pub use writer::Writer;

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The writer's page cache in KiB: the inner pages of the indexes of some 100,000 articles, so that a first run does not
/// read them again and again.
const WRITER_CACHE_KIB: i64 = 8 * 1024;

/// Pages in the write-ahead log before they are copied into the file (16 MiB): an index page that is written a hundred
/// times in between is copied once.
const CHECKPOINT_PAGES: i64 = 4096;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file can't be opened or created.
    #[error("cannot open the database {path}; check that the folder exists and is writable")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file is some other program's.
    #[error("{path} is not a copytaster database; choose another file with --db")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer program.
    #[error(
        "{path} has schema {found}, this program knows up to {known}; use a newer copytaster or another file with --db"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema found.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// The file can't be written.
    #[error("the database {path} is read-only; make the file and its folder writable or choose another file with --db")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// There is no database yet.
    #[error("there is no database at {path} yet; `copytaster fetch` or `copytaster init` creates it")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A stored value is not what it should be.
    #[error("the database holds a damaged {what}; run `copytaster analyze --rebuild`")]
    Damaged {
        /// What it is.
        what: &'static str,
    },
    /// The file was written by an older program, and this connection may not bring it up to date.
    #[error("{path} has schema {found}, this program needs {known}; `copytaster analyze` brings it up to date")]
    Older {
        /// The file.
        path: PathBuf,
        /// The schema found.
        found: i64,
        /// The schema needed.
        known: i64,
    },
    /// The write-ahead log holds changes that can't be read where the file lies.
    #[error(
        "{path} has changes in its write-ahead log that can't be read in a read-only folder; copy it together with its -wal \
         file to a writable folder, or run any copytaster command that writes once"
    )]
    UnreadableLog {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds the file longer than we wait.
    #[error("another program is using the database; nothing was changed, try again when it is done")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; what was stored before stays, free some space and run again")]
    Full,
    /// The file can't be written any more.
    #[error("the database can't be written; make the file and its folder writable")]
    WriteRefused,
    /// The file is damaged.
    #[error("the database file is damaged; restore a copy, or export what `copytaster export` still reads")]
    Corrupt(#[source] rusqlite::Error),
    /// SQLite refused.
    #[error("database error")]
    Sqlite(#[source] rusqlite::Error),
    /// The writer thread is gone.
    #[error("the database writer has stopped")]
    WriterStopped,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::WriteRefused,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt(error),
            _ => Self::Sqlite(error),
        }
    }
}

/// The database file with its one writer.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    writer: Writer,
    /// What a person should know about how the file was opened, for example that WAL is not available.
    pub notices: Vec<String>,
}

impl Store {
    /// Opens the file for writing, creating it (and its folder) when it doesn't exist.
    ///
    /// # Errors
    /// When the file can't be opened, belongs to another program, is newer than this program or is read-only.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::Open {
                path: path.to_owned(),
                source: rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
            })?;
        }
        let read_only = || StoreError::ReadOnly { path: path.to_owned() };
        let mut notices = Vec::new();
        let connection = match open_for_writing(path, Journal::Wal) {
            Err(error) if is_folder_refused(&error) => {
                let alone = connect(path)?;
                match schema::leave_wal(&alone, path) {
                    Err(error) if is_folder_refused(&error) => return Err(read_only()),
                    left => left?,
                }
                drop(alone);
                notices.push(schema::without_wal(path));
                match open_for_writing(path, Journal::Rollback) {
                    Err(error) if is_folder_refused(&error) => return Err(read_only()),
                    reopened => reopened?,
                }
            }
            opened => opened?,
        };
        Ok(Self { path: path.to_owned(), writer: Writer::start(connection), notices })
    }

    /// Opens a read-only connection to an existing file, without starting a writer.
    ///
    /// Where the shared memory of WAL can't be made (a read-only folder or medium) the file is read as it is, unless
    /// its log holds changes that would be missed.
    ///
    /// # Errors
    /// When there is no file, or it isn't a database this program knows.
    pub fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
        // A file of no bytes is what a run leaves that was killed before its first transaction.
        if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) || !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let refused = |source| StoreError::Open { path: path.to_owned(), source };
        let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
        configure(&connection)?;
        match schema::check(&connection, path) {
            Err(error) if is_folder_refused(&error) => {}
            checked => return checked.map(|()| connection),
        }
        if std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
            return Err(StoreError::UnreadableLog { path: path.to_owned() });
        }
        let uri = immutable_uri(path);
        let connection = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).map_err(refused)?;
        configure(&connection)?;
        schema::check(&connection, path)?;
        Ok(connection)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `change` in one transaction on the writer thread and waits for it; an error rolls it back.
    ///
    /// # Errors
    /// What `change` returned, or what SQLite said at the commit.
    pub fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.call(change)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    configure(&connection)?;
    Ok(connection)
}

fn open_for_writing(path: &Path, journal: Journal) -> Result<Connection, StoreError> {
    let mut connection = connect(path)?;
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    schema::prepare(&mut connection, path, journal)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    Ok(connection)
}

/// Whether SQLite could not make or write the files it keeps beside the database.
fn is_folder_refused(error: &StoreError) -> bool {
    match error {
        StoreError::WriteRefused => true,
        StoreError::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::CannotOpen),
        _ => false,
    }
}

/// The name of a file that SQLite keeps beside the database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The file as a URI that tells SQLite nobody writes it, so that it needs no lock and no shared memory.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Statements are planned once: values bound later never change the plan, and never make SQLite prepare it anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// A JSON array of strings, or null for none: how lists are stored.
fn json_list(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| serde_json::Value::from(items.to_vec()).to_string())
}

/// Reads a stored JSON array of strings; anything else is an empty list.
fn from_json_list(text: Option<&str>) -> Vec<String> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
