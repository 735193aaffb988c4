//! Near-duplicate groups, story clusters, threads, roles and first report: decisions only, no I/O.
//!
//! ```text
//! items ─▶ Batch: terms ─▶ [store: Statistics] ─▶ WeightedBatch: candidates ─▶ [store: Candidates]
//!       ─▶ rows ─▶ [store: Neighbourhood] ─▶ decide ─▶ ClusterPlan ─▶ [store: one transaction]
//! stories that took in articles ─▶ reopened ─▶ the same questions for all their articles ─▶ decide_again
//! ```
//!
//! The store answers three bounded questions and never loads the whole past. The result of a batch doesn't
//! depend on the order of its items. New ids are handed out from `NextIds` in a deterministic order, so that
//! a replay of the same batches over the same facts gives the same plan.

pub mod columns;
mod contract;
pub mod decisions;
pub mod drift;
pub mod explain;
pub mod fit;
pub mod marks;
pub mod origins;
pub mod roles;
pub mod shares;
pub mod translation;

mod agglomerate;
mod decide;
mod groups;
#[cfg(test)]
mod laws;
mod look_alike;
mod model;
mod near;
mod nearby;
mod query;
mod reopen;
mod sets;
mod sketch;
mod state;
mod threads;

pub use contract::*;
pub use decide::{decide, decide_again};
pub use model::{ClusterOptions, FULL_STORE, N_SIGNALS, SIGNALS, Weights, WeightsError, sign_of};
pub use query::{Batch, WeightedBatch};
pub use reopen::{note_touched, reopened};
pub use state::{decode_terms, encode_terms};
