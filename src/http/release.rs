//! Frees large memory away from the async threads.
//!
//! Returning some megabytes to the system takes milliseconds, wherever the last reference happens to be dropped. So large bodies and
//! answers carry their own end: on an async thread it is passed on.

use axum::body::Bytes;
use tokio::runtime::Handle;

use crate::allocator::give_back;

/// Size from which memory is freed elsewhere.
const LARGE: usize = 1 << 20;

/// Bytes of a body or an answer while they grow, freed as large memory must be.
#[derive(Default)]
pub(super) struct Growing(pub(super) Vec<u8>);

impl Growing {
    /// Returns the bytes, which can be shared. They are still freed as large memory must be.
    pub(super) fn share(mut self) -> Bytes {
        if self.0.capacity() < LARGE {
            return std::mem::take(&mut self.0).into();
        }
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Growing {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if self.0.capacity() >= LARGE {
            release(std::mem::take(&mut self.0));
        }
    }
}

/// Frees large memory and returns it to the system: on a thread of its own if the caller is an async thread, else at once.
fn release<T: Send + 'static>(large: T) {
    let free = move || {
        drop(large);
        give_back();
    };
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(free)),
        Err(_) => free(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{ThreadId, current};

    use super::*;

    struct Large(Sender<ThreadId>);

    impl Drop for Large {
        fn drop(&mut self) {
            self.0.send(current().id()).unwrap();
        }
    }

    #[test]
    fn async_threads_do_not_free_large_memory() {
        let (freed, by) = channel();
        release(Large(freed.clone()));
        assert_eq!(by.recv().unwrap(), current().id());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async { release(Large(freed)) });
        assert_ne!(by.recv().unwrap(), current().id());
    }

    #[test]
    fn shared_bytes_keep_their_content() {
        for size in [3, LARGE] {
            let growing = Growing(vec![7; size]);
            assert_eq!(growing.share(), vec![7; size]);
        }
    }
}
