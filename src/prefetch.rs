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
        let (start, size) = (std::ptr::from_ref(value).cast::<i8>(), size_of_val(value));
        let hint = |offset: usize| {
            // SAFETY: a prefetch reads nothing and cannot fault, whatever the address; `wrapping_add` makes no claim on it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset)) };
        };
        (0..size).step_by(LINE).for_each(hint);
        if align_of_val(value) < LINE {
            // The last line, if the value does not begin with a line. Nothing depends on the address, so the steps are unrolled.
            hint(size.saturating_sub(1));
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let _ = (value, LINE);
    }
}
