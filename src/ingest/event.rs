//! Events: what they teach a profile, and what they mean for the race.

use super::{Facts, Fate, Moment, Rejected, Taken};
use crate::clock::Day;
use crate::config::{Config, UnknownItems};
use crate::feature::{Bond, Learn, Profile, Space};
use crate::id::{ItemRow, MerchantRow, TagId, UserRow};
use crate::model::{Event, EventKind, Fault};
use crate::race::{Money, Purchase, Refund, RunnerRows};
use crate::state::EventId;

/// What an event is about, as rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    item: ItemRow,
    merchant: MerchantRow,
}

impl Target {
    /// The runners of the race that the event concerns.
    fn runners(self) -> RunnerRows {
        RunnerRows::default().with(self.item).with(self.merchant)
    }
}

impl Facts {
    /// Applies an event, once for each id.
    pub(super) fn event(&mut self, event: &Event<'_>, moment: &Moment<'_>) -> Fate {
        let id = event.id.as_deref().map(|id| self.books.seen.hash(id));
        if id.is_some_and(|id| self.books.seen.has(id)) {
            self.counts.repeats += 1;
            return Ok(Taken::Known);
        }
        let faults = self.contradictions(event, moment);
        if !faults.is_empty() {
            return Err(Rejected {
                id: event.id.as_deref().map(str::to_owned),
                errors: faults,
            });
        }
        let target = self.target(event);
        let user = self
            .books
            .users
            .find_or_create(&self.books.hasher, &event.user_id);
        self.learn(event, user, target, moment);
        let purchase = self.purchase_of(event, id);
        self.record(event, purchase, user, target, moment);
        if let Some(id) = id {
            self.books.seen.add(id, moment.wall);
        }
        self.latest = self.latest.max(Some(event.at));
        self.counts.events[event.kind as usize] += 1;
        Ok(Taken::Fresh)
    }

    /// The number of the purchase that an event with that id is or gives back, where it has one.
    fn purchase_of(&self, event: &Event<'_>, id: Option<EventId>) -> Option<u64> {
        let purchase = if event.kind == EventKind::Refund {
            let purchase = event.purchase_id.as_deref();
            purchase.map(|id| self.books.seen.hash(id))
        } else {
            id
        };
        purchase.map(EventId::number)
    }

