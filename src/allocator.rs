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

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Returns free memory to the system, on the calling thread.
pub fn give_back() {
    // SAFETY: any thread may collect at any time; memory in use is not touched.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
