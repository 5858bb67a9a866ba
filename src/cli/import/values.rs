//! The values of a file of JSON: the elements of a list, or one value after another.

use std::io::BufRead;

use super::rows::{Line, ReadError};

/// Maximum bytes of a value.
const VALUE_BYTES: usize = 16 << 20;

/// Returns each value as one line, with the line of the file on which it begins. The list may be the whole file.
pub fn values<R: BufRead>(file: R) -> impl Iterator<Item = Result<Line, ReadError>> {
    let mut values = Values {
        file,
        line: 1,
        begun: false,
        list: None,
        ended: false,
    };
    std::iter::from_fn(move || values.next())
}

struct Values<R> {
    file: R,
    line: u64,
    /// True after the first byte that is not blank.
    begun: bool,
    /// True inside the list, false after it; `None` if the values follow one another.
    list: Option<bool>,
    ended: bool,
}

/// The place within a value.
#[derive(Default)]
struct Place {
    depth: usize,
    text: bool,
    escaped: bool,
}

impl Place {
    /// Passes a byte. Returns true if the value ends with it.
    const fn pass(&mut self, byte: u8) -> bool {
        if self.text {
            let ends = byte == b'"' && !self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            self.text = !ends;
            return ends && self.depth == 0;
        }
        match byte {
            b'"' => self.text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

impl<R: BufRead> Values<R> {
    fn next(&mut self) -> Option<Result<Line, ReadError>> {
        if self.ended {
            return None;
        }
        let read = self.value();
        self.ended = matches!(read, Ok(None) | Err(_));
        read.transpose()
    }

    /// Reads the next value.
    fn value(&mut self) -> Result<Option<Line>, ReadError> {
        let Some(first) = self.first()? else {
            return match self.list {
                Some(true) => Err(self.fault("the list is cut short")),
                _ => Ok(None),
            };
        };
        if self.list == Some(false) {
            return Err(self.fault("something follows the list"));
        }
        let (number, mut json, mut place) = (self.line, Vec::new(), Place::default());
        if !matches!(first, b'{' | b'[' | b'"') {
            return self.scalar(number).map(Some);
        }
        loop {
            let bytes = self.file.fill_buf().map_err(|fault| at(number, fault))?;
            if bytes.is_empty() {
                return Err(at(number, "the value that begins there is cut short"));
            }
            let end = bytes.iter().position(|byte| place.pass(*byte));
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.line += breaks(&bytes[..taken]);
            json.extend(bytes[..taken].iter().map(|byte| one_line(*byte)));
            self.file.consume(taken);
            if end.is_some() {
                return Ok(Some(Line { number, json }));
            }
            if json.len() > VALUE_BYTES {
                return Err(at(
                    number,
                    "the value that begins there is longer than 16 MiB",
                ));
            }
        }
    }

    /// Reads a number or a word up to the next blank, comma or bracket.
    fn scalar(&mut self, number: u64) -> Result<Line, ReadError> {
        let mut json = Vec::new();
        while let Some(byte) = self.peek()? {
            if byte.is_ascii_whitespace()
                || matches!(byte, b',' | b']' | b'[' | b'{')
                || json.len() > VALUE_BYTES
            {
                break;
            }
            json.push(byte);
            self.file.consume(1);
        }
        if json.is_empty() {
            return Err(at(number, "a value is missing"));
        }
        Ok(Line { number, json })
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        let line = self.line;
        let bytes = self.file.fill_buf().map_err(|fault| at(line, fault))?;
        Ok(bytes.first().copied())
    }

    /// Returns the first byte of the next value, without passing it.
    fn first(&mut self) -> Result<Option<u8>, ReadError> {
        while let Some(byte) = self.peek()? {
            let opens = byte == b'[' && !self.begun;
            let closes = byte == b']' && self.list == Some(true);
            let blank = byte.is_ascii_whitespace() || (byte == b',' && self.list == Some(true));
            let mark = !self.begun && matches!(byte, 0xef | 0xbb | 0xbf);
            if !opens && !closes && !blank && !mark {
                self.begun = true;
                return Ok(Some(byte));
            }
            self.begun |= opens;
            if opens || closes {
                self.list = Some(opens);
            }
            self.line += u64::from(byte == b'\n');
            self.file.consume(1);
        }
        Ok(None)
    }

    fn fault(&self, message: &str) -> ReadError {
        at(self.line, message)
    }
}

fn at(line: u64, message: impl std::fmt::Display) -> ReadError {
    ReadError::File(format!("line {line}: {message}"))
}

fn breaks(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Returns a byte without line breaks, which JSON allows between values only.
const fn one_line(byte: u8) -> u8 {
    match byte {
        b'\n' | b'\r' => b' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn read(text: &str, at_once: usize) -> Result<Vec<(u64, String)>, String> {
        values(BufReader::with_capacity(at_once, text.as_bytes()))
            .map(|read| {
                let line = read.map_err(|fault| fault.to_string())?;
                Ok((line.number, String::from_utf8(line.json).unwrap()))
            })
            .collect()
    }

    #[test]
    fn values_are_split() {
        let value = |line, json: &str| (line, json.to_owned());
        for (text, expected) in [
            ("[]", vec![]),
            (
                " \n [\n{\"a\":\n[1,2]},\n{\"b\":\"]}\\\"[\"}\n]\n",
                vec![value(3, "{\"a\": [1,2]}"), value(5, "{\"b\":\"]}\\\"[\"}")],
            ),
            (
                "\u{feff}{\"a\":1}\n{\"a\":2} {\"a\":3}",
                vec![
                    value(1, "{\"a\":1}"),
                    value(2, "{\"a\":2}"),
                    value(2, "{\"a\":3}"),
                ],
            ),
            (
                "[1, \"x\", null]",
                vec![value(1, "1"), value(1, "\"x\""), value(1, "null")],
            ),
            ("[[1],[2]]", vec![value(1, "[1]"), value(1, "[2]")]),
        ] {
            for at_once in [1, 3, 1_000] {
                assert_eq!(read(text, at_once), Ok(expected.clone()), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_value_is_one_line() {
        let read = read("[{}}]", 100).unwrap();
        assert_eq!(read[1], (1, "}".to_owned()));
    }

    #[test]
    fn a_cut_file_is_a_fault() {
        for (text, expected) in [
            (
                "[{\"a\":1},\n{\"a\":",
                "line 2: the value that begins there is cut short",
            ),
            ("[{\"a\":1},\n", "line 2: the list is cut short"),
            ("[{}]\n{}", "line 2: something follows the list"),
        ] {
            let fault = read(text, 100).unwrap_err();
            assert!(fault.starts_with(expected), "{text}: {fault}");
        }
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn any_list_is_split_into_its_values(texts in prop::collection::vec("\\PC{0,12}", 0..6), at_once in 1_usize..64) {
            let list: Vec<_> = texts.iter().map(|text| serde_json::json!({"t": text, "l": [text]})).collect();
            for text in [serde_json::to_string(&list).unwrap(), serde_json::to_string_pretty(&list).unwrap()] {
                let read = read(&text, at_once).unwrap();
                let read: Vec<serde_json::Value> = read.iter().map(|(_, json)| serde_json::from_str(json).unwrap()).collect();
                prop_assert_eq!(&read, &list);
            }
        }

        #[test]
        fn no_text_causes_a_panic(text in "[\\[\\]{}\",\\\\a1 \n]{0,40}") {
            let _ = read(&text, 7);
        }
    }
}
