//! Rules that are valid one by one and make no sense together.
//!
//! What contradicts itself is a fault: for some user at some time two rules want what only one can have. What merely never acts, or acts
//! less than it says, is a warning.

use super::rule::{Cap, Pool, SceneRule, What};
use super::section::Section;
use super::selection::SelectionId;

/// Checks the rules that one scene itself sets.
pub(super) fn check(given: &[(&SceneRule, &Section<'_>)]) {
    for (place, (rule, section)) in given.iter().enumerate() {
        check_cap(rule, section);
        let (before, after) = (&given[..place], &given[place + 1..]);
        let mut earlier = before.iter();
        if let Some((key, message)) = earlier.find_map(|(it, _)| contradicts(it, rule)) {
            section.fault(key, message);
        }
        // Of two equal rules, the later one is useless.
        let later = after.iter().filter(|(it, _)| !hides(rule, it));
        let mut others = before.iter().chain(later);
        if let Some((other, _)) = others.find(|(it, _)| hides(it, rule)) {
            let name = &other.name;
            let message = format!(
                "never acts: the rule {name:?} hides its items for the same users at the same time"
            );
            section.warn("rule", message);
        }
    }
}

/// Warns of a cap that no page can exceed.
fn check_cap(rule: &SceneRule, section: &Section<'_>) {
    let What::Cap(Cap {
        max,
        window: Some(window),
        ..
    }) = rule.what
    else {
        return;
    };
    if max >= window {
        let message = format!(
            "never acts: {window} places in a row hold at most {window} items of a group anyway"
        );
        section.warn("max", message);
    }
}

/// Returns the key and the fault of a rule that can never have what one before it takes.
fn contradicts(before: &SceneRule, rule: &SceneRule) -> Option<(&'static str, String)> {
    let name = &before.name;
    let (key, message) = match (&before.what, &rule.what) {
        (What::Decay { .. }, What::Decay { .. }) | (What::Mmr { .. }, What::Mmr { .. }) => {
            ("rule", format!("{name:?} is a rule of the same kind"))
        }
        (What::Pin { item: one, .. }, What::Pin { item: other, .. }) if one == other => {
            ("item", format!("{name:?} pins the same item"))
        }
        (
            What::Hide { .. }
            | What::Seen(_)
            | What::Boost { .. }
            | What::Pin { .. }
            | What::Slot(_)
            | What::Cap(_)
            | What::Decay { .. }
            | What::Mmr { .. },
            _,
        ) => return None,
    };
    let takes_all = before.audience.is_none() || before.audience == rule.audience;
    (takes_all && before.meets(rule)).then(|| {
        let why = "for the same users at the same time, and only the first counts";
        (key, format!("{message} {why}"))
    })
}

/// Returns whether a rule hides all that another one acts on, whenever that one applies.
fn hides(rule: &SceneRule, other: &SceneRule) -> bool {
    let hides_all = match (&rule.what, &other.what) {
        (What::Hide { select }, what) => items(what) == Some(*select),
        (What::Seen(one), What::Seen(other)) => {
            one.factor.is_none() && one.after <= other.after && one.days >= other.days
        }
        (
            What::Seen(_)
            | What::Boost { .. }
            | What::Pin { .. }
            | What::Slot(_)
            | What::Cap(_)
            | What::Decay { .. }
            | What::Mmr { .. },
            _,
        ) => false,
    };
    hides_all && covers(rule, other)
}

/// Returns the selection that a rule acts on alone.
fn items(what: &What) -> Option<SelectionId> {
    match what {
        What::Hide { select } | What::Boost { select, .. } => Some(*select),
        What::Slot(slot) => match slot.pool {
            Pool::Selection(select) => Some(select),
            Pool::Items(_) => None,
        },
        What::Seen(_) | What::Pin { .. } | What::Cap(_) | What::Decay { .. } | What::Mmr { .. } => {
            None
        }
    }
}

/// Returns whether a rule applies whenever another one does.
fn covers(rule: &SceneRule, other: &SceneRule) -> bool {
    let from = rule
        .from
        .is_none_or(|from| other.from.is_some_and(|it| from <= it));
    let until = rule
        .until
        .is_none_or(|until| other.until.is_some_and(|it| it <= until));
    let users = rule.audience.is_none() || rule.audience == other.audience;
    from && until && users
}
