//! Everything that facts change, as a table of books: one book for each kind of kept state.
//!
//! A row names a book and the permanent codes of the parts that a checkpoint holds of it. Whatever is done to all books (learning from
//! an event, forgetting, expiring, writing, restoring, measuring) is one loop over the table, so a new book is one row and one file.
//! The users' book holds a column for each learnt figure, from a table of its own (`feature/figures.rs`).
//! A code is never used for another shape: a changed shape gets a new code, and the old one is still read. A part that an old
//! checkpoint lacks leaves its book empty. Books are plain data: no lock, no clock, no log.

mod book;
mod encode;
mod experiments;
mod exposure;
mod format_1;
mod goals;
mod items;
mod ladders;
mod merchants;
mod pace;
mod part;
mod sales;
mod seen;
mod table;
mod tags;
mod users;

#[cfg(test)]
mod tests;

use crate::experiment::Experiments;
use crate::exposure::Exposure;
use crate::feature::{Items, Merchants, Tags, Users};
use crate::race::Ledger;
use crate::support::{Goals, Pace};

pub use book::Book;
pub use format_1::Format1;
pub use ladders::Ladders;
pub use part::{Image, Present, codes};
pub use sales::{refund_of, sale_of};
pub use seen::Seen;
pub use table::{HEAD, HEAD_OF_FORMAT_1};

table::books! {
    /// The users: what was declared and what was learnt. Written first, because they change most.
    users: Users = users::CODES;
    /// The catalogue.
    items: Items = [0x21, 0x01];
    /// The merchants.
    merchants: Merchants = [0x22, 0x02, 0x2E];
    /// Tag names, and how many items carry each.
    tags: Tags = [0x23, 0x03];
    /// The sales of the window.
    sales: Ledger = [0x24, 0x11, 0x2A, 0x3C, 0x3D, 0x47];
    /// The recent event ids.
    seen: Seen = [0x25, 0x12, 0x40];
    /// The exposures of the window, and the evidence of clicks.
    exposure: Exposure = [0x30, 0x31, 0x32, 0x33, 0x34, 0x44];
    /// The ladders of newcomers, by kind.
    ladders: Ladders = [0x38, 0x5A];
    /// The exposures that wait for shares and budgets, and what these have come to.
    pace: Pace = [0x39, 0x45];
    /// At what share of its exposures the goal of each merchant held.
    goals: Goals = [0x43];
    /// Who is enrolled in experiments, and what the users of each arm did.
    experiments: Experiments = [0x51, 0x53, 0x54];
}
