//! Selections through an engine: members follow every change, and equal those of a slow evaluator on the declared fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::record::Records;
use super::{Engine, EntityKind, Operation, Stored, noon, send};
use crate::clock::{Clock, DAY};
use crate::config::{Config, Live, SelectionId};
use crate::id::ItemRow;
use crate::random::Random;
use crate::selection::{Keeper, Slice};
use crate::telemetry::Telemetry;
use crate::threads::Threads;

/// A selection, and the same condition on the declared fields of an item and its merchant.
type Row = (&'static str, &'static str, fn(&Value, &Value) -> bool);

const ROWS: [Row; 9] = [
    (
        "brand",
        "item.brand.startsWith('a') && item.kind == 'live'",
        |item, _| {
            item["brand"].as_str().is_some_and(|it| it.starts_with('a')) && item["kind"] == "live"
        },
    ),
    ("cheap", "item.price < 50.0 && item.available", |item, _| {
        item["price"].as_f64().is_some_and(|it| it < 50.0) && item["available"] != false
    }),
    ("fine", "item.quality >= 0.7", |item, _| {
        item["quality"].as_f64().is_some_and(|it| it >= 0.7)
    }),
    (
        "hot",
        "item.tags['hot'] > 0.5 || 'sale' in item.campaigns",
        |item, _| item["tags"]["hot"].as_f64().is_some_and(|it| it > 0.5) || names(item, "sale"),
    ),
    ("new", "item.listed_days < 7", |item, _| {
        item["listed_at"]
            .as_i64()
            .is_some_and(|at| noon().millis() - at < 7 * DAY)
    }),
    ("owned", "merchant.owner in ['o1', 'm2']", |_, merchant| {
        merchant["owner"]
            .as_str()
            .map_or(merchant["id"] == "m2", |it| it == "o1")
    }),
    (
        "seller",
        "merchant.region == 'CN' && merchant.integrity >= 0.7",
        |_, merchant| {
            merchant["region"] == "CN" && merchant["integrity"].as_f64().unwrap_or(1.0) >= 0.7
        },
    ),
    (
        "shops",
        "has(merchant.id) && 'sale' in merchant.campaigns",
        |_, merchant| names(merchant, "sale"),
    ),
    (
        "snack",
        "item.category in ['snack', 'tea'] && item.region != 'CN'",
        |item, _| {
            (item["category"] == "snack" || item["category"] == "tea")
                && item["region"].as_str().is_some_and(|it| it != "CN")
        },
    ),
];

fn names(entity: &Value, campaign: &str) -> bool {
    let campaigns = entity["campaigns"].as_array();
    campaigns.is_some_and(|list| list.iter().any(|it| it == campaign))
}

fn config(rows: &[Row]) -> Config {
    let text: String = rows
        .iter()
        .map(|(name, text, _)| format!("[selection.{name}]\nwhere = \"\"\"{text}\"\"\"\n"))
        .collect();
    Config::parse("test", &text).unwrap()
}

fn start(config: Config) -> Arc<Engine> {
    let live = Arc::new(Live::new(config));
    let stored = Stored::in_memory(&live.load().config, &Threads::default());
    Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored)
}

/// The declared fields of all items and merchants.
#[derive(Default)]
struct Model {
    items: BTreeMap<String, Value>,
    merchants: BTreeMap<String, Value>,
}

impl Model {
    /// Changes something at random, in the engine and here.
    fn step(&mut self, engine: &Arc<Engine>, random: &mut Random) {
        let item = format!("i{}", random.below(12));
        let merchant = format!("m{}", random.below(4));
        match random.below(9) {
            0..=3 => {
                let mut fields = item_fields(random);
                fields["id"] = json!(item);
                send(engine, Operation::Upsert(EntityKind::Item), &fields).unwrap();
                if let Some(merchant) = fields["merchant_id"].as_str() {
                    self.merchants
                        .entry(merchant.to_owned())
                        .or_insert_with(|| json!({"id": merchant}));
                }
                self.items.insert(item, fields);
            }
            4 | 5 if self.items.contains_key(&item) => {
                let patch = patch(random, &item);
                send(engine, Operation::Patch(EntityKind::Item), &patch).unwrap();
                let fields = self.items.get_mut(&item).unwrap();
                for (name, value) in patch.as_object().unwrap() {
                    fields[name] = value.clone();
                }
                // What an item names exists from now on, even if it was deleted.
                if let Some(merchant) = fields["merchant_id"].as_str() {
                    let known = self.merchants.entry(merchant.to_owned());
                    known.or_insert_with(|| json!({"id": merchant}));
                }
            }
            6 => {
                let deletion = engine.delete(EntityKind::Item, &item);
                pollster::block_on(deletion).unwrap();
                self.items.remove(&item);
            }
            7 => {
                let deletion = engine.delete(EntityKind::Merchant, &merchant);
                pollster::block_on(deletion).unwrap();
                self.merchants.remove(&merchant);
            }
            _ => {
                let fields = json!({
                    "id": merchant,
                    "region": pick(random, &["CN", "SG"]),
                    "integrity": pick(random, &["0.7", "0.2"]).as_str().unwrap().parse::<f64>().unwrap(),
                    "campaigns": [pick(random, &["sale", "other"])],
                    "owner": pick(random, &["o1", "o2"]),
                });
                send(engine, Operation::Upsert(EntityKind::Merchant), &fields).unwrap();
                self.merchants.insert(merchant, fields);
            }
        }
    }

