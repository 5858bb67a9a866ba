//! Renders one row as the facts that a map makes of it.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::Value as Json;

use super::cell::{Kind, unwrapped};
use super::expression::{Given, Outcome, at, text};
use super::mapping::{Fact, Field, Mapping, Origin, Source};
use super::value::Cell;

/// Bytes that are enough for the JSON of most facts.
const ROOM: usize = 256;

/// The columns of a row.
#[derive(Clone, Copy)]
pub(super) enum Columns<'r> {
    Table(&'r csv::StringRecord),
    /// A value of JSON, and the path of each column.
    Json(&'r Json, &'r [String]),
}

/// The values of a field.
#[derive(Default)]
struct Cells<'r> {
    values: Vec<Cell<'r>>,
    /// True if they come from a list, even one of a single value or of none.
    list: bool,
}

impl Cells<'_> {
    const fn is_none(&self) -> bool {
        self.values.is_empty() && !self.list
    }

    fn clear(&mut self) {
        self.values.clear();
        self.list = false;
    }
}

/// A row.
#[derive(Clone, Copy)]
struct Row<'r> {
    columns: Columns<'r>,
    number: u64,
    /// Texts that mean an empty cell.
    null: &'r [String],
    /// True if such a text removes the field.
    patches: bool,
}

static NULL: Json = Json::Null;

impl<'r> Row<'r> {
    fn given(self, column: usize) -> Given<'r> {
        match self.columns {
            Columns::Table(record) => {
                let text = record.get(column).unwrap_or_default();
                Given::Text(self.known(unwrapped(text)))
            }
            Columns::Json(json, paths) => {
                let found = paths.get(column).and_then(|path| at(json, path));
                let found = found.unwrap_or(&NULL);
                let text = found.as_str().map(|text| Given::Text(self.known(text)));
                text.unwrap_or(Given::Json(found))
            }
        }
    }

    fn known(self, text: &'r str) -> &'r str {
        if self.is_null(text) { "" } else { text }
    }

    fn is_null(self, text: &str) -> bool {
        !self.null.is_empty() && self.null.iter().any(|null| null == text.trim())
    }

    /// Returns true if a column says that there is no value.
    fn removes(self, column: usize) -> bool {
        match self.columns {
            Columns::Table(record) => record.get(column).is_some_and(|text| self.is_null(text)),
            Columns::Json(json, paths) => match paths.get(column).and_then(|path| at(json, path)) {
                Some(Json::String(text)) => self.is_null(text),
                found => found.is_some_and(Json::is_null),
            },
        }
    }

    /// Returns the text of a column that is not a list.
    fn text(self, column: usize) -> Result<Cow<'r, str>, String> {
        match self.given(column) {
            Given::Text(text) => Ok(Cow::Borrowed(text)),
            Given::Json(json) => scalar(json),
        }
    }
}

fn scalar(json: &Json) -> Result<Cow<'_, str>, String> {
    let fault =
        || "is a list or an object; name the path of one of its values, such as a.b".to_owned();
    text(json).ok_or_else(fault)
}

impl Mapping<usize> {
    /// Adds the facts of one row as JSON, without the fields that have no value. Returns the number of ids with blanks around them, which
    /// are removed.
    ///
    /// # Errors
    /// Every fault of the row.
    pub(super) fn facts(
        &self,
        columns: Columns<'_>,
        number: u64,
        facts: &mut VecDeque<Vec<u8>>,
    ) -> Result<u64, String> {
        let row = Row {
            columns,
            number,
            null: &self.settings.null,
            patches: self.settings.patches,
        };
        let (mut faults, mut trimmed) = (Vec::new(), 0);
        for fact in &self.facts {
            facts.extend(fact.render(row, &mut faults, &mut trimmed));
        }
        if faults.is_empty() {
            return Ok(trimmed);
        }
        facts.clear();
        Err(faults.join("; "))
    }
}

impl Fact<usize> {
    /// Returns the fact of a row, if the row makes one. A row with a fault makes none.
    fn render<'r>(
        &'r self,
        row: Row<'r>,
        faults: &mut Vec<String>,
        trimmed: &mut u64,
    ) -> Option<Vec<u8>> {
        if let Some(when) = &self.when {
            match when.holds(|column| row.given(column)) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(fault) => {
                    faults.push(format!("when: {fault}"));
                    return None;
                }
            }
        }
        let mut json = Vec::with_capacity(ROOM);
        json.push(b'{');
        let mut cells = Cells::default();
        for field in &self.fields {
            cells.clear();
            let read = field.read(row, &mut cells);
            *trimmed += field.trim(&mut cells);
            if row.patches && cells.is_none() && field.columns().any(|column| row.removes(column)) {
                cells.values.push(Cell::Null);
            }
            if let Err(fault) = read.and_then(|()| field.write(&cells, &mut json)) {
                faults.push(format!("{}: {fault}", field.name));
            }
        }
        json.push(b'}');
        Some(json)
    }
}

impl Field<usize> {
    /// Returns the columns that the field is read from directly.
    fn columns(&self) -> impl Iterator<Item = usize> {
        let sources = self.sources.iter();
        sources.flat_map(|source| match &source.from {
            Origin::Columns { columns, .. } | Origin::First(columns) => columns.clone(),
            Origin::Constant(_) | Origin::Row | Origin::Expression(_) => Vec::new(),
        })
    }

    /// Removes the blanks around ids. Returns the number of ids that had any.
    fn trim(&self, cells: &mut Cells<'_>) -> u64 {
        let mut trimmed = 0;
        if !self.trims {
            return trimmed;
        }
        for cell in &mut cells.values {
            if let Cell::Text(text) = cell
                && !is_bare(text)
                && text.trim().len() < text.len()
            {
                *text = Cow::Owned(text.trim().to_owned());
                trimmed += 1;
            }
        }
        trimmed
    }

