//! What a merge of users settles: one of them returned, without naming a purchase, what the other had bought. Such a refund took nothing
//! from the one who sent it, so that it takes back from both what purchases of the item gave, as if they had been one from the start.

use super::{Facts, Moment};
use crate::clock::Time;
use crate::feature::{Bought, Trade};
use crate::id::{ItemRow, UserRow};
use crate::model::EventKind;

impl Facts {
    /// Returns what refunds by one of two users take back of the purchases of the other.
    pub(super) fn unsettled(&self, users: [UserRow; 2], moment: &Moment<'_>) -> Vec<Trade> {
        let bought = users.map(|user| self.books.users.figures.bought.get(user));
        let [Some(one), Some(other)] = bought else {
            return Vec::new();
        };
        let (decay, at) = (moment.learn().decay, self.latest.unwrap_or(moment.wall));
        let back = |item| {
            let count = |bought: &Bought| bought.count(decay, item, at).unwrap_or(0.0);
            let (one, other) = (count(one), count(other));
            let returned = one.min(other).min(0.0).abs();
            returned.min(one.max(other).max(0.0))
        };
        let trades = one.items().map(|item| (item, back(item)));
        let trades = trades.filter(|(_, back)| *back > 0.0);
        trades
            .map(|(item, back)| self.taken(item, back, at, moment))
            .collect()
    }

    /// Returns the trade that takes back a part of one purchase of an item.
    fn taken(&self, item: ItemRow, back: f64, at: Time, moment: &Moment<'_>) -> Trade {
        let (kind, config) = (EventKind::Purchase, moment.config);
        Trade {
            at,
            item,
            merchant: self.books.items.get(item).merchant,
            change: 0.0,
            count: 0,
            money: 0,
            back,
            gain: config.profile.gains[kind as usize],
            item_gain: self.item_gain(kind, item, config),
        }
    }

    /// Takes these trades back from the profile of a user.
    pub(super) fn settle(&mut self, user: UserRow, trades: &[Trade], moment: &Moment<'_>) {
        let (learn, mut tags) = (moment.learn(), std::mem::take(&mut self.item_tags));
        for trade in trades {
            self.copy_tags(trade.item, &mut tags);
            let profile = self.books.users.figures.profile.get_mut(user);
            profile.take_back(trade, &tags, &learn);
            tags.clear();
        }
        self.item_tags = tags;
    }
}
