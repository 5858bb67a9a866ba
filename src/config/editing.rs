//! `[config]`: changes of the configuration that people make over the API.

use serde_json::{Value, json};

use super::section::Section;
use super::value;

/// Settings of changes over the API. Only the file sets them.
#[derive(Clone, Debug)]
pub struct Editing {
    /// True if the API may change the configuration.
    pub edits: bool,
    /// Maximum number of generations that are kept.
    pub history: usize,
    /// Maximum bytes of the generations that are kept in memory, without a data directory.
    pub history_bytes: usize,
    /// Maximum number of planned changes.
    pub plans: usize,
    /// Maximum number of overrides.
    pub overrides: usize,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Editing {
    Editing {
        edits: s.value("edits", true, value::flag),
        history: s.integer("history", 10..=100_000),
        history_bytes: s.integer("history_bytes", 1_000_000..=16_000_000_000),
        plans: s.integer("plans", 1..=10_000),
        overrides: s.integer("overrides", 1..=1_000_000),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(editing: &Editing) -> Value {
    json!({
        "edits": editing.edits,
        "history": editing.history,
        "history_bytes": editing.history_bytes,
        "plans": editing.plans,
        "overrides": editing.overrides,
    })
}
