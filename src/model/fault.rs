//! A fault of an input.

use super::view::define::view;

view! {
    /// One fault of an input.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Fault {
        /// Path of the faulty value, like `candidates[3].predictions.pctr`; empty for the input as a whole.
        pub path: String,
        /// The fault, and the accepted values.
        pub message: String,
        /// Line from 1 in the text of a configuration.
        pub line: Option<usize>,
    }
}

impl Fault {
    /// Creates a fault.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            line: None,
        }
    }

    /// Sets the line; 0 is none.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line).filter(|line| *line > 0);
        self
    }
}
