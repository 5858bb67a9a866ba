//! The users as a book: what was declared, and every figure that is learnt from events.

use std::ops::Range;

use super::Book;
use super::encode::{restore_rows, write_part, write_rows};
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Decay, Figures, Learned, Moment, User, Users};
use crate::id::{Gone, IdHasher, UserRow};
use crate::telemetry::Size;

/// Codes of the kinds that hold what was declared: the free rows, and the rows. The kinds after them are the figures.
const DECLARED: [u8; 2] = [0x20, 0x26];

/// Codes of all kinds.
pub(super) const CODES: [u8; DECLARED.len() + Figures::CODES.len()] = {
    let mut codes = [0; DECLARED.len() + Figures::CODES.len()];
    let (declared, figures) = codes.split_at_mut(DECLARED.len());
    declared.copy_from_slice(&DECLARED);
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
    /// The free rows, and the number of frozen rows.
    type Image = (Vec<UserRow>, usize);

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
        (self.free().to_vec(), rows)
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let (free, count) = image;
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
        // The bytes that records hold on the heap take a walk, which a rebuild makes.
        let profiles = Size {
            entries: self.len(),
            bytes: self.figures.bytes(),
            evicted: self.figures.evicted,
        };
        report("profiles", profiles);
    }
}
