//! Random numbers: draws of usual distributions, and dice that fall alike under every policy.

use saima::number::wide;
use saima::random::{Random, STEP, mixed};

/// Mean of the Poisson distribution up to which it is drawn at once.
const AT_ONCE: f64 = 30.0;

/// Draws from the gamma distribution with scale 1 (Marsaglia and Tsang, 2000).
pub(crate) fn gamma(random: &mut Random, shape: f64) -> f64 {
    if shape < 1.0 {
        let power = random.unit().powf(1.0 / shape);
        return gamma(random, shape + 1.0) * power;
    }
    let d = shape - 1.0 / 3.0;
    loop {
        let z = random.normal();
        let v = (1.0 + z / (9.0 * d).sqrt()).powi(3);
        if v > 0.0 && random.unit().ln() < z * z / 2.0 + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Draws from the Poisson distribution.
pub(crate) fn poisson(random: &mut Random, mean: f64) -> u32 {
    let (mut count, mut left) = (0, mean);
    while left > 0.0 {
        let limit = (-left.min(AT_ONCE)).exp();
        let mut product = random.unit();
        while product > limit {
            count += 1;
            product *= random.unit();
        }
        left -= AT_ONCE;
    }
    count
}

/// Draws a number between two others.
pub(crate) fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    low + (high - low) * random.unit()
}

/// Draws an index by sums of weights, ascending.
pub(crate) fn by_sums(random: &mut Random, sums: &[f64]) -> usize {
    let at = random.unit() * sums.last().copied().unwrap_or(0.0);
    let index = sums.partition_point(|sum| *sum <= at);
    index.min(sums.len().saturating_sub(1))
}

/// Returns the running sums of weights.
pub(crate) fn sums(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |weight: f64| {
        sum += weight;
        sum
    };
    weights.into_iter().map(add).collect()
}

/// The dice of one request: each throw has a number, and falls the same whatever else was thrown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Returns the dice of a request.
    pub(crate) fn of(seed: u64, request: usize) -> Self {
        Self(mixed(
            mixed(seed.wrapping_mul(STEP)) ^ wide(request).wrapping_mul(STEP),
        ))
    }

    /// Returns a number in (0, 1).
    pub(crate) fn unit(self, throw: usize) -> f64 {
        self.generator(throw).unit()
    }

    /// Returns an index below a bound.
    pub(crate) fn index(self, throw: usize, bound: usize) -> usize {
        self.generator(throw).index(bound)
    }

    fn generator(self, throw: usize) -> Random {
        Random::new(mixed(self.0 ^ wide(throw).wrapping_mul(STEP)))
    }
}
