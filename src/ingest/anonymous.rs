//! Traces: what stays of a deleted user's events, namely what the race needs and nothing about the person.
//!
//! Sales stay, with the number of the deletion as their buyer. A refund finds its purchase by a number, hashed from the purchase's id
//! under a key that is thrown away. Of other events at most the fact that something was seen stays, if a history may begin with it or
//! nothing later is known.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Accepted, Facts, Fate, Moment, Rejected};
use crate::clock::{Day, Time};
use crate::id::{ItemRow, MerchantRow, UserRow};
use crate::model::Id;
use crate::model::{Event, EventKind};
use crate::state::{Key, Learned};

/// The pseudonym of a deleted user.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The number of the deletion.
    pub number: u64,
    /// Hashes the ids of purchases to numbers.
    pub key: Key,
}

/// What stays of an event.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Trace<'a> {
    at: Time,
    item: Option<Cow<'a, str>>,
    merchant: Option<Cow<'a, str>>,
    /// The sale; `None` if the trace says only that something was seen.
    sale: Option<Sale>,
}

/// A purchase or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
struct Sale {
    is_refund: bool,
    /// The number of the deletion.
    buyer: u64,
    /// Number of the purchase that it is or refunds, if it has one.
    purchase: Option<u64>,
    quantity: Option<f64>,
    amount: Option<f64>,
}

impl<'a> Trace<'a> {
    /// Returns the trace of an event by the user with that alias.
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

    /// Returns the trace as an event without a user, and its sale.
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
    /// Returns what the race needs of a trace, or `None` if nothing. `utc_offset` says when days begin.
    #[must_use]
    pub fn needed<'a>(&self, trace: Trace<'a>, utc_offset: i64) -> Option<Trace<'a>> {
        let day = trace.at.day(utc_offset);
        // A refund that finds its purchase counts on the purchase's day, not on its own.
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

    /// Returns whether the history of an item or a merchant may begin with a trace. For entities deleted since, it may.
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

    /// Applies a trace.
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
