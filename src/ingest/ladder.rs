//! The steps of the ladder, applied as they were judged, and what the book of pace counts.

use super::Facts;
use crate::config::Config;
use crate::feature::Space;
use crate::id::{CreatorRow, ItemRow, KeyOf, MerchantRow, RunnerKey};
use crate::race::Kind;
use crate::support::{Step, Targets};

impl Facts {
    /// Applies steps of runners of a kind. The exposures of a runner are watched while it climbs. A runner that was deleted is left out,
    /// but its names are remembered.
    pub fn climb(&mut self, kind: &str, steps: &[Step<'_>]) {
        let Some(kind) = Kind::named(kind) else {
            return;
        };
        for step in steps {
            let row = self.runner(kind, step.id);
            self.books.ladders[kind].step(row, step);
            let Some(key) = row.and_then(|row| key(kind, row)) else {
                continue;
            };
            if step.rung.climbs() {
                // The ladder is bounded.
                self.books
                    .exposure
                    .begin(key, step.rung.entered, usize::MAX);
            } else {
                self.books.exposure.end(key);
            }
        }
    }

    /// Notes the usual rates against which runners that left were compared last.
    pub(super) fn note_usual(&mut self, kind: &str, rates: &[(&str, f64)]) {
        let Some(kind) = Kind::named(kind) else {
            return;
        };
        for (id, usual) in rates {
            if let Some(row) = self.runner(kind, id) {
                self.books.ladders[kind].note_usual(row, *usual);
            }
        }
    }

    fn runner(&self, kind: Kind, id: &str) -> Option<u32> {
        let books = &self.books;
        match kind {
            Kind::Item => {
                let row = books.items.find(books.hasher.hash(id), id)?;
                Some(row.0)
            }
            Kind::Merchant => Some(books.merchants.find(&books.hasher, id)?.0),
            Kind::Creator => Some(books.tags.find(&books.hasher, Space::Creator, id)?.0),
        }
    }

    /// Returns whether shares and budgets are counted as a configuration asks for.
    #[must_use]
    pub fn follows(&self, config: &Config) -> bool {
        let exposure = &self.books.exposure;
        let number = |scene: &str| exposure.scene(scene).unwrap_or_default();
        let targets = Targets::of(config, number);
        self.books.pace.follows(config, &targets)
    }

    /// Counts shares and budgets as a configuration asks for, from now on.
    pub fn follow(&mut self, config: &Config) {
        let books = &mut self.books;
        let targets = Targets::of(config, |scene| books.exposure.intern(scene));
        books.pace.follow(config, targets);
        let support = &config.support;
        for (_, ladder) in books.ladders.iter_mut() {
            ladder.bound(support.runners, support.owners);
        }
    }
}

const fn key(kind: Kind, row: u32) -> Option<RunnerKey> {
    match kind {
        Kind::Item => RunnerKey::new(KeyOf::Item(ItemRow(row))),
        Kind::Merchant => RunnerKey::new(KeyOf::Merchant(MerchantRow(row))),
        Kind::Creator => RunnerKey::new(KeyOf::Creator(CreatorRow(row))),
    }
}
