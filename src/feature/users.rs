//! Users: what was declared of them and what was learnt.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::profile::Profile;
use crate::binary::append;
use crate::id::{Hash, IdHasher, Index, TagId, UserRow};
use crate::prefetch::prefetch;

/// One user.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct User {
    /// The id; empty for a row without a user.
    id: CompactString,
    /// What was declared, as JSON text; `None` for a user known by events alone.
    pub declared: Option<Box<str>>,
    /// The declared tags.
    pub tags: Box<[(TagId, f32)]>,
    /// What was learnt.
    pub profile: Profile,
    /// How many events were applied.
    pub events: u32,
}

impl User {
    /// The user's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn bytes(&self) -> usize {
        self.profile.bytes()
            + self.declared.as_ref().map_or(0, |text| text.len())
            + self.tags.len() * size_of::<(TagId, f32)>()
    }
}

/// All users.
#[derive(Debug, Default)]
pub struct Users {
    rows: Column<User>,
    index: Index,
    free: Vec<UserRow>,
    live: usize,
    /// Entries of profiles that were evicted at a bound since the start.
    pub evicted: u64,
}

impl Users {
    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no user.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many rows there are, those without a user included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The row of a user.
    #[inline]
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, id: &str) -> Option<UserRow> {
        self.index
            .find(hasher.hash(id), |row| self.rows[row as usize].id == id)
            .map(UserRow)
    }

    /// First step of a batch of look-ups: asks for the line of the index.
    pub fn prefetch_index(&self, hash: Hash) {
        self.index.prefetch(hash);
    }

    /// Second step: the row that is very likely the user's, asked for.
    #[must_use]
    pub fn prefetch_row(&self, hash: Hash) -> Option<UserRow> {
        let row = UserRow(self.index.guess(hash)?);
        self.get(row).into_iter().for_each(prefetch);
        Some(row)
    }

    /// The row of a user, who is created where there is none.
    pub fn find_or_create(&mut self, hasher: &IdHasher, id: &str) -> UserRow {
        if let Some(row) = self.find(hasher, id) {
            return row;
        }
        let user = User {
            id: id.into(),
            ..User::default()
        };
        let row = self.place(user);
        self.index.insert(hasher.hash(id), row.0);
        self.live += 1;
        row
    }

    /// A row without a user, out of use until [`Self::release`].
    pub fn reserve(&mut self) -> UserRow {
        self.place(User::default())
    }

    fn place(&mut self, user: User) -> UserRow {
        match self.free.pop() {
            Some(row) => {
                self.rows[row.index()] = user;
                row
            }
            None => {
                self.rows.push(user);
                UserRow::at(self.rows.len() - 1)
            }
        }
    }

    /// The user of a row.
    #[inline]
    #[must_use]
    pub fn get(&self, row: UserRow) -> Option<&User> {
        self.rows.get(row.index())
    }

    /// The user of a row, to change.
    pub fn get_mut(&mut self, row: UserRow) -> Option<&mut User> {
        (row.index() < self.rows.len()).then(|| &mut self.rows[row.index()])
    }

    /// Forgets a user. The row stays out of use until [`Self::release`]: past purchases still name it as their buyer.
    pub fn remove(&mut self, hasher: &IdHasher, row: UserRow) {
        let Some(user) = self.get_mut(row) else {
            return;
        };
        let gone = std::mem::take(user);
        self.index.remove(hasher.hash(&gone.id), row.0);
        self.live -= 1;
    }

    /// Gives a removed row back for the next user.
    pub fn release(&mut self, row: UserRow) {
        self.free.push(row);
    }

    /// The users of a range of rows.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = &User> {
        rows.filter_map(|row| self.rows.get(row))
            .filter(|user| !user.id.is_empty())
    }

    /// Freezes the rows until [`Self::thaw`]; how many there are.
    pub fn freeze(&mut self) -> usize {
        self.rows.freeze();
        self.rows.frozen_rows()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.rows.thaw();
    }

    /// Rows that wait for the next one.
    #[must_use]
    pub fn free(&self) -> &[UserRow] {
        &self.free
    }

    /// Restores the part that is written as a whole; before any row.
    pub fn restore(&mut self, free: Vec<UserRow>) {
        self.free = free;
    }

    /// Appends a range of frozen rows; the ranges in order.
    pub fn write(&self, rows: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        self.rows.read_frozen(rows, |user| append(user, bytes));
    }

    /// Adds a row that was written.
    pub fn read_row(&mut self, user: User, hasher: &IdHasher) {
        if !user.id.is_empty() {
            let row = UserRow::at(self.rows.len());
            self.index.insert(hasher.hash(&user.id), row.0);
            self.live += 1;
        }
        self.rows.push(user);
    }

    /// Bytes held; walks every user.
    #[must_use]
    pub fn bytes(&self, rows: std::ops::Range<usize>) -> usize {
        self.slice(rows).map(User::bytes).sum()
    }

    /// Bytes of the rows and the index.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes()
    }
}
