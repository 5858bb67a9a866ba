//! Answers of the read routes: stored entities as declared and as learnt, and the boards of the race.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use serde_json::Map;

use super::Engine;
use crate::clock::Time;
use crate::config::AudienceId;
use crate::feature::{self, Bond, Decay, History, Space};
use crate::id::{CreatorRow, ItemRow, MerchantRow, TagId};
use crate::ingest::{EntityKind, Facts};
use crate::model::DEFAULT_SCENE;
use crate::model::view::{
    OrNull, Profile, Race, RaceFigures, RaceLane, RaceLanes, Runner, StoredCreator, StoredItem,
    StoredMerchant, StoredUser, Weights,
};
use crate::race::{Kind, Part, Races, Standing, runner};
use crate::rank::{Lots, Members};
use crate::state::Books;

/// The part of a board that is asked for.
#[derive(Clone, Copy, Debug)]
pub enum RacePart<'a> {
    /// The first runners.
    First,
    /// The runners that follow the one with that id.
    After(&'a str),
    /// The runner with that id, in the middle of its neighbours.
    Around(&'a str),
}

/// A runner by its row, and the trust in its sales.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunnerOf<R> {
    pub(super) row: R,
    pub(super) integrity: f32,
}

/// A query for a board of the race.
#[derive(Clone, Copy, Debug)]
pub struct RaceQuery<'a> {
    /// Name of the kind of runners.
    pub kind: &'a str,
    /// Name of the lane; `None` for all runners of the kind.
    pub lane: Option<&'a str>,
    /// The part of the board.
    pub part: RacePart<'a>,
    /// Maximum number of runners.
    pub limit: usize,
}

