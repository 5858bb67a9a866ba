//! All runners of one kind after their race, with their full standings.

use serde::Serialize;

use super::super::contest::{Finish, Markets, Results};
use super::super::growth::Trend;
use super::super::lane::{ENOUGH, LaneId};
use super::super::runner::Kind;
use super::super::trade::Trades;
use super::super::window::{WEEKS, whole_weeks};
use super::inputs::Inputs;
use crate::money::Money;

/// The full result of a runner's race.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// level weight · L + growth weight · G.
    pub score: f64,
    /// L: the percentile of its weekly GMV among the sellers of its lane, in [0, 1].
    pub level: f64,
    /// G in [0, 1).
    pub growth: f64,
    /// Trusted mean weekly GMV in units.
    pub weekly_gmv: f64,
    /// b: the slope of its weekly buyers, before the market slope is subtracted; `None` under three weeks.
    pub slope: Option<f64>,
    /// The lower bound of its weekly growth, at 90 % confidence; `None` under three weeks.
    pub lower: Option<f64>,
    /// Whole weeks of its history, at most 12.
    pub weeks: usize,
    /// True if its growth is not known yet: under three weeks, or under two with a buyer.
    pub newcomer: bool,
    /// Effective buyers of the last 28 days.
    pub buyers: f64,
    /// The usual value of one order in units, from its purchases; of items only.
    pub order: Option<f64>,
}

/// A runner, with or without sales.
#[derive(Clone, Copy, Debug)]
struct Seat {
    lane: LaneId,
    /// The position of its detail; `u32::MAX` if it did not sell.
    detail: u32,
    weeks: u8,
    present: bool,
}

/// The figures of a runner that sold.
#[derive(Clone, Copy, Debug)]
struct Detail {
    level: f64,
    weekly_gmv: f64,
    buyers: f64,
    trend: Option<Trend>,
    order: Option<Money>,
    weekly: [f32; WEEKS],
}

/// All runners of one kind.
#[derive(Debug)]
pub(super) struct Field {
    seats: Vec<Seat>,
    details: Vec<Detail>,
    /// By the position of the detail; empty if the kind has no reports.
    trades: Vec<Trades>,
    markets: Markets,
    /// Number of runners by lane; those without a lane count in `size` alone.
    lane_sizes: Vec<usize>,
    size: usize,
    level_weight: f64,
    growth_weight: f64,
}

impl Field {
    pub(super) fn new(kind: Kind, inputs: &Inputs, openings: &[u8], results: Results) -> Self {
        let finishes = || results.finishes.iter();
        let with_trade = kind.row().with_trade;
        let mut field = Self {
            trades: finishes()
                .filter(|_| with_trade)
                .map(|finish| finish.run.trades)
                .collect(),
            seats: seats(kind, inputs, openings),
            details: finishes().map(Detail::of).collect(),
            markets: results.markets,
            lane_sizes: vec![0; inputs.lanes.len()],
            size: 0,
            level_weight: inputs.level_weight,
            growth_weight: inputs.growth_weight,
        };
        for (finish, detail) in results.finishes.iter().zip(0..) {
            field.seats[finish.row].detail = detail;
        }
        for seat in field.seats.iter().filter(|seat| seat.present) {
            field.size += 1;
            if let Some(size) = field.lane_sizes.get_mut(seat.lane.index()) {
                *size += 1;
            }
        }
        field
    }

    /// Returns the number of runners.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Returns the number of runners in a lane.
    pub(super) fn lane_size(&self, lane: LaneId) -> usize {
        let size = self.lane_sizes.get(lane.index());
        size.copied().unwrap_or(0)
    }

    /// Returns the lanes that have runners, each with the number of its runners.
    pub(super) fn lanes(&self) -> impl Iterator<Item = (LaneId, usize)> {
        let sizes = self.lane_sizes.iter().zip(0..);
        sizes
            .filter(|(size, _)| **size > 0)
            .map(|(size, lane)| (LaneId(lane), *size))
    }

    /// Returns the scores and rows of the runners in one lane or in all.
    pub(super) fn scores(&self, lane: Option<LaneId>) -> impl Iterator<Item = (f64, usize)> {
        let races = move |seat: &Seat| seat.present && lane.is_none_or(|lane| lane == seat.lane);
        let seats = self.seats.iter().enumerate();
        seats
            .filter(move |(_, seat)| races(seat))
            .map(|(row, seat)| (self.score(seat), row))
    }

