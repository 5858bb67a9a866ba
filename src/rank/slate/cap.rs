//! Rule `cap`: no `window` places in a row hold more than `max` of one group. A cap without a window counts the page.

use hashbrown::HashMap;

use super::key::Group;
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

/// The places that each group holds, as one cap counts them.
#[derive(Clone, Debug)]
pub(super) struct Counts<'a> {
    cap: &'a Cap,
    /// By group, ascending.
    places: HashMap<Group, Vec<usize>>,
}

impl<'a> Counts<'a> {
    /// Creates the empty counts of a cap, with room for that many places.
    pub(super) fn new(cap: &'a Cap, places: usize) -> Self {
        Self {
            cap,
            places: HashMap::with_capacity(places),
        }
    }

    /// Returns the kind of group that is counted.
    pub(super) fn by(&self) -> By {
        self.cap.by
    }

    /// Forgets the page before, unless a window reaches back to it.
    pub(super) fn turn(&mut self) {
        if self.cap.window.is_none() {
            self.places.clear();
        }
    }

    /// Adds a place of a group.
    pub(super) fn add(&mut self, group: Group, place: usize) {
        let places = self.places.entry(group).or_default();
        let at = places.partition_point(|held| *held < place);
        places.insert(at, place);
    }

    /// Removes a place of a group.
    pub(super) fn remove(&mut self, group: Group, place: usize) {
        if let Some(places) = self.places.get_mut(&group) {
            places.retain(|held| *held != place);
        }
    }

    /// Returns why a further place of a group would be one too many; `None` if it would not.
    pub(super) fn blocked(&self, group: Group, place: usize) -> Option<Blocked> {
        let places = self.places.get(&group)?;
        let max = self.cap.max;
        if places.len() < max {
            return None;
        }
        let by = self.cap.by;
        let Some(window) = self.cap.window else {
            return Some(Blocked { by, until: None });
        };
        let until = crowded(places, place, (max, window))?;
        Some(Blocked {
            by,
            until: Some(until),
        })
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
