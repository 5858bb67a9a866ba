//! `[[scene.NAME.rules]]`: reads the rules of one scene, and refuses what contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeValue;

use super::audience::Audiences;
use super::check::need;
use super::rule::{Cap, Pool, SceneRule, Seen, Slot, What};
use super::section::{Section, unknown};
use super::selection::{Selection, SelectionId};
use super::value::{self, Checked};
use super::{sense, weights};
use crate::clock::Time;
use crate::model::is_id;
use crate::rule::{self, By, Form, Rule};

/// Maximum number of rules of a scene.
const MOST_RULES: usize = 100;
/// Maximum number of items in the pool of a slot.
const MOST_ITEMS: usize = 1_000;
/// Maximum number of places of a slot.
const MOST_PLACES: usize = 1_000;

/// The names that rules may use.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The selections.
    pub(super) selections: &'a [Selection],
    /// What may be weighed.
    pub(super) known: weights::Known<'a>,
    /// The audiences.
    pub(super) audiences: &'a Audiences,
}

/// A rule with the table that it was read from.
pub(super) struct Given<'a> {
    pub(super) rule: SceneRule,
    section: Section<'a>,
}

impl Given<'_> {
    /// Reports a place beyond the scene's limit.
    pub(super) fn check_limit(&self, limit: usize) {
        let beyond = self.rule.what.places().iter().max();
        if let Some(place) = beyond.filter(|place| **place > limit) {
            let message = format!("place {place} lies beyond the scene's limit, {limit}");
            self.section.fault(self.key_of_places(), message);
        }
    }

    fn key_of_places(&self) -> &'static str {
        if matches!(self.rule.what, What::Pin { .. }) {
            "place"
        } else {
            "places"
        }
    }
}

/// Reads the rules that a scene itself sets; `None` if it sets none and inherits those of its parent.
pub(super) fn rules<'a>(scene: &Section<'a>, names: Names<'_>) -> Option<Vec<Given<'a>>> {
    if !scene.has("rules") {
        return None;
    }
    let mut tables = scene.tables("rules");
    if let Some(beyond) = tables.get(MOST_RULES) {
        let message = format!("is one rule too many; a scene may have {MOST_RULES}");
        beyond.fault("", message);
    }
    tables.truncate(MOST_RULES);
    let given: Vec<Given<'_>> = tables.into_iter().filter_map(|s| one(s, names)).collect();
    check_names(&given);
    check_places(&given);
    let each = given.iter().map(|given| (&given.rule, &given.section));
    sense::check(&each.collect::<Vec<_>>());
    Some(given)
}

/// Reads one rule; `None` if it is not known.
fn one<'a>(s: Section<'a>, names: Names<'_>) -> Option<Given<'a>> {
    let name = s.text("name", String::new(), id);
    let rule = text(&s, "rule");
    let known = rule::of_scenes();
    let found = known
        .clone()
        .find(|(name, _)| rule.as_deref() == Some(name));
    let Some((_, rule)) = found else {
        if let Some(name) = rule {
            let known = known.map(|(name, _)| name);
            s.fault("rule", unknown("rule", &name, known));
        }
        return None;
    };
    let what = what(&s, rule, names);
    let audience = s.has("audience").then(|| text(&s, "audience")).flatten();
    let audience = audience.and_then(|name| names.audiences.named(&s, "audience", &name));
    let [from, until] = ["from", "until"].map(|key| instant(&s, key));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        s.fault("until", "must be after `from`");
    }
    s.finish();
    let rule = SceneRule {
        name,
        audience,
        from,
        until,
        what: what?,
    };
    Some(Given { rule, section: s })
}

fn id(text: &str) -> Checked<String> {
    need(
        is_id(text),
        "must be an id: 1 to 128 bytes without control characters",
    )?;
    Ok(text.to_owned())
}

/// Reads a time; `None` if it is not set, or at a fault.
fn instant(s: &Section<'_>, key: &str) -> Option<Time> {
    let given = s
        .has(key)
        .then(|| s.value(key, None, |given| value::instant(given).map(Some)));
    given.flatten()
}

/// Reads a string; `None` at a fault.
fn text(s: &Section<'_>, key: &str) -> Option<String> {
    s.text(key, None, |text| Ok(Some(text.to_owned())))
}

/// Reads the parameters of a rule; `None` if it has none that scenes set.
fn what(s: &Section<'_>, rule: Rule, names: Names<'_>) -> Option<What> {
    let number = |key| number(s, rule, key);
    Some(match rule {
        Rule::Hide => What::Hide {
            select: selected(s, names),
        },
        Rule::Seen => What::Seen(seen(s)),
        Rule::Boost => What::Boost {
            select: selected(s, names),
            factor: number("factor"),
        },
        Rule::Pin => What::Pin {
            item: s.text("item", String::new(), id),
            place: s.integer("place", PLACE),
        },
        Rule::Slot => What::Slot(slot(s, names)),
        Rule::Cap => What::Cap(cap(s)),
        Rule::Decay => What::Decay {
            factor: number("factor"),
            floor: number("floor"),
        },
        Rule::Mmr => What::Mmr {
            lambda: number("lambda"),
        },
        Rule::Unavailable | Rule::Removed | Rule::MerchantUnavailable | Rule::Support => {
            return None;
        }
    })
}

