//! An edit of the configuration as somebody writes it, and the steps that it means for the overrides.

use serde_json::{Map, Value};

use super::difference::{differences, leaves};
use super::key::{Key, Keys};
use super::overrides::Overrides;
use super::step::{Step, Wish};

/// A change of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A merge patch of the overrides: a value is laid over the file, null gives a key back to the file.
    Set(Map<String, Value>),
    /// The whole configuration that is wanted, as TOML, read as the file is.
    Toml(String),
}

/// Returns the steps of a merge patch.
pub(super) fn steps_of(set: &Map<String, Value>) -> Vec<Step> {
    let mut patch = Value::Object(set.clone());
    flatten_names(&mut patch);
    let mut steps = Vec::new();
    leaves(&Key::default(), &patch, &mut |key, leaf| {
        let wish = if leaf.is_null() {
            Wish::File
        } else {
            Wish::Value(leaf.clone())
        };
        if !key.names().is_empty() {
            steps.push(Step { key, wish });
        }
    });
    steps
}

/// Writes the names of weights and of shares of the tail with their dots, as the views do: `race = { growth = 1 }` is `"race.growth" = 1`.
fn flatten_names(patch: &mut Value) {
    let scenes = patch.get_mut("scene").and_then(Value::as_object_mut);
    for scene in scenes.into_iter().flat_map(Map::values_mut) {
        if let Some(weights) = scene.get_mut("weights") {
            flatten(weights);
        }
        let each = scene.get_mut("weights_for").and_then(Value::as_object_mut);
        each.into_iter().flat_map(Map::values_mut).for_each(flatten);
    }
    if let Some(shares) = patch.pointer_mut("/tail/scenes") {
        flatten(shares);
    }
}

fn flatten(table: &mut Value) {
    let Some(nested) = table.as_object_mut() else {
        return;
    };
    if !nested.values().any(Value::is_object) {
        return;
    }
    let mut flat = Map::new();
    for (name, value) in std::mem::take(nested) {
        leaves(&Key::default(), &value, &mut |key, leaf| {
            let names = std::iter::once(name.as_str());
            let path: Vec<&str> = names
                .chain(key.names().iter().map(String::as_str))
                .collect();
            flat.insert(path.join("."), leaf.clone());
        });
    }
    *nested = flat;
}

/// Returns the steps from some overrides to those under which the file becomes the wanted view.
pub(super) fn steps_to(file: &Value, wanted: &Value, overrides: &Overrides) -> Vec<Step> {
    let mut steps = Vec::new();
    for difference in differences(file, wanted) {
        let (key, names) = (&difference.key, difference.key.names());
        let is_new = difference.before.is_none();
        let implied = match names {
            // A new prediction weighs 0 everywhere, and the hash of a new model's file follows from the file.
            [scene, _, weights, _] if is_new && scene == "scene" && weights == "weights" => {
                difference.after.as_ref().and_then(Value::as_f64) == Some(0.0)
            }
            [model, _, hash] => is_new && model == "model" && hash == "sha256",
            _ => false,
        };
        if !implied {
            let wish = difference.after.clone().map_or(Wish::Nothing, Wish::Value);
            steps.push(Step {
                key: gone(key, &wish, wanted),
                wish,
            });
        }
    }
    steps.dedup();
    let kept: Keys = steps.iter().map(|step| &step.key).collect();
    let back: Vec<Step> = overrides
        .iter()
        .filter(|(key, _)| !kept.has(key))
        .map(|(key, _)| Step {
            key: key.clone(),
            wish: Wish::File,
        })
        .collect();
    back.into_iter().chain(steps).collect()
}

/// Returns the outermost table that is gone with a key, or the key itself.
fn gone(key: &Key, wish: &Wish, wanted: &Value) -> Key {
    if *wish != Wish::Nothing {
        return key.clone();
    }
    key.absent(wanted).unwrap_or_else(|| key.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_with_dots_may_be_nested() {
        let set = json!({"scene": {"feed": {"weights": {"race": {"growth": 0.2, "level": null}}}}});
        let steps = steps_of(set.as_object().unwrap());
        let key = |name| Key::of(["scene", "feed", "weights", name]);
        let right = [
            ("race.growth", Wish::Value(json!(0.2))),
            ("race.level", Wish::File),
        ];
        let right = right.map(|(name, wish)| Step {
            key: key(name),
            wish,
        });
        assert_eq!(steps, right);
    }

    #[test]
    fn a_table_that_is_gone_is_one_step() {
        let file = json!({"scene": {"a": {"limit": 1, "weights": {"x": 1.0}}, "b": {"limit": 2}}});
        let wanted = json!({"scene": {"b": {"limit": 3}}});
        let steps = steps_to(&file, &wanted, &Overrides::default());
        let right = [
            Step {
                key: Key::of(["scene", "a"]),
                wish: Wish::Nothing,
            },
            Step {
                key: Key::of(["scene", "b", "limit"]),
                wish: Wish::Value(json!(3)),
            },
        ];
        assert_eq!(steps, right);
    }
}
