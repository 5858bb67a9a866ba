//! The normalisers of predictions: from the caller's number to a value in [0, 1] that never falls as the number rises.

use crate::config::Normaliser;
use crate::number::narrow;

/// Returns the value of a prediction, in [0, 1].
pub(super) fn normalise(normaliser: &Normaliser, x: f64) -> f32 {
    let value = match normaliser {
        Normaliser::Identity { scale } => x / scale,
        Normaliser::Log { reference } => x.max(0.0).ln_1p() / reference.ln_1p(),
        Normaliser::Logistic { centre, scale } => 1.0 / (1.0 + (-(x - centre) / scale).exp()),
        Normaliser::Quantile { points } => quantile(points, x),
    };
    narrow(value.clamp(0.0, 1.0))
}

/// Returns whether a number lies outside of what the normaliser tells apart.
pub(super) fn clips(normaliser: &Normaliser, x: f64) -> bool {
    match normaliser {
        Normaliser::Identity { scale } => !(0.0..=*scale).contains(&x),
        Normaliser::Log { reference } => !(0.0..=*reference).contains(&x),
        Normaliser::Logistic { .. } => false,
        Normaliser::Quantile { points } => {
            let (first, last) = (points.first(), points.last());
            first.is_some_and(|first| x < *first) || last.is_some_and(|last| x > *last)
        }
    }
}

/// Returns the share of the points below x, interpolated linearly between two points.
fn quantile(points: &[f64], x: f64) -> f64 {
    let above = points.partition_point(|&point| point <= x);
    if above == 0 {
        return 0.0;
    }
    let last = points.len().saturating_sub(1).max(1) as f64;
    let Some(&high) = points.get(above) else {
        return 1.0;
    };
    let low = points[above - 1];
    ((above - 1) as f64 + (x - low) / (high - low)) / last
}
