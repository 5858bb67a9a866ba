//! The boards: the first runners of a lane, or of all lanes, by score.

use std::cmp::Ordering;

use super::super::lane::LaneId;
use super::super::runner::{Kind, Races};
use super::field::{Field, Standing};
use super::rebuilt::Standings;

/// The first runners of one kind, in one lane or in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Number of runners in total.
    pub size: usize,
    /// Number of runners before the first of them.
    pub before: usize,
    /// The first of them, best score first: row and standing.
    pub rows: Vec<(u32, Standing)>,
}

/// The part of a board that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first runners.
    First,
    /// The runners that follow one.
    After(u32),
    /// A runner in the middle of its neighbours.
    Around(u32),
}

type Scored = (f64, u32);

impl Standings {
    /// Returns `limit` runners of a kind by score, in one lane or in all; `tie` orders two rows of that kind with equal scores, and is
    /// called only after the others have been left out.
    ///
    /// `None` if no runner of the kind is in that lane, or the runner of `part` is not.
    #[must_use]
    pub fn board(
        &self,
        kind: Kind,
        lane: Option<&str>,
        part: Part,
        limit: usize,
        tie: impl Fn(u32, u32) -> Ordering,
    ) -> Option<Board> {
        let field = &self.fields[kind];
        let lane = match lane {
            Some(name) => Some(self.lanes.named(name)?),
            None => None,
        };
        let size = lane.map_or(field.size(), |lane| field.lane_size(lane));
        if lane.is_some() && size == 0 {
            return None;
        }
        let by_score = |a: &Scored, b: &Scored| (b.0.total_cmp(&a.0)).then_with(|| tie(a.1, b.1));
        let mut runners = scored(field, lane);
        let mut before = 0;
        match part {
            Part::First => {}
            Part::After(row) => {
                let ahead = split(&mut runners, row, by_score)?;
                before = ahead.len() + 1;
            }
            Part::Around(row) => {
                let own = runners.iter().copied().find(|runner| runner.1 == row)?;
                let mut ahead = split(&mut runners, row, by_score)?;
                before = ahead.len();
                let reversed = |a: &Scored, b: &Scored| by_score(b, a);
                keep_first(&mut ahead, limit.saturating_sub(1) / 2, reversed);
                before -= ahead.len();
                runners.extend(ahead);
                runners.push(own);
            }
        }
        keep_first(&mut runners, limit, by_score);
        let rows = runners
            .into_iter()
            .filter_map(|(_, row)| Some((row, field.standing(row as usize)?)));
        Some(Board {
            size,
            before,
            rows: rows.collect(),
        })
    }

    /// Returns the name of a runner's lane, if it has one, and its place in the lane, from 1; without a lane, its place among all.
    #[must_use]
    pub fn place<R: Races>(
        &self,
        row: R,
        tie: impl Fn(u32, u32) -> Ordering,
    ) -> Option<(Option<&str>, usize)> {
        let field = &self.fields[R::KIND];
        let row = row.runner().0;
        let lane = field.lane(row as usize);
        let lane = Some(lane).filter(|lane| *lane != LaneId::NONE);
        let by_score = |a: &Scored, b: &Scored| (b.0.total_cmp(&a.0)).then_with(|| tie(a.1, b.1));
        let ahead = split(&mut scored(field, lane), row, by_score)?;
        let name = lane.and_then(|lane| self.lanes.name(lane));
        Some((name, ahead.len() + 1))
    }

    /// Returns the effective buyers of each whole week of a runner, oldest first.
    #[must_use]
    pub fn weekly<R: Races>(&self, row: R) -> Vec<f32> {
        self.fields[R::KIND].weekly(row.runner().index())
    }
}

/// Returns the scores and rows of the runners in one lane or in all.
fn scored(field: &Field, lane: Option<LaneId>) -> Vec<Scored> {
    let scores = field.scores(lane);
    scores
        .filter_map(|(score, row)| Some((score, u32::try_from(row).ok()?)))
        .collect()
}

/// Leaves the runners that follow a row, and returns those before it; `None` if the row is not among them.
fn split(
    runners: &mut Vec<Scored>,
    row: u32,
    order: impl Fn(&Scored, &Scored) -> Ordering,
) -> Option<Vec<Scored>> {
    let own = runners.iter().copied().find(|runner| runner.1 == row)?;
    let ahead = runners.extract_if(.., |runner| order(runner, &own) == Ordering::Less);
    let ahead = ahead.collect();
    runners.retain(|runner| runner.1 != row);
    Some(ahead)
}

/// Sorts the first `limit` runners and drops the rest. Those that the score alone leaves out are never compared by tie.
fn keep_first(
    runners: &mut Vec<Scored>,
    limit: usize,
    order: impl Fn(&Scored, &Scored) -> Ordering,
) {
    if limit < runners.len() {
        let by_score = |a: &Scored, b: &Scored| {
            if a.0.total_cmp(&b.0) == Ordering::Equal {
                Ordering::Equal
            } else {
                order(a, b)
            }
        };
        let (_, &mut last, _) = runners.select_nth_unstable_by(limit, by_score);
        runners.retain(|runner| by_score(runner, &last) != Ordering::Greater);
    }
    if limit < runners.len() {
        runners.select_nth_unstable_by(limit, &order);
        runners.truncate(limit);
    }
    runners.sort_unstable_by(order);
}
