//! The problem document of an answer.

use std::fmt;

use serde::Deserialize;
use ureq::http::StatusCode;

use super::error::CallError;
use crate::model::Fault;

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<ReportedFault>,
}

/// A fault as the service reports it.
#[derive(Debug, Deserialize, serde::Serialize)]
pub struct ReportedFault {
    /// The path of the field; empty for the whole.
    #[serde(default)]
    pub path: String,
    /// The fault.
    pub message: String,
    /// Line from 1 in the text of a configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl fmt::Display for ReportedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl From<Fault> for ReportedFault {
    fn from(fault: Fault) -> Self {
        Self {
            path: fault.path,
            message: fault.message,
            line: fault.line,
        }
    }
}

/// Returns the error of an answer whose status is not a success.
pub(super) fn rejection(status: StatusCode, text: &[u8]) -> CallError {
    let detail = explain(status, text);
    let status = status.as_u16();
    match status {
        401 | 403 => CallError::Denied { status, detail },
        _ => CallError::Rejected { status, detail },
    }
}

/// Returns the faults of a problem.
pub(super) fn faults(text: &[u8]) -> Vec<ReportedFault> {
    serde_json::from_slice(text).map_or_else(|_| Vec::new(), |problem: Problem| problem.errors)
}

/// Returns the problem in one line; only the status if the answer is not a problem document.
pub(super) fn explain(status: StatusCode, text: &[u8]) -> String {
    let Ok(problem) = serde_json::from_slice::<Problem>(text) else {
        return status
            .canonical_reason()
            .unwrap_or("no reason given")
            .to_owned();
    };
    let detail = if problem.detail.is_empty() {
        problem.title
    } else {
        problem.detail
    };
    let faults: Vec<String> = problem
        .errors
        .iter()
        .map(ReportedFault::to_string)
        .collect();
    // The detail of a problem with one fault repeats its message.
    let repeats = matches!(&*problem.errors, [only] if only.message == detail);
    if faults.is_empty() {
        detail
    } else if repeats {
        faults.concat()
    } else {
        format!("{detail} ({})", faults.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::service::TOKEN;
    use super::*;

    #[test]
    fn a_problem_names_every_fault() {
        let text = br#"{"title":"Invalid","detail":"2 faults","errors":[{"path":"limit","message":"too high"},{"message":"odd"}]}"#;
        let said = rejection(StatusCode::UNPROCESSABLE_ENTITY, text).to_string();
        assert_eq!(
            said,
            "the service rejected the request: 422: 2 faults (limit: too high; odd)"
        );
        let text = br#"{"detail":"odd","errors":[{"path":"scene","message":"odd"}]}"#;
        let said = rejection(StatusCode::CONFLICT, text).to_string();
        assert_eq!(said, "the service rejected the request: 409: scene: odd");
        let said = rejection(StatusCode::UNAUTHORIZED, b"").to_string();
        assert!(said.contains("401") && said.contains(TOKEN), "{said}");
    }
}
