//! Conflicts of the campaigns and rules that are live at a time.
//!
//! Who lifts the same items is found by one walk over the items of each selection, scene by scene: a table holds the first few who lift an
//! item. So the time grows with the number of members of the selections, and not with the number of pairs of campaigns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::exposure::week;
use crate::bits::Bits;
use crate::clock::Time;
use crate::config::{Campaign, Config, KeptTwice, Lifting, SelectionId};
use crate::engine::Engine;
use crate::model::view::Conflict;

/// Number of those who lift one item whom the table holds.
const OF_ITEM: usize = 4;
/// Maximum number of conflicts about items that one has with those before it.
const OF_ONE: usize = 8;

impl Engine {
    /// Returns the conflicts of the campaigns and rules that are live at a time.
    pub(super) fn conflicts(&self, config: &Config, at: Time) -> Vec<Conflict> {
        let lifting = config.lifting_at(at);
        let mut members = HashMap::new();
        for each in &lifting {
            let items = || {
                self.facts
                    .read()
                    .selections
                    .of(&config.selections)
                    .members(each.items)
            };
            members.entry(each.items).or_insert_with(items);
        }
        let pairs = pairs(&lifting, &members).into_iter();
        let mut conflicts: Vec<Conflict> = pairs
            .map(|(one, other)| of_items(&lifting[one], &lifting[other]))
            .collect();
        let last_complete = self.last_complete(config);
        for campaign in config.campaigns.live_at(at) {
            let traffic = week(&self.facts.read().books, &campaign.scenes, last_complete);
            conflicts.extend(over_budget(campaign, traffic));
        }
        conflicts.extend(config.kept_twice_at(at).iter().map(of_place));
        conflicts
    }
}

