//! The facts of a file as lines of JSON, each with its line number.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use thiserror::Error;

use super::cell::Cell;
use super::map::{Field, Mapping, Origin, Source};

/// One fact, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line of the file on which it begins, from 1.
    pub number: u64,
    /// The fact as JSON, without a line break.
    pub json: Vec<u8>,
}

/// The reason why a fact cannot be read from a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// One row is invalid; reading continues after it.
    #[error("line {line}: {message}")]
    Row {
        /// The line of the file, from 1.
        line: u64,
        /// The fault.
        message: String,
    },
    /// The file is unreadable from here on.
    #[error("{0}")]
    File(String),
}

/// Returns the lines of a file of JSON unchanged, without blank lines.
pub fn lines<R: BufRead>(mut file: R) -> impl Iterator<Item = Result<Line, ReadError>> {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut json = Vec::new();
            match file.read_until(b'\n', &mut json) {
                Ok(0) => return None,
                Ok(_) if json.trim_ascii().is_empty() => {}
                Ok(_) => {
                    json.truncate(json.trim_ascii_end().len());
                    return Some(Ok(Line { number, json }));
                }
                Err(fault) => return Some(Err(ReadError::File(fault.to_string()))),
            }
        }
    })
}

/// Returns the rows of a table with a header, each converted to a fact by the mapping. Row numbers continue from `row`.
///
/// # Errors
/// [`ReadError::File`] if the header is missing or lacks a mapped column.
pub fn table<'n, R: Read>(
    file: R,
    mapping: &Mapping,
    row: &'n mut u64,
) -> Result<impl Iterator<Item = Result<Line, ReadError>> + use<'n, R>, ReadError> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader
        .headers()
        .map_err(|fault| ReadError::File(fault.to_string()))?;
    let mapping = mapping.bind(header).map_err(ReadError::File)?;
    let mut record = csv::StringRecord::new();
    Ok(std::iter::from_fn(move || {
        match reader.read_record(&mut record) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(fault) => return Some(Err(broken(&fault))),
        }
        let line = record.position().map_or(0, csv::Position::line);
        let fact = mapping.fact(&record, *row);
        *row += 1;
        Some(match fact {
            Ok(json) => Ok(Line { number: line, json }),
            Err(message) => Err(ReadError::Row { line, message }),
        })
    }))
}

/// Returns the error of a bad row. A row of another width, or with invalid UTF-8, is skipped; any other fault ends the file.
fn broken(fault: &csv::Error) -> ReadError {
    let position = fault.position().filter(|_| !fault.is_io_error());
    match position {
        Some(position) => ReadError::Row {
            line: position.line(),
            message: fault.to_string(),
        },
        None => ReadError::File(fault.to_string()),
    }
}

