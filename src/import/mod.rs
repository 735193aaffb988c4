//! OPML and JSON Lines in.
