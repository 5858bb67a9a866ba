//! A hint to the processor that a value will be read soon.
//!
//! Ranking touches rows in random order over hundreds of megabytes. Asking for a row some candidates ahead hides most of the wait
//! for memory; a hint changes no result, so everything else can stay safe code.
#![expect(
    unsafe_code,
    reason = "the prefetch instruction is only to be had as an unsafe intrinsic"
)]

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for the cache lines of a value, be it one or a slice.
#[inline(always)]
pub fn prefetch<T: ?Sized>(value: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>();
        for line in 0..size_of_val(value).div_ceil(LINE) {
            // SAFETY: a prefetch reads nothing and cannot fault, whatever the address; `wrapping_add` makes no claim on it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line * LINE)) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        let _ = (value, LINE);
    }
}
