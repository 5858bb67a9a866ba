//! The fate of a line: accepted or rejected.

use crate::model::Fault;
use crate::model::diagnose::not_utf8;

/// A rejected line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// The id, if it could be read.
    pub id: Option<String>,
    /// Every fault of the line.
    pub errors: Vec<Fault>,
}

impl Rejected {
    /// Returns the rejection of a line that is not UTF-8.
    #[must_use]
    pub fn not_utf8() -> Self {
        Self {
            id: None,
            errors: not_utf8().into_faults(),
        }
    }
}

/// The effect of an accepted fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It changed the state.
    Fresh,
    /// It is kept, but it is older than the race's window: it opens no history and teaches no profile.
    Late,
    /// It changed nothing: an event of the same id was known.
    Known,
    /// It changed nothing: an event of this id, but with other content, was known.
    Altered(Box<str>),
}

/// The outcome of a line.
pub type Fate = Result<Accepted, Rejected>;
