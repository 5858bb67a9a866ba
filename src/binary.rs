//! Binary encoding of state: postcard, whose format is published and stable.

use serde::Serialize;

/// Appends the encoding of a value.
pub fn append<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    // Encoding fails only if the buffer is full, which a vector never is, or for a sequence of unknown length, which no stored type has.
    if let Ok(longer) = postcard::to_extend(value, std::mem::take(bytes)) {
        *bytes = longer;
    }
}
