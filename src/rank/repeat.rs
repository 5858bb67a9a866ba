//! The objective `affinity.repeat`: how likely the user buys the item again within 14 days.

use super::resolve::Candidate;
use super::taste::Taste;
use super::view::View;
use crate::feature::{Purchases, WITHIN, repeat_value};
use crate::number::{DAY_MILLIS, narrow};

/// Returns a function from a candidate to the chance of a repeat; 0 for what the user never bought.
pub(super) fn chances<'t>(
    taste: &'t Taste,
    view: &'t View<'_>,
) -> impl Fn(&Candidate<'_>) -> f64 + 't {
    let (purchases, half_life) = (taste.purchases(view), half_life(view));
    move |candidate| {
        let chance = |of: Purchases| {
            let usual = view.standings.repeat_rate(candidate.row);
            of.chance(half_life, usual)
        };
        purchases(candidate.row).map_or(0.0, chance)
    }
}

/// Returns the same as values in [0, 1].
pub(super) fn values<'t>(
    taste: &'t Taste,
    view: &'t View<'_>,
) -> impl Fn(&Candidate<'_>) -> f32 + 't {
    let chances = chances(taste, view);
    move |candidate| {
        let chance = chances(candidate);
        // Nearly every candidate was never bought.
        if chance > 0.0 {
            narrow(repeat_value(chance))
        } else {
            0.0
        }
    }
}

/// Returns the chance in words: "bought 4 times, about every 30 days, last 10 days ago: 17 % within 14 days".
pub(super) fn reason(taste: &Taste, view: &View<'_>, candidate: &Candidate<'_>) -> String {
    let Some(of) = taste.purchases(view)(candidate.row) else {
        return "never bought".to_owned();
    };
    let usual = view.standings.repeat_rate(candidate.row);
    let chance = of.chance(half_life(view), usual) * 100.0;
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

fn half_life(view: &View<'_>) -> f64 {
    view.config.profile.half_life / DAY_MILLIS
}
