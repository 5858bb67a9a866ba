//! The lift of an arm over the control: the delta method over cells, CUPED, and an interval that holds at every look.
//!
//! l is the difference of the logarithms of two ratios ΣN/ΣD. Over m cells, e = N_c/N̄ − D_c/D̄ is how far a cell is off, and the squared
//! error of l is Σ over both arms of Σe²/(m(m − 1)). CUPED (Deng, Xu, Kohavi, Walker 2013) takes off what users did before: with
//! p = X_c/X̄ − U_c/Ū and θ = Σep/Σp², l −= θ·Δln(ΣX/ΣU) and e −= θp. The interval is that of the normal mixture (Robbins 1970; Johari,
//! Koomen, Pekelis, Walsh 2022), which may be looked at any time. The usual ±1.96 errors is false on one of 28 daily looks in a quarter
//! of all experiments without effect.

use crate::number::{real, wide};

/// ln(1/α²) at α = 5 %.
const LEVEL: f64 = 2.0 * 2.995_732_273_553_991;
/// Standard errors between an effect and the end of its interval at which it is found in 80 of 100 experiments.
const POWER: f64 = 0.841_621_233_572_914_3;

/// Standard error at or below which nothing varies, but for rounding.
const NONE: f64 = 1e-9;

/// What the users of one arm did, by cell.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The numerator of the ratio.
    pub n: Vec<f64>,
    /// The denominator.
    pub d: Vec<f64>,
    /// What the users did before they were enrolled, and their number; empty: not known.
    pub before: Option<(Vec<f64>, Vec<f64>)>,
}

/// An estimated lift, as a logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The logarithm of the ratio of the arm to that of the control.
    pub log: f64,
    /// Its standard error, above 0.
    pub error: f64,
    /// How much what users did before counts; `None` if it is not known.
    pub theta: Option<f64>,
    /// The standard error without what users did before.
    pub plain_error: f64,
}

/// An interval of a lift: 0.03 is 3 % more than the control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Returns the lift of an arm over the control; `None` if a sum is not above 0, or if nothing varies.
#[must_use]
pub fn estimate(control: &Series, arm: &Series) -> Option<Estimate> {
    let log = log_ratio(&arm.n, &arm.d)? - log_ratio(&control.n, &control.d)?;
    let off = [off(&control.n, &control.d), off(&arm.n, &arm.d)];
    let plain_error = error([&off[0], &off[1]]);
    (plain_error > NONE).then_some(())?;
    let plain = Estimate {
        log,
        error: plain_error,
        theta: None,
        plain_error,
    };
    Some(adjusted(plain, &off, [control, arm]).unwrap_or(plain))
}

/// Returns an estimate less what users did before.
fn adjusted(
    plain: Estimate,
    off_by: &[Vec<f64>; 2],
    [control, arm]: [&Series; 2],
) -> Option<Estimate> {
    let (control, arm) = (control.before.as_ref()?, arm.before.as_ref()?);
    let gap = log_ratio(&arm.0, &arm.1)? - log_ratio(&control.0, &control.1)?;
    let before = [off(&control.0, &control.1), off(&arm.0, &arm.1)];
    let both = || off_by.iter().flatten().zip(before.iter().flatten());
    let square: f64 = both().map(|(_, p)| p * p).sum();
    let theta = both().map(|(e, p)| e * p).sum::<f64>() / square;
    if !theta.is_finite() {
        return None;
    }
    let rest = [0, 1].map(|place| -> Vec<f64> {
        let pairs = off_by[place].iter().zip(&before[place]);
        pairs.map(|(e, p)| e - theta * p).collect()
    });
    let error = error([&rest[0], &rest[1]]);
    (error > NONE).then_some(Estimate {
        log: plain.log - theta * gap,
        error,
        theta: Some(theta),
        ..plain
    })
}

/// Returns ln(ΣN/ΣD), `None` if a sum is not above 0.
fn log_ratio(n: &[f64], d: &[f64]) -> Option<f64> {
    let (n, d): (f64, f64) = (n.iter().sum(), d.iter().sum());
    (n > 0.0 && d > 0.0).then(|| (n / d).ln())
}

/// Returns how far each cell is off: N_c/N̄ − D_c/D̄.
fn off(n: &[f64], d: &[f64]) -> Vec<f64> {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / real(wide(of.len()));
    let means = (mean(n), mean(d));
    n.iter()
        .zip(d)
        .map(|(n, d)| n / means.0 - d / means.1)
        .collect()
}

fn error(off: [&Vec<f64>; 2]) -> f64 {
    let of = |off: &Vec<f64>| {
        let m = real(wide(off.len()));
        off.iter().map(|e| e * e).sum::<f64>() / (m * (m - 1.0))
    };
    (of(off[0]) + of(off[1])).sqrt()
}

