//! A bounded history: decayed sums by row. At the bound the sum of the smallest absolute value is evicted.
//!
//! Keys and sums lie in groups of four, so that a vector instruction compares several: finding a row and the weakest sum takes a large
//! part of the time of an event.

use std::{array, iter};

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::lanes::{LANES, Lanes};
use crate::prefetch::prefetch;

/// Key of a lane without a sum; no row has this number.
const NO_KEY: u32 = u32::MAX;
/// Weight of a lane without a sum, which no comparison finds.
const NO_WEIGHT: f64 = f64::NAN;

/// Share of a sum that rounding may lose or leave.
const ROUNDING: f64 = 1e-9;

/// One sum of a history.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// The row of the entity or tag.
    pub key: u32,
    /// The sum, relative to the profile's landmark.
    pub weight: f64,
}

impl Entry {
    /// Returns the absolute sum as it is kept.
    fn size<L: Lanes>(&self) -> f64 {
        L::splat(self.weight).get(0).abs()
    }
}

/// Four sums: 48 bytes, or 40 if they are kept in [`SixBytes`](super::lanes::SixBytes).
#[derive(Clone, Copy, Debug)]
struct Group<L> {
    keys: [u32; LANES],
    weights: L,
}

impl<L: Lanes> Group<L> {
    /// Returns a group of at most four sums.
    fn of(entries: &[Entry]) -> Self {
        let mut group = Self {
            keys: [NO_KEY; LANES],
            weights: L::splat(NO_WEIGHT),
        };
        let lanes = entries.iter().enumerate();
        lanes.for_each(|(lane, entry)| group.set(lane, *entry));
        group
    }

    fn set(&mut self, lane: usize, entry: Entry) {
        self.keys[lane] = entry.key;
        self.weights.set(lane, entry.weight);
    }

    /// Adds to a sum. What rounding leaves of all is nothing.
    #[inline(always)]
    fn add(&mut self, lane: usize, amount: f64) {
        let rest = self.weights.get(lane) + amount;
        let is_nothing = rest.abs() <= ROUNDING * amount.abs();
        self.weights.set(lane, if is_nothing { 0.0 } else { rest });
    }

    /// Returns the number of sums, which is the first free lane.
    fn len(&self) -> usize {
        self.lane(NO_KEY).unwrap_or(LANES)
    }

    /// Returns the lane of a key.
    fn lane(&self, key: u32) -> Option<usize> {
        self.keys.iter().position(|it| *it == key)
    }

    /// Returns whether a lane has a key. All lanes are compared before a branch, as most rows that are looked up have no sum.
    #[inline(always)]
    fn has(&self, key: u32) -> bool {
        self.keys.iter().fold(false, |hit, it| hit | (*it == key))
    }

    /// Returns the sums, with those of free lanes.
    #[inline(always)]
    fn entries(&self) -> impl Iterator<Item = Entry> + use<L> {
        let lanes = iter::zip(self.keys, self.weights.all());
        lanes.map(|(key, weight)| Entry { key, weight })
    }

    /// Returns whether a sum is below 0. All lanes are compared before a branch.
    #[inline(always)]
    fn has_negative(&self) -> bool {
        let weights = self.weights.all().into_iter();
        weights.fold(false, |hit, weight| hit | (weight < 0.0))
    }

    /// Returns the first lane whose sum is at most `least` from 0.
    #[inline(always)]
    fn lane_within(&self, least: f64) -> Option<usize> {
        let weights = self.weights.all();
        let is = |weight: &f64| weight.abs() <= least;
        let hit = weights.iter().fold(false, |hit, it| hit | is(it));
        if hit {
            weights.iter().position(is)
        } else {
            None
        }
    }
}

/// Sums by row, in no particular order, four of them kept as `L`. Only the last group may have free lanes, at its end.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Vec<Entry>", bound = "")]
pub struct History<L: Lanes = [f64; LANES]> {
    groups: Vec<Group<L>>,
}

impl<L: Lanes> Default for History<L> {
    fn default() -> Self {
        Self { groups: Vec::new() }
    }
}

