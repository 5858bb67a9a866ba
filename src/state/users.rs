//! The users as a book: profiles learn from events.

use std::ops::Range;

use super::encode::{each, rows, whole};
use super::{Book, Gone, Learned, Moment};
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Decay, Learn, Profile, User, Users};
use crate::id::{IdHasher, UserRow};
use crate::model::EventKind;
use crate::telemetry::Size;

/// Number of the kind that holds the free rows.
const FREE: usize = 0;

/// The free rows, and how many rows are frozen.
#[derive(Debug)]
pub struct UsersImage {
    free: Vec<UserRow>,
    rows: usize,
}

impl Book for Users {
    type Image = UsersImage;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        let Some(user) = self.get_mut(event.user) else {
            return;
        };
        user.events = user.events.saturating_add(1);
        let evicted = add(&mut user.profile, event, &moment.learn());
        self.evicted += evicted as u64;
    }

    fn forget_in(&mut self, gone: Gone, users: Range<usize>) {
        for row in users.map(UserRow::at) {
            // A row that is changed is copied while a checkpoint is being written: change only the rows that know the entity.
            if self.get(row).is_some_and(|user| knows(user, gone))
                && let Some(user) = self.get_mut(row)
            {
                forget(&mut user.profile, gone);
            }
        }
    }

    fn unlearn(&mut self, _: &Config) {
        for row in (0..self.rows()).map(UserRow::at) {
            if let Some(user) = self.get_mut(row) {
                user.profile = Profile::default();
                user.events = 0;
            }
        }
    }

    fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
        for row in (0..self.rows()).map(UserRow::at) {
            if let Some(user) = self.get_mut(row) {
                user.profile.change_decay(from, to, at);
            }
        }
    }

    fn freeze(&mut self) -> UsersImage {
        let rows = self.freeze();
        let free = self.free().to_vec();
        UsersImage { free, rows }
    }

    fn write(&self, image: &UsersImage, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        if kind == FREE {
            return whole(part, &image.free, bytes);
        }
        let rows = rows(part, image.rows);
        rows.map(|rows| self.write(rows, bytes)).is_some()
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
        if kind == FREE {
            self.restore(postcard::from_bytes(bytes)?);
            return Ok(());
        }
        each(bytes, |row| self.read_row(row, hasher))
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let users = Size {
            entries: self.len(),
            bytes: self.fixed_bytes(),
            evicted: 0,
        };
        report("users", users);
        // The bytes of profiles take a walk, which a rebuild makes.
        let profiles = Size {
            entries: self.len(),
            bytes: 0,
            evicted: self.evicted,
        };
        report("profiles", profiles);
    }
}

/// Adds an event's gains to the histories of a profile. Returns how many entries were evicted.
fn add(profile: &mut Profile, event: &Learned<'_>, learn: &Learn) -> usize {
    let holds = event.kind == EventKind::Follow;
    let bond = event.bond;
    let mut evicted = bond.map_or(0, |bond| profile.follow(learn, bond, event.at, holds));
    let (gain, item_gain) = (event.gain, event.item_gain);
    if gain.abs() > 0.0 || item_gain.abs() > 0.0 {
        let growth = profile.open(learn, event.at);
        for &(tag, weight) in event.tags {
            if weight.abs() > 0.0 {
                evicted += profile.add_tag(learn, tag, gain * f64::from(weight) * growth);
            }
        }
        if event.item.is_some() && item_gain.abs() > 0.0 {
            evicted += profile.add_item(learn, event.item, item_gain * growth);
        }
        if event.merchant.is_some() && gain.abs() > 0.0 {
            evicted += profile.add_merchant(learn, event.merchant, gain * growth);
        }
    }
    evicted
}

fn knows(user: &User, gone: Gone) -> bool {
    match gone {
        Gone::Item(item) => user.profile.knows_item(item),
        Gone::Merchant(merchant) => user.profile.knows_merchant(merchant),
        Gone::User(_) => false,
    }
}

fn forget(profile: &mut Profile, gone: Gone) {
    match gone {
        Gone::Item(item) => profile.forget_item(item),
        Gone::Merchant(merchant) => profile.forget_merchant(merchant),
        Gone::User(_) => {}
    }
}
