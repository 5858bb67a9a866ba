//! The check of a model: rows of features with the raw score that LightGBM gave them. A file that is read in another way than it was
//! written would rank in silence, so a model goes live only if it agrees with its rows.

use super::fault::Fault;
use super::numbers::{real, shown};
use super::score::Columns;
use super::tree::Forest;

/// Number of rows of a check.
pub const ROWS: usize = 20;
/// Name of the last column.
const RAW: &str = "raw";
/// Maximum difference of a raw score, as a share of it if it is above 1.
const CLOSE: f64 = 1e-9;

/// Compares a model with the rows of its check: a first line with the names of features and at last `raw`, then [`ROWS`] lines of numbers,
/// all separated by commas. An empty cell is a missing value.
///
/// # Errors
/// The first fault: a column is not one of the model's features, or the trees read a feature that has none; a cell is no number; there are
/// more or fewer rows; or a raw score is not what the model gives.
pub fn check(forest: &Forest, text: &str) -> Result<(), Fault> {
    let mut lines = text.lines().map(str::trim_end).enumerate();
    let head = lines.next().map_or("", |(_, line)| line);
    let places = columns(forest, head)?;
    let mut rows = 0;
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let number = number + 1;
        rows += 1;
        if rows > ROWS {
            return Err(Fault::new(number, format!("a check has {ROWS} rows")));
        }
        row(forest, &places, (number, line))?;
    }
    if rows < ROWS {
        let message = format!("a check has {ROWS} rows, not {rows}: the file is cut short");
        return Err(Fault::new(rows + 1, message));
    }
    Ok(())
}

/// Reads the first line. Returns the place of each column among the features that the trees read; `None` for one that they don't.
fn columns(forest: &Forest, head: &str) -> Result<Vec<Option<usize>>, Fault> {
    let mut names: Vec<&str> = head.split(',').map(str::trim).collect();
    if names.pop() != Some(RAW) {
        return Err(Fault::new(1, "the last column must be raw"));
    }
    let mut all = names.iter().take(forest.names.len() + 1);
    if let Some(name) = all.find(|name| forest.names.iter().all(|known| known != *name)) {
        let name = shown(name);
        return Err(Fault::new(
            1,
            format!("{name} is not a feature of the model"),
        ));
    }
    if names.len() > forest.names.len() {
        return Err(Fault::new(
            1,
            "must have one column for each feature, and raw",
        ));
    }
    let features: Vec<&str> = forest.features().collect();
    let places = names
        .iter()
        .map(|name| features.iter().position(|it| it == name));
    let places: Vec<Option<usize>> = places.collect();
    for (place, name) in features.iter().enumerate() {
        let columns = places.iter().filter(|found| **found == Some(place));
        if columns.count() != 1 {
            return Err(Fault::new(1, format!("must have one column {name}")));
        }
    }
    Ok(places)
}

/// Compares the model with one row.
fn row(
    forest: &Forest,
    places: &[Option<usize>],
    (number, line): (usize, &str),
) -> Result<(), Fault> {
    let cells: Vec<&str> = line.split(',').take(places.len() + 2).collect();
    if cells.len() != places.len() + 1 {
        let count = places.len() + 1;
        return Err(Fault::new(number, format!("must have {count} cells")));
    }
    let mut features = Columns::new(forest.used.len(), 1);
    for (place, cell) in places.iter().zip(&cells) {
        let read = if cell.trim().is_empty() {
            f64::NAN
        } else {
            real("a feature", (number, cell), f64::MAX)?
        };
        if let Some(place) = place {
            features.column(*place).fill(read);
        }
    }
    let last = cells.last().copied().unwrap_or_default();
    let expected = real(RAW, (number, last), f64::MAX)?;
    let mut raw = [0.0];
    forest.score(&features, &mut raw);
    let [raw] = raw;
    if (raw - expected).abs() > CLOSE * expected.abs().max(1.0) {
        let message = format!("raw is {expected}, but the model gives {raw}");
        return Err(Fault::new(number, message));
    }
    Ok(())
}
