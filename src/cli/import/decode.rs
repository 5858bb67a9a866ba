//! Decodes the text of a table to UTF-8.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// Bytes decoded at once.
const BYTES: usize = 1 << 15;

/// A text in any encoding, read as UTF-8.
pub(super) enum Decoded<R> {
    /// UTF-8 already; the rows are checked when they are read.
    Plain(Source<R>),
    Coded(Box<Coded<R>>),
}

/// The first bytes, which were read to find a byte-order mark, and the others.
type Source<R> = Chain<Cursor<Vec<u8>>, R>;

pub(super) struct Coded<R> {
    file: Source<R>,
    decoder: Decoder,
    /// Bytes read and not yet decoded.
    input: Vec<u8>,
    /// Decoded bytes, of which `given` were returned.
    output: Vec<u8>,
    given: usize,
    /// Number of bytes decoded, and of lines in them.
    bytes: usize,
    line: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Opens a text; without an encoding, its byte-order mark decides.
    pub(super) fn new(mut file: R, encoding: Option<&'static Encoding>) -> io::Result<Self> {
        let mut first = Vec::new();
        file.by_ref().take(3).read_to_end(&mut first)?;
        let encoding = encoding
            .unwrap_or_else(|| Encoding::for_bom(&first).map_or(UTF_8, |(encoding, _)| encoding));
        let file = Cursor::new(first).chain(file);
        if encoding == UTF_8 {
            return Ok(Self::Plain(file));
        }
        Ok(Self::Coded(Box::new(Coded {
            file,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: Vec::new(),
            output: Vec::new(),
            given: 0,
            bytes: 0,
            line: 1,
            ended: false,
        })))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(bytes),
            Self::Coded(coded) => coded.read(bytes),
        }
    }
}

impl<R: Read> Coded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.ended {
            self.decode()?;
        }
        let mut ready = &self.output[self.given..];
        let count = ready.read(bytes)?;
        self.given += count;
        Ok(count)
    }

    /// Decodes the next bytes.
    fn decode(&mut self) -> io::Result<()> {
        if self.input.is_empty() {
            let mut next = self.file.by_ref().take(BYTES as u64);
            next.read_to_end(&mut self.input)?;
        }
        let last = self.input.is_empty();
        let capacity = self
            .decoder
            .max_utf8_buffer_length_without_replacement(self.input.len())
            .unwrap_or(4 * BYTES);
        self.output.resize(capacity, 0);
        let (result, read, written) =
            self.decoder
                .decode_to_utf8_without_replacement(&self.input, &mut self.output, last);
        self.output.truncate(written);
        self.given = 0;
        self.input.drain(..read);
        self.bytes += read;
        self.line += memchr::memchr_iter(b'\n', &self.output).count();
        match result {
            DecoderResult::InputEmpty => self.ended = last,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                let byte = self.bytes + 1 - usize::from(length) - usize::from(after);
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "line {}, byte {byte} of the file: not {}; set encoding in [file] of the map",
                        self.line,
                        self.decoder.encoding().name()
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], label: &str) -> Result<String, String> {
        let encoding = Encoding::for_label(label.as_bytes());
        let mut text = String::new();
        let mut file = Decoded::new(bytes, encoding).map_err(|fault| fault.to_string())?;
        let read = file.read_to_string(&mut text);
        read.map(|_| text).map_err(|fault| fault.to_string())
    }

    #[test]
    fn encodings_are_decoded() {
        let utf16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for (bytes, label, expected) in [
            (&b"\xb2\xa3\xc4\xf2\xcb\xe1,1\n"[..], "gbk", "玻尿酸,1\n"),
            (b"\xb2\xa3", "gb18030", "玻"),
            (b"caf\xe9", "latin1", "café"),
            (&utf16("\u{feff}a,玻\n"), "auto", "a,玻\n"),
            (&utf16("a\n"), "utf-16le", "a\n"),
            ("玻".as_bytes(), "auto", "玻"),
            (b"", "gbk", ""),
            (b"a", "auto", "a"),
        ] {
            assert_eq!(decoded(bytes, label).as_deref(), Ok(expected), "{label}");
        }
        let long = "玻尿酸,1\n".repeat(40_000);
        let (packed, ..) = encoding_rs::GBK.encode(&long);
        assert_eq!(decoded(&packed, "gbk").unwrap(), long);
    }

    #[test]
    fn a_fault_names_its_line_and_byte() {
        for (bytes, label, expected) in [
            (
                &b"a\nb\n\xb2\xa3\xff\n"[..],
                "gbk",
                "line 3, byte 7 of the file: not GBK",
            ),
            (b"a\n\xb2", "gbk", "line 2, byte 3 of the file: not GBK"),
        ] {
            let fault = decoded(bytes, label).unwrap_err();
            assert!(fault.starts_with(expected), "{fault}");
        }
    }
}
