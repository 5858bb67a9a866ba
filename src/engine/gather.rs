//! What a rebuild is made from, copied out of the facts a slice at a time, so that the writer never waits for the whole of it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::{Engine, ITEMS_A_SLICE, USERS_A_SLICE};
use crate::clock::{Day, Time};
use crate::config::{Config, LaneBy, Race};
use crate::feature::{Bond, Decay, Space, User};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::race::{Inputs, LaneId, Lanes, Ledger, Reference, Runner, Standings};
use crate::state::Books;

/// Standings of nothing, number 0: what ranks until the first are built.
pub(super) fn nothing(config: &Config) -> Standings {
    let last_complete = Day(0);
    Standings::build(Inputs {
        number: 0,
        as_of: Time::default(),
        last_complete,
        utc_offset: config.race.utc_offset,
        merchants: Vec::new(),
        items: Vec::new(),
        lanes: Lanes::default(),
        sales: Ledger::new(0).snapshot(last_complete),
        item_count: 0,
        tag_counts: Vec::new(),
        item_history: config.scale.item_history,
        merchant_history: config.scale.merchant_history,
        scale: config.scale.clone(),
        level_weight: config.race.level,
        growth_weight: config.race.growth,
    })
}

impl Engine {
    /// Copies what standings of that number, up to that day, are built from.
    pub(super) fn gather(&self, number: u64, last_complete: Day) -> Inputs {
        let generation = self.generation();
        let config = &generation.config;
        let as_of = self.as_of(config);
        let mut lanes = LaneNames::new(&config.race, last_complete);
        let merchants = self.merchant_runners(&mut lanes);
        let items = self.item_runners(&mut lanes, &merchants);
        let (item_history, merchant_history) = self.history_references(config, as_of);
        let mut facts = self.facts.write();
        // The wall clock, where it stands in before the first event, must not end days that a history is about to fill.
        if self.clock.has_begun() {
            facts.expire(last_complete.min(self.last_complete(config)));
        }
        Inputs {
            number,
            as_of,
            last_complete,
            utc_offset: config.race.utc_offset,
            merchants,
            items,
            lanes: lanes.lanes,
            sales: facts.books.sales.snapshot(last_complete),
            item_count: u32::try_from(facts.books.items.len()).unwrap_or(u32::MAX),
            tag_counts: facts.books.tags.carriers().to_vec(),
            item_history,
            merchant_history,
            scale: config.scale.clone(),
            level_weight: config.race.level,
            growth_weight: config.race.growth,
        }
    }

    fn merchant_runners(&self, lanes: &mut LaneNames<'_>) -> Vec<Runner> {
        let facts = self.facts.read();
        let books = &facts.books;
        let runner = |row| {
            let merchant = books.merchants.get(MerchantRow::at(row))?;
            Some(Runner {
                present: merchant.exists,
                lane: lanes.of(
                    books,
                    merchant.category,
                    merchant.region,
                    merchant.joined_at,
                ),
                start: merchant.joined_at.map(|at| at.day(lanes.race.utc_offset)),
                integrity: merchant.integrity.unwrap_or(1.0),
                price: f64::NAN,
            })
        };
        (0..books.merchants.rows()).filter_map(runner).collect()
    }

    fn item_runners(&self, lanes: &mut LaneNames<'_>, merchants: &[Runner]) -> Vec<Runner> {
        let rows = self.facts.read().books.items.rows();
        let (mut runners, mut declared) = (Vec::with_capacity(rows), 0);
        for start in (0..rows).step_by(ITEMS_A_SLICE) {
            let slice = start..(start + ITEMS_A_SLICE).min(rows);
            let facts = self.facts.read();
            let books = &facts.books;
            declared += books.items.heap_bytes(slice.clone());
            runners.extend(slice.map(|row| {
                let row = ItemRow::at(row);
                let (item, details) = (books.items.get(row), books.items.details(row));
                let listed_at = item.listed_at();
                Runner {
                    present: !item.stub(),
                    lane: lanes.of(books, details.category, details.region, listed_at),
                    start: listed_at.map(|at| at.day(lanes.race.utc_offset)),
                    integrity: merchants
                        .get(item.merchant.index())
                        .map_or(1.0, |merchant| merchant.integrity),
                    price: details.price.unwrap_or(f64::NAN),
                }
            }));
        }
        self.sizes.items.store(declared, Ordering::Relaxed);
        runners
    }