    /// Returns the full standing of a runner.
    pub(super) fn standing(&self, row: usize) -> Option<Standing> {
        let seat = self.seats.get(row).filter(|seat| seat.present)?;
        let detail = self.detail(seat);
        let trend = detail.map_or_else(|| Trend::flat(seat.weeks.into()), |detail| detail.trend);
        let growth = trend.map(|trend| trend.beside(self.markets.of(seat.lane)));
        Some(Standing {
            score: self.score(seat),
            level: detail.map_or(0.0, |detail| detail.level),
            growth: growth.map_or(0.0, |growth| growth.growth),
            weekly_gmv: detail.map_or(0.0, |detail| detail.weekly_gmv),
            slope: trend.map(|trend| trend.slope),
            lower: growth.map(|growth| growth.lower),
            weeks: seat.weeks.into(),
            newcomer: !trend.is_some_and(|trend| trend.proven),
            buyers: detail.map_or(0.0, |detail| detail.buyers),
            order: detail.and_then(|detail| detail.order).map(Money::units),
        })
    }

    /// Returns the lane of a runner; [`LaneId::NONE`] if it has none.
    pub(super) fn lane(&self, row: usize) -> LaneId {
        let seat = self.seats.get(row).filter(|seat| seat.present);
        seat.map_or(LaneId::NONE, |seat| seat.lane)
    }

    /// Returns the effective buyers of each whole week of a runner, oldest first.
    pub(super) fn weekly(&self, row: usize) -> Vec<f32> {
        let seat = self.seats.get(row).filter(|seat| seat.present);
        let weekly = seat.and_then(|seat| self.detail(seat)).map(|it| it.weekly);
        let weeks = seat.map_or(0, |seat| seat.weeks.into());
        let weekly = weekly.unwrap_or_default().into_iter();
        weekly.take(weeks).collect()
    }

    /// Returns the trades of a runner; none sold if it has no sales.
    pub(super) fn trades(&self, row: usize) -> Trades {
        let seat = self.seats.get(row).filter(|seat| seat.present);
        seat.map_or_else(Trades::default, |seat| self.trades_of(seat))
    }

    /// Returns the rows of a runner's rivals, itself included, with their trades: the runners of its lane, or of all lanes if it has none or
    /// fewer than [`ENOUGH`] sold there in the last 28 days.
    pub(super) fn rivals(&self, row: usize) -> Vec<(usize, Trades)> {
        let lane = self.lane(row);
        let mut rivals = self.traders(|seat| lane != LaneId::NONE && seat.lane == lane);
        let sellers = rivals.iter().filter(|(_, [now, _])| now.orders > 0).count();
        if sellers < ENOUGH {
            rivals = self.traders(|_| true);
        }
        rivals
    }

    fn traders(&self, is: impl Fn(&Seat) -> bool) -> Vec<(usize, Trades)> {
        let seats = self.seats.iter().enumerate();
        seats
            .filter(|(_, seat)| seat.present && is(seat))
            .map(|(row, seat)| (row, self.trades_of(seat)))
            .collect()
    }

    fn trades_of(&self, seat: &Seat) -> Trades {
        let detail = usize::try_from(seat.detail).unwrap_or(usize::MAX);
        self.trades.get(detail).copied().unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.seats.as_slice())
            + size_of_val(self.details.as_slice())
            + size_of_val(self.trades.as_slice())
    }

    fn detail(&self, seat: &Seat) -> Option<&Detail> {
        self.details.get(usize::try_from(seat.detail).ok()?)
    }

    fn score(&self, seat: &Seat) -> f64 {
        let Some(detail) = self.detail(seat) else {
            return 0.0;
        };
        let market = self.markets.of(seat.lane);
        let growth = (detail.trend).map_or(0.0, |trend| trend.beside(market).growth);
        self.level_weight * detail.level + self.growth_weight * growth
    }
}

impl Detail {
    fn of(finish: &Finish) -> Self {
        Self {
            level: finish.level,
            weekly_gmv: finish.run.weekly_gmv,
            buyers: finish.run.buyers,
            trend: finish.run.trend,
            order: finish.run.order,
            weekly: finish.run.weekly,
        }
    }
}

fn seats(kind: Kind, inputs: &Inputs, openings: &[u8]) -> Vec<Seat> {
    let runners = inputs.runners[kind].iter().zip(openings);
    runners
        .map(|(runner, opening)| Seat {
            lane: runner.lane,
            detail: u32::MAX,
            weeks: u8::try_from(whole_weeks(*opening).len() / 7).unwrap_or(0),
            present: runner.present,
        })
        .collect()
}
