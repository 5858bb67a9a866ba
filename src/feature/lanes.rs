//! Four numbers side by side, as a history keeps them.

use std::array;
use std::fmt::Debug;

/// Number of lanes.
pub(super) const LANES: usize = 4;

/// Four kept numbers.
pub trait Lanes: Copy + Debug {
    /// Keeps four times the same number.
    fn splat(number: f64) -> Self;

    /// Returns the numbers.
    fn all(&self) -> [f64; LANES];

    /// Returns the number of a lane.
    fn get(&self, lane: usize) -> f64;

    /// Replaces the number of a lane.
    fn set(&mut self, lane: usize, number: f64);
}

/// Numbers as they are: 32 bytes.
impl Lanes for [f64; LANES] {
    #[inline(always)]
    fn splat(number: f64) -> Self {
        [number; LANES]
    }

    #[inline(always)]
    fn all(&self) -> [f64; LANES] {
        *self
    }

    #[inline(always)]
    fn get(&self, lane: usize) -> f64 {
        self[lane]
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, number: f64) {
        self[lane] = number;
    }
}

/// Numbers of 6 bytes: the upper 48 bits of the `f64`, rounded to the nearest, so that one is at most 2⁻³⁷ of itself off.
#[derive(Clone, Copy, Debug)]
pub(super) struct SixBytes {
    upper: [u32; LANES],
    middle: [u16; LANES],
}

/// Half of the last bit that is kept.
const HALF: u64 = 1 << 15;

/// Returns the upper 32 and the next 16 bits of a number.
#[inline(always)]
fn split(number: f64) -> (u32, u16) {
    let bytes = number.to_bits().saturating_add(HALF).to_be_bytes();
    let [a, b, c, d, e, f, ..] = bytes;
    (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f]))
}

#[inline(always)]
fn join(upper: u32, middle: u16) -> f64 {
    f64::from_bits(u64::from(upper) << 32 | u64::from(middle) << 16)
}

impl Lanes for SixBytes {
    #[inline(always)]
    fn splat(number: f64) -> Self {
        let (upper, middle) = split(number);
        Self {
            upper: [upper; LANES],
            middle: [middle; LANES],
        }
    }

    #[inline(always)]
    fn all(&self) -> [f64; LANES] {
        array::from_fn(|lane| self.get(lane))
    }

    #[inline(always)]
    fn get(&self, lane: usize) -> f64 {
        join(self.upper[lane], self.middle[lane])
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, number: f64) {
        (self.upper[lane], self.middle[lane]) = split(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns a number as it is kept in 6 bytes.
    fn kept(number: f64) -> f64 {
        let mut lanes = SixBytes::splat(f64::NAN);
        lanes.set(2, number);
        assert!(lanes.get(1).is_nan() && lanes.all()[3].is_nan());
        lanes.get(2)
    }

    proptest! {
        #[test]
        fn six_bytes_hold_eleven_digits(number in prop_oneof![-9.0..9.0f64, -1e300..1e300f64]) {
            let bound = number.abs() / f64::from(2u32.pow(18)).powi(2) / 2.0;
            prop_assert!((kept(number) - number).abs() <= bound, "{} is kept as {}", number, kept(number));
            prop_assert_eq!(kept(kept(number)).to_bits(), kept(number).to_bits());
        }
    }

    #[test]
    fn small_fractions_and_whole_numbers_are_exact() {
        for number in [0.0, 1.0, -1.0, 0.25, -3.75, 68_719_476_735.0] {
            assert_eq!(kept(number).to_bits(), number.to_bits(), "{number}");
        }
        assert_eq!([size_of::<[f64; 4]>(), size_of::<SixBytes>()], [32, 24]);
    }
}
