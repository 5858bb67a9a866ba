//! `[profile]`: what is learnt about a user from events.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check::require_id;
use super::section::Section;
use crate::model::EventKind;
use crate::number::DAY_MILLIS;

/// Range of a half-life in days: from a quarter of an hour to a hundred years.
const HALF_LIFE: std::ops::RangeInclusive<f64> = 0.01..=36_500.0;
/// Range of the gain of one event.
const GAIN: std::ops::RangeInclusive<f64> = -1_000.0..=1_000.0;
/// Range of the number of entries of one user's profile.
const ENTRIES: std::ops::RangeInclusive<usize> = 1..=10_000;

/// Settings of profiles.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Half-life of a history in milliseconds.
    pub half_life: f64,
    /// Gain of a declared user tag of weight 1; it does not fade.
    pub declared_gain: f64,
    /// Amount that following adds to the history with a merchant; it does not fade.
    pub follow_bond: f64,
    /// Gain of an event, by [`EventKind`].
    pub gains: [f64; EventKind::ALL.len()],
    /// Gains of an event for the history with the item itself, by [`EventKind`], where they differ.
    pub gains_for_item: [Option<f64>; EventKind::ALL.len()],
    /// Gains of an event for the history with the item itself, by category.
    pub item_gains: BTreeMap<String, [Option<f64>; EventKind::ALL.len()]>,
    /// Maximum number of items in one user's history.
    pub max_items: usize,
    /// Maximum number of learnt tags of one user.
    pub max_tags: usize,
    /// Maximum number of merchants in one user's history.
    pub max_merchants: usize,
    /// Maximum number of merchants and creators whose follow state is kept for one user.
    pub max_follows: usize,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Profile {
    Profile {
        half_life: half_life(s),
        declared_gain: s.number("declared_gain", GAIN),
        follow_bond: s.number("follow_bond", 0.0..=1_000.0),
        gains: s.within("gains", |s| {
            gains_of(s, |kind| kind != EventKind::Refund).map(|gain| gain.unwrap_or(0.0))
        }),
        gains_for_item: s.within("gains_for_item", own_gains),
        item_gains: s.within("item_gains", item_gains),
        max_items: s.integer("max_items", ENTRIES),
        max_tags: s.integer("max_tags", ENTRIES),
        max_merchants: s.integer("max_merchants", ENTRIES),
        max_follows: s.integer("max_follows", ENTRIES),
    }
}

fn item_gains(s: &Section<'_>) -> BTreeMap<String, [Option<f64>; EventKind::ALL.len()]> {
    let gains = |category: &str| s.within(category, own_gains);
    s.names()
        .into_iter()
        .map(|category| {
            require_id(s, category, "a category");
            (category.to_owned(), gains(category))
        })
        .collect()
}

/// Reads the gains of the kinds that the file or the defaults set.
fn own_gains(s: &Section<'_>) -> [Option<f64>; EventKind::ALL.len()] {
    gains_of(s, |kind| s.has(kind.name()))
}

/// Reads the gain of each kind that is set. A refund has none of its own, since it takes back what its purchase gave; files of older
/// versions may set one, which is checked and does nothing.
fn gains_of(
    s: &Section<'_>,
    is_set: impl Fn(EventKind) -> bool,
) -> [Option<f64>; EventKind::ALL.len()] {
    EventKind::ALL.map(|kind| {
        if kind == EventKind::Refund {
            s.has(kind.name()).then(|| s.number(kind.name(), GAIN));
            return None;
        }
        is_set(kind).then(|| s.number(kind.name(), GAIN))
    })
}

/// Reads a half-life in days; returns milliseconds.
pub(super) fn half_life(s: &Section<'_>) -> f64 {
    s.number("half_life_days", HALF_LIFE) * DAY_MILLIS
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(profile: &Profile) -> Value {
    let item_gains: Map<_, _> = profile
        .item_gains
        .iter()
        .map(|(category, given)| (category.clone(), gains(given)))
        .collect();
    json!({
        "half_life_days": profile.half_life / DAY_MILLIS,
        "declared_gain": profile.declared_gain,
        "follow_bond": profile.follow_bond,
        "gains": gains(&shown_gains(profile)),
        "gains_for_item": gains(&profile.gains_for_item),
        "item_gains": item_gains,
        "max_items": profile.max_items,
        "max_tags": profile.max_tags,
        "max_merchants": profile.max_merchants,
        "max_follows": profile.max_follows,
    })
}

/// Returns the gains but that of a refund, which has none.
fn shown_gains(profile: &Profile) -> [Option<f64>; EventKind::ALL.len()] {
    EventKind::ALL.map(|kind| (kind != EventKind::Refund).then(|| profile.gains[kind as usize]))
}

fn gains(gains: &[Option<f64>; EventKind::ALL.len()]) -> Value {
    let named = EventKind::NAMES.into_iter().zip(gains);
    let given = named.filter_map(|(kind, gain)| Some((kind.to_owned(), (*gain)?.into())));
    Value::Object(given.collect())
}
