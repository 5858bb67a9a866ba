//! Numbers of an answer, with exactly six digits after the point. Equal to `format!("{:.6}")`, but several times as fast.
//!
//! A float is m · 2^−s with integers m and s. Its millionths are m · 10⁶ / 2^s: an integer division by a power of two, whose
//! remainder decides the rounding (to nearest, ties to even). This is exact while m · 10⁶ fits 64 bits, which holds for every `f32`.
//! Multiplying the float by 10⁶ would round twice and sometimes differ in the last digit.

/// Maximum number of bits of m for which m · 10⁶ fits 64 bits.
const BITS: u32 = 44;

/// Writes a number with six digits after the point; null if it is not finite, because JSON has no such number.
pub(super) fn write(out: &mut Vec<u8>, number: f64) {
    match millionths(number) {
        Some(millionths) => {
            let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
            out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
            out.push(b'.');
            // Adding 1,000,000 keeps leading zeros; its digit 1 is skipped.
            let mut digits = itoa::Buffer::new();
            out.extend_from_slice(&digits.format(1_000_000 + rest).as_bytes()[1..]);
        }
        None if number.is_finite() => out.extend_from_slice(format!("{number:.6}").as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

/// Returns the number in millionths, rounded; `None` if it is negative, too large or has too many digits for this method.
fn millionths(number: f64) -> Option<u64> {
    let bits = number.to_bits();
    if bits == 0 {
        return Some(0);
    }
    let exponent = u32::try_from(bits >> 52)
        .ok()
        .filter(|bits| (1..=1_075).contains(bits))?;
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
    let spare = mantissa.trailing_zeros().min(1_075 - exponent);
    let mantissa = mantissa >> spare;
    if mantissa >> BITS != 0 {
        return None;
    }
    let product = mantissa * 1_000_000;
    match 1_075 - exponent - spare {
        0 => Some(product),
        shift if shift < 64 => Some(rounded(product, shift)),
        _ => Some(0),
    }
}

/// Returns product / 2^shift rounded to nearest, ties to even; 0 < shift < 64.
fn rounded(product: u64, shift: u32) -> u64 {
    let quotient = product >> shift;
    let rest = product & ((1 << shift) - 1);
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && quotient % 2 == 1);
    quotient + u64::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn same(number: f64) {
        let mut out = Vec::new();
        write(&mut out, number);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("{number:.6}"),
            "{number:e}"
        );
    }

    #[test]
    fn scores_equal_the_standard_format() {
        let mut random = Random::new(1);
        for _ in 0..2_000_000 {
            let bits = random.bits();
            let share = f32::from_bits(0x3f80_0000 | u32::try_from(bits >> 41).unwrap()) - 1.0;
            same(f64::from(share));
        }
    }

    #[test]
    fn finite_numbers_equal_the_standard_format() {
        let mut random = Random::new(1);
        for _ in 0..300_000 {
            let bits = random.bits();
            let small = f64::from(f32::from_bits(u32::try_from(bits >> 32).unwrap()));
            for number in [f64::from_bits(bits), small] {
                if number.is_finite() {
                    same(number);
                }
            }
        }
    }

    #[test]
    fn ties_and_edges_equal_the_standard_format() {
        for odd in 0..4_000_u32 {
            same(f64::from(odd) / 128.0);
            same(f64::from(odd) / 256.0);
            same(f64::from(odd) * 1e-6);
            same(f64::from(odd) * 5e-7);
        }
        for number in [
            0.0,
            -0.0,
            1.0,
            0.999_999_5,
            0.999_999_4,
            1e15,
            9_007_199_254_740_993.0,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
        ] {
            same(number);
        }
    }

    #[test]
    fn a_number_that_is_not_finite_is_null() {
        let mut out = Vec::new();
        write(&mut out, f64::NAN);
        assert_eq!(out, b"null");
    }
}
