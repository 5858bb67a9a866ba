//! The [views](crate::model::view) as JSON Schema: those of all answers, and the objects in them.

use serde_json::{Map, Value, json};

use super::shapes::{nullable, reference};
use crate::http::route::Answer;
use crate::http::routes::ROUTES;
use crate::model::view::{Object, Problem, Shape, View};

/// Returns the schema of every answer by name.
pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    let answers = ROUTES.iter().filter_map(|route| match route.answer {
        Answer::Json(view) | Answer::Readable(view) => Some(view),
        Answer::Nothing | Answer::File(_) | Answer::Page(_) => None,
    });
    for view in answers.chain([Problem::VIEW]) {
        add(view, &mut schemas);
    }
    schemas
}

/// Adds the schemas of an object and of the objects in it.
fn add(object: &Object, schemas: &mut Map<String, Value>) {
    if schemas.contains_key(object.name) {
        return;
    }
    schemas.insert(object.name.to_owned(), schema(object));
    for field in object.fields() {
        for inner in objects(field.shape) {
            add(inner, schemas);
        }
    }
}

/// Returns the objects that a shape names.
fn objects(shape: &Shape) -> Vec<&'static Object> {
    match shape {
        Shape::Object(object) => vec![object],
        Shape::OneOf(objects) => objects.to_vec(),
        Shape::OrNull(inner) | Shape::List(inner) => objects(inner),
        Shape::Text
        | Shape::Flag
        | Shape::Number
        | Shape::Whole
        | Shape::Time
        | Shape::DeclaredTime
        | Shape::Weights
        | Shape::Names
        | Shape::AnyObject
        | Shape::Any => Vec::new(),
    }
}

fn schema(object: &Object) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in object.fields() {
        let mut property = value(field.shape);
        property["description"] = field.doc.into();
        properties.insert(field.name.to_owned(), property);
        if field.required {
            required.push(field.name);
        }
    }
    json!({
        "type": "object", "description": object.doc, "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

fn value(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({"type": "string"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number => json!({"type": "number"}),
        Shape::Whole => json!({"type": "integer", "minimum": 0}),
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::DeclaredTime => json!({"anyOf": [value(&Shape::Time), {"type": "integer"}]}),
        Shape::OrNull(inner) => nullable(value(inner)),
        Shape::List(inner) => json!({"type": "array", "items": value(inner)}),
        Shape::Weights => json!({"type": "object", "additionalProperties": {"type": "number"}}),
        Shape::Names => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Shape::Object(object) => reference(object.name),
        Shape::OneOf(objects) => {
            let objects: Vec<Value> = objects.iter().map(|one| reference(one.name)).collect();
            json!({"anyOf": objects})
        }
        Shape::AnyObject => json!({"type": "object"}),
        Shape::Any => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::OBJECTS;

    #[test]
    fn answers_and_requests_have_distinct_names() {
        let schemas = schemas();
        assert!(schemas.len() > 20);
        for object in OBJECTS {
            assert!(!schemas.contains_key(object.name), "{}", object.name);
        }
    }

    #[test]
    fn every_field_of_an_answer_is_described() {
        for (name, schema) in schemas() {
            for (field, property) in schema["properties"].as_object().unwrap() {
                let doc = property["description"].as_str().unwrap();
                assert!(
                    doc.ends_with('.') && !doc.contains("  "),
                    "{name}.{field}: {doc}"
                );
            }
        }
    }
}
