//! The weight of a place: how much of a user's attention it gets.

use std::sync::LazyLock;

use crate::number::short;

/// The place that an exposure without one counts at.
const UNKNOWN: u32 = 10;
/// Number of places, from 0, whose weights are computed once: every page asks for them.
const FIRST: usize = 128;

static WEIGHTS: LazyLock<[f64; FIRST]> =
    LazyLock::new(|| std::array::from_fn(|place| compute(short(place))));

/// Returns weight(r) = 1/log₂(1 + r) of a place, counted from 1, in (0, 1]. Place 0 counts as 1, for callers that count from 0; an
/// unknown place counts as 10.
#[must_use]
pub fn weight(place: Option<u32>) -> f64 {
    let place = place.map_or(UNKNOWN, |place| place.max(1));
    let known = WEIGHTS.get(place as usize);
    known.map_or_else(|| compute(place), |weight| *weight)
}

fn compute(place: u32) -> f64 {
    (1.0 + f64::from(place)).log2().recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_golden_ones() {
        let golden = [
            (1, 1.0),
            (2, 0.630_929_753_571_457_5),
            (3, 0.5),
            (5, 0.386_852_807_234_541_63),
            (11, 0.278_942_945_651_129_87),
            (20, 0.227_670_248_696_953),
        ];
        for (place, right) in golden {
            assert!((weight(Some(place)) - right).abs() < 1e-12, "{place}");
        }
        assert!((weight(Some(0)) - 1.0).abs() < 1e-12);
        assert!((weight(None) - weight(Some(10))).abs() < 1e-12);
        assert!(weight(Some(u32::MAX)) > 0.0);
    }
}
