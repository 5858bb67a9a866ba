//! The value of a column in one row.

use std::borrow::Cow;

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString,
};
use cel::common::value::Val;
use serde_json::Value as Json;

/// Whole numbers up to here are exact as doubles.
const EXACT: i64 = 1 << 53;

/// The value of a column.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::import) enum Given<'r> {
    Text(&'r str),
    Json(&'r Json),
}

/// The kind of file that a column is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::import) enum Data {
    /// A table of texts.
    Table,
    Json,
}

impl<'r> Given<'r> {
    /// Returns the value for an expression.
    pub(super) fn value(self) -> Box<dyn Val + 'r> {
        match self {
            Self::Text(text) => Box::new(CelString::from(text)),
            Self::Json(json) => value(json),
        }
    }

    /// Returns true for what means not given.
    pub(in crate::cli::import) fn is_empty(self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Json(json) => json.is_null(),
        }
    }

    /// Returns the length of the text, or the number of members at the top.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Json(Json::String(text)) => text.len(),
            Self::Json(Json::Array(list)) => list.len(),
            Self::Json(Json::Object(map)) => map.len(),
            Self::Json(Json::Null | Json::Bool(_) | Json::Number(_)) => 0,
        }
    }
}

/// Returns a value of JSON for an expression. Its numbers are doubles, as CEL says; a whole number that is not exact as one is an int.
fn value<'j>(json: &'j Json) -> Box<dyn Val + 'j> {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(truth) => Box::new(CelBool::from(*truth)),
        Json::String(text) => Box::new(CelString::from(text.as_str())),
        Json::Number(number) => match number
            .as_i64()
            .filter(|whole| whole.unsigned_abs() > EXACT.unsigned_abs())
        {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Json::Array(list) => Box::new(CelList::from(list.iter().map(value).collect::<Vec<_>>())),
        Json::Object(map) => {
            let pairs = map
                .iter()
                .map(|(key, json)| (CelMapKey::from(key.as_str()), value(json)));
            Box::new(CelMap::from(
                pairs.collect::<std::collections::HashMap<_, _>>(),
            ))
        }
    }
}

/// Returns the value at a dotted path: the member of that whole name if there is one, else that of its first part, and so on. Parts
/// that are numbers count the elements of a list from 0.
pub(in crate::cli::import) fn at<'j>(mut json: &'j Json, path: &str) -> Option<&'j Json> {
    let mut rest = path;
    loop {
        if let Some(found) = member(json, rest) {
            return Some(found);
        }
        let (first, others) = rest.split_once('.')?;
        json = member(json, first)?;
        rest = others;
    }
}

fn member<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    match json {
        Json::Object(map) => map.get(name),
        Json::Array(list) => list.get(name.parse::<usize>().ok()?),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

/// Returns the text of a scalar.
pub(in crate::cli::import) fn text(json: &Json) -> Option<Cow<'_, str>> {
    match json {
        Json::Null => Some(Cow::Borrowed("")),
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Bool(_) | Json::Number(_) => Some(Cow::Owned(json.to_string())),
        Json::Array(_) | Json::Object(_) => None,
    }
}
