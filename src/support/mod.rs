//! Traffic targets: who is to be shown how often, and by when. One number drives all help, the *credit* of a target: how far it is behind
//! its plan, from 0 to 1.
//!
//! A dated count (a stage of the ladder, the budget of a campaign) is behind a plan in closed form; a share (the long tail) follows an
//! integral controller. Nothing here rolls dice, reads a clock or keeps state: counts and instants are arguments. Help by chance would
//! cost seeds and trust, and finds no more.

mod campaign;
mod credit;
mod gate;
mod goal;
mod stage;

#[cfg(test)]
mod tests;

pub use campaign::{Budget, Flight, campaign_factor};
pub use credit::{Share, dated, strength};
pub use gate::{Evidence, Z, usual_rate};
pub use goal::goal_value;
pub use stage::{Plan, Stages};
