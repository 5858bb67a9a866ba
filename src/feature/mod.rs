//! The feature store: what was declared of items, merchants and users, and what was learnt of users.
//!
//! Everything lives in memory in dense rows; the store is plain data with no lock and no clock of its own. The engine puts it behind
//! a lock that the writer holds for a slice of facts at a time.

mod column;
mod decay;
mod history;
mod items;
mod merchants;
mod profile;
mod tags;
mod users;

pub use decay::Decay;
pub use history::{Entry, History};
pub use items::{Details, Item, ItemFields, Items, ItemsImage, Line};
pub use merchants::{Merchant, Merchants};
pub use profile::{Bond, Learn, Profile};
pub use tags::{Space, Tags};
pub use users::{User, Users};
