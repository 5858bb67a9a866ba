//! A file of the documentation, and the headers that keep a browser from loading anything from elsewhere.

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue};

use super::super::reply::Reply;

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const CSS: &str = "text/css; charset=utf-8";
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const SVG: &str = "image/svg+xml";

/// Allows files of this service only, nothing inline, no frame and no form; sends no referrer; makes browsers revalidate.
static HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

/// A file and its media type.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) media: &'static str,
    body: Bytes,
}

impl Asset {
    /// Creates a file.
    #[must_use]
    pub(super) fn new(media: &'static str, text: impl Into<Bytes>) -> Self {
        Self {
            media,
            body: text.into(),
        }
    }

    /// Returns the answer with this file. Its bytes are shared, not copied.
    #[must_use]
    pub(super) fn reply(&self) -> Reply {
        let media = HeaderValue::from_static(self.media);
        Reply::of(media, self.body.clone()).with_headers(&HEADERS)
    }

    /// Returns the file as text.
    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
