//! OPML and JSON Lines in: bytes to plain data, no I/O.

pub mod articles;
pub mod opml;
