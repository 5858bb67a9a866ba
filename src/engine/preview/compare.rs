//! The comparison of pages: one request after the other is added, and the sums become the answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use compact_str::CompactString;

use super::exposure::{Shares, weigh};
use super::kendall::tau;
use crate::decision::Record;
use crate::model::view::{
    Any, ChangedRequest, ExposureChange, MeanChange, MeanOf, MovedItem, OrNull, Overlap, PlacePair,
    Preview, RuleChange,
};
use crate::number::{real, wide};
use crate::rank::{Replay, Replayed};
use crate::rule::{RULES, TABLE};

/// Number of changed requests that are listed.
pub(super) const CHANGED: usize = 20;
/// Number of places, and of moved items, that are listed of each.
const PLACES: usize = 10;
/// Places of the shorter overlap.
const TOP: usize = 10;
/// Level from which a merchant belongs to the head.
const HEAD: f32 = 0.8;

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) replay: Replay<'a>,
    pub(super) page: Replayed,
}

impl<'a> Side<'a> {
    pub(super) fn new(replay: Replay<'a>) -> Self {
        let page = replay.page(true);
        Self { replay, page }
    }

    /// Returns the ids of the page.
    pub(super) fn ids<'r>(&self, ids: &'r [CompactString]) -> Vec<&'r str> {
        self.page
            .placed
            .iter()
            .map(|(place, _)| ids[*place].as_str())
            .collect()
    }
}

/// A mean, as it is summed up.
#[derive(Clone, Copy, Debug, Default)]
struct Mean(f64, f64);

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.0 += value * weight;
        self.1 += weight;
    }

    fn value(self) -> OrNull<f64> {
        OrNull((self.1 > 0.0).then(|| self.0 / self.1))
    }
}

/// The sums so far.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) replayed: usize,
    tau: Mean,
    at_10: Mean,
    page: Mean,
    first: Mean,
    objectives: BTreeMap<String, [Mean; 2]>,
    price: [Mean; 2],
    lane: Shares,
    tier: Shares,
    merchant: Shares,
    fired: [[usize; RULES]; 2],
    /// The lowest τ so far, with the number of the request.
    pub(super) lowest: Vec<(f64, usize)>,
}

