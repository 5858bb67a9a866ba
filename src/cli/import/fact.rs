//! Renders one row of a table as a fact.

use std::borrow::Cow;

use super::mapping::{Field, Mapping, Origin, Source};
use super::value::Cell;

/// A row of a table.
#[derive(Clone, Copy)]
struct Row<'r> {
    record: &'r csv::StringRecord,
    number: u64,
    /// Texts that mean an empty cell.
    null: &'r [String],
}

impl<'r> Row<'r> {
    fn text(self, column: usize) -> &'r str {
        let text = self.record.get(column).unwrap_or_default();
        if !self.null.is_empty() && self.null.iter().any(|null| null == text.trim()) {
            return "";
        }
        text
    }
}

impl Mapping<usize> {
    /// Returns the fact of one row as JSON, without the fields that have no value.
    pub(super) fn fact(&self, record: &csv::StringRecord, number: u64) -> Result<Vec<u8>, String> {
        let null = &self.settings.null;
        let row = Row {
            record,
            number,
            null,
        };
        let mut json = vec![b'{'];
        let mut cells = Vec::new();
        for field in &self.fields {
            field.read(row, &mut cells)?;
            if !cells.is_empty() {
                if json.len() > 1 {
                    json.push(b',');
                }
                field
                    .write(&cells, &mut json)
                    .map_err(|fault| fault.to_string())?;
            }
            cells.clear();
        }
        json.push(b'}');
        Ok(json)
    }
}

impl Field<usize> {
    fn read<'r>(&'r self, row: Row<'r>, cells: &mut Vec<Cell<'r>>) -> Result<(), String> {
        self.sources
            .iter()
            .try_for_each(|source| source.read(row, cells))
            .map_err(|fault| format!("{}: {fault}", self.name))
    }

    fn write(&self, cells: &[Cell<'_>], json: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *json, &self.name)?;
        json.push(b':');
        match cells {
            [cell] if !self.list => serde_json::to_writer(json, cell),
            _ => serde_json::to_writer(json, cells),
        }
    }
}

impl Source<usize> {
    /// Adds the values of this source. Adds none if the cell is empty and there is no default.
    fn read<'r>(&'r self, row: Row<'r>, cells: &mut Vec<Cell<'r>>) -> Result<(), String> {
        let text = match &self.from {
            Origin::Constant(cell) => {
                cells.push(self.prefixed(cell.clone()));
                return Ok(());
            }
            Origin::Row => Cow::Owned(row.number.to_string()),
            Origin::Columns { columns, join } => joined(row, columns, join),
            Origin::First(columns) => Cow::Borrowed(first(row, columns)),
        };
        let Some(split) = self.split.as_deref().filter(|_| !text.trim().is_empty()) else {
            return self.one(text, cells);
        };
        text.split(split)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .try_for_each(|part| self.one(Cow::Owned(part.to_owned()), cells))
    }

    fn one<'r>(&'r self, text: Cow<'r, str>, cells: &mut Vec<Cell<'r>>) -> Result<(), String> {
        let cell = if text.trim().is_empty() {
            self.default.clone()
        } else if let Some(values) = &self.values {
            values.read(text.trim())?
        } else {
            Some(self.kind.read(text)?)
        };
        cells.extend(cell.map(|cell| self.prefixed(cell)));
        Ok(())
    }

    fn prefixed<'r>(&self, cell: Cell<'r>) -> Cell<'r> {
        match cell {
            Cell::Text(text) if !self.prefix.is_empty() => {
                Cell::Text(Cow::Owned(format!("{}{text}", self.prefix)))
            }
            cell @ (Cell::Text(_) | Cell::Number(_) | Cell::Integer(_) | Cell::Bool(_)) => cell,
        }
    }
}

/// Returns the first text that is not empty.
fn first<'r>(row: Row<'r>, columns: &[usize]) -> &'r str {
    let mut texts = columns.iter().map(|column| row.text(*column));
    texts
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
}

/// Joins the texts of some columns, without empty ones.
fn joined<'r>(row: Row<'r>, columns: &[usize], join: &str) -> Cow<'r, str> {
    if let [column] = columns {
        return Cow::Borrowed(row.text(*column));
    }
    let texts: Vec<&str> = columns
        .iter()
        .map(|column| row.text(*column))
        .filter(|text| !text.trim().is_empty())
        .collect();
    Cow::Owned(texts.join(join))
}
