//! Rates of repeats: how often the users who bought an item buy it again, a day.
//!
//! Each rate leans on the next coarser one as if 1,000 days of it had been watched: ρ of an item on that of its category, that on the rate
//! of all, and that on 4 repeats in 1,000 days. Few items are bought often enough to have a rate of their own.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::id::{ItemRow, TagId};
use crate::number::narrow;

/// Days watched that a coarser rate counts for.
const PRIOR: f64 = 1_000.0;
/// Repeats in those days of the coarsest one.
const USUAL: f64 = 4.0;

/// How often users bought again, at the instant of a rebuild.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    /// Repeats of all users, by item row; empty if no scene weighs them.
    pub repeats: Vec<f64>,
    /// Days watched of all users, by item row.
    pub watched: Vec<f64>,
    /// The category of each item; [`TagId::NONE`] without one.
    pub categories: Vec<TagId>,
}

impl Repeats {
    /// Returns repeats and days watched of each item, and its category.
    fn items(&self) -> impl Iterator<Item = ([f64; 2], TagId)> {
        let sums = self.repeats.iter().zip(&self.watched);
        let items = sums.zip(&self.categories);
        items.map(|((repeats, watched), category)| ([*repeats, *watched], *category))
    }
}

/// The usual rates of repeats a day.
#[derive(Clone, Debug)]
pub(super) struct RepeatRates {
    items: Vec<f32>,
    all: f32,
}

impl RepeatRates {
    pub(super) fn new(repeats: &Repeats) -> Self {
        let mut all = [0.0; 2];
        let mut by_category: HashMap<TagId, [f64; 2], FixedState> = HashMap::default();
        for (sums, category) in repeats.items() {
            if sums[1] <= 0.0 && sums[0] <= 0.0 {
                continue;
            }
            add(&mut all, sums);
            if category.is_some() {
                add(by_category.entry(category).or_default(), sums);
            }
        }
        let all = (all[0] + USUAL) / (all[1] + PRIOR);
        let rates: HashMap<TagId, f64, FixedState> = by_category
            .into_iter()
            .map(|(category, sums)| (category, rate(sums, all)))
            .collect();
        let items = repeats.items().map(|(sums, category)| {
            let coarser = rates.get(&category).copied().unwrap_or(all);
            narrow(rate(sums, coarser))
        });
        Self {
            items: items.collect(),
            all: narrow(all),
        }
    }

    /// Returns ρ of an item; that of all for one that was added after the rebuild.
    pub(super) fn of(&self, item: ItemRow) -> f32 {
        self.items.get(item.index()).copied().unwrap_or(self.all)
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.items.as_slice())
    }
}

fn add(sums: &mut [f64; 2], more: [f64; 2]) {
    sums[0] += more[0];
    sums[1] += more[1];
}

fn rate([repeats, watched]: [f64; 2], coarser: f64) -> f64 {
    (repeats + PRIOR * coarser) / (watched + PRIOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_their_golden_values() {
        // Item 0 in a category of 30 repeats in 5,000 days, in a market of 400 in 100,000.
        let repeats = Repeats {
            repeats: vec![3.0, 27.0, 370.0, 0.0],
            watched: vec![200.0, 4_800.0, 95_000.0, 0.0],
            categories: vec![TagId(7), TagId(7), TagId::NONE, TagId(9)],
        };
        let rates = RepeatRates::new(&repeats);
        let near = |row: u32, expected: f64| {
            let got = f64::from(rates.of(ItemRow(row)));
            assert!((got - expected).abs() < 1e-8, "{row}: {got}");
        };
        near(0, 0.007_222_222);
        near(3, 0.004);
        near(99, 0.004);
        near(2, (370.0 + 4.0) / 96_000.0);
        let nothing = RepeatRates::new(&Repeats::default());
        assert!((f64::from(nothing.of(ItemRow(0))) - 0.004).abs() < 1e-9);
    }
}
