//! Decisions as a Parquet file: one row a place, with the outcomes of its item.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::super::outcome::Outcome;
use crate::decision::Record;

/// Number of rows that are written together.
const GROUP: usize = 65_536;
/// The columns, in the order in which they are written.
const SCHEMA: &str = "message decisions { required binary request_id (UTF8); required int64 at (TIMESTAMP(MILLIS,true)); \
    required binary scene (UTF8); required binary user (UTF8); required binary arms (UTF8); required boolean forced; \
    required int64 generation; required int64 place; \
    required binary item (UTF8); required float score; required int64 clicks; required int64 carts; required int64 purchases; \
    required double amount; required boolean guess; }";

/// A file that is being written.
pub(in super::super) struct Export {
    file: SerializedFileWriter<File>,
    rows: Rows,
    /// Number of rows written and waiting.
    count: usize,
}

/// Rows that are not written yet, column by column.
#[derive(Default)]
struct Rows {
    request: Vec<ByteArray>,
    at: Vec<i64>,
    scene: Vec<ByteArray>,
    user: Vec<ByteArray>,
    arms: Vec<ByteArray>,
    forced: Vec<bool>,
    generation: Vec<i64>,
    place: Vec<i64>,
    item: Vec<ByteArray>,
    score: Vec<f32>,
    clicks: Vec<i64>,
    carts: Vec<i64>,
    purchases: Vec<i64>,
    amount: Vec<f64>,
    guess: Vec<bool>,
}

impl Export {
    /// Creates a file, over an older one.
    pub(in super::super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = Arc::new(WriterProperties::builder().build());
        Ok(Self {
            file: SerializedFileWriter::new(file, schema, properties)?,
            rows: Rows::default(),
            count: 0,
        })
    }

    /// Adds the places of a decision.
    pub(in super::super) fn add(&mut self, record: &Record, outcomes: &[Outcome]) -> Result<()> {
        let arms = record.arms.iter();
        let arms: Vec<String> = arms.map(|(name, arm)| format!("{name}={arm}")).collect();
        let arms = ByteArray::from(&*arms.join(" "));
        let start = record.whole.as_ref().map_or(0, |whole| whole.inputs.start);
        for (index, (item, score)) in record.shown.iter().enumerate() {
            let of = |kind: &str| {
                let own = outcomes
                    .iter()
                    .filter(|it| it.item == *item && it.kind == kind);
                i64::try_from(own.count()).unwrap_or(i64::MAX)
            };
            let own = || outcomes.iter().filter(|it| it.item == *item);
            let rows = &mut self.rows;
            rows.request.push(record.request_id.as_str().into());
            rows.at.push(record.at);
            rows.scene.push(record.scene.as_str().into());
            rows.user
                .push(record.user.as_deref().unwrap_or_default().into());
            rows.arms.push(arms.clone());
            rows.forced.push(record.forced);
            rows.generation
                .push(i64::try_from(record.generation).unwrap_or(i64::MAX));
            rows.place
                .push(i64::try_from(start + index + 1).unwrap_or(i64::MAX));
            rows.item.push(item.as_str().into());
            rows.score.push(*score);
            rows.clicks.push(of("click"));
            rows.carts.push(of("cart"));
            rows.purchases.push(of("purchase"));
            let bought = own().filter(|it| it.kind == "purchase");
            rows.amount.push(bought.filter_map(|it| it.amount).sum());
            rows.guess.push(own().any(|it| it.guess));
            self.count += 1;
        }
        if self.rows.at.len() >= GROUP {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the file. Returns the number of its rows.
    pub(in super::super) fn close(mut self) -> Result<usize> {
        self.flush()?;
        self.file.close()?;
        Ok(self.count)
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.file.next_row_group()?;
        write::<ByteArrayType>(&mut group, &rows.request)?;
        write::<Int64Type>(&mut group, &rows.at)?;
        write::<ByteArrayType>(&mut group, &rows.scene)?;
        write::<ByteArrayType>(&mut group, &rows.user)?;
        write::<ByteArrayType>(&mut group, &rows.arms)?;
        write::<BoolType>(&mut group, &rows.forced)?;
        write::<Int64Type>(&mut group, &rows.generation)?;
        write::<Int64Type>(&mut group, &rows.place)?;
        write::<ByteArrayType>(&mut group, &rows.item)?;
        write::<FloatType>(&mut group, &rows.score)?;
        write::<Int64Type>(&mut group, &rows.clicks)?;
        write::<Int64Type>(&mut group, &rows.carts)?;
        write::<Int64Type>(&mut group, &rows.purchases)?;
        write::<DoubleType>(&mut group, &rows.amount)?;
        write::<BoolType>(&mut group, &rows.guess)?;
        group.close()?;
        Ok(())
    }
}

/// Writes the next column of a group.
fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
) -> Result<()> {
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(values, None, None)?;
        column.close()?;
    }
    Ok(())
}
