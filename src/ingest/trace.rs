//! Traces: what stays of a deleted user's events, namely what the race needs and nothing about the person.
//!
//! Sales stay, with the number of the deletion as their buyer. A refund finds its purchase by a number, hashed from the purchase's id under
//! the key of the event ids, so that one that comes later finds it too. Of other events at most the fact that something was seen stays, if
//! a history may begin with it or nothing later is known.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::id::EventKey;
use crate::model::{Event, EventKind, Id};

/// The pseudonym of a deleted user.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The number of the deletion.
    pub number: u64,
    /// Hashes the ids of purchases to numbers.
    pub key: EventKey,
}

/// The part of an event that stays when its user is deleted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Trace<'a> {
    pub(super) at: Time,
    pub(super) item: Option<Cow<'a, str>>,
    pub(super) merchant: Option<Cow<'a, str>>,
    /// The sale; `None` if the trace says only that something was seen.
    pub(super) sale: Option<Sale>,
}

/// A purchase or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Sale {
    pub(super) is_refund: bool,
    /// The number of the deletion.
    pub(super) buyer: u64,
    /// Number of the purchase that it is or refunds, if it has one.
    pub(super) purchase: Option<u64>,
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

    /// Returns whether it refunds a purchase that it names.
    pub(super) fn refunds(&self) -> bool {
        let sale = self.sale.as_ref();
        sale.is_some_and(|sale| sale.is_refund && sale.purchase.is_some())
    }

    /// Returns the trace as an event without a user, and its sale.
    pub(super) fn event(self) -> (Event<'a>, Option<Sale>) {
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
