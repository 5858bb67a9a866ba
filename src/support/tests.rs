//! The golden values of the market's formulas, and the properties of every credit.

mod ladder;
mod pace;

use proptest::prelude::*;

use super::*;
use crate::clock::{HOUR, Time};

/// Maximum distance from a golden value.
const NEAR: f64 = 1e-6;

#[track_caller]
fn assert_near(found: f64, right: f64) {
    assert!((found - right).abs() <= NEAR, "{found}, not {right}");
}

/// The stages as configured by default.
const STAGES: Stages<'_> = Stages {
    quotas: &[200, 1_000, 3_000, 10_000, 40_000],
    days: &[4.0, 5.0, 5.0, 7.0, 9.0],
};

#[test]
fn usual_rates_match_the_golden_values() {
    let rate = |clickers, weight| usual_rate(Evidence { clickers, weight }, 0.2);
    assert_near(rate(300.0, 4_000.0), 0.075_311_720_698_254_37);
    assert_near(rate(0.0, 0.0), 0.2);
}

#[test]
fn gates_match_the_golden_values() {
    let cases = [
        (
            9.0,
            80.0,
            0.8,
            1.267_793_575_905_689_8,
            0.828_251_972_632_541_1,
            true,
        ),
        (
            4.0,
            80.0,
            0.8,
            0.806_662_700_824_534,
            0.257_998_990_601_821_24,
            true,
        ),
        (
            3.0,
            80.0,
            0.8,
            0.712_816_126_719_329_3,
            0.156_911_343_475_115_98,
            false,
        ),
        (
            2.0,
            80.0,
            0.8,
            0.618_150_803_954_105_7,
            0.083_419_044_239_319_19,
            false,
        ),
        (
            60.0,
            400.0,
            1.0,
            1.572_664_688_113_766_7,
            0.997_250_448_161_931,
            true,
        ),
        (
            38.0,
            400.0,
            1.0,
            1.049_287_304_749_923_4,
            0.361_194_320_978_31,
            true,
        ),
        (
            30.0,
            400.0,
            1.0,
            0.857_456_993_235_530_5,
            0.051_863_300_746_679_13,
            false,
        ),
        (
            150.0,
            1_200.0,
            1.2,
            1.307_882_925_816_538_3,
            0.654_306_691_891_355,
            true,
        ),
        (
            130.0,
            1_200.0,
            1.2,
            1.142_050_685_212_090_9,
            0.103_304_973_548_518_88,
            false,
        ),
    ];
    for (clickers, weight, bar, quantile, chance, climbs) in cases {
        let evidence = Evidence { clickers, weight };
        assert_near(evidence.quantile(0.1, Z), quantile);
        assert_near(evidence.chance(0.1, bar), chance);
        assert_eq!(evidence.climbs(0.1, bar), climbs);
    }
}

#[test]
fn stage_plans_match_the_golden_values() {
    let cases = [
        (1, 0.0, 0.0, 0.0, 25.0, 0.5),
        (1, 60.0, 0.0, 1.0, 75.0, 0.3),
        (1, 37.0, 0.0, 0.5, 50.0, 0.26),
        (1, 200.0, 0.0, 3.0, 175.0, 0.0),
        (2, 260.0, 205.0, 0.5, 365.0, 0.656_25),
        (5, 20_000.0, 10_000.0, 3.0, 21_666.666_666_666_668, 0.5),
    ];
    for (stage, served, at_start, days, due, credit) in cases {
        let plan = STAGES.plan(stage - 1, served, at_start, days);
        assert_near(plan.due, due);
        assert_near(plan.credit, credit);
    }
    assert_near(STAGES.plan(0, 0.0, 0.0, -3.0).due, 25.0);
    assert_near(STAGES.plan(9, 0.0, 0.0, 1.0).credit, 0.0);
}

#[test]
fn campaign_credits_match_the_golden_values() {
    let from = Time::parse("2026-11-10T16:00:00Z").unwrap();
    let budget = Budget {
        from,
        until: from.plus(168 * HOUR),
        exposures: 30_000,
    };
    let cases = [
        (0.0, 0, 0.0),
        (1_000.0, 12, 1.0),
        (1_700.0, 12, 0.413_333_333_333_333_1),
        (2_500.0, 12, 0.0),
        (30_000.0, 100, 0.0),
        (29_000.0, 168, 0.0),
        (0.0, -1, 0.0),
    ];
    for (served, hours, credit) in cases {
        assert_near(budget.credit(served, from.plus(hours * HOUR)), credit);
    }
    assert_near(budget.plan(from.plus(12 * HOUR)), 2_142.857_142_857_143);
}

