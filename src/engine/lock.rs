//! The lock of the facts, for which a reader waits as briefly as it can.
//!
//! Writers queue up outside, and the first of them comes in when no reader is left. Readers wait for the writer at work alone, or for
//! several that follow each other closely: a woken reader needs longer to come in than the next writer. So once readers have waited for
//! [`FAIR`], the next writer pauses until all of them are in. Readers pass a waiting writer for about a millisecond; then those that come
//! later wait for it.
//!
//! No reader yields the processor while it waits, as it would in a lock that spins by yielding: on a busy machine the system then gives the
//! processor to others for milliseconds.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

/// Number of looks of a writer for whether the readers are in, and for whether one is left; and the pause after each.
const PATIENCE: usize = 16;
const PAUSE: Duration = Duration::from_micros(20);
/// Time for which writers may follow each other while readers wait.
const FAIR: Duration = Duration::from_micros(200);

/// A value that many read or one changes.
#[derive(Debug, Default)]
pub(super) struct Lock<T> {
    /// Held by the writer at work, or by the first of those that wait. Since when readers wait, as far as writers saw.
    turn: Mutex<Option<Instant>>,
    /// Number of readers that wait.
    waiting: AtomicUsize,
    value: RwLock<T>,
}

/// A value that is changed.
#[derive(Debug)]
pub(super) struct Write<'l, T> {
    // Dropped in this order: readers come in before the next writer.
    value: RwLockWriteGuard<'l, T>,
    turn: MutexGuard<'l, Option<Instant>>,
}

impl<T> Lock<T> {
    /// Returns a lock of a value.
    pub(super) fn new(value: T) -> Self {
        Self {
            turn: Mutex::new(None),
            waiting: AtomicUsize::new(0),
            value: RwLock::new(value),
        }
    }

    /// Locks the value for reading. A panic of a writer is handled where it happens, so that the value stays readable after it.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        match self.value.try_read() {
            Ok(value) => value,
            Err(TryLockError::Poisoned(value)) => value.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let value = self.value.read();
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                value.unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Locks the value for a change.
    pub(super) fn write(&self) -> Write<'_, T> {
        let mut turn = self.turn.lock();
        self.let_readers_in(&mut turn);
        let value = self.soon().unwrap_or_else(|| {
            let value = self.value.write();
            value.unwrap_or_else(PoisonError::into_inner)
        });
        Write { value, turn }
    }

    /// Pauses until the readers that wait are in, if they have waited for long.
    fn let_readers_in(&self, since: &mut Option<Instant>) {
        let is_waiting = || self.waiting.load(Ordering::Relaxed) > 0;
        if !is_waiting() {
            *since = None;
        } else if since.get_or_insert_with(Instant::now).elapsed() >= FAIR {
            (0..PATIENCE)
                .take_while(|_| is_waiting())
                .for_each(|_| thread::sleep(PAUSE));
            *since = None;
        }
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
    fn one_writer_that_writes_again_and_again_does_not_shut_readers_out() {
        const READS: usize = 20;
        let (lock, has_read, mut writes) = (Lock::new(()), AtomicBool::new(false), 0);
        thread::scope(|scope| {
            let reads = || {
                for _ in 0..READS {
                    drop(lock.read());
                    thread::sleep(FAIR);
                }
            };
            // On some processor other than the writer's, which a woken reader would take from it.
            let readers = [(); 3].map(|()| scope.spawn(reads));
            let writer = scope.spawn(|| {
                while !has_read.load(Ordering::Relaxed) {
                    let _value = lock.write();
                    writes += 1;
                    // A sleep would let the readers in between.
                    let begun = Instant::now();
                    while begun.elapsed() < 5 * FAIR {
                        std::hint::spin_loop();
                    }
                }
            });
            readers.into_iter().for_each(|it| it.join().unwrap());
            has_read.store(true, Ordering::Relaxed);
            writer.join().unwrap();
        });
        assert!(writes < 20 * READS, "{writes} writes for {READS} reads");
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
