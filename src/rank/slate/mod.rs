//! The slate: the rules decide which candidates are scored, and which of them stand where.
//!
//! [`Kept`] keeps: rules hide candidates before they are scored. [`Arranger`] arranges what was scored: pins, reserved slots and support
//! places first, then the places between by a greedy fill under caps, decay and MMR. It is pure: it sees candidates only through the
//! trait [`Set`], and each rule is a file. A scene without rules takes neither; its slate is the best by score.

mod arrange;
mod cap;
mod decay;
mod fill;
mod groups;
mod keep;
mod key;
mod merchant;
mod mmr;
mod moves;
mod numbers;
mod order;
mod page;
mod pin;
mod plan;
mod reserve;
mod set;
mod support;
mod unavailable;
mod why;

#[cfg(test)]
mod tests;

pub(super) use arrange::Arranger;
pub(super) use keep::Kept;
pub(super) use key::Group;
pub(super) use numbers::Numbers;
pub(super) use page::{Arranged, Win};
pub(super) use plan::{Plan, Support};
pub(super) use set::Set;
pub(super) use why::Why;