impl Comparison {
    /// Adds the request of a number.
    pub(super) fn add(&mut self, number: usize, record: &Record, tail: f64, sides: [&Side<'_>; 2]) {
        let Some(whole) = &record.whole else { return };
        let [before, after] = sides.map(|side| side.ids(&whole.ids));
        let tau = tau(&before, &after);
        self.replayed += 1;
        self.tau.add(tau, 1.0);
        self.at_10.add(overlap(&before, &after, TOP), 1.0);
        self.page.add(overlap(&before, &after, usize::MAX), 1.0);
        self.first
            .add(f64::from(u8::from(before.first() == after.first())), 1.0);
        if tau < 1.0 {
            let at = self.lowest.partition_point(|(known, _)| *known <= tau);
            self.lowest.insert(at, (tau, number));
            self.lowest.truncate(CHANGED);
        }
        let names: Vec<&str> = sides
            .iter()
            .flat_map(|side| side.replay.weighed())
            .collect();
        let names: HashSet<&str> = names.into_iter().collect();
        for (number, side) in sides.into_iter().enumerate() {
            for (sum, fired) in self.fired[number].iter_mut().zip(side.page.fired) {
                *sum += fired;
            }
            if let Some(price) = side.page.price {
                self.price[number].add(price, 1.0);
            }
            for (index, (candidate, _)) in side.page.placed.iter().enumerate() {
                let weight = weigh(whole.inputs.start + index + 1);
                for name in &names {
                    if let Some(value) = side.replay.value_of(name, *candidate) {
                        let means = self.objectives.entry((*name).to_owned()).or_default();
                        means[number].add(f64::from(value), weight);
                    }
                }
                self.expose(record, *candidate, (number, weight, tail));
            }
        }
    }

    fn expose(
        &mut self,
        record: &Record,
        candidate: usize,
        (side, weight, tail): (usize, f64, f64),
    ) {
        let Some(whole) = &record.whole else { return };
        let (inputs, level) = (&whole.inputs, whole.level(candidate));
        let merchant = inputs.merchant.name(candidate);
        let tier = match merchant {
            None => "none",
            Some(_) if level >= HEAD => "head",
            Some(_) if f64::from(level) < tail => "tail",
            Some(_) => "middle",
        };
        self.lane.add(
            inputs.lane.name(candidate).unwrap_or_default(),
            side,
            weight,
        );
        self.tier.add(tier, side, weight);
        self.merchant
            .add(merchant.unwrap_or_default(), side, weight);
    }

    /// Returns the answer, without what depends on the configurations.
    pub(super) fn preview(self, generation: u64, changed: Vec<ChangedRequest>) -> Preview {
        let [winners, losers] = self.merchant.extremes();
        let mean = |(name, [before, after]): (String, [Mean; 2])| MeanChange {
            name,
            before: before.value(),
            after: after.value(),
        };
        let acts = TABLE.iter().map(|row| RuleChange {
            rule: row.name.to_owned(),
            before: self.fired[0][row.rule as usize],
            after: self.fired[1][row.rule as usize],
        });
        let acts = acts.filter(|it| it.before + it.after > 0);
        Preview {
            generation,
            config: Any::default(),
            replayed: self.replayed,
            why: None,
            reproduced: OrNull(None),
            unknown_generation: 0,
            not_replayed: Vec::new(),
            tau: self.tau.value(),
            overlap: Overlap {
                at_10: self.at_10.value(),
                page: self.page.value(),
            },
            first_unchanged: self.first.value(),
            price: MeanOf {
                before: self.price[0].value(),
                after: self.price[1].value(),
            },
            exposure: ExposureChange {
                lane: self.lane.all(),
                tier: self.tier.all(),
                winners,
                losers,
            },
            rules: acts.collect(),
            objectives: self.objectives.into_iter().map(mean).collect(),
            changed,
        }
    }
}

/// Returns the share of the first items of a page that stay among the first ones of another.
fn overlap(before: &[&str], after: &[&str], most: usize) -> f64 {
    let [before, after] = [before, after].map(|page| &page[..page.len().min(most)]);
    let longer = before.len().max(after.len());
    if longer == 0 {
        return 1.0;
    }
    let known: HashSet<&str> = before.iter().copied().collect();
    let both = after.iter().filter(|id| known.contains(*id)).count();
    real(wide(both)) / real(wide(longer))
}

/// Returns a changed request side by side, with the reasons of its moves.
pub(super) fn changed(record: &Record, tau: f64, sides: [&Side<'_>; 2]) -> ChangedRequest {
    let ids = record.whole.as_ref().map_or(&[][..], |whole| &whole.ids);
    let [before, after] = sides.map(|side| side.ids(ids));
    let longer = before.len().max(after.len()).min(PLACES);
    let at = |page: &[&str], index: usize| OrNull(page.get(index).map(|id| (*id).to_owned()));
    let places = (0..longer).map(|index| PlacePair {
        place: index + 1,
        before: at(&before, index),
        after: at(&after, index),
    });
    ChangedRequest {
        request_id: record.request_id.clone(),
        scene: record.scene.clone(),
        tau,
        places: places.collect(),
        moved: moved(ids, sides),
    }
}

/// Returns the items that move most on a page, with the reasons.
fn moved(ids: &[CompactString], sides: [&Side<'_>; 2]) -> Vec<MovedItem> {
    let mut places: HashMap<usize, [Option<usize>; 2]> = HashMap::new();
    for (number, side) in sides.into_iter().enumerate() {
        for (index, (candidate, _)) in side.page.placed.iter().enumerate() {
            places.entry(*candidate).or_default()[number] = Some(index + 1);
        }
    }
    let beyond = 1 + sides
        .iter()
        .map(|side| side.page.placed.len())
        .max()
        .unwrap_or(0);
    let distance = |[before, after]: [Option<usize>; 2]| {
        before.unwrap_or(beyond).abs_diff(after.unwrap_or(beyond))
    };
    let mut moved: Vec<(usize, [Option<usize>; 2])> = places.into_iter().collect();
    moved.retain(|(_, places)| distance(*places) > 0);
    moved.sort_by_key(|(candidate, places)| (std::cmp::Reverse(distance(*places)), *candidate));
    moved.truncate(PLACES);
    let item = |(candidate, [before, after]): (usize, [Option<usize>; 2])| MovedItem {
        id: ids[candidate].to_string(),
        before: OrNull(before),
        after: OrNull(after),
        reason: reason(candidate, after, sides),
    };
    moved.into_iter().map(item).collect()
}

/// Returns why an item moves: the parts of its score that differ most, and the rule that moves it.
fn reason(candidate: usize, place: Option<usize>, [before, after]: [&Side<'_>; 2]) -> String {
    let [old, new] = [before, after].map(|side| side.replay.explain(candidate));
    let mut parts: BTreeMap<&str, f64> = BTreeMap::new();
    for (explained, sign) in [(&old, -1.0), (&new, 1.0)] {
        for part in &explained.parts {
            *parts.entry(&part.name).or_default() += sign * f64::from(part.contribution);
        }
        for (name, factor) in &explained.factors {
            *parts.entry(name).or_default() += sign * (f64::from(*factor) - 1.0);
        }
    }
    let mut parts: Vec<(&str, f64)> = parts.into_iter().filter(|it| it.1.abs() >= 5e-4).collect();
    parts.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
    let shown = parts
        .iter()
        .take(3)
        .map(|(name, change)| format!("{name} {change:+.3}"));
    let mut shown: Vec<String> = shown.collect();
    let index = place.and_then(|place| place.checked_sub(1));
    let rule = index.and_then(|index| after.page.moves.get(index)?.as_ref());
    if let Some(rule) = rule {
        shown.push(format!("rule {}", rule.rule));
    }
    if shown.is_empty() {
        shown.push("others moved".to_owned());
    }
    shown.join(", ")
}
