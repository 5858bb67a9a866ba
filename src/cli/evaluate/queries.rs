//! Reads queries with their outcomes, and the merchants of items.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::cli::import::{self, Line, ReadError};
use crate::model::id_text;

/// The fields of a query. All but the outcome are sent as they are.
const FIELDS: [&str; 4] = ["user_id", "candidates", "relevant", "context"];
/// Maximum number of faults that are named.
const NAMED: usize = 20;

/// A user, candidates chosen beforehand, and the outcome.
#[derive(Clone, Debug)]
pub struct Query {
    /// The user.
    pub user_id: String,
    /// The request: user, candidates with their predictions, and context.
    pub request: Map<String, Value>,
    /// The relevant items, with their gains above 0 (money spent).
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
    /// Lines are invalid: every fault, one per line.
    #[error("{0}")]
    Lines(String),
}

#[derive(Deserialize)]
struct Item {
    id: Value,
    #[serde(default)]
    merchant_id: Option<Value>,
}

/// Reads the queries of a file that have an outcome, and the number of the others.
///
/// # Errors
/// [`QueryError`] with every fault of every line, or if there is no query with an outcome.
pub(super) fn read(path: &Path) -> Result<(Vec<Query>, usize), QueryError> {
    let (mut queries, mut faults, mut without) = (Vec::new(), Vec::new(), 0);
    for line in lines(path)? {
        let line = line?;
        match Query::read(&line.json) {
            Ok(query) if query.relevant.is_empty() => without += 1,
            Ok(query) => queries.push(query),
            Err(found) => {
                let place = |fault| format!("{}:{}: {fault}", path.display(), line.number);
                faults.extend(found.into_iter().map(place));
            }
        }
    }
    if !faults.is_empty() {
        let more = faults.len().saturating_sub(NAMED);
        faults.truncate(NAMED);
        if more > 0 {
            faults.push(format!("… and {more} more faults"));
        }
        return Err(QueryError::Lines(faults.join("\n")));
    }
    if queries.is_empty() {
        return Err(file(path, "contains no query with an outcome"));
    }
    Ok((queries, without))
}

/// Reads the merchant of each item of a file. Items without one are left out.
///
/// # Errors
/// [`QueryError`] for the first line that is not a valid item.
pub(super) fn merchants(path: &Path) -> Result<HashMap<String, String>, QueryError> {
    let mut merchants = HashMap::new();
    for line in lines(path)? {
        let line = line?;
        let item: Item =
            serde_json::from_slice(&line.json).map_err(|fault| at(path, line.number, fault))?;
        let merchant = item.merchant_id.as_ref().and_then(id_text);
        merchants.extend(id_text(&item.id).zip(merchant));
    }
    Ok(merchants)
}

impl Query {
    /// Reads a line.
    fn read(line: &[u8]) -> Result<Self, Vec<String>> {
        let value = serde_json::from_slice(line).map_err(|fault| vec![fault.to_string()])?;
        let Value::Object(mut request) = value else {
            return Err(vec!["must be a JSON object".to_owned()]);
        };
        let mut faults = Vec::new();
        for name in request.keys() {
            if !FIELDS.contains(&name.as_str()) {
                let fields = FIELDS.join(", ");
                faults.push(format!(
                    "{name}: is not a field of a query; its fields are {fields}"
                ));
            }
        }
        let user_id = request.get("user_id").and_then(id_text);
        if user_id.is_none() {
            faults.push("user_id: must be a text or a whole number".to_owned());
        }
        match request.get("candidates").and_then(Value::as_array) {
            Some(candidates) if !candidates.is_empty() => {
                for (place, candidate) in candidates.iter().enumerate() {
                    let found = faults_of(candidate);
                    faults.extend(found.map(|fault| format!("candidates[{place}]: {fault}")));
                }
            }
            _ => faults.push("candidates: must be a list that is not empty".to_owned()),
        }
        if request.get("context").is_some_and(|it| !it.is_object()) {
            faults.push("context: must be an object".to_owned());
        }
        let relevant = relevant(request.remove("relevant"), &mut faults);
        match user_id {
            Some(user_id) if faults.is_empty() => Ok(Self {
                user_id,
                request,
                relevant,
            }),
            _ => Err(faults),
        }
    }
}

