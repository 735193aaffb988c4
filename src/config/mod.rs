//! TOML to settings, the outlet register and the attribution cues.

pub mod settings;
pub mod tables;
