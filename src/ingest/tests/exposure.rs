//! Exposure through the door: golden evidence, scenes, merges, deletions, and the same state after a replay and from a checkpoint.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{EntityKind, Facts, Merged, Moment, Operation, Record, Restored, read};
use crate::clock::{DAY, HOUR, SECOND, Time};
use crate::config::Config;
use crate::exposure::Clicks;
use crate::feature::Space;
use crate::id::{KeyOf, RunnerKey, SceneId};

const CONFIG: &str = "[scene.feed]\n[scene.home]\n[scene.old]\nretired = true\n";
const WALL: &str = "2026-04-01T00:00:00Z";

/// Returns the facts, and their journal.
struct Life {
    facts: Facts,
    config: Config,
    journal: Vec<Vec<u8>>,
}

fn wall() -> Time {
    Time::parse(WALL).unwrap()
}

/// Returns an instant some seconds after the first of the year.
fn at(seconds: i64) -> Time {
    Time::parse("2026-01-01T00:00:00Z")
        .unwrap()
        .plus(seconds * SECOND)
}

impl Life {
    fn new(config: &str) -> Self {
        let config = Config::parse("test", &format!("{CONFIG}{config}")).unwrap();
        let mut life = Self {
            facts: Facts::new(&config),
            config,
            journal: Vec::new(),
        };
        let terms = life.config.terms();
        life.write(&Record::Terms(&terms));
        for item in ["i0", "i1", "i2"] {
            let merchant = if item == "i2" { "m1" } else { "m0" };
            let item =
                json!({"id": item, "merchant_id": merchant, "creator_id": "c", "tags": ["t", "u"]});
            life.send(Operation::Upsert(EntityKind::Item), &item);
        }
        life
    }

    fn write(&mut self, record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        self.journal.push(bytes);
    }

    fn send(&mut self, operation: Operation, fact: &Value) {
        let (line, config) = (fact.to_string(), self.config.clone());
        let moment = Moment {
            config: &config,
            wall: wall(),
        };
        let fact = read(operation, &line, &config.vocabulary).unwrap();
        self.facts.apply(fact, &moment).unwrap();
        self.write(&Record::Lines {
            operation,
            wall: wall(),
            lines: vec![&line],
        });
    }

    fn event(&mut self, kind: &str, user: &str, item: &str, at: Time, more: &Value) {
        let mut event = json!({"user_id": user, "item_id": item, "kind": kind, "at": at.to_string(), "amount": 1});
        let fields = event.as_object_mut().unwrap();
        fields.extend(
            more.as_object()
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone())),
        );
        self.send(Operation::Events, &event);
    }

    fn merge(&mut self, from: &str, into: &str) {
        let config = self.config.clone();
        let moment = Moment {
            config: &config,
            wall: wall(),
        };
        if self.facts.merge(from, into, &moment) == Merged::Now {
            let wall = wall();
            self.write(&Record::Merge { wall, from, into });
        }
    }

    fn delete(&mut self, kind: EntityKind, id: &str) {
        let last_complete = wall().day(0).plus(-1);
        if let Some(retired) = self.facts.delete(kind, id, last_complete) {
            self.facts.leave(retired, 0..self.facts.books.items.rows());
            self.facts.forget(retired, 0..self.facts.books.users.rows());
            self.facts.retire(retired);
        }
        self.write(&Record::Deletion {
            kind,
            id,
            last_complete,
        });
    }

    fn replayed(&self) -> Facts {
        let mut facts = Facts::new(&self.config);
        let mut terms = Config::embedded().recorded();
        for record in &self.journal {
            let record = Record::read(record).unwrap();
            assert_eq!(facts.redo(record, &mut terms).unwrap(), 0);
        }
        facts
    }

    fn clicks(&self, id: &str) -> Clicks {
        clicks(&self.facts, id)
    }
}

/// Returns the runner of an id: "i…" an item, "m…" a merchant, "c" a creator.
fn runner(facts: &Facts, id: &str) -> Option<RunnerKey> {
    let books = &facts.books;
    let of = match id.as_bytes()[0] {
        b'i' => KeyOf::Item(books.items.find(books.hasher.hash(id), id)?),
        b'm' => KeyOf::Merchant(books.merchants.find(&books.hasher, id)?),
        _ => KeyOf::Creator(books.tags.find(&books.hasher, Space::Creator, id)?.into()),
    };
    RunnerKey::new(of)
}

/// Returns the evidence of a runner without decay since the last event.
fn clicks(facts: &Facts, id: &str) -> Clicks {
    let now = facts.latest.unwrap();
    runner(facts, id).map_or_else(Clicks::default, |key| facts.books.exposure.clicks(key, now))
}

