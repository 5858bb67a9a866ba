//! Where and when a user bought, as a figure: the last days of purchases by merchant. It is kept only if a live scene weighs `goal`.
//!
//! A day counts once, however much was bought on it, so what is held of a merchant does not depend on the order of purchases. Beyond
//! the bound of merchants the one with the oldest last day is evicted. A refund changes nothing: the user did buy.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::clock::{Day, Time};
use crate::decay::Decay;
use crate::id::{Gone, MerchantRow};
use crate::model::EventKind;

/// Maximum number of days of one merchant.
const DAYS: usize = 8;
/// A day on which a user bought from a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Visit {
    merchant: u32,
    day: Day,
}

/// The days on which one user bought, by merchant and day; small for a user who never did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Custom(Box<[Visit]>);

impl Custom {
    fn of(&self, merchant: u32) -> Range<usize> {
        let start = self.0.partition_point(|visit| visit.merchant < merchant);
        let own = self.0[start..].iter();
        start..start + own.take_while(|visit| visit.merchant == merchant).count()
    }

    /// Adds a day. Returns the number of merchants that were evicted.
    fn add(&mut self, visit: Visit, merchants: usize) -> usize {
        let Err(place) = self.0.binary_search(&visit) else {
            return 0;
        };
        let own = self.of(visit.merchant);
        let mut visits = std::mem::take(&mut self.0).into_vec();
        visits.insert(place, visit);
        if own.len() == DAYS {
            visits.remove(own.start);
        }
        self.0 = visits.into_boxed_slice();
        let each = || self.0.chunk_by(|one, next| one.merchant == next.merchant);
        if !own.is_empty() || each().count() <= merchants {
            return 0;
        }
        let last = each().filter_map(|visits| visits.last());
        if let Some(oldest) = last.min_by_key(|visit| (visit.day, visit.merchant)) {
            self.remove(oldest.merchant);
        }
        1
    }

    fn remove(&mut self, merchant: u32) {
        let mut visits = std::mem::take(&mut self.0).into_vec();
        visits.retain(|visit| visit.merchant != merchant);
        self.0 = visits.into_boxed_slice();
    }

    /// Returns the days on which the user bought from a merchant, in their order, as far as they are held.
    pub(super) fn days(&self, merchant: MerchantRow) -> impl ExactSizeIterator<Item = Day> + Clone {
        self.0[self.of(merchant.0)].iter().map(|visit| visit.day)
    }
}

impl Figure for Custom {
    const ON_DEMAND: bool = true;

    #[inline(always)]
    fn concerns(event: &Learned<'_>) -> bool {
        event.kind == EventKind::Purchase && event.goals && event.merchant.is_some()
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize {
        let visit = Visit {
            merchant: event.merchant.0,
            day: event.day,
        };
        self.add(visit, moment.config.profile.max_merchants)
    }

    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize {
        let other = std::mem::take(&mut other.0);
        let visits = other.iter();
        visits.map(|it| self.add(*it, learn.max_merchants)).sum()
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}

    fn knows(&self, gone: Gone) -> bool {
        matches!(gone, Gone::Merchant(merchant) if !self.of(merchant.0).is_empty())
    }

    fn forget(&mut self, gone: Gone) {
        if let Gone::Merchant(merchant) = gone {
            self.remove(merchant.0);
        }
    }

    fn is_blank(&self) -> bool {
        self.0.is_empty()
    }

    fn mark(&self, named: &mut Named) {
        let merchants = self.0.iter().map(|visit| visit.merchant);
        merchants.for_each(|merchant| named.merchant(MerchantRow(merchant)));
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn visit(merchant: u32, day: i32) -> Visit {
        Visit {
            merchant,
            day: Day(day),
        }
    }

    fn custom(visits: &[Visit], merchants: usize) -> Custom {
        let mut custom = Custom::default();
        for visit in visits {
            custom.add(*visit, merchants);
        }
        custom
    }

    #[test]
    fn the_last_days_are_held_in_any_order() {
        let mut visits: Vec<Visit> = (0..30).map(|n| visit(n % 3, (n * 7 % 13) as i32)).collect();
        let right = custom(&visits, 3);
        for seed in 0..20 {
            Random::new(seed).shuffle(&mut visits);
            assert_eq!(custom(&visits, 3).0, right.0);
        }
        assert_eq!(right.of(1).len(), DAYS);
        let newest = right.days(MerchantRow(1)).last();
        assert_eq!(
            newest,
            visits
                .iter()
                .filter(|it| it.merchant == 1)
                .map(|it| it.day)
                .max()
        );
    }

    #[test]
    fn the_merchant_of_the_oldest_day_is_evicted() {
        let mut custom = custom(&[visit(1, 50), visit(2, 40), visit(1, 10)], 2);
        assert_eq!(custom.add(visit(3, 60), 2), 1);
        assert_eq!(custom.of(2).len(), 0);
        assert_eq!(custom.of(1).len() + custom.of(3).len(), 3);
    }
}