/// Returns half the width of the interval that holds at every look, given the standard error and the smallest effect worth finding, both
/// as logarithms above 0.
#[must_use]
pub fn half_width(error: f64, find: f64) -> f64 {
    let (s, t) = (error * error, find * find);
    error * ((1.0 + s / t) * ((t / s).ln_1p() + LEVEL)).sqrt()
}

/// Returns the factor on the number of users after which an effect as large as `find`, a logarithm, is found in 80 of 100 experiments.
#[must_use]
pub fn needed(error: f64, find: f64) -> f64 {
    // The least number k of errors that the effect must be: k − h/s grows with k.
    let (mut low, mut high) = (1.0, 16.0);
    for _ in 0..40 {
        let k = f64::midpoint(low, high);
        if k - half_width(1.0 / k, 1.0) * k < POWER {
            low = k;
        } else {
            high = k;
        }
    }
    (error * high / find).powi(2)
}

impl Estimate {
    /// Returns the lift: 0.03 is 3 % more than the control.
    #[must_use]
    pub fn lift(&self) -> f64 {
        self.log.exp_m1()
    }

    /// Returns the interval that holds at every look, given the smallest lift worth finding.
    #[must_use]
    pub fn interval(&self, find: f64) -> Interval {
        let half = half_width(self.error, find.ln_1p());
        Interval {
            low: (self.log - half).exp_m1(),
            high: (self.log + half).exp_m1(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(n: [f64; 8], d: [f64; 8], x: Option<[f64; 8]>) -> Series {
        Series {
            n: n.to_vec(),
            d: d.to_vec(),
            before: x.map(|x| (x.to_vec(), d.to_vec())),
        }
    }

    fn golden(with_before: bool) -> Estimate {
        let x = with_before.then_some([90.0, 84.0, 108.0, 88.0, 70.0, 117.0, 95.0, 91.0]);
        let control = series(
            [104.0, 95.0, 120.0, 98.0, 81.0, 132.0, 107.0, 99.0],
            [10.0, 10.0, 11.0, 10.0, 9.0, 12.0, 10.0, 10.0],
            x,
        );
        let x = with_before.then_some([97.0, 86.0, 101.0, 80.0, 93.0, 110.0, 74.0, 99.0]);
        let arm = series(
            [112.0, 101.0, 118.0, 94.0, 107.0, 128.0, 89.0, 115.0],
            [10.0, 10.0, 11.0, 9.0, 10.0, 12.0, 9.0, 10.0],
            x,
        );
        estimate(&control, &arm).unwrap()
    }

    fn near(left: f64, right: f64) {
        assert!((left - right).abs() < 5e-7, "{left} is not {right}");
    }

    #[test]
    fn a_plain_lift_has_its_golden_interval() {
        let plain = golden(false);
        near(plain.log, 0.045_214);
        near(plain.error, 0.029_849);
        let interval = plain.interval(0.1);
        near(interval.low, -0.044_458);
        near(interval.high, 0.145_573);
        assert_eq!(plain.theta, None);
    }

    #[test]
    fn what_users_did_before_is_taken_off() {
        let adjusted = golden(true);
        near(adjusted.theta.unwrap(), 0.871_632);
        near(adjusted.log, 0.038_046);
        near(adjusted.error, 0.006_741);
        near(adjusted.plain_error, 0.029_849);
        let interval = adjusted.interval(0.1);
        near(interval.low, 0.015_453);
        near(interval.high, 0.062_641);
    }

    #[test]
    fn half_widths_are_the_golden_ones() {
        let golden = [
            (0.03, 0.03, 0.109_692),
            (0.01, 0.03, 0.030_357),
            (0.005, 0.03, 0.015_708),
            (0.002, 0.01, 0.006_203),
        ];
        for (error, find, right) in golden {
            near(half_width(error, find), right);
        }
    }

    #[test]
    fn looking_any_time_takes_nearly_twice_the_users() {
        let factor = needed(0.01, 0.03) / needed_at_one_look(0.01, 0.03);
        assert!((1.89..1.98).contains(&factor), "{factor}");
        let error = 0.01 / needed(0.01, 0.03).sqrt();
        near(0.03 - half_width(error, 0.03), POWER * error);
    }

    fn needed_at_one_look(error: f64, find: f64) -> f64 {
        (error * (1.959_964 + POWER) / find).powi(2)
    }

    #[test]
    fn nothing_is_estimated_of_nothing() {
        let none = series([0.0; 8], [1.0; 8], None);
        let some = series([1.0; 8], [1.0; 8], None);
        assert_eq!(estimate(&none, &some), None);
        assert_eq!(estimate(&some, &some), None, "nothing varies");
        assert_eq!(estimate(&Series::default(), &Series::default()), None);
    }
}
