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
const LIKELY: usize = 32;

/// Those who race for the places of one slot, from the best on.
struct Field {
    slot: usize,
    /// Least own.
    least: f64,
    /// `None` until it is needed.
    weighed: Option<Weighed>,
}

/// The members of a slot's pool with enough own, and their scores in the slot.
struct Weighed {
    members: Vec<usize>,
    scores: Vec<f32>,
    order: Prefix,
}

impl Field {
    fn new(slot: usize, least: f64) -> Self {
        Self {
            slot,
            least,
            weighed: None,
        }
    }

    /// Returns the candidate of an index with its score in the slot. Candidates of too low an own are left out.
    fn nth<S: Set>(&mut self, page: &mut Page<'_, S>, index: usize) -> Option<(usize, f32)> {
        let (_, settings) = page.plan.slots[self.slot];
        if settings.weights.is_none() {
            let best = page.orders.by_own(page.set, index)?;
            let own = page.set.own()[best];
            return (f64::from(own) >= self.least).then_some((best, own));
        }
        let (slot, least) = (self.slot, self.least);
        let weighed = self.weighed.get_or_insert_with(|| weigh(page, slot, least));
        let Weighed {
            members,
            scores,
            order,
        } = weighed;
        let lot = |at: usize| page.set.lot(members[at]);
        let at = order.nth(scores, lot, (index, LIKELY))?;
        Some((members[at], scores[at]))
    }
}

/// Returns the members of a slot's pool with an own of at least `least`.
fn weigh<S: Set>(page: &Page<'_, S>, slot: usize, least: f64) -> Weighed {
    let (set, own) = (page.set, page.set.own());
    let contends = |it: usize| set.in_pool(slot, it) & (f64::from(own[it]) >= least);
    let members = page.those(contends);
    Weighed {
        scores: set.weigh(slot, &members),
        members,
        order: Prefix::default(),
    }
}
