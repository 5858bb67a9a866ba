//! Problems: answers from 400 up as `application/problem+json` (RFC 9457), from one table of causes.

use std::borrow::Cow;

use axum::http::StatusCode;

use super::admission::Rejection;
use crate::engine::{Broken, JournalError, Unwanted};
use crate::model::{Diagnosis, Fault, view};

/// The cause of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The body is not JSON, cannot be decompressed, or ended early.
    Malformed,
    /// The token is missing or unknown.
    NoToken,
    /// The token's role does not include the role of the route, or the service has no tokens and the host is not loopback.
    Forbidden,
    /// There is no such route, page, entity, kind or lane.
    NotFound,
    /// The route has no such method.
    Method,
    /// The header `Accept` allows none of the media types of the answer.
    NotAcceptable,
    /// The body did not arrive within `[server] body_seconds`.
    BodyLate,
    /// The service cannot do this in its present mode, such as a back-up of facts kept in memory.
    Conflict,
    /// The change was made for another generation of the configuration than the live one.
    Stale,
    /// The body has too many bytes.
    TooLarge,
    /// The path with the query is too long.
    TargetTooLong,
    /// The route does not accept the body's content type or encoding.
    MediaType,
    /// The request is understood but invalid.
    Invalid,
    /// A change of the configuration does not name the generation that it was made for.
    NoGeneration,
    /// Too many requests of this kind, or too many bytes of their bodies, are in progress.
    TooMany,
    /// The head of the request is too large.
    HeadTooLarge,
    /// A bug; its detail goes to the log.
    Internal,
    /// A file of the history of the configuration is damaged.
    Unreadable,
    /// The timeout of the request expired before the request ran.
    Late,
    /// The service is not ready, or is shutting down.
    NotReady,
    /// What was sent cannot be made durable.
    Storage,
    /// The maximum number of connections is open.
    Full,
}

/// A cause and the constant parts of its answers.
#[derive(Debug)]
pub(super) struct Row {
    /// The cause of this row.
    pub(super) cause: Cause,
    /// The status of the answer.
    pub(super) status: u16,
    /// The last part of the problem's `type`.
    pub(super) name: &'static str,
    /// The problem's `title`.
    pub(super) title: &'static str,
    /// Seconds after which the client may retry.
    pub(super) retry_after: Option<&'static str>,
}

const fn row(cause: Cause, status: u16, name: &'static str, title: &'static str) -> Row {
    let retry_after = match status {
        429 | 503 => Some("1"),
        _ => None,
    };
    Row {
        cause,
        status,
        name,
        title,
        retry_after,
    }
}

/// Every cause, by status.
pub(super) static CAUSES: [Row; 22] = [
    row(
        Cause::Malformed,
        400,
        "malformed",
        "The body cannot be read",
    ),
    row(Cause::NoToken, 401, "no-token", "A valid token is required"),
    row(Cause::Forbidden, 403, "forbidden", "Not allowed"),
    row(Cause::NotFound, 404, "not-found", "Not found"),
    row(Cause::Method, 405, "method", "The route has no such method"),
    row(
        Cause::NotAcceptable,
        406,
        "not-acceptable",
        "The answer has none of the accepted media types",
    ),
    row(
        Cause::BodyLate,
        408,
        "body-late",
        "The body did not arrive in time",
    ),
    row(
        Cause::Conflict,
        409,
        "conflict",
        "Not possible in this mode of the service",
    ),
    row(
        Cause::Stale,
        409,
        "stale",
        "The configuration has changed meanwhile",
    ),
    row(Cause::TooLarge, 413, "too-large", "The body is too large"),
    row(
        Cause::TargetTooLong,
        414,
        "target-too-long",
        "The path is too long",
    ),
    row(
        Cause::MediaType,
        415,
        "media-type",
        "The route does not accept this content type or encoding",
    ),
    row(Cause::Invalid, 422, "invalid", "The request is not valid"),
    row(
        Cause::NoGeneration,
        428,
        "no-generation",
        "The header If-Match with the live generation is required",
    ),
    row(Cause::TooMany, 429, "too-many", "Too many requests"),
    row(
        Cause::HeadTooLarge,
        431,
        "head-too-large",
        "The head of the request is too large",
    ),
    row(Cause::Internal, 500, "internal", "Internal error"),
    row(
        Cause::Unreadable,
        500,
        "unreadable",
        "A generation that is kept cannot be read",
    ),
    row(Cause::Late, 503, "late", "The request timed out"),
    row(
        Cause::NotReady,
        503,
        "not-ready",
        "The service is not ready",
    ),
    row(
        Cause::Storage,
        503,
        "storage",
        "What was sent cannot be made durable",
    ),
    row(Cause::Full, 503, "full", "Too many connections"),
];

