//! Raw pieces of a JSON text: types, members, elements, nesting.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Returns the nesting depth of the arrays and objects in a JSON text.
pub(super) fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else {
            match byte {
                b'"' => quoted = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// The type of a raw JSON value, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Flag,
    Number,
    Text,
    List,
    Object,
}

pub(super) fn kind(raw: &RawValue) -> Kind {
    match raw.get().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::List,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Flag,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// Calls a function for each member of an object.
struct Members<F>(F);

impl<'de, F: FnMut(String, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, raw)) = map.next_entry()? {
            (self.0)(name, raw);
        }
        Ok(())
    }
}

/// Calls `each` for each member of an object; stops and returns `false` at a name that is not Unicode.
pub(super) fn members<'a>(raw: &'a RawValue, each: impl FnMut(String, &'a RawValue)) -> bool {
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_map(Members(each))
        .is_ok()
}

/// Calls a function for each element of a list, with its index.
struct Elements<F>(F);

impl<'de, F: FnMut(usize, &'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<usize, A::Error> {
        let mut place = 0;
        while let Some(raw) = list.next_element()? {
            (self.0)(place, raw);
            place += 1;
        }
        Ok(place)
    }
}

/// Calls `each` for each element of a list and returns their number; `None` if the text is not a list.
pub fn elements<'a>(text: &'a str, each: impl FnMut(usize, &'a RawValue)) -> Option<usize> {
    serde_json::Deserializer::from_str(text)
        .deserialize_seq(Elements(each))
        .ok()
}
