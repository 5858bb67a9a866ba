//! The sales as a book: purchases and refunds of the window, and the first day of every runner.

use super::Book;
use super::encode::whole;
use crate::binary::append;
use crate::clock::Day;
use crate::config::Config;
use crate::feature::{Learned, Moment};
use crate::id::{Gone, IdHasher, RunnerRow};
use crate::model::EventKind;
use crate::money::Money;
use crate::race::{Kind, Ledger, LedgerImage, Purchase, Refund, RunnerRows, Stamp};
use crate::telemetry::Size;

/// Index of the kind of parts that holds everything but the purchases.
const SMALL: usize = 0;
/// Index of the kind of parts that holds the purchases, without their stamps.
const PURCHASES: usize = 1;
/// Index of the kind of parts that holds the stamps of the purchases.
const STAMPS: usize = 2;
/// Index of the kind of parts that holds what concerns creators, without the purchases.
const OF_CREATORS: usize = 3;
/// Index of the kind of parts that holds the creators of the purchases.
const CREATORS_SOLD: usize = 4;

impl Book for Ledger {
    type Image = LedgerImage;

    fn new(config: &Config) -> Self {
        Self::new(config.store.waiting_refunds).holding(config.store.purchases)
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        if event.late {
            learn_late(self, event);
            return;
        }
        if event.kind == EventKind::Purchase {
            let sale = sale_of(event, moment.config.race.utc_offset);
            self.purchase(event.day, sale);
            return;
        }
        self.seen(runners(event), event.day);
        if event.kind == EventKind::Refund {
            refund(self, event);
        }
    }

    fn forget(&mut self, gone: Gone) {
        match gone {
            Gone::Item(item) => self.forget(item),
            Gone::Merchant(merchant) => self.forget(merchant),
            Gone::Creator(creator) => self.forget(creator),
            // The merchant keeps the sales. The row of the buyer is not reused while the window holds them.
            Gone::User(_) => {}
        }
    }

    fn expire(&mut self, last_complete: Day) {
        self.expire(last_complete);
    }

    fn unlearn(&mut self, config: &Config) {
        *self = <Self as Book>::new(config);
    }

    fn freeze(&mut self) -> LedgerImage {
        self.image()
    }

