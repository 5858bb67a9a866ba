//! A marketplace of the future, day by day, on the real service: users ask for pages, see them, click and buy; other channels sell too;
//! some shops cheat. What the service is told are events, and what it answers are pages, as in production; only the clock is moved.
//!
//! Users, requests, candidates and the dice of a user are the same under every policy (common random numbers), so that two policies are
//! compared pair by pair. Clicks and sales are reported as expected, not as drawn.

pub(crate) mod dice;
pub(crate) mod figures;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod visit;
pub(crate) mod world;
