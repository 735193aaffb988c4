//! Digests of a text: what near-duplicate search and clustering compare instead of the text itself.

/// The digest of one version of an article.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fingerprint {}
