//! The inputs of a rebuild, copied out of the facts a slice at a time, so that the writer waits for one slice only.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::Engine;
use super::slices::{ITEMS, USERS, slices};
use crate::chunked::Chunked;
use crate::clock::{Day, Time};
use crate::config::{Config, LaneBy, Race, Scale};
use crate::corpus::Corpus;
use crate::exposure::Side;
use crate::feature::{Bond, Bought, Decay, Merchant, Profile, Space};
use crate::id::{CreatorRow, ItemRow, MerchantRow, TagId};
use crate::model::ItemKind;
use crate::objective::Objective;
use crate::race::{
    Evidence, Inputs, Kind, LaneId, Lanes, Ledger, PerKind, Reference, Repeats, Runner,
    SalesHistory, Standings,
};
use crate::state::Books;

/// Returns standings without runners, number 0. Rankings read them until the first rebuild.
pub(super) fn empty(config: &Config) -> Standings {
    let last_complete = Day(0);
    Standings::build(Inputs {
        number: 0,
        as_of: Time::default(),
        last_complete,
        utc_offset: config.race.utc_offset,
        runners: PerKind::default(),
        lanes: Lanes::default(),
        sales: Ledger::new(0).snapshot(last_complete),
        recent: SalesHistory::default(),
        item_count: 0,
        tag_counts: Chunked::default(),
        corpus: Corpus::default(),
        kinds: Default::default(),
        history: configured_references(&config.scale),
        evidence: PerKind::default(),
        repeats: Repeats::default(),
        scale: config.scale.clone(),
        level_weight: config.race.level,
        growth_weight: config.race.growth,
    })
}

impl Engine {
    /// Copies the inputs of the standings with that number, up to that day.
    pub(super) fn gather(&self, number: u64, last_complete: Day) -> Inputs {
        let generation = self.generation();
        let config = &generation.config;
        let as_of = self.as_of(config);
        let mut lanes = LaneNames::new(&config.race, last_complete);
        let runners = PerKind::from_fn(|kind| self.runners(kind, &mut lanes));
        let history = self.history_references(config, as_of);
        let evidence = self.evidence(config, as_of);
        let kinds = self.kinds(config, as_of);
        let corpus = self.facts.read().derived.words.corpus().clone();
        let repeats = self.repeats(config, as_of);
        let mut facts = self.facts.write();
        // Before the first event the wall clock may stand in for an event clock; it must not end days that imported events will fill.
        if self.clock.has_begun() {
            facts.expire(last_complete.min(self.last_complete(config)));
        }
        let (sales, buyers) = (&facts.books.sales, facts.books.users.names.buyers());
        let recent = if config.objectives.has(Objective::ItemTrend) {
            sales.snapshot_with_today(last_complete).merged(buyers)
        } else {
            SalesHistory::default()
        };
        Inputs {
            number,
            as_of,
            last_complete,
            utc_offset: config.race.utc_offset,
            runners,
            lanes: lanes.lanes,
            sales: sales.snapshot(last_complete).merged(buyers),
            recent,
            item_count: u32::try_from(facts.books.items.len()).unwrap_or(u32::MAX),
            tag_counts: facts.books.tags.carriers().clone(),
            corpus,
            kinds,
            history,
            evidence,
            repeats,
            scale: config.scale.clone(),
            level_weight: config.race.level,
            growth_weight: config.race.growth,
        }
    }

    /// Returns the runners of one kind, by row.
    fn runners(&self, kind: Kind, lanes: &mut LaneNames<'_>) -> Vec<Runner> {
        let rows = rows(&self.facts.read().books, kind);
        let (mut runners, mut bytes) = (Vec::with_capacity(rows), 0);
        for slice in slices(rows, ITEMS) {
            let facts = self.facts.read();
            let books = &facts.books;
            if kind == Kind::Item {
                bytes += books.items.heap_bytes(slice.clone());
            }
            let part = slice.map(|row| {
                let declared = Declared::of(books, kind, row);
                declared.runner(lanes.of(books, &declared), lanes.race.utc_offset)
            });
            let part: Vec<Runner> = part.collect();
            drop(facts);
            // Without the lock: the system fills the new memory with zeros as it is written.
            runners.extend(part);
        }
        if kind == Kind::Item {
            self.sizes.items.store(bytes, Ordering::Relaxed);
        }
        runners
    }

