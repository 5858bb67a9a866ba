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
    /// The experiments, sorted by name.
    pub experiments: Vec<Contest>,
}

/// What a request may name of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contest {
    /// Its name.
    pub name: String,
    /// Its layer, of which a request may name one experiment.
    pub layer: String,
    /// Names of its arms, sorted.
    pub arms: Vec<String>,
}

impl Contest {
    /// Returns whether it has an arm of that name.
    #[must_use]
    pub fn has(&self, arm: &str) -> bool {
        self.arms
            .binary_search_by(|known| known.as_str().cmp(arm))
            .is_ok()
    }
}

impl Vocabulary {
    /// Returns whether the configuration has a scene of that name.
    #[must_use]
    pub fn has_scene(&self, name: &str) -> bool {
        self.scenes
            .binary_search_by(|scene| scene.as_str().cmp(name))
            .is_ok()
    }

    /// Returns the experiment of that name.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<&Contest> {
        let place = self
            .experiments
            .binary_search_by(|each| each.name.as_str().cmp(name));
        self.experiments.get(place.ok()?)
    }

    /// Returns the index of the declared prediction of that name.
    #[must_use]
    pub fn prediction(&self, name: &str) -> Option<usize> {
        self.predictions
            .binary_search_by(|prediction| prediction.as_str().cmp(name))
            .ok()
    }
}