impl<L: Lanes> History<L> {
    /// Returns the number of sums.
    #[must_use]
    pub fn len(&self) -> usize {
        let free = self.groups.last().map_or(0, |last| LANES - last.len());
        self.groups.len() * LANES - free
    }

    /// Returns whether there are no sums.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the sums.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let entries = self.groups.iter().flat_map(Group::entries);
        entries.take(self.len())
    }

    /// Returns whether a sum is below 0.
    #[must_use]
    pub fn has_negative(&self) -> bool {
        let groups = self.groups.iter().map(Group::has_negative);
        groups.fold(false, |hit, it| hit | it)
    }

    /// Returns the sums below 0. Groups without any are passed over as a whole: most histories have few.
    pub fn negative(&self) -> impl Iterator<Item = Entry> + '_ {
        let groups = self.groups.iter().filter(|group| group.has_negative());
        let entries = groups.flat_map(Group::entries);
        entries.filter(|entry| entry.weight < 0.0)
    }

    /// Prefetches the sums.
    pub fn prefetch(&self) {
        prefetch(self.groups.as_slice());
    }

    /// Adds to a row's sum, within a bound on the number of sums. Returns the number of sums evicted: a new sum that is the weakest is
    /// evicted itself.
    pub(super) fn add(&mut self, key: u32, weight: f64, bound: usize) -> usize {
        self.add_all([Entry { key, weight }], bound)
    }

    /// Adds to the sums of several rows, one after the other, within a bound on the number of sums. Returns the number of sums evicted.
    pub(super) fn add_all(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
        bound: usize,
    ) -> usize {
        let mut evicted = 0;
        // Known until a sum changes: most new sums of a full history are the weakest and change none.
        let mut least = None;
        for entry in entries {
            if let Some((group, lane)) = self.place(entry.key) {
                self.groups[group].add(lane, entry.weight);
                least = None;
                continue;
            }
            let len = self.len();
            if len < bound {
                self.push(entry, bound);
                least = None;
                continue;
            }
            if len > bound {
                self.keep_strongest(bound);
                least = None;
            }
            evicted += len - bound + 1;
            let weakest = *least.get_or_insert_with(|| self.least());
            if weakest <= entry.size::<L>() {
                self.replace(weakest, entry);
                least = None;
            }
        }
        evicted
    }

    /// Returns the place of a row's sum among all.
    #[inline(always)]
    pub(super) fn place_of(&self, key: u32) -> Option<usize> {
        let (group, lane) = self.place(key)?;
        Some(group * LANES + lane)
    }

    /// Returns the sum at a place.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> Option<Entry> {
        let group = self.groups.get(place / LANES)?;
        let lane = place % LANES;
        Some(Entry {
            key: group.keys[lane],
            weight: group.weights.get(lane),
        })
    }

    /// Adds to the sum at a place.
    pub(super) fn add_at(&mut self, place: usize, amount: f64) {
        if let Some(group) = self.groups.get_mut(place / LANES) {
            group.add(place % LANES, amount);
        }
    }

    /// Returns the sums in groups of four, with free lanes at the end of the last one.
    pub(super) fn lanes(&self) -> impl Iterator<Item = (&[u32; LANES], [f64; LANES])> {
        let groups = self.groups.iter();
        groups.map(|group| (&group.keys, group.weights.all()))
    }

    /// Replaces the first sum of the smallest absolute value by one that is not smaller. Returns its place; `None` if the new one is.
    pub(super) fn displace(&mut self, entry: Entry) -> Option<usize> {
        let weakest = self.least();
        if weakest > entry.size::<L>() {
            return None;
        }
        self.replace(weakest, entry)
    }

    /// Takes from a row's sum, if it has one: what was evicted or forgotten has nothing to give back.
    pub(super) fn take(&mut self, key: u32, amount: f64) {
        if let Some((group, lane)) = self.place(key) {
            self.groups[group].add(lane, -amount);
        }
    }

    /// Returns a row's sum.
    #[must_use]
    pub fn get(&self, key: u32) -> Option<f64> {
        let (group, lane) = self.place(key)?;
        Some(self.groups[group].weights.get(lane))
    }

    /// Adds every sum of another history, within a bound on the number of sums. Returns the number of sums evicted.
    pub(super) fn absorb(&mut self, other: &Self, bound: usize) -> usize {
        self.add_all(other.entries(), bound)
    }

    /// Returns the group and the lane of a row's sum. Two groups are compared before a branch.
    #[inline(always)]
    fn place(&self, key: u32) -> Option<(usize, usize)> {
        let (pairs, _) = self.groups.as_chunks();
        let pair = |[one, other]: &[Group<L>; 2]| one.has(key) | other.has(key);
        let first = 2 * pairs.iter().position(pair).unwrap_or(pairs.len());
        let near = self.groups[first..].iter().enumerate().take(2);
        let mut lanes = near.filter_map(|(group, it)| Some((first + group, it.lane(key)?)));
        lanes.next()
    }

    /// Appends a sum. Room grows by half, never past the bound: doubling would waste twice as much on every user.
    pub(super) fn push(&mut self, entry: Entry, bound: usize) {
        let last = self.groups.last_mut();
        if let Some((last, lane)) = last.and_then(|it| it.lane(NO_KEY).map(|lane| (it, lane))) {
            last.set(lane, entry);
            return;
        }
        let groups = self.groups.len();
        if groups == self.groups.capacity() {
            let most = bound.div_ceil(LANES).saturating_sub(groups).max(1);
            self.groups.reserve_exact((groups / 2).clamp(1, most));
        }
        self.groups.push(Group::of(&[entry]));
    }

    /// Replaces the first sum of the smallest absolute value. Returns its place.
    fn replace(&mut self, least: f64, entry: Entry) -> Option<usize> {
        let mut groups = self.groups.iter_mut().enumerate();
        let (place, lane, group) =
            groups.find_map(|(place, group)| Some((place, group.lane_within(least)?, group)))?;
        group.set(lane, entry);
        Some(place * LANES + lane)
    }

    /// Returns the smallest absolute sum.
    fn least(&self) -> f64 {
        let least = self
            .groups
            .iter()
            .fold([f64::INFINITY; LANES], |least, group| {
                let weights = group.weights.all();
                array::from_fn(|lane| lesser(least[lane], weights[lane].abs()))
            });
        least.into_iter().fold(f64::INFINITY, lesser)
    }

    /// Keeps the sums of the largest absolute values.
    fn keep_strongest(&mut self, bound: usize) {
        let mut entries: Vec<Entry> = self.entries().collect();
        entries.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        entries.truncate(bound);
        *self = entries.into();
    }

    /// Multiplies every sum by a factor.
    pub(super) fn scale(&mut self, factor: f64) {
        for group in &mut self.groups {
            let weights = group.weights.all();
            let lanes = weights.into_iter().enumerate();
            lanes.for_each(|(lane, weight)| group.weights.set(lane, weight * factor));
        }
    }

    /// Returns whether a row has a sum.
    #[must_use]
    pub fn has(&self, key: u32) -> bool {
        self.groups.iter().any(|group| group.has(key))
    }

    /// Removes a row.
    pub(super) fn forget(&mut self, key: u32) {
        if self.has(key) {
            let entries = self.entries().filter(|entry| entry.key != key);
            *self = entries.collect::<Vec<_>>().into();
        }
    }

    /// Returns the bytes held on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Group<L>>()
    }
}

