//! The contract of a book.

use std::ops::Range;

use crate::clock::{Day, Time};
use crate::config::Config;
use crate::feature::{Decay, Learned, Moment};
use crate::id::{Gone, IdHasher};
use crate::telemetry::Size;

/// One kind of kept state. Most methods do nothing by default.
///
/// A checkpoint holds the state of one instant, although facts keep coming while it is written. [`Self::freeze`] copies what is small and
/// shares or freezes the rest (copy-on-write); then each call of [`Self::write`] appends one part under its own short hold of the lock.
/// The parts of a book are of one or more *kinds*; a kind's place in the book's row of the table is its number here.
pub trait Book: Sized {
    /// The copied or shared state of one instant.
    type Image;

    /// Returns an empty book with the bounds of a configuration.
    fn new(config: &Config) -> Self;

    /// Learns from an event.
    fn learn(&mut self, _event: &Learned<'_>, _moment: &Moment<'_>) {}

    /// Forgets a deleted entity, except for the data that only a walk over all rows finds.
    fn forget(&mut self, _gone: Gone) {}

    /// Forgets a deleted item or merchant in a range of user rows. The ranges together cover all users.
    fn forget_in(&mut self, _gone: Gone, _users: Range<usize>) {}

    /// Drops what lies before the window that ends with the last complete day.
    fn expire(&mut self, _last_complete: Day) {}

    /// Forgets everything that was learnt, and keeps everything that was declared.
    fn unlearn(&mut self, _config: &Config) {}

    /// Continues under another decay from an instant on; the value of every decayed sum at that instant stays.
    fn change_decay(&mut self, _from: Decay, _to: Decay, _at: Time) {}

    /// Freezes the book as it is now, until [`Self::thaw`].
    fn freeze(&mut self) -> Self::Image;

    /// Appends part number `part` of a kind; returns `false`, with nothing appended, if the kind has fewer parts.
    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool;

    /// Ends the freezing.
    fn thaw(&mut self) {}

    /// Restores one part, into a book that was empty before its first part. The parts come in the order in which they were written.
    ///
    /// # Errors
    /// The bytes are not those of a part of this kind.
    fn restore(
        &mut self,
        kind: usize,
        bytes: &[u8],
        hasher: &IdHasher,
    ) -> Result<(), postcard::Error>;

    /// Reports the size of each structure of the book, by its name in the metrics.
    fn sizes(&self, report: &mut impl FnMut(&'static str, Size));
}
