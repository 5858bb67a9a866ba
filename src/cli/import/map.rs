//! The mapping of the columns of a table to the fields of a fact: the TOML of `--map`.
//!
//! There is one section per target (`[items]`, `[events]` …). It lists the fields of the fact with the sources of their values:
//!
//! ```toml
//! [items]
//! category = "department"                                        # the column of that name
//! id       = { column = "sku", prefix = "i" }                    # the text of the column after "i"
//! title    = { columns = ["name", "size"], join = " " }          # several columns as one text
//! price    = { column = "price", type = "number", default = 0 }  # text · number · integer · bool · time
//! tags     = [{ column = "labels", split = "|" }, { column = "colour", prefix = "colour:" }]
//! kind     = { constant = "product" }
//!
//! [events]
//! id       = { row = true, prefix = "e" }                        # the number of the row, from 0, through all files
//! at       = { column = "when", type = "time", format = "%Y-%m-%d %H:%M:%S" }   # or "rfc3339", "epoch_s", "epoch_ms"
//! ```
//!
//! An empty cell means the default, or no value. Columns that no field names are ignored. A field whose column is missing in the table
//! is an error, so that a renamed column is noticed before anything is sent.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::format_description::{OwnedFormatItem, parse_strftime_owned};
use toml::{Table, Value};

use super::cell::{Cell, Kind, TimeFormat};

/// The sections of a map file.
#[derive(Clone, Debug, PartialEq)]
pub struct MapFile(Table);

/// The fields of one target, each with its sources. `C` identifies a column, by name or by position in the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping<C = String> {
    /// The fields, ordered by name.
    pub(super) fields: Vec<Field<C>>,
}

/// A field of the fact.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<C> {
    pub(super) name: String,
    /// True if the field is a list even with one value.
    pub(super) list: bool,
    pub(super) sources: Vec<Source<C>>,
}

/// The source of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source<C> {
    pub(super) from: Origin<C>,
    pub(super) prefix: String,
    pub(super) kind: Kind,
    /// Splits one text into several values.
    pub(super) split: Option<String>,
    pub(super) default: Option<Cell<'static>>,
}

/// The origin of a source's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin<C> {
    Columns { columns: Vec<C>, join: String },
    Constant(Cell<'static>),
    Row,
}

/// A source as written in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    column: Option<String>,
    columns: Option<Vec<String>>,
    join: Option<String>,
    constant: Option<Value>,
    #[serde(default)]
    row: bool,
    #[serde(default)]
    prefix: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    format: Option<String>,
    split: Option<String>,
    default: Option<Value>,
}

impl MapFile {
    /// Reads the text of a map file.
    ///
    /// # Errors
    /// A message with the line if the text is not TOML.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|fault| fault.to_string())
    }

    /// Returns the mapping of one target.
    ///
    /// # Errors
    /// Every fault of the section with its field, one per line; or the fault that the section is missing.
    pub fn target(&self, target: &str) -> Result<Mapping, String> {
        let Some(Value::Table(section)) = self.0.get(target) else {
            return Err(format!("the map has no section [{target}]"));
        };
        let (fields, faults): (Vec<_>, Vec<_>) = section
            .iter()
            .map(|(name, value)| {
                Field::read(name, value).map_err(|fault| format!("{target}.{name}: {fault}"))
            })
            .partition(Result::is_ok);
        let faults: Vec<String> = faults.into_iter().filter_map(Result::err).collect();
        if faults.is_empty() {
            Ok(Mapping {
                fields: fields.into_iter().filter_map(Result::ok).collect(),
            })
        } else {
            Err(faults.join("\n"))
        }
    }
}

impl Mapping {
    /// Returns the same mapping with positions in a header instead of names.
    ///
    /// # Errors
    /// Every column that is missing in the header, one per line.
    pub fn bind(&self, header: &csv::StringRecord) -> Result<Mapping<usize>, String> {
        let mut missing = Vec::new();
        let mut places = BTreeMap::new();
        for (place, name) in header.iter().enumerate() {
            // Of two columns with one name, the first counts.
            places.entry(name).or_insert(place);
        }
        let fields = self
            .fields
            .iter()
            .map(|field| field.bind(&places, &mut missing))
            .collect();
        if missing.is_empty() {
            Ok(Mapping { fields })
        } else {
            Err(missing.join("\n"))
        }
    }
}

impl Field<String> {
    fn read(name: &str, value: &Value) -> Result<Self, String> {
        let (several, sources) = if let Value::Array(sources) = value {
            let sources: Result<Vec<_>, _> = sources.iter().map(Source::read).collect();
            (true, sources?)
        } else {
            (false, vec![Source::read(value)?])
        };
        Ok(Self {
            name: name.to_owned(),
            list: several || sources.iter().any(|source| source.split.is_some()),
            sources,
        })
    }

    fn bind(&self, places: &BTreeMap<&str, usize>, missing: &mut Vec<String>) -> Field<usize> {
        let mut place = |column: &String| {
            places.get(column.as_str()).copied().unwrap_or_else(|| {
                missing.push(format!(
                    "{}: the table has no column \"{column}\"",
                    self.name
                ));
                0
            })
        };
        Field {
            name: self.name.clone(),
            list: self.list,
            sources: self
                .sources
                .iter()
                .map(|source| source.bind(&mut place))
                .collect(),
        }
    }
}

