//! The decision log: what rankings decided, in files of their own, and the newest whole records in memory.
//!
//! A [`Record`] is made from the one `Decision` of a ranking. Thin, it says what was shown; whole, it holds the columns from which the
//! same ranking is computed again, bit for bit. Ranking puts it into a queue that is bounded by bytes and never waits: what finds no room,
//! or no disk, is dropped and counted. A file is a sequence of zstd frames, one a second, of lines of JSON, so that `zstdcat` reads it and
//! a damaged frame costs only itself. Plain user ids are never written; see [`Pseudonyms`].

mod column;
mod files;
mod frame;
mod line;
mod log;
mod newest;
mod pseudonym;
mod queue;
mod reader;
mod record;
mod shared;
mod writer;

pub use column::{Column, Exact, Indices, Numbers};
pub use files::FOLDER;
pub use frame::Damage;
pub use log::{Decisions, Share};
pub use newest::Logged;
pub use pseudonym::{PseudonymError, Pseudonyms};
pub use reader::{Line, ReadError, Reader};
pub use record::{Groups, Help, Inputs, Past, Record, TagColumns, VERSION, Whole};
