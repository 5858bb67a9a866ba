//! Exposure: who was shown, where and on which day, and how often those who saw a runner clicked on it.
//!
//! ```text
//! amount    exposures by runner, scene and day          whole counts, in any order; 84 days
//! evidence  x = clickers, E = Σ weight(r)               up to and with a user's first click; half-life 28 days
//! trials    amount, x and E since a start               of the runners that a traffic target watches
//! visits    users who clicked in 28 days                of merchants and creators; 56 days
//! ```
//! weight(r) = 1/log₂(1 + r) for place r. Volume counts exposures, evidence counts weights. One impression is an exposure of its item,
//! its merchant and its creator.
//!
//! The counts of one day lie in a table by runner and scene, and not in a record by runner: nine in ten items are not shown on a given
//! day, and a day that leaves is one table less. What is known of a user's clicks is a figure of the user, so that whoever is deleted or
//! merged takes it along; the events carry it here.

mod amount;
mod book;
mod day;
mod days;
mod evidence;
mod hours;
mod image;
mod scenes;
mod shown;
mod trial;
mod visited;
mod visits;
mod weight;

#[cfg(test)]
mod tests;

pub use amount::Amount;
pub use book::Exposure;
pub use days::DAYS;
pub use evidence::{Clicks, EVIDENCE_HALF_LIFE, Evidence, RETURNS, is_evidence};
pub use image::{ExposureImage, Part, Small};
pub use shown::{Placement, Shown, Side};
pub use trial::{ENOUGH, Trial};
pub use visits::{VISIT_DAYS, VisitsOfDays, VisitsPart};
pub use weight::weight;
