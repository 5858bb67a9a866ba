//! Answers of the read routes: stored entities as declared and as learnt, and the boards of the race.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use serde_json::Map;

use super::Engine;
use crate::clock::Time;
use crate::feature::{self, Bond, Decay, History};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::ingest::EntityKind;
use crate::model::view::{
    OrNull, Profile, Race, Runner, StoredItem, StoredMerchant, StoredUser, Weights,
};
use crate::race::{Kind, Standing};
use crate::rank::Lots;
use crate::state::Books;

/// A query for a board of the race.
#[derive(Clone, Copy, Debug)]
pub struct RaceQuery<'a> {
    /// Name of the kind of runners.
    pub kind: &'a str,
    /// Name of the lane; `None` for all runners of the kind.
    pub lane: Option<&'a str>,
    /// Id of the runner that those of the answer follow; `None` for the first ones.
    pub after: Option<&'a str>,
    /// Maximum number of runners.
    pub limit: usize,
}

impl Engine {
    /// Returns an item as declared; `None` if the catalogue has no item with that id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<StoredItem> {
        let declared = self.facts.read().declared(EntityKind::Item, id)?;
        Some(StoredItem { declared })
    }

    /// Returns a merchant as declared; `None` if there is no merchant with that id.
    #[must_use]
    pub fn merchant(&self, id: &str) -> Option<StoredMerchant> {
        let declared = self.facts.read().declared(EntityKind::Merchant, id)?;
        Some(StoredMerchant { declared })
    }

    /// Returns a user as declared and as learnt; `None` if there is no user with that id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<StoredUser> {
        let facts = self.facts.read();
        let mut declared = facts.declared(EntityKind::User, id)?;
        let books = &facts.books;
        let row = books.users.find(&books.hasher, id)?;
        let learnt = books.users.profile(row).cloned().unwrap_or_default();
        let as_of = self.as_of(&self.generation().config);
        declared.entry("tags").or_insert_with(|| Map::new().into());
        Some(StoredUser {
            declared,
            profile: self.profile(&learnt, books, as_of),
            events: learnt.events,
        })
    }

    /// Returns the learnt weights decayed to an instant, strongest first. Each followed creator and merchant adds its bond.
    fn profile(&self, learnt: &feature::Profile, books: &Books, as_of: Time) -> Profile {
        let settings = &self.generation().config.profile;
        let left = learnt.left(Decay::new(settings.half_life), as_of);
        let decayed = |history: &History| -> BTreeMap<u32, f64> {
            let entries = history.entries();
            entries
                .map(|entry| (entry.key, entry.weight * left))
                .collect()
        };
        let mut tags = decayed(learnt.tags());
        let mut merchants = decayed(learnt.merchants());
        for bond in learnt.follows() {
            match bond {
                Bond::Creator(tag) => *tags.entry(tag.0).or_default() += settings.follow_bond,
                Bond::Merchant(merchant) => {
                    *merchants.entry(merchant.0).or_default() += settings.follow_bond;
                }
            }
        }
        let item = |row| books.items.id(ItemRow(row));
        Profile {
            as_of,
            tags: strongest_first(tags, |tag| books.tags.name(TagId(tag))),
            items: strongest_first(decayed(learnt.items()), item),
            merchants: strongest_first(merchants, |row| merchant_id(books, row)),
        }
    }

    /// Returns a board of the race, best first; `None` if the kind or the lane is unknown, or the runner `after` is not in it.
    #[must_use]
    pub fn race<'q>(&self, query: &RaceQuery<'q>) -> Option<Race<'q>> {
        let kind = Kind::named(query.kind)?;
        let after = match query.after {
            Some(id) => Some(runner_row(&self.facts.read().books, kind, id)?),
            None => None,
        };
        // The lock is taken with the first id, after most runners were left out by their scores.
        let facts = LazyCell::new(|| self.facts.read());
        let id = |row: u32| match kind {
            Kind::Merchant => merchant_id(&facts.books, row),
            Kind::Item => facts.books.items.id(ItemRow(row)),
        };
        let exists = |row: u32| match kind {
            Kind::Merchant => facts
                .books
                .merchants
                .get(MerchantRow(row))
                .is_some_and(|merchant| merchant.exists),
            Kind::Item => !facts.books.items.get(ItemRow(row)).stub(),
        };
        let standings = self.standings.load();
        let lots = Lots::new("", standings.as_of.day(standings.utc_offset));
        let tie = |a: u32, b: u32| lots.compare(id(a), id(b));
        let board = standings.board(kind, query.lane, after, query.limit, tie)?;
        let here = board.rows.iter().filter(|(row, _)| exists(*row));
        let runners = (board.before + 1..)
            .zip(here)
            .map(|(position, (row, standing))| runner(id(*row), position, standing));
        Some(Race {
            standings: standings.number,
            as_of: standings.as_of,
            kind: query.kind,
            lane: OrNull(query.lane),
            size: board.size,
            runners: runners.collect(),
        })
    }
}

/// Returns the row of a runner.
fn runner_row(books: &Books, kind: Kind, id: &str) -> Option<u32> {
    match kind {
        Kind::Merchant => Some(books.merchants.find(&books.hasher, id)?.0),
        Kind::Item => Some(books.items.find(books.hasher.hash(id), id)?.0),
    }
}

/// Returns the id of a merchant; empty if the row is free.
fn merchant_id(books: &Books, row: u32) -> &str {
    let merchant = books.merchants.get(MerchantRow(row));
    merchant.map_or("", |merchant| merchant.id())
}

/// Returns weights by name, strongest first. They are rounded to six digits, because the last bits depend on the order of the events.
fn strongest_first<'a>(
    weights: BTreeMap<u32, f64>,
    name: impl Fn(u32) -> &'a str + Copy,
) -> Weights {
    let rounded = |(key, weight): (u32, f64)| (key, (weight * 1e6).round() / 1e6);
    let mut weights: Vec<_> = weights.into_iter().map(rounded).collect();
    weights.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| name(a.0).cmp(name(b.0))));
    weights
        .into_iter()
        .map(|(key, weight)| (name(key), weight))
        .collect()
}

fn runner(id: &str, position: usize, standing: &Standing) -> Runner {
    Runner {
        id: id.to_owned(),
        standing: position,
        score: standing.score,
        level: standing.level,
        growth: standing.growth,
        weekly_gmv: standing.weekly_gmv,
        slope: OrNull(standing.slope),
        lower: OrNull(standing.lower),
        weeks: standing.weeks,
        newcomer: standing.newcomer,
    }
}
