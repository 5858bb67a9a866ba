//! External ids of entities, as clients choose them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::whole::integer;

/// An id: 1 to [`MAX_ID`] bytes without control characters. A JSON integer is accepted as its decimal string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id<'a>(pub Cow<'a, str>);

/// Maximum number of bytes of an id.
pub const MAX_ID: usize = 128;

impl Deref for Id<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Returns whether a text is a valid id.
#[inline]
#[must_use]
pub fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let odd = match bytes.last_chunk() {
        Some(last) => bytes
            .as_chunks()
            .0
            .iter()
            .fold(oddities(*last), |odd, word| odd | oddities(*word)),
        None => bytes.iter().fold(0, |odd, &byte| odd | oddities([byte; 8])),
    };
    (1..=MAX_ID).contains(&bytes.len()) && (odd == 0 || !text.contains(char::is_control))
}

/// Returns a number that isn't 0 if one of eight bytes may be a control character or part of one: below a space, above a tilde.
#[inline(always)]
fn oddities(bytes: [u8; 8]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    let below_space = word.wrapping_sub(EACH * 0x20);
    let delete = (word & (EACH * 0x7f)).wrapping_add(EACH);
    (below_space | delete | word) & (EACH * 0x80)
}

pub(super) struct IdVisitor;

impl<'de> Visitor<'de> for IdVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        if is_id(text) {
            Ok(Cow::Borrowed(text))
        } else {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if is_id(text) {
            Ok(Cow::Owned(text.to_owned()))
        } else {
            Err(E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        match integer(number) {
            Some(integer) => Ok(Cow::Owned(integer.to_string())),
            None => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor).map(Id)
    }
}

/// Returns the text of an id given as JSON; `None` if it isn't a valid id.
#[must_use]
pub fn id_text(given: &serde_json::Value) -> Option<String> {
    let id = Id::deserialize(given).ok()?;
    Some(id.0.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn an_id_has_no_control_character(text in "[ -~\\PC\\x00-\\x1f\\x7f\\u{80}-\\u{a0}]{0,140}", odd in any::<char>(), at in 0usize..40) {
            let mut with_odd: Vec<char> = text.chars().filter(|each| !each.is_control()).collect();
            with_odd.insert(at.min(with_odd.len()), odd);
            for text in [text, with_odd.into_iter().collect()] {
                let expected = (1..=MAX_ID).contains(&text.len()) && !text.chars().any(char::is_control);
                prop_assert_eq!(is_id(&text), expected, "{:?}", text);
            }
        }
    }
}
