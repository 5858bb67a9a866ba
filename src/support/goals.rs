//! π: the share of the exposures of a merchant at which its goal held for the user, with a half-life of 28 days.
//!
//! Both sums of the ratio decay alike, so it needs no instant to be read at. Whether a goal holds is judged as an impression is taken, by
//! what is known of the user then. A merchant that changes its goal begins anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{Day, Time};
use crate::decay::Decay;
use crate::model::Goal;
use crate::number::DAY_MILLIS;

/// The decay of the sums.
const DECAY: Decay = Decay::new(28.0 * DAY_MILLIS);
/// Days without an exposure after which a merchant is forgotten: under a hundredth is left of its sums.
const IDLE: i32 = 196;

/// The exposures of one merchant, relative to a landmark.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Sums {
    goal: Goal,
    landmark: f64,
    shown: f64,
    held: f64,
    last: Day,
}

/// The exposures of every merchant with a goal. At most one entry for each declared merchant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Goals(BTreeMap<u32, Sums>);

impl Goals {
    /// Counts an exposure of a merchant, by its row, at which its goal held for the user or not.
    pub fn show(&mut self, merchant: u32, (goal, holds): (Goal, bool), (at, day): (Time, Day)) {
        let new = Sums {
            goal,
            landmark: DECAY.landmark(at),
            shown: 0.0,
            held: 0.0,
            last: day,
        };
        let sums = self.0.entry(merchant).or_insert(new);
        if sums.goal != goal {
            *sums = new;
        }
        if let Some(landmark) = DECAY.moved(sums.landmark, at) {
            let left = (sums.landmark - landmark).exp2();
            (sums.shown, sums.held) = (sums.shown * left, sums.held * left);
            sums.landmark = landmark;
        }
        let gain = DECAY.growth(sums.landmark, at);
        sums.shown += gain;
        sums.held += if holds { gain } else { 0.0 };
        sums.last = sums.last.max(day);
    }

    /// Returns π of a merchant, by its row; `None` if no exposure for this goal is known.
    #[must_use]
    pub fn share(&self, merchant: u32, goal: Goal) -> Option<f64> {
        let sums = self.0.get(&merchant).filter(|sums| sums.goal == goal)?;
        (sums.shown > 0.0).then(|| (sums.held / sums.shown).clamp(0.0, 1.0))
    }

    /// Forgets a merchant, by its row.
    pub fn forget(&mut self, merchant: u32) {
        self.0.remove(&merchant);
    }

    /// Forgets the merchants without exposures for a long time.
    pub fn expire(&mut self, last_complete: Day) {
        self.0
            .retain(|_, sums| last_complete.since(sums.last) <= IDLE);
    }

    /// Returns the number of merchants, and the bytes held.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let entries = self.0.len();
        (entries, entries * size_of::<(u32, Sums)>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;

    fn day(day: i32) -> (Time, Day) {
        (Time::LIKELY.plus(i64::from(day) * DAY), Day(day))
    }

    fn share(goals: &Goals, goal: Goal) -> f64 {
        goals.share(7, goal).unwrap()
    }

    #[test]
    fn older_exposures_count_for_less_in_any_order() {
        let shows = [(0, true), (28, false), (56, false)];
        let right = 0.25 / 1.75;
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut goals = Goals::default();
            for place in order {
                let (at, holds) = shows[place];
                goals.show(7, (Goal::WinBack, holds), day(at));
            }
            assert!((share(&goals, Goal::WinBack) - right).abs() < 1e-9);
        }
    }

    #[test]
    fn sums_move_with_time_and_begin_anew_with_another_goal() {
        let mut goals = Goals::default();
        for at in 0..4_000 {
            goals.show(7, (Goal::Acquisition, at % 2 == 0), day(at));
        }
        assert!((share(&goals, Goal::Acquisition) - 0.5).abs() < 0.01);
        assert_eq!(goals.share(7, Goal::WinBack), None);
        goals.show(7, (Goal::WinBack, true), day(4_000));
        assert_eq!(goals.share(7, Goal::WinBack), Some(1.0));
        goals.expire(Day(4_196));
        assert_eq!(goals.size().0, 1);
        goals.expire(Day(4_197));
        assert_eq!(goals.size().0, 0);
    }
}