/// Returns who lifts an item that another one lifts in the same scene, a campaign at least: pairs in the order of the first.
fn pairs(
    lifting: &[Lifting<'_>],
    members: &HashMap<SelectionId, Bits>,
) -> BTreeSet<(usize, usize)> {
    let mut scenes = BTreeMap::<&str, Vec<usize>>::new();
    for (place, each) in lifting.iter().enumerate() {
        for scene in &each.scenes {
            scenes.entry(scene).or_default().push(place);
        }
    }
    let mut pairs = BTreeSet::new();
    for in_scene in scenes.values().filter(|it| it.len() > 1) {
        let mut table = Table::default();
        for &place in in_scene {
            let of = &lifting[place];
            let items = members.get(&of.items);
            let others = items.map_or_else(Vec::new, |items| table.add(place, (of.items, items)));
            let others = others.into_iter().filter(|it| lifting[*it].is_campaign);
            pairs.extend(others.map(|other| (other, place)));
        }
    }
    pairs
}

/// Those who lift in one scene.
#[derive(Default)]
struct Table {
    /// The first few who lift an item, by row; of those who lift one selection, the first alone.
    first: HashMap<usize, [Option<usize>; OF_ITEM]>,
    /// The first few who lift items of a selection.
    of: HashMap<SelectionId, Vec<usize>>,
    selections: HashMap<usize, SelectionId>,
}

impl Table {
    /// Adds one who lifts the items of a selection. Returns who of those before lifts some of them too.
    fn add(&mut self, place: usize, (selection, items): (SelectionId, &Bits)) -> Vec<usize> {
        let met = match self.of.get(&selection) {
            Some(known) => known.clone(),
            None => {
                let met = self.walk(place, items);
                let first = met.iter().copied().take(OF_ONE - 1);
                self.of.insert(selection, first.collect());
                met
            }
        };
        self.selections.insert(place, selection);
        let own = (!items.is_empty()).then_some(selection);
        let theirs = met.iter().filter_map(|other| self.selections.get(other));
        let touched: BTreeSet<SelectionId> = theirs.copied().chain(own).collect();
        for selection in touched {
            let known = self.of.entry(selection).or_default();
            if known.len() < OF_ONE {
                known.push(place);
            }
        }
        met
    }

    /// Adds one who lifts the items of a selection that nobody before lifts. Returns who lifts some of them too.
    fn walk(&mut self, place: usize, items: &Bits) -> Vec<usize> {
        let mut met = BTreeSet::new();
        for item in items.iter() {
            let first = self.first.entry(item).or_default();
            met.extend(first.iter().flatten().copied());
            if let Some(free) = first.iter_mut().find(|it| it.is_none()) {
                *free = Some(place);
            }
        }
        met.into_iter().take(OF_ONE).collect()
    }
}

fn of_items(one: &Lifting<'_>, other: &Lifting<'_>) -> Conflict {
    Conflict {
        campaign: one.name.to_owned(),
        kind: "items",
        other: Some(other.name.to_owned()),
        message: format!("lifts items that {} lifts too", other.shown()),
    }
}

fn of_place(kept: &KeptTwice<'_>) -> Conflict {
    Conflict {
        campaign: kept.rule.to_owned(),
        kind: "place",
        other: Some("support".to_owned()),
        message: kept.shown(),
    }
}

/// Returns the conflict of a budget that exceeds the traffic of last week.
fn over_budget(campaign: &Campaign, traffic: f64) -> Option<Conflict> {
    let budget = crate::number::real(campaign.budget?);
    (budget > traffic).then(|| Conflict {
        campaign: campaign.name.clone(),
        kind: "budget",
        other: None,
        message: format!(
            "its budget of {budget} exposures exceeds the {traffic:.0} of last week in its scenes"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the pairs of campaigns and boosts, each with its scenes and items; `c` is a campaign.
    fn found(
        lifting: &[(&'static str, &[&'static str], u32)],
        members: &[&[usize]],
    ) -> Vec<String> {
        let lifting = lifting.iter().map(|(name, scenes, items)| Lifting {
            name,
            scenes: scenes.to_vec(),
            items: SelectionId(*items),
            is_campaign: name.starts_with('c'),
        });
        let lifting: Vec<Lifting<'_>> = lifting.collect();
        let members = (0..).map(SelectionId).zip(members);
        let members = members.map(|(id, items)| (id, items.iter().copied().collect()));
        let pairs = pairs(&lifting, &members.collect());
        let shown =
            |(one, other): (usize, usize)| format!("{}-{}", lifting[one].name, lifting[other].name);
        pairs.into_iter().map(shown).collect()
    }

    #[test]
    fn pairs_share_a_scene_and_an_item() {
        let lifting = [
            ("c1", ["a", "b"].as_slice(), 0),
            ("c2", &["b"], 1),
            ("c3", &["a"], 1),
            ("c4", &["a"], 2),
            ("boost1", &["a"], 0),
            ("boost2", &["a"], 1),
        ];
        let members = [[1, 2].as_slice(), &[2, 3], &[4]];
        let right = [
            "c1-c2",
            "c1-c3",
            "c1-boost1",
            "c1-boost2",
            "c3-boost1",
            "c3-boost2",
        ];
        assert_eq!(found(&lifting, &members), right);
    }

    #[test]
    fn many_of_one_item_are_each_named_a_few_times() {
        let names: Vec<&'static str> = (0..1_000)
            .map(|number| &*format!("c{number:03}").leak())
            .collect();
        for distinct in [false, true] {
            let lifting = names.iter().zip(0..).map(|(name, number)| {
                let items = if distinct { number } else { 0 };
                (*name, ["a"].as_slice(), items)
            });
            let lifting: Vec<_> = lifting.collect();
            let pairs = found(&lifting, &vec![[7_usize].as_slice(); 1_000]);
            assert!((999..=8_000).contains(&pairs.len()), "{}", pairs.len());
            for name in &names {
                assert!(pairs.iter().any(|pair| pair.contains(name)), "{name}");
            }
        }
    }
}
