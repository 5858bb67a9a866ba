//! Places that answers gave items, as exposure.

use super::Facts;
use crate::clock::Time;
use crate::config::{Config, Source};
use crate::exposure::{Placement, Shown};
use crate::id::{ItemRow, KeyOf, LastClick, RunnerKey};
use crate::support::Seen;

impl Facts {
    /// Counts the places that answers for a scene gave some items, at an instant. Items that are not in the catalogue any more are left
    /// out, and all if the configuration counts impressions.
    pub fn place(&mut self, at: Time, scene: &str, items: &[(&str, Placement)], config: &Config) {
        if config.exposure.source == Source::Events {
            return;
        }
        let scene = self.scene(scene, config);
        for (id, placement) in items {
            let hash = self.books.hasher.hash(id);
            let Some(item) = self.books.items.find(hash, id) else {
                continue;
            };
            let shown = Shown {
                at,
                day: at.day(config.race.utc_offset),
                scene,
                runners: self.runners_of(item),
                last: [LastClick::UNKNOWN; 3],
            };
            let most = config.exposure.amounts;
            self.books.exposure.place(&shown, placement, most);
            self.books.pace.show(&Seen {
                scene,
                at,
                item,
                merchant: self.books.items.get(item).merchant,
                amount: placement.amount.units(),
            });
        }
    }

    /// Returns an item with its merchant and its creator.
    #[must_use]
    pub fn runners_of(&self, item: ItemRow) -> [Option<RunnerKey>; 3] {
        let books = &self.books;
        let creator = books
            .items
            .creator(item, books.items.get(item), &books.tags);
        [
            RunnerKey::new(KeyOf::Item(item)),
            RunnerKey::new(KeyOf::Merchant(books.items.get(item).merchant)),
            RunnerKey::new(KeyOf::Creator(creator)),
        ]
    }
}
