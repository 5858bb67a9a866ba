//! The race: level and growth of merchants and items, from the sales of the last 84 complete days.
//!
//! ```text
//! ledger      sales as reported, exact, by day          (mutable, owned by the writer)
//!   └ snapshot ─ SalesHistory                           (a few dozen shared pointers)
//!       └ contest: group by runner ─ series ─ lanes ─ level, growth
//!            └ Standings                                (immutable, read by rankings)
//! ```
//!
//! Raw sales are stored, and each rebuild computes everything else from them: a changed integrity, a late refund or a new lane applies
//! to the whole window at once and never looks like growth. Sums of money are integers, so they depend neither on the order of events
//! nor on the number of threads.

pub mod lane;
pub mod ledger;
pub mod runner;
pub mod scale;
pub mod standings;

mod contest;
mod group;
mod growth;
mod level;
mod median;
mod series;
mod strangers;
mod trade;
mod window;
mod winsor;

#[cfg(test)]
mod tests;

pub use lane::{LaneId, Lanes};
pub use ledger::{
    Counts, Ledger, LedgerImage, OfCreators, Outcome, Purchase, Refund, SalesHistory, Stamp, Tail,
    TailPart,
};
pub use runner::{Kind, PerKind, Races, Runner, RunnerRows};
pub use scale::{LogScale, Reference};
pub use standings::{
    Board, Evidence, Idf, Inputs, ItemStanding, MerchantStanding, Part, References, Repeats,
    Standing, Standings, TagTable, posterior,
};
pub use trade::{Trade, Trades};
pub use window::{WEEKS, WINDOW, WINDOW_DAYS};
