//! Saima (赛马, "horse race"): multi-objective ranking for marketplaces.

pub mod clock;
pub mod config;
pub mod id;
pub mod model;
pub mod objective;
