//! Prefetches what a slice of events is about to touch.
//!
//! An event waits for memory half a dozen times in sequence: index, row, histories. Prefetched, the waits of the events of one slice
//! overlap. Histories are large, so they are prefetched a few events ahead: a core has few loads in flight.

use super::{Fact, Facts, Fate, Moment, Rejected};
use crate::feature::Profile;
use crate::id::{EventId, Hash, ItemRow, UserRow};
use crate::prefetch::prefetch;

/// Number of events by which the histories are prefetched ahead.
const AHEAD: usize = 4;

/// Hashes of the ids in an event.
struct Hashes {
    user: Hash,
    item: Option<Hash>,
    id: Option<EventId>,
}

/// The hash of an event's id, and the rows that the event very likely touches.
#[derive(Clone, Copy, Default)]
struct Target {
    id: Option<EventId>,
    user: Option<UserRow>,
    item: Option<ItemRow>,
}

impl Facts {
    /// Applies facts in order. Returns the fate of each.
    pub fn apply_all(
        &mut self,
        mut read: Vec<Result<Fact<'_>, Rejected>>,
        moment: &Moment<'_>,
    ) -> Vec<Fate> {
        let targets = self.prefetch_rows(&read);
        let first = targets.iter().take(AHEAD);
        first.for_each(|target| self.prefetch_histories(target));
        let facts = read.iter_mut().zip(&targets).enumerate();
        let fates = facts.map(|(number, (fact, target))| {
            let next = targets.get(number + AHEAD);
            next.into_iter()
                .for_each(|next| self.prefetch_histories(next));
            match fact {
                Ok(fact) => self.apply_with(fact, target.id, moment),
                Err(rejected) => Err(std::mem::take(rejected)),
            }
        });
        fates.collect()
    }

    /// Prefetches the rows of events and of their users and items.
    fn prefetch_rows(&self, read: &[Result<Fact<'_>, Rejected>]) -> Vec<Target> {
        let books = &self.books;
        let hashes: Vec<Option<Hashes>> = read.iter().map(|fact| self.hashes(fact)).collect();
        for hashes in hashes.iter().flatten() {
            books.users.prefetch_index(hashes.user);
            let item = hashes.item.iter();
            item.for_each(|item| books.items.prefetch_index(*item));
        }
        let ids = hashes.iter().flatten().filter_map(|hashes| hashes.id);
        books.seen.prefetch(ids);
        let target = |hashes: &Hashes| Target {
            id: hashes.id,
            user: books.users.prefetch_row(hashes.user),
            item: hashes
                .item
                .and_then(|item| books.items.prefetch_whole(item)),
        };
        let targets = hashes.iter().map(|hashes| hashes.as_ref().map(target));
        targets.map(Option::unwrap_or_default).collect()
    }

    /// Returns the hashes of the ids in an event.
    fn hashes(&self, fact: &Result<Fact<'_>, Rejected>) -> Option<Hashes> {
        let event = fact.as_ref().ok()?.event()?;
        let hash = |id: &str| self.books.hasher.hash(id);
        Some(Hashes {
            user: hash(&event.user_id),
            item: event.item_id.as_deref().map(hash),
            id: self.id_of(event),
        })
    }

    /// Prefetches the histories of a user and the merchant of an item, whose rows were prefetched.
    fn prefetch_histories(&self, target: &Target) {
        let books = &self.books;
        if let Some(row) = target.user {
            let profile = books.users.profile(row);
            profile.into_iter().for_each(Profile::prefetch);
        }
        if let Some(row) = target.item {
            let merchant = books.merchants.get(books.items.get(row).merchant);
            merchant.into_iter().for_each(prefetch);
        }
    }
}
