//! The durable log of facts: what was acknowledged survives a crash of the process and a loss of power.
//!
//! The format of a data directory, in full:
//! 1. `saima-data` holds `1`, the version of the format. The process that uses the directory locks it, and names itself in `lock`.
//! 2. `journal/N.log` is a **segment**: 8 bytes `saimalog`, then records; N, 20 digits, is the sequence of its first record.
//!    `journal/N.ids` is its index: the users whom it may mention.
//! 3. A record is `length: u32`, `crc32: u32`, `sequence: u64`, all little-endian, and `length` bytes of content; the CRC-32 (IEEE)
//!    is of length, sequence and content. Sequences rise by one from record to record and from segment to segment.
//! 4. `checkpoint/N.ckpt` is the state after record N: 8 bytes `saimackp`, N as a `u64`, then records as above numbered from 1, the last one empty.
//! 5. `erasing` exists while segments are rewritten to erase users; it lists them.
//! 6. `newest` holds two numbers: that of the newest segment, and the last record known to be durable when it was written, at the
//!    latest when that segment began. A journal that ends before is not whole.
//! 7. `damaged/` holds the files that a repair has set aside. A file ending in `.part` was being written when the process ended.
//! 8. A start loads the newest checkpoint and applies the records after it. Except by erasure and repair, a segment never changes once
//!    the next one exists.
//!
//! One thread writes ([`Journal`]); all callers that wait for durability share one `fsync` (group commit; DeWitt et al., SIGMOD 1984).
//! The content of records and of parts of checkpoints is opaque here.

mod backup;
mod checkpoint;
mod directory;
mod error;
mod guard;
mod handle;
mod index;
mod newest;
mod record;
mod repair;
mod rewrite;
mod segment;
mod segments;
mod shared;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{Backup, receive_files};
pub use checkpoint::{Checkpoint, Parts};
pub use directory::{Directory, LOCK, MARK, RESTORING};
pub use error::{Broken, JournalError};
pub use handle::Journal;
pub use index::{Index, Mentions};
pub use repair::{Damage, Diagnosis};
pub use segment::{Medium, Torn, create_file};
pub use shared::Settings;
