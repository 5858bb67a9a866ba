//! Words of other languages that are no JSON, and what to write instead.

/// Returns what to write instead of the word at a place of a text, if the word is known.
pub(super) fn advice(text: &str, line: usize, column: usize) -> Option<String> {
    let line = text.split('\n').nth(line.checked_sub(1)?)?.as_bytes();
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    // The reader stops at the first byte of a word that it does not know, or within one that begins like a known one.
    let at = [column.checked_sub(1)?, column.saturating_sub(2)];
    let at = at.into_iter().find(|at| {
        line.get(*at)
            .is_some_and(|byte| is_letter(byte) || *byte == b'\'')
    })?;
    let before = line[..at].iter().rev().take_while(|byte| is_letter(byte));
    let start = at - before.count();
    let length = line[at..].iter().take_while(|byte| is_letter(byte)).count();
    let word = std::str::from_utf8(&line[start..at + length]).ok()?;
    match word {
        "" => Some("JSON has texts in double quotes".to_owned()),
        "NaN" | "nan" | "NAN" | "Infinity" | "inf" | "Inf" => Some(format!(
            "JSON has no number {word}; write null, or leave the field out"
        )),
        "None" | "nil" | "undefined" | "NULL" | "Null" | "NA" => Some(format!(
            "JSON has no {word}; write null, or leave the field out"
        )),
        "True" | "TRUE" | "False" | "FALSE" => {
            Some(format!("JSON has {}", word.to_ascii_lowercase()))
        }
        _ => None,
    }
}
