//! The catalogue. The fields that ranking reads of an item are one line of 64 bytes; the rest is kept beside it.
//!
//! A column for each field would cost a cache miss each; one line, prefetched, costs one. To fit, the line holds 61 bits of a keyed
//! hash in place of the id (with the index's 38 bits, two of a billion ids collide with probability 10⁻¹², and a client can't choose
//! them), and each tag as one `u32`. Facts are always matched by the id itself.

mod catalogue;
mod details;
mod line;
mod palette;
mod stored;
mod tagged;

#[cfg(test)]
mod tests;

pub use catalogue::Items;
pub use details::{Details, ItemFields};
pub use line::Item;
pub use stored::{ItemsImage, Line};
