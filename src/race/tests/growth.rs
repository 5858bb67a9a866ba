//! Level and growth against figures computed by hand.

use super::*;
use crate::race::growth::Trend;
use crate::race::level::Sellers;

/// Weeks, b, mean, lower and G.
const GOLDEN: [(&[f64], [f64; 4]); 9] = [
    (&[100.0, 100.0, 100.0], [0.0, 0.0, -0.1399, 0.0]),
    (&[10.0, 20.0, 30.0], [0.4148, 0.2719, 0.0841, 0.4292]),
    (&[10.0, 15.0, 20.0, 30.0], [0.2786, 0.2304, 0.0974, 0.4776]),
    (&[1.0, 2.0, 3.0], [0.1434, 0.0618, -0.1795, 0.0]),
    (&[3.0, 6.0, 9.0], [0.2768, 0.1435, -0.0786, 0.0]),
    (&[8.0, 16.0, 24.0], [0.3933, 0.2476, 0.0528, 0.2967]),
    (&[1000.0, 1100.0, 1210.0], [0.0949, 0.0813, -0.0399, 0.0]),
    (&[0.0, 0.0, 0.0, 10.0], [0.4028, 0.2742, 0.0933, 0.0]),
    (
        &[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0],
        [0.2171, 0.2132, 0.1702, 0.6785],
    ),
];

#[test]
fn golden_values() {
    for (weeks, expected) in GOLDEN {
        let trend = Trend::of(weeks).unwrap();
        let growth = trend.beside(0.0);
        let got = [trend.slope, growth.mean, growth.lower, growth.growth];
        for (got, expected) in got.into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-3, "{weeks:?}: {got} {expected}");
        }
    }
}

#[test]
fn golden_values_through_ledger_and_rebuild() {
    for (weeks, [slope, _, lower, growth]) in GOLDEN {
        let mut market = Market::new(1, 0);
        let days = i32::try_from(weeks.len() * 7).unwrap() - 1;
        market.runs_merchant(0).start = Some(LAST.plus(-days));
        let counts: Vec<u32> = weeks.iter().map(|week| count(*week)).collect();
        market.sell_weekly(0, &counts);
        let standing = market.merchant(0);
        assert_eq!(standing.weeks, weeks.len());
        assert!((standing.slope.unwrap() - slope).abs() < 1e-3, "{weeks:?}");
        assert!((standing.lower.unwrap() - lower).abs() < 1e-3, "{weeks:?}");
        assert!((standing.growth - growth).abs() < 1e-3, "{weeks:?}");
        near(standing.score, 0.6 * standing.level + 0.4 * standing.growth);
    }
}

#[test]
fn closed_forms_in_a_log_normal_lane() {
    let quantile = |rank: u32| (6_f64.ln() + 1.6 * deviate((f64::from(rank) + 0.5) / 2e4)).exp();
    let lane = Sellers::new((0..20_000).map(quantile));
    let score = |weeks: [f64; 3]| {
        let mean = weeks.iter().sum::<f64>() / 3.0;
        0.6 * lane.level(mean) + 0.4 * Trend::of(&weeks).unwrap().beside(0.0).growth
    };
    assert!((score([10.0, 20.0, 30.0]) - 0.636).abs() < 1e-3);
    assert!((score([100.0; 3]) - 0.576).abs() < 1e-3);
    assert!((score([1.0, 2.0, 3.0]) - 0.148).abs() < 1e-3);
}

#[test]
fn growth_of_the_whole_lane_does_not_count() {
    let mut market = Market::new(41, 0);
    for merchant in 0..40 {
        market.sell_weekly(merchant, &[30, 45, 68, 101]);
    }
    market.sell_weekly(40, &[30, 60, 120, 240]);
    for runner in &mut market.runners[Kind::Merchant] {
        runner.start = Some(LAST.plus(-27));
    }
    let lifted = market.merchant(0);
    assert!(
        lifted.slope.unwrap() > 0.3 && lifted.growth <= 0.0,
        "{lifted:?}"
    );
    let grows = market.merchant(40);
    assert!(grows.growth > 0.3, "{grows:?}");
}

#[test]
fn the_market_slope_needs_thirty_proven_runners() {
    let mut market = Market::new(29, 0);
    for merchant in 0..29 {
        market.runs_merchant(merchant).start = Some(LAST.plus(-27));
        market.sell_weekly(merchant, &[30, 45, 68, 101]);
    }
    assert!(market.merchant(0).growth > 0.3);
}

#[test]
fn a_thin_lane_uses_the_overall_market_slope() {
    let mut market = Market::new(45, 0);
    let (wide, thin) = (market.lanes.intern("wide"), market.lanes.intern("thin"));
    for merchant in 0..45 {
        let runner = market.runs_merchant(merchant);
        runner.start = Some(LAST.plus(-27));
        runner.lane = if merchant < 40 { wide } else { thin };
        market.sell_weekly(merchant, &[30, 45, 68, 101]);
    }
    assert!(market.merchant(44).growth <= 0.0);
}

fn count(week: f64) -> u32 {
    format!("{week}").parse().unwrap()
}

/// Returns the standard normal quantile, by bisection.
fn deviate(share: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_below(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Returns Φ(x) to 1e-7, by Abramowitz and Stegun 26.2.17.
fn normal_below(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let series = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let tail = series.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x / 2.0).exp()
        / std::f64::consts::TAU.sqrt();
    if x < 0.0 { tail } else { 1.0 - tail }
}
