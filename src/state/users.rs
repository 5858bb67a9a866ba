//! The users as a book: what was declared, and every figure that is learnt from events.

use std::ops::Range;

use super::Book;
use super::encode::{restore_rows, whole, write_part, write_rows};
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Decay, Figures, Learned, Moment, NamesImage, User, Users};
use crate::id::{Gone, IdHasher, UserRow};
use crate::telemetry::Size;

/// Codes of the kinds that hold what was declared: the free rows, and the rows. The kinds after them are the figures.
const DECLARED: [u8; 2] = [0x20, 0x26];

/// Number of the kind that holds the other names, which comes last.
const NAMES: usize = DECLARED.len() + Figures::CODES.len();

/// Codes of all kinds.
pub(super) const CODES: [u8; NAMES + 1] = {
    let mut codes = [0x2F; NAMES + 1];
    let (declared, rest) = codes.split_at_mut(DECLARED.len());
    declared.copy_from_slice(&DECLARED);
    let (figures, _) = rest.split_at_mut(Figures::CODES.len());
    figures.copy_from_slice(Figures::CODES);
    codes
};

/// Returns the code of the figure that a kind holds, if it holds one.
fn figure(kind: usize) -> Option<u8> {
    Figures::CODES
        .get(kind.checked_sub(DECLARED.len())?)
        .copied()
}

impl Book for Users {
    /// The free rows, the number of frozen rows, and the other names.
    type Image = (Vec<UserRow>, usize, NamesImage);

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        if event.user.is_some() && !event.late {
            self.figures.learn(event, moment);
        }
    }

    fn forget_in(&mut self, gone: Gone, users: Range<usize>) {
        self.figures.forget_in(gone, users);
    }

    fn unlearn(&mut self, _: &Config) {
        self.unlearn();
    }

    fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
        self.figures.change_decay(from, to, at);
    }

    fn freeze(&mut self) -> Self::Image {
        let rows = self.freeze();
        (self.free().to_vec(), rows, self.names.image())
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let (free, count, names) = image;
        if kind == NAMES {
            return whole(part, names, bytes);
        }
        match figure(kind) {
            Some(code) => write_part(part, *count, bytes, |rows, bytes| {
                self.figures.write(code, rows, bytes);
            }),
            None => write_rows((kind, part), free, *count, bytes, |rows, bytes| {
                self.write(rows, bytes);
            }),
        }
    }

    fn thaw(&mut self) {
        self.thaw();
    }

    fn restore(
        &mut self,
        kind: usize,
        bytes: &[u8],
        hasher: &IdHasher,
    ) -> Result<(), postcard::Error> {
        if kind == NAMES {
            self.restore_names(postcard::from_bytes(bytes)?);
            return Ok(());
        }
        match figure(kind) {
            Some(code) => self.figures.read(code, bytes),
            None => restore_rows(self, kind, bytes, Self::restore, |users, user: User| {
                users.read_row(user, hasher);
            }),
        }
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let users = Size {
            entries: self.len(),
            bytes: self.fixed_bytes(),
            evicted: self.evicted,
        };
        report("users", users);
        let names = Size {
            entries: self.names.len(),
            bytes: 0,
            evicted: self.names.evicted,
        };
        report("user_names", names);
        // The bytes that records hold on the heap take a walk, which a rebuild makes.
        let profiles = Size {
            entries: self.len(),
            bytes: self.figures.bytes(),
            evicted: self.figures.evicted - self.figures.bought.evicted,
        };
        report("profiles", profiles);
        // The items take a walk too; their bytes are among those of the profiles.
        let bought = Size {
            entries: 0,
            bytes: 0,
            evicted: self.figures.bought.evicted,
        };
        report("bought_items", bought);
    }
}
