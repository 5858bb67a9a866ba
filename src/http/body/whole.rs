//! The bytes of a body while they come.
//!
//! A long body lies in pages of its own, reserved for the longest body at once. Memory of the allocator comes in pages of megabytes:
//! the system fills one with zeros in up to three milliseconds, and moving a body while it grows takes about as long; the async thread
//! could do nothing else meanwhile.

use axum::body::Bytes;
use memmap2::{MmapMut, MmapOptions};

use crate::http::release::elsewhere;

/// Length up to which a body lies in memory of the allocator.
const SHORT: usize = 256 << 10;

/// The bytes of a body while they come.
pub(super) enum Whole {
    /// A short body, or one for which the system grants no pages.
    Short(Vec<u8>),
    /// A long body.
    Long(Long),
}

/// The bytes of a long body. Their pages are returned as large memory must be.
pub(super) struct Long {
    pages: Option<MmapMut>,
    length: usize,
}

impl Whole {
    /// Returns no bytes, with room for some.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self::Short(Vec::with_capacity(bytes))
    }

    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Short(bytes) => bytes.len(),
            Self::Long(long) => long.length,
        }
    }

    /// Adds bytes to a body of `most` bytes at most. The caller checks that they are no more.
    pub(super) fn add(&mut self, bytes: &[u8], most: usize) {
        if let Self::Short(short) = self
            && short.len() + bytes.len() > SHORT
            && let Some(long) = Long::of(short, most)
        {
            *self = Self::Long(long);
        }
        match self {
            Self::Short(short) => short.extend_from_slice(bytes),
            Self::Long(long) => long.add(bytes),
        }
    }

    /// Returns the bytes, which can be shared.
    pub(super) fn share(self) -> Bytes {
        match self {
            Self::Short(bytes) => bytes.into(),
            Self::Long(long) => Bytes::from_owner(long),
        }
    }
}

impl Long {
    /// Returns pages for `most` bytes that begin with those of a short body; `None` if the system refuses.
    fn of(short: &[u8], most: usize) -> Option<Self> {
        let pages = MmapOptions::new()
            .len(most)
            .no_reserve_swap()
            .map_anon()
            .ok()?;
        // Without the advice, the pages may be large: slower, but correct.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::NoHugePage);
        let mut long = Self {
            pages: Some(pages),
            length: 0,
        };
        long.add(short);
        Some(long)
    }

    fn add(&mut self, bytes: &[u8]) {
        let (from, to) = (self.length, self.length + bytes.len());
        if let Some(pages) = &mut self.pages {
            pages[from..to].copy_from_slice(bytes);
            self.length = to;
        }
    }
}

impl AsRef<[u8]> for Long {
    fn as_ref(&self) -> &[u8] {
        let pages = self.pages.as_deref().unwrap_or_default();
        &pages[..self.length]
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        let pages = self.pages.take();
        elsewhere(move || drop(pages));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_whatever_the_length() {
        let bytes: Vec<u8> = (0..251).cycle().take(SHORT + 70_000).collect();
        for length in [0, 1, SHORT, SHORT + 1, bytes.len()] {
            let mut whole = Whole::with_room(10);
            for part in bytes[..length].chunks(30_000) {
                whole.add(part, length);
            }
            assert_eq!(whole.len(), length);
            assert_eq!(matches!(whole, Whole::Long(_)), length > SHORT);
            assert_eq!(whole.share(), bytes[..length]);
        }
    }

    #[test]
    fn a_body_is_kept_without_pages_too() {
        let mut whole = Whole::with_room(0);
        whole.add(&vec![7; SHORT + 1], usize::MAX);
        assert!(matches!(whole, Whole::Short(_)));
        assert_eq!(whole.share(), vec![7; SHORT + 1]);
    }
}
