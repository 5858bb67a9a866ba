//! Opens a file and returns its facts, whatever its format.

use std::io::BufRead;
use std::path::Path;

use indicatif::ProgressBar;

use super::cursor::Cursor;
use super::error::ImportError;
use super::header::Header;
use super::json::mapped;
use super::mapping::Mapping;
use super::rows::{Line, ReadError, lines};
use super::source::{Shape, open, shape};
use super::table::table;
use super::values::values;

/// Facts of a file, or the faults of its rows.
pub(super) type Facts<'f> = Box<dyn Iterator<Item = Result<Line, ReadError>> + 'f>;

/// Rows of a file as JSON, and the names of its columns if the file says them.
type Rows<'f> = (Facts<'f>, Option<Vec<String>>);

/// Opens a file and reads up to its first row. The bar follows the bytes that are read.
///
/// # Errors
/// [`ImportError`] if the file cannot be read, or is no match for the mapping.
pub(super) fn facts<'f>(
    path: &Path,
    format: Option<Shape>,
    mapping: Option<&Mapping>,
    cursor: &'f Cursor,
    bar: ProgressBar,
) -> Result<Facts<'f>, ImportError> {
    cursor.set_head(Vec::new());
    let opened =
        open(path, |file| bar.wrap_read(file)).map_err(|fault| ImportError::file(path, fault))?;
    let named = format.or(shape(path)).unwrap_or(opened.looks);
    let shape = named.or_list(opened.looks);
    of_shape(opened.bytes, path, shape, mapping, cursor)
}

fn of_shape<'f>(
    file: Box<dyn BufRead + 'f>,
    path: &Path,
    shape: Shape,
    mapping: Option<&Mapping>,
    cursor: &'f Cursor,
) -> Result<Facts<'f>, ImportError> {
    let fault = |fault: ReadError| ImportError::file(path, fault);
    let (values, names): Rows<'f> = match (shape, shape.separator(), mapping) {
        (_, Some(separator), Some(mapping)) => {
            let rows = table(file, separator, mapping, cursor).map_err(fault)?;
            return Ok(Box::new(rows));
        }
        (_, Some(_), None) => return Err(ImportError::NoMap(path.display().to_string())),
        (Shape::Parquet, ..) => columns(path).map_err(|fault| ImportError::file(path, fault))?,
        (Shape::Json, ..) => (Box::new(values(file)), None),
        _ => (Box::new(lines(file)), None),
    };
    let values = cursor.watch(values, mapping.is_some());
    let Some(mapping) = mapping else {
        return Ok(values);
    };
    let names = names.as_ref();
    let header = names.map(|names| Header::new(names.iter().map(String::as_str).collect()));
    let header = header
        .transpose()
        .map_err(|fault| ImportError::file(path, fault))?;
    let facts = mapped(values, mapping, header, cursor).map_err(fault)?;
    Ok(Box::new(facts))
}

/// Returns the rows of a Parquet file.
#[cfg(feature = "parquet")]
fn columns<'f>(path: &Path) -> Result<Rows<'f>, String> {
    use super::parquet;
    use super::source::is_standard_input;

    if is_standard_input(path) {
        return Err("a Parquet file cannot be read from standard input; give its path".to_owned());
    }
    let file = parquet::open(path)?;
    let names = file.names();
    Ok((Box::new(parquet::rows(file)), Some(names)))
}

/// Returns what to do instead, because this program does not read Parquet files.
#[cfg(not(feature = "parquet"))]
fn columns<'f>(_: &Path) -> Result<Rows<'f>, String> {
    Err(
        "this program is built without the feature parquet; save the file as CSV or NDJSON"
            .to_owned(),
    )
}
