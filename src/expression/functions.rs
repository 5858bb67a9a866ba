//! The functions of conditions.

use super::signature::Signature;
use super::types::Type;
use super::value::{Undecided, Value, float};

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Contains,
    Double,
    EndsWith,
    Int,
    Lower,
    Size,
    StartsWith,
}

/// The name of the test that a field is given, which the rewriting puts in place of `has`.
pub(super) const HAS: &str = "$has";
/// The function whose second argument must be a pattern.
pub(super) const MATCHES: &str = "matches";
/// Maximum number that a whole number may have as a `double`, so that the way back is exact.
const WHOLE: f64 = 9_007_199_254_740_992.0;

use Type::{Any, Bool, Double, Int, Map, Text};

static TABLE: [(Function, Signature); 8] = [
    (
        Function::Abs,
        Signature {
            name: "abs",
            forms: &[(&[Double], Double), (&[Int], Int)],
        },
    ),
    (
        Function::Contains,
        Signature {
            name: "contains",
            forms: &[(&[Text, Text], Bool)],
        },
    ),
    (
        Function::Double,
        Signature {
            name: "double",
            forms: &[(&[Double], Double), (&[Int], Double)],
        },
    ),
    (
        Function::EndsWith,
        Signature {
            name: "endsWith",
            forms: &[(&[Text, Text], Bool)],
        },
    ),
    (
        Function::Int,
        Signature {
            name: "int",
            forms: &[(&[Double], Int), (&[Int], Int)],
        },
    ),
    (
        Function::Lower,
        Signature {
            name: "lower",
            forms: &[(&[Text], Text)],
        },
    ),
    (
        Function::Size,
        Signature {
            name: "size",
            forms: &[(&[Text], Int), (&[Map], Int)],
        },
    ),
    (
        Function::StartsWith,
        Signature {
            name: "startsWith",
            forms: &[(&[Text, Text], Bool)],
        },
    ),
];

/// The signature of [`HAS`].
static HAS_FORM: Signature = Signature {
    name: HAS,
    forms: &[(&[Any], Bool)],
};

/// The signature of [`MATCHES`].
static MATCHES_FORM: Signature = Signature {
    name: MATCHES,
    forms: &[(&[Text, Text], Bool)],
};

/// Returns the signature of a function, those of the rewriting included.
pub(super) fn signature(name: &str) -> Option<&'static Signature> {
    let more = [&HAS_FORM, &MATCHES_FORM];
    let all = TABLE.iter().map(|(_, signature)| signature).chain(more);
    let mut found = all.filter(|signature| signature.name == name);
    found.next()
}

/// Returns the names that a condition may call.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    let loops = ["all", "exists", "exists_one", "filter", "map"];
    let own = TABLE.iter().map(|(_, signature)| signature.name);
    own.chain([MATCHES, "has"]).chain(loops)
}

impl Function {
    /// Returns the function with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = TABLE.iter().find(|(_, signature)| signature.name == name);
        found.map(|(function, _)| *function)
    }

    /// Calls the function.
    pub(super) fn call<'v>(self, args: &[Value<'v>]) -> Result<Value<'v>, Undecided> {
        match (self, args) {
            (Self::Abs | Self::Double | Self::Int, [number]) => self.of_number(number),
            (Self::Lower, [text]) => Ok(Value::Text(text.as_text()?.to_lowercase().into())),
            (Self::Size, [value]) => size(value),
            (Self::Contains, [text, part]) => {
                Ok(Value::Bool(text.as_text()?.contains(part.as_text()?)))
            }
            (Self::EndsWith, [text, part]) => {
                Ok(Value::Bool(text.as_text()?.ends_with(part.as_text()?)))
            }
            (Self::StartsWith, [text, part]) => {
                Ok(Value::Bool(text.as_text()?.starts_with(part.as_text()?)))
            }
            _ => Err(Undecided),
        }
    }

    fn of_number<'v>(self, number: &Value<'v>) -> Result<Value<'v>, Undecided> {
        match (self, number) {
            (Self::Abs, Value::Double(number)) => Ok(Value::Double(number.abs())),
            (Self::Abs, Value::Int(whole)) => whole.checked_abs().map(Value::Int).ok_or(Undecided),
            (Self::Double, Value::Double(number)) => Ok(Value::Double(*number)),
            (Self::Double, Value::Int(whole)) => Ok(Value::Double(float(*whole))),
            (Self::Int, Value::Double(number)) => truncated(*number).map(Value::Int),
            (Self::Int, Value::Int(whole)) => Ok(Value::Int(*whole)),
            _ => Err(Undecided),
        }
    }
}

/// Returns the whole part of a number.
fn truncated(number: f64) -> Result<i64, Undecided> {
    if number.is_nan() || number.abs() > WHOLE {
        return Err(Undecided);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is small enough"
    )]
    Ok(number as i64)
}

/// Returns the number of characters of a text, of elements of a list, or of names of a map.
fn size<'v>(value: &Value<'_>) -> Result<Value<'v>, Undecided> {
    let size = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(list) => list.len(),
        Value::Weights(map) => map.len(),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) => return Err(Undecided),
    };
    i64::try_from(size).map(Value::Int).map_err(|_| Undecided)
}
