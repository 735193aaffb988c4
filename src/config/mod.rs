//! TOML to settings, the outlet register, the attribution cues and the weights of the story model.

pub mod clustering;
pub mod settings;
pub mod tables;
