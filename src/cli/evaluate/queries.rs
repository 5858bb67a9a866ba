//! Reads queries with their outcomes, and which merchant sells which item.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::cli::import::{self, ReadError};

/// A user, candidates fixed beforehand, and what the user did afterwards.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    /// Who asks.
    pub user_id: String,
    /// What is to be ranked.
    pub candidates: Vec<String>,
    /// What turned out relevant, with its gain above 0 (money spent); never empty.
    pub relevant: HashMap<String, f64>,
}

/// A file that cannot be used.
#[derive(Debug, Error)]
pub enum QueryError {
    /// It cannot be read, or holds nothing.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A line is not what it should be.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    merchant_id: Option<String>,
}

/// The queries of a file.
///
/// # Errors
/// [`QueryError`] at the first line that is no query, or if there is none.
pub(super) fn read(path: &Path) -> Result<Vec<Query>, QueryError> {
    let queries: Vec<Query> = each(path, Query::check)?;
    if queries.is_empty() {
        return Err(file(path, "there is no query in it"));
    }
    Ok(queries)
}

/// The merchant of each item of a file; items without one are left out.
///
/// # Errors
/// [`QueryError`] at the first line that is no item.
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
            return Err("a query needs candidates and something relevant".to_owned());
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
    import::lines(opened)
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

    fn said(text: &str) -> String {
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
        assert_eq!(said(&format!("{good}\n\n{good}\n")), "2 read");
        assert!(said("").contains("no query"));
        assert!(
            said(&format!("{good}\n{{\"user_id\":\"u\"}}\n")).contains("q.ndjson:2: missing field")
        );
        assert!(said(&good.replace("1.5", "0")).contains("q.ndjson:1: relevant.a"));
        assert!(said(&good.replace(r#"{"a":1.5}"#, "{}")).contains("something relevant"));
    }
}
