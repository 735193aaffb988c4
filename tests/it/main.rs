//! The one integration test binary: linking is what costs on two cores.

mod fetching;
mod floors;
mod rebuild;
mod server;
