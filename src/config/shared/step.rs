//! The steps that an edit means for the overrides.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key::Key;

/// One step of an edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::config) struct Step {
    /// The key that changes.
    pub(in crate::config) key: Key,
    /// What it is to become.
    pub(in crate::config) wish: Wish,
}

/// What a key is to become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum Wish {
    /// This value.
    Value(Value),
    /// Absent, although the file has it.
    Nothing,
    /// What the file says.
    File,
}
