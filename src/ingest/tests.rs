//! The door for facts against plain models: merge patches, and a catalogue under random facts and deletions.

mod bounds;
mod exposure;
mod returns;
mod sweep;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    Alias, EntityKind, Facts, Fate, Image, Line, Moment, Operation, Record, Restored, read,
};
use crate::clock::{Day, Time};
use crate::config::Config;
use crate::id::EventKey;
use crate::model::declared::merge;

fn moment(config: &Config) -> Moment<'_> {
    Moment {
        config,
        wall: Time::parse("2026-01-01T00:00:00Z").unwrap(),
    }
}

fn send(facts: &mut Facts, config: &Config, operation: Operation, fact: &Value) -> Fate {
    let line = fact.to_string();
    let fact = read(operation, &line, &config.vocabulary)?;
    facts.apply(fact, &moment(config))
}

#[test]
fn patches_merge_as_in_rfc_7386() {
    for (target, patch, result) in [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (
            json!({"a":"b","b":"c"}),
            json!({"a":null}),
            json!({"b":"c"}),
        ),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), Value::Null, Value::Null),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (
            json!({}),
            json!({"a":{"bb":{"ccc":null}}}),
            json!({"a":{"bb":{}}}),
        ),
    ] {
        let mut merged = target.clone();
        merge(&mut merged, &patch);
        assert_eq!(merged, result, "{target} with {patch}");
    }
}

/// One step in the life of a small catalogue.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, Option<u8>, Vec<u8>),
    Patch(u8, Vec<(u8, bool)>),
    Delete(u8),
    DeleteMerchant(u8),
    View(u8),
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let tags = || prop::collection::vec(0..20u8, 0..16);
    prop_oneof![
        4 => (0..12u8, prop::option::of(0..4u8), tags()).prop_map(|(id, merchant, tags)| Step::Put(id, merchant, tags)),
        2 => (0..12u8, prop::collection::vec((0..20u8, any::<bool>()), 0..4)).prop_map(|(id, tags)| Step::Patch(id, tags)),
        2 => (0..12u8).prop_map(Step::Delete),
        1 => (0..4u8).prop_map(Step::DeleteMerchant),
        2 => (0..12u8).prop_map(Step::View),
        1 => Just(Step::Rebuild),
    ]
}

/// The expected catalogue.
#[derive(Clone, Default)]
struct Model {
    /// Declared tags by item.
    items: BTreeMap<u8, BTreeMap<String, f64>>,
    merchant_of: BTreeMap<u8, u8>,
    merchants: BTreeMap<u8, ()>,
    /// Views of an item by the one user, since the item was created.
    views: BTreeMap<u8, f64>,
}

fn names(tags: &[u8]) -> BTreeMap<String, f64> {
    tags.iter().map(|tag| (format!("t{tag}"), 1.0)).collect()
}

impl Model {
    /// Applies a step on both sides; they must agree on whether it is accepted.
    fn take(&mut self, facts: &mut Facts, config: &Config, step: &Step) {
        match step {
            Step::Put(id, merchant, tags) => {
                let merchant_id = merchant.map(|merchant| format!("m{merchant}"));
                let names: Vec<String> = tags.iter().map(|tag| format!("t{tag}")).collect();
                let item =
                    json!({"id": format!("i{id}"), "merchant_id": merchant_id, "tags": names});
                send(facts, config, Operation::Upsert(EntityKind::Item), &item).unwrap();
                self.put(*id, *merchant, tags);
            }
            Step::Patch(id, changes) => self.patch(facts, config, *id, changes),
            Step::Delete(id) => {
                let gone = delete(facts, EntityKind::Item, &format!("i{id}"));
                assert_eq!(gone, self.items.remove(id).is_some());
                self.views.remove(id);
                self.merchant_of.remove(id);
            }
            Step::DeleteMerchant(id) => {
                let gone = delete(facts, EntityKind::Merchant, &format!("m{id}"));
                assert_eq!(gone, self.merchants.remove(id).is_some());
            }
            Step::View(id) => self.view(facts, config, *id),
            Step::Rebuild => facts.release(facts.retired()),
        }
    }

    fn put(&mut self, id: u8, merchant: Option<u8>, tags: &[u8]) {
        self.items.insert(id, names(tags));
        match merchant {
            Some(merchant) => {
                self.merchant_of.insert(id, merchant);
                self.merchants.insert(merchant, ());
            }
            None => {
                self.merchant_of.remove(&id);
            }
        }
    }

    fn patch(&mut self, facts: &mut Facts, config: &Config, id: u8, changes: &[(u8, bool)]) {
        let mut tags = Map::new();
        for (tag, keep) in changes {
            tags.insert(
                format!("t{tag}"),
                if *keep { json!(2.0) } else { Value::Null },
            );
        }
        let patch = json!({"id": format!("i{id}"), "tags": tags});
        let answer = send(facts, config, Operation::Patch(EntityKind::Item), &patch);
        assert_eq!(answer.is_ok(), self.items.contains_key(&id));
        let Some(known) = self.items.get_mut(&id) else {
            return;
        };
        for (tag, weight) in &tags {
            match weight.as_f64() {
                Some(weight) => known.insert(tag.clone(), weight),
                None => known.remove(tag),
            };
        }
        if let Some(merchant) = self.merchant_of.get(&id) {
            self.merchants.insert(*merchant, ());
        }
    }

