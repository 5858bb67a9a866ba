//! Refunds find their purchase by its id, whatever became of the buyer, the item or the merchant, and whatever the service went through.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::{Engine, EntityKind, Operation, rebuild};
use super::{end, noon, open, send};
use crate::clock::{ClockMode, HOUR};
use crate::config::Config;
use crate::money::Money;

const PURCHASES: usize = 8;
const USERS: usize = 3;
const ITEMS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    /// Puts an item, sold by a merchant.
    Put(usize, usize),
    Buy(usize),
    /// Refunds a purchase, naming the item or the merchant.
    Refund(usize, bool),
    Delete(EntityKind, usize),
    Checkpoint,
    Restart,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = [EntityKind::Item, EntityKind::Merchant, EntityKind::User];
    let kind = prop::sample::select(kinds.to_vec());
    prop_oneof![
        3 => (0..ITEMS, 0..2usize).prop_map(|(item, merchant)| Step::Put(item, merchant)),
        6 => (0..PURCHASES).prop_map(Step::Buy),
        6 => (0..PURCHASES, any::<bool>()).prop_map(|(number, by_item)| Step::Refund(number, by_item)),
        5 => (kind, 0..ITEMS).prop_map(|(kind, number)| Step::Delete(kind, number)),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Restart),
        1 => Just(Step::Rebuild),
    ]
}

/// What the ledger should hold.
#[derive(Default)]
struct Model {
    /// The merchant of each item that exists.
    items: BTreeMap<usize, usize>,
    /// The merchant that sold each purchase.
    sold: BTreeMap<usize, usize>,
    refunded: [bool; PURCHASES],
}

impl Model {
    /// Returns the money left: each purchase has its own power of two.
    fn net(&self) -> Money {
        let kept = self.sold.keys().filter(|number| !self.refunded[**number]);
        kept.map(|number| Money::from_units(f64::from(1 << number)))
            .sum()
    }
}

/// Returns the money left of all purchases held.
fn net(engine: &Engine) -> Money {
    let days = engine.facts.read().books.sales.purchases();
    let purchases = days.iter().flat_map(|day| day.iter());
    purchases.map(|purchase| purchase.net()).sum()
}

fn buy(engine: &Engine, model: &mut Model, number: usize) {
    if model.sold.contains_key(&number) {
        return;
    }
    let event = json!({
        "id": format!("p{number}"), "user_id": format!("u{}", number % USERS), "item_id": format!("i{}", number % ITEMS),
        "kind": "purchase", "at": noon().plus(-30 * HOUR).to_string(), "amount": 1 << number,
    });
    let merchant = model.items.get(&(number % ITEMS));
    let sent = send(engine, Operation::Events, &event);
    assert_eq!(sent.is_ok(), merchant.is_some(), "{sent:?}");
    let sold = merchant.map(|merchant| (number, *merchant));
    model.sold.extend(sold);
}

fn refund(engine: &Engine, model: &mut Model, number: usize, by_item: bool) {
    let mut event = json!({
        "user_id": format!("u{}", number % USERS), "kind": "refund", "purchase_id": format!("p{number}"),
        "at": noon().plus(-20 * HOUR).to_string(),
    });
    let sold = model.sold.get(&number);
    match sold.filter(|_| !by_item) {
        Some(merchant) => event["merchant_id"] = json!(format!("m{merchant}")),
        None => event["item_id"] = json!(format!("i{}", number % ITEMS)),
    }
    let is_accepted = sold.is_some() || model.items.contains_key(&(number % ITEMS));
    let sent = send(engine, Operation::Events, &event);
    assert_eq!(sent.is_ok(), is_accepted, "{sent:?}");
    model.refunded[number] |= is_accepted;
}

fn delete(engine: &Arc<Engine>, model: &mut Model, kind: EntityKind, number: usize) {
    let letter = match kind {
        EntityKind::Item => 'i',
        EntityKind::Merchant => 'm',
        EntityKind::User => 'u',
    };
    let id = format!("{letter}{number}");
    pollster::block_on(engine.delete(kind, &id)).unwrap();
    if kind == EntityKind::Item {
        model.items.remove(&number);
    }
}

fn apply(engine: Arc<Engine>, path: &Path, model: &mut Model, step: &Step) -> Arc<Engine> {
    match step {
        Step::Put(item, merchant) => {
            let fact = json!({"id": format!("i{item}"), "merchant_id": format!("m{merchant}"), "price": 1});
            send(&engine, Operation::Upsert(EntityKind::Item), &fact).unwrap();
            model.items.insert(*item, *merchant);
        }
        Step::Buy(number) => buy(&engine, model, *number),
        Step::Refund(number, by_item) => refund(&engine, model, *number, *by_item),
        Step::Delete(kind, number) => delete(&engine, model, *kind, *number),
        Step::Checkpoint => drop(engine.checkpoint().unwrap()),
        Step::Restart | Step::Rebuild => {
            end(engine, path);
            if matches!(step, Step::Rebuild) {
                let mut config = Config::embedded();
                // The machine's clock would end the days of the events.
                config.clock.mode = ClockMode::Event;
                let learnt = rebuild(path, &config).unwrap();
                assert_eq!(learnt.rejected, 0);
            }
            return open(path, noon());
        }
    }
    engine
}

proptest! {
    #![proptest_config(crate::tests::cases(32))]

    #[test]
    fn a_refund_always_finds_its_purchase(steps in prop::collection::vec(step(), 1..60)) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data");
        let (mut engine, mut model) = (open(&path, noon()), Model::default());
        for item in 0..ITEMS {
            engine = apply(engine, &path, &mut model, &Step::Put(item, item % 2));
        }
        for step in &steps {
            engine = apply(engine, &path, &mut model, step);
            prop_assert_eq!(net(&engine), model.net(), "{:?}", step);
        }
        let mismatched = engine.facts.read().books.sales.counts().mismatched;
        prop_assert_eq!(mismatched, 0);
        end(engine, &path);
    }
}
