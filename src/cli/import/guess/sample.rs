//! The first rows of a file whose map is not known.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use indicatif::ProgressBar;
use serde_json::Value as Json;

use super::super::cell::unwrapped;
use super::super::cursor::Cursor;
use super::super::read::facts;
use super::super::source::{Shape, open, shape};
use super::words::{ITEM, bare};

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
        let sample = match named.separator() {
            Some(_) => {
                let mut bytes = Vec::new();
                opened
                    .bytes
                    .take(BYTES)
                    .read_to_end(&mut bytes)
                    .map_err(|fault| fault.to_string())?;
                table(&bytes, named)?
            }
            None => json(path)?,
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
    let (said, text) = said_separator(&text);
    let usual = named.separator().unwrap_or(b',');
    let separator = said.unwrap_or_else(|| separator(text, usual));
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
            sample.add(place, unwrapped(value));
        }
    }
    Ok(sample)
}

/// Returns the separator that a first line such as `sep=;` says, and the text after it.
fn said_separator(text: &str) -> (Option<u8>, &str) {
    let said = || {
        let (line, rest) = text.split_once('\n')?;
        let separator = line.trim().trim_matches('"').strip_prefix("sep=")?;
        match separator.as_bytes() {
            [separator] => Some((*separator, rest)),
            _ => None,
        }
    };
    said().map_or((None, text), |(separator, rest)| (Some(separator), rest))
}

/// Returns the text of a table, and its encoding if it is neither UTF-8 nor says it by a mark.
fn decoded(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    if encoding_rs::Encoding::for_bom(bytes).is_some() {
        return (encoding_rs::UTF_8.decode(bytes).0, None);
    }
    for (encoding, name, zero) in [
        (encoding_rs::UTF_16LE, "utf-16le", 1),
        (encoding_rs::UTF_16BE, "utf-16be", 0),
    ] {
        if bytes.len() > 3 && bytes.get(zero) == Some(&0) && bytes.get(1 - zero) != Some(&0) {
            return (encoding.decode(bytes).0, Some(name));
        }
    }
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = match end {
        Some(end) if bytes.len() as u64 >= BYTES => &bytes[..=end],
        _ => bytes,
    };
    if std::str::from_utf8(whole).is_ok() {
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

/// Reads the first objects of a file of JSON, or of Parquet.
fn json(path: &Path) -> Result<Sample, String> {
    let mut sample = Sample {
        settings: Vec::new(),
        columns: Vec::new(),
    };
    let cursor = Cursor::default();
    let rows = facts(path, None, None, &cursor, ProgressBar::hidden());
    let objects: Vec<Json> = rows
        .map_err(|fault| fault.to_string())?
        .take(ROWS)
        .flatten()
        .filter_map(|line| serde_json::from_slice(&line.json).ok())
        .collect();
    let unfold = objects.iter().find_map(|object| lists_of(object, ITEM));
    let unfold = unfold.or_else(|| objects.iter().find_map(|object| lists_of(object, "")));
    let unfold = unfold.unwrap_or_default();
    for object in &objects {
        flatten(&mut sample, object, "", &unfold);
    }
    let doubt = "unsure: does each element of this list make a row?";
    match unfold.as_slice() {
        [] => {}
        [path] => sample.settings.push(("unfold", format!("{path:?}"), doubt)),
        paths => sample
            .settings
            .push(("unfold", format!("{paths:?}"), doubt)),
    }
    Ok(sample)
}

/// Returns the paths of the lists of objects that lead to the first one whose objects have one of the names, or to the first one
/// without names.
fn lists_of(json: &Json, names: &str) -> Option<Vec<String>> {
    let (mut found, mut within) = (None, Vec::new());
    search(json, "", names, &mut within, &mut found);
    found
}

fn search(
    json: &Json,
    path: &str,
    names: &str,
    within: &mut Vec<String>,
    found: &mut Option<Vec<String>>,
) {
    for (name, value) in json.as_object().into_iter().flatten() {
        let path = joined(path, name);
        let objects = value.as_array().into_iter().flatten();
        let objects: Vec<&Json> = objects
            .filter(|value| value.is_object())
            .take(ROWS)
            .collect();
        if let Some(first) = objects.first() {
            within.push(path.clone());
            if found.is_none() && (names.is_empty() || has_name(first, names)) {
                *found = Some(within.clone());
            }
            let mut inner = None;
            for object in objects {
                search(object, &path, names, within, &mut inner);
            }
            // The list in a list says which items; the outer one may have some of them too.
            if found.is_none() || !names.is_empty() {
                *found = inner.or(found.take());
            }
            within.pop();
        } else {
            search(value, &path, names, within, found);
        }
        if found.is_some() {
            return;
        }
    }
}

/// Returns true if an object, or one in it, has one of the names.
fn has_name(json: &Json, names: &str) -> bool {
    let members = json.as_object().into_iter().flatten();
    members.into_iter().any(|(name, value)| {
        let name = bare(name);
        names.split(' ').any(|known| known == name) || has_name(value, names)
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
fn flatten(sample: &mut Sample, json: &Json, path: &str, unfold: &[String]) {
    if let Some(object) = json.as_object() {
        for (name, value) in object {
            flatten(sample, value, &joined(path, name), unfold);
        }
        return;
    }
    let list = json.as_array();
    if let Some(list) = list.filter(|_| unfold.iter().any(|unfold| unfold == path)) {
        for element in list {
            flatten(sample, element, path, unfold);
        }
        return;
    }
    let is_object = |value: &Json| value.is_object();
    if list.is_some_and(|list| list.iter().any(is_object)) {
        return;
    }
    let place = sample.columns.iter().position(|column| column.name == path);
    if place.is_none() && sample.columns.len() >= COLUMNS {
        return;
    }
    let place = place.unwrap_or_else(|| {
        sample.columns.push(Column {
            name: path.to_owned(),
            ..Column::default()
        });
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
