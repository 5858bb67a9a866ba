//! The door for facts: they are read and validated outside the lock, and applied under it to the books.
//!
//! [`read()`] needs nothing but the line and the vocabulary. [`Facts::apply`] changes the state, and nothing else does except
//! [`Facts::delete`] and the forgetting that follows it.

mod ahead;
mod anonymous;
mod by_scene;
mod declare;
mod effects;
mod event;
mod evict;
mod facts;
mod fate;
mod forget;
mod image;
mod ladder;
mod lead;
mod leaving;
mod mentions;
mod merge;
mod placed;
mod read;
mod record;
mod retired;
mod settle;
mod sighted;
mod spelling;
mod sweep;
mod sweeps;
mod trace;
mod trade;
mod trials;

#[cfg(test)]
mod tests;

pub use crate::feature::Moment;
pub use crate::model::{EntityKind, Operation};
pub use by_scene::{ByScene, SceneCounts};
pub use effects::Effects;
pub use evict::Evicted;
pub use facts::{Counts, Facts};
pub use fate::{Accepted, Fate, Rejected};
pub use image::{Image, Restored};
pub use merge::Merged;
pub use read::{Fact, read, read_within};
pub use record::{Line, Record, Unreadable};
pub use retired::Retired;
pub use sweep::{mark_creators, mark_sold};
pub use trace::{Alias, Trace};
pub use trials::TrialStep;
