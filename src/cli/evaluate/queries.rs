//! Reads queries with their outcomes, and the merchants of items.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::cli::import::{self, ReadError};

/// A user, candidates chosen beforehand, and the outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    /// The user.
    pub user_id: String,
    /// The ids to rank.
    pub candidates: Vec<String>,
    /// The relevant items, with their gains above 0 (money spent); never empty.
    pub relevant: HashMap<String, f64>,
}

/// An unusable file.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The file cannot be read or is empty.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// The fault.
        message: String,
    },
    /// A line is invalid.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// The fault.
        message: String,
    },
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    merchant_id: Option<String>,
}

/// Reads the queries of a file.
///
/// # Errors
/// [`QueryError`] for the first line that is not a valid query, or if there is no query.
pub(super) fn read(path: &Path) -> Result<Vec<Query>, QueryError> {
    let queries: Vec<Query> = each(path, Query::check)?;
    if queries.is_empty() {
        return Err(file(path, "contains no query"));
    }
    Ok(queries)
}

/// Reads the merchant of each item of a file. Items without one are left out.
///
/// # Errors
/// [`QueryError`] for the first line that is not a valid item.
pub(super) fn merchants(path: &Path) -> Result<HashMap<String, String>, QueryError> {
    let items: Vec<Item> = each(path, |_| Ok(()))?;
    let pairs = items
        .into_iter()
        .filter_map(|item| Some((item.id, item.merchant_id?)));
    Ok(pairs.collect())
}

impl Query {
    fn check(&self) -> Result<(), String> {
        if self.candidates.is_empty() || self.relevant.is_empty() {
            return Err("a query needs candidates and relevant items".to_owned());
        }
        match self
            .relevant
            .iter()
            .find(|(_, gain)| !(gain.is_finite() && **gain > 0.0))
        {
            Some((id, gain)) => Err(format!(
                "relevant.{id}: the gain must be above 0, not {gain}"
            )),
            None => Ok(()),
        }
    }
}

fn each<T: DeserializeOwned>(
    path: &Path,
    check: impl Fn(&T) -> Result<(), String>,
) -> Result<Vec<T>, QueryError> {
    let opened = import::open(path, |file| file).map_err(|fault| file(path, fault))?;
    import::lines(opened.bytes)
        .map(|line| {
            let line = line.map_err(|fault: ReadError| file(path, fault))?;
            let value: T =
                serde_json::from_slice(&line.json).map_err(|fault| at(path, line.number, fault))?;
            check(&value).map_err(|fault| at(path, line.number, fault))?;
            Ok(value)
        })
        .collect()
}

fn file(path: &Path, message: impl ToString) -> QueryError {
    QueryError::File {
        path: path.display().to_string(),
        message: message.to_string(),
    }
}

fn at(path: &Path, line: u64, message: impl ToString) -> QueryError {
    QueryError::Line {
        path: path.display().to_string(),
        line,
        message: message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.ndjson");
        std::fs::write(&path, text).unwrap();
        read(&path).map_or_else(
            |fault| fault.to_string(),
            |queries| format!("{} read", queries.len()),
        )
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let good = r#"{"user_id":"u","candidates":["a"],"relevant":{"a":1.5}}"#;
        assert_eq!(outcome(&format!("{good}\n\n{good}\n")), "2 read");
        assert!(outcome("").contains("no query"));
        assert!(
            outcome(&format!("{good}\n{{\"user_id\":\"u\"}}\n"))
                .contains("q.ndjson:2: missing field")
        );
        assert!(outcome(&good.replace("1.5", "0")).contains("q.ndjson:1: relevant.a"));
        assert!(outcome(&good.replace(r#"{"a":1.5}"#, "{}")).contains("relevant items"));
    }
}
