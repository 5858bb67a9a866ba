//! Tests of the bounds on users: the least recently seen go first, and a replay and a checkpoint lead to the same state.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Alias, EntityKind, Evicted, Facts, Moment, Operation, Record, Restored, read};
use super::sweep::sweep;
use crate::clock::{DAY, Day, Time};
use crate::config::Config;
use crate::feature::User;
use crate::id::UserRow;

const USERS: usize = 4;
const IDLE_DAYS: i32 = 3;

fn config() -> Config {
    let mut config = Config::embedded();
    config.store.users = USERS;
    config.store.idle_days = IDLE_DAYS;
    config
}

fn day(number: i64) -> Time {
    let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
    start.plus(number * DAY)
}

/// Returns the facts, and their journal.
struct Life {
    facts: Facts,
    config: Config,
    journal: Vec<Vec<u8>>,
    today: i64,
}

impl Life {
    fn new() -> Self {
        let config = config();
        Self {
            facts: Facts::new(&config),
            config,
            journal: Vec::new(),
            today: 0,
        }
    }

    fn write(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        self.journal.push(bytes);
    }

    /// Applies a line as the engine does: evicts afterwards, and writes both to the journal.
    fn send(&mut self, operation: Operation, fact: &Value) -> Vec<String> {
        let (wall, line) = (day(self.today), fact.to_string());
        let config = self.config.clone();
        let moment = Moment {
            config: &config,
            wall,
        };
        let fact = read(operation, &line, &config.vocabulary).unwrap();
        self.facts.apply(fact, &moment).unwrap();
        self.write(&Record::Lines {
            operation,
            wall,
            lines: vec![&line],
        });
        let last_complete = wall.day(0).plus(-1);
        let evicted = self.facts.evict(&moment, 8, last_complete);
        if !evicted.is_empty() {
            let users = evicted.iter().map(|id| Evicted::Named(id)).collect();
            self.write(&Record::Eviction {
                users,
                last_complete,
            });
        }
        evicted
    }

    fn event(&mut self, user: u8, kind: &str) -> Vec<String> {
        let at = day(self.today).to_string();
        let event = json!({"user_id": format!("u{user}"), "merchant_id": "m", "kind": kind, "at": at, "amount": 1});
        self.send(Operation::Events, &event)
    }

    fn declare(&mut self, user: u8) -> Vec<String> {
        let user = json!({"id": format!("u{user}"), "tags": ["t"]});
        self.send(Operation::Upsert(EntityKind::User), &user)
    }

    fn replayed(&self) -> Facts {
        let mut facts = Facts::new(&self.config);
        let mut terms = self.config.clone();
        for record in &self.journal {
            let record = Record::read(record).unwrap();
            assert_eq!(facts.redo(record, &mut terms).unwrap(), 0);
        }
        facts
    }
}

/// Returns the ids of the users with the number of their events.
fn users(facts: &Facts) -> BTreeMap<String, u32> {
    let users = &facts.books.users;
    let ids = users.slice(0..users.rows()).map(User::id);
    let events = |id: &str| {
        let row = users.find(&facts.books.hasher, id).unwrap();
        users.profile(row).map_or(0, |profile| profile.events)
    };
    ids.map(|id| (id.to_owned(), events(id))).collect()
}

fn checkpoint(facts: &mut Facts, config: &Config) -> Facts {
    let mut image = facts.freeze(config.terms());
    let (mut restored, mut part) = (Restored::new(config), Vec::new());
    while image.next(facts, &mut part) {
        restored.part(&part).unwrap();
        part.clear();
    }
    facts.thaw_all();
    restored.facts
}

