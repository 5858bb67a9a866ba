//! Conversions between number types, each with its rounding or saturation in its name, and the milliseconds of a day.
//!
//! `as` would be as fast, but says neither which way it goes nor what it loses.

/// Milliseconds in a day, for figures in days: half-lives and ages.
pub const DAY_MILLIS: f64 = 86_400_000.0;

/// Returns the `f32` nearest to a number within the range of `f32`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest f32 is the purpose"
)]
#[inline(always)]
#[must_use]
pub const fn narrow(number: f64) -> f32 {
    number as f32
}

/// Returns the number that an `f32` is written as: 0.1 of the `f32` nearest to 0.1.
#[must_use]
pub fn written(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// Returns a count as a `u64`, which holds every `usize`.
#[inline(always)]
#[must_use]
pub const fn wide(count: usize) -> u64 {
    count as u64
}

/// Returns a count as a `u32`, `u32::MAX` if it is larger.
#[inline(always)]
#[must_use]
pub fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Returns a count as the nearest `f64`, which is exact up to 2⁵³.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2⁵³ do not occur, and rounding them would do no harm"
)]
#[inline(always)]
#[must_use]
pub const fn real(count: u64) -> f64 {
    count as f64
}

/// Returns a sum of ones as a count; 0 for less, and rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and counts are whole"
)]
#[inline(always)]
#[must_use]
pub const fn counted(sum: f64) -> u64 {
    sum.max(0.0) as u64
}

/// Returns a difference, such as one of instants in milliseconds, as the nearest `f64`, which is exact up to 2⁵³.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of ten thousand years are exact"
)]
#[inline(always)]
#[must_use]
pub const fn span(difference: i64) -> f64 {
    difference as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_milliseconds_of_the_clock() {
        assert_eq!(format!("{DAY_MILLIS}"), crate::clock::DAY.to_string());
    }

    #[test]
    fn narrow_rounds_to_the_nearest() {
        assert_eq!(narrow(0.1).to_bits(), 0.1_f32.to_bits());
        assert_eq!(
            narrow(1.0 + f64::from(f32::EPSILON) / 4.0).to_bits(),
            1_f32.to_bits()
        );
    }

    #[test]
    fn written_gives_back_the_decimal() {
        for number in [0.1, 0.7, 1.0, 0.0, 123.456, -2.5e-7] {
            assert_eq!(written(narrow(number)).to_bits(), number.to_bits());
        }
    }

    #[test]
    fn short_saturates() {
        assert_eq!(short(7), 7);
        assert_eq!(short(usize::MAX), u32::MAX);
    }
}
