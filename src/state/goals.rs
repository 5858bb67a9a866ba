//! The goals of merchants as a book: at what share of its exposures the goal of a merchant held.

use super::Book;
use super::encode::whole;
use crate::clock::Day;
use crate::config::Config;
use crate::feature::{Learned, Moment};
use crate::id::{Gone, IdHasher};
use crate::support::Goals;
use crate::telemetry::Size;

impl Book for Goals {
    type Image = Self;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) {
        if let Some(goal) = event.goal {
            self.show(event.merchant.0, goal, (event.at, event.day));
        }
    }

    fn forget(&mut self, gone: Gone) {
        if let Gone::Merchant(merchant) = gone {
            self.forget(merchant.0);
        }
    }

    fn expire(&mut self, last_complete: Day) {
        self.expire(last_complete);
    }

    fn unlearn(&mut self, _: &Config) {
        *self = Self::default();
    }

    fn freeze(&mut self) -> Self {
        self.clone()
    }

    fn write(&self, image: &Self, _: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        whole(part, image, bytes)
    }

    fn restore(&mut self, _: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        *self = postcard::from_bytes(bytes)?;
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let (entries, bytes) = self.size();
        let goals = Size {
            entries,
            bytes,
            evicted: 0,
        };
        report("goals", goals);
    }
}
