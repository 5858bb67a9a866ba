//! Views in full, and as TOML.

use serde_json::{Map, Value};

/// Returns a view in which every scene names its rules, so that an override of one scene changes that scene alone.
pub(in crate::config) fn full(mut view: Value) -> Value {
    let scenes = view.get_mut("scene").and_then(Value::as_object_mut);
    for scene in scenes.into_iter().flat_map(Map::values_mut) {
        if let Some(scene) = scene.as_object_mut() {
            scene
                .entry("rules")
                .or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    view
}

/// Returns whether two views are equal, the order of their keys included: that of the audiences in a scene counts.
pub(in crate::config) fn same(one: &Value, other: &Value) -> bool {
    let [one, other] = [one, other].map(Value::to_string);
    one == other
}

/// Writes a view as TOML.
///
/// # Errors
/// A value that TOML does not have, such as null.
pub(super) fn as_toml(view: &Value) -> Result<String, String> {
    toml::to_string(view).map_err(|error| error.to_string())
}
