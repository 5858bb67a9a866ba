//! The race of one kind of runner, from its sales to level and growth.
//!
//! There are two passes over the sales: the first finds the median sum of a buyer's calendar week in each lane, from which the cap of the
//! second follows. Both run over the runners in parallel. The figures of a whole lane (medians, percentiles, the market slope) depend
//! only on the set of its runners' figures, so the result depends neither on the order of rows nor on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::group::{Entrant, Grouped, Sale, UnlinkedRefunds};
use super::growth::{Growth, market};
use super::lane::{ENOUGH, LaneId};
use super::ledger::SalesHistory;
use super::level::Sellers;
use super::median::median_money;
use super::runner::{Kind, Runner};
use super::series::{Bounds, Run, Scratch, Terms, buyer_weeks, counted, sells, spent};
use super::strangers::{Acquainted, Tally, usual};
use super::trade::trades;
use super::window::Window;
use crate::money::Money;

/// Minimum number of runners that a thread processes at once.
const BATCH: usize = 32;

/// The inputs of a race.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contest<'a> {
    pub(super) kind: Kind,
    pub(super) runners: &'a [Runner],
    /// The place of the first day of each runner's history, by row.
    pub(super) openings: &'a [u8],
    pub(super) history: &'a SalesHistory,
    pub(super) acquainted: &'a Acquainted,
    pub(super) window: &'a Window,
}

/// The result of a runner with sales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    pub(super) row: usize,
    pub(super) run: Run,
    /// L in [0, 1].
    pub(super) level: f64,
    /// `None` under three whole weeks.
    pub(super) growth: Option<Growth>,
}

impl Finish {
    /// Returns G; 0 if the history is too short for a trend.
    pub(super) fn grown(&self) -> f64 {
        self.growth.map_or(0.0, |growth| growth.growth)
    }
}

/// The results of a race: the runners with sales, and the market slopes.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) finishes: Vec<Finish>,
    pub(super) markets: Markets,
}

/// The market slope of each lane.
#[derive(Debug, Default)]
pub(super) struct Markets {
    /// The lanes that have a slope of their own, by lane.
    own: Vec<(LaneId, f64)>,
    all: f64,
}

impl Markets {
    /// Returns the market slope μ to subtract in a lane.
    pub(super) fn of(&self, lane: LaneId) -> f64 {
        let own = self.own.binary_search_by_key(&lane, |(lane, _)| *lane);
        own.map_or(self.all, |place| self.own[place].1)
    }
}

/// The runners with sales of one lane, which are neighbours.
#[derive(Clone, Debug)]
struct Heat {
    lane: LaneId,
    entrants: Range<usize>,
}

impl Heat {
    /// Returns true if the lane has enough sellers; otherwise its runners are compared with all runners of the kind.
    fn has_enough(&self, sellers: usize) -> bool {
        self.lane != LaneId::NONE && sellers >= ENOUGH
    }
}

/// A runner of the second pass, with the result of the first.
#[derive(Clone, Debug)]
struct Seller {
    entrant: Entrant,
    sells: bool,
    tally: Tally,
}

impl Contest<'_> {
    /// Runs the race.
    pub(super) fn run(&self) -> Results {
        let mut grouped = Grouped::new(
            self.kind,
            self.runners,
            self.openings,
            (self.history, self.acquainted),
            self.window,
        );
        let mut sums = vec![Money::ZERO; grouped.sales.len()];
        let sellers = self.first_pass(&mut grouped, &mut sums);
        let heats = heats(&sellers);
        let bounds = bounds(&heats, &sellers, &mut sums);
        drop(sums);
        let runs = self.second_pass(&heats, &sellers, &bounds, &grouped.sales);
        judge(&heats, &sellers, &runs)
    }

    /// Sorts each runner's sales, writes the sum of each buyer's calendar week into its part of `sums`, and returns for each
    /// runner whether it sells, and its buyers.
    fn first_pass(&self, grouped: &mut Grouped, sums: &mut [Money]) -> Vec<Seller> {
        let entrants = &grouped.entrants;
        let sales = parts(entrants, &mut grouped.sales);
        let sums = parts(entrants, sums);
        (entrants.par_iter(), sales, sums)
            .into_par_iter()
            .with_min_len(BATCH)
            .map(|(entrant, sales, sums)| {
                sales.sort_unstable_by_key(Sale::key);
                let mut tally = Tally::default();
                for (sum, week) in sums.iter_mut().zip(buyer_weeks(sales)) {
                    *sum = spent(week);
                    if counted(week).is_some() {
                        tally.add(week[0].stranger);
                    }
                }
                Seller {
                    entrant: entrant.clone(),
                    sells: sells(sales, entrant.opening),
                    tally,
                }
            })
            .collect()
    }

    fn second_pass(
        &self,
        heats: &[Heat],
        sellers: &[Seller],
        bounds: &[Bounds],
        sales: &[Sale],
    ) -> Vec<Run> {
        let unlinked = UnlinkedRefunds::new(self.kind, self.history, self.window);
        let bounded = heats.iter().zip(bounds);
        let bounds: Vec<Bounds> = bounded
            .flat_map(|(heat, bounds)| heat.entrants.clone().map(|_| *bounds))
            .collect();
        (sellers.par_iter(), bounds)
            .into_par_iter()
            .with_min_len(BATCH)
            .map_init(Scratch::default, |scratch, (seller, bounds)| {
                let entrant = &seller.entrant;
                let terms = self.terms(entrant, bounds);
                let sales = &sales[entrant.sales.clone()];
                let run = scratch.run(sales, unlinked.of(entrant.row), &terms, self.window);
                let of_trade = || trades(sales, unlinked.of(entrant.row));
                let trades = self.kind.row().with_trade.then(of_trade);
                Run {
                    trades: trades.unwrap_or_default(),
                    ..run
                }
            })
            .collect()
    }

    fn terms(&self, entrant: &Entrant, bounds: Bounds) -> Terms {
        Terms {
            opening: entrant.opening,
            bounds,
            integrity: self.runners[entrant.row].trust(),
            share_capped: self.kind.row().share_capped,
            with_order: self.kind.row().with_order,
        }
    }
}

