//! The fast, strict way from JSON text to the types of the model; borrowed from the text where it can be.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::value::RawValue;

use super::fact::{MAX_TAG_WEIGHT, MAX_TEXT};
use super::id::{Id, IdVisitor};
use super::whole::integer;
use super::{Candidates, EventKind, ItemKind, Tags};
use crate::clock::Time;
use crate::number::narrow;

/// The most elements that a list of candidates or tags is read to, whatever the limits say: a bound on memory.
pub const MAX_LIST: usize = 1_000_000;

/// Candidates for which room is made before the first is read.
const USUAL_LIST: usize = 4_096;

/// Refuses to read a list any further that is longer than [`MAX_LIST`].
#[inline]
fn bounded<E: Error>(length: usize) -> Result<(), E> {
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

/// Reads a name on the wire as the thing it names.
struct NameVisitor<T>(fn(&str) -> Option<T>);

impl<T> Visitor<'_> for NameVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a known name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        (self.0)(name).ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}

/// The value that stands in `all` where `name` stands in `names`.
fn named<T: Copy>(all: &[T], names: &[&str], name: &str) -> Option<T> {
    let place = names.iter().position(|known| *known == name)?;
    all.get(place).copied()
}

// By hand, because the derived ways also take `{"view": null}` for `"view"`.
impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor(|name| named(&Self::ALL, &Self::NAMES, name)))
    }
}

impl<'de> Deserialize<'de> for ItemKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor(|name| named(&Self::ALL, &Self::NAMES, name)))
    }
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

/// Reads an object or null. The derived readers alone would also take a list of the fields' values.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// Reads a whole text that must be one object; `None` where it is anything else.
pub(super) fn whole<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let first = text.bytes().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(b'{'))
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// A batch, its requests not yet read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch<'a> {
    #[serde(borrow)]
    pub(super) requests: Pieces<'a>,
}

/// The raw elements of a list.
pub(super) struct Pieces<'a>(pub(super) Vec<&'a RawValue>);

struct PiecesVisitor;

impl<'de> Visitor<'de> for PiecesVisitor {
    type Value = Pieces<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut pieces = Vec::new();
        while let Some(piece) = list.next_element()? {
            pieces.push(piece);
            bounded(pieces.len())?;
        }
        Ok(Pieces(pieces))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pieces<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PiecesVisitor)
    }
}

/// Checks a title or a name without keeping it: what was declared is kept as text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    match text {
        Some(text) if text.len() > MAX_TEXT => {
            Err(D::Error::invalid_length(text.len(), &"a shorter text"))
        }
        text => Ok(text.map(|_| ())),
    }
}

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

impl<'de: 'a, 'a> Deserialize<'de> for Candidates<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CandidatesVisitor)
    }
}

struct CandidatesVisitor;

impl<'de> Visitor<'de> for CandidatesVisitor {
    type Value = Candidates<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of candidates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut candidates = Candidates {
            ids: Vec::with_capacity(USUAL_LIST),
            predictions: Vec::new(),
        };
        while seq
            .next_element_seed(OneCandidate(&mut candidates))?
            .is_some()
        {
            bounded(candidates.ids.len())?;
        }
        Ok(candidates)
    }
}

/// Reads one candidate, an id or an object, to the end of the list.
struct OneCandidate<'c, 'a>(&'c mut Candidates<'a>);

impl<'de> DeserializeSeed<'de> for OneCandidate<'_, 'de> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneCandidate<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, or an object with an id")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.0.ids.push(IdVisitor.visit_borrowed_str(text)?);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.ids.push(IdVisitor.visit_str(text)?);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.0.ids.push(IdVisitor.visit_u64(number)?);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.0.ids.push(IdVisitor.visit_i64(number)?);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.0.ids.push(IdVisitor.visit_f64(number)?);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let place =
            u32::try_from(self.0.ids.len()).map_err(|_| A::Error::custom("too many candidates"))?;
        let (mut id, mut predictions) = (None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "id" if id.is_none() => id = Some(map.next_value::<Id<'de>>()?),
                "predictions" if predictions.is_none() => {
                    predictions = Some(map.next_value::<Option<Predictions<'de>>>()?)
                }
                other => {
                    map.next_value::<IgnoredAny>()?;
                    return Err(A::Error::custom(format_args!(
                        "unknown or repeated field {other}"
                    )));
                }
            }
        }
        self.0
            .ids
            .push(id.ok_or_else(|| A::Error::missing_field("id"))?.0);
        let predictions = predictions.flatten().unwrap_or(Predictions(Vec::new()));
        self.0.predictions.extend(
            predictions
                .0
                .into_iter()
                .map(|(name, number)| (place, name, number)),
        );
        Ok(())
    }
}

/// A candidate's predictions by name; one that is null is not given.
struct Predictions<'a>(Vec<(Cow<'a, str>, f64)>);

impl<'de: 'a, 'a> Deserialize<'de> for Predictions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PredictionsVisitor)
    }
}

struct PredictionsVisitor;

impl<'de> Visitor<'de> for PredictionsVisitor {
    type Value = Predictions<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("predictions by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut predictions: Vec<(Cow<'de, str>, f64)> = Vec::new();
        while let Some((name, number)) = map.next_entry::<Cow<'de, str>, Option<f64>>()? {
            if predictions.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("a prediction given twice"));
            }
            predictions.extend(number.map(|number| (name, number)));
        }
        Ok(Predictions(predictions))
    }
}
