//! The allocator of the service, and the return of free memory to the system.
//!
//! mimalloc keeps freed memory for a second; then the next thread that allocates returns it to the system. After the rebuild of a large
//! race that is hundreds of megabytes and takes a tenth of a second, for which a request would wait. So a thread that has freed much
//! memory returns it itself.
#![expect(
    unsafe_code,
    reason = "the allocator's C function has no safe form; it takes no pointer and touches only memory that is free"
)]

use mimalloc::MiMalloc;

#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting(MiMalloc);

#[cfg(test)]
pub(crate) mod linear;
#[cfg(test)]
pub(crate) use counting::allocated;

/// Returns free memory to the system, on the calling thread.
pub fn give_back() {
    // SAFETY: any thread may collect at any time; memory in use is not touched.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// An allocator for tests that measure work by the bytes that it allocates.
#[cfg(test)]
mod counting {
    use std::alloc::{GlobalAlloc, Layout};
    use std::cell::Cell;

    use mimalloc::MiMalloc;

    thread_local! {
        static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    }

    /// Returns the bytes that the calling thread has allocated so far.
    pub(crate) fn allocated() -> usize {
        ALLOCATED.get()
    }

    /// The allocator of the service, which also counts.
    pub(super) struct Counting(pub(super) MiMalloc);

    // SAFETY: every call is passed on unchanged.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // A thread that ends may allocate after its counter is gone.
            let _counted = ALLOCATED.try_with(|all| all.set(all.get() + layout.size()));
            // SAFETY: the caller keeps the contract of `GlobalAlloc`.
            unsafe { self.0.alloc(layout) }
        }

        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            // SAFETY: the caller keeps the contract of `GlobalAlloc`.
            unsafe { self.0.dealloc(memory, layout) }
        }
    }
}
