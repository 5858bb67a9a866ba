//! The candidates of a rank request.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::id::{Id, IdVisitor};
use super::read::bounded;

/// Candidates for which memory is reserved before the first is read.
const USUAL_LIST: usize = 4_096;

/// Maximum number of declared predictions, so that a candidate with more is rejected before the rest is read.
pub const MAX_PREDICTIONS: usize = 256;

/// The candidates of a request, in the order given, repeats included.
#[derive(Clone, Debug, Default)]
pub struct Candidates<'a> {
    /// Their ids.
    pub ids: Vec<Cow<'a, str>>,
    /// The caller's own numbers: (index of the candidate, name, number).
    pub predictions: Vec<(u32, Cow<'a, str>, f64)>,
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

/// Reads one candidate, an id or an object, and appends it.
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

/// A candidate's predictions, sorted by name; a null counts as not given.
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
            let Err(place) = predictions.binary_search_by(|(known, _)| known.cmp(&name)) else {
                return Err(A::Error::custom("a prediction given twice"));
            };
            if let Some(number) = number {
                predictions.insert(place, (name, number));
            }
            if predictions.len() > MAX_PREDICTIONS {
                return Err(A::Error::custom("more predictions than can be declared"));
            }
        }
        Ok(Predictions(predictions))
    }
}
