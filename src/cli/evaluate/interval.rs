//! Means over users with 95 % intervals by bootstrap.
//!
//! The bootstrap draws users with replacement, a thousand times, and returns the 2.5th and the 97.5th percentile of the means (Efron,
//! 1979). The figures are far from normally distributed, so a normal interval would be wrong. The figures of one user are not
//! independent, so users are drawn instead of figures.

use serde::Serialize;

use super::measure::Quality;
use crate::random::Random;

const RESAMPLES: usize = 1_000;

/// A mean and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean over all users.
    pub mean: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

/// Computes the mean and interval of each figure. Equal seeds draw equal users. Without rows, everything is 0.
#[must_use]
pub fn bootstrap(rows: &[Quality], seed: u64) -> [Interval; 3] {
    let mut random = Random::new(seed);
    let samples: Vec<[f64; 3]> = (0..RESAMPLES)
        .map(|_| resample(rows, &mut random))
        .collect();
    let means = mean(rows.iter().copied(), rows.len());
    std::array::from_fn(|figure| {
        let mut drawn: Vec<f64> = samples.iter().map(|sample| sample[figure]).collect();
        drawn.sort_by(f64::total_cmp);
        Interval {
            mean: means[figure],
            low: percentile(&drawn, 25),
            high: percentile(&drawn, 975),
        }
    })
}

fn resample(rows: &[Quality], random: &mut Random) -> [f64; 3] {
    let drawn = (0..rows.len()).filter_map(|_| rows.get(random.index(rows.len())).copied());
    mean(drawn, rows.len())
}

fn mean(rows: impl Iterator<Item = Quality>, count: usize) -> [f64; 3] {
    let sum = rows.map(Quality::figures).fold([0.0; 3], |sum, row| {
        std::array::from_fn(|k| sum[k] + row[k])
    });
    let count = u32::try_from(count.max(1)).map_or(f64::INFINITY, f64::from);
    sum.map(|sum| sum / count)
}

/// Computes a percentile, in thousandths, of sorted numbers, by linear interpolation.
fn percentile(sorted: &[f64], thousandths: usize) -> f64 {
    let place = sorted.len().saturating_sub(1) * thousandths;
    let (lower, part) = (place / 1_000, place % 1_000);
    let part = u32::try_from(part).map_or(0.0, f64::from) / 1_000.0;
    match (sorted.get(lower), sorted.get(lower + 1)) {
        (Some(below), Some(above)) => below + (above - below) * part,
        (Some(last), None) => *last,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(figure: f64) -> Quality {
        Quality {
            ndcg_10: figure,
            ndcg_50: figure / 2.0,
            gmv_ndcg_10: 1.0 - figure,
        }
    }

    #[test]
    fn percentiles_interpolate_linearly() {
        let numbers: Vec<f64> = (0..5).map(f64::from).collect();
        assert!((percentile(&numbers, 25) - 0.1).abs() < 1e-12);
        assert!((percentile(&numbers, 975) - 3.9).abs() < 1e-12);
        assert!((percentile(&numbers, 1_000) - 4.0).abs() < 1e-12);
        assert!(percentile(&[], 500).abs() < 1e-12);
    }

    #[test]
    fn the_interval_has_its_theoretical_width() {
        // 1,000 rows, half 0 and half 1: standard error = 0.5/√1000 = 0.01581, 95 % interval = ± 0.0310.
        let rows: Vec<Quality> = (0..1_000).map(|n| row(f64::from(n % 2))).collect();
        let [first, ..] = bootstrap(&rows, 7);
        assert!((first.mean - 0.5).abs() < 1e-12);
        assert!((first.low - 0.469).abs() < 0.004, "{first:?}");
        assert!((first.high - 0.531).abs() < 0.004, "{first:?}");
    }

    #[test]
    fn intervals_without_rows_are_zero() {
        for interval in bootstrap(&[], 1) {
            assert_eq!(
                interval,
                Interval {
                    mean: 0.0,
                    low: 0.0,
                    high: 0.0
                }
            );
        }
    }

    proptest! {
        #![proptest_config(crate::tests::cases(32))]

        #[test]
        fn intervals_contain_their_mean_and_repeat(figures in prop::collection::vec(0.0..=1.0, 1..60), seed in any::<u64>()) {
            let rows: Vec<Quality> = figures.iter().copied().map(row).collect();
            let found = bootstrap(&rows, seed);
            prop_assert_eq!(found, bootstrap(&rows, seed));
            for interval in found {
                prop_assert!(interval.low <= interval.mean + 1e-9 && interval.mean <= interval.high + 1e-9, "{:?}", interval);
                prop_assert!((0.0..=1.0 + 1e-12).contains(&interval.low) && interval.high <= 1.0 + 1e-12);
            }
        }
    }
}
