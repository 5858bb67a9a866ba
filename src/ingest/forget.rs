//! Deletion: the entity is removed at once, and what was learnt of it is forgotten in slices, so that no request waits for a walk over
//! all users.
//!
//! The row stays out of use until the walk is over and standings without it are live. So neither what was learnt of the old entity nor
//! its standing can reach a new one.

use std::collections::HashSet;
use std::ops::Range;

use super::retired::Retired;
use super::{EntityKind, Facts};
use crate::clock::Day;
use crate::config::Config;
use crate::feature::{Space, User};
use crate::id::{CreatorRow, EventId, Gone, ItemRow, UserRow};
use crate::race::WINDOW;

/// Maximum number of deleted users of whom a hash is kept.
const DELETED: usize = 1_000_000;

impl Facts {
    /// Removes an entity; returns `None` if there is none, and notes even so that a user of this id was deleted. [`Self::leave`],
    /// [`Self::forget`] and [`Self::retire`] complete the deletion.
    pub fn delete(&mut self, kind: EntityKind, id: &str, last_complete: Day) -> Option<Retired> {
        let books = &mut self.books;
        let retired = match kind {
            EntityKind::Item => {
                let row = books.items.find(books.hasher.hash(id), id)?;
                (!books.items.get(row).stub()).then_some(())?;
                books
                    .items
                    .remove(row, &mut books.tags, &mut books.merchants, &books.hasher);
                books.forget(Gone::Item(row));
                self.selections.note_item(row);
                self.derived.note_item(row);
                self.sweeps.note();
                Retired::Item(row)
            }
            EntityKind::Merchant => {
                let row = books.merchants.find(&books.hasher, id)?;
                let next = books.merchants.remove(&books.hasher, row);
                books.forget(Gone::Merchant(row));
                Retired::Merchant(row, next)
            }
            EntityKind::User => {
                // A user who was evicted may be in an older backup too.
                for id in self.ids_of_user(id) {
                    self.books.experiments.forget(&id);
                    self.deleted.push_back(self.books.seen.hash(&id));
                }
                while self.deleted.len() > DELETED {
                    self.deleted.pop_front();
                }
                let row = self.books.users.find(&self.books.hasher, id)?;
                self.remove_user(row, last_complete);
                Retired::User
            }
        };
        self.revision += 1;
        Some(retired)
    }

    /// Returns the row of a creator.
    #[must_use]
    pub fn find_creator(&self, id: &str) -> Option<CreatorRow> {
        let books = &self.books;
        let tag = books.tags.find(&books.hasher, Space::Creator, id)?;
        Some(tag.into())
    }

    /// Forgets what was learnt of a creator, in what was learnt of some users too. The creator keeps its row, since items still name it.
    pub fn forget_creator(&mut self, creator: CreatorRow, users: impl Iterator<Item = UserRow>) {
        let gone = Gone::Creator(creator);
        self.books.forget(gone);
        for user in users.map(UserRow::index) {
            self.books.forget_in(gone, user..user + 1);
        }
        self.sweeps.note();
        self.revision += 1;
    }

    /// Forgets what was learnt of a creator, at once.
    pub(super) fn delete_creator(&mut self, id: &str) {
        if let Some(creator) = self.find_creator(id) {
            let users = 0..self.books.users.rows();
            self.forget_creator(creator, users.map(UserRow::at));
        }
    }

    /// Removes a user with all names. The row stays out of use if purchases may name it.
    pub(super) fn remove_user(&mut self, row: UserRow, last_complete: Day) {
        for name in self.books.users.names.of(row) {
            self.forget_name(name, last_complete);
        }
        let books = &mut self.books;
        self.sweeps.note();
        let may_have_bought = books.users.may_have_bought(row);
        books.users.remove(&books.hasher, row);
        books.forget(Gone::User(row));
        if may_have_bought {
            self.hold(row, last_complete);
        } else {
            books.users.release(row);
        }
    }

    /// Keeps the row of a deleted user out of use as long as the window may hold purchases that name it.
    pub(super) fn hold(&mut self, row: UserRow, last_complete: Day) {
        let window = i32::try_from(WINDOW).unwrap_or(i32::MAX - 1);
        self.leaving.push(last_complete.plus(window + 1), row);
    }

    /// Returns the ids of the users of an older state who were deleted since and have not come back themselves.
    #[must_use]
    pub fn deleted_since(&self, older: &Self) -> Vec<String> {
        let deleted: HashSet<EventId> = self.deleted.iter().copied().collect();
        let known = |id: &str| self.books.users.find(&self.books.hasher, id).is_some();
        let users = older.books.users.slice(0..older.books.users.rows());
        let gone = users
            .map(User::id)
            .filter(|id| deleted.contains(&self.books.seen.hash(id)));
        gone.filter(|id| !known(id)).map(str::to_owned).collect()
    }

    /// Returns an empty state that still knows who was deleted.
    #[must_use]
    pub fn emptied(&self, config: &Config) -> Self {
        let mut empty = Self::new(config);
        empty.books.seen = self.books.seen.emptied();
        empty.deleted = self.deleted.clone();
        empty
    }

    /// Forgets everything that was learnt, and keeps everything that was declared.
    pub fn unlearn(&mut self, config: &Config) {
        self.books.unlearn(config);
        for (_, row) in std::mem::take(&mut self.leaving).queue() {
            self.books.users.release(*row);
        }
        self.latest = None;
    }

    /// Moves the items of a range of rows away from a deleted merchant.
    pub fn leave(&mut self, retired: Retired, items: Range<usize>) {
        if let Retired::Merchant(from, to) = retired
            && to.is_some()
        {
            let books = &mut self.books;
            for row in items.clone().map(ItemRow::at) {
                if books.items.get(row).merchant == from {
                    self.selections.note_item(row);
                }
            }
            books
                .items
                .move_merchant(items, (from, to), &mut books.merchants, &books.hasher);
        }
    }

    /// Forgets a deleted entity in what was learnt of a range of users.
    pub fn forget(&mut self, retired: Retired, users: Range<usize>) {
        match retired {
            Retired::Item(item) => self.books.forget_in(Gone::Item(item), users),
            Retired::Merchant(gone, _) => self.books.forget_in(Gone::Merchant(gone), users),
            Retired::User => {}
        }
    }

    /// Ends the forgetting. The row can be used again once standings that were begun after this call are live.
    pub fn retire(&mut self, retired: Retired) {
        if let Retired::Merchant(_, next) = retired {
            let books = &mut self.books;
            books.merchants.lose_item(&books.hasher, next);
        }
        self.retired.push_back(retired);
    }

    /// Returns how many deleted entities and freed tags are unknown to standings that begin now.
    #[must_use]
    pub fn retired(&self) -> (usize, usize) {
        (self.retired.len(), self.books.tags.retired())
    }

    /// Ends the first deletions, and releases the first freed tags: their rows and numbers can be used again.
    pub fn release(&mut self, (count, tags): (usize, usize)) {
        self.books.tags.release(tags);
        for retired in self.retired.drain(..count.min(self.retired.len())) {
            match retired {
                Retired::Item(item) => self.books.items.release(item),
                Retired::Merchant(merchant, _) => {
                    self.books.merchants.release(&self.books.hasher, merchant)
                }
                Retired::User => {}
            }
        }
    }
}
