//! The groups that caps and decay count. Each has a number, so that they count in lists.

use super::key::{Group, Key};
use super::numbers::Numbers;
use super::plan::Plan;
use crate::rule::By;

/// Numbers of places by group.
#[derive(Clone, Debug)]
pub(super) struct ByGroup(Vec<usize>);

impl ByGroup {
    /// Creates counts of 0, with room for about so many groups.
    pub(super) fn new(groups: usize) -> Self {
        Self(vec![0; groups])
    }

    /// Returns the count of a group.
    #[inline]
    pub(super) fn of(&self, group: u32) -> usize {
        self.0.get(group as usize).copied().unwrap_or_default()
    }

    /// Counts one more place of a group.
    pub(super) fn add(&mut self, group: u32) {
        let group = group as usize;
        if group >= self.0.len() {
            self.0.resize(group + 1, 0);
        }
        self.0[group] += 1;
    }

    /// Counts one place less of a group that has one.
    pub(super) fn remove(&mut self, group: u32) {
        self.0[group as usize] -= 1;
    }

    /// Sets all counts to 0.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }
}

/// The groups that the rules of a plan count.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// Their kinds.
    counted: Vec<By>,
    numbers: Numbers,
    /// Numbers of pairs, of a group or a pair and a group of a later kind.
    pairs: Numbers,
}

impl Groups {
    /// Creates the groups that a plan counts, with room for those of about so many candidates.
    pub(super) fn new(plan: &Plan<'_>, candidates: usize) -> Self {
        let mut counted: Vec<By> = plan.caps.iter().map(|cap| cap.by).collect();
        counted.extend(plan.decay.map(|_| By::Merchant));
        counted.sort_unstable_by_key(|by| *by as usize);
        counted.dedup();
        let pairs = counted.len().saturating_sub(1);
        Self {
            numbers: Numbers::new(counted.len() * candidates),
            pairs: Numbers::new(pairs * candidates),
            counted,
        }
    }

    /// Returns the kinds of groups that are counted.
    pub(super) fn counted(&self) -> &[By] {
        &self.counted
    }

    /// Returns the number of a group. No two have the same, of whatever kinds.
    pub(super) fn number(&mut self, by: By, group: Group) -> u32 {
        self.numbers.of(group.of_kind(by))
    }

    /// Returns the counted groups of one candidate, given its group of each kind.
    pub(super) fn key(&mut self, group: impl Fn(By) -> Group) -> Key {
        let mut key = Key::NONE;
        for (at, &by) in self.counted.iter().enumerate() {
            let number = self.numbers.of(group(by).of_kind(by));
            key.groups[by as usize] = number;
            key.number = if at == 0 {
                number
            } else {
                let pair = u64::from(key.number) << 32 | u64::from(number);
                self.pairs.of(pair)
            };
        }
        key
    }
}
