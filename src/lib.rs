//! copytaster sorts web news copy: who reported first, who credits whom, who merely copied.
//!
//! The modules are floors: each imports only strictly lower ones (`tests/it/floors.rs` checks it).
//! `docs/ARCHITECTURE.md` has the bird's eye view.

pub mod attribution;
pub mod canonical;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod export;
pub mod extract;
pub mod feed;
pub mod fetch;
pub mod fingerprint;
pub mod import;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod schedule;
pub mod store;
pub mod text;
pub mod view;
pub mod web;
