//! Answers: the reply of a handler, and the headers of every answer.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::content::Content;
use super::error::{Cause, Problem};
use super::release::share;
use super::request_id::{RequestId, X_REQUEST_ID};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Headers of every answer. A browser must neither guess the content type nor store the answer, which may concern a user.
static SAFETY: [(HeaderName, HeaderValue); 2] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// A successful answer.
pub(super) struct Reply {
    status: StatusCode,
    media: HeaderValue,
    content: Content,
    /// The request id in the body of the request.
    id: Option<String>,
    /// Name and duration of the work, for `Server-Timing`.
    timing: Option<(&'static str, Duration)>,
    headers: &'static [(HeaderName, HeaderValue)],
    /// The target of a redirect.
    location: Option<&'static str>,
}

impl Reply {
    /// Returns 200 with a JSON body.
    pub(super) fn json(json: Vec<u8>) -> Self {
        Self::own(JSON, json)
    }

    /// Returns 200 with a body of that type, of bytes that belong to this answer alone.
    pub(super) fn own(media: HeaderValue, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content: Content::Own(share(bytes.into())),
            ..Self::of(media, Body::empty())
        }
    }

    /// Returns 200 with a body of that type: a stream, or bytes that all answers share.
    pub(super) fn of(media: HeaderValue, body: impl Into<Body>) -> Self {
        Self {
            status: StatusCode::OK,
            media,
            content: Content::Other(body.into()),
            id: None,
            timing: None,
            headers: &[],
            location: None,
        }
    }

    /// Returns 204.
    pub(super) fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            ..Self::of(JSON, Body::empty())
        }
    }

    /// Returns 307 to another path of this service.
    pub(super) fn redirect(path: &'static str) -> Self {
        Self {
            status: StatusCode::TEMPORARY_REDIRECT,
            location: Some(path),
            ..Self::of(JSON, Body::empty())
        }
    }

    /// Sets the request id in the body of the request.
    pub(super) fn with_id(self, id: Option<String>) -> Self {
        Self { id, ..self }
    }

    /// Sets the name and the duration of the work, for `Server-Timing`.
    pub(super) fn timed(self, work: &'static str, time: Duration) -> Self {
        Self {
            timing: Some((work, time)),
            ..self
        }
    }

    /// Sets headers, which override those of every answer.
    pub(super) fn with_headers(self, headers: &'static [(HeaderName, HeaderValue)]) -> Self {
        Self { headers, ..self }
    }
}

/// Returns the answer of a reply.
pub(super) fn good(reply: Reply, id: &RequestId, arrived: Instant) -> Response<Content> {
    let mut response = Response::new(reply.content);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.reserve(3 + SAFETY.len() + reply.headers.len());
    if reply.status == StatusCode::OK {
        headers.insert(CONTENT_TYPE, reply.media);
    }
    if let Some(path) = reply.location {
        headers.insert(LOCATION, HeaderValue::from_static(path));
    }
    headers.insert(X_REQUEST_ID, id.header(reply.id.as_deref()));
    let (work, time) = reply.timing.unwrap_or_else(|| ("app", arrived.elapsed()));
    headers.insert(SERVER_TIMING, timing(work, time));
    for (name, value) in SAFETY.iter().chain(reply.headers) {
        headers.insert(name, value.clone());
    }
    response
}

/// Returns the answer of a problem.
pub(super) fn bad(problem: &Problem, id: &RequestId, arrived: Instant) -> Response<Content> {
    let json = problem.json(id.as_str());
    let mut response = Response::new(Content::Own(share(json)));
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM);
    headers.insert(X_REQUEST_ID, id.header(problem.request_id.as_deref()));
    headers.insert(SERVER_TIMING, timing("app", arrived.elapsed()));
    headers.extend(SAFETY.iter().cloned());
    if let Some(seconds) = problem.cause.row().retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    if problem.cause == Cause::NoToken {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(allow) = problem
        .allow
        .as_deref()
        .and_then(|allow| allow.parse().ok())
    {
        headers.insert(ALLOW, allow);
    }
    response
}

/// Returns the name and the milliseconds of some work, such as `rank;dur=0.123`.
fn timing(work: &str, time: Duration) -> HeaderValue {
    let micros = time.as_micros();
    let text = format!("{work};dur={}.{:03}", micros / 1_000, micros % 1_000);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("app"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_milliseconds() {
        assert_eq!(
            timing("rank", Duration::from_nanos(1_023_400)),
            "rank;dur=1.023"
        );
        assert_eq!(timing("app", Duration::from_micros(7)), "app;dur=0.007");
    }
}