    /// The reference points of the users' histories with items and with merchants.
    fn history_references(&self, config: &Config, as_of: Time) -> (f64, f64) {
        let users = self.facts.read().books.users.rows();
        let mut items = Reference::new(users.saturating_mul(config.profile.max_items));
        let mut merchants = Reference::new(
            users.saturating_mul(config.profile.max_merchants + config.profile.max_follows),
        );
        let (decay, bond) = (
            Decay::new(config.profile.half_life),
            config.profile.follow_bond,
        );
        let mut bytes = 0;
        for start in (0..users).step_by(USERS_A_SLICE) {
            let slice = start..(start + USERS_A_SLICE).min(users);
            let facts = self.facts.read();
            bytes += facts.books.users.bytes(slice.clone());
            for user in facts.books.users.slice(slice) {
                let left = user.profile.left(decay, as_of);
                user.profile
                    .items()
                    .entries()
                    .iter()
                    .for_each(|entry| items.push(entry.weight * left));
                push_merchants(user, left, bond, &mut merchants);
            }
        }
        self.sizes.users.store(bytes, Ordering::Relaxed);
        (
            items.value(config.scale.item_history),
            merchants.value(config.scale.merchant_history),
        )
    }
}

/// The histories with merchants, the bonds of following included.
fn push_merchants(user: &User, left: f64, bond: f64, merchants: &mut Reference) {
    let entries = user.profile.merchants().entries();
    let follows = |row| {
        user.profile
            .follows()
            .any(|follow| follow == Bond::Merchant(MerchantRow(row)))
    };
    for entry in entries {
        merchants.push(entry.weight * left + if follows(entry.key) { bond } else { 0.0 });
    }
    for follow in user.profile.follows() {
        if let Bond::Merchant(row) = follow
            && !entries.iter().any(|entry| entry.key == row.0)
        {
            merchants.push(bond);
        }
    }
}

/// The lanes of one rebuild, by what they are made of.
struct LaneNames<'a> {
    race: &'a Race,
    last_complete: Day,
    lanes: Lanes,
    known: HashMap<(TagId, TagId, usize), LaneId>,
}

impl<'a> LaneNames<'a> {
    fn new(race: &'a Race, last_complete: Day) -> Self {
        Self {
            race,
            last_complete,
            lanes: Lanes::default(),
            known: HashMap::new(),
        }
    }

    /// The lane of a runner; none where it lacks one of the things that lanes are made of.
    fn of(&mut self, books: &Books, category: TagId, region: TagId, since: Option<Time>) -> LaneId {
        let by = |what| self.race.lane.contains(&what);
        let category = if by(LaneBy::Category) {
            category
        } else {
            TagId::NONE
        };
        let region = if by(LaneBy::Region) {
            region
        } else {
            TagId::NONE
        };
        let tier = if by(LaneBy::Age) {
            since.map_or(usize::MAX, |since| self.tier(since))
        } else {
            0
        };
        if let Some(&lane) = self.known.get(&(category, region, tier)) {
            return lane;
        }
        let lane = match self.name(books, category, region, tier) {
            Some(name) => self.lanes.intern(&name),
            None => LaneId::NONE,
        };
        self.known.insert((category, region, tier), lane);
        lane
    }

    /// The number of the age tier: how many of the edges the age has reached.
    fn tier(&self, since: Time) -> usize {
        let age = self.last_complete.since(since.day(self.race.utc_offset));
        self.race
            .age_tiers
            .iter()
            .filter(|&&edge| i64::from(age) >= i64::from(edge))
            .count()
    }

    fn name(&self, books: &Books, category: TagId, region: TagId, tier: usize) -> Option<String> {
        let part = |what: &LaneBy| match what {
            LaneBy::Category => books
                .tags
                .bare_name(Space::Category, category)
                .map(str::to_owned),
            LaneBy::Region => books
                .tags
                .bare_name(Space::Region, region)
                .map(str::to_owned),
            LaneBy::Age => self.age_name(tier),
        };
        let parts: Option<Vec<String>> = self.race.lane.iter().map(part).collect();
        parts
            .filter(|parts| !parts.is_empty())
            .map(|parts| parts.join("/"))
    }

    /// "under 30 days", "30 to 180 days", "from 180 days".
    fn age_name(&self, tier: usize) -> Option<String> {
        let edges = &self.race.age_tiers;
        let from = tier.checked_sub(1).and_then(|below| edges.get(below));
        match (from, edges.get(tier)) {
            (None, Some(to)) => Some(format!("under {to} days")),
            (Some(from), Some(to)) => Some(format!("{from} to {to} days")),
            (Some(from), None) => Some(format!("from {from} days")),
            (None, None) => None,
        }
    }
}
