//! The standings: the immutable result of one rebuild. Rankings read tight columns by row; explain and the boards read full standings.
//!
//! Full standings are kept only for runners that sold, since nine in ten items never do. The standing of any other runner follows from
//! the number of its weeks.

mod appeal;
mod board;
mod columns;
mod field;
mod idf;
mod inputs;
mod rebuilt;
mod references;
mod repeats;
mod sparse;
mod trend;

pub use appeal::{Evidence, posterior};
pub use board::{Board, Part};
pub use columns::{ItemStanding, MerchantStanding};
pub use field::Standing;
pub use idf::{Idf, TagTable};
pub use inputs::Inputs;
pub use rebuilt::Standings;
pub use references::References;
pub use repeats::Repeats;
