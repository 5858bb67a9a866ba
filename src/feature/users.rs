//! Users: what was declared, and the columns of what is learnt.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::moment::Learn;
use super::names::{Names, NamesImage};
use super::profile::Profile;
use super::recency::Recency;
use super::rows::{Named, Rows};
use crate::clock::{Day, Time};
use crate::id::{Hash, IdHasher, TagId, UserRow};
use crate::prefetch::prefetch;

/// One user as declared.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct User {
    /// The id; empty if the row has no user.
    id: CompactString,
    /// The declared fields as JSON; `None` if the user is known from events alone.
    pub declared: Option<Box<str>>,
    /// The declared tags.
    pub tags: Box<[(TagId, f32)]>,
    /// The row of the user whose other name this is; [`UserRow::NONE`] for a user. Stored with the names.
    #[serde(skip)]
    into: UserRow,
}

impl User {
    /// Returns the user's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Creates a user of whom only the id is known.
    pub(super) fn named(id: &str) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    fn bytes(&self) -> usize {
        self.declared.as_ref().map_or(0, |text| text.len())
            + self.tags.len() * size_of::<(TagId, f32)>()
    }
}

impl Named for User {
    type Row = UserRow;

    fn id(&self) -> &str {
        &self.id
    }
}

/// All users.
#[derive(Debug, Default)]
pub struct Users {
    rows: Rows<User>,
    recency: Recency,
    /// True if rows were restored that are not in the order yet.
    unlinked: bool,
    /// Other names of users.
    pub names: Names,
    /// What is learnt about them.
    pub figures: Figures,
    /// Number of users evicted at a bound since the start.
    pub evicted: u64,
}

