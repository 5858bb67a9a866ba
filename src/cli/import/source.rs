//! Opens a file. Its first bytes show the compression, its name or an option the format.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use clap::ValueEnum;
use flate2::bufread::GzDecoder;

/// The separator of `.csv` files.
pub const COMMA: u8 = b',';

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Bytes read at once.
const BYTES: usize = 1 << 16;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Rows of columns with commas between them
    #[value(name = "csv")]
    Commas,
    /// Rows of columns with tabs between them
    #[value(name = "tsv")]
    Tabs,
    /// One JSON object per line
    #[value(name = "ndjson")]
    Lines,
    /// A list of JSON objects, or one object after another
    #[value(name = "json")]
    Json,
    /// Columns in groups of rows; its rows are read as objects
    #[value(name = "parquet")]
    Parquet,
}

impl Shape {
    /// Returns the separator of the columns of a table.
    pub(super) const fn separator(self) -> Option<u8> {
        match self {
            Self::Commas => Some(COMMA),
            Self::Tabs => Some(b'\t'),
            Self::Lines | Self::Json | Self::Parquet => None,
        }
    }

    /// Returns the format of a file of this format that looks like another: a list may have a name for lines, and a Parquet file any.
    pub(super) fn or_list(self, looks: Self) -> Self {
        match (self, looks) {
            (Self::Lines, Self::Json) => Self::Json,
            (_, Self::Parquet) => Self::Parquet,
            (named, _) => named,
        }
    }

    /// Returns the format of a text by its first byte.
    fn of(text: &[u8]) -> Self {
        if text.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        match bare.trim_ascii_start().first() {
            Some(b'{') => Self::Lines,
            Some(b'[') => Self::Json,
            _ => Self::Commas,
        }
    }
}

/// Returns the shape of a file by its name: `.ndjson` and `.jsonl` are lines, `.csv`, `.tsv`, `.txt` and `.inter` are
/// tables, `.json` is a list, each optionally with `.gz` or `.zst`.
#[must_use]
pub fn shape(path: &Path) -> Option<Shape> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let bare = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    match bare.rsplit_once('.')?.1 {
        "ndjson" | "jsonl" => Some(Shape::Lines),
        "json" => Some(Shape::Json),
        "parquet" => Some(Shape::Parquet),
        "csv" => Some(Shape::Commas),
        "tsv" | "txt" | "inter" => Some(Shape::Tabs),
        _ => None,
    }
}

/// Returns true for the name that stands for standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

/// A file that is open for reading, decompressed.
pub struct Opened<'w> {
    /// The bytes.
    pub bytes: Box<dyn BufRead + 'w>,
    /// The format that the first bytes look like.
    pub(super) looks: Shape,
}

/// Opens a file, or standard input for `-`, and decompresses it. `watch` wraps the reader of the compressed bytes, for a progress bar.
///
/// # Errors
/// If the file cannot be opened, or is a container or a table of another program.
pub fn open<'w, R: Read + 'w>(
    path: &Path,
    watch: impl FnOnce(Box<dyn Read>) -> R,
) -> io::Result<Opened<'w>> {
    let file: Box<dyn Read> = if is_standard_input(path) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let mut file = BufReader::with_capacity(BYTES, watch(file));
    let first = first(&mut file)?;
    let mut bytes: Box<dyn BufRead + 'w> = match first {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(BYTES, Gzip::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(BufReader::with_capacity(
            BYTES,
            zstd::Decoder::with_buffer(file)?,
        )),
        _ => Box::new(file),
    };
    let first = bytes.fill_buf()?;
    if let Some(program) = foreign(first) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, program));
    }
    let looks = Shape::of(first);
    if looks != Shape::Parquet && has_only_returns(first) {
        bytes = Box::new(BufReader::with_capacity(BYTES, Returns(bytes)));
    }
    Ok(Opened { bytes, looks })
}

/// Returns the first bytes of a file, without passing them.
fn first<R: Read>(file: &mut BufReader<R>) -> io::Result<&[u8]> {
    file.fill_buf()
}

/// Returns what to do with a file that is neither a text nor compressed in a way that is read here.
fn foreign(first: &[u8]) -> Option<&'static str> {
    match first {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            Some("this is a zip file or an Excel workbook; unpack it, or save the sheet as CSV")
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("this is an Excel workbook; save the sheet as CSV"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => {
            Some("this is a bzip2 file; unpack it, or pack it as .gz or .zst")
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            Some("this is an xz file; unpack it, or pack it as .gz or .zst")
        }
        _ => None,
    }
}

