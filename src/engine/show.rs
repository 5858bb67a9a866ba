//! What is known, shown: entities as stored and as learnt, and the boards of the race.

use serde_json::{Map, Value, json};

use super::Engine;
use crate::clock::Time;
use crate::feature::{Bond, User};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::ingest::EntityKind;
use crate::race::{Kind, Standing};
use crate::rank::tie;
use crate::state::Books;

/// Which board of the race is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RaceQuery<'a> {
    /// `merchant` or `item`.
    pub kind: &'a str,
    /// The lane; `None`: all of the kind.
    pub lane: Option<&'a str>,
    /// How many runners at most.
    pub limit: usize,
}

impl Engine {
    /// One entity as stored and as learnt; `None` where there is none.
    #[must_use]
    pub fn entity(&self, kind: EntityKind, id: &str) -> Option<Value> {
        let facts = self.facts.read();
        let mut fields = facts.declared(kind, id)?;
        if kind == EntityKind::User {
            let books = &facts.books;
            let user = books.users.get(books.users.find(&books.hasher, id)?)?;
            let as_of = self.as_of(&self.generation().config);
            fields.entry("tags").or_insert_with(|| Map::new().into());
            fields.insert("profile".to_owned(), self.profile(user, books, as_of));
            fields.insert("events".to_owned(), user.events.into());
        }
        Some(fields.into())
    }

    /// Learnt weights decayed to an instant, strongest first; the bonds of following are part of them.
    fn profile(&self, user: &User, books: &Books, as_of: Time) -> Value {
        let settings = &self.generation().config.profile;
        let left = user
            .profile
            .left(crate::feature::Decay::new(settings.half_life), as_of);
        let learnt = |history: &crate::feature::History| -> Vec<(u32, f64)> {
            history
                .entries()
                .iter()
                .map(|entry| (entry.key, entry.weight * left))
                .collect()
        };
        let (mut tags, mut merchants) = (
            learnt(user.profile.tags()),
            learnt(user.profile.merchants()),
        );
        for bond in user.profile.follows() {
            match bond {
                Bond::Creator(tag) => add(&mut tags, tag.0, settings.follow_bond),
                Bond::Merchant(merchant) => add(&mut merchants, merchant.0, settings.follow_bond),
            }
        }
        let merchant = |row| {
            books
                .merchants
                .get(MerchantRow(row))
                .map_or("", |merchant| merchant.id())
        };
        json!({
            "as_of": as_of,
            "tags": strongest_first(tags, |tag| books.tags.name(TagId(tag))),
            "items": strongest_first(learnt(user.profile.items()), |row| books.items.id(ItemRow(row))),
            "merchants": strongest_first(merchants, merchant),
        })
    }

    /// A board of the race, best first; `None` where there is no such kind or lane.
    #[must_use]
    pub fn race(&self, query: &RaceQuery<'_>) -> Option<Value> {
        let kind = Kind::named(query.kind)?;
        let facts = self.facts.read();
        let books = &facts.books;
        let id = |row: u32| match kind {
            Kind::Merchant => books
                .merchants
                .get(MerchantRow(row))
                .map_or("", |merchant| merchant.id()),
            Kind::Item => books.items.id(ItemRow(row)),
        };
        let exists = |row: u32| match kind {
            Kind::Merchant => books
                .merchants
                .get(MerchantRow(row))
                .is_some_and(|merchant| merchant.exists),
            Kind::Item => !books.items.get(ItemRow(row)).stub(),
        };
        let standings = self.standings.load();
        let board = standings.board(kind, query.lane, query.limit, |a, b| tie(id(a), id(b)))?;
        let here = board.rows.iter().filter(|(row, _)| exists(*row));
        let runners: Vec<Value> = (1..)
            .zip(here)
            .map(|(place, (row, standing))| runner(id(*row), place, standing))
            .collect();
        Some(json!({
            "standings": standings.number, "as_of": standings.as_of, "kind": query.kind, "lane": query.lane,
            "size": board.size, "runners": runners,
        }))
    }
}

fn add(weights: &mut Vec<(u32, f64)>, key: u32, amount: f64) {
    match weights.iter_mut().find(|(known, _)| *known == key) {
        Some((_, weight)) => *weight += amount,
        None => weights.push((key, amount)),
    }
}

/// Weights by name to six digits, so that the order in which events came cannot be seen in the last bits.
fn strongest_first<'a>(mut weights: Vec<(u32, f64)>, name: impl Fn(u32) -> &'a str) -> Value {
    weights
        .iter_mut()
        .for_each(|(_, weight)| *weight = (*weight * 1e6).round() / 1e6);
    weights.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| name(a.0).cmp(name(b.0))));
    weights
        .into_iter()
        .map(|(key, weight)| (name(key).to_owned(), weight.into()))
        .collect::<Map<_, _>>()
        .into()
}

fn runner(id: &str, place: usize, standing: &Standing) -> Value {
    json!({
        "id": id, "standing": place, "score": standing.score, "level": standing.level, "growth": standing.growth,
        "weekly_gmv": standing.weekly_gmv, "slope": standing.slope, "lower": standing.lower, "weeks": standing.weeks,
        "newcomer": standing.newcomer,
    })
}
