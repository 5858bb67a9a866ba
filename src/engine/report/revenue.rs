//! Revenue as a product: visitors × buyers per visitor × orders per buyer × GMV per order.
//!
//! Visitors are the users who clicked, and at least the buyers, for callers whose clicks do not reach the service. So each figure is
//! defined as soon as something was sold, and the product is the GMV whatever was sent.

use super::kept::OfStandings;
use crate::engine::Engine;
use crate::engine::market::key;
use crate::model::view::{OrNull, ReportFigure, Revenue};
use crate::number::real;
use crate::race::{Races, Standings, Trade, Trades};

/// Number of figures.
const FIGURES: usize = 7;

/// The figures of one window, in the order of the fields of [`Revenue`]; `None` if there is nothing to divide by.
pub(super) type Figures = [Option<f64>; FIGURES];

/// Returns the figures of a trade with some users who clicked.
pub(super) fn figures(clicked: u64, trade: &Trade) -> Figures {
    let [buyers, orders] = [trade.buyers, trade.orders].map(f64::from);
    let visitors = real(clicked.max(trade.buyers.into()));
    let gmv = trade.gmv.units();
    let per = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    [
        Some(visitors),
        per(buyers, visitors),
        per(orders, buyers),
        per(gmv, orders),
        Some(gmv),
        Some(buyers),
        Some(orders),
    ]
}

impl Engine {
    /// Returns what a runner sold, beside what its rivals did.
    pub(super) fn revenue<R: Races>(&self, row: R, standings: &Standings) -> Revenue {
        let visitors = self.visitors.get(standings.number, || {
            let last = standings.last_complete;
            let days = self.facts.read().books.exposure.visits(last);
            days.visitors()
        });
        let own = both::<R>(&visitors, row.runner().index(), &standings.trades(row));
        let rivals = standings.rivals(row);
        let all: Vec<Figures> = rivals
            .iter()
            .map(|(rival, trades)| both::<R>(&visitors, *rival, trades)[0])
            .collect();
        let [a, b, c, d, gmv, buyers, orders] = std::array::from_fn(|figure| {
            let [now, before] = own.map(|window| window[figure]);
            let others = all.iter().filter_map(|rival| rival[figure]);
            ReportFigure {
                now: OrNull(now),
                before: OrNull(before),
                trend: OrNull(now.zip(before).and_then(|(now, before)| trend(now, before))),
                percentile: OrNull(now.map(|now| percentile(now, others))),
            }
        });
        Revenue {
            rivals: all.len(),
            visitors: a,
            buyers_per_visitor: b,
            orders_per_buyer: c,
            gmv_per_order: d,
            gmv,
            buyers,
            orders,
        }
    }
}

fn both<R: Races>(visitors: &OfStandings, row: usize, trades: &Trades) -> [Figures; 2] {
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    let [now, before] = visitors.of(key(R::KIND, row));
    [figures(now, &trades[0]), figures(before, &trades[1])]
}

/// Returns the change of a figure as a part of what it was; `None` if it was 0.
pub(super) fn trend(now: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| now / before - 1.0)
}

/// Returns the share of some figures that are below one, those equal to it counted half.
fn percentile(own: f64, all: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut halves) = (0_u32, 0_u32);
    for other in all {
        count += 1;
        halves += u32::from(other < own) + u32::from(other <= own);
    }
    f64::from(halves) / f64::from(count.max(1)) / 2.0
}
