//! Finds every fault of a text, each with its path, along the tables of [`schema`](super::schema).
//!
//! Runs only after the fast readers failed. It cuts the text into raw pieces instead of building values, because only the raw text
//! still shows a number too large for a float, a field given twice, or an integer beyond 64 bits. Each scalar is read by the fast
//! reader itself, so that both accept the same texts. Time is linear in the text. Memory is bounded by `limits.faults`, not by the input.

mod diagnosis;
mod entry;
mod foreign;
mod lists;
mod raw;
mod rules;
mod scalars;
mod walk;

#[cfg(test)]
mod tests;

pub use diagnosis::Diagnosis;
pub use entry::{
    batch, body, diagnose, faults, line, merge, not_utf8, patch, quick, request, syntax,
};
pub use raw::elements;
pub use rules::{EITHER, ONE_DRAFT};
