//! The rules that are live for one request, sorted by what they do.

use crate::config::{Cap, Pool, SceneRule, Slot, What};

/// The support places of a scene.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::rank) struct Support<'a> {
    /// The places, from 1, over all pages.
    pub(in crate::rank) places: &'a [usize],
    /// Share of the own of the `limit`-th best own that a candidate needs.
    pub(in crate::rank) min: f64,
}

/// The rules that arrange the slate of one request.
#[derive(Clone, Debug, Default)]
pub(in crate::rank) struct Plan<'a> {
    /// Item and place of each pin.
    pub(in crate::rank) pins: Vec<(&'a str, usize)>,
    /// Name and settings of each slot.
    pub(in crate::rank) slots: Vec<(&'a str, &'a Slot)>,
    /// Places that help runners behind their plan.
    pub(in crate::rank) support: Support<'a>,
    pub(super) caps: Vec<&'a Cap>,
    /// Factor and floor.
    pub(super) decay: Option<(f64, f64)>,
    pub(super) lambda: Option<f64>,
}

impl<'a> Plan<'a> {
    /// Adds a rule. Of several rules `decay` or `mmr`, the first counts.
    pub(in crate::rank) fn add(&mut self, rule: &'a SceneRule) {
        match &rule.what {
            What::Hide { .. } | What::Seen(_) | What::Boost { .. } => {}
            What::Pin { item, place } => self.pins.push((item, *place)),
            What::Slot(slot) => self.slots.push((&rule.name, slot)),
            What::Cap(cap) => self.caps.push(cap),
            What::Decay { factor, floor } => {
                self.decay.get_or_insert((*factor, *floor));
            }
            What::Mmr { lambda } => {
                self.lambda.get_or_insert(*lambda);
            }
        }
    }

    /// Returns whether a rule compares candidates with the last of the best.
    pub(super) fn reads_last_own(&self) -> bool {
        !self.slots.is_empty() || !self.support.places.is_empty()
    }

    /// Returns the ids in the pool of each slot, none if the pool is a selection.
    pub(in crate::rank) fn lists(&self) -> impl Iterator<Item = &'a [String]> {
        self.slots.iter().map(|(_, slot)| match &slot.pool {
            Pool::Items(items) => items.as_slice(),
            Pool::Selection(_) => &[],
        })
    }
}
