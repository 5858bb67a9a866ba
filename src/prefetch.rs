//! Prefetch hints: a value will be read soon.
//!
//! Ranking reads rows in random order over hundreds of megabytes. A prefetch some candidates ahead hides most of the cache misses. A
//! hint never changes a result.
#![expect(
    unsafe_code,
    reason = "the prefetch instruction exists only as an unsafe intrinsic"
)]

/// Bytes of a cache line.
const LINE: usize = 64;

/// Prefetches the cache lines of a value or a slice.
#[inline(always)]
pub fn prefetch<T: ?Sized>(value: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>();
        let skew = if align_of_val(value) < LINE {
            start.addr() % LINE
        } else {
            0
        };
        for line in 0..(skew + size_of_val(value)).div_ceil(LINE) {
            // SAFETY: a prefetch reads nothing and cannot fault, whatever the address; `wrapping_add` makes no claim on it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line * LINE)) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let _ = (value, LINE);
    }
}
