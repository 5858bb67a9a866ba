//! Writes JSON piece by piece, for the texts that every ranking may write: a general serializer takes several times as long.

use crate::number::wide;

/// Writes a string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing text to a vector does not fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Returns whether nothing of a text is escaped. Most texts are short ids, for which eight bytes at a time are faster than a vector.
fn is_plain(text: &[u8]) -> bool {
    const EACH: u64 = u64::MAX / 0xff;
    // The highest bit of a byte is set if it is below `least`; of a byte after such a one it may be.
    let below = |word: u64, least: u64| word.wrapping_sub(EACH * least) & !word;
    let escapes = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let equals = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
        (below(word, 0x20) | equals(b'"') | equals(b'\\')) & (EACH << 7) != 0
    };
    match text.last_chunk() {
        // The last eight bytes may overlap the ones before.
        Some(last) => !escapes(last) && !text.as_chunks().0.iter().any(escapes),
        None => text
            .iter()
            .all(|byte| *byte >= 0x20 && !b"\"\\".contains(byte)),
    }
}

/// Writes a key, given with the signs around it, and a string.
pub fn member(out: &mut Vec<u8>, key: &str, text: &str) {
    out.extend_from_slice(key.as_bytes());
    string(out, text);
}

/// Writes a key and a whole number.
pub fn whole(out: &mut Vec<u8>, key: &str, number: u64) {
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a key and a count.
pub fn count(out: &mut Vec<u8>, key: &str, count: usize) {
    whole(out, key, wide(count));
}

/// Writes a key and an array.
pub fn list<T>(
    out: &mut Vec<u8>,
    key: &str,
    elements: impl IntoIterator<Item = T>,
    each: impl Fn(&mut Vec<u8>, T),
) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        each(out, element);
    }
    out.push(b']');
}

/// Writes a key and an array of strings. Nearly always nothing of them is escaped: they are written as they are, and checked together.
pub fn strings<T: AsRef<str>>(out: &mut Vec<u8>, key: &str, texts: &[T]) {
    out.extend_from_slice(key.as_bytes());
    let start = out.len();
    let mut before = "[\"";
    for text in texts {
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(text.as_ref().as_bytes());
        before = "\",\"";
    }
    out.extend_from_slice(b"\"]");
    let written = out.get(start..).unwrap_or_default();
    let is_odd = |byte: &u8| (*byte < 0x20) | (*byte == b'\\');
    // Without an early exit, the loop is vectorised.
    let is_odd = written.iter().fold(false, |odd, it| odd | is_odd(it));
    let quotes = memchr::memchr_iter(b'"', written).count();
    if is_odd || texts.is_empty() || quotes != 2 * texts.len() {
        out.truncate(start);
        list(out, "", texts, |out, text| string(out, text.as_ref()));
    }
}

/// Writes a key and an object, from the names and values of its members.
pub fn object<N: AsRef<str>, T>(
    out: &mut Vec<u8>,
    key: &str,
    members: impl IntoIterator<Item = (N, T)>,
    each: impl Fn(&mut Vec<u8>, T),
) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        member(out, if index > 0 { "," } else { "" }, name.as_ref());
        out.push(b':');
        each(out, value);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_escaped_as_it_must_be() {
        for length in 0..20 {
            for place in 0..length {
                for letter in (0..=0x2ff).filter_map(char::from_u32) {
                    let mut letters = vec!['a'; length];
                    letters[place] = letter;
                    let text: String = letters.into_iter().collect();
                    let mut out = Vec::new();
                    string(&mut out, &text);
                    assert_eq!(out, serde_json::to_vec(&text).unwrap(), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_piece_is_json() {
        let mut out = Vec::new();
        let names = ["plain", "店", "\"\\\n\u{1}"];
        list(&mut out, "{\"names\":", names, string);
        strings(&mut out, ",\"again\":", &names);
        strings(&mut out, ",\"plain\":", &["a", "店", ""]);
        strings(&mut out, ",\"quoted\":", &["a\"b", "c"]);
        strings(&mut out, ",\"nothing\":", &[""; 0]);
        count(&mut out, ",\"count\":", 7);
        let members = names.iter().zip([1, 2, 3]);
        object(&mut out, ",\"members\":", members, |out, number| {
            whole(out, "", number);
        });
        object(&mut out, ",\"none\":", [("", ""); 0], string);
        out.push(b'}');
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let right = serde_json::json!({
            "names": names, "again": names, "plain": ["a", "店", ""], "quoted": ["a\"b", "c"], "nothing": [], "count": 7, "members": {"plain": 1, "店": 2, "\"\\\n\u{1}": 3}, "none": {},
        });
        assert_eq!(read, right);
    }
}
