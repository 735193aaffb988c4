//! One network stage: fetches, decisions and writes overlap, and none waits inside another.
//!
//! ```text
//! lanes (one a host) ─▶ queue ─▶ decide (a thread a core) ─▶ queue ─▶ write (batches) ─▶ each
//! ```
//!
//! The queues are bounded and so are the bytes on their way, so that a fast network waits for the disk in memory that
//! stays small; a transaction is open only while a batch is written. What was fetched when the stage is told to stop is
//! still decided and written.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::store::{Store, StoreError, Transaction};

use super::PipelineError;

/// Answers that wait for a decision, and decisions that wait for the writer.
const QUEUE_LENGTH: usize = 16;

/// Plans written in one transaction at most: a commit costs as much as some twenty polls without news.
const BATCH_SIZE: usize = 32;

/// Bytes of answers between the network and the database, in KiB: some eighty usual feeds. A larger answer passes alone.
const KIB_IN_FLIGHT: u32 = 8 * 1024;

/// What is fetched, decided and written in a stage.
pub(super) struct Stage<Decide, Write> {
    /// The database.
    pub(super) store: Arc<Store>,
    /// Makes a plan of an answer.
    pub(super) decide: Decide,
    /// Writes a plan within a transaction.
    pub(super) write: Write,
}

/// Something on its way, with its share of the memory allowed.
struct InFlight<T> {
    value: T,
    _share: Option<OwnedSemaphorePermit>,
}

