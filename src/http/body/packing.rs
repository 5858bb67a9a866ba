//! Content encodings of bodies.

use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, HeaderValue};

use crate::http::error::{Cause, Problem};

/// Content encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// Reads the header `Content-Encoding`.
    ///
    /// # Errors
    /// 415 for an unknown encoding, or more than one.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut sent = headers.get_all(CONTENT_ENCODING).iter();
        match (sent.next().map(HeaderValue::as_bytes), sent.next()) {
            (None, _) => Some(Self::None),
            (Some(name), None) => Self::named(name.trim_ascii()),
            (Some(_), Some(_)) => None,
        }
        .ok_or_else(|| {
            Problem::new(
                Cause::MediaType,
                "the content encoding must be one of gzip, zstd, identity",
            )
        })
    }

    fn named(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Packing); 4] = [
            (b"identity", Packing::None),
            (b"gzip", Packing::Gzip),
            (b"x-gzip", Packing::Gzip),
            (b"zstd", Packing::Zstd),
        ];
        let known = NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, packing)| *packing)
    }
}
