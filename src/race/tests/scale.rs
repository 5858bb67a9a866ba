//! The log scale and its reference points.

use super::*;
use crate::race::{LogScale, Reference};

#[test]
fn the_log_scale_runs_from_zero_to_one() {
    let scale = LogScale::new(100.0);
    for (x, value) in [
        (-5.0, 0.0),
        (0.0, 0.0),
        (100.0, 1.0),
        (1e12, 1.0),
        (f64::NAN, 0.0),
    ] {
        assert!((scale.value(x) - value).abs() < 1e-6, "{x}");
    }
    assert!((scale.value(10.0) - 0.519_573).abs() < 1e-5);
    assert!((scale.value_of_ln(11_f32.ln()) - scale.value(10.0)).abs() < 1e-6);
}

#[test]
fn the_log_scale_is_finite_for_every_reference() {
    for reference in [
        f64::NAN,
        -1.0,
        0.0,
        f64::MIN_POSITIVE,
        1e-6,
        1.0,
        1e12,
        f64::MAX,
    ] {
        let scale = LogScale::new(reference);
        let values = [0.0, 1e-6, 1.0, 1e6, 1e12, f64::MAX].map(|x| scale.value(x));
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(values.is_sorted(), "{reference}: {values:?}");
    }
}

#[test]
fn the_percentile_agrees_with_sorting() {
    let mut random = Random::new(3);
    for n in [100, 101, 999, 1_000, 1_001, 1_999, 2_000, 12_345, 60_000] {
        let mut values: Vec<f64> = (0..n).map(|_| (3.0 * random.normal()).exp()).collect();
        let mut exact = Reference::new(n);
        let mut loose = Reference::new(3 * n);
        for value in &values {
            exact.push(*value);
            exact.push(-value);
            exact.push(f64::NAN);
            loose.push(*value);
        }
        values.sort_unstable_by(f64::total_cmp);
        let rank = (999 * n).div_ceil(1_000);
        near(exact.value(7.0), values[rank - 1]);
        near(loose.value(7.0), values[rank - 1]);
    }
}

#[test]
fn equal_values_have_their_percentile() {
    let mut reference = Reference::new(50_000);
    (0..50_000).for_each(|_| reference.push(2.5));
    near(reference.value(7.0), 2.5);
}

#[test]
fn few_values_give_the_default() {
    let mut reference = Reference::new(1_000);
    for _ in 0..99 {
        reference.push(1.0);
        reference.push(0.0);
    }
    near(reference.clone().value(40.0), 40.0);
    reference.push(1.0);
    near(reference.value(40.0), 1.0);
    near(Reference::new(0).value(40.0), 40.0);
}

#[test]
fn references_follow_from_the_items() {
    let mut market = Market::new(0, 2_000);
    for row in 0..2_000_u32 {
        market.runs_item(row).price = f64::from(row + 1);
    }
    near(market.build().references.price.reference(), 1_998.0);
    near(market.build().references.item_buyers.reference(), 100.0);
    for row in 0..200 {
        let purchase = bought(0, row, Some(row), None, 5_000.0);
        market.ledger.purchase(LAST, purchase);
    }
    near(market.build().references.price.reference(), 5_000.0);
    near(market.build().references.item_buyers.reference(), 1.0);
}