impl Cause {
    /// Returns the row of this cause in [`CAUSES`].
    #[must_use]
    pub(super) fn row(self) -> &'static Row {
        let own = CAUSES.iter().find(|row| row.cause == self);
        own.unwrap_or(&CAUSES[0])
    }
}

/// A problem, before it is written as an answer.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Its cause.
    pub(super) cause: Cause,
    /// Explanation of this occurrence, in one sentence.
    pub(super) detail: Cow<'static, str>,
    /// Every fault found. A problem of the whole request has one fault with an empty path.
    pub(super) errors: Vec<Fault>,
    /// The request's own id, from its body.
    pub(super) request_id: Option<String>,
    /// The methods of the path, for the header `Allow`. Set if the path lacks the method of the request.
    pub(super) allow: Option<String>,
    /// Set if admission rejected the request, for the metrics and the pause of the connection.
    pub(super) rejected: Option<Rejection>,
}

impl Problem {
    /// Creates the problem of a request as a whole.
    pub(super) fn new(cause: Cause, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self {
            cause,
            errors: vec![Fault::new("", &*detail)],
            detail,
            request_id: None,
            allow: None,
            rejected: None,
        }
    }

    /// Creates the problem of a request with these faults.
    #[must_use]
    pub(super) fn invalid(errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} faults", many.len()),
        };
        Self {
            errors,
            ..Self::new(Cause::Invalid, detail)
        }
    }

    /// Creates the problem of a body that is not JSON.
    #[must_use]
    pub(super) fn not_json(fault: Fault) -> Self {
        Self {
            errors: vec![fault.clone()],
            ..Self::new(Cause::Malformed, fault.message)
        }
    }

    /// Creates the problem of a bug. Its text is fixed; the details go to the log.
    #[must_use]
    pub(super) fn internal() -> Self {
        Self::new(Cause::Internal, "the service failed; see its log")
    }

    /// Returns the status of the answer.
    #[must_use]
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.cause.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns the problem as JSON, with this id unless the request has its own.
    #[must_use]
    pub(super) fn json(&self, request_id: &str) -> Vec<u8> {
        let row = self.cause.row();
        let problem = view::Problem {
            r#type: format!("urn:saima:problem:{}", row.name),
            title: row.title,
            status: row.status,
            detail: &self.detail,
            request_id: self.request_id.as_deref().unwrap_or(request_id),
            errors: &self.errors,
        };
        serde_json::to_vec(&problem).unwrap_or_default()
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        Self::new(Cause::Storage, error.to_string())
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Self::new(Cause::Storage, broken.to_string())
    }
}

impl From<Unwanted> for Problem {
    fn from(unwanted: Unwanted) -> Self {
        Self::new(Cause::Late, unwanted.to_string())
    }
}

impl From<Diagnosis> for Problem {
    fn from(diagnosis: Diagnosis) -> Self {
        match diagnosis {
            Diagnosis::NotJson(fault) => Self::not_json(fault),
            Diagnosis::Invalid(faults) => Self::invalid(faults),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (cause, detail) = match rejection {
            Rejection::Rank => (Cause::TooMany, "too many rank requests are in progress"),
            Rejection::Batch => (Cause::TooMany, "too many batches are in progress"),
            Rejection::Ingest => (Cause::TooMany, "too many bodies of facts are in progress"),
            Rejection::Read => (Cause::TooMany, "too many reads are in progress"),
            Rejection::RankBytes => (
                Cause::TooMany,
                "too many bytes of rank requests are in progress",
            ),
            Rejection::IngestBytes => (Cause::TooMany, "too many bytes of facts are in progress"),
            Rejection::AnswerBytes => (
                Cause::TooMany,
                "the answers that clients have not taken yet have too many bytes",
            ),
            Rejection::Connections => (Cause::Full, "too many connections are open"),
            Rejection::Late => (
                Cause::Late,
                "the timeout of the request expired before it could run",
            ),
        };
        Self {
            rejected: Some(rejection),
            ..Self::new(cause, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_one_row() {
        for (index, row) in CAUSES.iter().enumerate() {
            assert_eq!(row.cause as usize, index, "{}", row.name);
            assert_eq!(row.cause.row().name, row.name);
        }
        assert!(CAUSES.is_sorted_by_key(|row| row.status));
    }

    #[test]
    fn a_problem_lists_every_fault() {
        let problem = Problem::invalid(vec![Fault::new("a", "x"), Fault::new("b[1]", "y")]);
        let json: serde_json::Value = serde_json::from_slice(&problem.json("r-1")).unwrap();
        assert_eq!(json["status"], 422);
        assert_eq!(json["request_id"], "r-1");
        assert_eq!(json["errors"][1]["path"], "b[1]");
        let whole: serde_json::Value =
            serde_json::from_slice(&Problem::internal().json("r-2")).unwrap();
        assert_eq!(whole["errors"][0]["path"], "");
        assert_eq!(whole["errors"][0]["message"], whole["detail"]);
    }
}
