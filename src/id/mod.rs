//! External ids and dense rows: every entity has one row, a `u32` that indexes all its columns.
//!
//! A type for each kind of entity prevents the use of an item's row as a merchant's. Conversions to and from `usize` are only here.

mod buyers;
mod event;
mod gone;
mod index;
mod key;
mod row;
mod sign;

pub use buyers::Buyers;
pub use event::{EventId, EventKey};
pub use gone::Gone;
pub use index::{Hash, IdHasher, Index};
pub use key::{KeyOf, RunnerKey, SceneId};
pub use row::{CreatorRow, ItemRow, MerchantRow, Row, RunnerRow, TagId, UserRow};
pub use sign::LastClick;
