//! HTTP: caps, politeness, conditional GET, robots; the only user of reqwest.
//!
//! ```text
//! request ─▶ address + scheme check ─▶ host gate (1 at a time, spaced) ─▶ GET ─▶ redirect? back to the check
//!                                                                          └─▶ stream under the cap ─▶ FetchOutcome
//! ```
//!
//! Invariants: no cookies, no referer, no proxy, one steady `User-Agent`; an address is checked when the URL names it,
//! when DNS answers and at every redirect; a cap counts decompressed bytes while they stream; a host that asked to be
//! left alone is not asked again. What a server does wrong is data ([`FetchOutcome`]), never an `Err`.

mod address;
mod body;
mod client;
mod explain;
mod gate;
mod headers;
mod options;
mod post;
mod resolver;
pub mod robots;

pub use crate::model::{FetchFailure, FetchOutcome, FetchedBody};
pub use address::{AddressRange, AddressRangeError};
pub use client::{FetchError, FetchRequest, Fetcher, Purpose};
pub use options::FetchOptions;
pub use robots::{Robots, RobotsRow, RobotsVerdict};
