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
pub mod feeds;
pub mod full_text;
pub mod hosts;
pub mod read;
pub mod schema;
pub mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use rusqlite::{Connection as ReadConnection, Transaction};
pub use writer::Writer;

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// SQLite refused.
    #[error("database error")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer thread is gone.
    #[error("the database writer has stopped")]
    WriterStopped,
}

impl StoreError {
    /// Whether the file (or its folder, or the disk) can't be written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        match self {
            Self::ReadOnly { .. } => true,
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly),
            _ => false,
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
        let mut connection =
            Connection::open(path).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        configure(&connection)?;
        if connection.is_readonly("main")? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        let notices = schema::prepare(&mut connection, path)?;
        Ok(Self { path: path.to_owned(), writer: Writer::start(connection), notices })
    }

    /// Opens a read-only connection to an existing file, without starting a writer.
    ///
    /// # Errors
    /// When there is no file, or it isn't a database this program knows.
    pub fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI,
        )
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
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

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
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
