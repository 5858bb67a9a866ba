//! A seeded generator of pseudorandom numbers: SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
//! OOPSLA 2014).
//!
//! The state is a counter that moves by [`STEP`]; a draw is [`mixed`] of it, a bijection of 64 bits, so that the sequence has
//! period 2⁶⁴ and no repeated value. The same seed gives the same sequence on every machine and in every version, which the
//! generators of the standard library and of crates don't promise. It isn't for secrets.

/// Step of the counter: 2⁶⁴ divided by the golden ratio, made odd.
pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scatters a number over 64 bits; different numbers give different results.
#[inline]
#[must_use]
pub const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates a generator; equal seeds give equal sequences.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws 64 bits, uniformly.
    #[inline]
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// Draws a whole number in [0, `bound`), uniformly but for a bias below `bound` / 2⁶⁴; 0 if `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.scaled(u64::from(bound))).unwrap_or(0)
    }

    /// Draws an index of a list of that length, with the bias of [`Self::below`]; 0 if the list is empty.
    #[inline]
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.scaled(crate::number::wide(length))).unwrap_or(0)
    }

    /// Draws a number in (0, 1), uniformly in steps of 2⁻³².
    #[inline]
    pub fn unit(&mut self) -> f64 {
        const STEPS: f64 = 4_294_967_296.0;
        (f64::from((self.bits() >> 32) as u32) + 0.5) / STEPS
    }

    /// Draws from the standard normal distribution (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts a list in a random order (Fisher and Yates, 1938).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.index(last + 1));
        }
    }

    /// Multiplies the bits, as a fraction of 2⁶⁴, by `bound` (Lemire, 2019, without the rejection).
    #[inline]
    fn scaled(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(bound);
        (wide >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_published_generator() {
        let mut random = Random::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut random = Random::new(1);
        for bound in 1..1_000 {
            assert!(random.below(bound) < bound);
            let unit = random.unit();
            assert!(unit > 0.0 && unit < 1.0);
        }
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn mean_and_spread_are_those_of_theory() {
        let mut random = Random::new(7);
        let mean = |mut draw: Box<dyn FnMut() -> f64 + '_>| {
            (0..100_000).map(|_| draw()).sum::<f64>() / 100_000.0
        };
        assert!((mean(Box::new(|| random.unit())) - 0.5).abs() < 0.005);
        assert!(mean(Box::new(|| random.normal())).abs() < 0.015);
        assert!((mean(Box::new(|| random.normal().powi(2))) - 1.0).abs() < 0.03);
        assert!((mean(Box::new(|| f64::from(random.below(10)))) - 4.5).abs() < 0.05);
    }

    #[test]
    fn shuffle_keeps_every_element() {
        let mut values: Vec<u32> = (0..100).collect();
        Random::new(3).shuffle(&mut values);
        assert_ne!(values, (0..100).collect::<Vec<u32>>());
        values.sort_unstable();
        assert_eq!(values, (0..100).collect::<Vec<u32>>());
    }
}
