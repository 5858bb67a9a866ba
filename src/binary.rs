//! How state is written in binary: by postcard, whose format is published and stable.

use serde::Serialize;

/// Appends a value.
pub fn append<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    // Fails only where there is no room, and a vector makes room, or for a sequence of unknown length, of which there are none here.
    if let Ok(longer) = postcard::to_extend(value, std::mem::take(bytes)) {
        *bytes = longer;
    }
}
