//! The one integration test binary: linking is what costs on two cores.

mod feeds;
mod fetching;
mod floors;
mod rebuild;
mod server;
