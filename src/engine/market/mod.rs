//! Snapshots of the market: a thread builds them from copied counts and swaps them in as a whole, every `market.interval`.
//!
//! What a snapshot judges (a newcomer who enters, a stage that ends) goes into the journal as a step, so that a start replays the steps
//! and never judges anew. What it settles (shares, budgets) is kept in the checkpoint, together with the exposures that wait for it.
//! While nothing is configured, a snapshot is a look at the configuration.

mod build;
mod climb;
mod conflicts;
mod creators;
mod enter;
mod exposure;
mod live;
mod settle;
mod show;
mod thread;

pub(super) use exposure::key;
pub(super) use live::Markets;
pub(super) use thread::run;
