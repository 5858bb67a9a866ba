//! What is derived from the declared fields of items while a scene weighs an objective that reads it: the words of their texts,
//! the places of their coordinates, and their kinds.
//!
//! Nothing of it is stored. It follows from what was declared, so it is derived again after a start, in a walk over all items, and is the
//! same as before. While no scene weighs such an objective, nothing is derived and nothing held.

mod keeper;
mod kinds;
mod places;
mod split;
mod text;
mod words;

pub use keeper::{Derived, Sheet, Wanted};
pub use kinds::Kinds;
pub use places::{Places, Point};
pub use split::{load_dictionary, words};
pub use text::{Sought, Text, Word};
pub use words::Words;
