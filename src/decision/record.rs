//! One line of the log: what a ranking decided, and in a whole record what it read.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::column::{Column, Exact, Indices, Numbers};

/// Version of the form of a record.
pub const VERSION: u8 = 1;

/// The record of one ranking. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub v: u8,
    /// The time of the answer.
    pub at: i64,
    /// The instant that the ranking read.
    pub as_of: i64,
    /// Id of the request.
    pub request_id: String,
    /// Pseudonym of the user.
    #[serde(default)]
    pub user: Option<String>,
    /// Name of the scene that answered.
    pub scene: String,
    /// Generation of the configuration.
    pub generation: u64,
    /// Number of the standings.
    pub standings: u64,
    /// Maximum number of places of the page.
    pub limit: usize,
    /// The arm of each experiment that held.
    #[serde(default)]
    pub arms: BTreeMap<String, String>,
    /// True if the request forced its arms.
    #[serde(default)]
    pub forced: bool,
    /// The region that the request gives.
    #[serde(default)]
    pub region: Option<String>,
    /// The device that the request gives.
    #[serde(default)]
    pub device: Option<String>,
    /// Number of candidates of the request, repeats included.
    pub candidates: usize,
    /// Number of those that are not in the catalogue.
    pub unknown: usize,
    /// Number of candidates that each rule dropped.
    #[serde(default)]
    pub dropped: BTreeMap<String, usize>,
    /// Id and score, by place.
    pub shown: Vec<(CompactString, f32)>,
    /// Place by own, place, and the rule that explains the difference, both from 1 over all pages.
    #[serde(default)]
    pub moves: Vec<(usize, usize, CompactString)>,
    /// Microseconds that the ranking took.
    pub micros: u64,
    /// What a whole record adds.
    #[serde(flatten)]
    pub whole: Option<Whole>,
}

/// What a whole record adds: the columns of all candidates that are known and offered, in the order of the request. Those that a rule
/// `hide` or `seen` of the scene dropped are among them, so that the ranking without the rule can be computed too.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Whole {
    /// Their ids.
    pub ids: Vec<CompactString>,
    /// The audiences that the user belonged to.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The value of every objective, prediction and model by name; NaN where the data is missing.
    pub values: BTreeMap<String, Column>,
    /// Number of candidates without data, by objective.
    #[serde(default)]
    pub missing: BTreeMap<String, usize>,
    /// The caller's own numbers by name of the prediction; NaN where none was given.
    #[serde(default)]
    pub predictions: BTreeMap<String, Numbers>,
    /// What factors, lifts and rules read.
    pub inputs: Inputs,
}

/// What factors, lifts and rules read of a request and its candidates.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Inputs {
    /// Number of places before the page.
    #[serde(default)]
    pub start: usize,
    /// True if the pages before were arranged anew.
    #[serde(default)]
    pub anew: bool,
    /// True if the request set its limit.
    #[serde(default)]
    pub limited: bool,
    /// The key of the user's lots, sealed; see [`Pseudonyms`](super::Pseudonyms).
    pub lot: String,
    /// Integrity of the merchant.
    pub integrity: Column,
    /// Product of the parts of the aversion, before its minimum.
    pub aversion: Column,
    /// Level of the merchant in its lane, where it differs from the value of `race.level`: 0 before the first rebuild that knows it.
    #[serde(default)]
    pub level: Vec<(u32, f32)>,
    /// The merchant.
    pub merchant: Groups,
    /// The category.
    pub category: Groups,
    /// The creator.
    pub creator: Groups,
    /// The kind.
    pub kind: Groups,
    /// The lane of the merchant.
    pub lane: Groups,
    /// By selection: the candidates that are members, by place.
    #[serde(default)]
    pub selections: BTreeMap<String, Vec<u32>>,
    /// By candidate: the seconds of impressions without a click, see [`Sights`](crate::feature::Sights).
    #[serde(default)]
    pub sights: Vec<(u32, Vec<u32>)>,
    /// The help of the traffic targets.
    #[serde(default)]
    pub help: Help,
    /// By candidate: the runner behind its plan, by a number of this record.
    #[serde(default)]
    pub behind: Vec<(u32, u32)>,
    /// What stands on the pages before.
    #[serde(default)]
    pub past: Vec<Past>,
    /// The tags, if a rule of the scene compares them: of the candidates, then of the pages before.
    #[serde(default)]
    pub tags: Option<TagColumns>,
}

/// A group of each candidate, such as its merchant.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Groups {
    /// The names of the groups.
    #[serde(default)]
    pub names: Vec<CompactString>,
    /// Index into `names`, if it has a group.
    pub of: Indices,
}

/// The help of the traffic targets for one request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Help {
    /// Credit of the long tail.
    pub tail: Exact,
    /// True if the places for newcomers are kept.
    pub support: bool,
    /// The campaigns that lift for this user, with their credits.
    #[serde(default)]
    pub campaigns: Vec<(String, Exact)>,
}

/// What stands at a place of a page before. Groups are indices into the names of the record.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Past {
    /// False if the item is gone.
    pub known: bool,
    /// Merchant, category, creator and kind, as far as it has them.
    pub groups: [Option<u32>; 4],
    /// The slot that gave the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// True if it is a support place.
    #[serde(default)]
    pub support: bool,
    /// The runner behind its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<u32>,
}

