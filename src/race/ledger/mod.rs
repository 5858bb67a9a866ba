//! The ledger: every sale of the window as it was reported, by day, so that each rebuild starts from raw facts.
//!
//! The purchases of a day lie in shared chunks. A snapshot for a rebuild in the background clones a few hundred pointers; the writer
//! copies a chunk only when it changes one that a rebuild is reading. Refunds that name their purchase are summed up on it, uncapped,
//! and capped when read; a refund that comes before its purchase waits for it.

mod day;
mod first;
mod forgotten;
mod history;
mod image;
mod later;
mod notes;
mod purchase;
mod refund;
mod sales;
mod stamp;
mod tail;
mod unlinked;
mod waiting;

pub(in crate::race) use history::HistoryDay;
pub use history::SalesHistory;
pub use image::LedgerImage;
pub use later::OfCreators;
pub use notes::Counts;
pub use purchase::Purchase;
pub use refund::{Outcome, Refund};
pub use sales::Ledger;
pub use stamp::Stamp;
pub(in crate::race) use tail::{HALF_LIVES, first_purchases};
pub use tail::{Tail, TailPart};
