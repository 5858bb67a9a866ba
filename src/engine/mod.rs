//! The composition root: configuration, clock, facts and standings, put together into one service without HTTP.
//!
//! One writer at a time changes the facts, under a lock that it holds for a slice of lines. A reader takes a read guard, the live
//! generation, the live standings and one `as_of`. Nothing on the read path waits for a rebuild, a reload or a disk.

mod arms;
mod blind;
mod counted;
mod delete;
mod deriving;
mod edits;
mod enrolments;
mod gather;
mod learn;
mod lock;
mod logging;
mod market;
mod merge;
mod numbers;
mod observe;
mod pages;
mod past;
mod placed;
mod placements;
mod preview;
mod rank;
mod rebuild;
mod rebuilder;
mod record;
mod repeats;
mod report;
mod selecting;
mod service;
mod show;
mod show_trials;
mod sizes;
mod slices;
mod start;
mod store;
mod sweep;
mod trials;
mod workers;

#[cfg(test)]
mod tests;

pub use crate::feature::MAX_NAMES;
pub use crate::ingest::{Accepted, Effects, Fate, Merged, Rejected};
pub use crate::journal::{Broken, JournalError};
pub use crate::model::{EntityKind, Operation};
pub use crate::race::runner::NAMES as RACE_KINDS;
pub use learn::Applied;
pub use preview::Sample;
pub use rank::{RankError, Ranked};
pub use rebuilder::Rebuilder;
pub use service::Engine;
pub use show::{RacePart, RaceQuery};
pub use store::{Learnt, Restoring, Stored, diagnose, rebuild, repair};
pub use workers::{Unwanted, Wanted};
