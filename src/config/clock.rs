//! `[clock]`: the source of the time, and its step.

use serde_json::{Value, json};

use super::section::Section;
use crate::clock::{ClockMode, DAY, SECOND};

/// Settings of the clock.
#[derive(Clone, Debug)]
pub struct ClockConfig {
    /// Source of the time.
    pub mode: ClockMode,
    /// Step of `as_of` in milliseconds.
    pub time_step: i64,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> ClockConfig {
    let modes = [("wall", ClockMode::Wall), ("event", ClockMode::Event)];
    ClockConfig {
        mode: s.choice("mode", &modes, ClockMode::Wall),
        time_step: s.integer("time_step_seconds", 1..=DAY / SECOND) * SECOND,
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(clock: &ClockConfig) -> Value {
    json!({ "mode": clock.mode, "time_step_seconds": clock.time_step / SECOND })
}
