//! The turnstile before each host: how many at once, how far apart, and not at all while it asks to be left alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::model::Timestamp;

/// Hosts remembered at once; idle ones are dropped above it, so that a long run over many hosts stays small.
const MAX_HOSTS: usize = 4096;

/// All hosts of a fetcher.
#[derive(Debug)]
pub(super) struct HostGates {
    hosts: Mutex<HashMap<String, Arc<HostGate>>>,
    all: Arc<Semaphore>,
    per_host_concurrency: usize,
    spacing: Duration,
}

#[derive(Debug)]
struct HostGate {
    turns: Arc<Semaphore>,
    state: Mutex<HostState>,
}

#[derive(Debug, Default)]
struct HostState {
    /// The earliest start of the next request.
    next_start: Option<Instant>,
    /// Set by a 429 or 503: the end of the pause.
    paused_until: Option<Timestamp>,
}

/// The host wants to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paused {
    /// Until then.
    pub(super) until: Timestamp,
}

/// The right to make one request; dropped when its body has been read.
#[derive(Debug)]
pub(super) struct Turn {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl HostGates {
    pub(super) fn new(per_host_concurrency: usize, spacing: Duration, max_concurrency: usize) -> Self {
        Self {
            hosts: Mutex::default(),
            all: Arc::new(Semaphore::new(max_concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            per_host_concurrency: per_host_concurrency.clamp(1, Semaphore::MAX_PERMITS),
            spacing,
        }
    }

    /// Waits for the host's turn, or returns the pause the host asked for.
    pub(super) async fn enter(&self, host: &str, now: Timestamp) -> Result<Turn, Paused> {
        let gate = self.gate(host, now);
        gate.check(now)?;
        let host_turn = Arc::clone(&gate.turns).acquire_owned().await.ok();
        // The host may have asked for a pause while this request stood in line.
        gate.check(now)?;
        let start = {
            let mut state = lock(&gate.state);
            let start = state.next_start.unwrap_or_else(Instant::now).max(Instant::now());
            state.next_start = Some(start + self.spacing);
            start
        };
        tokio::time::sleep_until(start).await;
        gate.check(now)?;
        // Taken last: a request that waits for its host must not keep another host's request waiting.
        let all_turn = Arc::clone(&self.all).acquire_owned().await.ok();
        Ok(Turn { _host: host_turn, _all: all_turn })
    }

    /// Remembers that the host asked to be left alone.
    pub(super) fn pause(&self, host: &str, until: Timestamp, now: Timestamp) {
        let gate = self.gate(host, now);
        let mut state = lock(&gate.state);
        state.paused_until = state.paused_until.max(Some(until));
    }

    fn gate(&self, host: &str, now: Timestamp) -> Arc<HostGate> {
        let mut hosts = lock(&self.hosts);
        if let Some(gate) = hosts.get(host) {
            return Arc::clone(gate);
        }
        if hosts.len() >= MAX_HOSTS {
            let moment = Instant::now();
            hosts.retain(|_, gate| Arc::strong_count(gate) > 1 || gate.is_waited_for(now, moment));
        }
        let gate =
            Arc::new(HostGate { turns: Arc::new(Semaphore::new(self.per_host_concurrency)), state: Mutex::default() });
        // Still full of paused or busy hosts: this one is served without being remembered.
        if hosts.len() < MAX_HOSTS {
            hosts.insert(host.to_owned(), Arc::clone(&gate));
        }
        gate
    }
}

impl HostGate {
    fn check(&self, now: Timestamp) -> Result<(), Paused> {
        match lock(&self.state).paused_until.filter(|until| *until > now) {
            Some(until) => Err(Paused { until }),
            None => Ok(()),
        }
    }

    fn is_waited_for(&self, now: Timestamp, moment: Instant) -> bool {
        self.check(now).is_err() || lock(&self.state).next_start.is_some_and(|start| start > moment)
    }
}

/// Locks a mutex whose holders cannot leave it half-written, so a poisoned one is as good as any.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
