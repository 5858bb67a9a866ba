//! Opens a file of lines or a table. Its name shows the format and the compression.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// The separator of `.csv` files.
pub const COMMA: u8 = b',';

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One JSON object per line.
    Lines,
    /// Rows of columns.
    Table,
}

/// The compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Returns the shape of a file by its name: `.ndjson` and `.jsonl` are lines, `.csv`, `.tsv`, `.txt` and `.inter` are
/// tables, each optionally with `.gz` or `.zst`.
#[must_use]
pub fn shape(path: &Path) -> Option<Shape> {
    match ending(path)?.as_str() {
        "ndjson" | "jsonl" => Some(Shape::Lines),
        "csv" | "tsv" | "txt" | "inter" => Some(Shape::Table),
        _ => None,
    }
}

/// Returns the separator that the name of a table implies: tabs, but commas for `.csv`.
pub(super) fn separator(path: &Path) -> u8 {
    match ending(path).as_deref() {
        Some("csv") => COMMA,
        _ => b'\t',
    }
}

/// Returns the ending of a name in lower case, without that of the compression.
fn ending(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let bare = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    Some(bare.rsplit_once('.')?.1.to_owned())
}

/// Opens a file and decompresses it. `watch` wraps the reader of the compressed bytes, for a progress bar.
///
/// # Errors
/// If the file cannot be opened.
pub fn open<'w, R: Read + 'w>(
    path: &Path,
    watch: impl FnOnce(File) -> R,
) -> io::Result<Box<dyn BufRead + 'w>> {
    let file = BufReader::with_capacity(1 << 16, watch(File::open(path)?));
    Ok(match compression(path) {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
        Compression::Zstd => Box::new(BufReader::with_capacity(
            1 << 16,
            zstd::Decoder::with_buffer(file)?,
        )),
    })
}

fn compression(path: &Path) -> Compression {
    match path.extension().and_then(|end| end.to_str()) {
        Some(end) if end.eq_ignore_ascii_case("gz") => Compression::Gzip,
        Some(end) if end.eq_ignore_ascii_case("zst") => Compression::Zstd,
        _ => Compression::None,
    }
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
            ("a.csv.zst", Some(Shape::Table)),
            ("a.csv", Some(Shape::Table)),
            ("a.TSV.gz", Some(Shape::Table)),
            ("a.txt", Some(Shape::Table)),
            ("a.inter", Some(Shape::Table)),
            ("a.json", None),
            ("csv", None),
            ("a.csv.gz.zst", None),
        ] {
            assert_eq!(shape(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn compressed_files_read_as_plain_ones() {
        let folder = tempfile::tempdir().unwrap();
        let plain = b"one\ntwo\n";
        let gzip = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        };
        let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        for (name, bytes) in [
            ("a.csv", plain.to_vec()),
            ("a.csv.gz", [gzip(b"one\n"), gzip(b"two\n")].concat()),
            ("a.csv.zst", [zst(b"one\n"), zst(b"two\n")].concat()),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut read = Vec::new();
            open(&path, |file| file)
                .unwrap()
                .read_to_end(&mut read)
                .unwrap();
            assert_eq!(read, plain, "{name}");
        }
    }
}
