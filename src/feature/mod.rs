//! The feature store: declared items, merchants and users, and the learnt profiles of users.
//!
//! Everything lives in memory in dense rows. The store is plain data without locks or clocks: the engine puts it behind a lock, which
//! the writer holds for a slice of facts at a time.

mod bond;
mod bought;
mod clicked;
mod column;
mod custom;
mod decayed;
mod figure;
mod figures;
mod history;
mod items;
mod lanes;
mod learned;
mod marks;
mod merchants;
mod moment;
mod named;
mod names;
mod orders;
mod pairs;
mod past;
mod presence;
mod profile;
mod recency;
mod relation;
mod repeat;
mod repeats;
mod rows;
mod sights;
mod tags;
mod users;

pub use crate::decay::Decay;
pub use bond::Bond;
pub use bought::{Bought, Numbers};
pub use clicked::Clicked;
pub use custom::Custom;
pub use decayed::{Decayed, Sums};
pub use figure::{Figure, Records};
pub use figures::*;
pub use history::{Entry, History};
pub use items::{Details, Item, ItemFields, Items, ItemsImage, Line};
pub use learned::{Learned, Trade};
pub use merchants::{Merchant, Merchants, Offer};
pub use moment::{Learn, Moment};
pub use named::Named;
pub use names::{MAX_NAMES, Names, NamesImage};
pub use orders::Orders;
pub use presence::Presence;
pub use profile::Profile;
pub use relation::Relation;
pub use repeat::{Purchases, WITHIN, value as repeat_value};
pub use repeats::RepeatSums;
pub use sights::{Sights, second as sight_second};
pub use tags::{Space, Tags};
pub use users::{User, Users};
