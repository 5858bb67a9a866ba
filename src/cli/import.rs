//! `saima import`: sends facts from files to a running service, in batches, and reports every reject.
//!
//! Lines of JSON are sent as they are: the service alone validates facts, so nothing is checked twice. A [`MapFile`] turns tables into
//! such lines. A reject is reported with its file and line, and the import continues. An error that concerns the rest too (no service,
//! no permission, an unreadable file) stops the import.

mod args;
mod cell;
mod error;
mod map;
mod report;
mod rows;
mod send;
mod source;

#[cfg(test)]
mod tests;

pub use args::Args;
pub use error::ImportError;
pub use map::{MapFile, Mapping};
pub use rows::{Line, ReadError, lines, table};
pub use send::run;
pub use source::{Shape, open, shape};
