//! Durability: the journal of facts, the checkpoints, and the start from both.

mod checkpoint;
mod durable;
mod erase;
mod erasing;
mod kept;
mod load;
mod offline;
mod repair;

#[cfg(test)]
mod tests;

pub(super) use checkpoint::run;
pub(super) use kept::Kept;
pub use kept::Stored;
pub use offline::{Learnt, Restoring, rebuild};
pub use repair::{diagnose, repair};