impl Users {
    /// Returns the number of users.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.live
    }

    /// Returns whether there are no users.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of rows, those without a user included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns the row of a user, by any of their names.
    #[inline]
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, id: &str) -> Option<UserRow> {
        let row = self.rows.find(hasher.hash(id), id)?;
        Some(self.behind(row))
    }

    /// Returns the row of a name, if the id is another name of a user.
    #[must_use]
    pub fn find_name(&self, hasher: &IdHasher, id: &str) -> Option<UserRow> {
        let row = self.rows.find(hasher.hash(id), id)?;
        (self.behind(row) != row).then_some(row)
    }

    /// Returns the row of the user behind a row.
    #[inline]
    fn behind(&self, row: UserRow) -> UserRow {
        self.rows[row].into.some().unwrap_or(row)
    }

    /// Makes one user another name of a second one, who takes over what was learnt of the first, and their names.
    pub fn merge(&mut self, from: UserRow, into: UserRow, learn: &Learn) {
        self.figures.absorb((from, into), learn);
        if self.may_have_bought(from) {
            self.names.join(from, into);
        }
        if let Some(user) = self.rows.get_mut(from) {
            (user.declared, user.tags) = Default::default();
        }
        self.rows.live -= 1;
        self.recency.remove(&mut self.figures.presence, from);
        for name in self.names.of(from) {
            self.rename(name, into);
        }
        self.rename(from, into);
    }

    /// Makes a row another name of a user.
    fn rename(&mut self, name: UserRow, user: UserRow) {
        self.names.add(name, user);
        if let Some(record) = self.rows.get_mut(name) {
            record.into = user;
        }
    }

    /// Forgets a name. Its row stays out of use until [`Self::release`].
    pub fn remove_name(&mut self, hasher: &IdHasher, name: UserRow) {
        self.names.remove(name);
        self.rows.remove(hasher, name);
        self.figures.clear(name);
    }

    /// Restores the names; after all rows.
    pub fn restore_names(&mut self, image: NamesImage) {
        for (name, user) in self.names.restore(image) {
            self.rename(name, user);
            self.rows.live -= 1;
        }
    }

    /// Prefetches the index line of a user: the first step of a batch of lookups.
    pub fn prefetch_index(&self, hash: Hash) {
        self.rows.prefetch_index(hash);
    }

    /// Returns the row that is very likely the user's and prefetches it: the second step.
    #[must_use]
    pub fn prefetch_row(&self, hash: Hash) -> Option<UserRow> {
        let row = self.rows.guess(hash)?;
        self.get(row).into_iter().for_each(prefetch);
        self.profile(row).into_iter().for_each(prefetch);
        let presence = self.figures.presence.get(row);
        presence.into_iter().for_each(prefetch);
        let clicked = self.figures.clicked.get(row);
        clicked.into_iter().for_each(prefetch);
        Some(row)
    }

    /// Returns the number of times that a user was seen.
    #[must_use]
    pub fn touches(&self) -> u64 {
        self.recency.touches()
    }

    /// Returns the users who were seen since [`Self::touches`] returned a number.
    pub fn touched_since(&self, touches: u64) -> impl Iterator<Item = UserRow> {
        self.recency.since(&self.figures.presence, touches)
    }

    /// Returns the row of a user who is seen at an instant; an unknown user is created.
    pub fn touch(&mut self, hasher: &IdHasher, id: &str, at: Time) -> UserRow {
        self.link(at);
        let hash = hasher.hash(id);
        let known = self.rows.find(hash, id).map(|row| self.behind(row));
        let row = known.unwrap_or_else(|| {
            self.rows.live += 1;
            let row = self.rows.create(hash, User::named(id));
            self.figures.enter(row);
            row
        });
        let records = &mut self.figures.presence;
        self.recency.touch(records, row, at.day(0));
        row
    }

    /// Puts restored users into the order in which they were last seen. Those of whom it is unknown count as seen at `at`, and come first.
    pub fn link(&mut self, at: Time) {
        if !std::mem::take(&mut self.unlinked) {
            return;
        }
        let mut order = Vec::with_capacity(self.len());
        for row in (0..self.rows()).map(UserRow::at) {
            let is_user = |user: &User| !user.id.is_empty() && user.into == UserRow::NONE;
            if self.get(row).is_some_and(is_user) {
                let has_events = self.profile(row).is_some_and(|it| it.events > 0);
                let presence = self.figures.presence.get_mut(row);
                if presence.day.is_none() {
                    presence.day = Some(at.day(0));
                    presence.buys = has_events;
                }
                order.push((presence.touch, row));
            }
        }
        self.recency.link(&mut self.figures.presence, order);
    }

    /// Forgets all that is learnt; nobody was seen yet.
    pub fn unlearn(&mut self) {
        self.figures.unlearn();
        self.names.unlearn();
        self.unlinked = true;
    }

    /// Returns the user who was seen least recently, and the day of it in UTC.
    #[must_use]
    pub fn least_recent(&self) -> Option<(UserRow, Option<Day>)> {
        let row = self.recency.earliest()?;
        Some((row, self.figures.presence.get(row)?.day))
    }

    /// Returns whether the ledger may name a user as a buyer.
    #[must_use]
    pub fn may_have_bought(&self, row: UserRow) -> bool {
        let presence = self.figures.presence.get(row);
        match presence.filter(|presence| presence.day.is_some()) {
            Some(presence) => presence.buys,
            None => self.profile(row).is_some_and(|it| it.events > 0),
        }
    }

    /// Returns a row without a user, out of use until [`Self::release`].
    pub fn reserve(&mut self) -> UserRow {
        self.rows.reserve()
    }

    /// Returns the user of a row.
    #[inline]
    #[must_use]
    pub fn get(&self, row: UserRow) -> Option<&User> {
        self.rows.get(row)
    }

    /// Returns the profile of the user of a row; `None` or a blank one if nothing was learnt.
    #[inline]
    #[must_use]
    pub fn profile(&self, row: UserRow) -> Option<&Profile> {
        self.figures.profile.get(row)
    }

    /// Returns the user of a row for a change.
    pub fn get_mut(&mut self, row: UserRow) -> Option<&mut User> {
        self.rows.get_mut(row)
    }

    /// Forgets a user. The row stays out of use until [`Self::release`]: past purchases still name it as their buyer.
    pub fn remove(&mut self, hasher: &IdHasher, row: UserRow) {
        self.rows.live -= usize::from(self.rows.remove(hasher, row).is_some());
        self.recency.remove(&mut self.figures.presence, row);
        self.figures.clear(row);
    }

    /// Makes a removed row available to the next user.
    pub fn release(&mut self, row: UserRow) {
        self.rows.release(row);
    }

    /// Returns the users of a range of rows.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = &User> {
        self.rows.slice(rows)
    }

    /// Freezes the rows until [`Self::thaw`]; returns their number.
    pub fn freeze(&mut self) -> usize {
        self.figures.freeze();
        self.rows.freeze()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.rows.thaw();
        self.figures.thaw();
    }

    /// Returns the rows available to the next users.
    #[must_use]
    pub fn free(&self) -> &[UserRow] {
        self.rows.free()
    }

    /// Restores the available rows; before any row.
    pub fn restore(&mut self, free: Vec<UserRow>) {
        self.rows.restore(free);
    }

    /// Appends a range of frozen rows; ranges must follow each other.
    pub fn write(&self, rows: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        self.rows.write(rows, bytes);
    }

    /// Appends a stored row.
    pub fn read_row(&mut self, user: User, hasher: &IdHasher) {
        let hash = (!user.id.is_empty()).then(|| hasher.hash(&user.id));
        self.rows.live += usize::from(hash.is_some());
        self.unlinked = true;
        self.rows.push(user, hash);
    }

    /// Appends a stored row of which declared and learnt fields are one record, in a book without figures beyond its rows.
    pub fn read_whole(&mut self, user: User, profile: Profile, hasher: &IdHasher) {
        self.read_row(user, hasher);
        self.figures.profile.push(profile);
    }

    /// Returns the bytes that the users of a range of rows hold on the heap.
    #[must_use]
    pub fn bytes(&self, rows: std::ops::Range<usize>) -> usize {
        self.slice(rows.clone()).map(User::bytes).sum::<usize>() + self.figures.heap_bytes(rows)
    }

    /// Returns the bytes of the rows and the index.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        self.rows.bytes() + self.names.bytes()
    }
}
