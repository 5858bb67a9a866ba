//! Functions of a whole column, eight lanes at a time.

use wide::f32x8;

/// Exponent of the smallest normal `f32`, whose power is as good as 0.
pub(super) const LEAST_EXPONENT: f32 = -126.0;

/// Replaces each x by 2^x.
pub(super) fn exp2(exponents: &mut [f32]) {
    each(exponents, f32x8::exp2);
}

/// Replaces each x by its natural logarithm; NaN stays NaN.
pub(super) fn ln(numbers: &mut [f32]) {
    each(numbers, f32x8::ln);
}

#[inline(always)]
fn each(column: &mut [f32], of: impl Fn(f32x8) -> f32x8) {
    let (lanes, rest) = column.as_chunks_mut::<8>();
    for lanes in lanes {
        *lanes = of(f32x8::new(*lanes)).to_array();
    }
    let mut last = [1.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&of(f32x8::new(last)).to_array()[..rest.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_the_functions_of_each_number() {
        let mut numbers: Vec<f32> = (1..60).map(|number| number as f32 / 8.0).collect();
        let right: Vec<f32> = numbers.iter().map(|number| number.ln()).collect();
        ln(&mut numbers);
        let near = |(got, right): (&f32, &f32)| (got - right).abs() < 1e-6;
        assert!(numbers.iter().zip(&right).all(near), "{numbers:?}");
        assert_eq!(numbers[7].to_bits(), 0.0_f32.to_bits(), "ln 1 is exactly 0");
        exp2(&mut numbers);
        let right = right.iter().map(|number| number.exp2());
        assert!(
            numbers
                .iter()
                .zip(right)
                .all(|(got, right)| (got - right).abs() < 2e-6 * right),
            "{numbers:?}"
        );
        let mut missing = [f32::NAN, 1.0];
        ln(&mut missing);
        assert!(missing[0].is_nan() && missing[1].abs() <= 0.0);
    }
}
