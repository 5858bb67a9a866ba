//! Audiences: what they read, and the weights that scenes have for them.

use serde_json::{Value, json};

use super::{Market, Operation, PUT_ITEM, PUT_USER, noon};
use crate::config::AudienceId;
use crate::model::diagnose;
use crate::rank::Members;

fn market(config: &str) -> Market {
    let facts = [
        (PUT_ITEM, json!({"id": "i", "quality": 1, "price": 10})),
        (PUT_ITEM, json!({"id": "j", "long_term_value": 1})),
        (
            PUT_USER,
            json!({"id": "u", "tags": {"tea": 0.7}, "region": "CN"}),
        ),
        (
            Operation::Events,
            json!({"user_id": "u", "item_id": "i", "kind": "purchase", "at": noon(94).millis()}),
        ),
        (
            Operation::Events,
            json!({"user_id": "u", "item_id": "i", "kind": "click", "at": noon(95).millis()}),
        ),
        (
            Operation::Events,
            json!({"user_id": "u", "item_id": "i", "kind": "purchase", "at": noon(90).millis()}),
        ),
    ];
    Market::new(config, &facts)
}

/// Returns whether the user of a request belongs to the audience of a condition; `None` if the condition has no value.
fn belongs(condition: &str, request: &Value) -> Option<bool> {
    let config = format!("[race]\nutc_offset = \"+08:00\"\n[audience.a]\nwhere = \"{condition}\"");
    let market = market(&config);
    let text = request.to_string();
    let request = diagnose::request(text.as_bytes(), &market.config.vocabulary).unwrap();
    let splitters = rayon::ThreadPoolBuilder::new().build().unwrap();
    let view = market.view("default", &splitters);
    let members = Members::new(&view, &request);
    let first = members.has(AudienceId(0));
    assert_eq!(members.has(AudienceId(0)), first, "judged once");
    assert!(!members.has(AudienceId(63)) && !members.has(AudienceId(64)));
    (members.undecided() == 0).then_some(first)
}

/// `as_of` is noon UTC of Thursday, 2025-07-31, which is 20:00 at +08:00.
#[test]
fn audiences_have_golden_truths() {
    let context = json!({"region": "SG", "query": "tea", "device": "ios"});
    let known = json!({"user_id": "u", "candidates": ["i"], "context": context});
    let stranger = json!({"user_id": "x", "candidates": ["i"]});
    for (condition, expected) in [
        ("user.known && user.id == 'u'", [Some(true), Some(false)]),
        ("user.tags['tea'] == 0.7", [Some(true), None]),
        ("user.region == 'CN'", [Some(true), None]),
        (
            "user.orders == 2 && user.events == 3",
            [Some(true), Some(false)],
        ),
        ("!user.known || user.orders == 0", [Some(false), Some(true)]),
        ("user.days_since_purchase == 6", [Some(true), None]),
        (
            "request.region == 'SG' && request.device in ['ios']",
            [Some(true), None],
        ),
        ("request.query.contains('tea')", [Some(true), None]),
        ("has(request.query)", [Some(true), Some(false)]),
        ("request.scene == 'default'", [Some(true), Some(true)]),
        (
            "request.hour == 20 && request.weekday == 4",
            [Some(true), Some(true)],
        ),
    ] {
        let found = [&known, &stranger].map(|request| belongs(condition, request));
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn weights_for_audiences_are_laid_over_in_order() {
    let market = market(
        "[audience.buyers]\nwhere = 'user.orders > 1'
         [audience.chinese]\nwhere = 'user.region == \"CN\"'
         [audience.nobody]\nwhere = 'false'
         [scene.default.weights]\nquality = 1
         [scene.default.weights_for]
         nobody = { quality = 0, freshness = 1 }
         chinese = { quality = 0.5, long_term_value = 4 }
         buyers = { long_term_value = 1.5 }
         [scene.empty.weights_for]
         chinese = { long_term_value = 1, quality = 0 }
         buyers = { long_term_value = 0, freshness = 0 }",
    );
    let weights = |scene: &str, user: &str| -> Vec<(String, f32)> {
        let request =
            json!({"user_id": user, "scene": scene, "candidates": ["i", "j"], "explain": true});
        let decision = market.rank(&request);
        let weighed = market.config.scenes[scene].weighed.len();
        assert_eq!(decision.missing.len(), weighed);
        let explain = decision.placed[0].explain.clone().unwrap();
        let parts = explain.objectives.into_iter();
        parts.map(|part| (part.name, part.weight)).collect()
    };
    let quality = |weight| ("quality".to_owned(), weight);
    let value = |weight| ("long_term_value".to_owned(), weight);
    assert_eq!(weights("default", "u"), [quality(0.5), value(1.5)]);
    assert_eq!(weights("default", "x"), [quality(1.0)]);
    // Nothing but 0 would be left of both: the weights of the scene apply.
    assert_eq!(weights("empty", "u"), [quality(1.0)]);
}
