//! Declared fields of an entity as JSON: the form in which they are kept, and merge patches.

use serde_json::{Map, Value};

use super::id::id_text;

/// Puts the fields of an entity into the form in which they are kept: no nulls, ids as strings, tags as a map.
pub fn normalise(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    for (name, value) in fields.iter_mut() {
        match (name.as_str(), &mut *value) {
            ("tags", Value::Array(names)) => {
                *value = names
                    .drain(..)
                    .map(|name| (text_of(name), Value::from(1.0)))
                    .collect::<Map<_, _>>()
                    .into();
            }
            ("campaigns", Value::Array(names)) => {
                names
                    .iter_mut()
                    .for_each(|name| *name = text_of(name.take()).into());
            }
            (
                "id" | "merchant_id" | "category" | "brand" | "region" | "creator_id" | "owner"
                | "goal",
                number @ Value::Number(_),
            ) => {
                *number = text_of(number.take()).into();
            }
            _ => {}
        }
    }
}

/// Returns the text of an id; any other value as JSON.
#[must_use]
pub fn text_of(value: Value) -> String {
    if let Value::String(text) = value {
        return text;
    }
    id_text(&value).unwrap_or_else(|| value.to_string())
}

/// Applies a merge patch (RFC 7386): an object is merged field by field, null removes, anything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(fields) = target {
        // One pass: to remove fields one by one would move the others each time.
        fields.retain(|name, _| !changes.get(name).is_some_and(Value::is_null));
        for (name, change) in changes.iter().filter(|(_, change)| !change.is_null()) {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
