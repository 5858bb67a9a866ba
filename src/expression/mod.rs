//! Expressions in CEL: parsed by the crate `cel`, with every fault shown at its place.
//!
//! Two kinds of readers build on the same parser and type check. `saima import` keeps its own functions and columns, and lets the crate run
//! them on each row. A [`Predicate`] is a condition over a fixed table of typed fields, for selections and audiences: all is checked
//! when it is read, and it runs on a tree of its own, a few nanoseconds a node, because it is judged for millions of items. Its loops are
//! bounded, so no condition runs long.

mod arithmetic;
mod check;
mod compile;
mod constant;
mod depth;
mod evaluate;
mod fault;
mod fields;
mod functions;
mod node;
mod parsed;
mod predicate;
mod signature;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use check::{Scope, check};
pub use fault::Fault;
pub use fields::{Field, Kind, Table};
pub use parsed::Parsed;
pub use predicate::Predicate;
pub use signature::{ADD, Signature, settle};
pub use types::Type;
pub use value::{Fields, Undecided, Value};
