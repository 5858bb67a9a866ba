//! Assignments of the command line, as in the file, and the merge patch that they mean.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};
use toml::Table;

/// Returns the merge patch of some assignments `KEY = VALUE`, and of keys to give back. Each key may be named once.
pub(in crate::cli) fn patch(assignments: &[String], unset: &[String]) -> Result<Value> {
    let mut patch = Map::new();
    for text in assignments {
        let table: Table = toml::from_str(text).map_err(|error| {
            let fault = error.message();
            anyhow!("{text:?} is no assignment KEY = VALUE as in the file: {fault}")
        })?;
        merge(&mut patch, json_of_table(&table))?;
    }
    for key in unset {
        let names = names(key)?;
        let Some((last, tables)) = names.split_last() else {
            continue;
        };
        let null = Map::from_iter([(last.clone(), Value::Null)]);
        let nested = tables.iter().rev().fold(null, |inner, name| {
            Map::from_iter([(name.clone(), Value::Object(inner))])
        });
        merge(&mut patch, nested)?;
    }
    Ok(Value::Object(patch))
}

/// Returns the names of a key as the file writes it, such as `scene."a.b".limit`.
pub(super) fn names(key: &str) -> Result<Vec<String>> {
    let table: Table = toml::from_str(&format!("{key} = 0"))
        .ok()
        .with_context(|| format!("{key:?} is no key as in the file"))?;
    let (mut names, mut next) = (Vec::new(), Some(&table));
    while let Some((name, value)) = next.and_then(|table| table.iter().next()) {
        names.push(name.clone());
        next = value.as_table();
    }
    Ok(names)
}

/// Returns the last name of a key and its value in a view. A name of the view may contain the dots of several names of the key.
pub(super) fn find<'v>(view: &'v Value, names: &[String]) -> Option<(String, &'v Value)> {
    let table = view.as_object()?;
    (1..=names.len()).find_map(|count| {
        let name = names[..count].join(".");
        let value = table.get(&name)?;
        match &names[count..] {
            [] => Some((name, value)),
            rest => find(value, rest),
        }
    })
}

/// Adds a patch to another one that sets other keys.
fn merge(patch: &mut Map<String, Value>, other: Map<String, Value>) -> Result<()> {
    for (name, value) in other {
        match (patch.get_mut(&name), value) {
            (None, value) => {
                patch.insert(name, value);
            }
            (Some(Value::Object(known)), Value::Object(inner)) => merge(known, inner)?,
            (Some(_), _) => bail!("the key {name} is given twice"),
        }
    }
    Ok(())
}

/// Returns a TOML value as JSON; dates become texts.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(list) => list.iter().map(json_of).collect(),
        toml::Value::Table(table) => Value::Object(json_of_table(table)),
    }
}

fn json_of_table(table: &Table) -> Map<String, Value> {
    table
        .iter()
        .map(|(name, value)| (name.clone(), json_of(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn assignments_are_those_of_the_file() {
        let texts = [
            "scene.feed.weights.race.growth = 0.2",
            "scene.feed.limit = 30",
            "campaign.a.from = 2026-11-10T16:00:00Z",
            "scene.\"a.b\" = { limit = 3 }",
        ];
        let patch = patch(
            &texts.map(str::to_owned),
            &["scene.feed.timeout_ms".to_owned()],
        )
        .unwrap();
        let right = json!({
            "scene": {
                "feed": {"weights": {"race": {"growth": 0.2}}, "limit": 30, "timeout_ms": null},
                "a.b": {"limit": 3},
            },
            "campaign": {"a": {"from": "2026-11-10T16:00:00Z"}},
        });
        assert_eq!(patch, right);
    }

    #[test]
    fn a_key_is_given_once() {
        let twice = |assignments: &[&str], unset: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
            patch(&owned(assignments), &owned(unset))
                .unwrap_err()
                .to_string()
        };
        for assignments in [
            ["scene.a.limit = 1", "scene.a.limit = 2"],
            ["scene.a.limit = 1", "scene.a = 3"],
        ] {
            assert!(twice(&assignments, &[]).ends_with("is given twice"));
        }
        let error = twice(&["scene.a.limit = 1"], &["scene.a.limit"]);
        assert_eq!(error, "the key limit is given twice");
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in ["scene.feed.limit", "scene.feed.limit 3", "= 3"] {
            let error = patch(&[text.to_owned()], &[]).unwrap_err().to_string();
            assert!(error.contains("KEY = VALUE"), "{error}");
        }
        assert!(names("a b").is_err());
    }

    #[test]
    fn keys_are_found_with_their_dots() {
        let view = json!({"scene": {"feed": {"weights": {"race.growth": 0.1}}}});
        let found = find(&view, &names("scene.feed.weights.race.growth").unwrap());
        assert_eq!(found, Some(("race.growth".to_owned(), &json!(0.1))));
        assert_eq!(find(&view, &names("scene.home").unwrap()), None);
    }
}
