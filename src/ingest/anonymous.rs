//! What is left of a deleted user's events: what the race needs, and nothing that tells of the person.
//!
//! Sales stay, under the number of the deletion as their buyer; a refund finds its purchase by a number that was made of the purchase's
//! id under a key which is thrown away. Of all else stays at most that something was seen, where a history begins with it or nothing
//! later is known.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Facts, Fate, Moment, Rejected, Taken};
use crate::clock::{Day, Time};
use crate::id::{ItemRow, MerchantRow, UserRow};
use crate::model::Id;
use crate::model::{Event, EventKind};
use crate::state::{Key, Learned};

/// Who a deleted user is from then on.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The number of the deletion.
    pub number: u64,
    /// Makes numbers of the ids of purchases.
    pub key: Key,
}

/// What is left of an event.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Trace<'a> {
    at: Time,
    item: Option<Cow<'a, str>>,
    merchant: Option<Cow<'a, str>>,
    /// `None` where it tells only that something was seen.
    sale: Option<Sale>,
}

/// A purchase, or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
struct Sale {
    is_refund: bool,
    /// The number of the deletion.
    buyer: u64,
    /// The number of the purchase that it is or gives back, where it has one.
    purchase: Option<u64>,
    quantity: Option<f64>,
    amount: Option<f64>,
}

impl<'a> Trace<'a> {
    /// What is left of an event of the user with that alias.
    #[must_use]
    pub fn of(event: Event<'a>, alias: &Alias) -> Self {
        let is_refund = event.kind == EventKind::Refund;
        let sale = || {
            let purchase = if is_refund {
                &event.purchase_id
            } else {
                &event.id
            };
            let number = |id: &Id<'_>| alias.key.hash(id).number();
            Sale {
                is_refund,
                buyer: alias.number,
                purchase: purchase.as_ref().map(number),
                quantity: event.quantity,
                amount: event.amount,
            }
        };
        Self {
            at: event.at,
            sale: (is_refund || event.kind == EventKind::Purchase).then(sale),
            item: event.item_id.map(|id| id.0),
            merchant: event.merchant_id.map(|id| id.0),
        }
    }

    /// It as an event of nobody, with the sale that it is.
    fn event(self) -> (Event<'a>, Option<Sale>) {
        let kind = match self.sale {
            Some(Sale {
                is_refund: true, ..
            }) => EventKind::Refund,
            Some(_) => EventKind::Purchase,
            None => EventKind::View,
        };
        let event = Event {
            id: None,
            user_id: Id(Cow::Borrowed("")),
            item_id: self.item.map(Id),
            merchant_id: self.merchant.map(Id),
            creator_id: None,
            kind,
            at: self.at,
            quantity: self.sale.and_then(|sale| sale.quantity),
            amount: self.sale.and_then(|sale| sale.amount),
            purchase_id: None,
            request_id: None,
            position: None,
            scene: None,
        };
        (event, self.sale)
    }
}

impl Facts {
    /// What the race needs of a trace, where days begin at that offset; `None`: nothing.
    #[must_use]
    pub fn needed<'a>(&self, trace: Trace<'a>, utc_offset: i64) -> Option<Trace<'a>> {
        let day = trace.at.day(utc_offset);
        // A refund that finds its purchase counts on the purchase's day, whichever its own is.
        let is_kept = |sale: &Sale| {
            self.books.sales.holds(day) || (sale.is_refund && sale.purchase.is_some())
        };
        if trace.sale.as_ref().is_some_and(is_kept) {
            return Some(trace);
        }
        let is_needed = self.latest <= Some(trace.at) || self.may_begin_with(&trace, day);
        is_needed.then_some(Trace {
            sale: None,
            ..trace
        })
    }

    /// Whether the history of an item or of a merchant may begin with a trace. Of what was deleted since that cannot be told.
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
        let is_earlier = |began: Option<Day>| began.is_some_and(|began| began < day);
        let names_item = trace.item.is_some();
        let names_merchant = trace.merchant.is_some() || merchant.is_some();
        (names_item && !is_earlier(item_began)) || (names_merchant && !is_earlier(merchant_began))
    }

    /// Applies what is left of an event.
    pub(super) fn retrace(&mut self, trace: Trace<'_>, moment: &Moment<'_>) -> Fate {
        let (event, sale) = trace.event();
        let faults = self.contradictions(&event, moment);
        if !faults.is_empty() {
            return Err(Rejected {
                id: None,
                errors: faults,
            });
        }
        let resolved = self.resolve(&event, sale.and_then(|sale| sale.purchase), moment);
        let buyer = sale.map_or(UserRow::NONE, |sale| self.nameless(sale.buyer));
        self.learn(&Learned { buyer, ..resolved }, moment);
        Ok(Taken::Fresh)
    }

    /// The row of a buyer of whom only the number is known.
    fn nameless(&mut self, number: u64) -> UserRow {
        let users = &mut self.books.users;
        *self
            .nameless
            .entry(number)
            .or_insert_with(|| users.reserve())
    }

    /// Deletes a buyer of whom only the number is known.
    pub(super) fn depart(&mut self, number: u64, last_complete: Day) {
        if let Some(row) = self.nameless.remove(&number) {
            self.hold(row, last_complete);
        }
    }
}
