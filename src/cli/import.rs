//! `saima import`: sends facts from files to a running service, in batches, and reports every reject.
//!
//! Lines of JSON are sent unchanged, because the service validates facts anyway. A [`MapFile`] converts tables to such lines. A reject
//! is reported with its file and line, and the import continues. An error that also concerns later lines (no service, no permission, an
//! unreadable file) stops the import.

mod args;
mod bind;
mod brought;
mod cell;
mod check;
mod cursor;
mod decode;
mod error;
mod expression;
mod fact;
mod fields;
mod foreseen;
mod guess;
mod header;
mod json;
mod keys;
mod map;
mod mapping;
mod numbered;
#[cfg(feature = "parquet")]
mod parquet;
mod pass;
mod progress;
mod read;
mod rejects;
mod report;
mod rows;
mod send;
mod settings;
mod source;
mod style;
mod table;
mod target;
mod times;
mod totals;
mod value;
mod values;
mod written;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use args::Args;
pub use cursor::Cursor;
pub use error::ImportError;
pub use map::MapFile;
pub use mapping::Mapping;
pub use rows::{Line, ReadError, lines};
pub use send::run;
pub use source::{COMMA, Shape, open, shape};
pub use table::table;
pub use values::values;
