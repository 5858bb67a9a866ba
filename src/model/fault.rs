//! What is wrong with an input.

use serde::Serialize;

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Path of the faulty value, like `candidates[3].predictions.pctr`; empty for the input as a whole.
    pub path: String,
    /// What is wrong, and what is accepted instead.
    pub message: String,
}

impl Fault {
    /// Creates a fault.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}
