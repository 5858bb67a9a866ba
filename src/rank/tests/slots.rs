//! Slots with weights of their own: what a candidate scores there does not depend on what else the scene weighs.

use serde_json::{Value, json};

use super::{Market, PUT_ITEM, PUT_MERCHANT};
use crate::ingest::Operation;
use crate::random::Random;

/// Two scenes with the same slot. One weighs all that the slot weighs, the other nothing of it.
fn config(pool: &[String]) -> String {
    let slot = |scene: &str| {
        format!(
            "[[scene.{scene}.rules]]\nname = \"deal\"\nrule = \"slot\"\nplaces = [2, 5]\nitems = {pool:?}\n\
             weights = {{ freshness = 0.7, order_value = -0.2 }}\nmin = 0\n"
        )
    };
    format!(
        "[scene.all.weights]\nquality = 0.5\nfreshness = 0.3\norder_value = 0.4\n[scene.none.weights]\nquality = 0.5\n{}{}",
        slot("all"),
        slot("none")
    )
}

fn facts(random: &mut Random, items: usize) -> Vec<(Operation, Value)> {
    let merchant = |number: usize| json!({"id": format!("m{number}"), "integrity": 0.5 + 0.01 * f64::from(random.below(50))});
    let mut facts: Vec<_> = (0..40).map(merchant).map(|it| (PUT_MERCHANT, it)).collect();
    for number in 0..items {
        let (hour, cents) = (random.below(90 * 24), 100 + random.below(50_000));
        let listed = super::noon(90).plus(-i64::from(hour) * 3_600_000);
        facts.push((
            PUT_ITEM,
            json!({"id": format!("i{number}"), "merchant_id": format!("m{}", random.below(40)),
                   "price": f64::from(cents) / 100.0, "listed_at": listed.to_string(),
                   "quality": f64::from(random.below(100)) / 100.0}),
        ));
    }
    facts
}

#[test]
fn a_slot_scores_alike_whatever_the_scene_weighs() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let items = 2 + random.index(700);
        let pool: Vec<String> = (0..items)
            .filter(|number| *number == 1 || random.below(3) == 0)
            .map(|number| format!("i{number}"))
            .collect();
        let facts = facts(&mut random, items);
        let market = Market::new(&config(&pool), &facts);
        let ids: Vec<String> = (0..items).map(|number| format!("i{number}")).collect();
        let slots = ["all", "none"].map(|scene| {
            let request = json!({"user_id": "u", "scene": scene, "limit": 12, "candidates": ids});
            market.rank(&request).slots
        });
        let [all, none] = &slots;
        assert!(!all.is_empty(), "{seed}");
        assert_eq!(all, none, "{seed}");
    }
}
