//! The price of a page: the share of its own that rules, lifts and support places give up against the order by own.

use crate::exposure::weight;
use crate::number::short;

/// Returns 1 − Σ weight(r)·own(placed) / Σ weight(r)·own(best), from 0 to 1, of the candidates placed from the first place on; 0 for an
/// empty page.
pub(super) fn price(own: &[f32], placed: &[usize]) -> f64 {
    let count = placed.len().min(own.len());
    let mut best = own.to_vec();
    if count > 0 && count < best.len() {
        best.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    }
    best.truncate(count);
    best.sort_unstable_by(|a, b| b.total_cmp(a));
    let most = worth(best.into_iter());
    if most <= 0.0 {
        return 0.0;
    }
    let placed = placed.iter().filter_map(|candidate| own.get(*candidate));
    (1.0 - worth(placed.copied()) / most).clamp(0.0, 1.0)
}

/// Returns Σ weight(r)·own.
fn worth(own: impl Iterator<Item = f32>) -> f64 {
    let places = own.zip(1_usize..);
    places
        .map(|(own, place)| f64::from(own) * weight(Some(short(place))))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_by_own_costs_nothing() {
        let own = [0.2, 0.9, 0.5, 0.4];
        assert!(price(&own, &[1, 2, 3, 0]).abs() < 1e-9);
        assert!(price(&own, &[1, 2]).abs() < 1e-9);
        assert!(price(&own, &[]).abs() < 1e-9 && price(&[], &[]).abs() < 1e-9);
        assert!(price(&[0.0, 0.0], &[1]).abs() < 1e-9);
    }

    #[test]
    fn what_is_given_up_is_weighed_by_place() {
        // Place 2 weighs 0.63093: it holds 0.4 instead of 0.5.
        let right = 1.0 - (0.9 + 0.630_93 * 0.4) / (0.9 + 0.630_93 * 0.5);
        assert!((price(&[0.9, 0.5, 0.4], &[0, 2]) - right).abs() < 1e-5);
    }
}
