//! The exposure of merchants in the first ten places.
//!
//! A place i = 0, 1, … exposes its item's merchant by 1 / log₂(i + 2). The Gini coefficient of the sums, over *all* merchants of the
//! catalogue including those never shown, is 0 if all have the same sum and approaches 1 if one merchant has everything:
//! G = Σᵢ (2i − n − 1)·xᵢ / (n·Σx), x ascending, i = 1 … n.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::measure::discounts;

const PLACES: usize = 10;

/// The distribution of exposure over merchants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// Gini coefficient over all merchants of the catalogue.
    #[serde(rename = "exposure_gini")]
    pub gini: f64,
    /// Number of merchants with at least one of the first ten places.
    #[serde(rename = "merchants_shown@10")]
    pub shown: usize,
}

/// Computes the exposure in some orders of ids. An item that is not in the catalogue exposes no merchant.
#[must_use]
pub fn exposure<S: AsRef<str>>(orders: &[Vec<S>], merchants: &HashMap<String, String>) -> Exposure {
    let mut shares: HashMap<&str, f64> = HashMap::new();
    for order in orders {
        for (id, discount) in order.iter().take(PLACES).zip(discounts()) {
            if let Some(merchant) = merchants.get(id.as_ref()) {
                *shares.entry(merchant).or_default() += discount;
            }
        }
    }
    let all: HashSet<&str> = merchants.values().map(String::as_str).collect();
    let shares_of_all = all
        .iter()
        .map(|merchant| shares.get(merchant).copied().unwrap_or(0.0));
    Exposure {
        gini: gini(shares_of_all.collect()),
        shown: shares.len(),
    }
}

fn gini(mut shares: Vec<f64>) -> f64 {
    shares.sort_by(f64::total_cmp);
    let count = float(shares.len());
    let total: f64 = shares.iter().sum();
    let ranks = (1..=shares.len()).map(|rank| 2.0 * float(rank) - count - 1.0);
    let spread: f64 = ranks.zip(&shares).map(|(rank, share)| rank * share).sum();
    if total > 0.0 {
        spread / (count * total)
    } else {
        0.0
    }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exposure_agrees_with_a_hand_computation() {
        // Shares 0, 1, 3: (−2·0 + 0·1 + 2·3) / (3·4) = 0.5.
        assert!((gini(vec![3.0, 0.0, 1.0]) - 0.5).abs() < 1e-12);
        let merchants = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(i, m)| ((*i).to_owned(), (*m).to_owned()))
                .collect()
        };
        // m1: 1 + 1/log₂3, m2: 1/2 (place 3), m3: 0; "x" is not in the catalogue; place 11 does not count.
        let order = ["a", "b", "c", "x", "x", "x", "x", "x", "x", "x", "d"].to_vec();
        let found = exposure(
            &[order],
            &merchants(&[("a", "m1"), ("b", "m1"), ("c", "m2"), ("d", "m3")]),
        );
        let (first, second) = (1.0 + 1.0 / 3_f64.log2(), 0.5);
        assert!((found.gini - 2.0 * first / (3.0 * (first + second))).abs() < 1e-12);
        assert_eq!(found.shown, 2);
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn gini_is_bounded_and_ignores_scale(shares in prop::collection::vec(0.0..100.0, 1..50), scale in 0.1..10.0) {
            let found = gini(shares.clone());
            prop_assert!((-1e-12..1.0).contains(&found));
            let scaled = gini(shares.iter().map(|share| share * scale).collect());
            prop_assert!((found - scaled).abs() < 1e-9);
        }

        #[test]
        fn gini_is_extreme_for_equal_and_single_shares(count in 1_usize..50) {
            prop_assert!(gini(vec![2.0; count]).abs() < 1e-12);
            let mut one = vec![0.0; count];
            one[0] = 5.0;
            prop_assert!((gini(one) - (1.0 - 1.0 / float(count))).abs() < 1e-12);
        }
    }
}
