//! The demo's loopback server.

pub mod demo;
