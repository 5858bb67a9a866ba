//! Bodies: read within their limits and timeout, and unpacked step by step.
//!
//! Reading and unpacking stop at the first byte beyond a limit, that of the request or that of all bodies together, so that the
//! configuration bounds the memory that clients can use up. Bytes that are announced but not sent do not count. Unpacking yields
//! to other requests every 256 KiB.

mod discard;
mod media;
mod next;
mod packing;
mod read;

pub(super) use self::discard::discard;
pub(super) use self::media::Media;
pub(super) use self::read::read;
