//! Traffic targets: who is to be shown how often, and by when. One number drives all help, the *credit* of a target: how far it is behind
//! its plan, from 0 to 1.
//!
//! A dated count (a stage of the ladder, the budget of a campaign) is behind a plan in closed form; a share (the long tail) follows an
//! integral controller. What is kept is who stands where, [`Ladder`], and what waits to be counted, [`Pace`]. The result is one immutable
//! [`Market`]. Nothing here rolls dice or reads a clock: help by chance would cost seeds and trust, and finds no more.

mod campaign;
mod climb;
mod credit;
mod gate;
mod goal;
mod goals;
mod ladder;
mod market;
mod pace;
mod rung;
mod stage;

#[cfg(test)]
mod tests;

pub use campaign::{Budget, Flight, campaign_factor};
pub use climb::{Rules, Situation};
pub use credit::{Share, dated, strength};
pub use gate::{Evidence, Z, usual_rate};
pub use goal::goal_value;
pub use goals::Goals;
pub use ladder::{Entrant, Groups, Ladder, LadderImage};
pub use market::{Climb, Climbers, Help, Market, Spent};
pub use pace::{Dated, Pace, PaceImage, PaceStep, Seen, Settled, Sums, Targets, Waiting};
pub use rung::{End, Left, Rung, Step};
pub use stage::{Plan, Stages};