    fn view(&mut self, facts: &mut Facts, config: &Config, id: u8) {
        let event = json!({"user_id": "u", "item_id": format!("i{id}"), "kind": "view", "at": "2025-11-01T00:00:00Z"});
        let answer = send(facts, config, Operation::Events, &event);
        assert_eq!(answer.is_ok(), self.items.contains_key(&id));
        if answer.is_ok() {
            *self.views.entry(id).or_default() += 1.0;
            if let Some(merchant) = self.merchant_of.get(&id) {
                self.merchants.insert(*merchant, ());
            }
        }
    }

    fn agrees(&self, facts: &Facts) {
        let books = &facts.books;
        assert_eq!(books.items.len(), self.items.len());
        assert_eq!(books.merchants.len(), self.merchants.len());
        let mut carriers: BTreeMap<String, u32> = BTreeMap::new();
        for (id, tags) in &self.items {
            let declared = facts.declared(EntityKind::Item, &format!("i{id}")).unwrap();
            let answer = declared
                .get("tags")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            let answer: BTreeMap<String, f64> = answer
                .iter()
                .map(|(tag, weight)| (tag.clone(), weight.as_f64().unwrap()))
                .collect();
            assert_eq!(&answer, tags);
            for tag in tags.keys() {
                *carriers.entry(tag.clone()).or_default() += 1;
            }
        }
        for (number, count) in books.tags.carriers().iter().enumerate() {
            let name = books.tags.name(crate::id::TagId::at(number));
            assert_eq!(
                *count,
                carriers.get(name).copied().unwrap_or(0),
                "carriers of {name}"
            );
        }
        assert_eq!(learnt(facts), self.views);
    }
}

/// Deletes an entity as the engine does, without the rebuild after it.
fn delete(facts: &mut Facts, kind: EntityKind, id: &str) -> bool {
    let Some(retired) = facts.delete(kind, id, Day(20_400)) else {
        return false;
    };
    let (items, users) = (facts.books.items.rows(), facts.books.users.rows());
    facts.leave(retired, 0..items);
    facts.forget(retired, 0..users);
    facts.retire(retired);
    true
}

/// Returns the one user's history with items, in views, all of one instant.
fn learnt(facts: &Facts) -> BTreeMap<u8, f64> {
    let books = &facts.books;
    let Some(user) = books.users.find(&books.hasher, "u") else {
        return BTreeMap::new();
    };
    let profile = books.users.profile(user).unwrap();
    let at = Time::parse("2025-11-01T00:00:00Z").unwrap();
    let decay = crate::feature::Decay::new(Config::embedded().profile.half_life);
    let left = profile.left(decay, at);
    let entries = profile.items().entries();
    let history = entries.map(|entry| {
        let id = books.items.id(crate::id::ItemRow(entry.key));
        let views = (entry.weight * left).round();
        (id[1..].parse().unwrap(), views)
    });
    history.collect()
}

proptest! {
    #![proptest_config(crate::tests::cases(128))]

    #[test]
    fn a_catalogue_follows_its_model(steps in prop::collection::vec(step(), 1..80)) {
        let config = Config::embedded();
        let mut facts = Facts::new(&config);
        let mut model = Model::default();
        for step in &steps {
            model.take(&mut facts, &config, step);
            model.agrees(&facts);
        }
    }

    #[test]
    fn an_image_is_of_one_instant(
        before in prop::collection::vec(step(), 0..60),
        later in prop::collection::vec((step(), 0usize..3), 0..60),
    ) {
        let config = Config::embedded();
        let (mut facts, mut model) = (Facts::new(&config), Model::default());
        before.iter().for_each(|step| model.take(&mut facts, &config, step));
        let (mut then, mut image, mut parts) = (model.clone(), facts.freeze(config.terms()), Vec::new());
        for (step, count) in &later {
            model.take(&mut facts, &config, step);
            (0..*count).for_each(|_| parts.extend(next(&mut image, &facts)));
        }
        while let Some(part) = next(&mut image, &facts) {
            parts.push(part);
        }
        facts.thaw(image.books_written());

        let mut restored = Restored::new(&config);
        parts.iter().for_each(|part| restored.part(part).unwrap());
        prop_assert_eq!(&restored.terms, &config.terms());
        then.agrees(&restored.facts);
        later.iter().for_each(|(step, _)| then.take(&mut restored.facts, &config, step));
        then.agrees(&restored.facts);
        prop_assert_eq!(rows(&mut restored.facts), rows(&mut facts));
    }
}

