//! The Gini coefficient: how unequally impressions are spread over merchants.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::number::real;

/// Impressions by number of the merchant's row.
pub(super) type Seen = HashMap<u32, u32, foldhash::fast::RandomState>;

/// Maximum number of merchants of an arm whose impressions are counted. Those that are seen first are.
pub(super) const MOST: usize = 65_536;

/// Counts an impression of a merchant; returns false if there are too many merchants.
pub(super) fn count(seen: &mut Seen, merchant: u32) -> bool {
    if let Some(count) = seen.get_mut(&merchant) {
        *count = count.saturating_add(1);
        return true;
    }
    let is_room = seen.len() < MOST;
    if is_room {
        seen.insert(merchant, 1);
    }
    is_room
}

/// Returns the Gini coefficient of each arm, over the merchants that any arm showed: 0 if all have as many impressions, near 1 if one has
/// all. `None` for an arm without impressions.
pub(super) fn gini<'s>(arms: impl Iterator<Item = &'s Seen> + Clone) -> Vec<Option<f64>> {
    let merchants: BTreeSet<u32> = arms.clone().flat_map(|seen| seen.keys().copied()).collect();
    let of = |seen: &Seen| {
        let counts = merchants
            .iter()
            .map(|it| seen.get(it).copied().unwrap_or(0));
        let mut counts: Vec<u32> = counts.collect();
        counts.sort_unstable();
        let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
        let merchants = counts.iter().map(|_| 1.0).sum::<f64>();
        let ranked = counts
            .iter()
            .zip(1_u64..)
            .map(|(count, rank)| real(rank) * f64::from(*count));
        (total > 0.0).then(|| (2.0 * ranked.sum::<f64>() / total - merchants - 1.0) / merchants)
    };
    arms.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(counts: &[(u32, u32)]) -> Seen {
        counts.iter().copied().collect()
    }

    #[test]
    fn gini_is_of_all_merchants_of_any_arm() {
        let equal = seen(&[(1, 5), (2, 5), (3, 5), (4, 5)]);
        let one = seen(&[(1, 20)]);
        let none = Seen::default();
        let of = gini([&equal, &one, &none].into_iter());
        assert!(of[0].unwrap().abs() < 1e-12);
        assert!((of[1].unwrap() - 0.75).abs() < 1e-12);
        assert_eq!(of[2], None);
    }

    #[test]
    fn merchants_beyond_the_bound_are_not_counted() {
        let mut seen = Seen::default();
        let most = u32::try_from(MOST).unwrap();
        assert!((0..most).all(|merchant| count(&mut seen, merchant)));
        assert!(!count(&mut seen, most) && count(&mut seen, 0));
        assert_eq!((seen.len(), seen[&0]), (MOST, 2));
    }
}
