//! `[integrity]`: the factor by which distrust of a merchant lowers scores.

use serde_json::{Value, json};

use super::section::Section;

/// The factor `integrity`: clamp(p^gamma, min, max).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integrity {
    /// The exponent γ.
    pub gamma: f64,
    /// Minimum of the factor.
    pub min: f64,
    /// Maximum of the factor.
    pub max: f64,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Integrity {
    let integrity = Integrity {
        gamma: s.number("gamma", 0.0..=10.0),
        min: s.number("min", 0.0..=1.0),
        max: s.number("max", 0.0..=1.0),
    };
    if integrity.max < integrity.min || integrity.max <= 0.0 {
        s.fault("max", "must be above 0 and not below min");
    }
    integrity
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(integrity: &Integrity) -> Value {
    json!({ "gamma": integrity.gamma, "min": integrity.min, "max": integrity.max })
}
