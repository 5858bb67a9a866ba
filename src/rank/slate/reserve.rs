//! Rule `slot`: a place goes to the best of a pool, and the best of another merchant is named as the runner-up.
//!
//! Eligible is who is in the pool, has no place, fits the caps, is worth enough to this user, and whose merchant holds no other place of
//! the slot. If nobody is, the place goes back to the fill.

use super::key::Group;
use super::order::Prefix;
use super::page::{Held, Page, Win};
use super::set::Set;
use super::why::Why;
use crate::rule::By;

/// Fills the reserved places of a page, in the order of the configuration.
pub(super) fn place<S: Set>(page: &mut Page<'_, S>) {
    for (slot, (_, settings)) in page.plan.slots.iter().enumerate() {
        let mut field = Field::new(slot, settings.min * page.last_own());
        let mut merchants = Vec::new();
        // On earlier pages it holds what it won there, not what went back to the fill.
        let earlier = settings.places.iter().copied();
        for place in earlier.filter(|place| *place <= page.start()) {
            let is_won = page.why_at(place) == Some(Why::Slot(slot));
            let group = is_won.then(|| page.group_at(place, By::Merchant));
            merchants.extend(group.flatten());
        }
        for &place in &settings.places {
            if page.is_free(place)
                && let Some((held, win)) = race(page, &mut field, place, &merchants)
            {
                merchants.push(page.set.group(held.candidate, By::Merchant));
                page.put(held, place);
                page.wins.push(win);
            }
        }
    }
}

/// Returns the winner of a place, and the race for it.
fn race<S: Set>(
    page: &mut Page<'_, S>,
    field: &mut Field,
    place: usize,
    merchants: &[Group],
) -> Option<(Held, Win)> {
    let slot = field.slot;
    let mut winner: Option<(Held, f32, Group)> = None;
    let mut runner_up = None;
    for index in 0.. {
        let Some((candidate, score)) = field.nth(page, index) else {
            break;
        };
        let merchant = page.set.group(candidate, By::Merchant);
        let contends = !page.is_taken(candidate)
            && !merchants.contains(&merchant)
            && field.has_enough(page.set, candidate)
            && page.set.in_pool(slot, candidate);
        let held = contends.then(|| page.fitting(candidate, place, Why::Slot(slot)));
        let Some(held) = held.flatten() else {
            continue;
        };
        match winner {
            None => winner = Some((held, score, merchant)),
            Some((.., first)) if first != merchant => {
                runner_up = Some((candidate, score));
                break;
            }
            Some(_) => {}
        }
    }
    let (held, score, _) = winner?;
    let win = Win {
        slot,
        place,
        winner: (held.candidate, score),
        runner_up,
    };
    Some((held, win))
}

/// Number of those who are sorted first in a slot with weights of its own: a race seldom reads more.
const LIKELY: usize = 4;

/// Those who race for the places of one slot, from the best on.
struct Field {
    slot: usize,
    /// Least own.
    least: f64,
    /// The order of the contenders of a slot with weights of its own.
    order: Prefix,
}

impl Field {
    fn new(slot: usize, least: f64) -> Self {
        Self {
            slot,
            least,
            order: Prefix::default(),
        }
    }

    /// Returns the candidate of an index with its score in the slot; `None` if nobody of enough own follows.
    fn nth<S: Set>(&mut self, page: &mut Page<'_, S>, index: usize) -> Option<(usize, f32)> {
        let (set, (_, settings)) = (page.set, page.plan.slots[self.slot]);
        if settings.weights.is_none() {
            let best = page.orders.by_own(set, index)?;
            return self.has_enough(set, best).then(|| (best, set.own()[best]));
        }
        let (slot, least, scores) = (self.slot, self.least, set.slot_scores(self.slot));
        let contends = |it: usize| f64::from(set.own()[it]) >= least && set.in_pool(slot, it);
        let lot = |it: usize| set.lot(it);
        let best = self.order.nth_of(scores, contends, lot, (index, LIKELY))?;
        Some((best, scores[best]))
    }

    /// Returns whether a candidate is worth enough to this user.
    fn has_enough(&self, set: &impl Set, candidate: usize) -> bool {
        f64::from(set.own()[candidate]) >= self.least
    }
}