impl<Decide, Write> Stage<Decide, Write> {
    /// Runs the lanes side by side, the records of one lane one after the other, until all is done or `stop` completes.
    ///
    /// `fetch` gives an answer and its size in bytes; `each` is told of everything that was written. Returns whether it
    /// was stopped.
    pub(super) async fn run<Record, Answer, Plan, Written>(
        self,
        lanes: Vec<Vec<Record>>,
        fetch: impl AsyncFn(Record) -> (Answer, usize),
        stop: Pin<&mut impl Future<Output = ()>>,
        mut each: impl FnMut(Written),
    ) -> Result<bool, PipelineError>
    where
        Decide: Fn(Answer) -> Plan + Send + Sync + 'static,
        Write: Fn(&Transaction<'_>, &Plan) -> Result<Written, StoreError> + Send + Sync + 'static,
        Answer: Send + 'static,
        Plan: Send + 'static,
        Written: Send + 'static,
    {
        let (answers, to_decide) = mpsc::channel(QUEUE_LENGTH);
        let (plans, to_write) = mpsc::channel(QUEUE_LENGTH);
        let (results, mut written) = mpsc::channel(QUEUE_LENGTH);
        let room = Arc::new(Semaphore::new(KIB_IN_FLIGHT as usize));
        let to_decide = Arc::new(Mutex::new(to_decide));
        let decide = Arc::new(self.decide);
        let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut threads = Vec::with_capacity(n_threads + 1);
        for _ in 0..n_threads {
            let (to_decide, plans, decide) = (Arc::clone(&to_decide), plans.clone(), Arc::clone(&decide));
            threads.push(tokio::task::spawn_blocking(move || {
                decide_all(&to_decide, &plans, &*decide);
                Ok(())
            }));
        }
        drop((to_decide, plans));
        let (store, write) = (self.store, Arc::new(self.write));
        threads.push(tokio::task::spawn_blocking(move || write_all(&store, to_write, &write, &results)));

        let (tell_lanes, is_told) = watch::channel(false);
        let mut lanes: FuturesUnordered<_> = lanes
            .into_iter()
            .map(|lane| {
                let (answers, room, fetch, mut is_told) = (answers.clone(), Arc::clone(&room), &fetch, is_told.clone());
                async move {
                    for record in lane {
                        // A stop ends the wait for a server, never the way of an answer that is there.
                        let (value, n_bytes) = tokio::select! {
                            biased;
                            fetched = fetch(record) => fetched,
                            _ = is_told.wait_for(|is_told| *is_told) => return,
                        };
                        let kib = u32::try_from(n_bytes / 1024).unwrap_or(u32::MAX).min(KIB_IN_FLIGHT);
                        let share = room.clone().acquire_many_owned(kib).await.ok();
                        // The queue closes only when a thread died, which the end of the stage reports.
                        if answers.send(InFlight { value, _share: share }).await.is_err() {
                            return;
                        }
                    }
                }
            })
            .collect();
        drop((answers, is_told));
        let mut stop = stop;
        let mut is_stopped = false;
        loop {
            tokio::select! {
                result = written.recv() => match result {
                    Some(result) => each(result),
                    None => break,
                },
                Some(()) = lanes.next() => {}
                () = &mut stop, if !is_stopped && !lanes.is_empty() => {
                    is_stopped = true;
                    tell_lanes.send_replace(true);
                }
            }
        }
        for thread in threads {
            thread.await.map_err(|_| PipelineError::Worker)??;
        }
        Ok(is_stopped)
    }
}

fn decide_all<Answer, Plan>(
    to_decide: &Mutex<mpsc::Receiver<InFlight<Answer>>>,
    plans: &mpsc::Sender<InFlight<Plan>>,
    decide: &impl Fn(Answer) -> Plan,
) {
    loop {
        let next = to_decide.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(InFlight { value, _share }) = next else { return };
        if plans.blocking_send(InFlight { value: decide(value), _share }).is_err() {
            return;
        }
    }
}

fn write_all<Plan: Send + 'static, Written: Send + 'static>(
    store: &Store,
    mut plans: mpsc::Receiver<InFlight<Plan>>,
    write: &Arc<impl Fn(&Transaction<'_>, &Plan) -> Result<Written, StoreError> + Send + Sync + 'static>,
    results: &mpsc::Sender<Written>,
) -> Result<(), PipelineError> {
    while let Some(first) = plans.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_SIZE {
            let Ok(next) = plans.try_recv() else { break };
            batch.push(next);
        }
        let write = Arc::clone(write);
        let written: Vec<Written> =
            store.write(move |transaction| batch.iter().map(|plan| write(transaction, &plan.value)).collect())?;
        for result in written {
            if results.blocking_send(result).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Runs a decision on untrusted bytes; none when it panicked, which is a fault of ours that must not stop the others.
pub(super) fn survive<T>(decision: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decision)).ok()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Condvar;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_was_fetched_before_a_stop_is_written() {
        // More answers than the queue holds, none of which is decided before the stop.
        const N: usize = 4 * QUEUE_LENGTH;
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("news.db")).unwrap());
        let stopped = Arc::new((Mutex::new(false), Condvar::new()));
        let is_stopped = Arc::clone(&stopped);
        let stage = Stage {
            store,
            decide: move |answer: usize| {
                let (flag, changed) = &*is_stopped;
                drop(changed.wait_while(flag.lock().unwrap(), |is_stopped| !*is_stopped).unwrap());
                answer
            },
            write: |_: &Transaction<'_>, plan: &usize| Ok(*plan),
        };
        let n_fetched = AtomicUsize::new(0);
        let fetch = async |record: usize| {
            // The last one never answers.
            if record == N {
                std::future::pending::<()>().await;
            }
            n_fetched.fetch_add(1, Ordering::Relaxed);
            (record, 0)
        };
        let stop = async {
            while n_fetched.load(Ordering::Relaxed) < N {
                tokio::task::yield_now().await;
            }
            *stopped.0.lock().unwrap() = true;
            stopped.1.notify_all();
        };
        let mut written = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let lanes = (0..=N).map(|record| vec![record]).collect();
        let run = async { stage.run(lanes, fetch, pin!(stop), |record| written.push(record)).await };
        assert!(runtime.block_on(run).unwrap(), "it was stopped");
        written.sort_unstable();
        assert_eq!(written, (0..N).collect::<Vec<_>>());
    }
}
