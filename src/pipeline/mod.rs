//! Stage order, concurrency, cancellation and the run summary.