#[test]
fn a_missing_part_leaves_its_book_empty() {
    let config = Config::embedded();
    let mut facts = Facts::new(&config);
    let item = json!({"id": "i", "price": 3});
    let put = Operation::Upsert(EntityKind::Item);
    send(&mut facts, &config, put, &item).unwrap();
    let event =
        json!({"user_id": "u", "item_id": "i", "kind": "purchase", "at": "2025-12-01T00:00:00Z"});
    send(&mut facts, &config, Operation::Events, &event).unwrap();

    let mut image = facts.freeze(config.terms());
    let mut restored = Restored::new(&config);
    while let Some(part) = next(&mut image, &facts) {
        if part[0] != SALES {
            restored.part(&part).unwrap();
        }
    }
    assert_eq!(restored.missing(), ["sales"]);
    let books = &restored.facts.books;
    assert_eq!(books.sales.counts().purchases, 0);
    assert_eq!((books.items.len(), books.users.len()), (1, 1));
    let unknown = restored.part(&[0xFF, 0]);
    assert!(unknown.is_err(), "a code that is in no table");
}

fn next(image: &mut Image, facts: &Facts) -> Option<Vec<u8>> {
    let mut part = Vec::new();
    image.next(facts, &mut part).then_some(part)
}

/// Code of the small part of the sales, whose sets are in no order.
const SALES: u8 = 0x24;

/// Returns all parts but the head and that one.
fn rows(facts: &mut Facts) -> Vec<Vec<u8>> {
    let mut image = facts.freeze(String::new());
    let parts = std::iter::from_fn(|| next(&mut image, facts));
    parts.skip(1).filter(|part| part[0] != SALES).collect()
}

/// Returns a record without the user `gone`, except for what the race needs, or `None` if it does not mention that user.
fn erased(record: Record<'_>, facts: &Facts) -> Option<Vec<u8>> {
    let (number, key) = (7, EventKey::default());
    let alias = |user: &str| (user == "gone").then_some(Alias { number, key });
    record.without(alias, |trace| facts.needed(trace, 0))
}

#[test]
fn traces_keep_only_what_the_race_needs() {
    let config = Config::embedded();
    let mut facts = Facts::new(&config);
    let item = json!({"id": "i", "price": 3});
    send(
        &mut facts,
        &config,
        Operation::Upsert(EntityKind::Item),
        &item,
    )
    .unwrap();
    let events = [
        ("gone", "purchase", "2025-01-01"),
        ("gone", "purchase", "2025-02-01"),
        ("gone", "view", "2025-12-01"),
        ("gone", "purchase", "2025-12-02"),
        ("stays", "view", "2025-12-03"),
    ];
    let events = events.map(|(user, kind, day)| {
        json!({"user_id": user, "item_id": "i", "kind": kind, "at": format!("{day}T00:00:00Z")})
    });
    for event in &events {
        send(&mut facts, &config, Operation::Events, event).unwrap();
    }
    facts.expire(moment(&config).wall.day(0));

    let lines = events.map(|event| event.to_string());
    let whole = Record::Lines {
        operation: Operation::Events,
        wall: moment(&config).wall,
        lines: lines.iter().map(String::as_str).collect(),
    };
    let left = erased(whole, &facts).unwrap();
    let Record::Anonymised { lines, .. } = Record::read(&left).unwrap() else {
        panic!("nothing stayed of the events")
    };
    // The first sight of the item without the sale, which no window holds; then the recent sale, and the other user's event.
    let [Line::Trace(first), Line::Trace(sale), Line::Whole(_)] = &lines[..] else {
        panic!("{lines:?}")
    };
    let (first, sale) = (format!("{first:?}"), format!("{sale:?}"));
    assert!(first.contains("sale: None"), "{first}");
    assert!(sale.contains("buyer: 7"), "{sale}");
    assert!(
        erased(Record::read(&left).unwrap(), &facts).is_none(),
        "a trace does not change again"
    );
}

#[test]
fn erasure_leaves_of_late_events_only_refunds_of_purchases() {
    let config = Config::embedded();
    let event = |user: &str, kind: &str, purchase: Option<&str>| {
        let event = json!({"user_id": user, "item_id": "i", "kind": kind, "purchase_id": purchase, "at": "2001-01-01T00:00:00Z"});
        event.to_string()
    };
    let lines = [
        event("gone", "purchase", None),
        event("gone", "refund", None),
        event("gone", "refund", Some("p")),
        event("stays", "purchase", None),
    ];
    let record = Record::Anonymised {
        wall: moment(&config).wall,
        lines: lines.iter().map(|line| Line::Late(line)).collect(),
    };
    let left = erased(record, &Facts::new(&config)).unwrap();
    let Record::Anonymised { lines, .. } = Record::read(&left).unwrap() else {
        panic!("the record is of another kind")
    };
    let [Line::LateTrace(refund), Line::Late(line)] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert!(format!("{refund:?}").contains("buyer: 7"), "{refund:?}");
    assert!(line.contains("stays"), "{line}");
    assert!(erased(Record::read(&left).unwrap(), &Facts::new(&config)).is_none());
}