impl Source<String> {
    fn read(value: &Value) -> Result<Self, String> {
        if let Value::String(column) = value {
            let column = Some(column.clone());
            return Written {
                column,
                ..Written::default()
            }
            .check();
        }
        Written::deserialize(value.clone())
            .map_err(|fault| fault.message().to_owned())?
            .check()
    }

    fn bind(&self, place: &mut impl FnMut(&String) -> usize) -> Source<usize> {
        let from = match &self.from {
            Origin::Columns { columns, join } => Origin::Columns {
                columns: columns.iter().map(place).collect(),
                join: join.clone(),
            },
            Origin::Constant(cell) => Origin::Constant(cell.clone()),
            Origin::Row => Origin::Row,
        };
        Source {
            from,
            prefix: self.prefix.clone(),
            kind: self.kind.clone(),
            split: self.split.clone(),
            default: self.default.clone(),
        }
    }
}

impl Written {
    fn check(self) -> Result<Source<String>, String> {
        let kind = kind(self.kind.as_deref(), self.format.as_deref())?;
        if kind != Kind::Text && (!self.prefix.is_empty() || self.split.is_some()) {
            return Err("prefix and split are valid with type text only".to_owned());
        }
        if self.split.as_deref() == Some("") {
            return Err("split must not be empty".to_owned());
        }
        Ok(Source {
            default: self.default.as_ref().map(constant).transpose()?,
            prefix: self.prefix.clone(),
            split: self.split.clone(),
            kind,
            from: self.from()?,
        })
    }

    fn from(self) -> Result<Origin<String>, String> {
        let join = self.join.unwrap_or_default();
        match (self.column, self.columns, self.constant, self.row) {
            (Some(column), None, None, false) => Ok(Origin::Columns {
                columns: vec![column],
                join,
            }),
            (None, Some(columns), None, false) if !columns.is_empty() => {
                Ok(Origin::Columns { columns, join })
            }
            (None, None, Some(value), false) => Ok(Origin::Constant(constant(&value)?)),
            (None, None, None, true) => Ok(Origin::Row),
            _ => Err("give exactly one of column, columns, constant, row = true".to_owned()),
        }
    }
}

fn kind(name: Option<&str>, format: Option<&str>) -> Result<Kind, String> {
    let kind = match name.unwrap_or("text") {
        "text" => Kind::Text,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "bool" => Kind::Bool,
        "time" => return time_format(format.unwrap_or("rfc3339")).map(Kind::Time),
        other => {
            return Err(format!(
                "unknown type {other:?}; the types are text, number, integer, bool, time"
            ));
        }
    };
    match format {
        Some(_) => Err("format is valid with type time only".to_owned()),
        None => Ok(kind),
    }
}

fn time_format(format: &str) -> Result<TimeFormat, String> {
    match format {
        "rfc3339" => Ok(TimeFormat::Rfc3339),
        "epoch_s" => Ok(TimeFormat::Seconds),
        "epoch_ms" => Ok(TimeFormat::Millis),
        pattern if pattern.contains('%') => pattern_of(pattern).map(TimeFormat::Pattern),
        other => Err(format!(
            "unknown format {other:?}; the formats are rfc3339, epoch_s, epoch_ms, or a pattern such as %Y-%m-%d"
        )),
    }
}

fn pattern_of(pattern: &str) -> Result<OwnedFormatItem, String> {
    parse_strftime_owned(pattern).map_err(|fault| format!("format: {fault}"))
}

fn constant(value: &Value) -> Result<Cell<'static>, String> {
    match value {
        Value::String(text) => Ok(Cell::Text(text.clone().into())),
        Value::Integer(number) => Ok(Cell::Integer(*number)),
        Value::Float(number) => Ok(Cell::Number(*number)),
        Value::Boolean(truth) => Ok(Cell::Bool(*truth)),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            Err("a constant or default must be a text, a number, true or false".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        MapFile::parse(text).unwrap().target("items").unwrap_err()
    }

    #[test]
    fn every_fault_names_its_field() {
        let reported = fault(
            "[items]\na = { column = 'x', row = true }\nb = { column = 'x', type = 'money' }\n\
             c = { colum = 'x' }\nd = 'fine'\ne = { column = 'x', format = '%Y' }\nf = { constant = [1] }\n\
             g = { column = 'x', type = 'time', format = 'iso' }\nh = { column = 'x', type = 'number', prefix = 'p' }\n\
             i = 3\nj = { columns = [] }\nk = { column = 'x', split = '' }\n",
        );
        for name in [
            "a: give exactly",
            "b: unknown type",
            "c: unknown field",
            "e: format is",
            "f: a constant",
            "g: unknown format",
            "h: prefix",
            "i: ",
            "j: give exactly",
            "k: split",
        ] {
            assert!(
                reported.contains(&format!("items.{name}")),
                "{name} in {reported}"
            );
        }
        assert!(!reported.contains("items.d"), "{reported}");
    }

    #[test]
    fn a_missing_section_is_reported() {
        assert!(fault("[events]\nid = 'x'").contains("[items]"));
    }

    #[test]
    fn every_missing_column_is_reported() {
        let map =
            MapFile::parse("[items]\nid = 'sku'\nprice = 'cost'\ntags = ['a', 'sku']").unwrap();
        let header = csv::StringRecord::from(vec!["x", "sku"]);
        let reported = map.target("items").unwrap().bind(&header).unwrap_err();
        assert_eq!(
            reported,
            "price: the table has no column \"cost\"\ntags: the table has no column \"a\""
        );
    }
}