    /// Returns the reference points of the users' histories with the runners of each kind. Creators have that of the merchants.
    fn history_references(&self, config: &Config, as_of: Time) -> PerKind<f64> {
        let settings = &config.profile;
        let users = self.facts.read().books.users.rows();
        let mut histories = PerKind::from_fn(|kind| {
            let most = match kind {
                Kind::Item => settings.max_items,
                Kind::Merchant => settings.max_merchants + settings.max_follows,
                Kind::Creator => 0,
            };
            Reference::new(users.saturating_mul(most))
        });
        let decay = Decay::new(settings.half_life);
        let (mut bytes, mut bought) = (0, 0);
        for slice in slices(users, USERS) {
            let facts = self.facts.read();
            bytes += facts.books.users.bytes(slice.clone());
            let figures = &facts.books.users.figures;
            bought += figures
                .bought
                .slice(slice.clone())
                .map(Bought::len)
                .sum::<usize>();
            for profile in facts.books.users.figures.profile.slice(slice) {
                let left = profile.left(decay, as_of);
                push_items(profile, left, &mut histories[Kind::Item]);
                push_merchants(
                    profile,
                    left,
                    settings.follow_bond,
                    &mut histories[Kind::Merchant],
                );
            }
        }
        self.sizes.users.store(bytes, Ordering::Relaxed);
        self.sizes.bought.store(bought, Ordering::Relaxed);
        let configured = configured_references(&config.scale);
        let mut values = histories.map(|kind, history| history.value(configured[kind]));
        values[Kind::Creator] = values[Kind::Merchant];
        values
    }
}

impl Engine {
    /// Returns the share of each kind of items in all users' taste for kinds; 0 if no scene weighs `format`, or nobody has any.
    fn kinds(&self, config: &Config, as_of: Time) -> [f64; ItemKind::ALL.len()] {
        let mut sums = [0.0; ItemKind::ALL.len()];
        if !config.objectives.has(Objective::Format) {
            return sums;
        }
        let decay = Decay::new(config.profile.half_life);
        let users = self.facts.read().books.users.rows();
        for slice in slices(users, USERS) {
            let facts = self.facts.read();
            let books = &facts.books;
            let tag = |kind: ItemKind| books.tags.find(&books.hasher, Space::Kind, kind.name());
            let tags = ItemKind::ALL.map(|kind| tag(kind).unwrap_or(TagId::NONE));
            for profile in books.users.figures.profile.slice(slice) {
                let liking = profile.liking(&tags, profile.left(decay, as_of));
                sums.iter_mut()
                    .zip(liking)
                    .for_each(|(sum, more)| *sum += more);
            }
        }
        let all: f64 = sums.iter().sum();
        sums.map(|sum| if all > 0.0 { sum / all } else { 0.0 })
    }

    /// Returns what is known of the appeal of the runners of each kind, by row; nothing if no scene weighs it.
    fn evidence(&self, config: &Config, as_of: Time) -> PerKind<Vec<Evidence>> {
        if !config.weighs_appeal() {
            return PerKind::default();
        }
        let shared = self.facts.read().books.exposure.evidence();
        PerKind::from_fn(|kind| {
            let side = match kind {
                Kind::Item => Side::Item,
                Kind::Merchant => Side::Merchant,
                Kind::Creator => Side::Creator,
            };
            let column = shared.column(side, as_of);
            let evidence = column.map(|it| Evidence {
                shown: it.weight,
                clicked: it.clickers,
                bought: it.buyers,
            });
            evidence.collect()
        })
    }
}

/// Returns the configured reference points of histories, which apply while there are too few histories to learn them.
fn configured_references(scale: &Scale) -> PerKind<f64> {
    PerKind::from_fn(|kind| match kind {
        Kind::Item => scale.item_history,
        Kind::Merchant | Kind::Creator => scale.merchant_history,
    })
}

