//! The figures of running sums: series by cell for the estimates, and the check of the sample ratio.

use libm::erfc;

use super::estimate::Series;
use super::sums::{Sum, Sums, before, ratio};
use crate::config::Metric;
use crate::number::{real, wide};

/// Returns the series of a metric.
pub(super) fn series(cells: &[Sums], metric: Metric) -> Series {
    let of = |sum: Sum| {
        cells
            .iter()
            .map(|sums| sums[sum as usize])
            .collect::<Vec<f64>>()
    };
    let [n, d] = ratio(metric);
    Series {
        n: of(n),
        d: of(d),
        before: before(metric).map(|sum| (of(sum), of(Sum::Users))),
    }
}

/// Returns the chance of numbers of users at least as far from the shares of their arms (χ²); `None` if there is no user.
#[must_use]
pub fn ratio_p(users: &[f64], shares: &[f64]) -> Option<f64> {
    let total: f64 = users.iter().sum();
    (total > 0.0).then_some(())?;
    let off = users.iter().zip(shares).map(|(users, share)| {
        let expected = total * share;
        (users - expected).powi(2) / expected
    });
    Some(tail(off.sum(), users.len().saturating_sub(1)))
}

/// Returns the chance that χ² with a number of degrees of freedom is at least `x`, by the recurrence of the incomplete gamma function.
fn tail(x: f64, degrees: usize) -> f64 {
    let half = x / 2.0;
    let (mut a, mut q) = if degrees.is_multiple_of(2) {
        (1.0, (-half).exp())
    } else {
        (0.5, erfc(half.sqrt()))
    };
    let last = real(wide(degrees)) / 2.0;
    // ln of half^a·e^(−half)/Γ(a + 1), the step from a to a + 1.
    while a + 0.25 < last {
        q += (a * half.ln() - half - libm::lgamma(a + 1.0)).exp();
        a += 1.0;
    }
    q.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_chi_squared_has_its_critical_points() {
        let five_in_10_000 = [12.116, 15.202, 17.730, 19.997, 22.105, 24.103, 26.018];
        for (degrees, x) in (1..).zip(five_in_10_000) {
            assert!(
                (tail(x, degrees) - 0.000_5).abs() < 2e-6,
                "{degrees}: {}",
                tail(x, degrees)
            );
        }
        assert!((tail(3.841_459, 1) - 0.05).abs() < 1e-7);
        assert!((tail(0.0, 3) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_sample_ratio_is_unlikely() {
        assert!(ratio_p(&[5_000.0, 5_050.0], &[0.5, 0.5]).unwrap() > 0.5);
        assert!(ratio_p(&[5_000.0, 5_500.0], &[0.5, 0.5]).unwrap() < 0.000_5);
        assert_eq!(ratio_p(&[0.0, 0.0], &[0.5, 0.5]), None);
    }
}