/// Places that a rule may keep.
const PLACE: std::ops::RangeInclusive<usize> = 1..=rule::MOST as usize;

/// Reads a number of a rule within the range of the table, or its default.
fn number(s: &Section<'_>, rule: Rule, key: &str) -> f64 {
    let parameter = rule.row().parameter(key);
    let default = parameter.and_then(|parameter| parameter.default);
    match parameter.map(|parameter| parameter.form) {
        Some(Form::Number(least, most)) if s.has(key) || default.is_none() => {
            s.number(key, least..=most)
        }
        _ => default.unwrap_or_default(),
    }
}

/// Reads the name of a selection.
fn selected(s: &Section<'_>, names: Names<'_>) -> SelectionId {
    s.text("select", SelectionId(0), |name| {
        SelectionId::named(names.selections, name)
    })
}

fn cap(s: &Section<'_>) -> Cap {
    Cap {
        by: s.choice("by", &By::ALL, By::Merchant),
        max: s.integer("max", PLACE),
        window: s.has("window").then(|| s.integer("window", PLACE)),
    }
}

fn seen(s: &Section<'_>) -> Seen {
    let (hides, lowers) = (s.has("then"), s.has("factor"));
    if hides == lowers {
        let message = "give either `then = \"hide\"` or `factor`, not both";
        s.fault(if hides { "factor" } else { "" }, message);
    }
    if hides {
        s.choice("then", &[("hide", ())], ());
    }
    Seen {
        after: s.integer("after", 1..=rule::MOST_SEEN as usize),
        days: s.integer("days", 1..=rule::MOST_DAYS),
        factor: lowers.then(|| number(s, Rule::Seen, "factor")),
    }
}

fn slot(s: &Section<'_>, names: Names<'_>) -> Slot {
    let place = |given: &DeValue<'_>| value::integer(given, &PLACE);
    let weights = s.has("weights").then(|| own_weights(s, names));
    let by_score = s.flag("score");
    if by_score == weights.is_some() {
        let message = "give either `weights` or `score = true`, not both: what the places go by";
        s.fault(if by_score { "score" } else { "" }, message);
    }
    Slot {
        places: s.list("places", place, |places| check_list(places, MOST_PLACES)),
        pool: pool(s, names),
        weights: weights.filter(|weights| !weights.is_empty()),
        min: number(s, Rule::Slot, "min"),
    }
}

fn own_weights(s: &Section<'_>, names: Names<'_>) -> Vec<(weights::Weighed, f64)> {
    let section = s.section("weights");
    let weights = weights::weighed(weights::weights(&section, names.known));
    if weights.is_empty() && section.is_clean() {
        s.fault("weights", "at least one weight must not be 0");
    }
    weights
}

fn pool(s: &Section<'_>, names: Names<'_>) -> Pool {
    if !s.has("items") {
        return Pool::Selection(selected(s, names));
    }
    if s.has("select") {
        s.fault("items", "must not be given beside `select`");
    }
    let item = |given: &DeValue<'_>| id(value::text(given)?);
    Pool::Items(s.list("items", item, |items| check_list(items, MOST_ITEMS)))
}

/// Checks that a list has 1 to `most` elements, without repeats.
fn check_list<T: Ord>(list: &[T], most: usize) -> Checked<()> {
    let distinct: BTreeSet<&T> = list.iter().collect();
    need(!list.is_empty(), "must not be empty")?;
    need(
        list.len() <= most,
        &format!("must have at most {most} elements"),
    )?;
    need(distinct.len() == list.len(), "must not repeat an element")
}

/// Reports rules of the same name.
fn check_names(given: &[Given<'_>]) {
    let mut known = BTreeSet::new();
    for Given { rule, section } in given {
        if !known.insert(&rule.name) && !rule.name.is_empty() {
            let message = format!("another rule of the scene is named {:?} too", rule.name);
            section.fault("name", message);
        }
    }
}

/// Reports places that two rules keep at the same time.
fn check_places(given: &[Given<'_>]) {
    let mut kept: BTreeMap<usize, Vec<&SceneRule>> = BTreeMap::new();
    for each in given {
        let mut taken = Vec::new();
        for &place in each.rule.what.places() {
            let others = kept.entry(place).or_default();
            let other = others.iter().find(|other| other.meets(&each.rule));
            taken.extend(other.map(|other| format!("place {place} is kept by {:?}", other.name)));
            others.push(&each.rule);
        }
        if !taken.is_empty() {
            let message = format!("{} too, at the same time", taken.join(", "));
            each.section.fault(each.key_of_places(), message);
        }
    }
}
