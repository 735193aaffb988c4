//! The weights of the story model: the ones that come with the program, or a file's.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::cluster::{ClusterOptions, Weights, WeightsError};

const CLUSTERING: &str = include_str!("../../config/clustering.toml");

/// Why weights can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusteringError {
    /// The file can't be read.
    #[error("cannot be read")]
    Read {
        /// What the system said.
        source: std::io::Error,
    },
    /// The TOML is wrong.
    #[error("the weights are not in the form of config/clustering.toml")]
    Toml(#[from] toml::de::Error),
    /// A weight is wrong.
    #[error("[{table}]")]
    Weights {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        source: WeightsError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    text: Table,
    headline: Table,
    across: Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    bias: f64,
    threshold: f64,
    #[serde(default)]
    caution: f64,
    weights: BTreeMap<String, f64>,
}

impl Table {
    fn weights(self, table: &'static str) -> Result<Weights, ClusteringError> {
        Weights::new(self.bias, self.threshold, self.weights)
            .and_then(|weights| weights.with_caution(self.caution))
            .map_err(|source| ClusteringError::Weights { table, source })
    }
}

/// Options with the weights that come with the program.
///
/// # Errors
/// When the embedded table is wrong, which a test rules out.
pub fn embedded() -> Result<ClusterOptions, ClusteringError> {
    parse(CLUSTERING)
}

/// Options with the weights of a file in the form of `config/clustering.toml`.
///
/// # Errors
/// When the file can't be read, is no such TOML, or has an unknown signal or a weight of the wrong sign.
pub fn from_file(path: &Path) -> Result<ClusterOptions, ClusteringError> {
    let text = std::fs::read_to_string(path).map_err(|source| ClusteringError::Read { source })?;
    parse(&text)
}

/// Options with the weights of a TOML text.
///
/// # Errors
/// As [`from_file`].
pub fn parse(text: &str) -> Result<ClusterOptions, ClusteringError> {
    let file: File = toml::from_str(text)?;
    Ok(ClusterOptions::new(
        file.text.weights("text")?,
        file.headline.weights("headline")?,
        file.across.weights("across")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_weights_are_fine() {
        assert!(embedded().is_ok());
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = CLUSTERING.replacen("lead = ", "laed = ", 1);
        let unknown = WeightsError::UnknownSignal("laed".to_owned());
        assert!(matches!(parse(&wrong), Err(ClusteringError::Weights { table: "text", source }) if source == unknown));
        assert!(parse("[text]\n").is_err());
    }
}