#[test]
fn campaign_factors_match_the_golden_values() {
    let cases: [(&[(f64, f64)], f64); 5] = [
        (&[(1.3, 1.0)], 1.3),
        (&[(1.3, 0.4)], 1.110_650_306_834_322),
        (&[(1.3, 1.0), (1.2, 1.0)], 1.5),
        (&[(1.3, 0.5), (1.2, 1.0)], 1.368_210_510_118_965_4),
        (&[], 1.0),
    ];
    for (campaigns, factor) in cases {
        assert_near(campaign_factor(campaigns.iter().copied(), 1.5), factor);
    }
}

#[test]
fn share_credits_match_the_golden_values() {
    let cases = [
        (
            0.2,
            1_460.0,
            50.0,
            0.221_917_808_219_178_1,
            1.094_152_321_769_598_3,
        ),
        (
            0.2,
            1_460.0,
            200.0,
            0.187_671_232_876_712_34,
            1.079_064_148_943_615,
        ),
        (0.005, 1_460.0, 400.0, 0.0, 1.0),
        (0.99, 4_380.0, 0.0, 1.0, 1.5),
        (0.2, 0.0, 0.0, 0.2, 1.084_471_771_197_698_6),
    ];
    for (before, shown, of_group, after, factor) in cases {
        let share = Share {
            target: 0.1,
            shown,
            of_group,
            a_day: 43_800.0,
            band: 1.0,
        };
        let credit = share.next(before);
        assert_near(credit, after);
        assert_near(strength(credit, 1.5), factor);
        assert_near(
            Share {
                a_day: 0.0,
                ..share
            }
            .next(before),
            before,
        );
    }
}

#[test]
fn goal_values_match_the_golden_values() {
    let cases = [
        (true, 0.8, 0.6),
        (false, 0.8, 0.1),
        (true, 0.05, 0.975),
        (false, 0.05, 0.475),
    ];
    for (holds, share, value) in cases {
        assert_near(goal_value(holds, Some(share)), value);
    }
    assert_near(goal_value(true, None), 0.5);
}

#[test]
fn a_flight_ends_before_its_last_instant() {
    let at = |hours: i64| Time::default().plus(hours * HOUR);
    let day = Flight {
        from: Some(at(0)),
        until: Some(at(24)),
    };
    assert!(day.has(at(0)) && day.has(at(23)) && !day.has(at(24)) && !day.has(at(-1)));
    assert!(Flight::default().has(at(-9)) && Flight::default().has(at(9)));
}

proptest! {
    #![proptest_config(crate::tests::cases(500))]

    #[test]
    fn every_credit_lies_between_0_and_1(
        (stage, served, at_start, days) in (0usize..7, 0.0..1e5f64, 0.0..1e5f64, -9.0..90.0f64),
        (exposures, used, hours, length) in (1u64..1_000_000, 0.0..1e6f64, -9i64..900, 1i64..800),
        (credit, target, shown, a_day) in (0.0..=1.0f64, 0.001..0.999f64, 0.0..1e6f64, 0.0..1e6f64),
        part in 0.0..=1.0f64,
    ) {
        let unit = 0.0..=1.0;
        prop_assert!(unit.contains(&STAGES.plan(stage, served, at_start, days).credit));
        let from = Time::default();
        let budget = Budget { from, until: from.plus(length * HOUR), exposures };
        let given = budget.credit(used, from.plus(hours * HOUR));
        prop_assert!(unit.contains(&given));
        prop_assert!(used < crate::number::real(exposures) || given <= 0.0);
        let share = Share { target, shown, of_group: shown * part, a_day, band: 1.0 };
        prop_assert!(unit.contains(&share.next(credit)));
        prop_assert!(campaign_factor([(1.0 + part, credit), (3.0, given)], 1.5) <= 1.5 + 1e-12);
    }

    #[test]
    fn more_clicks_never_lower_the_chance(clicks in 0.0..4_000.0f64, weight in 0.0..9_000.0f64, bar in 0.5..2.0f64) {
        let few = Evidence { clickers: clicks, weight };
        let more = Evidence { clickers: clicks + 1.0, weight };
        prop_assert!(more.chance(0.1, bar) >= few.chance(0.1, bar) - 1e-12);
        prop_assert!((0.0..=1.0).contains(&few.chance(0.1, bar)));
        prop_assert!(more.quantile(0.1, Z) >= few.quantile(0.1, Z));
    }
}