/// Returns the fault of a candidate, if it has one.
fn faults_of(candidate: &Value) -> Option<String> {
    let Some(fields) = candidate.as_object() else {
        let fault = "must be an id, or an object with id and predictions";
        return id_text(candidate).is_none().then(|| fault.to_owned());
    };
    let mut unknown = fields
        .keys()
        .filter(|name| !["id", "predictions"].contains(&name.as_str()));
    if let Some(name) = unknown.next() {
        return Some(format!(
            "{name}: is not a field of a candidate; its fields are id, predictions"
        ));
    }
    if fields.get("id").and_then(id_text).is_none() {
        return Some("id: must be a text or a whole number".to_owned());
    }
    let predictions = fields.get("predictions")?;
    let numbers = predictions.as_object().map(|predictions| {
        let mut values = predictions.values();
        values.all(Value::is_number)
    });
    (numbers != Some(true)).then(|| "predictions: must map names to numbers".to_owned())
}

/// Reads the outcome.
fn relevant(given: Option<Value>, faults: &mut Vec<String>) -> HashMap<String, f64> {
    let Some(Value::Object(given)) = given else {
        faults.push("relevant: must map ids to gains, such as {\"item-1\": 12.5}".to_owned());
        return HashMap::new();
    };
    let mut relevant = HashMap::new();
    for (id, gain) in given {
        match gain.as_f64().filter(|gain| *gain > 0.0) {
            Some(gain) => drop(relevant.insert(id, gain)),
            None => faults.push(format!(
                "relevant.{id}: must be a number above 0, not {gain}"
            )),
        }
    }
    relevant
}

/// Returns the number of users of some queries.
pub(super) fn users(queries: &[Query]) -> usize {
    let users: HashSet<&str> = queries.iter().map(|query| query.user_id.as_str()).collect();
    users.len()
}

fn lines(path: &Path) -> Result<impl Iterator<Item = Result<Line, QueryError>>, QueryError> {
    let opened = import::open(path, |file| file).map_err(|fault| file(path, fault))?;
    let lines = import::lines(opened.bytes);
    Ok(lines.map(|line| line.map_err(|fault: ReadError| file(path, fault))))
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
            |(queries, without)| format!("{} read, {without} without outcome", queries.len()),
        )
    }

    #[test]
    fn queries_are_read_as_rank_takes_them() {
        let good = r#"{"user_id":17,"candidates":[1,"b",{"id":3,"predictions":{"pctr":0.5}}],"relevant":{"3":1.5},"context":{}}"#;
        let without = r#"{"user_id":"v","candidates":["a"],"relevant":{}}"#;
        assert_eq!(
            outcome(&format!("{good}\n\n{good}\n{without}\n")),
            "2 read, 1 without outcome"
        );
        assert!(outcome("").contains("no query"));
        assert!(outcome(without).contains("no query"));
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let reported = outcome(
            "{\"user_id\":\"u\",\"query_time\":1,\"candidates\":[{\"id\":\"a\",\"pctr\":1},[]],\"relevant\":[\"a\"]}\n[]\n\
             {\"candidates\":[],\"relevant\":{\"a\":0,\"b\":\"10\"},\"context\":3}\n",
        );
        for fault in [
            ":1: query_time: is not a field of a query",
            ":1: candidates[0]: pctr: is not a field of a candidate",
            ":1: candidates[1]: must be an id",
            ":1: relevant: must map ids to gains",
            ":2: must be a JSON object",
            ":3: user_id: must be",
            ":3: candidates: must be a list",
            ":3: relevant.a: must be a number above 0, not 0",
            ":3: relevant.b: must be a number above 0, not \"10\"",
            ":3: context: must be an object",
        ] {
            assert!(
                reported.contains(&format!("q.ndjson{fault}")),
                "{fault} in {reported}"
            );
        }
        let many = outcome(&"[]\n".repeat(100));
        assert!(many.ends_with("… and 80 more faults"), "{many}");
    }
}
