//! How pages share out their exposure: each place weighs 1/log₂(1 + place).

use std::collections::BTreeMap;

use crate::exposure::weight;
use crate::model::view::ShareChange;
use crate::number::short;

/// Number of winners, and of losers, that are listed.
const LISTED: usize = 10;

/// The exposure by name, before and after.
#[derive(Debug, Default)]
pub(super) struct Shares(BTreeMap<String, [f64; 2]>);

/// Returns the weight of a place, from 1.
pub(super) fn weigh(place: usize) -> f64 {
    weight(Some(short(place)))
}

impl Shares {
    /// Adds a place before (side 0) or after (side 1) the change.
    pub(super) fn add(&mut self, name: &str, side: usize, weight: f64) {
        match self.0.get_mut(name) {
            Some(sums) => sums[side] += weight,
            None => {
                let mut sums = [0.0; 2];
                sums[side] = weight;
                self.0.insert(name.to_owned(), sums);
            }
        }
    }

    /// Returns the shares, the largest before first.
    pub(super) fn all(&self) -> Vec<ShareChange> {
        let sum = |side: usize| -> f64 { self.0.values().map(|sums| sums[side]).sum() };
        let all = [sum(0), sum(1)];
        let share = |side: usize, sums: &[f64; 2]| match all[side] {
            all if all > 0.0 => sums[side] / all,
            _ => 0.0,
        };
        let shares = self.0.iter().map(|(name, sums)| ShareChange {
            name: name.clone(),
            before: share(0, sums),
            after: share(1, sums),
        });
        let mut shares: Vec<ShareChange> = shares.collect();
        shares.sort_by(|one, other| other.before.total_cmp(&one.before));
        shares
    }

    /// Returns those that gain most, and those that lose most.
    pub(super) fn extremes(&self) -> [Vec<ShareChange>; 2] {
        let gain = |it: &ShareChange| it.after - it.before;
        let mut all = self.all();
        all.sort_by(|one, other| gain(other).total_cmp(&gain(one)));
        let losers = all.iter().rev().take_while(|it| gain(it) < 0.0);
        let losers = losers.take(LISTED).cloned().collect();
        all.retain(|it| gain(it) > 0.0);
        all.truncate(LISTED);
        [all, losers]
    }
}
