//! The shapes of [`mod@schema`] as JSON Schema.
//!
//! A schema shows only the form of a value that clients should send: ids are strings and times are RFC 3339, although the service also
//! accepts JSON integers. Bounds are those of the default limits. JSON Schema counts characters and the limits count bytes, so text
//! that is not ASCII may be too long for the service although it matches the schema.

use serde_json::{Map, Value, json};

use crate::model::Limits;
use crate::model::schema::{self, Bound, Field, Object, Rule, Shape};

/// Text without control characters.
const LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// Returns the name of the merge patch of an object.
pub(super) fn patch_name(object: &Object) -> String {
    format!("{}Patch", object.name)
}

/// Returns the schema of an object, or of its merge patch, in which a tag may also be null.
pub(super) fn object(object: &Object, patch: bool) -> Value {
    let required: Vec<&str> = object
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let properties: Map<String, Value> = object
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), property(field, patch)))
        .collect();
    let doc = if patch {
        format!(
            "A merge patch of {}: a field replaces the declared one, null removes it.",
            object.name
        )
    } else {
        object.doc.to_owned()
    };
    let mut schema = json!({
        "type": "object",
        "description": doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "examples": [example(object)],
    });
    let one_of: &[&str] = match object.rule {
        Some(Rule::Edit) => &["set", "toml"],
        Some(Rule::Draft) => &["set", "toml", "file"],
        Some(Rule::DefaultScene | Rule::Target) | None => &[],
    };
    if !one_of.is_empty() {
        schema["oneOf"] = one_of.iter().map(|field| alone(field, one_of)).collect();
    }
    schema
}

/// Returns the schema of an object that has one of some fields, and none of the others.
fn alone(field: &str, of: &[&str]) -> Value {
    let others = of.iter().filter(|other| **other != field);
    let mut properties: Map<String, Value> = others
        .map(|other| ((*other).to_owned(), json!({"type": "null"})))
        .collect();
    properties.insert(field.to_owned(), json!({"not": {"type": "null"}}));
    json!({"required": [field], "properties": properties})
}

fn property(field: &Field, patch: bool) -> Value {
    let shape = schema(&field.shape, patch);
    let mut property = if field.required {
        shape
    } else {
        nullable(shape)
    };
    property["description"] = Value::from(field.doc);
    property
}

/// Returns the schema of null or a value that matches `schema`.
pub(super) fn nullable(schema: Value) -> Value {
    let mut either = match schema.get("anyOf") {
        Some(Value::Array(either)) => either.clone(),
        _ => vec![schema],
    };
    either.push(json!({"type": "null"}));
    json!({"anyOf": either})
}

/// Returns the schema of a shape.
pub(super) fn schema(shape: &Shape, patch: bool) -> Value {
    match shape {
        Shape::Id => reference(ID),
        Shape::Ids(bound) => {
            json!({"type": "array", "items": reference(ID), "maxItems": most(*bound)})
        }
        Shape::Text(bound) => json!({"type": "string", "maxLength": most(*bound)}),
        Shape::Line(least, bound) => {
            json!({"type": "string", "minLength": least, "maxLength": most(*bound), "pattern": LINE})
        }
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number(low, high) => json!({"type": "number", "minimum": low, "maximum": high}),
        Shape::Whole(low, bound) => {
            json!({"type": "integer", "minimum": low, "maximum": most(*bound)})
        }
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::OneOf(names) => json!({"type": "string", "enum": names}),
        Shape::Scene => json!({"type": "string"}),
        Shape::Tags => tags(patch),
        Shape::Candidates => json!({
            "type": "array",
            "items": {"anyOf": [reference(ID), reference(schema::CANDIDATE.name)]},
            "maxItems": most(schema::CANDIDATES),
        }),
        Shape::Predictions => {
            let number = nullable(schema(&schema::PREDICTION, false));
            json!({"type": "object", "additionalProperties": number})
        }
        Shape::Arms => {
            json!({"type": "object", "propertyNames": reference(ID), "additionalProperties": reference(ID)})
        }
        Shape::Object(object) => reference(object.name),
        Shape::AnyObject => json!({"type": "object"}),
        Shape::Requests => json!({
            "type": "array",
            "items": reference(schema::RANK_REQUEST.name),
            "maxItems": most(schema::BATCH_REQUESTS),
        }),
    }
}

/// Returns a bound under the default limits.
fn most(bound: Bound) -> u64 {
    bound.most(&Limits::default())
}

/// Name of the schema of ids.
pub(super) const ID: &str = "Id";

/// Returns the schema of ids.
pub(super) fn id() -> Value {
    json!({
        "type": "string",
        "description": "1 to 128 bytes of UTF-8 without control characters. A JSON integer is accepted as its decimal string.",
        "minLength": 1,
        "maxLength": schema::ID_BYTES,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
    })
}

fn tags(patch: bool) -> Value {
    let most = most(schema::TAGS);
    let weight = schema(&schema::TAG_WEIGHT, patch);
    let weight = if patch { nullable(weight) } else { weight };
    let mut weights = json!({
        "type": "object", "additionalProperties": weight, "propertyNames": reference(ID),
    });
    if !patch {
        weights["maxProperties"] = Value::from(most);
    }
    json!({"anyOf": [weights, {"type": "array", "items": reference(ID), "maxItems": most}]})
}

/// Returns the example of an object.
pub(super) fn example(object: &Object) -> Value {
    serde_json::from_str(object.example).unwrap_or(Value::Null)
}

/// Returns a reference to a named schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