    /// What in an event does not fit what is known.
    pub(super) fn contradictions(&self, event: &Event<'_>, moment: &Moment<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        if event.at.since(moment.wall) > moment.config.store.future {
            faults.push(Fault::new(
                "at",
                format!(
                    "lies more than {} s ahead of the clock",
                    moment.config.store.future / 1_000
                ),
            ));
        }
        let item = event
            .item_id
            .as_deref()
            .and_then(|id| self.books.items.find(self.books.hasher.hash(id), id));
        let strict = moment.config.store.unknown_items == UnknownItems::Reject;
        match item.map(|row| self.books.items.get(row)) {
            None if event.item_id.is_some() && strict => {
                faults.push(Fault::new(
                    "item_id",
                    "there is no item of this id in the catalogue",
                ));
            }
            Some(item) if !item.stub() => {
                let sells = self
                    .books
                    .merchants
                    .get(item.merchant)
                    .map(|merchant| merchant.id());
                if event.merchant_id.is_some() && event.merchant_id.as_deref() != sells {
                    faults.push(Fault::new("merchant_id", "is not the merchant of the item"));
                }
            }
            _ => {}
        }
        faults
    }

    /// The rows of an event's item and merchant, created where they are not known.
    pub(super) fn target(&mut self, event: &Event<'_>) -> Target {
        let item = event
            .item_id
            .as_deref()
            .map_or(ItemRow::NONE, |id| self.item_or_stub(id));
        let sells = item.some().map_or(MerchantRow::NONE, |item| {
            self.books.items.get(item).merchant
        });
        let merchant = match event.merchant_id.as_deref() {
            Some(id) => self.merchant(id),
            None => self.revive(sells),
        };
        Target { item, merchant }
    }

    fn item_or_stub(&mut self, id: &str) -> ItemRow {
        let hash = self.books.hasher.hash(id);
        self.books.items.find(hash, id).unwrap_or_else(|| {
            self.counts.stubs += 1;
            self.books.items.create(hash, id)
        })
    }

    /// An item's merchant; one that was deleted is created bare again by what its items sell.
    fn revive(&mut self, merchant: MerchantRow) -> MerchantRow {
        let gone = self
            .books
            .merchants
            .get(merchant)
            .filter(|merchant| !merchant.exists)
            .map(|merchant| merchant.id().to_owned());
        gone.map_or(merchant, |id| self.merchant(&id))
    }

    /// Adds the event's gain to the user's histories.
    fn learn(&mut self, event: &Event<'_>, user: UserRow, target: Target, moment: &Moment<'_>) {
        let bond = event
            .kind
            .is_bond()
            .then(|| match event.creator_id.as_deref() {
                Some(creator) => Bond::Creator(self.books.tags.intern(
                    &self.books.hasher,
                    Space::Creator,
                    creator,
                )),
                None => Bond::Merchant(target.merchant),
            });
        let gain = moment.config.profile.gains[event.kind as usize];
        let item_gain = self.item_gain(event.kind, target.item, moment.config);
        let books = &mut self.books;
        let Some(stored) = books.users.get_mut(user) else {
            return;
        };
        stored.events = stored.events.saturating_add(1);
        let learn = moment.learn();
        let mut evicted = bond.map_or(0, |bond| {
            stored
                .profile
                .follow(&learn, bond, event.at, event.kind == EventKind::Follow)
        });
        if gain.abs() > 0.0 || item_gain.abs() > 0.0 {
            let growth = stored.profile.open(&learn, event.at);
            if gain.abs() > 0.0 && target.item.is_some() {
                let item = books.items.get(target.item);
                books
                    .items
                    .visit_tags(target.item, item, |tag: TagId, weight| {
                        if weight.abs() > 0.0 {
                            let amount = gain * f64::from(weight) * growth;
                            evicted += stored.profile.add_tag(&learn, tag, amount);
                        }
                    });
            }
            evicted += histories(
                &mut stored.profile,
                &learn,
                target,
                gain * growth,
                item_gain * growth,
            );
        }
        self.counts.evicted += evicted as u64;
    }

    /// The gain for the history with the item itself, which a category may set apart.
    fn item_gain(&self, kind: EventKind, item: ItemRow, config: &Config) -> f64 {
        let own = || {
            let category = self.books.tags.bare_name(
                Space::Category,
                self.books.items.details(item.some()?).category,
            )?;
            config.profile.item_gains.get(category)?[kind as usize]
        };
        let set_apart = if config.profile.item_gains.is_empty() {
            None
        } else {
            own()
        };
        set_apart.unwrap_or(config.profile.gains[kind as usize])
    }

    /// Notes the event in the race's books, with the number of the purchase that it is or gives back.
    pub(super) fn record(
        &mut self,
        event: &Event<'_>,
        purchase: Option<u64>,
        buyer: UserRow,
        target: Target,
        moment: &Moment<'_>,
    ) {
        let day = moment.day(event.at);
        self.books.sales.seen(target.runners(), day);
        match event.kind {
            EventKind::Purchase => {
                let amount = self.worth(event, target.item);
                self.books.sales.purchase(
                    day,
                    Purchase {
                        id: purchase.unwrap_or(0),
                        buyer,
                        runners: target.runners(),
                        amount,
                        refunded: Money::default(),
                    },
                );
            }
            EventKind::Refund => self.refund(event, purchase, buyer, target, day),
            EventKind::Impression
            | EventKind::View
            | EventKind::Click
            | EventKind::Favourite
            | EventKind::Cart => {}
            EventKind::Share | EventKind::Follow | EventKind::Unfollow | EventKind::Dislike => {}
        }
    }

    /// Takes money back, from its purchase where one is named.
    fn refund(
        &mut self,
        event: &Event<'_>,
        purchase: Option<u64>,
        buyer: UserRow,
        target: Target,
        day: Day,
    ) {
        match purchase {
            Some(purchase) => {
                self.books.sales.refund(Refund {
                    purchase,
                    buyer,
                    runners: target.runners(),
                    amount: event.amount.map(Money::from_units),
                });
            }
            None => {
                let amount = self.worth(event, target.item);
                self.books
                    .sales
                    .refund_unlinked(day, target.runners(), amount);
            }
        }
    }

    /// The money of an event: its amount, else the listed price × quantity.
    fn worth(&self, event: &Event<'_>, item: ItemRow) -> Money {
        let listed = || {
            let price = item
                .some()
                .and_then(|item| self.books.items.details(item).price);
            price.map_or(0.0, |price| price * event.quantity.unwrap_or(1.0))
        };
        Money::from_units(event.amount.unwrap_or_else(listed))
    }
}

fn histories(
    profile: &mut Profile,
    learn: &Learn,
    target: Target,
    gain: f64,
    item_gain: f64,
) -> usize {
    let mut evicted = 0;
    if target.item.is_some() && item_gain.abs() > 0.0 {
        evicted += profile.add_item(learn, target.item, item_gain);
    }
    if target.merchant.is_some() && gain.abs() > 0.0 {
        evicted += profile.add_merchant(learn, target.merchant, gain);
    }
    evicted
}
