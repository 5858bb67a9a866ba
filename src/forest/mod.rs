//! Trees of decisions, trained elsewhere: reads the text files of LightGBM, scores candidates and explains scores.
//!
//! raw = Σ over trees of the value of the leaf that a candidate reaches, summed in the order of the file, as LightGBM sums it. A reader
//! of our own instead of the library: the text is all that is needed, every fault of a file has its line, and a block of candidates is
//! scored without a branch that depends on data.
//!
//! This module knows the names of features and nothing of their meaning. It reads no file and keeps no state.

mod block;
mod check;
mod explain;
mod fault;
mod lines;
mod numbers;
mod read;
mod score;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use check::{ROWS, check};
pub use explain::Explained;
pub use fault::Fault;
pub use read::read;
pub use score::Columns;
pub use tree::Forest;

/// Maximum number of trees.
pub const MAX_TREES: usize = 500;
/// Maximum number of leaves of a tree.
pub const MAX_LEAVES: usize = 64;
