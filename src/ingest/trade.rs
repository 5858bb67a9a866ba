//! What a purchase gives to the profile of its buyer, and what a refund takes back.
//!
//! A refund that names its purchase takes the share of the money that is refunded, at the purchase's time; refunds that came before
//! the purchase take theirs as it comes. One that names none takes the share that its amount has of the item's price, at its own time.
//! None takes more than purchases of the item gave, and a stranger's refund takes nothing.

use super::{Facts, Moment};
use crate::clock::{ClockMode, Day};
use crate::feature::{Learned, Trade};
use crate::model::EventKind;
use crate::race::WINDOW_DAYS;
use crate::state::{refund_of, sale_of};

impl Facts {
    /// Returns what a purchase gives to the profile of its user or a refund takes back; `None` for other events.
    pub(super) fn trade(&self, event: &Learned<'_>, moment: &Moment<'_>) -> Option<Trade> {
        if event.late {
            return None;
        }
        let trade = if event.kind == EventKind::Purchase {
            self.purchased(event, moment)
        } else if event.kind != EventKind::Refund {
            return None;
        } else if event.purchase.is_some() {
            self.returned(event, moment)?
        } else {
            self.returned_unlinked(event, moment)?
        };
        let (kind, config) = (EventKind::Purchase, moment.config);
        Some(Trade {
            gain: config.profile.gains[kind as usize],
            item_gain: self.item_gain(kind, trade.item, config),
            ..trade
        })
    }

    /// Returns a purchase, less the refunds that wait for it.
    fn purchased(&self, event: &Learned<'_>, moment: &Moment<'_>) -> Trade {
        let offset = moment.config.race.utc_offset;
        let sale = self.books.sales.settled(sale_of(event, offset));
        let refunded = sale.share();
        let bought = self.books.users.figures.bought.get(event.user);
        let withheld = bought.filter(|_| event.item.is_some()).map(|bought| {
            let decay = moment.learn().decay;
            bought.withheld(decay, event.item, event.at, refunded)
        });
        Trade {
            change: 1.0 - refunded,
            count: i32::from(!is_all(refunded)),
            money: sale.net().0,
            back: withheld.unwrap_or(refunded),
            ..trade(event)
        }
    }

    /// Returns what a refund takes back of the purchase that it names, if that is held and of the same user.
    fn returned(&self, event: &Learned<'_>, moment: &Moment<'_>) -> Option<Trade> {
        let refund = refund_of(event)?;
        let (day, [before, after]) = self.books.sales.preview(&refund)?;
        let buyers = self.books.users.names.buyers();
        if buyers.of(before.buyer) != event.user || !self.is_open(event, day, moment) {
            return None;
        }
        let share = after.share() - before.share();
        let ends = is_all(after.share()) && !is_all(before.share());
        let of = Trade {
            at: before.at(day.start(moment.config.race.utc_offset)),
            item: before.item(),
            merchant: before.merchant(),
            ..trade(event)
        };
        // The number of purchases is not known if the item is not, or if the record is older than its count.
        let back = self.left_of(event, &of, share, moment);
        let is_counted = back.is_some();
        Some(Trade {
            change: if is_counted { -share } else { 0.0 },
            count: -i32::from(is_counted && ends),
            money: if is_counted {
                after.net().0 - before.net().0
            } else {
                0
            },
            back: back.unwrap_or(share),
            ..of
        })
    }

    /// Returns whether the window still holds a day, as a replay finds too: by the clocks that are recorded with the facts.
    fn is_open(&self, event: &Learned<'_>, day: Day, moment: &Moment<'_>) -> bool {
        let now = match moment.config.clock.mode {
            ClockMode::Wall => moment.wall,
            ClockMode::Event => {
                let latest = self.latest.max(Some(event.at));
                latest.map_or(moment.wall, |at| at.min(moment.wall))
            }
        };
        day >= moment.day(now).plus(-WINDOW_DAYS)
    }

    /// Returns what a refund without purchase takes back of the purchases of its item.
    fn returned_unlinked(&self, event: &Learned<'_>, moment: &Moment<'_>) -> Option<Trade> {
        let item = event.item.some()?;
        let price = self.books.items.details(item).price;
        let share = event.amount.zip(price.filter(|price| *price > 0.0));
        let share = share.map_or(1.0, |(amount, price)| (amount.units() / price).min(1.0));
        let of = trade(event);
        Some(Trade {
            change: -share,
            count: -i32::from(is_all(share)),
            money: -event.worth.map_or(0, |worth| worth.0),
            back: self.left_of(event, &of, share, moment).unwrap_or(0.0),
            ..of
        })
    }

    /// Returns how much a refund of a share of one purchase takes, but not more than purchases of the item gave; `None` if that is not known.
    fn left_of(
        &self,
        event: &Learned<'_>,
        of: &Trade,
        share: f64,
        moment: &Moment<'_>,
    ) -> Option<f64> {
        let bought = self.books.users.figures.bought.get(event.user)?;
        bought.takes(moment.learn().decay, of.item, of.at, share)
    }
}

/// Returns whether a share of the money is all of it.
fn is_all(share: f64) -> bool {
    share >= 1.0
}

/// Returns a trade of the item and the merchant of an event, at its time.
fn trade(event: &Learned<'_>) -> Trade {
    Trade {
        at: event.at,
        item: event.item,
        merchant: event.merchant,
        change: 0.0,
        count: 0,
        money: 0,
        back: 0.0,
        gain: 0.0,
        item_gain: 0.0,
    }
}
