//! Experiments: which user gets which arm.
//!
//! Assignment is a pure function of names and ids by SHA-256, so that every language and warehouse finds the same arm; nothing about it is
//! kept. A user is held out, or falls into one part of each layer, which belongs to one experiment at most; of that the digest of the
//! experiment's own space gives the arm.

mod assign;

pub use assign::{CELLS, Place, is_held, is_in_range, layer_part, place};
