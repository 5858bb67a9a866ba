//! The fields of one target, each with the sources of its values.

use std::collections::HashMap;

use super::cell::Kind;
use super::header::Header;
use super::settings::Settings;
use super::value::Cell;

/// The fields of one target, each with its sources. `C` identifies a column, by name or by position in the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping<C = String> {
    pub(super) settings: Settings,
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
    pub(super) values: Option<Values>,
}

/// The values of some words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) words: HashMap<String, Cell<'static>>,
    /// The value of every other word; such a word is invalid if there is none.
    pub(super) other: Option<Cell<'static>>,
}

impl Values {
    /// Returns the value of a word, or its fault. The value "" means not given.
    pub(super) fn read(&self, word: &str) -> Result<Option<Cell<'static>>, String> {
        let found = self.words.get(word).or(self.other.as_ref());
        let cell = found.ok_or_else(|| {
            let mut known: Vec<&str> = self.words.keys().map(String::as_str).collect();
            known.sort_unstable();
            known.truncate(20);
            format!("{word:?} is not in values ({})", known.join(", "))
        })?;
        let empty = matches!(cell, Cell::Text(text) if text.is_empty());
        Ok(Some(cell.clone()).filter(|_| !empty))
    }
}

/// The origin of a source's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin<C> {
    /// The texts of some columns, joined.
    Columns {
        columns: Vec<C>,
        join: String,
    },
    /// The text of the first of some columns that is not empty.
    First(Vec<C>),
    Constant(Cell<'static>),
    Row,
}

impl Mapping {
    /// Returns the same mapping with positions in a header instead of names.
    ///
    /// # Errors
    /// Every column that is missing in the header, one per line.
    pub(super) fn bind(&self, mut header: Header<'_>) -> Result<Mapping<usize>, String> {
        let fields = self
            .fields
            .iter()
            .map(|field| field.bind(&mut header))
            .collect();
        header.finish()?;
        let settings = self.settings.clone();
        Ok(Mapping { settings, fields })
    }
}

impl Field<String> {
    fn bind(&self, header: &mut Header<'_>) -> Field<usize> {
        let mut place = |column: &String| header.place(&self.name, column);
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
    fn bind(&self, place: &mut impl FnMut(&String) -> usize) -> Source<usize> {
        let from = match &self.from {
            Origin::Columns { columns, join } => Origin::Columns {
                columns: columns.iter().map(place).collect(),
                join: join.clone(),
            },
            Origin::First(columns) => Origin::First(columns.iter().map(place).collect()),
            Origin::Constant(cell) => Origin::Constant(cell.clone()),
            Origin::Row => Origin::Row,
        };
        Source {
            from,
            prefix: self.prefix.clone(),
            kind: self.kind.clone(),
            split: self.split.clone(),
            default: self.default.clone(),
            values: self.values.clone(),
        }
    }
}
