//! Bodies: read within their limits and timeout, and decompressed step by step.
//!
//! Reading and decompressing stop at the first byte beyond the limit of one body or of all bodies together, so that the
//! configuration bounds the memory that clients can use. Only received bytes count, not the announced length. Decompression yields
//! to other requests several times in a millisecond, by the bytes that it reads as well as by those that it writes.

mod discard;
mod media;
mod next;
mod packing;
mod portions;
mod read;
mod turn;
mod whole;

pub(super) use self::discard::discard;
pub(super) use self::media::Media;
pub(super) use self::read::read;
