//! The types of expressions, as far as they are known before values are read.

use std::fmt;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Not known: a column of a file that is not opened yet, or a mixture.
    Any,
    /// A value of JSON. Its numbers are doubles.
    Json,
    /// No value.
    Null,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Double,
    /// A text.
    Text,
    /// Milliseconds since 1970, from `time`.
    Time,
    /// A list.
    List(Box<Self>),
    /// A map from texts to values of any type.
    Map,
    /// A map from names to numbers, such as tags with their weights.
    Weights,
    /// A value that only our functions read, such as the style of numbers.
    Constant,
}

impl Type {
    /// Returns true if the values may have any type.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Any | Self::Json)
    }

    /// Returns true if a value of this type has a sum, difference, product … with another.
    #[must_use]
    pub const fn has(&self, sign: &str) -> bool {
        let adds = sign.len() == 1 && sign.as_bytes()[0] == b'+';
        self.is_open() || self.is_number() || (adds && matches!(self, Self::Text | Self::List(_)))
    }

    /// Returns the type of a part of a map.
    #[must_use]
    pub fn part(&self) -> Self {
        if *self == Self::Json {
            Self::Json
        } else if *self == Self::Weights {
            Self::Double
        } else {
            Self::Any
        }
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Time)
    }

    /// Returns true if a value of this type may be where one of the type `wanted` is.
    #[must_use]
    pub fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any | Self::Json, _)
            | (_, Self::Any | Self::Json)
            | (Self::Weights, Self::Map) => true,
            (Self::List(one), Self::List(other)) => one.fits(other),
            (one, other) => one == other,
        }
    }

    /// Returns true if both can be compared.
    #[must_use]
    pub fn compares(&self, other: &Self) -> bool {
        self.fits(other) || (self.is_number() && other.is_number())
    }

    /// Returns the type of a value that has one of two types.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.or(*other))),
            (Self::Any, Self::List(_)) | (Self::List(_), Self::Any) => {
                Self::List(Box::new(Self::Any))
            }
            _ => Self::Any,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any value",
            Self::Json => "a value of JSON",
            Self::Null => "null",
            Self::Bool => "a truth value",
            Self::Int => "a whole number (int)",
            Self::Double => "a number (double)",
            Self::Text => "a text",
            Self::Time => "a time",
            Self::List(_) => "a list",
            Self::Map => "a map",
            Self::Weights => "a map of numbers",
            Self::Constant => "a constant",
        })
    }
}
