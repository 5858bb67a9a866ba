//! Faults of expressions.

/// A fault of an expression, at one of its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Number of the node.
    pub node: u64,
    /// The fault, and what would be valid.
    pub message: String,
}
