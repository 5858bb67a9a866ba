//! The books: everything that facts change, one book for each kind of kept state.
//!
//! The books are plain data in memory with no lock and no clock of their own. The engine puts them behind a lock that the writer holds
//! for a slice of facts at a time.

mod books;
mod image;
mod seen;

pub use books::Books;
pub use image::{FeatureImage, Rows};
pub use seen::{EventId, Key, Seen, SeenImage};
