//! `saima import`: sends facts from files to a running service, in batches, and reports every reject.
//!
//! Lines of JSON are sent unchanged, because the service validates facts anyway. A [`MapFile`] converts tables to such lines. A reject
//! is reported with its file and line, and the import continues. An error that also concerns later lines (no service, no permission, an
//! unreadable file) stops the import.

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
