//! Declared tags with their weights.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::id::Id;
use super::read::bounded;
use crate::number::narrow;

/// Maximum absolute weight of a declared tag.
pub const MAX_TAG_WEIGHT: f64 = 1e6;

/// Declared tags with their weights, in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags<'a>(pub Vec<(Cow<'a, str>, f32)>);

struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tags with weights, or a list of tags")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut tags = Vec::with_capacity(seq.size_hint().unwrap_or(0));
        while let Some(Id(name)) = seq.next_element()? {
            tags.push((name, 1.0));
            bounded(tags.len())?;
        }
        Ok(Tags(tags))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tags = Vec::with_capacity(map.size_hint().unwrap_or(0));
        while let Some((Id(name), weight)) = map.next_entry::<Id<'de>, f64>()? {
            if weight.is_nan() || weight.abs() > MAX_TAG_WEIGHT {
                return Err(A::Error::invalid_value(
                    Unexpected::Float(weight),
                    &"a smaller weight",
                ));
            }
            tags.push((name, narrow(weight)));
            bounded(tags.len())?;
        }
        Ok(Tags(tags))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}