    fn write(&self, image: &LedgerImage, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        if kind == SMALL {
            return whole(part, image, bytes);
        }
        if kind == OF_CREATORS {
            return whole(part, &image.of_creators(), bytes);
        }
        if kind > CREATORS_SOLD {
            let tail = image.tail(part);
            return tail.inspect(|tail| append(tail, bytes)).is_some();
        }
        let Some((day, first, purchases)) = image.purchases().nth(part) else {
            return false;
        };
        if kind == PURCHASES {
            append(&(day, purchases), bytes);
        } else if kind == STAMPS {
            let stamps: Vec<Stamp> = purchases.iter().map(|it| it.stamp).collect();
            append(&(day, first, stamps), bytes);
        } else {
            append(&(day, first, creators(purchases)), bytes);
        }
        true
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        if kind == SMALL {
            self.restore(postcard::from_bytes(bytes)?);
            return Ok(());
        }
        if kind == PURCHASES {
            let (day, purchases): (Day, Vec<Purchase>) = postcard::from_bytes(bytes)?;
            self.restore_purchases(day, purchases);
        } else if kind == STAMPS {
            let (day, first, stamps): (Day, usize, Vec<Stamp>) = postcard::from_bytes(bytes)?;
            self.restore_stamps(day, first, stamps);
        } else if kind == OF_CREATORS {
            self.restore_creators(postcard::from_bytes(bytes)?);
        } else if kind == CREATORS_SOLD {
            let (day, first, rows): (Day, usize, Vec<RunnerRow>) = postcard::from_bytes(bytes)?;
            self.restore_creators_sold(day, first, rows);
        } else {
            self.restore_tail(postcard::from_bytes(bytes)?);
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let counts = self.counts();
        let purchases = Size {
            entries: counts.purchases,
            bytes: self.bytes(),
            evicted: self.evicted(),
        };
        report("purchases", purchases);
        let waiting = Size {
            entries: counts.waiting,
            bytes: 0,
            evicted: counts.evicted,
        };
        report("waiting_refunds", waiting);
    }
}

/// Returns the creators of purchases; none if no purchase has one.
fn creators(purchases: &[Purchase]) -> Vec<RunnerRow> {
    let has_creator = |purchase: &Purchase| purchase.creator().is_some();
    if !purchases.iter().any(has_creator) {
        return Vec::new();
    }
    let creators = purchases.iter();
    creators.map(|it| it.runners[Kind::Creator]).collect()
}

/// Returns the runners of the race that an event concerns.
fn runners(event: &Learned<'_>) -> RunnerRows {
    let known = RunnerRows::default().with(event.item).with(event.merchant);
    known.with(event.creator)
}

/// Returns the purchase that an event is, in a time zone `utc_offset` milliseconds east of UTC.
#[must_use]
pub fn sale_of(event: &Learned<'_>, utc_offset: i64) -> Purchase {
    Purchase {
        id: event.purchase.unwrap_or(0),
        buyer: event.buyer,
        runners: runners(event),
        amount: event.worth.unwrap_or_default(),
        refunded: Money::default(),
        stamp: Stamp::new(event.at.since(event.day.start(utc_offset))),
    }
}

/// Returns the refund that an event is, if it names its purchase.
#[must_use]
pub fn refund_of(event: &Learned<'_>) -> Option<Refund> {
    Some(Refund {
        purchase: event.purchase?,
        buyer: event.buyer,
        runners: runners(event),
        amount: event.amount,
    })
}

/// Learns from an event older than the window: only a refund that names a purchase of the window counts.
fn learn_late(sales: &mut Ledger, event: &Learned<'_>) {
    let is_refund = event.kind == EventKind::Refund;
    if is_refund && event.purchase.is_some() {
        refund(sales, event);
    } else if is_refund || event.kind == EventKind::Purchase {
        sales.late(event.purchase.unwrap_or(0));
    }
}

/// Applies a refund to its purchase if the event names one, else to the sales of its own day.
fn refund(sales: &mut Ledger, event: &Learned<'_>) {
    match refund_of(event) {
        Some(refund) => {
            sales.refund(refund);
        }
        None => sales.refund_unlinked(event.day, runners(event), event.worth.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CreatorRow, ItemRow, MerchantRow, UserRow};

    const DAY: Day = Day(20_000);

    fn runners(number: u32) -> RunnerRows {
        let known = RunnerRows::default()
            .with(ItemRow(number))
            .with(MerchantRow(1));
        known.with(CreatorRow(10 + number))
    }

    /// Returns a ledger with a purchase, a refund that waits, one without a purchase, and a forgotten creator.
    fn ledger() -> Ledger {
        let (mut ledger, buyer, amount) = (Ledger::new(9), UserRow(5), Money::from_units(7.0));
        let refund = Refund {
            purchase: 4,
            buyer,
            runners: runners(4),
            amount: Some(amount),
        };
        ledger.refund(refund);
        for number in [2, 3] {
            let purchase = Purchase {
                id: u64::from(number),
                buyer,
                runners: runners(number),
                amount,
                refunded: Money::ZERO,
                stamp: Stamp::new(1),
            };
            ledger.purchase(DAY, purchase);
        }
        ledger.refund_unlinked(DAY, runners(2), amount);
        ledger.forget(CreatorRow(13));
        ledger
    }

    /// Writes the first kinds of parts of a ledger, and restores them.
    fn restored(ledger: &Ledger, kinds: usize) -> Ledger {
        let (image, mut restored) = (ledger.image(), Ledger::new(9));
        for kind in 0..kinds {
            let mut bytes = Vec::new();
            for part in 0.. {
                if !ledger.write(&image, kind, part, &mut bytes) {
                    break;
                }
                Book::restore(&mut restored, kind, &bytes, &IdHasher::default()).unwrap();
                bytes.clear();
            }
        }
        restored
    }

    fn shown(ledger: &Ledger) -> (String, Vec<Purchase>) {
        let image = ledger.image();
        let purchases = image.purchases().flat_map(|(_, _, slice)| slice.to_vec());
        (format!("{:?}", image.of_creators()), purchases.collect())
    }

    #[test]
    fn creators_survive_a_checkpoint() {
        let ledger = ledger();
        let (of_creators, purchases) = shown(&ledger);
        assert_eq!(
            shown(&restored(&ledger, 5)),
            (of_creators, purchases.clone())
        );
        assert!(purchases.iter().all(|it| it.creator().is_some()));
    }

    #[test]
    fn parts_without_creators_are_still_read() {
        let old = restored(&ledger(), OF_CREATORS);
        let (of_creators, purchases) = shown(&old);
        assert_eq!(
            of_creators,
            format!("{:?}", crate::race::OfCreators::default())
        );
        assert!(purchases.iter().all(|it| it.creator() == CreatorRow::NONE));
        assert_eq!(old.counts(), ledger().counts());
    }
}
