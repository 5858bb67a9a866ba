//! The standings as a list: the first runners of a lane or of all.

use std::cmp::Ordering;

use super::{Kind, Standing, Standings};

/// The first runners of a lane or of all of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// How many runners there are in all.
    pub size: usize,
    /// The first of them by score, the best first: row and standing.
    pub rows: Vec<(u32, Standing)>,
}

impl Standings {
    /// The first `limit` runners of a kind, in one lane or in all, by score; `tie` orders two rows of equal score (rows of items or
    /// of merchants, as `kind` says). `None` where no runner of that kind is in such a lane.
    #[must_use]
    pub fn board(
        &self,
        kind: Kind,
        lane: Option<&str>,
        limit: usize,
        tie: impl Fn(u32, u32) -> Ordering,
    ) -> Option<Board> {
        let field = self.field(kind);
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
        keep_first(&mut runners, limit, by_score);
        let rows = runners
            .into_iter()
            .filter_map(|(_, row)| Some((row, field.standing(row as usize)?)));
        Some(Board {
            size,
            rows: rows.collect(),
        })
    }
}

/// Sorts the first `limit` and drops the rest.
fn keep_first<T>(values: &mut Vec<T>, limit: usize, order: impl Fn(&T, &T) -> Ordering) {
    if limit < values.len() {
        values.select_nth_unstable_by(limit, &order);
        values.truncate(limit);
    }
    values.sort_unstable_by(order);
}
