//! The result of a failed reading.

use crate::model::Fault;

/// The reason why a text was rejected. The list of faults is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// The text is not JSON in UTF-8.
    NotJson(Fault),
    /// The text is JSON but breaks rules of its object.
    Invalid(Vec<Fault>),
}

impl Diagnosis {
    /// Returns the faults of either variant.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::NotJson(fault) => vec![fault],
            Self::Invalid(faults) => faults,
        }
    }
}
