//! The scene of a record, under the arms of experiments that held.

use crate::config::{Config, Scene};
use crate::decision::Record;

/// Returns the scene of a record under its arms, as a configuration has it.
pub(in crate::engine) fn scene_of<'c>(config: &'c Config, record: &Record) -> Option<&'c Scene> {
    let arms = record.arms.iter();
    let arms = arms.map(|(name, arm)| (name.as_str(), arm.as_str()));
    config.answering_under(&record.scene, arms)
}
