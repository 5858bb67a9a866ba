//! The columns of a whole record: everything that the ranking of a request read of its candidates, and what it would read under other
//! weights, computed by the functions that rank. One request in a hundred pays for it.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;

use super::BLOCK;
use super::aversion::Aversion;
use super::field::{group_of_item, tags_of};
use super::ground::level;
use super::lift::campaigns;
use super::members::Members;
use super::predict::Predictor;
use super::resolve::Candidate;
use super::scratch::Scratch;
use super::sides::Sides;
use super::slate::Numbers as Places;
use super::support::Behind;
use super::tracked::Tracked;
use super::view::{Past, View};
use crate::config::{AudienceId, Feature, SelectionId, Weighed, What};
use crate::decision::{self, Column, Exact, Groups, Indices, Inputs, Numbers, TagColumns, Whole};
use crate::feature::{Item, Space};
use crate::id::{ItemRow, MerchantRow, TagId, UserRow};
use crate::model::RankRequest;
use crate::number::{narrow, real, short, wide};
use crate::objective::TABLE;
use crate::race::Kind;
use crate::rule::By;

/// Returns the columns of a request that was just ranked on a view with these buffers, given what the ranking kept. The key of the user's
/// lots is the caller's to seal.
#[must_use]
pub fn capture(
    request: &RankRequest<'_>,
    view: &View<'_>,
    scratch: &mut Scratch,
    mut tracked: Tracked<'_>,
) -> Whole {
    let Scratch { taste, averse, .. } = scratch;
    let members = Members::new(view, request);
    let aversion = Aversion::new(Sides::of(taste.user, view), taste, averse, view);
    let predictor = Predictor::new(view, taste, request, Feature::all_needs());
    let (values, missing) = values(&mut tracked, &predictor);
    let all = tracked.candidates.as_slice();
    let unbounded = |aversion: Aversion<'_>| {
        let blocks = all.chunks(BLOCK);
        Column::new(blocks.flat_map(|it| aversion.unbounded(it)).collect())
    };
    let audience = |place| AudienceId(short(place));
    let audiences = view.config.audiences.iter().enumerate();
    let audiences = audiences.filter(|(place, _)| members.has(audience(*place)));
    let id = |it: &Candidate<'_>| CompactString::from(&*request.candidates.ids[it.place as usize]);
    Whole {
        ids: all.iter().map(id).collect(),
        audiences: audiences.map(|(_, it)| it.name.clone()).collect(),
        values,
        missing,
        predictions: numbers(request, all, view),
        inputs: Inputs {
            limited: request.limit.is_some(),
            aversion: aversion.map_or(Column::Same(1.0), unbounded),
            sights: sights(all, taste.user, view),
            help: help(view, &members),
            ..inputs(all, view)
        },
    }
}

/// Returns the values of every objective and model by name, with the counts of missing ones. Predictions are computed from their numbers.
fn values(
    tracked: &mut Tracked<'_>,
    predictor: &Predictor<'_>,
) -> (BTreeMap<String, Column>, BTreeMap<String, usize>) {
    let config = predictor.view().config;
    let (mut values, mut missing) = (BTreeMap::new(), BTreeMap::new());
    let own = TABLE.iter().map(|row| Weighed::Own(row.objective));
    let predictions = (0..config.predictions.len()).map(Weighed::Prediction);
    let models = (0..config.models.len()).map(Weighed::Model);
    for weighed in own.chain(predictions).chain(models) {
        let mut column = tracked.column(weighed, |block, out| {
            let _clipped = predictor.fill_known(weighed, block, out);
        });
        let count = column.iter().filter(|it| it.is_nan()).count();
        if count > 0 {
            missing.insert(config.name(weighed).to_owned(), count);
        }
        if matches!(weighed, Weighed::Prediction(_)) {
            let _counted = predictor.settle(weighed, &mut column);
        }
        values.insert(config.name(weighed).to_owned(), Column::new(column));
    }
    (values, missing)
}

