//! Explanations of the reserved places that nobody won.

use super::live::Live;
use super::slate::{Arranged, Set};
use crate::model::GivenBack;

/// Returns the reserved places of a page that went back to the fill, with the reasons.
pub(super) fn given_back(set: &impl Set, live: &Live<'_>, page: &Arranged) -> Vec<GivenBack> {
    let won: Vec<usize> = page.won().map(|(place, _)| place).collect();
    let here = page.start + 1..=page.start + page.held.len();
    let is_back = |place: &usize| here.contains(place) && !won.contains(place);
    let mut all = Vec::new();
    for (slot, (name, settings)) in live.plan.slots.iter().enumerate() {
        let in_pool = || count(set, |candidate| set.in_pool(slot, candidate));
        let none = "no candidate is in its pool";
        let some = "each is worth too little, breaks a cap, has a place, or is of a merchant with a place of the slot";
        let places = settings.places.iter().filter(|place| is_back(place));
        all.extend(given(format!("slot.{name}"), places, in_pool, (none, some)));
    }
    let behind = || set.supported().len();
    let none = "no candidate's runner is behind its plan";
    let some = "each is worth too little, breaks a cap, has a place, or is of a runner with a support place";
    let places = live.plan.support.places.iter();
    let places = places.filter(|place| is_back(place));
    all.extend(given("support".to_owned(), places, behind, (none, some)));
    all
}

fn count(set: &impl Set, is: impl Fn(usize) -> bool) -> usize {
    (0..set.own().len()).filter(|it| is(*it)).count()
}

/// Returns the places of one rule, with the reason: there were no contenders, or so many and each failed.
fn given<'p>(
    rule: String,
    places: impl Iterator<Item = &'p usize>,
    contenders: impl FnOnce() -> usize,
    (none, some): (&str, &str),
) -> Vec<GivenBack> {
    let places: Vec<usize> = places.copied().collect();
    if places.is_empty() {
        return Vec::new();
    }
    let reason = match contenders() {
        0 => none.to_owned(),
        count => format!("of {count} contenders, {some}"),
    };
    let one = |place| GivenBack {
        rule: rule.clone(),
        place,
        reason: reason.clone(),
    };
    places.into_iter().map(one).collect()
}
