//! Proposes a map for an unknown file: a ready one if its columns are those of a known export, else one by the names of the columns
//! and their first values. What is not sure is said in comments.

mod column;
mod find;
mod propose;
mod ready;
mod sample;
mod source;
mod time;
mod words;

#[cfg(test)]
mod tests;

use std::path::Path;

/// Returns a map for a file, as TOML with comments.
///
/// # Errors
/// If the file cannot be read, or has no rows.
pub(super) fn guess(path: &Path) -> Result<String, String> {
    let sample = sample::Sample::read(path)?;
    let name = path.display().to_string();
    Ok(ready::map(&sample, &name).unwrap_or_else(|| propose::map(&sample, &name)))
}
