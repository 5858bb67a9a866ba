//! The durable log of facts: what was acknowledged survives the end of the process and of the power.
//!
//! The format of a data directory, in full:
//! 1. `saima-data` holds `1`, the version of the format; `lock` is held by the process that uses the directory, and names it.
//! 2. `journal/N.log` is a **segment**: 8 bytes `saimalog`, then records; N, 20 digits, is the sequence of its first record.
//! 3. A record is `length: u32`, `crc32: u32`, `sequence: u64`, all little-endian, and `length` bytes of content; the CRC-32 (IEEE)
//!    is of length, sequence and content. Sequences rise by one from record to record and from segment to segment.
//! 4. `checkpoint/N.ckpt` is the state after record N: 8 bytes `saimackp`, N as a `u64`, then records as above numbered from 1, the last one empty.
//! 5. `erasing` names, while it is there, whom the segments are being written anew without.
//! 6. `damaged/` holds what a repair has set aside; a file ending in `.part` was being written when the process ended.
//! 7. A start loads the newest checkpoint and applies the records after it. Else a segment is
//!    never changed once the next one exists.
//!
//! One thread writes ([`Journal`]): whoever waits for his facts to be durable waits for the one `fsync` that covers them all (group
//! commit; DeWitt et al., SIGMOD 1984). What is in a record and in a checkpoint is the business of those who write and read them.

mod checkpoint;
mod directory;
mod error;
mod record;
mod repair;
mod rewrite;
mod segment;
mod writer;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, Parts};
pub use directory::Directory;
pub use error::{Broken, JournalError};
pub use repair::{Damage, Diagnosis};
pub use segment::{Medium, Torn, create_file};
pub use writer::{Journal, Settings};
