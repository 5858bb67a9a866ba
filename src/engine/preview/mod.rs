//! The preview of a configuration: logged requests, or given ones, are ranked again under it and compared with the live one.
//!
//! Nothing goes live and nothing is counted. What logged values cannot show is listed, so that the rest is the promise: on one snapshot
//! the previewed order is the order after applying.

mod compare;
mod difference;
mod exposure;
mod kendall;
mod live;
mod run;
mod scene;

pub use run::Sample;
pub(super) use scene::scene_of;
