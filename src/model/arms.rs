//! The arms of experiments that a request names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::id::Id;
use super::read::bounded;
use super::vocabulary::Vocabulary;

/// Names of arms by the names of their experiments, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arms<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Arms<'_> {
    /// Returns whether every arm is known, and at most one experiment of a layer is named.
    pub(super) fn hold(&self, vocabulary: &Vocabulary) -> bool {
        let mut layers = BTreeSet::new();
        self.0.iter().all(|(name, arm)| {
            let known = vocabulary.experiment(name);
            known.is_some_and(|it| layers.insert(&it.layer) && it.has(arm))
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Arms<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ArmsVisitor)
    }
}

struct ArmsVisitor;

impl<'de> Visitor<'de> for ArmsVisitor {
    type Value = Arms<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names of arms")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut arms = Vec::new();
        while let Some((name, arm)) = map.next_entry::<Id<'de>, Id<'de>>()? {
            arms.push((name.0, arm.0));
            bounded(arms.len())?;
        }
        Ok(Arms(arms))
    }
}
