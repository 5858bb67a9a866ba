//! Strangers: buyers who bought from one merchant only, over the whole window. A shop can open such accounts by the hundred, so they
//! alone must not make a race.
//!
//! Real shops have strangers too. With the usual share q of strangers among the buyers of the lane, o = q/(1 − q) strangers are usual
//! for each other buyer. A calendar week with k other buyers and u strangers may have a = max(2·o·(k + 1) + 3, k/2) of them. Beyond
//! that they count for e = m + (a − m)·(a/u)² buyers together, with m = min(o·k, v) and v the median of u over the runner's weeks: the
//! more there are, the closer they come to the usual number. A fixed weight instead would still let 140 accounts count for 70 buyers.
//! Their money counts to at most e · (1 + 4·(a/u)²) × the lane's usual sum.

use super::ledger::{Purchase, SalesHistory};
use super::median::weighted_median;
use super::runner::Kind;
use crate::bits::Bits;
use crate::id::{RunnerRow, UserRow};

/// Strangers of a week that are always allowed.
pub(super) const FREE: f64 = 3.0;
/// Maximum sum that counts of a buyer's calendar week, in multiples of the lane's median.
pub(super) const CAP: i64 = 5;
/// Minimum number of runners with buyers for a usual share.
const LEAST: usize = 10;

/// The buyers of the window who bought from more than one merchant.
#[derive(Debug, Default)]
pub(super) struct Acquainted(Bits);

impl Acquainted {
    /// Finds the buyers of a history who bought from several merchants. What was refunded in full does not count; goods without a
    /// merchant count as those of one merchant.
    pub(super) fn of(history: &SalesHistory) -> Self {
        let mut first = Vec::new();
        let mut acquainted = Self::default();
        for purchases in history.days.iter().flat_map(|day| day.purchases.slices()) {
            for purchase in purchases.iter().filter(|purchase| !purchase.is_refunded()) {
                let buyer = history.buyers.of(purchase.buyer).some();
                let Some(buyer) = buyer.filter(|buyer| !acquainted.has(*buyer)) else {
                    continue;
                };
                if buyer.index() >= first.len() {
                    first.resize(buyer.index() + 1, None);
                }
                let merchant = merchant(purchase, history);
                if *first[buyer.index()].get_or_insert(merchant) != merchant {
                    acquainted.0.add(buyer.index());
                }
            }
        }
        acquainted
    }

    /// Returns true if a buyer bought from several merchants.
    #[inline]
    pub(super) fn has(&self, buyer: UserRow) -> bool {
        self.0.has(buyer.index())
    }
}

/// Returns the merchant of a purchase; no merchant if it is forgotten.
fn merchant(purchase: &Purchase, history: &SalesHistory) -> RunnerRow {
    let merchant = purchase.runners[Kind::Merchant];
    if history.forgotten.has(Kind::Merchant, merchant) {
        RunnerRow::NONE
    } else {
        merchant
    }
}

/// The counted buyers of a runner's window, one for each calendar week.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) buyers: u32,
    /// The strangers among them.
    pub(super) strangers: u32,
}

impl Tally {
    /// Counts one buyer.
    pub(super) fn add(&mut self, is_stranger: bool) {
        self.buyers += 1;
        self.strangers += u32::from(is_stranger);
    }
}

/// Returns the usual share of strangers: the median over runners, weighted by their buyers. `None` under ten runners with buyers.
pub(super) fn usual(tallies: impl Iterator<Item = Tally>) -> Option<f64> {
    let mut shares: Vec<(f64, f64)> = tallies
        .filter(|tally| tally.buyers > 0)
        .map(|tally| {
            let buyers = f64::from(tally.buyers);
            (f64::from(tally.strangers) / buyers, buyers)
        })
        .collect();
    if shares.len() < LEAST {
        return None;
    }
    weighted_median(&mut shares)
}

/// What counts of the strangers of one week, if there are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Excess {
    /// The number of buyers that they count for together.
    pub(super) buyers: f64,
    /// The maximum of their money, in multiples of the lane's usual sum of a buyer's week.
    pub(super) spends: f64,
}

impl Excess {
    /// Returns what counts of `strangers` beside other buyers, given the usual number of the runner and the usual share of the lane;
    /// `None` if there are not too many.
    pub(super) fn of(others: u32, strangers: u32, own: f64, usual: f64) -> Option<Self> {
        let (others, strangers) = (f64::from(others), f64::from(strangers));
        if usual >= 1.0 {
            return None;
        }
        let odds = usual / (1.0 - usual);
        let allowed = (2.0 * odds * (others + 1.0) + FREE).max(others / 2.0);
        let expected = (odds * others).min(own);
        let closeness = (allowed / strangers).powi(2);
        let buyers = expected + (allowed - expected) * closeness;
        (strangers > allowed).then_some(Self {
            buyers,
            spends: buyers * (1.0 + (CAP - 1) as f64 * closeness),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_values() {
        for ((others, strangers, own, usual), buyers, spends) in [
            ((5, 140, 0.0, 0.0), 0.001378, 0.001380),
            ((60, 140, 1.0, 0.0), 1.377551, 1.630571),
            ((40, 60, 30.0, 0.3), 25.629643, 67.060745),
            ((5, 140, 2.0, 0.5), 2.149235, 2.247924),
            ((5, 140, 9.0, 0.5), 5.114796, 5.349659),
            ((0, 22, 3.0, 0.9), 19.134298, 88.871696),
        ] {
            let excess = Excess::of(others, strangers, own, usual).unwrap();
            assert!((excess.buyers - buyers).abs() < 1e-6, "{excess:?}");
            assert!((excess.spends - spends).abs() < 1e-6, "{excess:?}");
        }
        for (others, strangers, usual) in [(5, 3, 0.0), (60, 30, 0.0), (0, 21, 0.9), (0, 140, 1.0)]
        {
            assert_eq!(Excess::of(others, strangers, 0.0, usual), None);
        }
    }

    #[test]
    fn what_counts_has_no_jump() {
        for others in [0, 1, 7, 60] {
            for usual in [0.0, 0.1, 0.5, 0.9] {
                let counted = |strangers: u32| {
                    Excess::of(others, strangers, 2.0, usual)
                        .map_or(f64::from(strangers), |excess| excess.buyers)
                };
                for strangers in 1..2_000 {
                    let step = counted(strangers) - counted(strangers - 1);
                    assert!(step.abs() <= 2.0, "{others} {strangers} {usual}: {step}");
                }
            }
        }
    }

    #[test]
    fn the_usual_share_is_weighted_by_buyers() {
        let tally = |buyers, strangers| Tally { buyers, strangers };
        assert_eq!(usual((0..9).map(|_| tally(10, 1))), None);
        let many = (0..10).map(|_| tally(1, 1)).chain([tally(30, 3)]);
        assert_eq!(usual(many), Some(0.1));
        let empty = (0..20).map(|_| Tally::default());
        assert_eq!(usual(empty), None);
    }
}
