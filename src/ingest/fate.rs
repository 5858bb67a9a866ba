//! The outcome of a line.

use crate::model::Fault;

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its id, where it could be read.
    pub id: Option<String>,
    /// Every fault of it.
    pub errors: Vec<Fault>,
}

/// What a fact that was taken meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was news.
    Fresh,
    /// An event of its id was known already: it changed nothing.
    Known,
}

/// What became of a line.
pub type Fate = Result<Taken, Rejected>;
