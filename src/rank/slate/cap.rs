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

/// The places that each group holds, as one cap counts them. Groups go by number.
#[derive(Clone, Debug)]
pub(super) struct Counts<'a> {
    cap: &'a Cap,
    counts: ByGroup,
    /// By place: the group that holds it.
    holders: Vec<Option<u32>>,
}

impl<'a> Counts<'a> {
    /// Creates the empty counts of a cap, with room for that many places.
    pub(super) fn new(cap: &'a Cap, places: usize) -> Self {
        Self {
            cap,
            counts: ByGroup::new(2 * places),
            holders: vec![None; 1 + places],
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
            self.holders.fill(None);
        }
    }

    /// Adds a place of a group.
    pub(super) fn add(&mut self, group: u32, place: usize) {
        self.counts.add(group);
        if place >= self.holders.len() {
            self.holders.resize(place + 1, None);
        }
        self.holders[place] = Some(group);
    }

    /// Removes a place of a group.
    pub(super) fn remove(&mut self, group: u32, place: usize) {
        self.counts.remove(group);
        self.holders[place] = None;
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
        let near = self.near(group, place, window);
        let until = crowded(&near, place, (max, window))?;
        Some(Blocked {
            by,
            until: Some(until),
        })
    }

    /// Returns the places of a group that share a window with a place, ascending.
    fn near(&self, group: u32, place: usize, window: usize) -> Vec<usize> {
        let first = (place + 1).saturating_sub(window);
        let beyond = place.saturating_add(window).min(self.holders.len());
        let near = (first..beyond).filter(|near| self.holders[*near] == Some(group));
        near.collect()
    }
}

/// Returns the first place at which one more may fit, if at `place` it would be one too many in some window.
///
/// With the new place put among the others, a window is too full if max + 1 places, one after the other, lie within it.
fn crowded(places: &[usize], place: usize, (max, window): (usize, usize)) -> Option<usize> {
    let before = places.partition_point(|held| *held < place);
    let nth = |index: usize| match index.cmp(&before) {
        std::cmp::Ordering::Less => places.get(index).copied(),
        std::cmp::Ordering::Equal => Some(place),
        std::cmp::Ordering::Greater => places.get(index - 1).copied(),
    };
    let first = before.saturating_sub(max);
    let runs = (first..=before).filter_map(|first| Some((nth(first)?, nth(first + max)?)));
    let full = runs.filter(|(first, last)| last - first < window);
    let free = full.map(|(first, _)| {
        if first < place {
            first + window
        } else {
            place + 1
        }
    });
    free.max()
}
