//! Reports: what a merchant or a creator sold, was shown and was helped by, in one answer for people.
//!
//! ```text
//! visitors × buyers per visitor × orders per buyer × GMV per order = GMV
//! ```
//! over the last 28 complete days and the 28 before. Everything is read of what the service keeps anyway: standings, exposures, the
//! snapshot of the market, the configuration. One walk over the catalogue finds the items; the visitors of all runners are counted
//! at the first report after a rebuild, and kept for the next ones. A report is not part of the standings: few are asked for, and none of it
//! is read by rankings.

mod build;
mod catalogue;
mod exposure;
mod kept;
mod reasons;
mod revenue;

#[cfg(test)]
mod tests;

pub(super) use kept::Visitors;