#[derive(Clone, Debug)]
enum Step {
    Event(u8, &'static str),
    Declare(u8),
    Delete(u8),
    Wait(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let user = 0u8..9;
    let kind = prop::sample::select(vec!["view", "purchase"]);
    prop_oneof![
        6 => (user.clone(), kind).prop_map(|(user, kind)| Step::Event(user, kind)),
        2 => user.clone().prop_map(Step::Declare),
        1 => user.prop_map(Step::Delete),
        1 => (1i64..3).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// The users in the order in which they were last seen, with the day and the number of events.
type Model = Vec<(u8, i64, u32)>;

/// Moves a user to the end, and removes those beyond the bounds. Returns their ids.
fn see(model: &mut Model, user: u8, today: i64, events: u32) -> Vec<String> {
    let known = model.iter().position(|(known, ..)| *known == user);
    let before = known.map_or(0, |place| model.remove(place).2);
    model.push((user, today, before + events));
    let is_beyond = |model: &Model| {
        let idle = today - model[0].1 > i64::from(IDLE_DAYS);
        idle || model.len() > USERS
    };
    let mut gone = Vec::new();
    while is_beyond(model) {
        gone.push(format!("u{}", model.remove(0).0));
    }
    gone
}

proptest! {
    #![proptest_config(crate::tests::cases(128))]

    #[test]
    fn evictions_follow_their_model(steps in prop::collection::vec(step(), 1..80)) {
        let (mut life, mut model) = (Life::new(), Model::new());
        for step in steps {
            match step {
                Step::Event(user, kind) => {
                    let evicted = life.event(user, kind);
                    prop_assert_eq!(evicted, see(&mut model, user, life.today, 1));
                }
                Step::Declare(user) => {
                    let evicted = life.declare(user);
                    prop_assert_eq!(evicted, see(&mut model, user, life.today, 0));
                }
                Step::Delete(user) => {
                    let (id, last_complete) = (format!("u{user}"), Day(20_000));
                    let kind = EntityKind::User;
                    life.facts.delete(kind, &id, last_complete);
                    life.write(&Record::Deletion { kind, id: &id, last_complete });
                    model.retain(|(known, ..)| *known != user);
                }
                Step::Wait(days) => life.today += days,
                Step::Restart => life.facts = checkpoint(&mut life.facts, &life.config),
            }
            let right: BTreeMap<String, u32> = model.iter().map(|(user, _, events)| (format!("u{user}"), *events)).collect();
            prop_assert_eq!(&users(&life.facts), &right);
            prop_assert_eq!(&users(&life.replayed()), &right);
        }
    }
}

#[test]
fn churn_of_users_takes_no_memory() {
    let mut life = Life::new();
    for round in 0..100 {
        for user in 0..20 {
            life.event(user, "view");
        }
        let users = &life.facts.books.users;
        assert_eq!(users.len(), USERS);
        assert!(users.rows() <= USERS + 1, "round {round}: {}", users.rows());
    }
    assert_eq!(life.facts.books.users.evicted, 2_000 - USERS as u64);
}

#[test]
fn rows_of_evicted_buyers_wait() {
    let mut life = Life::new();
    (0..10).for_each(|user| drop(life.event(user, "purchase")));
    let users = &life.facts.books.users;
    assert_eq!((users.len(), users.rows()), (USERS, 10));
    assert_eq!(life.facts.books.sales.counts().purchases, 10);
    life.facts.expire(day(0).day(0).plus(90));
    assert_eq!(life.facts.books.users.free().len(), 10 - USERS);
}

#[test]
fn rows_of_buyers_leave_a_full_race() {
    const HELD: usize = 5;
    let mut life = Life::new();
    life.config.store.purchases = HELD;
    life.facts = Facts::new(&life.config);
    for round in 0..60_u8 {
        life.today = i64::from(round / 2);
        life.event(round, "purchase");
        sweep(&mut life.facts, |_| {});
        let books = &life.facts.books;
        let buyers: HashSet<UserRow> = books
            .sales
            .purchases()
            .iter()
            .flat_map(|day| day.iter().map(|it| it.buyer))
            .collect();
        assert_eq!(
            buyers.len(),
            usize::from(round + 1).min(books.sales.counts().purchases),
            "no two buyers share a row"
        );
        assert!(
            books.users.rows() <= 2 * HELD + USERS,
            "round {round}: {}",
            books.users.rows()
        );
    }
}

#[test]
fn an_erased_id_leaves_no_eviction() {
    let mut life = Life::new();
    (0..10).for_each(|user| drop(life.event(user, "view")));
    let key = crate::id::EventKey::default();
    let alias = |user: &str| (user == "u0").then_some(Alias { number: 7, key });
    let mut kept = 0;
    for record in &life.journal {
        let record = Record::read(record).unwrap();
        let is_eviction = matches!(record, Record::Eviction { .. });
        let rest = record.without(alias, Some);
        kept += usize::from(is_eviction && rest.is_some());
        let rest = rest.unwrap_or_default();
        assert!(!rest.windows(4).any(|it| it == b"\"u0\""));
    }
    assert_eq!(kept, 1);
}
