//! Learning from traces: events whose user was deleted.

use super::trace::Trace;
use super::{Accepted, Facts, Fate, Moment, Rejected};
use crate::clock::Day;
use crate::feature::Learned;
use crate::id::{CreatorRow, ItemRow, MerchantRow, UserRow};

impl Facts {
    /// Returns the part of a trace that the race needs, or `None` if it needs nothing. `utc_offset` is the offset at which days begin.
    #[must_use]
    pub fn needed<'a>(&self, trace: Trace<'a>, utc_offset: i64) -> Option<Trace<'a>> {
        let day = trace.at.day(utc_offset);
        // A refund that finds its purchase counts on the purchase's day, not on its own.
        if trace.refunds() || trace.sale.is_some() && self.books.sales.holds(day) {
            return Some(trace);
        }
        if self.may_begin_with(&trace, day) {
            return Some(Trace {
                sale: None,
                ..trace
            });
        }
        // The time alone moves the clock of a replay.
        (self.latest <= Some(trace.at)).then_some(Trace {
            at: trace.at,
            item: None,
            merchant: None,
            sale: None,
        })
    }

    /// Returns whether the history of an item or a merchant may begin with a trace. An item or a merchant that is not known any more,
    /// because it was deleted or nothing named it, has no history. But if the trace names only such an item, its merchant is unknown, and
    /// that one's history may begin with it.
    fn may_begin_with(&self, trace: &Trace<'_>, day: Day) -> bool {
        let books = &self.books;
        let find = |id| books.items.find(books.hasher.hash(id), id);
        let item = trace.item.as_deref().and_then(find);
        let merchant = match trace.merchant.as_deref() {
            Some(id) => books.merchants.find(&books.hasher, id),
            None => item.and_then(|item| books.items.get(item).merchant.some()),
        };
        let item_began = self.books.sales.first_day(item.unwrap_or(ItemRow::NONE));
        let merchant_began = self
            .books
            .sales
            .first_day(merchant.unwrap_or(MerchantRow::NONE));
        let creator = item.map_or(CreatorRow::NONE, |item| self.creator(item));
        let creator_began = self.books.sales.first_day(creator);
        let is_earlier = |began: Option<Day>| began.is_some_and(|began| began < day);
        let has_item = match &trace.merchant {
            Some(_) => item.is_some(),
            None => trace.item.is_some(),
        };
        (has_item && !is_earlier(item_began))
            || (merchant.is_some() && !is_earlier(merchant_began))
            || (creator.is_some() && !is_earlier(creator_began))
    }

    /// Applies a trace, of an event that may have been late.
    pub(super) fn retrace(&mut self, trace: Trace<'_>, late: bool, moment: &Moment<'_>) -> Fate {
        let (event, sale) = trace.event();
        let purchase = sale.and_then(|sale| sale.purchase);
        let known = self.known_item(&event);
        let faults = self.contradictions(&event, known, purchase, moment);
        if !faults.is_empty() {
            return Err(Rejected {
                id: None,
                errors: faults,
            });
        }
        let resolved = self.resolve(&event, known, purchase, moment);
        let buyer = sale.map_or(UserRow::NONE, |sale| {
            let own = self.nameless(sale.buyer);
            self.buyer(event.kind, purchase, own)
        });
        let learned = Learned {
            buyer,
            late,
            ..resolved
        };
        self.learn(&learned, moment);
        Ok(Accepted::Fresh)
    }

    /// Returns the row of a buyer known only by the number of the deletion.
    fn nameless(&mut self, number: u64) -> UserRow {
        let users = &mut self.books.users;
        *self
            .nameless
            .entry(number)
            .or_insert_with(|| users.reserve())
    }

    /// Deletes a buyer known only by the number of the deletion.
    pub(super) fn depart(&mut self, number: u64, last_complete: Day) {
        if let Some(row) = self.nameless.remove(&number) {
            self.hold(row, last_complete);
        }
    }
}
