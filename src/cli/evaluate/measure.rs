//! The quality of an order: NDCG, judged by what the user did afterwards.
//!
//! DCG@k = Σ gainᵢ / log₂(i + 2) over the first k places i = 0, 1, …; NDCG@k = DCG@k / the DCG@k of the best order of all
//! relevant items (Järvelin and Kekäläinen, 2002). The best order includes relevant items that are not candidates or were not shown, so
//! that an order does not gain by leaving items out.

use std::collections::HashMap;

/// The quality of one order; each figure is in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// NDCG of the first 10 places; every relevant item has gain 1.
    pub ndcg_10: f64,
    /// NDCG of the first 50 places; every relevant item has gain 1.
    pub ndcg_50: f64,
    /// NDCG of the first 10 places, by the gains of the relevant items.
    pub gmv_ndcg_10: f64,
}

impl Quality {
    /// Returns the three figures in the order of the fields.
    #[must_use]
    pub const fn figures(self) -> [f64; 3] {
        [self.ndcg_10, self.ndcg_50, self.gmv_ndcg_10]
    }

    /// Returns the mean of some figures; 0 of none.
    #[must_use]
    pub fn mean(rows: &[Self]) -> Self {
        let share = 1.0 / rows.iter().map(|_| 1.0).sum::<f64>().max(1.0);
        let mean = |figure: fn(&Self) -> f64| rows.iter().map(figure).sum::<f64>() * share;
        Self {
            ndcg_10: mean(|row| row.ndcg_10),
            ndcg_50: mean(|row| row.ndcg_50),
            gmv_ndcg_10: mean(|row| row.gmv_ndcg_10),
        }
    }
}

/// Computes the quality of an order of ids, given the gains (above 0) of the relevant items; 0 without relevant items.
#[must_use]
pub fn quality<S: AsRef<str>>(order: &[S], relevant: &HashMap<String, f64>) -> Quality {
    let gain = |id: &S| relevant.get(id.as_ref()).copied();
    let gains: Vec<f64> = order.iter().map(|id| gain(id).unwrap_or(0.0)).collect();
    let hits: Vec<f64> = order
        .iter()
        .map(|id| f64::from(u8::from(gain(id).is_some())))
        .collect();
    let mut best: Vec<f64> = relevant.values().copied().collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let all_hit = vec![1.0; best.len()];
    Quality {
        ndcg_10: ndcg(&hits, &all_hit, 10),
        ndcg_50: ndcg(&hits, &all_hit, 50),
        gmv_ndcg_10: ndcg(&gains, &best, 10),
    }
}

fn ndcg(gains: &[f64], best: &[f64], k: usize) -> f64 {
    let ideal = dcg(best, k);
    if ideal > 0.0 {
        dcg(gains, k) / ideal
    } else {
        0.0
    }
}

fn dcg(gains: &[f64], k: usize) -> f64 {
    gains
        .iter()
        .take(k)
        .zip(discounts())
        .map(|(gain, discount)| gain * discount)
        .sum()
}

/// Returns the weight of each place i = 0, 1, …: 1 / log₂(i + 2).
pub(super) fn discounts() -> impl Iterator<Item = f64> {
    (2_u32..).map(|place| 1.0 / f64::from(place).log2())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn relevant(gains: &[(&str, f64)]) -> HashMap<String, f64> {
        gains
            .iter()
            .map(|(id, gain)| ((*id).to_owned(), *gain))
            .collect()
    }

    #[test]
    fn ndcg_agrees_with_a_hand_computation() {
        // Places 1 and 3 hit: DCG = 1 + 1/log₂4 = 1.5; best = 1 + 1/log₂3 = 1.6309298.
        // Gains 3 and 1: DCG = 1 + 3/2 = 2.5; best = 3 + 1/log₂3 = 3.6309298.
        let found = quality(&["a", "x", "b"], &relevant(&[("a", 1.0), ("b", 3.0)]));
        assert!((found.ndcg_10 - 1.5 / 1.630_929_753_571_457_4).abs() < 1e-12);
        assert!((found.ndcg_50 - found.ndcg_10).abs() < 1e-12);
        assert!((found.gmv_ndcg_10 - 2.5 / 3.630_929_753_571_457_4).abs() < 1e-12);
    }

    #[test]
    fn places_beyond_the_cut_do_not_count() {
        let order: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let found = quality(&order, &relevant(&[("10", 5.0)]));
        assert!(found.ndcg_10.abs() < 1e-12 && found.gmv_ndcg_10.abs() < 1e-12);
        assert!((found.ndcg_50 - 1.0 / 12_f64.log2()).abs() < 1e-12);
    }

    #[test]
    fn the_best_order_is_cut_as_well() {
        let gains: Vec<(String, f64)> = (0..30).map(|n| (n.to_string(), 1.0)).collect();
        let order: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let found = quality(&order, &gains.into_iter().collect());
        assert!((found.ndcg_10 - 1.0).abs() < 1e-12);
        assert!(found.ndcg_50 < 1.0);
    }

    #[test]
    fn ndcg_without_hits_is_zero() {
        let none: [&str; 0] = [];
        for found in [
            quality(&none, &relevant(&[("a", 1.0)])),
            quality(&["a"], &relevant(&[])),
        ] {
            assert!(found.figures().iter().all(|figure| figure.abs() < 1e-12));
        }
    }

    /// Gains of items 0, 1, …; 0 = not relevant, at least one relevant.
    fn gains() -> impl Strategy<Value = Vec<f64>> {
        let gain = prop_oneof![Just(0.0), 0.01..100.0];
        prop::collection::vec(gain, 1..80).prop_filter("some relevant", |gains| {
            gains.iter().any(|gain| *gain > 0.0)
        })
    }

    fn of(gains: &[f64], order: &[usize]) -> Quality {
        let all = gains.iter().enumerate().filter(|(_, gain)| **gain > 0.0);
        let ids: Vec<String> = order.iter().map(usize::to_string).collect();
        quality(&ids, &all.map(|(n, gain)| (n.to_string(), *gain)).collect())
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn ndcg_is_one_for_the_best_order(gains in gains(), seed in any::<u64>()) {
            let mut order: Vec<usize> = (0..gains.len()).collect();
            order.sort_by_key(|n| (*n as u64).wrapping_mul(seed | 1).rotate_left(17));
            for figure in of(&gains, &order).figures() {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&figure));
            }
            order.sort_by(|a, b| gains[*b].total_cmp(&gains[*a]));
            for figure in of(&gains, &order).figures() {
                prop_assert!((figure - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn moving_a_better_item_up_never_lowers_ndcg(gains in gains(), place in any::<prop::sample::Index>()) {
            let mut order: Vec<usize> = (0..gains.len()).collect();
            let place = place.index(gains.len());
            let (above, below) = (place.saturating_sub(1), place);
            let before = of(&gains, &order).gmv_ndcg_10;
            if gains[below] >= gains[above] {
                order.swap(above, below);
                prop_assert!(of(&gains, &order).gmv_ndcg_10 >= before - 1e-12);
            }
        }
    }
}
