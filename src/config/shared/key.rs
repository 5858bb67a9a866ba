//! The path of a value in a configuration.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The names on the way to a value. A name may itself contain dots, as `race.growth` among the weights does.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(Vec<String>);

impl Key {
    /// Creates a key from its names.
    #[must_use]
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// Returns its names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns the key of a member.
    pub(super) fn member(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// Returns the value at this key of a view.
    #[must_use]
    pub fn get<'v>(&self, view: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(view, |value, name| value.get(name))
    }

    /// Sets the value at this key of a view, or removes it. Tables on the way are created; an empty one does not replace a table.
    pub(in crate::config) fn lay(&self, view: &mut Value, value: Option<&Value>) {
        lay(view, &self.0, value);
    }

    /// Returns the key itself, or the outermost table on the way to it, that a view does not have; `None` if it has the key.
    pub(super) fn absent(&self, view: &Value) -> Option<Self> {
        self.outer().find(|outer| outer.get(view).is_none())
    }

    /// Returns the tables on the way to the key, the outermost first, and the key itself.
    fn outer(&self) -> impl Iterator<Item = Self> {
        let lengths = 1..=self.0.len();
        lengths.map(|length| Self(self.0[..length].to_vec()))
    }

    /// Returns whether this key is another one, or lies below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

/// A set of keys. Those within a table lie next to each other, so that no question walks over all of them.
#[derive(Debug)]
pub(super) struct Keys(BTreeSet<Key>);

impl<'k> FromIterator<&'k Key> for Keys {
    fn from_iter<I: IntoIterator<Item = &'k Key>>(keys: I) -> Self {
        Self(keys.into_iter().cloned().collect())
    }
}

impl Keys {
    /// Returns whether a key is in the set.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.contains(key)
    }

    /// Returns whether a table, or a key below it, is in the set.
    pub(super) fn has_within(&self, table: &Key) -> bool {
        let mut later = self.0.range(table..);
        later.next().is_some_and(|key| key.is_within(table))
    }

    /// Returns whether a key, or a table on the way to it, is in the set.
    pub(super) fn has_around(&self, key: &Key) -> bool {
        key.outer().any(|outer| self.has(&outer))
    }

    /// Returns whether a key of the set is that key, lies below it or on the way to it.
    pub(super) fn meets(&self, key: &Key) -> bool {
        self.has_within(key) || self.has_around(key)
    }
}

impl fmt::Display for Key {
    /// Writes the names joined by dots, as faults name a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(f, "{dot}{}", name.escape_debug())?;
        }
        Ok(())
    }
}

/// Sets the value at a path, or removes it.
fn lay(view: &mut Value, path: &[String], value: Option<&Value>) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    if !view.is_object() {
        *view = Value::Object(Map::new());
    }
    let Some(table) = view.as_object_mut() else {
        return;
    };
    match (rest, value) {
        ([], None) => {
            table.shift_remove(name);
        }
        ([], Some(value)) => {
            let keeps = is_empty(value) && table.get(name).is_some_and(Value::is_object);
            if !keeps {
                table.insert(name.clone(), value.clone());
            }
        }
        (_, None) => {
            if let Some(inner) = table.get_mut(name) {
                lay(inner, rest, None);
            }
        }
        (_, Some(_)) => {
            let inner = table.entry(name.as_str()).or_insert(Value::Null);
            lay(inner, rest, value);
        }
    }
}

/// Returns whether a value is a table without keys.
pub(super) fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        let names = prop::collection::vec(prop::sample::select(vec!["a", "a.b", "b", ""]), 1..4);
        names.prop_map(Key::of)
    }

    proptest! {
        #[test]
        fn a_set_of_keys_answers_as_a_list_would(list in prop::collection::vec(key(), 0..8), asked in key()) {
            let keys: Keys = list.iter().collect();
            prop_assert_eq!(keys.has(&asked), list.contains(&asked));
            prop_assert_eq!(keys.has_within(&asked), list.iter().any(|key| key.is_within(&asked)));
            prop_assert_eq!(keys.has_around(&asked), list.iter().any(|key| asked.is_within(key)));
        }
    }
}
