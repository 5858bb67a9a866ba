//! The overrides: leaves of the configuration that somebody set over the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::author::Author;
use super::key::{Key, Keys, is_empty};
use super::step::{Step, Wish};
use crate::clock::Time;

/// A leaf that somebody set over the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The value; `None` if what the file has there is left out.
    pub value: Option<Value>,
    /// Who set it, and why.
    #[serde(flatten)]
    pub by: Author,
    /// When it was set.
    pub at: Time,
}

/// The overrides by key. A key sorts before those below it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(Key, Override)>", into = "Vec<(Key, Override)>")]
pub(in crate::config) struct Overrides(BTreeMap<Key, Override>);

impl From<Vec<(Key, Override)>> for Overrides {
    fn from(list: Vec<(Key, Override)>) -> Self {
        Self(list.into_iter().collect())
    }
}

impl From<Overrides> for Vec<(Key, Override)> {
    fn from(overrides: Overrides) -> Self {
        overrides.0.into_iter().collect()
    }
}

impl Overrides {
    /// Returns the overrides in order of their keys.
    pub(in crate::config) fn iter(&self) -> impl Iterator<Item = (&Key, &Override)> {
        self.0.iter()
    }

    /// Returns the override of a key.
    pub(in crate::config) fn get(&self, key: &Key) -> Option<&Override> {
        self.0.get(key)
    }

    /// Returns their number.
    pub(in crate::config) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns their keys.
    pub(super) fn keys(&self) -> Keys {
        self.0.keys().collect()
    }

    /// Returns whether there are none.
    pub(in crate::config) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Carries out some steps in the name of an author.
    pub(in crate::config) fn follow(&mut self, steps: &[Step], by: &Author, at: Time) {
        for Step { key, wish } in steps {
            let value = match wish {
                Wish::File => {
                    self.remove_within(key);
                    continue;
                }
                Wish::Value(value) => Some(value.clone()),
                Wish::Nothing => None,
            };
            if self.0.get(key).is_some_and(|known| known.value == value) {
                continue;
            }
            if !value.as_ref().is_some_and(is_empty) {
                self.remove_within(key);
            }
            let by = by.clone();
            self.0.insert(key.clone(), Override { value, by, at });
        }
    }

    /// Removes the override of a key and those below it, which follow each other.
    fn remove_within(&mut self, key: &Key) {
        let from = self.0.range(key..).map(|(other, _)| other);
        let within: Vec<Key> = from
            .take_while(|other| other.is_within(key))
            .cloned()
            .collect();
        for key in &within {
            self.0.remove(key);
        }
    }

    /// Puts an override back as it was before; `None` gives the key to the file.
    pub(in crate::config) fn put_back(&mut self, key: &Key, before: Option<&Override>) {
        match before {
            Some(before) => self.0.insert(key.clone(), before.clone()),
            None => self.0.remove(key),
        };
    }

    /// Lays the overrides over a view.
    pub(in crate::config) fn apply(&self, view: &mut Value) {
        for (key, over) in &self.0 {
            key.lay(view, over.value.as_ref());
        }
    }

    /// Takes each value as the merged view shows it, and drops overrides that are equal to the file.
    pub(in crate::config) fn settle(&mut self, file: &Value, merged: &Value) {
        self.0.retain(|key, over| {
            let in_file = key.get(file);
            match &mut over.value {
                None => in_file.is_some(),
                Some(value) if is_empty(value) => !in_file.is_some_and(Value::is_object),
                Some(value) => {
                    if let Some(shown) = key.get(merged) {
                        value.clone_from(shown);
                    }
                    in_file != Some(value)
                }
            }
        });
    }
}
