//! Eviction of users: the least recently seen go first, by number and by age, and are forgotten as a deletion forgets.
//!
//! The service decides when it accepts facts and writes the evicted users to the journal, so a replay decides nothing. A step evicts no
//! more users than its budget. The journal keeps the lines about an evicted user until its history ends.

use serde::{Deserialize, Serialize};

use super::{Facts, Moment};
use crate::clock::Day;
use crate::id::UserRow;

/// A user, or another name of one, in a record of evictions.
#[derive(Debug, Deserialize, Serialize)]
pub enum Evicted<'a> {
    /// The id.
    Named(&'a str),
    /// The number of the deletion of a user whose id is erased.
    Erased(u64),
}

impl Facts {
    /// Evicts at most `budget` users beyond the bounds. Returns their ids.
    pub fn evict(&mut self, moment: &Moment<'_>, budget: usize, last_complete: Day) -> Vec<String> {
        let mut evicted = Vec::new();
        while evicted.len() < budget
            && let Some(row) = self.evictable(moment)
        {
            let id = self.books.users.get(row).map(|user| user.id().to_owned());
            evicted.extend(id);
            self.books.users.evicted += 1;
            self.remove_user(row, last_complete);
        }
        evicted
    }

    /// Returns the user who is to be evicted next, if one is.
    #[must_use]
    pub fn evictable(&self, moment: &Moment<'_>) -> Option<UserRow> {
        let (settings, users) = (&moment.config.store, &self.books.users);
        let (row, seen) = users.least_recent()?;
        let today = moment.wall.day(0);
        let is_idle = seen.is_some_and(|seen| today.since(seen) > settings.idle_days);
        (is_idle || users.len() > settings.users).then_some(row)
    }

    /// Evicts a user, or another name of one, again.
    pub(super) fn evict_again(&mut self, user: &Evicted<'_>, last_complete: Day) {
        match user {
            Evicted::Named(id) => self.evict_id(id, last_complete),
            Evicted::Erased(number) => self.depart(*number, last_complete),
        }
    }
}
