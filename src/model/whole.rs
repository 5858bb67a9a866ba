//! Whole numbers. Many JSON libraries know only floats and send 7.0 for 7, so both forms are accepted.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Returns the integer that a JSON number with a point or an exponent denotes, if 64 bits can hold it. Formatting the number is
/// exact; a cast would not report a loss.
pub(super) fn integer(number: f64) -> Option<i128> {
    let integer: i128 = number.to_string().parse().ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&integer)
        .then_some(integer)
}

/// A whole number, within the range of `T`.
pub(super) struct Whole<T>(pub(super) T);

struct WholeVisitor<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for WholeVisitor<T> {
    type Value = Whole<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let whole = T::try_from(i128::from(number));
        whole
            .map(Whole)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        let whole = integer(number).and_then(|number| T::try_from(number).ok());
        whole
            .map(Whole)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor(PhantomData))
    }
}

/// Reads a whole number, for `deserialize_with`.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    Whole::deserialize(deserializer).map(|Whole(number)| number)
}

/// Reads a whole number or null, for `deserialize_with`.
pub(super) fn whole_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    let whole = Option::<Whole<T>>::deserialize(deserializer)?;
    Ok(whole.map(|Whole(number)| number))
}