/// The tags of items as vectors of length 1, one after the other. Tags are numbered in an order that is the same for all items.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TagColumns {
    /// Number of tags of each item.
    pub counts: Column,
    /// The tags.
    pub tags: Column,
    /// Their weights.
    pub weights: Column,
}

impl Help {
    pub(super) fn is_none(&self) -> bool {
        self.tail == Exact::default() && !self.support && self.campaigns.is_empty()
    }
}

impl Groups {
    /// Returns the index of a candidate's group.
    #[must_use]
    pub fn get(&self, candidate: usize) -> Option<u32> {
        self.of.0.get(candidate).copied().flatten()
    }

    /// Returns the name of a candidate's group.
    #[must_use]
    pub fn name(&self, candidate: usize) -> Option<&str> {
        let index = usize::try_from(self.get(candidate)?).ok()?;
        self.names.get(index).map(CompactString::as_str)
    }

    fn bytes(&self) -> usize {
        strings(&self.names) + self.of.bytes()
    }
}

/// Returns an index that is held as a number; `None` for NaN.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices below 2²⁴ are exact, NaN is left out, and the conversion saturates"
)]
pub(super) fn index(number: f32) -> Option<u32> {
    (!number.is_nan()).then_some(number as u32)
}

impl TagColumns {
    /// Returns the tags of each item, with their weights.
    #[must_use]
    pub fn vectors(&self, items: usize) -> Vec<Vec<(u32, f32)>> {
        let mut next = 0;
        let mut vectors = Vec::with_capacity(items);
        for item in 0..items {
            let count = index(self.counts.get(item)).unwrap_or(0) as usize;
            // A column of one constant has no end of its own.
            let most = match &self.tags {
                Column::Same(_) => count,
                Column::Each(tags) => tags.len().saturating_sub(next),
            };
            let part = |at| Some((index(self.tags.get(at))?, self.weights.get(at)));
            vectors.push((next..next + count.min(most)).filter_map(part).collect());
            next += count.min(most);
        }
        vectors
    }

    fn bytes(&self) -> usize {
        self.counts.bytes() + self.tags.bytes() + self.weights.bytes()
    }
}

fn strings(all: &[CompactString]) -> usize {
    let heap = |it: &CompactString| {
        if it.is_heap_allocated() {
            it.capacity()
        } else {
            0
        }
    };
    size_of_val(all) + all.iter().map(heap).sum::<usize>()
}

impl Whole {
    fn bytes(&self) -> usize {
        let values: usize = self
            .values
            .iter()
            .map(|(name, it)| name.len() + 64 + it.bytes())
            .sum();
        let numbers: usize = self.predictions.values().map(|it| 64 + it.bytes()).sum();
        let inputs = &self.inputs;
        let columns = [&inputs.integrity, &inputs.aversion];
        let columns: usize = columns.iter().map(|it| it.bytes()).sum();
        let groups = [
            &inputs.merchant,
            &inputs.category,
            &inputs.creator,
            &inputs.kind,
            &inputs.lane,
        ];
        let groups: usize = groups.iter().map(|it| it.bytes()).sum();
        let members: usize = inputs.selections.values().map(|it| 64 + 4 * it.len()).sum();
        let sights: usize = inputs.sights.iter().map(|(_, it)| 32 + 4 * it.len()).sum();
        let tags = inputs.tags.as_ref().map_or(0, TagColumns::bytes);
        strings(&self.ids)
            + values
            + numbers
            + columns
            + groups
            + members
            + sights
            + tags
            + size_of::<Past>() * inputs.past.len()
            + 8 * inputs.behind.len()
    }
}

impl Whole {
    /// Returns the level of a candidate's merchant in its lane; NaN if it is not known.
    #[must_use]
    pub fn level(&self, candidate: usize) -> f32 {
        let other = &self.inputs.level;
        let found = other.binary_search_by_key(&candidate, |(place, _)| *place as usize);
        let other = found.ok().map(|at| other[at].1);
        let value = || self.values.get("race.level").map(|it| it.get(candidate));
        other.or_else(value).unwrap_or(f32::NAN)
    }
}

impl Record {
    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let shown: usize = self.shown.iter().map(|(id, _)| id.len() + 32).sum();
        size_of::<Self>()
            + self.request_id.len()
            + shown
            + 40 * self.moves.len()
            + self.whole.as_ref().map_or(0, Whole::bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_tags_follow_each_other() {
        let tags = TagColumns {
            counts: Column::new(vec![2.0, 0.0, 1.0]),
            tags: Column::new(vec![0.0, 3.0, 3.0]),
            weights: Column::new(vec![0.6, 0.8, 1.0]),
        };
        let right = vec![vec![(0, 0.6), (3, 0.8)], vec![], vec![(3, 1.0)]];
        assert_eq!(tags.vectors(3), right);
        let endless = TagColumns {
            counts: Column::Same(3.0e6),
            ..tags
        };
        assert_eq!(endless.vectors(2)[0].len(), 3, "a damaged count is bounded");
    }
}
