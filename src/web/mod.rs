//! The demo's loopback server.