/// Returns the lesser of two numbers, the first one if the second is NaN, by one instruction; [`f64::min`] takes more.
#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

impl<L: Lanes> From<Vec<Entry>> for History<L> {
    fn from(entries: Vec<Entry>) -> Self {
        let mut groups = Vec::with_capacity(entries.len().div_ceil(LANES));
        groups.extend(entries.chunks(LANES).map(Group::of));
        Self { groups }
    }
}

impl<L: Lanes> Serialize for History<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sums = serializer.serialize_seq(Some(self.len()))?;
        for entry in self.entries() {
            sums.serialize_element(&entry)?;
        }
        sums.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::SixBytes;
    use super::*;
    use proptest::prelude::*;

    fn kept<L: Lanes>(number: f64) -> f64 {
        L::splat(number).get(3)
    }

    /// Adds a sum to a list, then evicts the first of the weakest while there are too many.
    fn add<L: Lanes>(model: &mut Vec<(u32, f64)>, key: u32, weight: f64, bound: usize) -> usize {
        if let Some((_, known)) = model.iter_mut().find(|(known, _)| *known == key) {
            *known = kept::<L>(*known + weight);
            return 0;
        }
        model.push((key, kept::<L>(weight)));
        let over = model.len().saturating_sub(bound);
        for _ in 0..over {
            let size = |place: &usize| model[*place].1.abs();
            let weakest = (0..model.len()).min_by(|a, b| size(a).total_cmp(&size(b)));
            model.swap_remove(weakest.unwrap());
        }
        over
    }

    fn sorted(entries: impl Iterator<Item = Entry>) -> Vec<(u32, u64)> {
        let mut entries: Vec<_> = entries.map(|it| (it.key, it.weight.to_bits())).collect();
        entries.sort_unstable();
        entries
    }

    /// Checks a history of one kind of numbers against a list. A step is a key, an amount, and what is done.
    fn follow<L: Lanes>(steps: &[(u32, f64, u8)], bounds: [usize; 2]) -> Result<(), TestCaseError> {
        let (mut history, mut model) = (History::<L>::default(), Vec::<(u32, f64)>::new());
        for (number, &(key, amount, step)) in steps.iter().enumerate() {
            match step {
                0 => {
                    history.forget(key);
                    model.retain(|(known, _)| *known != key);
                }
                1 => {
                    history.scale(0.5);
                    let weights = model.iter_mut().map(|(_, weight)| weight);
                    weights.for_each(|weight| *weight = kept::<L>(*weight * 0.5));
                }
                _ => {
                    let bound = bounds[usize::from(number > steps.len() / 2)];
                    let evicted = add::<L>(&mut model, key, amount, bound);
                    prop_assert_eq!(history.add(key, amount, bound), evicted);
                }
            }
            prop_assert_eq!(history.len(), model.len());
            prop_assert_eq!(history.is_empty(), model.is_empty());
            let right = || {
                let entries = model.iter();
                entries.map(|(key, weight)| Entry {
                    key: *key,
                    weight: *weight,
                })
            };
            prop_assert_eq!(sorted(history.entries()), sorted(right()));
            prop_assert!(model.iter().all(|(key, _)| history.has(*key)));
            let negative = right().filter(|entry| entry.weight < 0.0);
            prop_assert_eq!(sorted(history.negative()), sorted(negative));
            let is_any = history.negative().next().is_some();
            prop_assert_eq!(history.has_negative(), is_any);
        }
        let stored = postcard::to_allocvec(&history).unwrap();
        let plain: Vec<Entry> = history.entries().collect();
        let as_list = postcard::to_allocvec(&plain).unwrap();
        prop_assert_eq!(&stored, &as_list, "stored as a list of sums");
        let again: History<L> = postcard::from_bytes(&stored).unwrap();
        prop_assert_eq!(sorted(again.entries()), sorted(history.entries()));
        Ok(())
    }

    proptest! {
        #![proptest_config(crate::tests::cases(512))]

        #[test]
        fn a_history_follows_its_model(
            steps in prop::collection::vec((0u32..40, -8.0..8.0f64, 0u8..20), 0..200),
            bounds in [0usize..30, 0usize..30],
        ) {
            follow::<[f64; LANES]>(&steps, bounds)?;
            follow::<SixBytes>(&steps, bounds)?;
        }
    }

    #[test]
    fn a_new_weakest_sum_is_evicted_itself() {
        let mut history = History::<[f64; LANES]>::default();
        assert_eq!(history.add(1, 5.0, 2) + history.add(2, -3.0, 2), 0);
        assert_eq!(history.add(3, 0.5, 2), 1);
        assert!(history.has(1) && history.has(2) && !history.has(3));
        assert_eq!(history.add(4, -3.0, 2), 1);
        assert!(
            history.has(4) && !history.has(2),
            "of equal ones the older is evicted"
        );
    }
}
