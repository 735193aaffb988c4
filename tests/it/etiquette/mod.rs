//! Polite fetching: a test for each row of the list of behaviours, named after it and asserted in the log of a loopback
//! server; `extra` where the list itself says so.

mod addresses;
mod bodies;
mod guard;
mod http2;
mod manners;
mod timing;
mod validators;
pub(crate) mod world;