    fn read<'r>(&'r self, row: Row<'r>, cells: &mut Cells<'r>) -> Result<(), String> {
        self.sources
            .iter()
            .try_for_each(|source| source.read(row, cells))
    }

    /// Writes the field, if it has a value.
    fn write(&self, cells: &Cells<'_>, json: &mut Vec<u8>) -> Result<(), String> {
        if cells.is_none() {
            return Ok(());
        }
        if json.len() > 1 {
            json.push(b',');
        }
        self.value(cells, json).map_err(|fault| fault.to_string())
    }

    fn value(&self, cells: &Cells<'_>, json: &mut Vec<u8>) -> serde_json::Result<()> {
        json.extend_from_slice(self.key.as_bytes());
        match cells.values.as_slice() {
            [cell] if !self.list && !cells.list || *cell == Cell::Null => {
                serde_json::to_writer(json, cell)
            }
            values => serde_json::to_writer(json, values),
        }
    }
}

impl Source<usize> {
    /// Adds the values of this source. Adds none if the cell is empty and there is no default.
    fn read<'r>(&'r self, row: Row<'r>, cells: &mut Cells<'r>) -> Result<(), String> {
        match &self.from {
            Origin::Constant(cell) => {
                cells.values.push(self.prefixed(cell.clone()));
                Ok(())
            }
            Origin::Row => self.texts(Cow::Owned(row.number.to_string()), cells),
            Origin::Columns { columns, join } => match columns.as_slice() {
                [column] => self.given(row.given(*column), cells),
                _ => self.texts(Cow::Owned(joined(row, columns, join)?), cells),
            },
            Origin::First(columns) => self.given(first(row, columns), cells),
            Origin::Expression(expression) => {
                self.outcome(expression.run(|column| row.given(column))?, cells)
            }
        }
    }

    /// Adds the values of a column.
    fn given<'r>(&'r self, given: Given<'r>, cells: &mut Cells<'r>) -> Result<(), String> {
        let json = match given {
            Given::Text(text) => return self.texts(Cow::Borrowed(text), cells),
            Given::Json(json) => json,
        };
        match (json, &self.kind) {
            (Json::Array(list), _) => {
                cells.list = true;
                let mut values = list.iter();
                values.try_for_each(|json| self.texts(scalar(json)?, cells))
            }
            (Json::Number(number), Kind::Number(_)) if self.values.is_none() => {
                cells.values.extend(number.as_f64().map(Cell::Number));
                Ok(())
            }
            (Json::Number(number), Kind::Integer(_))
                if self.values.is_none() && number.is_i64() =>
            {
                cells.values.extend(number.as_i64().map(Cell::Integer));
                Ok(())
            }
            (json, _) => self.texts(scalar(json)?, cells),
        }
    }

    /// Adds the result of an expression.
    fn outcome<'r>(&'r self, outcome: Outcome, cells: &mut Cells<'r>) -> Result<(), String> {
        match outcome {
            Outcome::Nothing => self.one(Cow::Borrowed(""), cells),
            Outcome::Text(text) => self.texts(Cow::Owned(text), cells),
            Outcome::Cell(cell) => {
                cells.values.push(cell);
                Ok(())
            }
            Outcome::List(list) => {
                cells.list = true;
                let mut values = list.into_iter();
                values.try_for_each(|value| self.outcome(value, cells))
            }
        }
    }

    /// Adds the values of a text, split if the map says so.
    fn texts<'r>(&'r self, text: Cow<'r, str>, cells: &mut Cells<'r>) -> Result<(), String> {
        let split = self.split.as_deref();
        let Some(split) = split.filter(|_| !text.trim().is_empty()) else {
            return self.one(text, cells);
        };
        text.split(split)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .try_for_each(|part| self.one(Cow::Owned(part.to_owned()), cells))
    }

    fn one<'r>(&'r self, text: Cow<'r, str>, cells: &mut Cells<'r>) -> Result<(), String> {
        let cell = if is_blank(&text) {
            self.default.clone()
        } else if let Some(values) = &self.values {
            values.read(text.trim())?
        } else {
            Some(self.kind.read(text)?)
        };
        cells.values.extend(cell.map(|cell| self.prefixed(cell)));
        Ok(())
    }

    fn prefixed<'r>(&self, cell: Cell<'r>) -> Cell<'r> {
        match cell {
            Cell::Text(text) if !self.prefix.is_empty() => {
                Cell::Text(Cow::Owned(format!("{}{text}", self.prefix)))
            }
            cell @ (Cell::Text(_)
            | Cell::Number(_)
            | Cell::Integer(_)
            | Cell::Bool(_)
            | Cell::Null) => cell,
        }
    }
}

/// Returns whether a text has blanks at most.
fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Returns whether a text surely has no blanks around it: it begins and ends with a sign of ASCII.
fn is_bare(text: &str) -> bool {
    let ends = text.as_bytes().first().zip(text.as_bytes().last());
    ends.is_some_and(|(first, last)| first.is_ascii_graphic() && last.is_ascii_graphic())
}

/// Returns the first value that is not empty.
fn first<'r>(row: Row<'r>, columns: &[usize]) -> Given<'r> {
    let mut values = columns.iter().map(|column| row.given(*column));
    let found = values.find(|value| !value.is_empty());
    found.unwrap_or(Given::Text(""))
}

/// Joins the texts of some columns, without empty ones.
fn joined(row: Row<'_>, columns: &[usize], join: &str) -> Result<String, String> {
    let mut texts = Vec::with_capacity(columns.len());
    for column in columns {
        let text = row.text(*column)?;
        if !is_blank(&text) {
            texts.push(text);
        }
    }
    Ok(texts.join(join))
}