    fn merchant_of(&self, item: &Value) -> Value {
        let id = item["merchant_id"].as_str().unwrap_or_default();
        self.merchants.get(id).cloned().unwrap_or_default()
    }
}

fn pick(random: &mut Random, values: &[&str]) -> Value {
    json!(values[random.index(values.len())])
}

fn item_fields(random: &mut Random) -> Value {
    let mut item = json!({
        "merchant_id": format!("m{}", random.below(4)),
        "category": pick(random, &["snack", "tea", "wine"]),
        "region": pick(random, &["CN", "SG"]),
        "brand": pick(random, &["acme", "bolt"]),
        "kind": pick(random, &["live", "video"]),
        "price": random.below(100),
        "quality": f64::from(random.below(11)) / 10.0,
        "available": random.below(4) > 0,
        "tags": { "hot": f64::from(random.below(4)) / 3.0 },
        "campaigns": [pick(random, &["sale", "other"])],
        "listed_at": noon().plus(-i64::from(random.below(14)) * DAY).millis(),
    });
    for field in [
        "merchant_id",
        "category",
        "region",
        "brand",
        "price",
        "quality",
        "tags",
    ] {
        if random.below(6) == 0 {
            item.as_object_mut().unwrap().remove(field);
        }
    }
    item
}

fn patch(random: &mut Random, id: &str) -> Value {
    let fields = item_fields(random);
    let names = ["category", "region", "price", "quality", "available"];
    let name = names[random.index(names.len())];
    json!({"id": id, name: fields[name]})
}

/// Asserts that the members are those of the model, and of a walk over all items.
fn assert_members(engine: &Engine, model: &Model, rows: &[Row]) {
    let generation = engine.generation();
    let list = &generation.config.selections;
    let facts = engine.facts.read();
    let kept = facts.selections.of(list);
    let mut anew = Keeper::default();
    anew.begin(list);
    let places: Vec<usize> = (0..list.len()).collect();
    let standings = engine.standings.load();
    let records = Records::new(&facts.books, &standings);
    let all = (0..facts.books.items.rows()).map(ItemRow::at);
    anew.put(list, Slice::judge(list, &places, all, &records));
    anew.end(list, true);
    for ((name, text, holds), id) in rows.iter().zip((0..).map(SelectionId)) {
        let members: Vec<_> = kept.items(id).collect();
        assert_eq!(
            members,
            anew.of(list).items(id).collect::<Vec<_>>(),
            "{name}"
        );
        for (item, fields) in &model.items {
            let books = &facts.books;
            let row = books.items.find(books.hasher.hash(item), item).unwrap();
            let expected = holds(fields, &model.merchant_of(fields));
            assert_eq!(kept.has(id, row), expected, "{name}: {text}: {fields}");
        }
        let expected = model.items.values();
        let expected = expected.filter(|item| holds(item, &model.merchant_of(item)));
        assert_eq!(members.len(), expected.count(), "{name}");
    }
}

#[test]
fn members_follow_every_change() {
    let engine = start(config(&ROWS));
    pollster::block_on(engine.rebuild());
    let mut model = Model::default();
    for seed in 0..500 {
        let mut random = Random::new(seed);
        for _ in 0..6 {
            model.step(&engine, &mut random);
        }
        let alone = engine.selecting.lock();
        engine.select_merchants();
        drop(alone);
        assert_members(&engine, &model, &ROWS);
    }
    engine.measure();
    let scraped = engine.telemetry().scrape();
    for name in [
        "selection_items",
        "selection_bytes",
        "selection_undecided_total",
    ] {
        let line = format!("saima_{name}{{selection=\"cheap\"}}");
        assert!(scraped.contains(&line), "{name}");
    }
}

#[test]
fn escaped_names_of_members_are_read() {
    let engine = start(config(&ROWS));
    pollster::block_on(engine.rebuild());
    let line = br#"{"id":"i","br\u0061nd":"acme","kin\u0064":"live","c\u0061mpaigns":["sale"]}"#;
    let fates = engine.ingest(Operation::Upsert(EntityKind::Item), &[line]);
    assert!(fates.unwrap()[0].is_ok());
    let generation = engine.generation();
    let facts = engine.facts.read();
    let kept = facts.selections.of(&generation.config.selections);
    for (name, place) in [("brand", 0), ("hot", 3)] {
        assert_eq!(kept.items(SelectionId(place)).count(), 1, "{name}");
    }
}

#[test]
fn a_new_configuration_goes_live_with_its_members() {
    let engine = start(config(&ROWS[..3]));
    pollster::block_on(engine.rebuild());
    let (mut model, mut random) = (Model::default(), Random::new(7));
    for _ in 0..60 {
        model.step(&engine, &mut random);
    }
    let replaced = engine.live.replace_after(config(&ROWS), |next, go_live| {
        engine.prepare(next, &mut || {
            // Changes during the walk are in both.
            go_live();
        });
    });
    assert_eq!(replaced, Ok(2));
    assert_members(&engine, &model, &ROWS);
    for _ in 0..20 {
        model.step(&engine, &mut random);
    }
    pollster::block_on(engine.rebuild());
    assert_members(&engine, &model, &ROWS);
    assert_eq!(engine.facts.read().selections.lists().len(), 1);
}
