//! Saima (赛马, "horse race"): multi-objective ranking for marketplaces.

pub mod clock;
pub mod config;

pub mod id;
pub mod model;
pub mod objective;
pub mod prefetch;

pub mod cli;
pub mod engine;
pub mod feature;
pub mod http;
pub mod ingest;
pub mod race;
pub mod rank;
pub mod telemetry;
