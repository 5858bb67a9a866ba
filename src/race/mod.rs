//! The race: which merchants and items run well, from the sales of the last 84 complete days.
//!
//! ```text
//! ledger      facts of sale, exact, one day each        (mutable, the writer's)
//!   └ snapshot ─ SalesHistory                           (a few dozen shared pointers)
//!       └ contest: group by runner ─ series ─ lanes ─ level, growth
//!            └ Standings                                (immutable, what rankings read)
//! ```
//!
//! Raw sales are stored and everything else is computed anew at each rebuild: a change of integrity, a late refund or a new lane
//! then changes the whole window at once and looks like growth nowhere. Sums of money are integers, so that they come out the same
//! in whatever order events arrived and however the work was split over threads.

pub mod lane;
pub mod ledger;
pub mod money;
pub mod scale;
pub mod standings;

mod contest;
mod group;
mod growth;
mod level;
mod median;
mod series;
mod window;
mod winsor;

#[cfg(test)]
mod tests;

pub use lane::{LaneId, Lanes};
pub use ledger::{Counts, Ledger, LedgerImage, Outcome, Purchase, Refund, SalesHistory};
pub use money::Money;
pub use scale::{LogScale, Reference};
pub use standings::{
    Board, Inputs, ItemStanding, Kind, MerchantStanding, References, Runner, Standing, Standings,
};
pub use window::{WEEKS, WINDOW};
