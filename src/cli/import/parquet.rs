//! The rows of a Parquet file, as objects of JSON.
//!
//! Nested columns are objects and lists, so a map reads them by paths, as those of JSON. Times are RFC 3339, decimals texts.

use std::fs::File;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Map, Value as Json};

use super::rows::{Line, ReadError};
use crate::clock::{DAY, Time};

/// A file that is open for reading.
pub(super) struct Opened(SerializedFileReader<File>);

/// Opens a file.
///
/// # Errors
/// If the file cannot be opened, or is not a whole Parquet file.
pub(super) fn open(path: &Path) -> Result<Opened, String> {
    let file = File::open(path).map_err(|fault| fault.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|fault| broken(&fault))?;
    Ok(Opened(reader))
}

impl Opened {
    /// Returns the names of the columns at the top.
    pub(super) fn names(&self) -> Vec<String> {
        let schema = self.0.metadata().file_metadata().schema();
        let fields = schema.get_fields().iter();
        fields.map(|field| field.name().to_owned()).collect()
    }
}

/// Returns the rows of a file as lines of JSON, with their numbers from 1.
pub(super) fn rows(
    Opened(reader): Opened,
) -> impl Iterator<Item = Result<Line, ReadError>> + use<> {
    let mut number = 0;
    let mut ended = false;
    let mut rows = reader.into_iter();
    std::iter::from_fn(move || {
        let row = rows.next().filter(|_| !ended)?;
        number += 1;
        Some(match row {
            Ok(row) => line(number, &row),
            Err(fault) => {
                ended = true;
                let fault = broken(&fault);
                Err(ReadError::File(format!("row {number}: {fault}")))
            }
        })
    })
}

fn broken(fault: &ParquetError) -> String {
    let fault = fault.to_string();
    let fault = fault.trim_start_matches("Parquet error: ");
    format!("not a whole Parquet file: {fault}")
}

fn line(number: u64, row: &Row) -> Result<Line, ReadError> {
    let json =
        object(row).and_then(|json| serde_json::to_vec(&json).map_err(|fault| fault.to_string()));
    json.map(|json| Line { number, json })
        .map_err(|message| ReadError::Row {
            line: number,
            message,
        })
}

fn object(row: &Row) -> Result<Json, String> {
    let members = row.get_column_iter().map(|(name, field)| {
        let value = value(field).map_err(|fault| format!("{name}: {fault}"))?;
        Ok((name.clone(), value))
    });
    members
        .collect::<Result<Map<String, Json>, String>>()
        .map(Json::Object)
}

fn value(field: &Field) -> Result<Json, String> {
    Ok(match field {
        Field::Null => Json::Null,
        Field::Bool(truth) => Json::from(*truth),
        Field::Byte(number) => Json::from(*number),
        Field::Short(number) => Json::from(*number),
        Field::Int(number) | Field::TimeMillis(number) => Json::from(*number),
        Field::Long(number) | Field::TimeMicros(number) => Json::from(*number),
        Field::UByte(number) => Json::from(*number),
        Field::UShort(number) => Json::from(*number),
        Field::UInt(number) => Json::from(*number),
        Field::ULong(number) => Json::from(*number),
        Field::Float16(number) => shortest(number.to_f32()),
        Field::Float(number) => shortest(*number),
        Field::Double(number) => Json::from(*number),
        Field::Decimal(_) => Json::from(field.to_string()),
        Field::Str(text) => Json::from(text.as_str()),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => Json::from(text),
            Err(_) => return Err("these bytes are not UTF-8".to_owned()),
        },
        Field::Date(days) => time(i64::from(*days).saturating_mul(DAY))?,
        Field::TimestampMillis(millis) => time(*millis)?,
        Field::TimestampMicros(micros) => time(micros.div_euclid(1_000))?,
        Field::Group(row) => object(row)?,
        Field::ListInternal(list) => {
            let elements = list.elements().iter().map(value);
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        Field::MapInternal(map) => {
            let pairs = map.entries().iter().map(|(key, found)| {
                let key = value(key)?;
                let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                Ok((name, value(found)?))
            });
            Json::Object(pairs.collect::<Result<_, String>>()?)
        }
    })
}

/// Returns the shortest number that is this one in single precision: 0.1, not 0.10000000149.
fn shortest(number: f32) -> Json {
    Json::from(number.to_string().parse::<f64>().unwrap_or(f64::NAN))
}

fn time(millis: i64) -> Result<Json, String> {
    let time = Time::from_millis(millis).ok_or("the time is out of range")?;
    Ok(Json::from(time.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use serde_json::json;
    use std::sync::Arc;

    const SCHEMA: &str = "message m {
        required binary id (UTF8);
        optional double price;
        required int64 at (TIMESTAMP(MILLIS,true));
        optional group shop { required binary name (UTF8); }
    }";

    fn written() -> Vec<u8> {
        let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
        let mut bytes = Vec::new();
        let mut file = SerializedFileWriter::new(
            &mut bytes,
            schema,
            Arc::new(WriterProperties::builder().build()),
        )
        .unwrap();
        let mut group = file.next_row_group().unwrap();
        let texts = |texts: [&str; 2]| texts.map(|text| ByteArray::from(text.as_bytes().to_vec()));
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts(["a", "b"]), None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<DoubleType>()
            .write_batch(&[2.5], Some(&[1, 0]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&[1_795_132_800_000, 0], None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts(["x", "y"]), Some(&[1, 1]), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        file.close().unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Json>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, bytes).unwrap();
        let rows = rows(open(&path)?).map(|row| {
            let line = row.map_err(|fault| fault.to_string())?;
            Ok(serde_json::from_slice(&line.json).unwrap())
        });
        rows.collect()
    }

    #[test]
    fn rows_are_objects() {
        let expected = [
            json!({"id": "a", "price": 2.5, "at": "2026-11-20T00:00:00Z", "shop": {"name": "x"}}),
            json!({"id": "b", "price": null, "at": "1970-01-01T00:00:00Z", "shop": {"name": "y"}}),
        ];
        assert_eq!(read(&written()).unwrap(), expected);
    }

    #[test]
    fn a_cut_file_is_a_fault() {
        let whole = written();
        for length in 0..whole.len() {
            let fault = read(&whole[..length]).unwrap_err();
            assert!(
                fault.starts_with("not a whole Parquet file"),
                "{length}: {fault}"
            );
        }
    }
}
