//! Bytes to a parsed feed; the only user of feed-rs.
