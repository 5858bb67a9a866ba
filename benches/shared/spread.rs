//! Means with 95 % intervals.

use std::fmt;

use saima::number::{real, wide};

/// Quantiles of Student's t-distribution at 97.5 %, from one degree of freedom on.
const QUANTILES: [f64; 12] = [
    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18,
];

/// A mean with half the width of its 95 % interval; `None` for a single value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) half: Option<f64>,
}

impl Spread {
    /// Returns the mean of some values.
    pub(crate) fn of(values: &[f64]) -> Self {
        let number = real(wide(values.len()));
        let mean = values.iter().sum::<f64>() / number;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let half = (values.len() > 1).then(|| {
            let quantile = QUANTILES.get(values.len() - 2).copied().unwrap_or(2.1);
            quantile * (squares / (number - 1.0) / number).sqrt()
        });
        Self { mean, half }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$}", self.mean)?;
        self.half
            .map_or(Ok(()), |half| write!(f, " ± {half:.digits$}"))
    }
}
