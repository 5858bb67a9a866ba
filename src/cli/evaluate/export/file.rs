//! The features of evaluated candidates as a Parquet file, to train a model on.
//!
//! One row a candidate that the service ranked: the place of the query, the user, the item, the instant that the features are of, the
//! label and the amount of the outcome, then every feature that a model may read. A missing feature is null.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::super::queries::Query;
use super::super::{EvaluateError, Ranking};
use crate::clock::Time;
use crate::config::Feature;

/// Number of rows that are written together.
const GROUP: usize = 65_536;

/// A file that is being written.
pub(in super::super) struct Export {
    file: SerializedFileWriter<File>,
    /// Names of the features.
    names: Vec<String>,
    rows: Rows,
    /// Number of rows written and waiting.
    count: usize,
}

/// Rows that are not written yet, column by column.
#[derive(Default)]
struct Rows {
    query: Vec<i64>,
    user: Vec<ByteArray>,
    item: Vec<ByteArray>,
    as_of: Vec<i64>,
    label: Vec<f64>,
    amount: Vec<f64>,
    /// By feature.
    features: Vec<Vec<Option<f64>>>,
}

impl Export {
    /// Creates a file, over an older one.
    ///
    /// # Errors
    /// [`EvaluateError::Export`] if it cannot be written.
    pub(in super::super) fn create(path: &Path) -> Result<Self, EvaluateError> {
        let names: Vec<String> = Feature::all().map(Feature::name).collect();
        let features = names.iter().map(|name| format!("optional double {name};"));
        let schema = format!(
            "message features {{ required int64 query; required binary user_id (UTF8); required binary item_id (UTF8); required int64 as_of \
             (TIMESTAMP(MILLIS,true)); required double label; required double amount; {} }}",
            features.collect::<String>()
        );
        let file = File::create(path)
            .map_err(|error| EvaluateError::Export(format!("{}: {error}", path.display())))?;
        let schema = Arc::new(parse_message_type(&schema)?);
        let properties = Arc::new(WriterProperties::builder().build());
        Ok(Self {
            file: SerializedFileWriter::new(file, schema, properties)?,
            rows: Rows::new(names.len()),
            names,
            count: 0,
        })
    }

    /// Adds the ranked candidates of a query, given its place among the queries.
    ///
    /// # Errors
    /// [`EvaluateError::Export`] if the file cannot be written, or the service did not return the features.
    pub(in super::super) fn add(
        &mut self,
        place: usize,
        query: &Query,
        ranking: &Ranking,
    ) -> Result<(), EvaluateError> {
        let as_of = Time::parse(&ranking.as_of).map(Time::millis);
        let as_of = as_of.ok_or_else(|| EvaluateError::Export("as_of is no time".to_owned()))?;
        for placed in &ranking.items {
            let explained = placed.explain.as_ref();
            let Some(features) = explained.and_then(|it| it.features.as_ref()) else {
                let message = "the service returned no features; it is of an earlier version";
                return Err(EvaluateError::Export(message.to_owned()));
            };
            let gain = query.relevant.get(&placed.id).copied();
            let rows = &mut self.rows;
            rows.query.push(i64::try_from(place).unwrap_or(i64::MAX));
            rows.user.push(query.user_id.as_str().into());
            rows.item.push(placed.id.as_str().into());
            rows.as_of.push(as_of);
            rows.label.push(if gain.is_some() { 1.0 } else { 0.0 });
            rows.amount.push(gain.unwrap_or(0.0));
            for (name, column) in self.names.iter().zip(&mut rows.features) {
                column.push(features.get(name).copied());
            }
            self.count += 1;
        }
        if self.rows.query.len() >= GROUP {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the file. Returns the number of its rows.
    ///
    /// # Errors
    /// [`EvaluateError::Export`] if it cannot be written.
    pub(in super::super) fn close(mut self) -> Result<usize, EvaluateError> {
        self.flush()?;
        self.file.close()?;
        Ok(self.count)
    }

    fn flush(&mut self) -> Result<(), EvaluateError> {
        let rows = std::mem::replace(&mut self.rows, Rows::new(self.names.len()));
        let mut group = self.file.next_row_group()?;
        write::<Int64Type>(&mut group, &rows.query, None)?;
        write::<ByteArrayType>(&mut group, &rows.user, None)?;
        write::<ByteArrayType>(&mut group, &rows.item, None)?;
        write::<Int64Type>(&mut group, &rows.as_of, None)?;
        write::<DoubleType>(&mut group, &rows.label, None)?;
        write::<DoubleType>(&mut group, &rows.amount, None)?;
        for column in &rows.features {
            let known: Vec<f64> = column.iter().copied().flatten().collect();
            let levels: Vec<i16> = column.iter().map(|x| x.is_some().into()).collect();
            write::<DoubleType>(&mut group, &known, Some(&levels))?;
        }
        group.close()?;
        Ok(())
    }
}

impl Rows {
    fn new(features: usize) -> Self {
        Self {
            features: vec![Vec::new(); features],
            ..Self::default()
        }
    }
}

/// Writes the next column of a group: its values, and which rows have one.
fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, levels, None)?;
        column.close()?;
    }
    Ok(())
}

impl From<ParquetError> for EvaluateError {
    fn from(error: ParquetError) -> Self {
        Self::Export(error.to_string())
    }
}
