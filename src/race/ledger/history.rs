//! The ledger as a rebuild sees it: the sales up to one day, which do not change.

use std::sync::Arc;

use super::super::runner::PerKind;
use super::day::DaySales;
use super::first::FirstDays;
use super::forgotten::Forgotten;
use super::purchase::Purchase;
use super::tail::Tail;
use super::unlinked::Unlinked;
use crate::chunked::Chunked;
use crate::clock::Day;
use crate::id::Buyers;

/// The sales of one window at the instant of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct SalesHistory {
    pub(in crate::race) days: Vec<HistoryDay>,
    pub(in crate::race) first_days: PerKind<FirstDays>,
    pub(in crate::race) forgotten: Forgotten,
    /// Buyers who are one.
    pub(in crate::race) buyers: Buyers,
    /// The first day held; nothing is known of the days before it.
    pub(in crate::race) floor: Option<Day>,
    /// What the days before it still count in trends.
    pub(in crate::race) tail: Tail,
}

impl SalesHistory {
    /// Returns the same sales, in which some buyers are one.
    #[must_use]
    pub fn merged(self, buyers: &Buyers) -> Self {
        let buyers = buyers.clone();
        Self { buyers, ..self }
    }
}

/// One day of a history.
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