impl Mapping<usize> {
    /// Returns the fact of one row as JSON, without the fields that have no value.
    fn fact(&self, record: &csv::StringRecord, row: u64) -> Result<Vec<u8>, String> {
        let mut json = vec![b'{'];
        let mut cells = Vec::new();
        for field in &self.fields {
            field.read(record, row, &mut cells)?;
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
    fn read<'r>(
        &'r self,
        record: &'r csv::StringRecord,
        row: u64,
        cells: &mut Vec<Cell<'r>>,
    ) -> Result<(), String> {
        self.sources
            .iter()
            .try_for_each(|source| source.read(record, row, cells))
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
    fn read<'r>(
        &'r self,
        record: &'r csv::StringRecord,
        row: u64,
        cells: &mut Vec<Cell<'r>>,
    ) -> Result<(), String> {
        let text = match &self.from {
            Origin::Constant(cell) => {
                cells.push(self.prefixed(cell.clone()));
                return Ok(());
            }
            Origin::Row => Cow::Owned(row.to_string()),
            Origin::Columns { columns, join } => joined(record, columns, join),
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

/// Joins the texts of some columns, without empty ones.
fn joined<'r>(record: &'r csv::StringRecord, columns: &[usize], join: &str) -> Cow<'r, str> {
    if let [column] = columns {
        return Cow::Borrowed(record.get(*column).unwrap_or_default());
    }
    let texts: Vec<&str> = columns
        .iter()
        .filter_map(|column| record.get(*column))
        .filter(|text| !text.trim().is_empty())
        .collect();
    Cow::Owned(texts.join(join))
}

#[cfg(test)]
mod tests {
    use super::super::map::MapFile;
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(map: &str, csv: &str) -> Vec<Result<(u64, Value), String>> {
        let mapping = MapFile::parse(map).unwrap().target("items").unwrap();
        table(csv.as_bytes(), &mapping, &mut 0)
            .unwrap()
            .map(|line| match line {
                Ok(line) => Ok((line.number, serde_json::from_slice(&line.json).unwrap())),
                Err(fault) => Err(fault.to_string()),
            })
            .collect()
    }

    #[test]
    fn every_kind_of_source_gives_values() {
        let map = r#"
            [items]
            id = { column = "sku", prefix = "i" }
            n = { row = true, prefix = "r" }
            kind = { constant = "product" }
            price = { column = "price", type = "number" }
            title = { columns = ["name", "size"], join = " " }
            category = { column = "dep", default = "other" }
            tags = [{ column = "labels", split = "|" }, { column = "dep", prefix = "d:" }, "name"]
            campaigns = { column = "labels", split = "|" }
        "#;
        let csv = "sku,price,name,size,dep,labels,ignored\n1,2.5,\"a \"\"b\"\"\",9 OZ,food,x | y||,z\n2,,c,,,,\n";
        assert_eq!(
            read(map, csv),
            [
                Ok((
                    2,
                    json!({"id": "i1", "n": "r0", "kind": "product", "price": 2.5, "title": "a \"b\" 9 OZ", "category": "food",
                    "tags": ["x", "y", "d:food", "a \"b\""], "campaigns": ["x", "y"]})
                )),
                Ok((
                    3,
                    json!({"id": "i2", "n": "r1", "kind": "product", "title": "c", "category": "other", "tags": ["c"]})
                )),
            ]
        );
    }

    #[test]
    fn a_bad_row_is_reported_and_skipped() {
        let map = "[items]\nid = 'id'\nprice = { column = 'price', type = 'number' }";
        let rows = read(map, "id,price\na,1\nb,cheap\nc\nd,4\n");
        assert_eq!(
            rows[1],
            Err("line 3: price: \"cheap\" is not a finite number".to_owned())
        );
        assert!(rows[2].as_ref().unwrap_err().starts_with("line 4: "));
        assert_eq!(rows[3], Ok((5, json!({"id": "d", "price": 4.0}))));
    }

    #[test]
    fn a_missing_column_is_reported_first() {
        let mapping = MapFile::parse("[items]\nid = 'sku'")
            .unwrap()
            .target("items")
            .unwrap();
        assert!(
            matches!(table("id\n1\n".as_bytes(), &mapping, &mut 0), Err(ReadError::File(fault)) if fault.contains("sku"))
        );
    }

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let read: Vec<Line> = lines("{\"a\":1}\r\n\n  \n{}".as_bytes())
            .map(Result::unwrap)
            .collect();
        let line = |number, json: &str| Line {
            number,
            json: json.as_bytes().to_vec(),
        };
        assert_eq!(read, [line(1, "{\"a\":1}"), line(4, "{}")]);
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn any_cell_text_survives_json(texts in prop::collection::vec("\\PC{1,20}", 1..8)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["t"]).unwrap();
            for text in &texts {
                writer.write_record([text]).unwrap();
            }
            let csv = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let rows = read("[items]\nt = 't'", &csv);
            for (row, text) in rows.iter().zip(&texts) {
                let expected = if text.trim().is_empty() { json!({}) } else { json!({"t": text}) };
                prop_assert_eq!(&row.as_ref().unwrap().1, &expected);
            }
            prop_assert_eq!(rows.len(), texts.len());
        }
    }
}
