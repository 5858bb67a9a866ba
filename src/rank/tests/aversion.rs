//! Aversion: golden values, and what it does to the order.

use super::*;

const EVENTS: Operation = Operation::Events;

/// Returns an event at the instant of the ranking, so that nothing of its gain has faded.
fn event(kind: &str, of: &str, id: &str) -> (Operation, Value) {
    (
        EVENTS,
        json!({"user_id": "u", of: id, "kind": kind, "at": noon(100)}),
    )
}

/// Returns the factor of an item for the user `u`, and the reason for it; 1 without a reason if there is none.
fn factor(market: &Market, item: &str) -> (f64, String) {
    let request = json!({"user_id": "u", "candidates": [item], "explain": true});
    let ranking = market.rank(&request);
    let explain = ranking.placed[0].explain.as_ref().unwrap();
    let mut factors = explain.factors.iter();
    let found = factors.find(|factor| factor.name == "aversion");
    found.map_or((1.0, String::new()), |it| {
        (f64::from(it.factor), it.reason.clone())
    })
}

fn market(config: &str, items: &[Value], events: &[(Operation, Value)]) -> Market {
    let items = items.iter().map(|item| (PUT_ITEM, item.clone()));
    let facts: Vec<_> = items.chain(events.iter().cloned()).collect();
    Market::new(config, &facts)
}

fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
}

#[test]
fn factors_have_their_golden_values() {
    let plain = [json!({"id": "i", "merchant_id": null})];
    let disliked = event("dislike", "item_id", "i");
    let once = market("", &plain, std::slice::from_ref(&disliked));
    near(factor(&once, "i").0, 0.526_661);
    near(
        factor(&market("", &plain, &vec![disliked.clone(); 5]), "i").0,
        0.2,
    );
    let sold = [json!({"id": "i", "merchant_id": "m"})];
    let both = market("", &sold, std::slice::from_ref(&disliked));
    let (both, reason) = factor(&both, "i");
    near(both, 0.401_291);
    assert!(
        reason.ends_with("item 0.526661, merchant 0.761954"),
        "{reason}"
    );
}

#[test]
fn creators_and_tags_have_their_own_strengths() {
    let items = [
        json!({"id": "i", "creator_id": "c", "tags": ["x"]}),
        json!({"id": "other", "creator_id": "c"}),
        json!({"id": "stranger", "creator_id": "d"}),
        json!({"id": "alike", "tags": ["x"]}),
    ];
    let disliked = event("dislike", "item_id", "i");
    let market = |config: &str, more: &[(Operation, Value)]| {
        let events = std::iter::once(disliked.clone()).chain(more.iter().cloned());
        market(config, &items, &events.collect::<Vec<_>>())
    };
    let creator = 1.0 - 0.5 * 9.0_f64.ln() / 101.0_f64.ln();
    let without_tags = "[aversion]\ntags = 0\n";
    near(factor(&market(without_tags, &[]), "other").0, creator);
    near(factor(&market(without_tags, &[]), "stranger").0, 1.0);
    let weak = "[aversion]\ntags = 0\ncreator = 0.25\n";
    near(factor(&market(weak, &[]), "other").0, 0.5 + creator / 2.0);
    // A bond of 8 makes up for the dislike.
    let follow = event("follow", "creator_id", "c");
    near(factor(&market(without_tags, &[follow]), "other").0, 1.0);
    let cosine = 1.0 / 2.0_f64.sqrt();
    near(factor(&market("", &[]), "alike").0, 1.0 - 0.3 * cosine);
}

/// Declared tags and items of negative weight oppose each other too, without any event.
#[test]
fn declared_tags_may_oppose() {
    let item = |weight: f64| json!({"id": "i", "tags": {"x": weight}});
    let user = |weight: f64| (PUT_USER, json!({"id": "u", "tags": {"x": weight}}));
    for (of_item, of_user, expected) in [(1.0, -2.0, 0.7), (-1.0, 2.0, 0.7), (-1.0, -2.0, 1.0)] {
        let market = market("", &[item(of_item)], &[user(of_user)]);
        near(factor(&market, "i").0, expected);
    }
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]

    #[test]
    fn a_disliked_item_stands_below_its_twin(
        kinds in prop::collection::vec(prop::sample::select(vec!["dislike", "remove_from_cart"]), 1..6),
        by in prop::sample::select(vec!["item_id", "merchant_id"]),
        scene in prop::sample::select(vec!["default", "bare"]),
    ) {
        let items = ["a", "b"].map(|id| json!({"id": id, "merchant_id": format!("m-{id}"), "tags": [id], "quality": 0.5}));
        let events: Vec<_> = kinds.iter().map(|kind| event(kind, by, if by == "item_id" { "a" } else { "m-a" })).collect();
        // Neither the weights nor the objectives need the profile in the second scene.
        let market = market("[scene.bare]\nweights = { affinity.tags = 0, affinity.item = 0, affinity.merchant = 0, quality = 1 }", &items, &events);
        let ranking = market.rank(&json!({"user_id": "u", "scene": scene, "candidates": ["a", "b"]}));
        let found = scores(&ranking);
        prop_assert_eq!(found[0].0, "b");
        prop_assert!(found[0].1 > found[1].1, "{found:?}");
        let stranger = market.rank(&json!({"user_id": "v", "scene": scene, "candidates": ["a", "b"]}));
        prop_assert_eq!(scores(&stranger)[0].1.to_bits(), scores(&stranger)[1].1.to_bits());
    }

    #[test]
    fn base_times_factors_is_the_score(
        events in prop::collection::vec((prop::sample::select(vec!["dislike", "purchase", "remove_from_cart", "view"]), 0..12usize, 0i64..100), 0..40),
        strengths in prop::collection::vec(0.0..=1.0f64, 4),
        least in 0.0..=1.0f64,
        parallel in prop_oneof![Just(1), Just(1_000_000)],
    ) {
        let items: Vec<Value> = (0..12)
            .map(|id| json!({"id": format!("i{id}"), "merchant_id": format!("m{}", id % 4), "creator_id": format!("c{}", id % 3), "tags": {format!("t{}", id % 5): 1.0 - f64::from(id % 3)}}))
            .collect();
        let events: Vec<_> = events
            .iter()
            .map(|(kind, item, day)| (EVENTS, json!({"user_id": "u", "item_id": format!("i{item}"), "kind": kind, "at": noon(*day)})))
            .collect();
        let [item, merchant, creator, tags] = strengths.as_slice() else { unreachable!() };
        let config = format!("[server]\nparallel_candidates = {parallel}\n[aversion]\nitem = {item:?}\nmerchant = {merchant:?}\ncreator = {creator:?}\ntags = {tags:?}\nmin = {least:?}\n");
        let market = market(&config, &items, &events);
        let candidates: Vec<String> = (0..12).map(|id| format!("i{id}")).collect();
        let ranking = market.rank(&json!({"user_id": "u", "candidates": candidates, "explain": true}));
        for placed in &ranking.placed {
            let explain = placed.explain.as_ref().unwrap();
            let factors = explain.factors.iter().map(|it| f64::from(it.factor)).product::<f64>();
            prop_assert!((f64::from(explain.base) * factors - f64::from(placed.score)).abs() < 1e-5);
            let aversion = explain.factors.iter().find(|it| it.name == "aversion");
            prop_assert!(aversion.is_none_or(|it| it.factor < 1.0 && f64::from(it.factor) >= least - 1e-6));
        }
    }
}
