//! The repeats of all users by item, for the usual rates: copied out of the facts a slice at a time.

use super::Engine;
use super::slices::{ITEMS, USERS, slices};
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Bought, RepeatSums};
use crate::id::ItemRow;
use crate::objective::Objective;
use crate::race::Repeats;

/// Number of users by which their records are prefetched ahead, half of it their items, and an eighth of it the sums of these.
const AHEAD: usize = 8;

impl Engine {
    /// Returns how often users buy the same item again; nothing if no scene weighs it.
    pub(super) fn repeats(&self, config: &Config, as_of: Time) -> Repeats {
        if !config.objectives.has(Objective::AffinityRepeat) {
            return Repeats::default();
        }
        let (users, items) = {
            let books = &self.facts.read().books;
            (books.users.rows(), books.items.rows())
        };
        let mut sums = RepeatSums::new(config.profile.half_life, as_of, items);
        for slice in slices(users, USERS) {
            let facts = self.facts.read();
            let records = facts.books.users.figures.bought.slice(slice);
            let records: Vec<&Bought> = records.collect();
            for (place, bought) in records.iter().enumerate() {
                let later = |ahead: usize| records.get(place + ahead).into_iter();
                later(AHEAD).for_each(|it| it.prefetch());
                later(AHEAD / 2).for_each(|it| it.prefetch_items());
                later(AHEAD / 8).for_each(|it| sums.prefetch(it));
                sums.add(bought);
            }
        }
        let mut categories = Vec::with_capacity(items);
        for slice in slices(items, ITEMS) {
            let items = &self.facts.read().books.items;
            categories.extend(slice.map(|row| items.category(ItemRow::at(row))));
        }
        let [repeats, watched] = sums.into_sums();
        Repeats {
            repeats,
            watched,
            categories,
        }
    }
}
