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
    }
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
