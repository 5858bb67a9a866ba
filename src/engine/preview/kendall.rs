//! Kendall's τ-b of two pages: how alike their orders are, from −1 to 1.
//!
//! Over the union of both pages, each item has its place on each; those that a page lacks are tied behind its last place. τ-b =
//! (C − D)/√((n₀ − n₁)(n₀ − n₂)), with C pairs in the same order, D in the opposite one, n₀ pairs in all, and n₁ and n₂ pairs tied on one
//! page. Discordant pairs are counted as a merge sort moves them, so that long pages cost n·log n.

use std::collections::HashMap;

use crate::number::{real, span, wide};

/// Returns τ-b of two pages of distinct items; 1 if they are the same, or no pair tells them apart.
pub(super) fn tau(before: &[&str], after: &[&str]) -> f64 {
    let beyond = before.len().max(after.len());
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    for (place, id) in before.iter().enumerate() {
        places.insert(id, (place, beyond));
    }
    for (place, id) in after.iter().enumerate() {
        places.entry(id).or_insert((beyond, place)).1 = place;
    }
    let mut points: Vec<(usize, usize)> = places.into_values().collect();
    points.sort_unstable();
    let [all, first, both] = [
        pairs(points.len()),
        tied(points.iter().map(|it| it.0)),
        tied(points.iter().copied()),
    ];
    let mut seconds: Vec<usize> = points.iter().map(|it| it.1).collect();
    let discordant = sort(&mut seconds);
    let second = tied(seconds.iter().copied());
    let scale = (real(all - first) * real(all - second)).sqrt();
    if scale <= 0.0 {
        return 1.0;
    }
    let [all, first, second, both, discordant] =
        [all, first, second, both, discordant].map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    span(all - first - second + both - 2 * discordant) / scale
}

/// Returns n(n − 1)/2.
fn pairs(count: usize) -> u64 {
    wide(count) * wide(count.saturating_sub(1)) / 2
}

/// Returns the number of pairs of equal values among sorted ones.
fn tied<T: PartialEq>(sorted: impl Iterator<Item = T>) -> u64 {
    let sorted: Vec<T> = sorted.collect();
    sorted
        .chunk_by(|one, next| one == next)
        .map(|run| pairs(run.len()))
        .sum()
}

/// Sorts numbers, and returns the number of pairs that were in the wrong order.
fn sort(numbers: &mut [usize]) -> u64 {
    let half = numbers.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = numbers.split_at_mut(half);
    let mut wrong = sort(left) + sort(right);
    let mut merged = Vec::with_capacity(numbers.len());
    let (mut i, mut j) = (0, half);
    while i < half || j < numbers.len() {
        let takes_left = j == numbers.len() || i < half && numbers[i] <= numbers[j];
        if takes_left {
            merged.push(numbers[i]);
            i += 1;
        } else {
            wrong += wide(half - i);
            merged.push(numbers[j]);
            j += 1;
        }
    }
    numbers.copy_from_slice(&merged);
    wrong
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(before: &str, after: &str) -> f64 {
        let page = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
        let (before, after) = (page(before), page(after));
        let page = |ids: &[String]| -> Vec<String> { ids.to_vec() };
        let (before, after) = (page(&before), page(&after));
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        tau(&before, &after)
    }

    /// Counts pair by pair.
    fn slow(before: &[&str], after: &[&str]) -> f64 {
        let mut ids: Vec<&str> = before.iter().chain(after).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let beyond = before.len().max(after.len());
        let place =
            |page: &[&str], id: &str| page.iter().position(|it| *it == id).unwrap_or(beyond);
        let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
        for (at, one) in ids.iter().enumerate() {
            for other in &ids[..at] {
                let sign = |page| match place(page, one).cmp(&place(page, other)) {
                    std::cmp::Ordering::Less => -1.0,
                    std::cmp::Ordering::Equal => 0.0_f64,
                    std::cmp::Ordering::Greater => 1.0,
                };
                let (a, b) = (sign(before), sign(after));
                sum += a * b;
                x += a.abs();
                y += b.abs();
            }
        }
        let scale = (x * y).sqrt();
        if scale > 0.0 { sum / scale } else { 1.0 }
    }

    #[test]
    fn tau_has_its_golden_values() {
        for (before, after, right) in [
            ("abcde", "bacde", 0.8),
            ("abcde", "edcba", -1.0),
            ("abcde", "abxyz", 0.16),
            ("abcde", "vwxyz", -0.714_286),
            ("abcde", "abcde", 1.0),
            ("", "", 1.0),
            ("a", "a", 1.0),
            ("a", "b", -1.0),
        ] {
            let tau = of(before, after);
            assert!((tau - right).abs() < 1e-6, "{before} {after}: {tau}");
        }
    }

    proptest! {
        #[test]
        fn tau_counts_every_pair(
            before in proptest::sample::subsequence((0..12).collect::<Vec<usize>>(), 0..12).prop_shuffle(),
            after in proptest::sample::subsequence((0..12).collect::<Vec<usize>>(), 0..12).prop_shuffle(),
        ) {
            let names: Vec<String> = (0..12).map(|it: usize| format!("i{it}")).collect();
            let page = |ids: &[usize]| ids.iter().map(|it| names[*it].as_str()).collect::<Vec<_>>();
            let (before, after) = (page(&before), page(&after));
            prop_assert!((tau(&before, &after) - slow(&before, &after)).abs() < 1e-9);
        }
    }
}
