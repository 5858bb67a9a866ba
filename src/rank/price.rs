//! The price of a page: the share of its own that rules, lifts and support places give up against the order by own.

use crate::exposure::weight;
use crate::number::short;

/// Returns 1 − Σ weight(r)·own(placed) / Σ weight(r)·own(best), from 0 to 1, given place by place the best by own and what stands there; 0
/// for an empty page.
pub(super) fn price(places: impl IntoIterator<Item = (f32, f32)>) -> f64 {
    let (mut most, mut given) = (0.0, 0.0);
    for ((best, placed), place) in places.into_iter().zip(1_usize..) {
        let weight = weight(Some(short(place)));
        most += f64::from(best) * weight;
        given += f64::from(placed) * weight;
    }
    if most <= 0.0 {
        return 0.0;
    }
    (1.0 - given / most).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_by_own_costs_nothing() {
        assert!(price([(0.9, 0.9), (0.5, 0.5), (0.4, 0.4)]).abs() < 1e-9);
        assert!(price([]).abs() < 1e-9);
        assert!(price([(0.0, 0.0)]).abs() < 1e-9);
    }

    #[test]
    fn what_is_given_up_is_weighed_by_place() {
        // Place 2 weighs 0.63093: it holds 0.4 instead of 0.5.
        let right = 1.0 - (0.9 + 0.630_93 * 0.4) / (0.9 + 0.630_93 * 0.5);
        assert!((price([(0.9, 0.9), (0.5, 0.4)]) - right).abs() < 1e-5);
    }
}
