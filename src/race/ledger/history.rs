//! What a rebuild sees of the ledger: the sales up to one day, unchanging.

use std::sync::Arc;

use crate::chunked::Chunked;
use crate::clock::Day;

use super::day::{DaySales, Purchase, Unlinked};
use super::first::FirstDays;
use super::forgotten::Forgotten;

/// The sales of one window as they were when the snapshot was taken.
#[derive(Clone, Debug, Default)]
pub struct SalesHistory {
    pub(in crate::race) days: Vec<HistoryDay>,
    pub(in crate::race) items: FirstDays,
    pub(in crate::race) merchants: FirstDays,
    pub(in crate::race) forgotten: Forgotten,
}

/// One day of it.
#[derive(Clone, Debug)]
pub(in crate::race) struct HistoryDay {
    pub(in crate::race) day: Day,
    pub(in crate::race) purchases: Chunked<Purchase>,
    pub(in crate::race) unlinked: Arc<Unlinked>,
}

impl HistoryDay {
    pub(super) fn of(day: Day, sales: &DaySales) -> Self {
        Self {
            day,
            purchases: sales.purchases(),
            unlinked: sales.unlinked(),
        }
    }
}
