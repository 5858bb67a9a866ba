//! Rule `pin`: an item has a place of its own, if it is a candidate and fits the caps; else the place goes back to the fill.

use super::page::Page;
use super::set::Set;
use super::why::Why;

/// Places the pinned candidates, in the order of the configuration.
pub(super) fn place<S: Set>(page: &mut Page<'_, S>) {
    for (pin, &(_, place)) in page.plan.pins.iter().enumerate() {
        let candidate = page.set.pinned(pin);
        let candidate = candidate.filter(|candidate| !page.is_taken(*candidate));
        if let Some(candidate) = candidate
            && page.is_free(place)
            && let Some(held) = page.fitting(candidate, place, Why::Pin)
        {
            page.put(held, place);
        }
    }
}
