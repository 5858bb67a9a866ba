//! Experiments: which user gets which arm, what the users of each arm did, and what that shows.
//!
//! Assignment is a pure function of names and ids by SHA-256, so that every language and warehouse finds the same arm; nothing about it is
//! kept. From the first answer under an arm on, all that a user does counts for that arm (intention to treat). The users of an arm fall
//! into 1,000 cells, of which only sums are kept. Users are independent, so the spread of the cells shows how sure a ratio of two sums is
//! (the delta method), whatever one user does.

mod assign;
mod book;
mod estimate;
mod figures;
mod gini;
mod judgement;
mod named;
mod outcome;
mod plan;
mod running;
mod sums;
mod verdict;

#[cfg(test)]
mod tests;

pub use assign::{CELLS, Place, is_held, is_in_range, layer_part, place};
pub use book::{Ended, Experiments, Group};
pub use estimate::{Estimate, Interval, Series, estimate, half_width, needed};
pub use figures::ratio_p;
pub use judgement::{Finding, Judgement, Verdict};
pub use named::Named;
pub use outcome::{ArmOutcome, Figure, Lift, Outcome};
pub use plan::Plan;
pub use running::{ArmTotals, Running, Stored, StoredArm};
pub use sums::{Credit, SUMS, Sums, What};
