//! The fast, strict readers that several types share. Each stops at the first fault; [`diagnose`](super::diagnose) finds them all.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};

use super::whole::integer;
use crate::clock::Time;

/// Maximum number of bytes of a title or a name.
pub const MAX_TEXT: usize = 4_096;

/// Maximum number of elements of a list under any limits, to bound memory.
pub const MAX_LIST: usize = 1_000_000;

/// Stops reading a list that is longer than [`MAX_LIST`].
#[inline]
pub(super) fn bounded<E: Error>(length: usize) -> Result<(), E> {
    if length > MAX_LIST {
        return Err(E::invalid_length(length, &"a shorter list"));
    }
    Ok(())
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time or epoch milliseconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        Time::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Time, E> {
        Time::from_millis(millis).ok_or_else(|| E::invalid_value(Unexpected::Signed(millis), &self))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Time, E> {
        let time = i64::try_from(millis).ok().and_then(Time::from_millis);
        time.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(millis), &self))
    }

    fn visit_f64<E: Error>(self, millis: f64) -> Result<Time, E> {
        let whole = integer(millis).and_then(|millis| i64::try_from(millis).ok());
        let time = whole.and_then(Time::from_millis);
        time.ok_or_else(|| E::invalid_value(Unexpected::Float(millis), &self))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TimeVisitor)
        } else {
            deserializer.deserialize_i64(TimeVisitor)
        }
    }
}

/// Reads a name as the value that it names.
struct NameVisitor<'n, T> {
    all: &'n [T],
    names: &'n [&'n str],
}

impl<T: Copy> Visitor<'_> for NameVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a known name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        let index = self.names.iter().position(|known| *known == name);
        let value = index.and_then(|index| self.all.get(index)).copied();
        value.ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}

/// Reads one of `names` as the value at the same index of `all`.
///
/// The derived reader of an enum also accepts `{"view": null}` for `"view"`.
pub(super) fn one_of<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    all: &[T],
    names: &[&str],
) -> Result<T, D::Error> {
    deserializer.deserialize_str(NameVisitor { all, names })
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

/// Reads an object or null. The derived readers also accept a list of the fields' values.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// Reads a text that must be one object; `None` if it is anything else.
pub(super) fn whole<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let first = text.bytes().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(b'{'))
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// A text that is borrowed if it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a title.
pub(super) fn title<'de, D>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error>
where
    D: Deserializer<'de>,
{
    match Option::<Text<'de>>::deserialize(deserializer)? {
        Some(Text(text)) if text.len() > MAX_TEXT => {
            Err(D::Error::invalid_length(text.len(), &"a shorter text"))
        }
        text => Ok(text.map(|Text(text)| text)),
    }
}

/// Checks a name without keeping it: the declared JSON is kept as a whole.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    title(deserializer).map(|text| text.map(|_| ()))
}
