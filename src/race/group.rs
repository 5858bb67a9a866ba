//! Groups the sales by runner.
//!
//! A counting sort over rows: one pass counts, the next scatters. With millions of sales a hash map of runners would cost several times
//! as much, and its order would depend on the hashes. The runners are sorted by lane, so that the figures of a lane, its medians and
//! percentiles, are computed over neighbours.

use std::ops::Range;

use crate::id::UserRow;

use super::lane::LaneId;
use super::ledger::{Purchase, SalesHistory};
use super::runner::{Kind, Runner};
use super::strangers::Acquainted;
use super::window::{WINDOW, Window};
use crate::money::Money;

/// A purchase as one runner sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sale {
    /// The amount paid.
    pub(super) amount: Money,
    /// The amount left after refunds.
    pub(super) net: Money,
    pub(super) buyer: UserRow,
    /// The place of its day in the window.
    pub(super) day: u8,
    /// The calendar week of that day.
    pub(super) week: u8,
    /// True if it was refunded in full.
    pub(super) refunded: bool,
    /// True if the buyer bought from no other merchant.
    pub(super) stranger: bool,
}

impl Sale {
    fn new(
        purchase: &Purchase,
        (buyer, stranger): (UserRow, bool),
        day: u8,
        window: &Window,
    ) -> Self {
        Self {
            amount: purchase.amount,
            net: purchase.net(),
            buyer,
            day,
            week: window.week(day),
            refunded: purchase.is_refunded(),
            stranger,
        }
    }

    /// Returns the sort key of a runner's sales: by buyer, then by day.
    pub(super) fn key(&self) -> u64 {
        u64::from(self.buyer.0) << 8 | u64::from(self.day)
    }
}

/// A runner with sales in its history.
#[derive(Clone, Debug)]
pub(super) struct Entrant {
    pub(super) row: usize,
    pub(super) lane: LaneId,
    /// The place of the first day of its history.
    pub(super) opening: u8,
    /// The positions of its sales.
    pub(super) sales: Range<usize>,
}

/// The runners with sales, by lane, and their sales.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    pub(super) entrants: Vec<Entrant>,
    pub(super) sales: Vec<Sale>,
}

impl Grouped {
    /// Groups the sales of one kind of runner that lie in the runner's history; `openings` is its first day's place, by row.
    pub(super) fn new(
        kind: Kind,
        runners: &[Runner],
        openings: &[u8],
        (history, acquainted): (&SalesHistory, &Acquainted),
        window: &Window,
    ) -> Self {
        let openings = &without_forgotten(kind, openings, history);
        let mut places = vec![0; openings.len()];
        for_each(kind, openings, history, window, |row, _, _| {
            places[row] += 1;
        });
        let (entrants, count) = line_up(runners, openings, &mut places);
        let mut sales = vec![Sale::default(); count];
        for_each(kind, openings, history, window, |row, purchase, day| {
            let buyer = history.buyers.of(purchase.buyer);
            let stranger = !acquainted.has(buyer);
            sales[places[row]] = Sale::new(purchase, (buyer, stranger), day, window);
            places[row] += 1;
        });
        Self { entrants, sales }
    }
}

/// Returns the openings, with `u8::MAX`, which is after the window, for runners whose sales are forgotten.
fn without_forgotten(kind: Kind, openings: &[u8], history: &SalesHistory) -> Vec<u8> {
    let mut openings = openings.to_vec();
    for row in history.forgotten.rows(kind) {
        if let Some(opening) = openings.get_mut(row.index()) {
            *opening = u8::MAX;
        }
    }
    openings
}

/// Visits each purchase of the window that lies in its runner's history.
fn for_each(
    kind: Kind,
    openings: &[u8],
    history: &SalesHistory,
    window: &Window,
    mut visit: impl FnMut(usize, &Purchase, u8),
) {
    if openings.is_empty() {
        return;
    }
    for day in &history.days {
        let Some(place) = window.place(day.day) else {
            continue;
        };
        for purchases in day.purchases.slices() {
            for purchase in purchases {
                let row = purchase.runners[kind].index();
                if openings.get(row).is_some_and(|opening| *opening <= place) {
                    visit(row, purchase, place);
                }
            }
        }
    }
}

/// Orders the runners with sales by lane and row; turns their counts into the positions at which their sales begin.
fn line_up(runners: &[Runner], openings: &[u8], counts: &mut [usize]) -> (Vec<Entrant>, usize) {
    let sold = (0..counts.len()).filter(|row| counts[*row] > 0);
    let mut rows: Vec<(LaneId, usize)> = sold.map(|row| (runners[row].lane, row)).collect();
    rows.sort_unstable();
    let mut end = 0;
    let entrants = rows.into_iter().map(|(lane, row)| {
        let start = end;
        end += counts[row];
        counts[row] = start;
        Entrant {
            row,
            lane,
            opening: openings[row],
            sales: start..end,
        }
    });
    (entrants.collect(), end)
}

/// The refunds of one kind of runner that name no purchase, by row and place.
pub(super) struct UnlinkedRefunds(Vec<(usize, u8, Money)>);

impl UnlinkedRefunds {
    pub(super) fn new(kind: Kind, history: &SalesHistory, window: &Window) -> Self {
        let mut refunds = Vec::new();
        for day in &history.days {
            let Some(place) = window.place(day.day) else {
                continue;
            };
            let sums = day.unlinked.sums(kind);
            refunds.extend(sums.map(|(row, sum)| (row.index(), place, sum)));
        }
        refunds.sort_unstable();
        Self(refunds)
    }

    /// Returns the refunds of one runner by place.
    pub(super) fn of(&self, row: usize) -> impl Iterator<Item = (usize, Money)> + '_ {
        let from = self.0.partition_point(|(other, _, _)| *other < row);
        let own = self.0[from..].iter();
        own.take_while(move |(other, _, _)| *other == row)
            .map(|(_, place, sum)| (usize::from(*place).min(WINDOW - 1), *sum))
    }
}
