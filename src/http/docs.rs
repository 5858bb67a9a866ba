//! `GET /docs`: a page that shows the OpenAPI document of this very service, without the network.
//!
//! Three small files of our own instead of a vendored renderer, which would be a hundred times as large and needs inline
//! styles, which the content security policy here does not allow.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue};

use super::reply::Reply;

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The page itself.
    Html,
    /// Its script.
    Script,
    /// Its style.
    Style,
}

impl Page {
    /// Its media type.
    #[must_use]
    pub(super) const fn media(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Html => include_str!("docs/docs.html"),
            Self::Script => include_str!("docs/docs.js"),
            Self::Style => include_str!("docs/docs.css"),
        }
    }
}

/// Nothing from elsewhere, nothing inline, in nobody's frame; no word of this address to others; and no stale copy after an update.
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

/// A file of the page.
pub(super) fn reply(page: Page) -> Reply {
    Reply::of(HeaderValue::from_static(page.media()), page.text()).with_headers(&HEADERS)
}
