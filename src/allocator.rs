//! The allocator of the service, and the return of free memory to the system.
//!
//! mimalloc keeps freed memory for a second; then the next thread that allocates returns it to the system. After the rebuild of a large
//! race that is hundreds of megabytes and takes a tenth of a second, for which a request would wait. So a thread that has freed much
//! memory returns it itself.
#![expect(
    unsafe_code,
    reason = "an allocator has no safe form; every call passes on the contract that its caller keeps"
)]

mod small;

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys::{mi_heap_malloc_aligned, mi_heap_realloc_aligned, mi_heap_zalloc_aligned};
use mimalloc::MiMalloc;

use small::from_area;
pub use small::in_small_pages;

#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting(Allocator);

/// mimalloc, with areas of small pages for those who ask.
struct Allocator;

// SAFETY: every call is passed on unchanged, to a heap of the same allocator if it is not to the default one.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: the heap is never freed.
        let block = from_area(size, |heap| unsafe {
            mi_heap_malloc_aligned(heap, size, align)
        });
        // SAFETY: the caller keeps the contract.
        block.unwrap_or_else(|| unsafe { MiMalloc.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: the heap is never freed.
        let block = from_area(size, |heap| unsafe {
            mi_heap_zalloc_aligned(heap, size, align)
        });
        // SAFETY: the caller keeps the contract.
        block.unwrap_or_else(|| unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { MiMalloc.dealloc(memory, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (old, align) = (memory.cast(), layout.align());
        // SAFETY: the heap is never freed, the caller keeps the contract, and memory that is not moved stays the caller's.
        let block = from_area(size, |heap| unsafe {
            mi_heap_realloc_aligned(heap, old, size, align)
        });
        // SAFETY: the caller keeps the contract.
        block.unwrap_or_else(|| unsafe { MiMalloc.realloc(memory, layout, size) })
    }
}

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

    use super::Allocator;

    thread_local! {
        static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    }

    /// Returns the bytes that the calling thread has allocated so far.
    pub(crate) fn allocated() -> usize {
        ALLOCATED.get()
    }

    /// The allocator of the service, which also counts.
    pub(super) struct Counting(pub(super) Allocator);

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