/// Returns true if lines end with a carriage return alone, as those of old Macintosh programs.
fn has_only_returns(first: &[u8]) -> bool {
    // In UTF-16 a byte is no character.
    memchr::memchr(b'\r', first).is_some() && memchr::memchr2(b'\n', 0, first).is_none()
}

/// A text whose lines end with a carriage return alone, read as one with line feeds.
struct Returns<R>(R);

impl<R: Read> Read for Returns<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(bytes)?;
        let read = &mut bytes[..count];
        read.iter_mut()
            .filter(|byte| **byte == b'\r')
            .for_each(|byte| *byte = b'\n');
        Ok(count)
    }
}

/// A gzip file of several members. A cut end is named, and bytes of zero after the last member, as of tapes, are skipped.
struct Gzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Gzip<R> {
    fn new(file: R) -> Self {
        Self(Some(GzDecoder::new(file)))
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(bytes).map_err(cut_short)?;
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            self.0 = match self.0.take() {
                Some(member) => next_member(member.into_inner())?.map(GzDecoder::new),
                None => None,
            };
        }
        Ok(0)
    }
}

/// Returns the file at its next member, if there is one.
fn next_member<R: BufRead>(mut file: R) -> io::Result<Option<R>> {
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            return Ok(Some(file));
        }
        file.consume(zeros);
    }
}

fn cut_short(fault: io::Error) -> io::Error {
    if fault.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(fault.kind(), "the gzip file is cut short");
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_shape_follows_from_the_name() {
        for (name, expected) in [
            ("a.ndjson", Some(Shape::Lines)),
            ("a.b.JSONL.gz", Some(Shape::Lines)),
            ("a.csv.zst", Some(Shape::Commas)),
            ("a.csv", Some(Shape::Commas)),
            ("a.TSV.gz", Some(Shape::Tabs)),
            ("a.txt", Some(Shape::Tabs)),
            ("a.inter", Some(Shape::Tabs)),
            ("a.json", Some(Shape::Json)),
            ("a.xml", None),
            ("csv", None),
            ("a.csv.gz.zst", None),
        ] {
            assert_eq!(shape(Path::new(name)), expected, "{name}");
        }
    }

    fn read(name: &str, bytes: &[u8]) -> io::Result<(Vec<u8>, Shape)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut opened = open(&path, |file| file)?;
        let mut read = Vec::new();
        opened.bytes.read_to_end(&mut read)?;
        Ok((read, opened.looks))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn compressed_files_read_as_plain_ones() {
        let plain = b"one\ntwo\n";
        let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let members = [gzip(b"one\n"), gzip(b"two\n")].concat();
        for (name, bytes) in [
            ("a.csv", plain.to_vec()),
            ("a.csv.gz", members.clone()),
            ("zeros.csv.gz", [members.clone(), vec![0; 700]].concat()),
            ("returns.csv", b"one\rtwo\r".to_vec()),
            ("returns.csv.gz", gzip(b"one\rtwo\r")),
            ("named-plain.csv", members),
            ("named-gz.csv.gz", plain.to_vec()),
            ("a.csv.zst", [zst(b"one\n"), zst(b"two\n")].concat()),
        ] {
            let (read, _) = read(name, &bytes).unwrap();
            assert_eq!(read, plain, "{name}");
        }
    }

    #[test]
    fn files_that_are_not_read_say_so() {
        for (bytes, expected) in [
            (&b"PK\x03\x04x"[..], "zip file"),
            (b"\xd0\xcf\x11\xe0x", "Excel workbook"),
            (b"BZh91AY", "bzip2"),
            (&gzip(&[b'x'; 5_000])[..20], "cut short"),
        ] {
            let fault = read("a.csv", bytes).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn the_first_bytes_show_the_format() {
        for (text, expected) in [
            (" \n{\"a\":1}", Shape::Lines),
            ("\u{feff}[{}]", Shape::Json),
            ("PAR1x", Shape::Parquet),
            ("a,b\n", Shape::Commas),
            ("", Shape::Commas),
        ] {
            assert_eq!(Shape::of(text.as_bytes()), expected, "{text:?}");
        }
    }
}
