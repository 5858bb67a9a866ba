//! Rows that are one buyer with another row, because two users were merged.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::UserRow;

type Pairs = HashMap<UserRow, UserRow, foldhash::fast::RandomState>;

/// Rows that are one buyer with another row, each with that row. A clone is a pointer.
#[derive(Clone, Debug, Default)]
pub struct Buyers(Arc<Pairs>);

impl Buyers {
    /// Returns the row that stands for a buyer in the race.
    #[inline]
    #[must_use]
    pub fn of(&self, mut buyer: UserRow) -> UserRow {
        while let Some(other) = self.0.get(&buyer) {
            buyer = *other;
        }
        buyer
    }

    /// Makes one buyer of two rows. `into` must not lead back to `buyer`.
    pub fn join(&mut self, buyer: UserRow, into: UserRow) {
        Arc::make_mut(&mut self.0).insert(buyer, into);
    }

    /// Points a row that is one buyer with another at `into`, so that a chain of merges is one step long.
    pub fn redirect(&mut self, buyer: UserRow, into: UserRow) {
        if self.0.contains_key(&buyer) {
            self.join(buyer, into);
        }
    }

    /// Forgets the rows that no purchase names.
    pub fn release(&mut self, rows: &HashSet<UserRow>) {
        let is_kept = |one: &UserRow, other: &UserRow| !rows.contains(one) && !rows.contains(other);
        if !self.0.iter().all(|(one, other)| is_kept(one, other)) {
            Arc::make_mut(&mut self.0).retain(|one, other| is_kept(one, other));
        }
    }

    /// Returns the rows with the rows that stand for them.
    pub fn pairs(&self) -> impl Iterator<Item = (UserRow, UserRow)> {
        self.0.iter().map(|(one, other)| (*one, *other))
    }

    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(UserRow, UserRow)>()
    }
}
