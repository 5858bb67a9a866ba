//! Changes planned for a time: applied at `from`, taken back at `until`.
//!
//! A plan holds steps, not a configuration. What others change meanwhile stays, and what they set of the same keys, be it to the same
//! value, is not taken back.

use serde::{Deserialize, Serialize};

use super::author::Author;
use super::key::{Key, Keys};
use super::overrides::{Override, Overrides};
use super::step::{Step, Wish};
use crate::clock::Time;

/// A planned change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its number.
    pub id: u64,
    /// When it is applied, by the clock of the service.
    pub from: Time,
    /// When it is taken back; `None` if never.
    pub until: Option<Time>,
    /// When it was planned, by the wall clock.
    pub at: Time,
    /// Who planned it, and why.
    #[serde(flatten)]
    pub by: Author,
    /// What it changes.
    pub(in crate::config) steps: Vec<Step>,
    /// Once it is applied: each key with its override before and after.
    pub(in crate::config) applied: Option<Vec<Replaced>>,
    /// The last attempt that failed.
    #[serde(skip)]
    pub(in crate::config) failed: Option<Failed>,
}

/// The override of a key before and after a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::config) struct Replaced {
    key: Key,
    before: Option<Override>,
    after: Option<Override>,
}

/// An attempt to apply a plan or to take it back that failed.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Failed {
    /// The generation under which it failed.
    pub(in crate::config) generation: u64,
    /// Why.
    pub(in crate::config) reason: String,
}

/// What is due for a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Due {
    /// It is to be applied.
    Apply,
    /// It is to be taken back.
    TakeBack,
    /// Its whole time passed before it was applied.
    Missed,
}

impl Plan {
    /// Returns whether it is applied.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.applied.is_some()
    }

    /// Returns why the last attempt to apply it or to take it back failed.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_ref().map(|failed| &*failed.reason)
    }

    /// Returns the keys that it changes, each with its value; `None` for a key that goes back to the file or is removed.
    pub fn changes(&self) -> impl Iterator<Item = (&Key, Option<&serde_json::Value>)> {
        self.steps.iter().map(|step| {
            let value = match &step.wish {
                Wish::Value(value) => Some(value),
                Wish::Nothing | Wish::File => None,
            };
            (&step.key, value)
        })
    }

    /// Returns its times in words.
    pub(in crate::config) fn times(&self) -> String {
        let from = self.from;
        self.until.map_or_else(
            || format!("from {from} on"),
            |until| format!("from {from} to {until}"),
        )
    }

    /// Returns whether its end has passed.
    pub(in crate::config) fn is_over(&self, now: Time) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Returns what is due under a generation; `None` if nothing is, or if it failed under the same generation.
    pub(in crate::config) fn due(&self, now: Time, generation: u64) -> Option<Due> {
        let begun = self.from <= now;
        let due = match (self.is_applied(), self.is_over(now), begun) {
            (true, true, _) => Due::TakeBack,
            (false, true, _) => Due::Missed,
            (false, false, true) => Due::Apply,
            (true, false, _) | (false, false, false) => return None,
        };
        let failed = self.failed.as_ref();
        let tried = failed.is_some_and(|failed| failed.generation == generation);
        (!tried || due == Due::Missed).then_some(due)
    }

    /// Records what applying it replaced. A step that gives keys back replaced all overrides below its key.
    pub(in crate::config) fn note(&mut self, before: &Overrides, after: &Overrides) {
        let both = before.iter().chain(after.iter()).map(|(key, _)| key);
        let set: Keys = self.steps.iter().map(|step| &step.key).collect();
        let mut keys: Vec<&Key> = both
            .filter(|key| set.has_around(key))
            .chain(self.steps.iter().map(|step| &step.key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let replaced = keys.into_iter().map(|key| Replaced {
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        });
        self.applied = Some(replaced.filter(|it| it.before != it.after).collect());
    }

    /// Returns the keys whose overrides are still those that it set.
    pub(super) fn held(&self, overrides: &Overrides) -> impl Iterator<Item = &Key> {
        let set = self.applied.iter().flatten();
        let held =
            set.filter(|it| it.after.is_some() && overrides.get(&it.key) == it.after.as_ref());
        held.map(|it| &it.key)
    }

    /// Puts back what it replaced, except for keys that somebody changed since.
    pub(in crate::config) fn take_back(&self, overrides: &mut Overrides) {
        for Replaced { key, before, after } in self.applied.iter().flatten() {
            if overrides.get(key) == after.as_ref() {
                overrides.put_back(key, before.as_ref());
            }
        }
    }

    /// Returns a key that another plan changes at the same time.
    pub(in crate::config) fn clashes(&self, other: &Self) -> Option<&Key> {
        let before = |until: Option<Time>, from: Time| until.is_none_or(|until| from < until);
        let overlap = before(self.until, other.from) && before(other.until, self.from);
        let mut keys = self.steps.iter().map(|step| &step.key);
        let taken: Keys = other.steps.iter().map(|step| &step.key).collect();
        keys.find(|key| taken.meets(key)).filter(|_| overlap)
    }
}
