//! The answers as JSON Schema.

use serde_json::{Map, Value, json};

use super::shapes::reference;
use crate::objective::TABLE;
use crate::rule;

/// Every answer by name.
pub(super) fn schemas() -> Map<String, Value> {
    [
        ("Ranking", ranking()),
        ("Placed", placed()),
        ("Explanation", explanation()),
        ("BatchResults", batch()),
        ("Report", report()),
        ("ItemView", view("An item as declared and as learnt.")),
        (
            "MerchantView",
            view("A merchant as declared and as learnt."),
        ),
        ("UserView", user()),
        ("Standings", standings()),
        (
            "Rebuilt",
            closed(
                json!({"standings": whole("The number of the standings now live.")}),
                &[],
            ),
        ),
        ("LiveConfig", live_config()),
        (
            "Health",
            closed(json!({"status": text("`ok` or `ready`.")}), &[]),
        ),
        (
            "Document",
            json!({"type": "object", "description": "An OpenAPI 3.1 document."}),
        ),
        ("Problem", problem()),
        ("Fault", fault()),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
    .into_iter()
    .collect()
}

/// An object of just these properties, all of them required but for the optional ones.
fn closed(properties: Value, optional: &[&str]) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !optional.contains(&name.as_str()))
        .cloned()
        .collect();
    json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    })
}

fn text(doc: &str) -> Value {
    json!({"type": "string", "description": doc})
}

fn time(doc: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": doc})
}

fn whole(doc: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": doc})
}

fn figure(doc: &str) -> Value {
    json!({"type": "number", "description": doc})
}

fn list(items: &Value, doc: &str) -> Value {
    json!({"type": "array", "items": items, "description": doc})
}

fn ranking() -> Value {
    let dropped = closed(
        json!({
            "id": text("The item's id."),
            "rule": text(&format!("Name of the rule: {}.", rule::names().join(", "))),
        }),
        &[],
    );
    closed(
        json!({
            "request_id": text("The request's own id, or a new one."),
            "scene": text("The scene it was made for."),
            "generation": whole("The generation of the configuration."),
            "standings": whole("The number of the standings."),
            "as_of": time("The instant that decay, freshness and windows read."),
            "items": list(&reference("Placed"), "The places, best first."),
            "unknown": list(&json!({"type": "string"}), "Candidates that nobody told us of, in the order given."),
            "dropped": list(&dropped, "Candidates that a rule kept out; only where `explain` was asked for."),
        }),
        &["dropped"],
    )
}

fn placed() -> Value {
    closed(
        json!({
            "id": text("The item's id."),
            "score": figure("base × factors, six digits after the point."),
            "explain": reference("Explanation"),
        }),
        &["explain"],
    )
}

fn explanation() -> Value {
    let objective = closed(
        json!({
            "name": text("Name of the objective or prediction."),
            "raw": {"type": ["number", "null"], "description": format!("The natural figure; null where the data is missing. {}", raws())},
            "value": figure("The value in [0, 1]."),
            "weight": figure("The scene's weight."),
            "contribution": figure("weight · value / Σ|weight|; a negative weight counts as |weight| on 1 − value."),
            "missing": {"type": "boolean", "enum": [true], "description": "Given where the data is missing and the value is the neutral one."},
        }),
        &["missing"],
    );
    let factor = closed(
        json!({"name": text("The factor."), "factor": figure("What it multiplied by."), "reason": text("Why.")}),
        &[],
    );
    closed(
        json!({
            "objectives": list(&objective, "The objectives of weight ≠ 0."),
            "base": figure("The sum of the contributions."),
            "factors": list(&factor, "What the base was multiplied by."),
            "score": figure("base × factors."),
        }),
        &[],
    )
}

/// What the raw figure of each objective is, and how its value comes from it.
fn raws() -> String {
    let rows = TABLE
        .iter()
        .map(|row| format!("`{}`: {}; value: {}.", row.name, row.raw, row.value));
    rows.collect::<Vec<_>>().join(" ")
}

fn batch() -> Value {
    let result = json!({"anyOf": [reference("Ranking"), reference("Problem")]});
    let results = list(&result, "As many as requests, in their order.");
    closed(json!({"results": results}), &[])
}

fn report() -> Value {
    let reject = closed(
        json!({
            "index": whole("Its place in the body, from 0; blank lines count."),
            "id": text("Its id, where that could be read."),
            "errors": list(&reference("Fault"), "Every fault found."),
        }),
        &["id"],
    );
    closed(
        json!({
            "accepted": whole("How many were accepted."),
            "rejected_count": whole("How many were rejected."),
            "rejected": list(&reject, "The first 1,000 that were rejected."),
        }),
        &[],
    )
}

fn view(doc: &str) -> Value {
    json!({
        "type": "object", "description": doc, "properties": {"id": {"type": "string"}}, "required": ["id"],
    })
}

fn user() -> Value {
    let weights = |doc: &str| json!({"type": "object", "additionalProperties": {"type": "number"}, "description": doc});
    let mut user = view(
        "A user as declared, and the profile as learnt; weights decayed to `as_of`, strongest first.",
    );
    user["properties"]["profile"] = json!({
        "type": "object",
        "properties": {
            "as_of": time("The instant to which weights are decayed."),
            "tags": weights("Learnt weights of tags."),
            "items": weights("The history with items."),
            "merchants": weights("The history with merchants."),
        },
    });
    user["properties"]["events"] = whole("How many events there were.");
    user
}

fn standings() -> Value {
    let maybe = json!({"type": ["number", "null"]});
    let runner = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "standing": whole("Its place in the lane, from 1."),
            "score": figure("The race score."),
            "level": figure("How much it sells within its lane, in [0, 1]."),
            "growth": figure("How surely it grows, in [0, 1]."),
            "weekly_gmv": maybe, "slope": maybe, "lower": maybe,
            "weeks": whole("Whole weeks of its history."),
            "newcomer": {"type": "boolean"},
        },
        "required": ["id"],
    });
    json!({
        "type": "object",
        "properties": {
            "standings": whole("The number of the standings."),
            "as_of": time("The instant of the standings."),
            "kind": text("What races."),
            "lane": {"type": ["string", "null"]},
            "size": whole("How many runners there are in the lane."),
            "runners": list(&runner, "The runners, best first."),
        },
        "required": ["standings", "kind", "size", "runners"],
    })
}

fn live_config() -> Value {
    closed(
        json!({
            "generation": whole("Its generation."),
            "config": {"type": "object", "description": "The effective configuration, without secrets."},
        }),
        &[],
    )
}

fn problem() -> Value {
    let mut problem = closed(
        json!({
            "type": {"type": "string", "format": "uri", "description": "What kind of problem it is."},
            "title": text("The kind in words."),
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text("What happened here."),
            "request_id": text("The id under which the log speaks of it."),
            "errors": list(&reference("Fault"), "Every fault found."),
        }),
        &[],
    );
    problem["description"] = Value::from("A problem by RFC 9457.");
    problem
}

fn fault() -> Value {
    closed(
        json!({
            "path": text("The place: `candidates[3].predictions.pctr`; empty for the whole."),
            "message": text("What is wrong and what would be right."),
        }),
        &[],
    )
}
