//! What went wrong, as an answer: `application/problem+json` (RFC 9457), from one table of causes.

use std::borrow::Cow;

use axum::http::StatusCode;

use super::admission::Refusal;
use crate::engine::{Broken, JournalError};
use crate::model::{Diagnosis, Fault, view};

/// Why a request is not answered as it was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The body is not JSON, cannot be unpacked, or broke off.
    Malformed,
    /// There is no token, or one that we do not know.
    NoToken,
    /// The token's role is too small, or the page that asks comes from elsewhere.
    Forbidden,
    /// There is no such route, entity, kind or lane.
    NotFound,
    /// The route has no such method.
    Method,
    /// The body did not come in time.
    BodyLate,
    /// What is asked for does not go with how the service runs.
    Conflict,
    /// The body has too many bytes.
    TooLarge,
    /// The body's content type or encoding is not one that the route takes.
    MediaType,
    /// The request was understood, but it is not valid.
    Invalid,
    /// There are too many requests of the kind, or their bodies are too large.
    TooMany,
    /// A bug; its detail goes to the log.
    Internal,
    /// The time of the request ran out before it could be answered.
    Late,
    /// The service is not ready, or is about to end.
    NotReady,
    /// Facts cannot be made durable.
    Storage,
    /// There is no room for one more connection.
    Full,
}

/// What an answer says of its cause.
#[derive(Debug)]
pub(super) struct Row {
    /// Which cause this is.
    pub(super) cause: Cause,
    /// The status of the answer.
    pub(super) status: u16,
    /// The last part of the problem's `type`.
    pub(super) name: &'static str,
    /// The problem's `title`.
    pub(super) title: &'static str,
    /// Seconds after which to try again.
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
pub(super) static CAUSES: [Row; 16] = [
    row(
        Cause::Malformed,
        400,
        "malformed",
        "The body cannot be read",
    ),
    row(Cause::NoToken, 401, "no-token", "A known token is needed"),
    row(Cause::Forbidden, 403, "forbidden", "Not allowed"),
    row(Cause::NotFound, 404, "not-found", "Not found"),
    row(Cause::Method, 405, "method", "The route has no such method"),
    row(
        Cause::BodyLate,
        408,
        "body-late",
        "The body did not come in time",
    ),
    row(
        Cause::Conflict,
        409,
        "conflict",
        "Not while the service runs like this",
    ),
    row(Cause::TooLarge, 413, "too-large", "The body is too large"),
    row(
        Cause::MediaType,
        415,
        "media-type",
        "The route does not take such a body",
    ),
    row(Cause::Invalid, 422, "invalid", "The request is not valid"),
    row(Cause::TooMany, 429, "too-many", "Too many requests"),
    row(
        Cause::Internal,
        500,
        "internal",
        "Something went wrong here",
    ),
    row(Cause::Late, 503, "late", "The time of the request ran out"),
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
        "Facts cannot be made durable",
    ),
    row(Cause::Full, 503, "full", "The service is full"),
];

impl Cause {
    /// This cause's row in [`CAUSES`].
    #[must_use]
    pub(super) fn row(self) -> &'static Row {
        let own = CAUSES.iter().find(|row| row.cause == self);
        own.unwrap_or(&CAUSES[0])
    }
}

/// A refusal on its way to become an answer.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Why.
    pub(super) cause: Cause,
    /// What happened here, in a sentence.
    pub(super) detail: Cow<'static, str>,
    /// Every fault found; where there is no place to name, the detail as the fault of the whole.
    pub(super) errors: Vec<Fault>,
    /// The id that the request gave itself in its body.
    pub(super) request_id: Option<String>,
    /// The methods that the route has, where the one asked for is not among them.
    pub(super) allow: Option<String>,
    /// What there was no room for.
    pub(super) refused: Option<Refusal>,
}

impl Problem {
    /// The refusal of a request as a whole.
    pub(super) fn new(cause: Cause, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self {
            cause,
            errors: vec![Fault::new("", &*detail)],
            detail,
            request_id: None,
            allow: None,
            refused: None,
        }
    }

    /// The refusal of a request that has these faults.
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

    /// The refusal of a body that is not JSON.
    #[must_use]
    pub(super) fn not_json(fault: Fault) -> Self {
        Self {
            errors: vec![fault.clone()],
            ..Self::new(Cause::Malformed, fault.message)
        }
    }

    /// A bug. Its text is fixed; what is known of it belongs in the log.
    #[must_use]
    pub(super) fn internal() -> Self {
        Self::new(Cause::Internal, "the service failed; its log says more")
    }

    /// The status of the answer.
    #[must_use]
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.cause.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem as JSON, with that id unless the request gave itself one.
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

impl From<Diagnosis> for Problem {
    fn from(diagnosis: Diagnosis) -> Self {
        match diagnosis {
            Diagnosis::NotJson(fault) => Self::not_json(fault),
            Diagnosis::Invalid(faults) => Self::invalid(faults),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refused: Refusal) -> Self {
        let (cause, detail) = match refused {
            Refusal::Rank => (Cause::TooMany, "too many rank requests are under way"),
            Refusal::Batch => (Cause::TooMany, "too many batches are under way"),
            Refusal::Ingest => (Cause::TooMany, "too many bodies of facts are under way"),
            Refusal::RankBytes => (Cause::TooMany, "too many bytes to rank are under way"),
            Refusal::IngestBytes => (Cause::TooMany, "too many bytes of facts are under way"),
            Refusal::Connections => (Cause::Full, "too many connections are open"),
            Refusal::Late => (Cause::Late, "its turn did not come in time"),
        };
        Self {
            refused: Some(refused),
            ..Self::new(cause, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_one_row() {
        for (place, row) in CAUSES.iter().enumerate() {
            assert_eq!(row.cause as usize, place, "{}", row.name);
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
