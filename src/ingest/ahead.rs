//! Prefetches what a slice of events is about to touch before the first of them is applied.
//!
//! An event waits for memory half a dozen times in sequence: index, row, histories. Prefetched, the waits of the events of one slice
//! overlap.

use super::{Fact, Facts, Fate, Moment, Rejected};
use crate::feature::Profile;
use crate::id::Hash;
use crate::model::Event;

impl Facts {
    /// Applies facts in order. Returns the fate of each.
    pub fn apply_all(
        &mut self,
        read: Vec<Result<Fact<'_>, Rejected>>,
        moment: &Moment<'_>,
    ) -> Vec<Fate> {
        self.prefetch(&read);
        let fates = read.into_iter().map(|fact| self.apply(fact?, moment));
        fates.collect()
    }

    fn prefetch(&self, read: &[Result<Fact<'_>, Rejected>]) {
        let books = &self.books;
        let events = read.iter().filter_map(|fact| match fact {
            Ok(Fact::Event(event) | Fact::Late(event)) => Some(event),
            Ok(Fact::Item(..) | Fact::Merchant(..) | Fact::User(..)) => None,
            Ok(Fact::Patch(_) | Fact::Trace(_)) | Err(_) => None,
        });
        let hashes: Vec<(Hash, Option<Hash>)> = events.map(|event| self.hashes(event)).collect();
        for (user, item) in &hashes {
            books.users.prefetch_index(*user);
            item.iter()
                .for_each(|item| books.items.prefetch_index(*item));
        }
        let rows: Vec<_> = hashes
            .iter()
            .map(|(user, item)| {
                item.iter()
                    .for_each(|item| books.items.prefetch_whole(*item));
                let row = books.users.prefetch_row(*user);
                row.into_iter()
                    .for_each(|row| books.users.prefetch_touch(row));
                row
            })
            .collect();
        let users = rows.into_iter().flatten();
        users.for_each(|row| {
            let profile = books.users.profile(row);
            profile.into_iter().for_each(Profile::prefetch);
        });
    }

    fn hashes(&self, event: &Event<'_>) -> (Hash, Option<Hash>) {
        let hasher = &self.books.hasher;
        let item = event.item_id.as_deref().map(|id| hasher.hash(id));
        (hasher.hash(&event.user_id), item)
    }
}
