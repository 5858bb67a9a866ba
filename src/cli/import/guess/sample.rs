//! The first rows of a file whose map is not known.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::path::Path;

use serde_json::Value as Json;

use super::super::rows::lines;
use super::super::source::{Shape, open, shape};
use super::super::values::values;

/// Bytes that are read of a file.
const BYTES: u64 = 1 << 20;
/// Rows that are looked at.
const ROWS: usize = 1_000;
/// Values that are kept of a column.
const VALUES: usize = 200;
/// Columns that are kept.
const COLUMNS: usize = 300;

/// The first rows of a file.
pub(super) struct Sample {
    /// What differs from the usual, for `[file]`: key, value, and a comment.
    pub(super) settings: Vec<(&'static str, String, &'static str)>,
    pub(super) columns: Vec<Column>,
}

/// A column, or a path of JSON.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its first values that are not empty.
    pub(super) values: Vec<String>,
    /// True if its values are lists.
    pub(super) list: bool,
}

impl Sample {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let opened = open(path, |file| file).map_err(|fault| fault.to_string())?;
        let named = shape(path).unwrap_or(opened.looks).or_list(opened.looks);
        let mut first = opened.bytes.take(BYTES);
        let sample = match named.separator() {
            Some(_) => {
                let mut bytes = Vec::new();
                first
                    .read_to_end(&mut bytes)
                    .map_err(|fault| fault.to_string())?;
                table(&bytes, named)?
            }
            None => json(first, named),
        };
        if sample.columns.iter().all(|column| column.values.is_empty()) {
            return Err("no row was found".to_owned());
        }
        Ok(sample)
    }

    /// Returns the column of a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    fn add(&mut self, place: usize, value: &str) {
        let value = value.trim();
        if let Some(column) = self.columns.get_mut(place)
            && !value.is_empty()
            && column.values.len() < VALUES
        {
            column.values.push(value.to_owned());
        }
    }
}

/// Reads the first rows of a table.
fn table(bytes: &[u8], named: Shape) -> Result<Sample, String> {
    let (text, encoding) = decoded(bytes);
    let doubt = "unsure: the file is not UTF-8; are these texts right?";
    let mut settings: Vec<(&'static str, String, &'static str)> = Vec::new();
    settings.extend(encoding.map(|name| ("encoding", format!("{name:?}"), doubt)));
    let separator = separator(&text, named.separator().unwrap_or(b','));
    if Some(separator) != named.separator() {
        let separator = char::from(separator).to_string();
        settings.push(("separator", format!("{separator:?}"), ""));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = reader.records().take(ROWS).flatten();
    let first = rows.next().ok_or("the file is empty")?;
    let numbered = first.iter().any(|name| name.trim().parse::<f64>().is_ok());
    if numbered {
        let doubt = "unsure: the first row has numbers, so it is not read as names";
        settings.push(("header", "false".to_owned(), doubt));
    }
    let columns = columns(&first, numbered);
    let mut sample = Sample { settings, columns };
    let data = Some(first).filter(|_| numbered);
    for row in data.into_iter().chain(rows) {
        for (place, value) in row.iter().enumerate() {
            sample.add(place, value);
        }
    }
    Ok(sample)
}

/// Returns the text of a table, and its encoding if it is neither UTF-8 nor says it by a mark.
fn decoded(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = &bytes[..end.map_or(bytes.len(), |end| end + 1)];
    if marked || std::str::from_utf8(whole).is_ok() {
        return (encoding_rs::UTF_8.decode(whole).0, None);
    }
    let (text, _, faulty) = encoding_rs::GB18030.decode(whole);
    if !faulty {
        return (text, Some("gb18030"));
    }
    let text = encoding_rs::WINDOWS_1252.decode(whole).0;
    (text, Some("windows-1252"))
}

/// Returns the columns of a table, named by its first row or by their numbers.
fn columns(first: &csv::StringRecord, numbered: bool) -> Vec<Column> {
    let columns = first.iter().take(COLUMNS).enumerate();
    let named = columns.map(|(place, name)| {
        let number = (place + 1).to_string();
        let name = if numbered { number } else { name.to_owned() };
        Column {
            name,
            ..Column::default()
        }
    });
    named.collect()
}

/// Returns the separator that divides the first lines into the same number of columns, more than one.
fn separator(text: &str, usual: u8) -> u8 {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(5)
        .collect();
    let columns = |separator: u8| {
        let counts = lines
            .iter()
            .map(|line| line.bytes().filter(|byte| *byte == separator).count());
        counts.min().unwrap_or(0)
    };
    let candidates = [usual, b',', b';', b'\t', b'|'];
    let best = candidates
        .into_iter()
        .rev()
        .max_by_key(|separator| columns(*separator));
    best.filter(|separator| columns(*separator) > columns(usual))
        .unwrap_or(usual)
}

/// Reads the first objects of a file of JSON.
fn json(file: impl BufRead, named: Shape) -> Sample {
    let mut sample = Sample {
        settings: Vec::new(),
        columns: Vec::new(),
    };
    let read: Box<dyn Iterator<Item = _>> = if named == Shape::Json {
        Box::new(values(file))
    } else {
        Box::new(lines(file))
    };
    let objects: Vec<Json> = read
        .take(ROWS)
        .flatten()
        .filter_map(|line| serde_json::from_slice(&line.json).ok())
        .collect();
    let unfold = objects.iter().find_map(|object| objects_at(object, ""));
    for object in &objects {
        flatten(&mut sample, object, "", unfold.as_deref());
    }
    if let Some(path) = unfold {
        settings_of(&mut sample, path);
    }
    sample
}

fn settings_of(sample: &mut Sample, path: String) {
    sample.settings.push((
        "unfold",
        format!("{path:?}"),
        "unsure: does each element of this list make a row?",
    ));
}

/// Returns the path of the first list of objects.
fn objects_at(json: &Json, path: &str) -> Option<String> {
    json.as_object()?.iter().find_map(|(name, value)| {
        let path = joined(path, name);
        let is_list = value
            .as_array()
            .is_some_and(|list| list.first().is_some_and(Json::is_object));
        if is_list {
            Some(path)
        } else {
            objects_at(value, &path)
        }
    })
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Adds the scalars of an object under their paths.
fn flatten(sample: &mut Sample, json: &Json, path: &str, unfold: Option<&str>) {
    if let Some(object) = json.as_object() {
        for (name, value) in object {
            flatten(sample, value, &joined(path, name), unfold);
        }
        return;
    }
    let list = json.as_array();
    if let Some(list) = list.filter(|_| unfold == Some(path)) {
        for element in list {
            flatten(sample, element, path, None);
        }
        return;
    }
    let place = sample.columns.iter().position(|column| column.name == path);
    let place = place.unwrap_or_else(|| {
        let column = Column {
            name: path.to_owned(),
            ..Column::default()
        };
        sample
            .columns
            .extend(Some(column).filter(|_| sample.columns.len() < COLUMNS));
        sample.columns.len() - 1
    });
    for value in list.map_or(std::slice::from_ref(json), Vec::as_slice) {
        if let Some(column) = sample.columns.get_mut(place) {
            column.list |= list.is_some();
        }
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_null() {
            sample.add(place, &text);
        }
    }
}
