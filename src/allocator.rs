//! The allocator of the service, and when it gives memory back.
//!
//! mimalloc keeps freed memory for a second; then whichever thread allocates next hands it back to the system. After the rebuild of a
//! large race that is hundreds of megabytes and takes a tenth of a second, and a request would have to wait for it. So the thread
//! that has just freed much gives it back itself.
#![expect(
    unsafe_code,
    reason = "the allocator's C function has no safe form; it takes no pointer and touches only memory that is free"
)]

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Gives free memory back to the system, at the cost of the calling thread.
pub fn give_back() {
    // SAFETY: collecting may be asked for by any thread at any time; no memory in use is touched.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
