//! Frees large memory away from the async threads.
//!
//! Returning some megabytes to the system takes milliseconds, wherever the last reference happens to be dropped. So large bodies and
//! answers carry their own end: on an async thread it is passed on.

use axum::body::Bytes;
use tokio::runtime::Handle;

use crate::allocator::give_back;

/// Size from which memory is freed elsewhere.
const LARGE: usize = 1 << 20;

/// Returns the bytes of an answer, which can be shared. If they are many, they are freed as large memory must be.
pub(super) fn share(bytes: Vec<u8>) -> Bytes {
    if bytes.capacity() < LARGE {
        return bytes.into();
    }
    Bytes::from_owner(Large(bytes))
}

struct Large(Vec<u8>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        elsewhere(move || {
            drop(bytes);
            give_back();
        });
    }
}

/// Frees large memory: on a thread of its own if the caller is an async thread, else at once.
pub(super) fn elsewhere(free: impl FnOnce() + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(free)),
        Err(_) => free(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread::current;

    use super::*;

    #[test]
    fn async_threads_do_not_free_large_memory() {
        let (freed, by) = channel();
        let free = move || freed.send(current().id()).unwrap();
        elsewhere(free.clone());
        assert_eq!(by.recv().unwrap(), current().id());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async { elsewhere(free) });
        assert_ne!(by.recv().unwrap(), current().id());
    }

    #[test]
    fn shared_bytes_keep_their_content() {
        for size in [3, LARGE] {
            assert_eq!(share(vec![7; size]), vec![7; size]);
        }
    }
}
