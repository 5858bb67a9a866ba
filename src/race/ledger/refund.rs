//! Refunds that name their purchase.

use serde::{Deserialize, Serialize};

use super::super::runner::RunnerRows;
use crate::id::UserRow;
use crate::money::Money;

/// A refund that names its purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refund {
    /// The hash of the purchase's event id.
    pub purchase: u64,
    /// The user who returns the purchase.
    pub buyer: UserRow,
    /// The runners that the refund names.
    pub runners: RunnerRows,
    /// The refunded amount; `None`: all of it.
    pub amount: Option<Money>,
}

/// The result of a refund that names its purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts against its purchase.
    Applied,
    /// Its purchase is not held; the refund waits for it.
    Waiting,
    /// Its purchase is by another buyer or of another item; the refund does not count.
    Mismatched,
}
