//! Selections: which items are members of each named set, as one set of bits a selection.
//!
//! Membership is derived: any of it can be judged again from what is declared and from the standings. A changed item is judged at once; a
//! walk in slices judges all items before a new configuration goes live, those that follow the standings after each rebuild, and those
//! of changed merchants a moment later. What changes during a walk is judged by its change, and the walk leaves it alone, so that
//! members are as if all had been judged at once. A condition that reads what is not given is false, and counted.

mod keeper;
mod members;
mod slice;

#[cfg(test)]
mod tests;

pub use keeper::Keeper;
pub use members::Selections;
pub use slice::{Judge, Slice};
