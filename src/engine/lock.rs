//! The lock of the facts, for which a reader waits as briefly as it can.
//!
//! Readers wait for the one writer that is at work, and not for those that wait themselves: writers queue up outside, and the first of them
//! comes in when no reader is left. A stream of writers never shuts a reader out, because each lets all readers go first that waited for
//! its predecessor. Readers pass a writer for about a millisecond; then those that come later wait for it.
//!
//! No reader yields the processor while it waits, as it would in a lock that spins by yielding: on a busy machine the system then gives the
//! processor to others for milliseconds.

use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

/// Number of looks of a writer for whether a reader is left, while others that come later pass it; and the pause after each.
const PATIENCE: usize = 16;
const PAUSE: Duration = Duration::from_micros(20);

/// A value that many read or one changes.
#[derive(Debug, Default)]
pub(super) struct Lock<T> {
    /// Held by the writer at work, or by the first of those that wait.
    turn: Mutex<()>,
    value: RwLock<T>,
}

/// A value that is changed.
#[derive(Debug)]
pub(super) struct Write<'l, T> {
    // Dropped in this order: readers come in before the next writer.
    value: RwLockWriteGuard<'l, T>,
    turn: MutexGuard<'l, ()>,
}

impl<T> Lock<T> {
    /// Returns a lock of a value.
    pub(super) fn new(value: T) -> Self {
        Self {
            turn: Mutex::new(()),
            value: RwLock::new(value),
        }
    }

    /// Locks the value for reading. A panic of a writer is handled where it happens, so that the value stays readable after it.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the value for a change.
    pub(super) fn write(&self) -> Write<'_, T> {
        let turn = self.turn.lock();
        let value = self.soon().unwrap_or_else(|| {
            let value = self.value.write();
            value.unwrap_or_else(PoisonError::into_inner)
        });
        Write { value, turn }
    }

    /// Locks the value for a change once no reader is left; `None` if readers keep coming.
    fn soon(&self) -> Option<RwLockWriteGuard<'_, T>> {
        (0..PATIENCE).find_map(|_| match self.value.try_write() {
            Ok(value) => Some(value),
            Err(TryLockError::Poisoned(value)) => Some(value.into_inner()),
            Err(TryLockError::WouldBlock) => {
                thread::sleep(PAUSE);
                None
            }
        })
    }
}

impl<T> Write<'_, T> {
    /// Unlocks the value. Whoever waits for it has it next: a thread that locks it again and again would keep it.
    pub(super) fn give_way(self) {
        drop(self.value);
        MutexGuard::unlock_fair(self.turn);
    }
}

impl<T> Deref for Write<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Write<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn no_change_is_lost() {
        let lock = Lock::new((0_u32, 0_u32));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let mut value = lock.write();
                        value.0 += 1;
                        value.1 += 1;
                    }
                });
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let value = lock.read();
                        assert_eq!(value.0, value.1);
                    }
                });
            }
        });
        assert_eq!(*lock.read(), (8_000, 8_000));
    }

    #[test]
    fn a_writer_is_not_kept_out_for_ever() {
        let lock = Lock::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                // At any time one of them reads.
                scope.spawn(|| {
                    while !*lock.read() {
                        let value = lock.read();
                        thread::sleep(Duration::from_millis(2));
                        drop(value);
                    }
                });
            }
            scope.spawn(|| *lock.write() = true);
        });
    }

    #[test]
    fn writers_do_not_shut_a_reader_out() {
        let (lock, has_read) = (Lock::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..3 {
                // At any time one of them waits or writes.
                scope.spawn(|| {
                    while !has_read.load(Ordering::Relaxed) {
                        *lock.write() += 1;
                    }
                });
            }
            let values = (0..100).map(|_| *lock.read());
            assert!(values.is_sorted());
            has_read.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_value_outlives_the_panic_of_a_writer() {
        let lock = Lock::new(1);
        let broken = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let _value = lock.write();
                panic!("a writer breaks");
            });
            writer.join()
        });
        assert!(broken.is_err());
        *lock.write() += 1;
        assert_eq!(*lock.read(), 2);
    }
}
