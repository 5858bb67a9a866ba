//! Merging users: when a visitor logs in, the id of the visit becomes another name of the user.
//!
//! From then on both ids mean one user on every route. Merging before or after an event gives the same, because histories are sums.

use serde_json::Value;

use super::read::fact;
use super::{EntityKind, Facts, Moment};
use crate::clock::Day;
use crate::feature::MAX_NAMES;
use crate::id::UserRow;
use crate::model::{User, Vocabulary, schema};

/// The effect of merging two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// They are one user now.
    Now,
    /// They were one user before.
    Before,
    /// There is no user with the id to be merged.
    Unknown,
    /// The id to be merged is another name of some other user.
    Elsewhere,
    /// The user would have more than [`MAX_NAMES`] other names.
    Full,
}

impl Facts {
    /// Makes `from` another name of the user `into`, who is created if unknown.
    pub fn merge(&mut self, from: &str, into: &str, moment: &Moment<'_>) -> Merged {
        let (users, hasher) = (&self.books.users, &self.books.hasher);
        let Some(from_row) = users.find(hasher, from) else {
            return Merged::Unknown;
        };
        if users.find(hasher, into) == Some(from_row) {
            return Merged::Before;
        }
        if users.find_name(hasher, from).is_some() {
            return Merged::Elsewhere;
        }
        let names = users.names.count(from_row) + 1;
        let held = users.find(hasher, into).map(|row| users.names.count(row));
        if names + held.unwrap_or(0) > MAX_NAMES && !moment.config.vocabulary.recorded {
            return Merged::Full;
        }
        let into_row = self.user(into, moment.wall);
        self.merge_declared(from, into, moment);
        let trades = self.unsettled([from_row, into_row], moment);
        let books = &mut self.books;
        books.users.merge(from_row, into_row, &moment.learn());
        self.settle(into_row, &trades, moment);
        let books = &self.books;
        // The standings change: what two bought, one bought.
        self.revision += u64::from(books.users.may_have_bought(from_row));
        self.sweeps.note();
        Merged::Now
    }

    /// Merges users again. What the journal no longer holds of the first one is made up for: the name counts.
    pub(super) fn merge_again(&mut self, from: &str, into: &str, moment: &Moment<'_>) {
        if self.merge(from, into, moment) == Merged::Unknown {
            self.user(from, moment.wall);
            self.merge(from, into, moment);
        }
    }

    /// Adds the declared fields of one user to those of another, which win.
    fn merge_declared(&mut self, from: &str, into: &str, moment: &Moment<'_>) {
        let (users, hasher) = (&self.books.users, &self.books.hasher);
        let row = users.find(hasher, from).and_then(|row| users.get(row));
        if row.is_none_or(|user| user.declared.is_none()) {
            return;
        }
        let both = [into, from].map(|id| self.declared(EntityKind::User, id));
        let [Some(mut fields), Some(more)] = both else {
            return;
        };
        for (name, value) in more {
            fields.entry(name).or_insert(value);
        }
        let text = Value::Object(fields).to_string();
        // Both were accepted before.
        let vocabulary = Vocabulary {
            recorded: true,
            ..moment.config.vocabulary.clone()
        };
        if let Ok(user) = fact::<User<'_>>(&text, &schema::USER, &vocabulary, &mut 1) {
            self.declare_user(&user, text.as_str().into(), moment.wall);
        }
    }

    /// Returns the ids of a user, by any of them; the given one first.
    #[must_use]
    pub fn ids_of_user(&self, id: &str) -> Vec<String> {
        let (users, hasher) = (&self.books.users, &self.books.hasher);
        let mut ids = vec![id.to_owned()];
        if let Some(row) = users.find(hasher, id) {
            let rows = users.names.of(row).into_iter().chain([row]);
            let others = rows.filter_map(|row| users.get(row)).map(|it| it.id());
            ids.extend(others.filter(|other| *other != id).map(str::to_owned));
        }
        ids
    }

    /// Evicts the oldest names beyond the bound, at most `budget`. Returns them.
    pub fn evict_names(
        &mut self,
        moment: &Moment<'_>,
        budget: usize,
        last_complete: Day,
    ) -> Vec<String> {
        let mut evicted = Vec::new();
        while evicted.len() < budget
            && self.books.users.names.len() > moment.config.store.user_names
            && let Some(name) = self.books.users.names.oldest()
        {
            let id = self.books.users.get(name).map(|it| it.id().to_owned());
            evicted.extend(id);
            self.books.users.names.evicted += 1;
            self.forget_name(name, last_complete);
        }
        evicted
    }

    /// Forgets a name. Its row stays out of use if purchases may name it.
    pub(super) fn forget_name(&mut self, name: UserRow, last_complete: Day) {
        let books = &mut self.books;
        let may_have_bought = books.users.may_have_bought(name);
        books.users.remove_name(&books.hasher, name);
        if may_have_bought {
            self.hold(name, last_complete);
        } else {
            books.users.release(name);
        }
    }

    /// Evicts the user or the name with that id again.
    pub(super) fn evict_id(&mut self, id: &str, last_complete: Day) {
        let (users, hasher) = (&self.books.users, &self.books.hasher);
        if let Some(name) = users.find_name(hasher, id) {
            self.forget_name(name, last_complete);
        } else if let Some(row) = users.find(hasher, id) {
            self.remove_user(row, last_complete);
        }
    }
}
