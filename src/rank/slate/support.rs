//! Support places: each takes the largest own among candidates whose runner is behind its plan, one a runner.
//!
//! Runners that are on plan wait, so that the places go round by themselves. Nothing that is worth much less to this user than the page's
//! last place is helped.

use hashbrown::HashSet;

use super::page::{Page, Why};
use super::plan::Support;
use super::set::Set;

/// Fills the support places of a page.
pub(super) fn place<S: Set>(page: &mut Page<'_, S>) {
    let Support { places, min } = page.plan.support;
    let least = min * page.last_own();
    let mut helped = HashSet::new();
    for &place in places {
        if !page.is_free(place) {
            continue;
        }
        for index in 0.. {
            let best = page.orders.by_own(page.set, index);
            let Some(best) = best.filter(|best| f64::from(page.set.own()[*best]) >= least) else {
                break;
            };
            let runner = page.set.supported(best).filter(|_| !page.is_taken(best));
            if let Some(runner) = runner
                && !helped.contains(&runner)
                && page.fits(best, place)
            {
                helped.insert(runner);
                page.put(best, place, Why::Support);
                break;
            }
        }
    }
}
