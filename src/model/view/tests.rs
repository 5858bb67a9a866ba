//! Samples of the views are written as the table says.

use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::clock::Time;
use crate::model::{Fault, schema};

/// Asserts that a view is written with the fields of its object, and returns its JSON.
#[track_caller]
fn written<V: View + Serialize>(view: &V) -> String {
    let text = serde_json::to_string(view).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    check::assert_is(V::VIEW, &value);
    text
}

fn noon() -> Time {
    Time::parse("2026-11-20T12:00:00Z").unwrap()
}

#[test]
fn bulk_replies_leave_out_unreadable_ids() {
    let rejected = |id: Option<&str>| Rejected {
        index: 4,
        id: id.map(str::to_owned),
        errors: vec![Fault::new("amount", "must be finite")],
    };
    let reply = BulkReply {
        accepted: 8,
        repeated: 3,
        late: 1,
        rejected_count: 2,
        rejected: vec![rejected(Some("e-9")), rejected(None)],
        ..BulkReply::default()
    };
    assert_eq!(
        written(&reply),
        r#"{"accepted":8,"repeated":3,"late":1,"rejected_count":2,"rejected":[{"index":4,"id":"e-9","errors":[{"path":"amount","message":"must be finite"}]},{"index":4,"errors":[{"path":"amount","message":"must be finite"}]}]}"#
    );
}

#[test]
fn races_write_unknown_growth_as_null() {
    let runner = Runner {
        id: "m-1".to_owned(),
        standing: 1,
        score: 0.5,
        level: 1.0,
        growth: 0.0,
        weekly_gmv: 10.0,
        slope: OrNull(None),
        lower: OrNull(Some(-0.25)),
        weeks: 2,
        newcomer: true,
        ladder: None,
    };
    let race = Race {
        standings: 7,
        as_of: noon(),
        kind: "merchant",
        lane: OrNull(None),
        size: 1,
        runners: vec![runner],
    };
    assert_eq!(
        written(&race),
        r#"{"standings":7,"as_of":"2026-11-20T12:00:00Z","kind":"merchant","lane":null,"size":1,"runners":[{"id":"m-1","standing":1,"score":0.5,"level":1.0,"growth":0.0,"weekly_gmv":10.0,"slope":null,"lower":-0.25,"weeks":2,"newcomer":true}]}"#
    );
    written(&RebuildReply { standings: 8 });
}

/// Returns the example of an object as it is stored.
fn example(object: &schema::Object) -> serde_json::Map<String, Value> {
    let mut fields = serde_json::from_str(object.example).unwrap();
    crate::model::declared::normalise(&mut fields);
    fields
}

#[test]
fn stored_entities_begin_with_the_declared_fields() {
    let declared = example(&schema::ITEM);
    let text = Value::Object(declared.clone()).to_string();
    let learnt = OrNull(Some(RaceFigures {
        lane: OrNull(Some("toys".to_owned())),
        standing: 3,
        score: 0.5,
        level: 0.75,
        growth: 0.25,
        lower: OrNull(None),
        weekly_gmv: 12.5,
        weekly: vec![1.0, 2.5],
        order_value: OrNull(Some(9.9)),
        integrity: 1.0,
        ladder: None,
    }));
    let item = written(&StoredItem { declared, learnt });
    let figures = r#","learnt":{"lane":"toys","standing":3,"score":0.5,"level":0.75,"growth":0.25,"lower":null,"weekly_gmv":12.5,"weekly":[1.0,2.5],"order_value":9.9,"integrity":1.0}}"#;
    assert_eq!(item, format!("{}{figures}", text.trim_end_matches('}')));
    let declared = example(&schema::MERCHANT);
    let learnt = OrNull(None);
    written(&StoredMerchant { declared, learnt });
    let profile = Profile {
        as_of: noon(),
        tags: [("b", 2.0), ("a", 0.5)].into_iter().collect(),
        items: Weights::default(),
        merchants: Weights::default(),
    };
    let user = StoredUser {
        declared: example(&schema::USER),
        profile,
        events: 3,
        audiences: vec!["fresh".to_owned()],
    };
    assert_eq!(
        written(&user),
        r#"{"id":"u-1001","tags":{"skin-care":0.8},"region":"CN-33-01","profile":{"as_of":"2026-11-20T12:00:00Z","tags":{"b":2.0,"a":0.5},"items":{},"merchants":{}},"events":3,"audiences":["fresh"]}"#
    );
}

#[test]
fn the_state_of_the_service_is_written() {
    let config = json!({"server": {}});
    let overrides = json!({"limits.limit": {"value": 9}});
    written(&LiveConfig {
        generation: 3,
        config: &config,
        overrides: &overrides,
        models: vec![ModelView {
            name: "model.ctr",
            sha256: "00",
            trees: 100,
            leaves: 1_500,
            features: vec!["affinity.item"],
        }],
    });
    let reply = ClockReply {
        now: crate::clock::Time::parse("2026-11-20T12:00:00Z").unwrap(),
        confirmed: true,
    };
    written(&reply);
    assert_eq!(
        written(&Health {
            status: "ok",
            reasons: None
        }),
        r#"{"status":"ok"}"#
    );
}

#[test]
fn problems_are_written() {
    let problem = Problem {
        r#type: "urn:saima:problem:invalid".to_owned(),
        title: "t",
        status: 422,
        detail: "d",
        request_id: "r",
        errors: &[Fault::new("limit", "m")],
    };
    assert_eq!(
        written(&problem),
        r#"{"type":"urn:saima:problem:invalid","title":"t","status":422,"detail":"d","request_id":"r","errors":[{"path":"limit","message":"m"}]}"#
    );
}

#[test]
#[should_panic(expected = "Health.extra is no field")]
fn unknown_members_are_found() {
    check::assert_is(Health::VIEW, &json!({"status": "ok", "extra": 1}));
}

#[test]
#[should_panic(expected = "BulkReply lacks rejected")]
fn missing_members_are_found() {
    check::assert_is(
        BulkReply::VIEW,
        &json!({"accepted": 1, "rejected_count": 0}),
    );
}

#[test]
#[should_panic(expected = "not [\"accepted\"")]
fn members_out_of_order_are_found() {
    check::assert_is(
        BulkReply::VIEW,
        &json!({"rejected_count": 0, "accepted": 1, "rejected": []}),
    );
}
