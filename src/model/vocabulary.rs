//! The names and limits that the live configuration gives to requests.

use super::limits::Limits;

/// Limits of a request and the names that it may use, from the live configuration.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// True for facts that were accepted before, and are read again: what was judged as they arrived is not judged again. A number that
    /// looks like epoch seconds is a time all the same.
    pub recorded: bool,
    /// The limits.
    pub limits: Limits,
    /// Names of the scenes, sorted.
    pub scenes: Vec<String>,
    /// Names of the declared predictions, sorted.
    pub predictions: Vec<String>,
}

impl Vocabulary {
    /// Returns whether the configuration has a scene of that name.
    #[must_use]
    pub fn has_scene(&self, name: &str) -> bool {
        self.scenes
            .binary_search_by(|scene| scene.as_str().cmp(name))
            .is_ok()
    }

    /// Returns the index of the declared prediction of that name.
    #[must_use]
    pub fn prediction(&self, name: &str) -> Option<usize> {
        self.predictions
            .binary_search_by(|prediction| prediction.as_str().cmp(name))
            .ok()
    }
}