/// Adds a user's histories with items.
fn push_items(profile: &Profile, left: f64, items: &mut Reference) {
    let entries = profile.items().entries();
    entries.for_each(|entry| items.push(entry.weight * left));
}

/// Adds a user's histories with merchants, including the bonds of following.
fn push_merchants(profile: &Profile, left: f64, bond: f64, merchants: &mut Reference) {
    let follows = |row| {
        profile
            .follows()
            .any(|follow| follow == Bond::Merchant(MerchantRow(row)))
    };
    for entry in profile.merchants().entries() {
        merchants.push(entry.weight * left + if follows(entry.key) { bond } else { 0.0 });
    }
    for follow in profile.follows() {
        if let Bond::Merchant(row) = follow
            && !profile.merchants().has(row.0)
        {
            merchants.push(bond);
        }
    }
}

/// Returns the number of rows of one kind of runner.
fn rows(books: &Books, kind: Kind) -> usize {
    match kind {
        Kind::Item => books.items.rows(),
        Kind::Merchant => books.merchants.rows(),
        Kind::Creator if books.tags.creators() > 0 => books.tags.len(),
        Kind::Creator => 0,
    }
}

/// The declared facts of a runner.
struct Declared {
    present: bool,
    category: TagId,
    region: TagId,
    since: Option<Time>,
    integrity: f32,
    price: f64,
}

impl Declared {
    /// Returns the facts of the runner in a row.
    fn of(books: &Books, kind: Kind, row: usize) -> Self {
        match kind {
            Kind::Item => Self::item(books, ItemRow::at(row)),
            Kind::Merchant => Self::merchant(books, MerchantRow::at(row)),
            Kind::Creator => Self::creator(books, CreatorRow::at(row)),
        }
    }

    fn item(books: &Books, row: ItemRow) -> Self {
        let (item, details) = (books.items.get(row), books.items.details(row));
        Self {
            present: !item.stub(),
            category: details.category,
            region: details.region,
            since: item.listed_at(),
            integrity: books.merchants.integrity(item.merchant),
            price: details.price.unwrap_or(f64::NAN),
        }
    }

    fn merchant(books: &Books, row: MerchantRow) -> Self {
        let merchant = books.merchants.get(row);
        let tag = |of: fn(&Merchant) -> TagId| merchant.map_or(TagId::NONE, of);
        Self {
            present: merchant.is_some_and(|merchant| merchant.exists),
            category: tag(|merchant| merchant.category),
            region: tag(|merchant| merchant.region),
            since: merchant.and_then(|merchant| merchant.joined_at),
            integrity: books.merchants.integrity(row),
            price: f64::NAN,
        }
    }

    /// A creator exists as long as an item names it, declares nothing, and has no category.
    fn creator(books: &Books, row: CreatorRow) -> Self {
        Self {
            present: books.tags.carried_creator(row),
            category: TagId::NONE,
            region: TagId::NONE,
            since: None,
            integrity: 1.0,
            price: f64::NAN,
        }
    }

    fn runner(&self, lane: LaneId, utc_offset: i64) -> Runner {
        Runner {
            present: self.present,
            lane,
            start: self.since.map(|at| at.day(utc_offset)),
            integrity: self.integrity,
            price: self.price,
        }
    }
}

/// The lanes of one rebuild, by the facts that define them.
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

    /// Returns the lane of a runner; [`LaneId::NONE`] if it lacks one of the facts that define lanes.
    fn of(&mut self, books: &Books, runner: &Declared) -> LaneId {
        let by = |what| self.race.lane.contains(&what);
        let tag = |what, tag| if by(what) { tag } else { TagId::NONE };
        let category = tag(LaneBy::Category, runner.category);
        let region = tag(LaneBy::Region, runner.region);
        let tier = if by(LaneBy::Age) {
            runner.since.map_or(usize::MAX, |since| self.tier(since))
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

    /// Returns the age tier: the number of edges that the age has reached.
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

    /// Returns the name of an age tier, such as "under 30 days", "30 to 180 days" or "from 180 days".
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
