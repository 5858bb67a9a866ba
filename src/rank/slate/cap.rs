//! Rule `cap`: no `window` places in a row hold more than `max` of one group. A cap without a window counts the page.

use super::groups::ByGroup;
use crate::config::Cap;
use crate::rule::By;

/// Why a candidate does not fit a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked {
    /// The group that has its most places.
    pub(super) by: By,
    /// First place at which it may fit; `None` if it fits nowhere on this page.
    pub(super) until: Option<usize>,
}

impl Blocked {
    /// Returns why a candidate does not fit that two caps block.
    pub(super) fn and(self, other: Self) -> Self {
        let until = self.until.zip(other.until);
        Self {
            by: self.by,
            until: until.map(|(one, other)| one.max(other)),
        }
    }
}

/// No group.
const FREE: u32 = u32::MAX;

/// The places that each group holds, as one cap counts them. Groups go by number.
#[derive(Clone, Debug)]
pub(super) struct Counts<'a> {
    cap: &'a Cap,
    counts: ByGroup,
    /// By place: the group that holds it, or [`FREE`].
    holders: Vec<u32>,
}

impl<'a> Counts<'a> {
    /// Creates the empty counts of a cap, with room for that many places.
    pub(super) fn new(cap: &'a Cap, places: usize) -> Self {
        Self {
            cap,
            counts: ByGroup::new(2 * places),
            holders: vec![FREE; 1 + places],
        }
    }

    /// Returns the kind of group that is counted.
    pub(super) fn by(&self) -> By {
        self.cap.by
    }

    /// Forgets the page before, unless a window reaches back to it.
    pub(super) fn turn(&mut self) {
        if self.cap.window.is_none() {
            self.counts.clear();
            self.holders.fill(FREE);
        }
    }

    /// Adds a place of a group.
    pub(super) fn add(&mut self, group: u32, place: usize) {
        self.counts.add(group);
        if place >= self.holders.len() {
            self.holders.resize(place + 1, FREE);
        }
        self.holders[place] = group;
    }

    /// Removes a place of a group.
    pub(super) fn remove(&mut self, group: u32, place: usize) {
        self.counts.remove(group);
        self.holders[place] = FREE;
    }

    /// Returns why a further place of a group would be one too many; `None` if it would not.
    #[inline]
    pub(super) fn blocked(&self, group: u32, place: usize) -> Option<Blocked> {
        if self.counts.of(group) < self.cap.max {
            return None;
        }
        self.full(group, place)
    }

    /// Does the same for a group with as many places as a window may hold.
    fn full(&self, group: u32, place: usize) -> Option<Blocked> {
        let Cap { by, max, window } = *self.cap;
        let Some(window) = window else {
            return Some(Blocked { by, until: None });
        };
        let until = self.until(group, place, (max, window))?;
        Some(Blocked {
            by,
            until: Some(until),
        })
    }

    /// Returns the first place at which one more of a group may fit, if at `place` it would be one too many in some window.
    ///
    /// A window is too full with the new place if max others, one after the other around it, lie within the window. The one that begins
    /// last is too full the longest.
    fn until(&self, group: u32, place: usize, (max, window): (usize, usize)) -> Option<usize> {
        let is_held = |place: &usize| self.holders.get(*place) == Some(&group);
        let beyond = place.saturating_add(window).min(self.holders.len());
        let after: Vec<usize> = (place + 1..beyond).filter(is_held).take(max).collect();
        let first = (place + 1).saturating_sub(window);
        let before = (first..place.min(self.holders.len())).rev().filter(is_held);
        let mut begins = (1..=max).zip(before);
        let full = begins.find(|(count, begin)| {
            let last = match max - count {
                0 => Some(place),
                left => after.get(left - 1).copied(),
            };
            last.is_some_and(|last| last - begin < window)
        });
        let after_all = (after.len() == max).then_some(place + 1);
        full.map_or(after_all, |(_, begin)| Some(begin + window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns whether some window would hold more than `max` of the places.
    fn is_crowded(held: &[usize], (max, window): (usize, usize)) -> bool {
        let mut held = held.to_vec();
        held.sort_unstable();
        let mut runs = held.windows(max + 1);
        runs.any(|run| run[max] - run[0] < window)
    }

    proptest! {
        #![proptest_config(crate::tests::cases(512))]

        #[test]
        fn a_place_is_blocked_if_a_window_would_be_crowded(
            tried in prop::collection::vec(1usize..40, 0..30),
            place in 1usize..45,
            (max, window) in (1usize..4, 1usize..12),
        ) {
            let cap = Cap { by: By::Merchant, max, window: Some(window) };
            let (mut counts, mut held) = (Counts::new(&cap, 10), Vec::new());
            for it in tried.into_iter().filter(|it| *it != place) {
                let with: Vec<usize> = held.iter().copied().chain([it]).collect();
                if !held.contains(&it) && !is_crowded(&with, (max, window)) {
                    counts.add(7, it);
                    held.push(it);
                }
            }
            let crowds = |place| is_crowded(&[&*held, &[place]].concat(), (max, window));
            let blocked = counts.blocked(7, place);
            prop_assert_eq!(blocked.is_some(), crowds(place));
            if let Some(until) = blocked.and_then(|it| it.until) {
                prop_assert!(until > place);
                let free = |it: &usize| !held.contains(it);
                prop_assert!((place..until).filter(free).all(crowds));
            }
        }
    }
}
