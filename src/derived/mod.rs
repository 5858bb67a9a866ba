//! What is derived from the declared fields of items while a scene weighs an objective that reads it: the words of their texts,
//! and the places of their coordinates.
//!
//! Nothing of it is stored. It follows from what was declared, so it is derived again after a start, in a walk over all items, and is the
//! same as before. While no scene weighs such an objective, nothing is derived and nothing held.

mod keeper;
mod places;
mod split;
mod text;
mod words;

pub use keeper::{Derived, Sheet, Wanted};
pub use places::{Places, Point};
pub use split::{load_dictionary, words};
pub use text::{Text, Word};
pub use words::Words;
