//! Bodies: read within their limits and timeout, and decompressed step by step.
//!
//! Reading and decompressing stop at the first byte beyond the limit of one body or of all bodies together, so that the
//! configuration bounds the memory that clients can use. Only received bytes count, not the announced length. Decompression yields
//! to other requests every 256 KiB.

mod discard;
mod media;
mod next;
mod packing;
mod read;

pub(super) use self::discard::discard;
pub(super) use self::media::Media;
pub(super) use self::read::read;
