//! The value of a field.

use std::borrow::Cow;

use serde::Serialize;

/// A value to write as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Cell<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Integer(i64),
    Bool(bool),
    /// Removes the field, in a patch.
    Null,
}
