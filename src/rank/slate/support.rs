//! Support places: each takes the largest own among candidates whose runner is behind its plan, one a runner over all pages.
//!
//! Runners that are on plan wait, so that the places go round by themselves. Nothing that is worth much less to this user than the page's
//! last place is helped. Few candidates have a runner that is behind, so those are sorted, and not all of the set.

use hashbrown::HashSet;

use super::key::Group;
use super::page::Page;
use super::plan::Support;
use super::set::Set;
use super::why::Why;

/// Fills the support places of a page.
pub(super) fn place<S: Set>(page: &mut Page<'_, S>) {
    let Support { places, min } = page.plan.support;
    if !places.iter().any(|place| page.is_free(*place)) {
        return;
    }
    let behind = behind(page, min * page.last_own());
    let earlier = places
        .iter()
        .copied()
        .filter(|place| *place <= page.start());
    let earlier = earlier.filter(|place| page.why_at(*place) == Some(Why::Support));
    let mut helped: HashSet<Group> = earlier
        .filter_map(|place| page.supported_at(place))
        .collect();
    for &place in places.iter() {
        if !page.is_free(place) {
            continue;
        }
        let waits = behind.iter().filter(|(_, runner)| !helped.contains(runner));
        let mut fitting = waits.filter_map(|&(candidate, runner)| {
            let is_free = !page.is_taken(candidate);
            let held = is_free.then(|| page.fitting(candidate, place, Why::Support))?;
            Some((held?, runner))
        });
        if let Some((best, runner)) = fitting.next() {
            helped.insert(runner);
            page.put(best, place);
        }
    }
}

/// Returns the candidates without a place whose own is at least `least` and whose runner is behind its plan, with that runner, the best
/// own first.
fn behind<S: Set>(page: &Page<'_, S>, least: f64) -> Vec<(usize, Group)> {
    let (set, own) = (page.set, page.set.own());
    let waits = |it: usize| !page.is_taken(it) && f64::from(own[it]) >= least;
    let supported = set.supported().iter().copied();
    let mut behind: Vec<(usize, Group)> = supported.filter(|(it, _)| waits(*it)).collect();
    behind.sort_unstable_by(|(a, _), (b, _)| {
        let by_own = own[*b].total_cmp(&own[*a]);
        by_own.then_with(|| set.lot(*a).cmp(&set.lot(*b)))
    });
    behind
}
