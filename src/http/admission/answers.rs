//! The bytes of answers that clients have not taken yet, counted per connection and in all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of an answer that is always sent, such as the problem that no other answer fits.
const TINY: usize = 1 << 10;
/// Bytes up to which an answer may use the last quarter of the bound, so that slow takers of large answers leave room for the usual ones.
const USUAL: usize = 64 << 10;

/// Bytes of the answers of one connection.
#[derive(Clone, Default)]
pub(in crate::http) struct ConnectionBytes(Arc<Untaken>);

/// What one client has not taken yet.
#[derive(Default)]
struct Untaken {
    bytes: AtomicUsize,
    /// True from an answer that does not fit to the end of one that did.
    is_full: AtomicBool,
}

impl ConnectionBytes {
    /// Returns whether an answer did not fit, and the client has finished none since: another large one would not fit either.
    pub(super) fn is_full(&self) -> bool {
        self.0.is_full.load(Ordering::Relaxed)
    }
}

/// Bytes of one answer, which count towards those of all answers until dropped.
pub(in crate::http) struct AnswerBytes {
    all: Arc<AtomicUsize>,
    connection: Option<ConnectionBytes>,
    own: usize,
    fits: bool,
}

/// Bounds of the bytes of answers.
pub(super) struct Bounds {
    /// Of all connections.
    pub(super) all: usize,
    /// Of one connection that has other answers to take.
    pub(super) connection: usize,
}

impl Bounds {
    /// Returns the bound of all connections for a large answer.
    pub(super) fn large(&self) -> usize {
        self.all - self.all / 4
    }
}

impl AnswerBytes {
    /// Returns the count of an answer of no bytes yet.
    pub(super) fn new(all: &Arc<AtomicUsize>, connection: Option<&ConnectionBytes>) -> Self {
        Self {
            all: Arc::clone(all),
            connection: connection.cloned(),
            own: 0,
            fits: true,
        }
    }

    /// Counts more bytes. Returns whether all answers together are within their bounds.
    pub(super) fn add(&mut self, bytes: usize, bounds: &Bounds) -> bool {
        self.own += bytes;
        let all = self.all.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let of_connection = match &self.connection {
            Some(connection) => connection.0.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes,
            None => self.own,
        };
        let most = if self.own <= USUAL {
            bounds.all
        } else {
            bounds.large()
        };
        // A connection may always take one answer.
        let fits_connection = of_connection == self.own || of_connection <= bounds.connection;
        if let Some(connection) = self.connection.as_ref().filter(|_| !fits_connection) {
            connection.0.is_full.store(true, Ordering::Relaxed);
        }
        self.fits = self.own <= TINY || (all <= most && fits_connection);
        self.fits
    }
}

impl Drop for AnswerBytes {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
        if let Some(ConnectionBytes(untaken)) = &self.connection {
            untaken.bytes.fetch_sub(self.own, Ordering::Relaxed);
            if self.fits && self.own > TINY {
                untaken.is_full.store(false, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_bounded_in_all_and_per_connection() {
        let all = Arc::default();
        let bounds = Bounds {
            all: 4 << 20,
            connection: 2 << 20,
        };
        let one = ConnectionBytes::default();
        let hold = |bytes, connection| {
            let mut held = AnswerBytes::new(&all, Some(connection));
            held.add(bytes, &bounds).then_some(held)
        };
        let large = hold(5 << 19, &one);
        assert!(large.is_some(), "one answer of a connection");
        assert!(hold(2 << 10, &one).is_none(), "the connection is full");
        assert!(hold(TINY, &one).is_some());
        let other = ConnectionBytes::default();
        let second = hold(1 << 19, &other);
        assert!(second.is_some());
        assert!(
            hold(1 << 17, &other).is_none(),
            "the last quarter is for usual answers"
        );
        assert!(hold(USUAL, &other).is_some());
        assert!(one.is_full() && !other.is_full());
        drop((large, second));
        assert!(!one.is_full());
        assert_eq!(all.load(Ordering::Relaxed), 0);
        assert_eq!(one.0.bytes.load(Ordering::Relaxed), 0);
    }
}
