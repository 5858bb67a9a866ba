//! What is learnt about users, as a table of figures: one column for each kind of learnt record.
//!
//! A row names a figure, the type of its record of one user, and the permanent code of its parts in a checkpoint. Learning, forgetting,
//! freezing, writing and restoring are loops over the table, so a new figure is one row and one type. A figure that an old checkpoint
//! lacks is empty until `saima rebuild`.

use std::ops::Range;

use super::bought::{Bought, Numbers};
use super::clicked::Clicked;
use super::custom::Custom;
use super::figure::{Figure, Records};
use super::learned::Learned;
use super::moment::{Learn, Moment};
use super::named::Named;
use super::orders::Orders;
use super::past::Past;
use super::presence::Presence;
use super::profile::Profile;
use super::sights::Sights;
use crate::clock::Time;
use crate::decay::Decay;
use crate::id::{Gone, UserRow};

/// Generates the columns and the loops over them.
macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident: $figure:ty = $code:literal;)+) => {
        /// All that is learnt about users.
        #[derive(Debug, Default)]
        pub struct Figures {
            $($(#[$doc])* pub $name: Records<$figure>,)+
            /// Number of entries evicted at a bound since the start.
            pub evicted: u64,
        }

        impl Figures {
            /// Permanent codes of the figures' parts in a checkpoint.
            pub const CODES: &[u8] = &[$($code),+];

            /// Lets every figure learn from an event of a user.
            pub fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
                $(if <$figure as Figure>::concerns(event) {
                    let evicted = Figure::learn(self.$name.get_mut(event.user), event, moment) as u64;
                    self.$name.evicted += evicted;
                    self.evicted += evicted;
                })+
            }

            /// Lets a user take over what was learnt of another one.
            pub(super) fn absorb(&mut self, rows: (UserRow, UserRow), learn: &Learn) {
                $(let evicted = self.$name.absorb(rows, learn) as u64;
                self.$name.evicted += evicted;
                self.evicted += evicted;)+
            }

            /// Gives a new user a blank record in every column that is not kept on demand.
            pub(super) fn enter(&mut self, row: UserRow) {
                $(if !<$figure as Figure>::ON_DEMAND {
                    self.$name.get_mut(row);
                })+
            }

            /// Forgets a user.
            pub(super) fn clear(&mut self, row: UserRow) {
                $(self.$name.clear(row);)+
            }

            /// Forgets a deleted item or merchant in a range of user rows.
            pub fn forget_in(&mut self, gone: Gone, rows: Range<usize>) {
                $(self.$name.change(rows.clone(), |record| record.knows(gone), |record| record.forget(gone));)+
            }

            /// Returns the users of a range of rows whose records name a deleted entity.
            pub fn knowing(&self, gone: Gone, rows: Range<usize>) -> impl Iterator<Item = UserRow> {
                let knows = move |row: &UserRow| {
                    false $(|| self.$name.get(*row).is_some_and(|record| record.knows(gone)))+
                };
                rows.map(UserRow::at).filter(knows)
            }

            /// Marks the tags, items and merchants that the records of a range of user rows name.
            pub fn mark(&self, rows: Range<usize>, named: &mut Named) {
                $(self.$name.slice(rows.clone()).for_each(|record| record.mark(named));)+
            }

            /// Forgets everything.
            pub(super) fn unlearn(&mut self) {
                $(self.$name.change(0..usize::MAX, |_| true, |record| *record = Default::default());)+
            }

            /// Continues under another decay from an instant on; the value of every decayed sum at that instant is unchanged.
            pub fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
                $(self.$name.change(0..usize::MAX, |_| true, |record| record.change_decay(from, to, at));)+
            }

            /// Freezes every column until [`Self::thaw`].
            pub(super) fn freeze(&mut self) {
                $(self.$name.column.freeze();)+
            }

            /// Ends the freezing.
            pub(super) fn thaw(&mut self) {
                $(self.$name.column.thaw();)+
            }

            /// Appends a range of frozen rows of the figure with a code; ranges must follow each other.
            pub fn write(&self, code: u8, rows: Range<usize>, bytes: &mut Vec<u8>) {
                match code {
                    $($code => self.$name.write(rows, bytes),)+
                    _ => {}
                }
            }

            /// Appends the rows of a stored part of the figure with a code.
            ///
            /// # Errors
            /// The bytes are not those of records of this figure.
            pub fn read(&mut self, code: u8, bytes: &[u8]) -> Result<(), postcard::Error> {
                match code {
                    $($code => self.$name.read(bytes),)+
                    _ => Err(postcard::Error::DeserializeBadEnum),
                }
            }

            /// Returns the bytes of the columns.
            #[must_use]
            pub fn bytes(&self) -> usize {
                [$(self.$name.column.bytes()),+].into_iter().sum()
            }

            /// Returns the bytes that the records of a range of rows hold on the heap.
            pub(super) fn heap_bytes(&self, rows: Range<usize>) -> usize {
                [$(self.$name.slice(rows.clone()).map(Figure::heap_bytes).sum::<usize>()),+].into_iter().sum()
            }
        }
    };
}

impl Figures {
    /// Appends the rows of a stored part of what users bought in its first shape.
    ///
    /// # Errors
    /// The bytes are not those of such records.
    pub fn read_numbers(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        while !bytes.is_empty() {
            let (numbers, rest) = postcard::take_from_bytes::<Numbers>(bytes)?;
            self.bought.push(numbers.into());
            bytes = rest;
        }
        Ok(())
    }
}

figures! {
    /// Histories with tags, items and merchants, follows, and the number of events.
    profile: Profile = 0x27;
    /// The last sign of the user.
    presence: Presence = 0x28;
    /// What the user bought and did not return.
    bought: Bought = 0x46;
    /// How often and when the user bought.
    orders: Orders = 0x2C;
    /// Whom the user clicked on, and when last.
    clicked: Clicked = 0x35;
    /// What the user was shown and did not click.
    sights: Sights = 0x41;
    /// Where and when the user bought.
    custom: Custom = 0x42;
    /// What the user bought lately.
    past: Past = 0x52;
}