/// Splits a column parallel to the sales into the parts of the entrants.
fn parts<'c, T>(entrants: &[Entrant], mut column: &'c mut [T]) -> Vec<&'c mut [T]> {
    let mut parts = Vec::with_capacity(entrants.len());
    for entrant in entrants {
        let (part, rest) = column.split_at_mut(entrant.sales.len());
        parts.push(part);
        column = rest;
    }
    parts
}

fn heats(sellers: &[Seller]) -> Vec<Heat> {
    let mut end = 0;
    let lanes = sellers.chunk_by(|a, b| a.entrant.lane == b.entrant.lane);
    lanes
        .map(|lane| {
            let start = end;
            end += lane.len();
            Heat {
                lane: lane[0].entrant.lane,
                entrants: start..end,
            }
        })
        .collect()
}

/// Returns what is usual in each heat: in its lane, or among all runners if the lane has too few sellers. Reorders the sums.
fn bounds(heats: &[Heat], sellers: &[Seller], sums: &mut [Money]) -> Vec<Bounds> {
    let own: Vec<Option<Bounds>> = heats
        .iter()
        .map(|heat| {
            let lane = &sellers[heat.entrants.clone()];
            let count = lane.iter().filter(|seller| seller.sells).count();
            let range = lane[0].entrant.sales.start..lane[lane.len() - 1].entrant.sales.end;
            let enough = heat.has_enough(count);
            enough.then(|| Bounds::of(lane, &mut sums[range]))
        })
        .collect();
    let all = if own.iter().all(Option::is_some) {
        Bounds::default()
    } else {
        Bounds::of(sellers, sums)
    };
    own.into_iter().map(|own| own.unwrap_or(all)).collect()
}

impl Bounds {
    fn of(sellers: &[Seller], sums: &mut [Money]) -> Self {
        Self {
            spend: median_money(positive(sums)),
            strangers: usual(sellers.iter().map(|seller| seller.tally)),
        }
    }
}

/// Moves the positive sums to the front and returns them.
fn positive(sums: &mut [Money]) -> &mut [Money] {
    let mut count = 0;
    for place in 0..sums.len() {
        if sums[place] > Money::ZERO {
            sums.swap(count, place);
            count += 1;
        }
    }
    &mut sums[..count]
}

/// Computes the level and growth of every runner from the figures of all.
fn judge(heats: &[Heat], sellers: &[Seller], runs: &[Run]) -> Results {
    let all = 0..runs.len();
    let everyone = figures(all.clone(), sellers, runs);
    let markets = Markets {
        own: heats
            .iter()
            .filter(|heat| heat.lane != LaneId::NONE)
            .filter_map(|heat| Some((heat.lane, slope(heat.entrants.clone(), runs)?)))
            .collect(),
        all: slope(all, runs).unwrap_or(0.0),
    };
    let mut finishes = Vec::with_capacity(runs.len());
    for heat in heats {
        let own = figures(heat.entrants.clone(), sellers, runs);
        let lane = if heat.has_enough(own.len()) {
            &own
        } else {
            &everyone
        };
        let slope = markets.of(heat.lane);
        finishes.extend(heat.entrants.clone().map(|place| Finish {
            row: sellers[place].entrant.row,
            run: runs[place],
            level: if sellers[place].sells {
                lane.level(runs[place].weekly_gmv)
            } else {
                0.0
            },
            growth: runs[place].trend.map(|trend| trend.beside(slope)),
        }));
    }
    Results { finishes, markets }
}

fn figures(range: Range<usize>, sellers: &[Seller], runs: &[Run]) -> Sellers {
    let selling = range.filter(|place| sellers[*place].sells);
    Sellers::new(selling.map(|place| runs[place].weekly_gmv))
}

fn slope(range: Range<usize>, runs: &[Run]) -> Option<f64> {
    market(runs[range].iter().filter_map(|run| run.trend))
}
