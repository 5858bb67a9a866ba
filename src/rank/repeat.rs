//! The objective `affinity.repeat`: how likely the user buys the item again within 14 days.

use super::resolve::Candidate;
use super::taste::Taste;
use super::view::View;
use crate::feature::{Purchases, WITHIN, repeat_value};
use crate::id::ItemRow;
use crate::number::{DAY_MILLIS, narrow};

/// Returns the chance of a repeat; 0 for what the user never bought.
pub(super) fn chance(taste: &Taste, view: &View<'_>, candidate: &Candidate<'_>) -> f64 {
    let purchases = taste.purchases(view)(candidate.row);
    purchases.map_or(0.0, |of| chance_of(&of, candidate.row, view))
}

/// Returns a function from a candidate to the same as a value in [0, 1].
pub(super) fn values<'t>(
    taste: &'t Taste,
    view: &'t View<'_>,
) -> impl Fn(&Candidate<'_>) -> f32 + 't {
    let purchases = taste.purchases(view);
    move |candidate| match purchases(candidate.row) {
        Some(of) => narrow(repeat_value(chance_of(&of, candidate.row, view))),
        None => 0.0,
    }
}

/// Returns the chance in words: "bought 4 times, about every 30 days, last 10 days ago: 17 % within 14 days".
pub(super) fn reason(taste: &Taste, view: &View<'_>, candidate: &Candidate<'_>) -> String {
    let Some(of) = taste.purchases(view)(candidate.row) else {
        return "never bought".to_owned();
    };
    let chance = chance_of(&of, candidate.row, view) * 100.0;
    let days = |days: f64| match days.round() {
        1.0 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let times = match of.count {
        1.0 => "bought once".to_owned(),
        2.0 => "bought twice".to_owned(),
        count => format!("bought {count} times"),
    };
    let every = of.interval().map_or(String::new(), |interval| {
        format!(", about every {}", days(interval))
    });
    let last = days(of.last);
    format!("{times}{every}, last {last} ago: {chance:.0} % within {WITHIN} days")
}

fn chance_of(of: &Purchases, item: ItemRow, view: &View<'_>) -> f64 {
    let half_life = view.config.profile.half_life / DAY_MILLIS;
    of.chance(half_life, view.standings.repeat_rate(item))
}
