//! The shapes of [`schema`](crate::model::schema) as JSON Schema.
//!
//! JSON Schema counts characters where our limits count bytes, so that for text beyond ASCII the limit is tighter than
//! the schema says; the descriptions name it.

use serde_json::{Map, Value, json};

use super::reference;
use crate::clock::Time;
use crate::model::Vocabulary;
use crate::model::schema::{self, Bound, Field, Object, Shape};

/// The name of the merge patch of an object.
pub(super) fn patch_name(object: &Object) -> String {
    format!("{}Patch", object.name)
}

/// An object, or its merge patch, in which a tag may be null too.
pub(super) fn object(object: &Object, vocabulary: &Vocabulary, patch: bool) -> Value {
    let required: Vec<&str> = object
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let properties: Map<String, Value> = object
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), property(field, vocabulary, patch)))
        .collect();
    let doc = if patch {
        format!(
            "A merge patch of {}: what is given replaces, null removes.",
            object.name
        )
    } else {
        object.doc.to_owned()
    };
    json!({
        "type": "object",
        "description": doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "examples": [super::example(object)],
    })
}

fn property(field: &Field, vocabulary: &Vocabulary, patch: bool) -> Value {
    let shape = schema(&field.shape, vocabulary, patch);
    let mut property = if field.required {
        shape
    } else {
        nullable(shape)
    };
    property["description"] = Value::from(field.doc);
    property
}

fn nullable(schema: Value) -> Value {
    let mut either = match schema.get("anyOf") {
        Some(Value::Array(either)) => either.clone(),
        _ => vec![schema],
    };
    either.push(json!({"type": "null"}));
    json!({"anyOf": either})
}

/// What may stand in a place.
pub(super) fn schema(shape: &Shape, vocabulary: &Vocabulary, patch: bool) -> Value {
    let most = |bound: Bound| bound.most(&vocabulary.limits);
    match shape {
        Shape::Id => id(),
        Shape::Ids(bound) => json!({"type": "array", "items": id(), "maxItems": most(*bound)}),
        Shape::Text(bound) => json!({"type": "string", "maxLength": most(*bound)}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number(low, high) => json!({"type": "number", "minimum": low, "maximum": high}),
        Shape::Whole(low, bound) => {
            json!({"type": "integer", "minimum": low, "maximum": most(*bound)})
        }
        Shape::Time => time(),
        Shape::OneOf(names) => json!({"type": "string", "enum": names}),
        Shape::Scene => json!({"type": "string", "enum": vocabulary.scenes}),
        Shape::Tags => tags(vocabulary, patch),
        Shape::Candidates => json!({
            "type": "array",
            "items": {"anyOf": [id(), reference(schema::CANDIDATE.name)]},
            "maxItems": most(schema::CANDIDATES),
        }),
        Shape::Predictions => predictions(vocabulary),
        Shape::Object(object) => reference(object.name),
        Shape::Requests => json!({
            "type": "array",
            "items": {"anyOf": [reference(schema::RANK_REQUEST.name), {}]},
            "maxItems": most(schema::BATCH_REQUESTS),
        }),
    }
}

fn id() -> Value {
    json!({"anyOf": [text_id(), {"type": "integer", "minimum": i64::MIN, "maximum": u64::MAX}]})
}

/// An id as text.
pub(super) fn text_id() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": schema::ID_BYTES,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
    })
}

fn time() -> Value {
    let (first, last) = (
        Time::default().plus(i64::MIN),
        Time::default().plus(i64::MAX),
    );
    json!({"anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "integer", "minimum": first.millis(), "maximum": last.millis()},
    ]})
}

fn tags(vocabulary: &Vocabulary, patch: bool) -> Value {
    let most = schema::TAGS.most(&vocabulary.limits);
    let weight = schema(&schema::TAG_WEIGHT, vocabulary, patch);
    let weight = if patch { nullable(weight) } else { weight };
    let mut weights = json!({
        "type": "object", "additionalProperties": weight, "propertyNames": text_id(),
    });
    if !patch {
        weights["maxProperties"] = Value::from(most);
    }
    json!({"anyOf": [weights, {"type": "array", "items": id(), "maxItems": most}]})
}

/// The declared predictions; any other may be null only, which is not given.
fn predictions(vocabulary: &Vocabulary) -> Value {
    let number = nullable(schema(&schema::PREDICTION, vocabulary, false));
    let properties: Map<String, Value> = vocabulary
        .predictions
        .iter()
        .map(|name| (name.clone(), number.clone()))
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": {"type": "null"}})
}
