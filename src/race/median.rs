//! The ordinary median, of numbers and of money, and the lower weighted median.

use crate::money::Money;

/// Returns the ordinary median: the middle value, or the mean of the two middle values; `None` without values. Reorders the values.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(values[values.len() / 2 - 1], upper))
}

/// Returns the ordinary median of amounts, rounded down to the millionth. Reorders them.
pub(super) fn median_money(amounts: &mut [Money]) -> Option<Money> {
    let odd = amounts.len() % 2 == 1;
    if amounts.is_empty() {
        return None;
    }
    let (below, &mut upper, _) = amounts.select_nth_unstable(amounts.len() / 2);
    if odd {
        return Some(upper);
    }
    below.iter().max().map(|lower| lower.halfway(upper))
}

/// Returns the lower weighted median of (value, weight) pairs: the smallest value with at least half of the weight at or below it.
///
/// Sorts by value and weight, so that the sums of weights do not depend on the order of the pairs.
pub(super) fn weighted_median(pairs: &mut [(f64, f64)]) -> Option<f64> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    let middle = pairs.iter().find(|(_, weight)| {
        below += weight;
        below >= half
    });
    middle.or(pairs.last()).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median_money(&mut []), None);
        assert_eq!(median_money(&mut [Money(9)]), Some(Money(9)));
        let even = &mut [Money(40), Money(10), Money(20), Money(30)];
        assert_eq!(median_money(even), Some(Money(25)));
        assert_eq!(median_money(&mut [Money::MAX; 2]), Some(Money::MAX));
    }

    #[test]
    fn the_weighted_median_is_the_lower() {
        assert_eq!(weighted_median(&mut []), None);
        assert_eq!(weighted_median(&mut [(2.0, 1.0), (1.0, 1.0)]), Some(1.0));
        assert_eq!(weighted_median(&mut [(2.0, 3.0), (1.0, 1.0)]), Some(2.0));
        let even = &mut [(4.0, 1.0), (3.0, 1.0), (1.0, 1.0), (2.0, 1.0)];
        assert_eq!(weighted_median(even), Some(2.0));
    }
}
