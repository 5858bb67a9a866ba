//! Content types of bodies.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// Content type of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Media {
    /// One JSON value.
    Json,
    /// One JSON value on each line.
    Lines,
}

impl Media {
    /// Returns the content type.
    #[must_use]
    pub(in crate::http) const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// Reads the header `Content-Type` and ignores its parameters. Returns `None` if it is neither type, missing, or repeated.
    #[must_use]
    pub(in crate::http) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(CONTENT_TYPE).iter();
        let sent = all.next().filter(|_| all.next().is_none())?;
        let sent = sent.to_str().ok()?;
        let name = sent.split(';').next().unwrap_or_default().trim();
        [Self::Json, Self::Lines]
            .into_iter()
            .find(|media| name.eq_ignore_ascii_case(media.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_may_have_parameters() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            Media::of(&headers)
        };
        assert_eq!(of("application/json"), Some(Media::Json));
        assert_eq!(of("Application/JSON ; charset=utf-8"), Some(Media::Json));
        assert_eq!(of("application/x-ndjson"), Some(Media::Lines));
        assert_eq!(of("text/plain"), None);
        assert_eq!(of("application/jsonp"), None);
        let mut twice = HeaderMap::new();
        for media in ["application/json", "application/x-ndjson"] {
            twice.append(CONTENT_TYPE, media.parse().unwrap());
        }
        assert_eq!(Media::of(&twice), None);
    }
}
