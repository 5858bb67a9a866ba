//! CEL expressions in a map.
//!
//! The room [`expression`](crate::expression) parses them and checks their types; the crate `cel` runs them. Before an expression runs, each column that it names becomes a number, each pattern a value
//! that is read once, and each step of a loop is counted; types are checked as far as they are known. So a fault of the map is
//! reported with its place before anything is sent, and no row builds or looks up more than it uses.

mod constants;
mod functions;
mod given;
mod loops;
mod program;
mod result;
mod rewrite;
mod run;
mod signature;

#[cfg(test)]
mod tests;

pub(super) use given::{Data, Given, at, text};
pub(super) use program::Expression;
pub(super) use result::Outcome;
