//! Powers of two of a whole column.

use wide::f32x8;

/// Exponent of the smallest normal `f32`, whose power is as good as 0.
pub(super) const LEAST_EXPONENT: f32 = -126.0;

/// Replaces each x by 2^x, eight lanes at a time.
pub(super) fn exp2(exponents: &mut [f32]) {
    let (lanes, rest) = exponents.as_chunks_mut::<8>();
    for lanes in lanes {
        *lanes = f32x8::new(*lanes).exp2().to_array();
    }
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&f32x8::new(last).exp2().to_array()[..rest.len()]);
}
