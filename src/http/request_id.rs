//! Ids of requests: the client's if it is valid, else a new one.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::random::{STEP, mixed};

/// Header of the request id, in requests and answers.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId {
    header: HeaderValue,
    /// `true` if the client sent it.
    given: bool,
}

impl RequestId {
    /// Returns the id as text.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        self.header.to_str().unwrap_or_default()
    }

    /// Returns the id as a header value. An id in the body, if a header can carry it, overrides a generated id.
    #[must_use]
    pub(super) fn header(&self, in_body: Option<&str>) -> HeaderValue {
        let own = in_body.filter(|_| !self.given);
        let own = own.filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()));
        own.and_then(|id| HeaderValue::from_str(id).ok())
            .unwrap_or_else(|| self.header.clone())
    }
}

/// Generator of unique ids: a counter with a random start, mixed by the bijection of splitmix64.
#[derive(Debug)]
pub(super) struct RequestIds(AtomicU64);

impl Default for RequestIds {
    fn default() -> Self {
        Self(AtomicU64::new(RandomState::new().build_hasher().finish()))
    }
}

impl RequestIds {
    /// Returns the client's id, else a new one of 16 hexadecimal digits.
    #[must_use]
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(&X_REQUEST_ID).filter(|sent| is_id(sent)) {
            Some(sent) => RequestId {
                header: sent.clone(),
                given: true,
            },
            None => RequestId {
                header: self.new_header(),
                given: false,
            },
        }
    }

    fn new_header(&self) -> HeaderValue {
        let number = self.0.fetch_add(STEP, Ordering::Relaxed);
        let digits = hexadecimal(mixed(number));
        HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
    }
}

fn is_id(sent: &HeaderValue) -> bool {
    (1..=128).contains(&sent.len()) && sent.as_bytes().iter().all(u8::is_ascii_graphic)
}

fn hexadecimal(number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (byte, pair) in number.to_be_bytes().iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn new_ids_are_unique() {
        let (ids, none) = (RequestIds::default(), HeaderMap::new());
        let made: HashSet<String> = (0..10_000)
            .map(|_| ids.of(&none).as_str().to_owned())
            .collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|id| id.len() == 16));
    }

    #[test]
    fn a_valid_id_of_the_client_is_kept() {
        let ids = RequestIds::default();
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                X_REQUEST_ID,
                HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            );
            ids.of(&headers)
        };
        assert_eq!(of("r-1").as_str(), "r-1");
        assert_eq!(of("r-1").header(Some("r-2")), "r-1");
        for odd in ["", "a b", "é", &"x".repeat(129)] {
            assert_eq!(of(odd).as_str().len(), 16, "{odd}");
        }
        assert_eq!(of("").header(Some("r-2")), "r-2");
        assert_ne!(of("").header(Some("店")), "店");
    }
}
