//! What is remembered of hosts between runs: their robots.txt and when they asked to be left alone.

use rusqlite::{Connection, Transaction, params};

use super::StoreError;
use crate::model::Timestamp;

/// A remembered robots.txt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredRobots {
    /// Scheme, host and port.
    pub host: String,
    /// The file, when there was one.
    pub body: Option<String>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Until when it is believed.
    pub until: Timestamp,
}

/// The robots.txt files that are still believed.
///
/// # Errors
/// When SQLite refuses.
pub fn robots(connection: &Connection, now: Timestamp) -> Result<Vec<StoredRobots>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT host, robots, robots_status, robots_until FROM host_state WHERE robots_until > ?1")?;
    let rows = statement.query_map([now.0], |row| {
        Ok(StoredRobots { host: row.get(0)?, body: row.get(1)?, status: row.get(2)?, until: Timestamp(row.get(3)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remembers robots.txt files.
///
/// # Errors
/// When SQLite refuses.
pub fn save_robots(transaction: &Transaction<'_>, rows: &[StoredRobots]) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO host_state (host, robots, robots_status, robots_until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (host) DO UPDATE SET robots = excluded.robots, robots_status = excluded.robots_status,
           robots_until = excluded.robots_until",
    )?;
    for row in rows {
        statement.execute(params![row.host, row.body, row.status, row.until.0])?;
    }
    Ok(())
}

/// Remembers that a host asked to be left alone, also by the next run.
///
/// # Errors
/// When SQLite refuses.
pub fn rest(transaction: &Transaction<'_>, host: &str, until: Timestamp) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO host_state (host, not_before) VALUES (?1, ?2)
             ON CONFLICT (host) DO UPDATE SET not_before = max(not_before, excluded.not_before)",
        )?
        .execute(params![host, until.0])?;
    Ok(())
}

/// The hosts that want to be left alone, and until when.
///
/// # Errors
/// When SQLite refuses.
pub fn resting(connection: &Connection, now: Timestamp) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT host, not_before FROM host_state WHERE not_before > ?1")?;
    let rows = statement.query_map([now.0], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
