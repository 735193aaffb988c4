//! Work on many inputs with every core, results in the order of the inputs.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Inputs worked on between two deliveries, for each thread: results wait in memory until their turn.
const WINDOW: usize = 32;

/// Gives `deliver` the result of `work` on each input, in input order; at most a window of results is held.
///
/// # Errors
/// The first error of `deliver` ends the work.
pub(super) fn in_order<I: Sync, O: Send, E>(
    inputs: &[I],
    work: impl Fn(&I) -> O + Sync,
    mut deliver: impl FnMut(&I, O) -> Result<(), E>,
) -> Result<(), E> {
    let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    for window in inputs.chunks(n_threads * WINDOW) {
        let next = AtomicUsize::new(0);
        let jobs: Vec<(&I, Mutex<Option<O>>)> = window.iter().map(|input| (input, Mutex::new(None))).collect();
        std::thread::scope(|scope| {
            for _ in 0..n_threads.min(window.len()) {
                scope.spawn(|| {
                    while let Some((input, slot)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let result = work(input);
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    }
                });
            }
        });
        for (input, slot) in jobs {
            if let Some(result) = slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
                deliver(input, result)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_ends_the_work() {
        let inputs: Vec<usize> = (0..1_000).collect();
        let mut seen = Vec::new();
        let all: Result<(), ()> = in_order(
            &inputs,
            |n| n * 2,
            |_, doubled| {
                seen.push(doubled);
                Ok(())
            },
        );
        assert_eq!((all, seen), (Ok(()), inputs.iter().map(|n| n * 2).collect()));
        let refused = in_order(&inputs, |n| *n, |_, n| if n < 3 { Ok(()) } else { Err(n) });
        assert_eq!(refused, Err(3));
    }
}