impl Engine {
    /// Returns an item as declared and as learnt; `None` if the catalogue has no item with that id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<StoredItem> {
        let (declared, row, integrity) = {
            let facts = self.facts.read();
            let books = &facts.books;
            let row = books.items.find(books.hasher.hash(id), id)?;
            let seller = books.items.get(row).merchant;
            let declared = facts.declared(EntityKind::Item, id)?;
            (declared, row, books.merchants.integrity(seller))
        };
        let learnt = OrNull(self.figures(RunnerOf { row, integrity }));
        Some(StoredItem { declared, learnt })
    }

    /// Returns a merchant as declared and as learnt; `None` if there is no merchant with that id.
    #[must_use]
    pub fn merchant(&self, id: &str) -> Option<StoredMerchant> {
        let (declared, row, integrity) = {
            let facts = self.facts.read();
            let books = &facts.books;
            let row = books.merchants.find(&books.hasher, id)?;
            let declared = facts.declared(EntityKind::Merchant, id)?;
            (declared, row, books.merchants.integrity(row))
        };
        let learnt = OrNull(self.figures(RunnerOf { row, integrity }));
        Some(StoredMerchant { declared, learnt })
    }

    /// Returns a creator as learnt; `None` if no item names a creator with that id.
    #[must_use]
    pub fn creator(&self, id: &str) -> Option<StoredCreator> {
        let (creator, items) = {
            let books = &self.facts.read().books;
            let tag = books.tags.find(&books.hasher, Space::Creator, id)?;
            (CreatorRow::from(tag), books.tags.carriers_of(tag))
        };
        (items > 0).then(|| StoredCreator {
            id: id.to_owned(),
            items,
            learnt: OrNull(self.figures(RunnerOf {
                row: creator,
                integrity: 1.0,
            })),
        })
    }

    /// Returns the figures of a runner at the last rebuild; `None` if it was added later.
    pub(super) fn figures<R: Races>(&self, of: RunnerOf<R>) -> Option<RaceFigures> {
        let RunnerOf { row, integrity } = of;
        let standings = self.standings.load();
        let lots = Lots::new("", standings.as_of.day(standings.utc_offset));
        // A lock for each tie: nine in ten items tie at 0, and the writer must not wait for all of them.
        let tie = |a: u32, b: u32| {
            let books = &self.facts.read().books;
            lots.compare(runner_id(books, R::KIND, a), runner_id(books, R::KIND, b))
        };
        let standing = standings.standing(row)?;
        let (lane, place) = standings.place(row, tie)?;
        Some(RaceFigures {
            lane: OrNull(lane.map(str::to_owned)),
            standing: place,
            score: standing.score,
            level: standing.level,
            growth: standing.growth,
            lower: OrNull(standing.lower),
            weekly_gmv: standing.weekly_gmv,
            weekly: standings.weekly(row).into_iter().map(few_digits).collect(),
            order_value: OrNull(standing.order),
            integrity: few_digits(integrity),
            ladder: self.ladder(R::KIND, row.runner().0),
        })
    }

    /// Returns the lanes of every kind, by name.
    #[must_use]
    pub fn lanes(&self) -> RaceLanes {
        let standings = self.standings.load();
        let mut lanes = Vec::new();
        for row in runner::TABLE {
            let of_kind = standings.lanes(row.kind).map(|(lane, size)| RaceLane {
                kind: row.name,
                lane: lane.to_owned(),
                size,
            });
            lanes.extend(of_kind);
        }
        lanes.sort_unstable_by(|a, b| (a.kind, &a.lane).cmp(&(b.kind, &b.lane)));
        RaceLanes { lanes }
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
            audiences: self.audiences(id, &facts),
        })
    }

    /// Returns the names of the audiences that a user belongs to without a request.
    fn audiences(&self, id: &str, facts: &Facts) -> Vec<String> {
        let (generation, standings) = (self.generation(), self.standings.load());
        let config = &generation.config;
        let Some(scene) = config.scenes.get(DEFAULT_SCENE) else {
            return Vec::new();
        };
        let market = self.markets.live.load();
        let view = self.view(&generation, scene, (&standings, &market), facts);
        let members = Members::of(&view, id, None);
        let audiences = config.audiences.iter().zip((0..).map(AudienceId));
        let mine = audiences.filter(|(_, id)| members.has(*id));
        mine.map(|(audience, _)| audience.name.clone()).collect()
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

    /// Returns a board of the race, best first; `None` if the kind or the lane is unknown, or the runner of the query is not in it.
    #[must_use]
    pub fn race<'q>(&self, query: &RaceQuery<'q>) -> Option<Race<'q>> {
        let kind = Kind::named(query.kind)?;
        let row = |id| runner_row(&self.facts.read().books, kind, id);
        let part = match query.part {
            RacePart::First => Part::First,
            RacePart::After(id) => Part::After(row(id)?),
            RacePart::Around(id) => Part::Around(row(id)?),
        };
        // The lock is taken with the first id, after most runners were left out by their scores.
        let facts = LazyCell::new(|| self.facts.read());
        let id = |row: u32| runner_id(&facts.books, kind, row);
        let exists = |row: u32| match kind {
            Kind::Merchant => facts
                .books
                .merchants
                .get(MerchantRow(row))
                .is_some_and(|merchant| merchant.exists),
            Kind::Item => !facts.books.items.get(ItemRow(row)).stub(),
            Kind::Creator => facts.books.tags.carried_creator(CreatorRow(row)),
        };
        let standings = self.standings.load();
        let lots = Lots::new("", standings.as_of.day(standings.utc_offset));
        let tie = |a: u32, b: u32| lots.compare(id(a), id(b));
        let board = standings.board(kind, query.lane, part, query.limit, tie)?;
        let here = board.rows.iter().filter(|(row, _)| exists(*row));
        let runners = (board.before + 1..)
            .zip(here)
            .map(|(position, (row, standing))| Runner {
                ladder: self.ladder(kind, *row),
                ..placed(id(*row), position, standing)
            });
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
        Kind::Creator => Some(books.tags.find(&books.hasher, Space::Creator, id)?.0),
    }
}

/// Returns the id of a runner; empty if the row is free.
fn runner_id(books: &Books, kind: Kind, row: u32) -> &str {
    match kind {
        Kind::Merchant => merchant_id(books, row),
        Kind::Item => books.items.id(ItemRow(row)),
        Kind::Creator => {
            let name = books.tags.bare_name(Space::Creator, TagId(row));
            name.unwrap_or_default()
        }
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

/// Returns a figure of single precision with the digits that it holds.
fn few_digits(figure: f32) -> f64 {
    (f64::from(figure) * 1e4).round() / 1e4
}

fn placed(id: &str, position: usize, standing: &Standing) -> Runner {
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
        ladder: None,
    }
}
