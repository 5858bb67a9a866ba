//! The values of a condition.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// The value of a field, or of a part of an expression.
#[derive(Clone, Debug)]
pub enum Value<'v> {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(Cow<'v, str>),
    /// A list.
    List(Arc<[Value<'v>]>),
    /// Numbers by name. Of a repeated name, the first counts.
    Weights(&'v [(Cow<'v, str>, f64)]),
}

/// A condition has no value: it reads what is not given, or divides by zero, or takes too many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

/// What a condition reads.
pub trait Fields {
    /// Returns the value of the field with that number in its table; `None` if it is not given.
    fn get(&self, field: usize) -> Option<Value<'_>>;
}

impl<'v> Value<'v> {
    /// Creates a text.
    #[must_use]
    pub fn text(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Creates a list of texts.
    pub fn texts<'t: 'v>(texts: impl Iterator<Item = &'t str>) -> Self {
        Self::List(texts.map(Value::text).collect())
    }

    /// Returns the truth of a truth value.
    pub(super) fn truth(&self) -> Result<bool, Undecided> {
        if let Self::Bool(truth) = self {
            return Ok(*truth);
        }
        Err(Undecided)
    }

    /// Returns the text of a text.
    pub(super) fn as_text(&self) -> Result<&str, Undecided> {
        if let Self::Text(text) = self {
            return Ok(text);
        }
        Err(Undecided)
    }

    /// Returns the order of two values; `None` if they have none.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Int(one), Self::Double(other)) => float(*one).partial_cmp(other),
            (Self::Double(one), Self::Int(other)) => one.partial_cmp(&float(*other)),
            (Self::Double(one), Self::Double(other)) => one.partial_cmp(other),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    /// Returns whether two values are equal; values of different kinds are not.
    pub(super) fn equals(&self, other: &Self) -> bool {
        if let (Self::List(one), Self::List(other)) = (self, other) {
            let same = |(one, other): (&Self, &Self)| one.equals(other);
            return one.len() == other.len() && one.iter().zip(other.iter()).all(same);
        }
        self.order(other) == Some(Ordering::Equal)
    }
}

/// Returns the number that a map gives a name.
pub(super) fn weight(map: &[(Cow<'_, str>, f64)], name: &str) -> Option<f64> {
    let found = map.iter().find(|(known, _)| known == name);
    found.map(|(_, weight)| *weight)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers beyond 2^53 compare to about 16 digits"
)]
pub(super) fn float(whole: i64) -> f64 {
    whole as f64
}
