//! The boards: the first runners of a lane, or of all lanes, by score.

use std::cmp::Ordering;

use super::super::runner::Kind;
use super::field::Standing;
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

impl Standings {
    /// Returns the first `limit` runners of a kind by score, or those that follow the row `after`, in one lane or in all; `tie` orders
    /// two rows of that kind with equal scores, and is called only after the others have been left out.
    ///
    /// `None` if no runner of the kind is in that lane, or `after` is not.
    #[must_use]
    pub fn board(
        &self,
        kind: Kind,
        lane: Option<&str>,
        after: Option<u32>,
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
        let by_score =
            |a: &(f64, u32), b: &(f64, u32)| (b.0.total_cmp(&a.0)).then_with(|| tie(a.1, b.1));
        let scores = field.scores(lane);
        let mut runners: Vec<(f64, u32)> = scores
            .filter_map(|(score, row)| Some((score, u32::try_from(row).ok()?)))
            .collect();
        let all = runners.len();
        if let Some(after) = after {
            let after = runners.iter().copied().find(|(_, row)| *row == after)?;
            runners.retain(|runner| by_score(runner, &after) == Ordering::Greater);
        }
        let before = all - runners.len();
        leave_out(&mut runners, limit);
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
}

/// Drops runners whose score is below that of the last one within the limit.
fn leave_out(runners: &mut Vec<(f64, u32)>, limit: usize) {
    if limit < runners.len() {
        let (_, last, _) = runners.select_nth_unstable_by(limit, |a, b| b.0.total_cmp(&a.0));
        let least = last.0;
        runners.retain(|(score, _)| score.total_cmp(&least) != Ordering::Less);
    }
}

/// Sorts the first `limit` values and drops the rest.
fn keep_first<T>(values: &mut Vec<T>, limit: usize, order: impl Fn(&T, &T) -> Ordering) {
    if limit < values.len() {
        values.select_nth_unstable_by(limit, &order);
        values.truncate(limit);
    }
    values.sort_unstable_by(order);
}
