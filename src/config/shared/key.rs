//! The path of a value in a configuration.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

    /// Returns whether this key is another one, or lies below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
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