/// Returns everything that is known of the exposure of a few runners.
fn known(facts: &Facts) -> Vec<String> {
    let exposure = &facts.books.exposure;
    let ids = ["i0", "i1", "i2", "m0", "m1", "c"];
    let of = |id: &str| {
        let key = runner(facts, id)?;
        let history = exposure.history(key);
        let history = history.map(|(day, scene, amount)| (day, exposure.scene_name(scene), amount));
        let mut history: Vec<_> = history.collect();
        history.sort_by_key(|(day, scene, _)| (*day, *scene));
        Some(format!(
            "{id} {history:?} {:?}",
            exposure.clicks(key, wall())
        ))
    };
    ids.into_iter().filter_map(of).collect()
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

fn place(place: u32) -> Value {
    json!({"position": place, "scene": "feed"})
}

#[test]
fn evidence_ends_with_the_first_click() {
    let mut life = Life::new("");
    life.event("impression", "u1", "i0", at(0), &place(1));
    life.event("impression", "u1", "i0", at(0), &place(5));
    life.event("click", "u1", "i0", at(0), &Value::Null);
    life.event("impression", "u1", "i0", at(0), &place(3));
    life.event("click", "u1", "i0", at(0), &Value::Null);
    life.event("impression", "u2", "i0", at(0), &place(11));
    for id in ["i0", "m0", "c"] {
        let clicks = life.clicks(id);
        assert!(
            (clicks.weight - 1.665_795_752_885_671_5).abs() < 1e-9,
            "{id}: {clicks:?}"
        );
        assert!((clicks.clickers - 1.0).abs() < 1e-9, "{id}: {clicks:?}");
    }
    let exposure = &life.facts.books.exposure;
    let feed = exposure.scene("feed").unwrap();
    let day = at(0).day(0);
    assert!(
        (exposure.total(feed, day).exposures() - 4.0).abs() < 1e-9,
        "volume counts all"
    );
    // Another item of the merchant, and an impression that came after its click.
    life.event("impression", "u1", "i1", at(0), &place(1));
    life.event("click", "u3", "i0", at(9), &Value::Null);
    life.event("impression", "u3", "i0", at(8), &place(1));
    life.event("impression", "u3", "i0", at(9), &place(1));
    assert!((life.clicks("i1").weight - 1.0).abs() < 1e-5);
    assert!((life.clicks("m0").weight - 2.665_795).abs() < 1e-5);
    assert!((life.clicks("i0").weight - 2.665_795).abs() < 1e-5);
}

#[test]
fn a_user_counts_again_after_28_days() {
    let mut life = Life::new("");
    let mut expected = 0.0;
    for (day, counts) in [(0, true), (20, false), (47, false), (76, true)] {
        let now = at(day * DAY / SECOND);
        life.event("click", "u1", "i0", now, &Value::Null);
        life.event("purchase", "u1", "i0", now, &Value::Null);
        expected += if counts {
            0.5_f64.powf((76 - day) as f64 / 28.0)
        } else {
            0.0
        };
    }
    let clicks = life.clicks("i0");
    assert!(
        (clicks.clickers - expected).abs() < 1e-9,
        "{clicks:?} {expected}"
    );
    assert!(
        (clicks.buyers - expected).abs() < 1e-9,
        "{clicks:?} {expected}"
    );
    assert!(life.clicks("m0").buyers <= 0.0, "only items have buyers");
}

#[test]
fn an_impression_counts_where_its_scene_answers() {
    let mut life = Life::new("");
    let scenes = [
        json!({}),
        json!({"scene": "default"}),
        json!({"scene": "old"}),
        json!({"scene": "feed"}),
        json!({"scene": "nowhere"}),
    ];
    for scene in &scenes {
        life.event("impression", "u1", "i0", at(0), scene);
    }
    let exposure = &life.facts.books.exposure;
    let total = |scene| exposure.total(scene, at(0).day(0)).exposures();
    assert!((total(exposure.scene("default").unwrap()) - 3.0).abs() < 1e-9);
    assert!((total(exposure.scene("feed").unwrap()) - 1.0).abs() < 1e-9);
    assert!((total(SceneId::OTHER) - 1.0).abs() < 1e-9);
    assert_eq!(exposure.scene("nowhere"), None);
    let feed = exposure.scene("feed").unwrap();
    assert!((exposure.last_day(feed, at(0).plus(23 * HOUR)).exposures() - 1.0).abs() < 1e-9);
    assert!(exposure.last_day(feed, at(0).plus(24 * HOUR)).exposures() <= 0.0);
    // Place 10 stands in for an unknown one.
    let weight = 5.0 / 11_f64.log2();
    assert!((life.clicks("i0").weight - weight).abs() < 1e-9);
}

#[test]
fn a_user_full_of_clicks_is_no_evidence() {
    let mut life = Life::new("[exposure]\nclicks = 3\n");
    life.event("click", "u1", "i0", at(0), &Value::Null);
    // Item, merchant and creator are remembered; there is no room for another item.
    for _ in 0..2 {
        life.event("impression", "u1", "i1", at(9), &place(1));
        life.event("click", "u1", "i1", at(9), &Value::Null);
    }
    assert_eq!(life.clicks("i1"), Clicks::default());
    assert!(life.facts.books.users.figures.evicted > 0);
    life.event("click", "u1", "i1", at(33 * DAY / SECOND), &Value::Null);
    assert!(
        (life.clicks("i1").clickers - 1.0).abs() < 1e-9,
        "old clicks make room"
    );
}

#[test]
fn merged_users_are_one_witness() {
    let mut life = Life::new("");
    life.event("click", "visit", "i0", at(0), &Value::Null);
    life.event("view", "u1", "i0", at(0), &Value::Null);
    life.merge("visit", "u1");
    for (user, second) in [("visit", 5), ("u1", 7)] {
        life.event("impression", user, "i0", at(second), &place(1));
        life.event("click", user, "i0", at(second + 1), &Value::Null);
    }
    let clicks = life.clicks("i0");
    assert!(
        clicks.weight <= 0.0 && (clicks.clickers - 1.0).abs() < 1e-5,
        "{clicks:?}"
    );
}

#[test]
fn a_returning_id_begins_without_exposure() {
    let mut life = Life::new("");
    life.event("impression", "u1", "i0", at(0), &place(1));
    life.event("click", "u1", "i0", at(1), &Value::Null);
    life.delete(EntityKind::Item, "i0");
    life.facts.release(life.facts.retired());
    let item = json!({"id": "i0", "merchant_id": "m0"});
    life.send(Operation::Upsert(EntityKind::Item), &item);
    assert_eq!(life.clicks("i0"), Clicks::default());
    assert!(life.clicks("m0").clickers > 0.9);
    life.event("click", "u1", "i0", at(2), &Value::Null);
    assert!(
        life.clicks("i0").clickers > 0.9,
        "the user's click was forgotten too"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Event(&'static str, u8, u8, i64, Option<u32>, Option<&'static str>),
    Merge(u8, u8),
    Delete(EntityKind, u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![
        "impression",
        "impression",
        "click",
        "purchase",
        "view",
    ]);
    let scene = prop::sample::select(vec!["feed", "home", "old", "nowhere"]);
    let place = prop::option::of(0u32..30);
    let entity = prop::sample::select(vec![
        EntityKind::Item,
        EntityKind::Merchant,
        EntityKind::User,
    ]);
    prop_oneof![
        20 => (kind, 0u8..5, 0u8..3, 0i64..59, place, prop::option::of(scene))
            .prop_map(|(kind, user, item, day, place, scene)| Step::Event(kind, user, item, day, place, scene)),
        1 => (0u8..5, 0u8..5).prop_map(|(from, into)| Step::Merge(from, into)),
        1 => (entity, 0u8..3).prop_map(|(kind, number)| Step::Delete(kind, number)),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(crate::tests::cases(96))]

    #[test]
    fn replay_and_checkpoint_give_the_same_exposure(steps in prop::collection::vec(step(), 1..80)) {
        let mut life = Life::new("[store]\nunknown_items = \"stub\"\n[exposure]\nclicks = 6\n");
        for step in steps {
            match step {
                Step::Event(kind, user, item, day, place, scene) => {
                    let more = json!({"position": place, "scene": scene});
                    let (user, item) = (format!("u{user}"), format!("i{item}"));
                    life.event(kind, &user, &item, at(day * DAY / SECOND), &more);
                }
                Step::Merge(from, into) => life.merge(&format!("u{from}"), &format!("u{into}")),
                Step::Delete(kind, number) => {
                    let initial = match kind { EntityKind::Item => 'i', EntityKind::Merchant => 'm', EntityKind::User => 'u' };
                    life.delete(kind, &format!("{initial}{number}"));
                }
                Step::Restart => life.facts = checkpoint(&mut life.facts, &life.config),
            }
        }
        let (now, again) = (known(&life.facts), known(&life.replayed()));
        prop_assert_eq!(&now, &again);
        let restored = checkpoint(&mut life.facts, &life.config);
        prop_assert_eq!(now, known(&restored));
    }
}
