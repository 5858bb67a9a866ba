//! What is wrong with a file of a model.

use std::fmt::Display;

use thiserror::Error;

/// A fault of a file, at a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}: {message}")]
pub struct Fault {
    /// Line from 1.
    pub line: usize,
    /// The fault, and what would be valid.
    pub message: String,
}

impl Fault {
    /// Creates a fault.
    pub(super) fn new(line: usize, message: impl Display) -> Self {
        Self {
            line,
            message: message.to_string(),
        }
    }
}