/// Returns the caller's numbers by name of the prediction.
fn numbers(
    request: &RankRequest<'_>,
    all: &[Candidate<'_>],
    view: &View<'_>,
) -> BTreeMap<String, Numbers> {
    let given = &request.candidates.predictions;
    if given.is_empty() {
        return BTreeMap::new();
    }
    let index: HashMap<u32, usize> = all.iter().map(|it| it.place).zip(0..).collect();
    let mut columns: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (place, name, x) in given {
        let known = view.config.vocabulary.prediction(name).is_some();
        if let Some(index) = index.get(place).filter(|_| known) {
            let column = columns.entry(name);
            column.or_insert_with(|| vec![f64::NAN; all.len()])[*index] = *x;
        }
    }
    let columns = columns.into_iter();
    columns
        .map(|(name, it)| (name.to_owned(), Numbers::new(it)))
        .collect()
}

fn sights(all: &[Candidate<'_>], user: Option<UserRow>, view: &View<'_>) -> Vec<(u32, Vec<u32>)> {
    let Some(sights) = user.and_then(|user| view.users.figures.sights.get(user)) else {
        return Vec::new();
    };
    let rows: HashMap<ItemRow, Vec<u32>> = sights.seconds().collect();
    let seen = all.iter().zip(0..);
    seen.filter_map(|(it, index)| Some((index, rows.get(&it.row)?.clone())))
        .collect()
}

/// Returns the help of the traffic targets that applies to the request.
fn help(view: &View<'_>, members: &Members<'_>) -> decision::Help {
    let Some(help) = view.market.help(&view.scene.name) else {
        return decision::Help::default();
    };
    let flown = campaigns(view, help, members).into_iter();
    decision::Help {
        tail: Exact(help.tail),
        support: help.support,
        campaigns: flown
            .map(|it| (it.campaign.name.clone(), Exact(it.credit)))
            .collect(),
    }
}

/// Names of groups, numbered as they are first met.
struct Names {
    numbers: Places,
    names: Vec<CompactString>,
}

impl Names {
    /// Creates names with room for the groups of some candidates.
    fn new(candidates: usize) -> Self {
        Self {
            numbers: Places::new(candidates),
            names: Vec::new(),
        }
    }

    #[inline]
    fn number(&mut self, group: u32, name: impl FnOnce() -> CompactString) -> u32 {
        let number = self.numbers.of(group.into());
        if number == short(self.names.len()) {
            self.names.push(name());
        }
        number
    }

    fn groups(self, of: Vec<Option<u32>>) -> Groups {
        Groups {
            names: self.names,
            of: Indices(of.into()),
        }
    }
}

/// Returns an index as a number of a column; NaN for none.
fn place(index: Option<u32>) -> f32 {
    index.map_or(f32::NAN, |index| narrow(f64::from(index)))
}

fn name(view: &View<'_>, by: By, group: u32) -> CompactString {
    let bare = |space| {
        let name = view.tags.bare_name(space, TagId(group));
        name.unwrap_or_default().into()
    };
    match by {
        By::Merchant => {
            let merchant = view.merchants.get(MerchantRow(group));
            merchant.map_or("", |it| it.id()).into()
        }
        By::Category => bare(Space::Category),
        By::Creator => bare(Space::Creator),
        By::Kind => bare(Space::Kind),
    }
}

/// Returns what rules and factors read, but for what depends on the user.
fn inputs(all: &[Candidate<'_>], view: &View<'_>) -> Inputs {
    let mut past: Vec<decision::Past> = view.turn.past.iter().map(stood).collect();
    let [merchant, category, creator, kind] =
        By::ALL.map(|(_, by)| groups(by, (all, &mut past), view));
    let behind = runners(all, &mut past, view);
    let level = all
        .iter()
        .zip(0..)
        .filter_map(|(it, index)| Some((index, level_of(it, view)?)));
    Inputs {
        start: view.turn.start,
        anew: view.turn.anew,
        integrity: Column::new(
            all.iter()
                .map(|it| view.merchants.integrity(it.item.merchant))
                .collect(),
        ),
        level: level.collect(),
        merchant,
        category,
        creator,
        kind,
        lane: lanes(all, view),
        selections: selections(all, view),
        behind,
        past,
        tags: tags(all, view),
        ..Inputs::default()
    }
}

/// Returns the groups of one kind of the candidates, and sets those of the pages before.
fn groups(
    by: By,
    (all, past): (&[Candidate<'_>], &mut [decision::Past]),
    view: &View<'_>,
) -> Groups {
    let mut names = Names::new(all.len());
    let mut group = |row: ItemRow, item: &Item| {
        let group = group_of_item(view, (row, item), by)?;
        Some(names.number(group, || name(view, by, group)))
    };
    let of = all.iter().map(|it| group(it.row, it.item)).collect();
    for (past, at) in past.iter_mut().zip(view.turn.past) {
        let group = at.item.map(|row| group(row, view.items.get(row)));
        past.groups[by as usize] = group.flatten();
    }
    names.groups(of)
}

/// Returns the runner of each candidate that is behind its plan, and sets those of the pages before, if the scene keeps places for them.
fn runners(all: &[Candidate<'_>], past: &mut [decision::Past], view: &View<'_>) -> Vec<(u32, u32)> {
    let help = view.market.help(&view.scene.name);
    if !help.is_some_and(|help| help.support) {
        return Vec::new();
    }
    let (mut known, behind) = (HashMap::new(), Behind::new(view));
    let mut runner = |row: ItemRow| {
        let next = short(known.len());
        let (kind, row) = behind.of(row, view.items.get(row))?;
        Some(*known.entry((kind as u8, row)).or_insert(next))
    };
    for (past, at) in past.iter_mut().zip(view.turn.past) {
        past.behind = at.item.and_then(&mut runner);
    }
    let each = all.iter().zip(0..);
    each.filter_map(|(it, index)| Some((index, runner(it.row)?)))
        .collect()
}

/// Returns the level of a candidate's merchant, if the value of `race.level` is another.
fn level_of(candidate: &Candidate<'_>, view: &View<'_>) -> Option<f32> {
    // The value is the level of the standing, and missing without one.
    let is_missing = candidate.merchant.level.is_nan();
    let level = is_missing.then(|| level(view, candidate.row))?;
    level.map(narrow).filter(|level| !level.is_nan())
}

/// Returns how a place of a page before was won.
fn stood(past: &Past<'_>) -> decision::Past {
    let slot = past.won.and_then(|won| won.slot.as_deref());
    decision::Past {
        known: past.item.is_some(),
        slot: slot.map(str::to_owned),
        support: past.won.is_some_and(|won| won.slot.is_none()),
        ..decision::Past::default()
    }
}

fn lanes(all: &[Candidate<'_>], view: &View<'_>) -> Groups {
    let mut names = Names::new(all.len());
    let mut lane = |it: &Candidate<'_>| {
        let merchant = it.item.merchant.some()?.0;
        let name = view.standings.lane_name(Kind::Merchant, merchant)?;
        let lane = view.standings.lane(Kind::Merchant, merchant);
        Some(names.number(lane.0, || name.into()))
    };
    let of = all.iter().map(&mut lane).collect();
    names.groups(of)
}

fn selections(all: &[Candidate<'_>], view: &View<'_>) -> BTreeMap<String, Vec<u32>> {
    let each = view.config.selections.iter().enumerate();
    let members = each.map(|(place, selection)| {
        let id = SelectionId::at(place);
        let of = all
            .iter()
            .zip(0..)
            .filter(|(it, _)| view.selections.has(id, it.row));
        (selection.name.clone(), of.map(|(_, index)| index).collect())
    });
    members
        .filter(|(_, members): &(_, Vec<u32>)| !members.is_empty())
        .collect()
}

/// Returns the tags of the candidates, then of the pages before, if a rule of the scene compares them.
fn tags(all: &[Candidate<'_>], view: &View<'_>) -> Option<TagColumns> {
    let mut rules = view.scene.rules.iter();
    if !rules.any(|rule| matches!(rule.what, What::Mmr { .. })) {
        return None;
    }
    let past = view.turn.past.iter().map(|past| past.item);
    let rows = all.iter().map(|it| Some(it.row)).chain(past);
    let vectors = rows.map(|row| row.map_or_else(Vec::new, |row| tags_of(view, row)));
    let vectors: Vec<Vec<(u32, f32)>> = vectors.collect();
    // Products are added in the order of the tags, so their order stays.
    let mut known: Vec<u32> = vectors.iter().flatten().map(|(tag, _)| *tag).collect();
    known.sort_unstable();
    known.dedup();
    let number = |tag: &u32| known.binary_search(tag).ok().map(short);
    let parts = || vectors.iter().flatten();
    let count = |it: &Vec<(u32, f32)>| narrow(real(wide(it.len())));
    Some(TagColumns {
        counts: Column::new(vectors.iter().map(count).collect()),
        tags: Column::new(parts().map(|(tag, _)| place(number(tag))).collect()),
        weights: Column::new(parts().map(|(_, weight)| *weight).collect()),
    })
}
