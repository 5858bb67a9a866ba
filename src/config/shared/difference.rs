//! Differences between two views of a configuration.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::key::Key;

/// A leaf that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its key.
    pub key: Key,
    /// Its value before; `None` if there was none.
    pub before: Option<Value>,
    /// Its value after; `None` if there is none.
    pub after: Option<Value>,
}

/// Returns the leaves that differ, in the order of the views. A list is one leaf; a table that is new or gone is taken apart.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&Key::default(), before, after, &mut found);
    found
}

fn compare(key: &Key, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            found.push(Difference {
                key: key.clone(),
                before: Some(before.clone()),
                after: Some(after.clone()),
            });
        }
        return;
    };
    for (name, before) in old {
        let key = key.member(name);
        match new.get(name) {
            Some(after) => compare(&key, before, after, found),
            None => apart(&key, before, found, |leaf| (Some(leaf), None)),
        }
    }
    for (name, after) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        apart(&key.member(name), after, found, |leaf| (None, Some(leaf)));
    }
}

/// Adds every leaf of a value that only one of the views has.
fn apart(
    key: &Key,
    value: &Value,
    found: &mut Vec<Difference>,
    side: fn(Value) -> (Option<Value>, Option<Value>),
) {
    leaves(key, value, &mut |key, leaf| {
        let (before, after) = side(leaf.clone());
        found.push(Difference { key, before, after });
    });
}

/// Passes every leaf of a value: what is no table, and tables without keys.
pub(super) fn leaves(key: &Key, value: &Value, each: &mut impl FnMut(Key, &Value)) {
    match value.as_object().filter(|table| !Map::is_empty(table)) {
        Some(table) => {
            for (name, inner) in table {
                leaves(&key.member(name), inner, each);
            }
        }
        None => each(key.clone(), value),
    }
}
