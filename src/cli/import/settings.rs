//! The section `[file]` of a map: how the text of a table is read.

use encoding_rs::Encoding;
use toml::{Table, Value};

use super::keys::Keys;
use super::style::Style;

/// How the text of a table is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// The separator of columns; `None` follows the name of the file.
    pub(super) separator: Option<u8>,
    /// The mark around texts with separators or line breaks; `None` if quotes are plain text.
    pub(super) quote: Option<u8>,
    /// The encoding; `None` is that of the byte-order mark, else UTF-8.
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) header: Names,
    /// Number of lines before the header.
    pub(super) skip: u64,
    /// Texts that mean an empty cell.
    pub(super) null: Vec<String>,
    /// True if facts are patches: a cell that means empty removes its field.
    pub(super) patches: bool,
    pub(super) numbers: Style,
    /// The paths of lists in JSON of which each element makes a row: the first, then one in its elements, and so on.
    pub(super) unfold: Vec<String>,
}

/// The names of the columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Names {
    /// The first row.
    Row,
    /// A list in the map; the first row is data.
    Given(Vec<String>),
    /// Their numbers, from 1; the first row is data.
    Numbers,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            separator: None,
            quote: Some(b'"'),
            encoding: None,
            header: Names::Row,
            skip: 0,
            null: Vec::new(),
            patches: false,
            numbers: Style::default(),
            unfold: Vec::new(),
        }
    }
}

impl Settings {
    /// The keys of the section.
    pub(super) const KEYS: [&str; 10] = [
        "separator",
        "quote",
        "encoding",
        "header",
        "skip",
        "null",
        "decimal",
        "thousands",
        "currency",
        "unfold",
    ];

    /// Reads the section, which may be empty.
    ///
    /// # Errors
    /// Every fault.
    pub(super) fn read(section: &Table) -> Result<Self, Vec<String>> {
        let mut keys = Keys::new(section);
        let read = Self {
            separator: keys.check("separator", separator),
            quote: keys.check("quote", quote).unwrap_or(Some(b'"')),
            encoding: keys.check("encoding", encoding).flatten(),
            header: keys.check("header", names).unwrap_or(Names::Row),
            skip: keys
                .read("skip", "a number of lines", |value| {
                    u64::try_from(value.as_integer()?).ok()
                })
                .unwrap_or(0),
            null: owned(keys.one_or_more("null")),
            patches: false,
            numbers: style(&mut keys),
            unfold: keys.check("unfold", unfold).unwrap_or_default(),
        };
        let faults: Vec<String> = keys.finish();
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(faults
                .into_iter()
                .map(|fault| format!("file: {fault}"))
                .collect())
        }
    }
}

fn owned(texts: Option<Vec<&str>>) -> Vec<String> {
    let texts = texts.into_iter().flatten();
    texts.map(|text| text.trim().to_owned()).collect()
}

/// Reads paths of lists, each within the elements of the one before: two lists side by side would make a row of each pair.
fn unfold(value: &Value) -> Result<Vec<String>, String> {
    let fault = "must be a path, or a list of paths, each within the one before";
    let paths: Option<Vec<String>> = match (value.as_str(), value.as_array()) {
        (Some(path), _) => Some(vec![path.to_owned()]),
        (None, Some(list)) => list
            .iter()
            .map(|path| path.as_str().map(str::to_owned))
            .collect(),
        (None, None) => None,
    };
    let paths = paths.filter(|paths| !paths.is_empty()).ok_or(fault)?;
    let within = |pair: &[String]| {
        let inner = pair[1].strip_prefix(&pair[0]);
        inner.is_some_and(|inner| inner.starts_with('.'))
    };
    if paths.windows(2).all(within) {
        Ok(paths)
    } else {
        Err(fault.to_owned())
    }
}

fn quote(value: &Value) -> Result<Option<u8>, String> {
    match (value.as_bool(), value.as_str().map(str::as_bytes)) {
        (Some(false), _) => Ok(None),
        (None, Some([byte])) if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(Some(*byte)),
        _ => Err("must be false, or one ASCII character, such as \"'\"".to_owned()),
    }
}

fn separator(value: &Value) -> Result<u8, String> {
    match value.as_str().map(str::as_bytes) {
        Some([byte]) if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err("must be one ASCII character, such as \";\" or \"\\t\"".to_owned()),
    }
}

fn encoding(value: &Value) -> Result<Option<&'static Encoding>, String> {
    let fault = "must be auto, utf-8, gbk, gb18030, utf-16le, utf-16be, latin1, or another name of the WHATWG";
    match value.as_str().ok_or(fault)? {
        "auto" => Ok(None),
        name => match Encoding::for_label_no_replacement(name.as_bytes()) {
            Some(encoding) => Ok(Some(encoding)),
            None => Err(fault.to_owned()),
        },
    }
}

fn names(value: &Value) -> Result<Names, String> {
    let fault = "must be true, false, or a list of names";
    match (value.as_bool(), value.as_array()) {
        (Some(true), _) => return Ok(Names::Row),
        (Some(false), _) => return Ok(Names::Numbers),
        (None, Some(list)) if !list.is_empty() => {
            let names = list.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect::<Option<_>>().map(Names::Given)
        }
        (None, _) => None,
    }
    .ok_or_else(|| fault.to_owned())
}

fn style(keys: &mut Keys<'_>) -> Style {
    let decimal = keys.read("decimal", "\".\" or \",\"", |value| match value.as_str() {
        Some(".") => Some('.'),
        Some(",") => Some(','),
        _ => None,
    });
    let thousands = keys.read("thousands", "one of \",\" \".\" \" \" \"'\"", |value| {
        let text = value
            .as_str()
            .filter(|text| [",", ".", " ", "'"].contains(text))?;
        text.chars().next()
    });
    let style = Style {
        decimal: decimal.unwrap_or('.'),
        thousands,
        currency: owned(keys.one_or_more("currency")),
    };
    if style.thousands == Some(style.decimal) {
        keys.fault("thousands and decimal must differ");
    }
    style
}
