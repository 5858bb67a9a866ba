//! The experiments as a book: who is enrolled, and what the users of each arm did.

use super::Book;
use super::encode::whole;
use crate::binary::append;
use crate::config::Config;
use crate::experiment::{Experiments, Group, Sums};
use crate::id::{Gone, IdHasher};
use crate::telemetry::Size;

/// Index of the kind of parts that holds everything but the sums and the users.
const SMALL: usize = 0;
/// Index of the kind of parts that holds the sums, by experiment and arm.
const ARMS: usize = 1;

/// The sums of an arm in a checkpoint: the name of its experiment, its number, the cells, and the impressions by merchant.
type Arm = (String, usize, (Vec<Sums>, Vec<(u32, u32)>));

impl Book for Experiments {
    type Image = Self;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn forget(&mut self, gone: Gone) {
        if let Gone::Merchant(merchant) = gone {
            self.forget_merchant(merchant.0);
        }
    }

    fn unlearn(&mut self, _: &Config) {
        *self = Self::default();
    }

    fn freeze(&mut self) -> Self {
        self.clone()
    }

    fn write(&self, image: &Self, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        if kind == SMALL {
            return whole(part, &image.stored(), bytes);
        }
        if kind == ARMS {
            let arm = image.stored_arm(part);
            arm.iter().for_each(|arm| append(arm, bytes));
            return arm.is_some();
        }
        let group = image.stored_group(part);
        group.iter().for_each(|group| append(group, bytes));
        group.is_some()
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        if kind == SMALL {
            self.restore(postcard::from_bytes(bytes)?);
        } else if kind == ARMS {
            let (name, arm, (cells, seen)): Arm = postcard::from_bytes(bytes)?;
            if let Some(running) = self.get_mut(&name) {
                running.restore_arm(arm, cells, seen);
            }
        } else {
            let group: Group = postcard::from_bytes(bytes)?;
            self.restore_group(group);
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let users = Size {
            entries: self.running().map(|it| it.enrolled()).sum(),
            bytes: self.running().map(|it| it.bytes()).sum(),
            evicted: 0,
        };
        report("enrolled", users);
        let merchants = Size {
            entries: self.running().map(|it| it.merchants()).sum(),
            bytes: 0,
            evicted: self.running().map(|it| it.unseen).sum(),
        };
        report("experiment_merchants", merchants);
        let ended = Size {
            entries: self.ended().count(),
            bytes: 0,
            evicted: self.dropped,
        };
        report("ended_experiments", ended);
    }
}
