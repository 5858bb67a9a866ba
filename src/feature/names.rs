//! Other names of users. After a merge the id that was merged is another name of the user: it keeps its row, which points at the user's.
//!
//! The row stays because purchases may name it as their buyer. Rewriting the purchases would take a walk over all of them at each login;
//! the race instead asks for the one buyer behind a row.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::id::{Buyers, UserRow};

/// Maximum number of other names of one user. A merge moves all names of the merged user, so without a bound a chain of merges would
/// take time that grows with the square of its length.
pub const MAX_NAMES: usize = 1_000;

/// Other names of users.
#[derive(Debug, Default)]
pub struct Names {
    /// The number of each name, by row.
    numbers: HashMap<UserRow, u64>,
    /// Names and their users, oldest first.
    order: BTreeMap<u64, (UserRow, UserRow)>,
    /// The names of each user who has any.
    by_user: HashMap<UserRow, BTreeSet<UserRow>>,
    /// Buyers who are one. A pair stays after the deletion of the user, as long as purchases may name its rows.
    buyers: Buyers,
    added: u64,
    /// Number of names evicted at the bound since the start.
    pub evicted: u64,
}

/// The names as stored.
#[derive(Debug, Deserialize, Serialize)]
pub struct NamesImage {
    names: Vec<(UserRow, UserRow)>,
    buyers: Vec<(UserRow, UserRow)>,
}

impl Names {
    /// Returns the number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether there are no names.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns the names of a user.
    #[must_use]
    pub fn of(&self, user: UserRow) -> Vec<UserRow> {
        let names = self.by_user.get(&user);
        names.map_or_else(Vec::new, |names| names.iter().copied().collect())
    }

    /// Returns the number of names of a user.
    #[must_use]
    pub fn count(&self, user: UserRow) -> usize {
        self.by_user.get(&user).map_or(0, BTreeSet::len)
    }

    /// Returns the oldest name.
    #[must_use]
    pub fn oldest(&self) -> Option<UserRow> {
        self.order.first_key_value().map(|(_, (name, _))| *name)
    }

    /// Returns the buyers who are one.
    #[must_use]
    pub fn buyers(&self) -> &Buyers {
        &self.buyers
    }

    /// Adds a name, or gives it to another user.
    pub(super) fn add(&mut self, name: UserRow, user: UserRow) {
        self.added += 1;
        let number = self.numbers.get(&name).copied().unwrap_or(self.added);
        self.remove(name);
        self.numbers.insert(name, number);
        self.order.insert(number, (name, user));
        self.by_user.entry(user).or_default().insert(name);
    }

    /// Makes one buyer of two rows, and of those that were one with the first.
    pub(super) fn join(&mut self, buyer: UserRow, into: UserRow) {
        for name in self.of(buyer) {
            self.buyers.redirect(name, into);
        }
        self.buyers.join(buyer, into);
    }

    /// Removes a name.
    pub(super) fn remove(&mut self, name: UserRow) {
        let number = self.numbers.remove(&name);
        let Some((_, user)) = number.and_then(|number| self.order.remove(&number)) else {
            return;
        };
        if let Some(names) = self.by_user.get_mut(&user) {
            names.remove(&name);
            if names.is_empty() {
                self.by_user.remove(&user);
            }
        }
    }

    /// Forgets buyers whose rows no purchase names.
    pub fn release(&mut self, rows: &HashSet<UserRow>) {
        self.buyers.release(rows);
    }

    /// Forgets every pair of buyers.
    pub fn unlearn(&mut self) {
        self.buyers = Buyers::default();
    }

    /// Returns the names as stored.
    #[must_use]
    pub fn image(&self) -> NamesImage {
        NamesImage {
            names: self.order.values().copied().collect(),
            buyers: self.buyers.pairs().collect(),
        }
    }

    /// Restores the pairs of buyers, and returns the names, which the users must add.
    pub(super) fn restore(&mut self, image: NamesImage) -> Vec<(UserRow, UserRow)> {
        for (one, other) in image.buyers {
            self.buyers.join(one, other);
        }
        image.names
    }

    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.order.len() * 8 * size_of::<(UserRow, UserRow)>() + self.buyers.bytes()
    }
}
