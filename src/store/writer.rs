//! The one writer: an OS thread that owns the only read-write connection.

use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::StoreError;

/// How many changes may wait: enough to keep the thread busy, few enough to push back on a fast network.
const QUEUE_LENGTH: usize = 64;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Handle to the writer thread; dropping it finishes the queue and closes the file.
#[derive(Debug)]
pub struct Writer {
    sender: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread that owns `connection`.
    #[must_use]
    pub fn start(mut connection: Connection) -> Self {
        let (sender, receiver) = mpsc::sync_channel::<Job>(QUEUE_LENGTH);
        let thread = std::thread::spawn(move || {
            for job in receiver {
                job(&mut connection);
            }
        });
        Self { sender: Some(sender), thread: Some(thread) }
    }

    /// Runs `change` in one immediate transaction and waits for its result.
    ///
    /// # Errors
    /// What `change` returned, or what SQLite said; in both cases nothing of it is stored.
    pub fn call<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let result = in_transaction(connection, change);
            // The caller may have gone away (cancelled); the change stands either way.
            drop(reply.send(result));
        });
        self.sender.as_ref().ok_or(StoreError::WriterStopped)?.send(job).map_err(|_| StoreError::WriterStopped)?;
        answer.recv().map_err(|_| StoreError::WriterStopped)?
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = change(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported by the panic hook; nothing is left to do here.
            drop(thread.join());
        }
    }
}
