//! What the ledger holds of creators, who became runners later than items and merchants: stored in parts of their own, so that the shape
//! of the older parts stays.

use serde::{Deserialize, Serialize};

use super::super::runner::Kind;
use super::first::FirstDays;
use super::image::LedgerImage;
use super::sales::Ledger;
use crate::clock::Day;
use crate::id::RunnerRow;
use crate::money::Money;

/// The kind whose values are stored here.
const KIND: Kind = Kind::Creator;

/// Everything that the ledger holds of creators except for the purchases.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct OfCreators {
    first_days: FirstDays,
    forgotten: Vec<RunnerRow>,
    /// The sums refunded without a purchase, by day.
    unlinked: Vec<(Day, Vec<(RunnerRow, Money)>)>,
    /// Purchase and arrival of the waiting refunds that name a creator.
    waiting: Vec<((u64, u64), RunnerRow)>,
}

impl LedgerImage {
    /// Returns what the image holds of creators except for the purchases.
    #[must_use]
    pub fn of_creators(&self) -> OfCreators {
        let unlinked = self.unlinked.iter().filter_map(|(day, sums)| {
            let sums: Vec<_> = sums.sums(KIND).collect();
            (!sums.is_empty()).then_some((*day, sums))
        });
        OfCreators {
            first_days: self.notes.first_days[KIND].clone(),
            forgotten: self.notes.forgotten.rows(KIND).collect(),
            unlinked: unlinked.collect(),
            waiting: self.notes.waiting.naming(KIND),
        }
    }
}

impl Ledger {
    /// Restores what was stored of creators, after the other notes.
    pub fn restore_creators(&mut self, of: OfCreators) {
        self.notes.first_days[KIND] = of.first_days;
        let forgotten = of.forgotten.into_iter();
        forgotten.for_each(|row| self.notes.forgotten.add(KIND, row));
        for (day, sums) in of.unlinked {
            if let Some(sales) = self.days.get_mut(&day) {
                sales.replace_unlinked(KIND, sums);
            }
        }
        for (refund, row) in of.waiting {
            self.notes.waiting.name(refund, KIND, row);
        }
    }

    /// Restores the creators of purchases of a day, from a position on.
    pub fn restore_creators_sold(&mut self, day: Day, first: usize, creators: Vec<RunnerRow>) {
        if let Some(sales) = self.days.get_mut(&day) {
            sales.name(first, KIND, creators);
        }
    }
}
