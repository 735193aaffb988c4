//! Identity URLs of articles.
