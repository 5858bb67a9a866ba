//! An event as books and figures learn from it: every id is resolved once, for all of them.

use super::bond::Bond;
use crate::clock::{Day, Time};
use crate::id::{
    CreatorRow, EventId, ItemRow, KeyOf, LastClick, MerchantRow, RunnerKey, SceneId, TagId, UserRow,
};
use crate::model::{EventKind, Goal};
use crate::money::Money;

/// An event with its ids resolved to rows.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// The kind of the event.
    pub kind: EventKind,
    /// The time of the event.
    pub at: Time,
    /// The day of the event, by the configured offset from UTC.
    pub day: Day,
    /// True if the event is older than the race's window: it opens no history and teaches no profile.
    pub late: bool,
    /// Hash of the event's id, if it has one.
    pub id: Option<EventId>,
    /// The content of the event as a number, if it has an id; else 0.
    pub content: u32,
    /// The user; [`UserRow::NONE`] if the user was deleted, so that nothing may be learnt of the person.
    pub user: UserRow,
    /// The user as a buyer; a deleted user's sales stay, under a row without a name.
    pub buyer: UserRow,
    /// The item; [`ItemRow::NONE`] if the event names none.
    pub item: ItemRow,
    /// The merchant of the event or of its item; [`MerchantRow::NONE`] if there is none.
    pub merchant: MerchantRow,
    /// The creator of the item; [`CreatorRow::NONE`] if there is none.
    pub creator: CreatorRow,
    /// The scene of an impression.
    pub scene: SceneId,
    /// The place of an impression, if it gives one.
    pub place: Option<u32>,
    /// The user's last click on item, merchant and creator before an impression or a click; the last purchase of the item before a
    /// purchase.
    pub last: [LastClick; 3],
    /// The most impressions of one item that are remembered; 0 if no rule counts them.
    pub sights: usize,
    /// True if a scene weighs the goals of merchants.
    pub goals: bool,
    /// The goal of the merchant of an impression, and whether it holds for the user.
    pub goal: Option<(Goal, bool)>,
    /// The tags of the item, or of the item that is returned, with their weights, if something is learnt of them.
    pub tags: &'a [(TagId, f32)],
    /// The merchant or creator that a follow or unfollow is about.
    pub bond: Option<Bond>,
    /// The configured gain of this kind of event.
    pub gain: f64,
    /// The gain for the history with the item itself, which a category may set apart.
    pub item_gain: f64,
    /// Number of the purchase that the event is or refunds, if it has one.
    pub purchase: Option<u64>,
    /// Number of units; 1 if the event gives none.
    pub quantity: f64,
    /// The amount of the whole event, if it gives one.
    pub amount: Option<Money>,
    /// Money of a whole purchase or refund: the amount, else the listed price × quantity; `None` if neither is known, and for other events.
    pub worth: Option<Money>,
    /// What a purchase gives to the profile or a refund takes back; `None` for other events.
    pub trade: Option<Trade>,
}

impl Learned<'_> {
    /// Returns the item, the merchant and the creator of the event, as far as it names them.
    #[must_use]
    pub const fn runners(&self) -> [Option<RunnerKey>; 3] {
        [
            RunnerKey::new(KeyOf::Item(self.item)),
            RunnerKey::new(KeyOf::Merchant(self.merchant)),
            RunnerKey::new(KeyOf::Creator(self.creator)),
        ]
    }
}

/// A purchase or what a refund takes back of one, as the profile of its user learns it.
#[derive(Clone, Copy, Debug)]
pub struct Trade {
    /// The time of the purchase; of the refund itself if it names none.
    pub at: Time,
    /// The item of the purchase; [`ItemRow::NONE`] if there is none, or if it was deleted since.
    pub item: ItemRow,
    /// The merchant of the purchase.
    pub merchant: MerchantRow,
    /// Change of the number of purchases of the item: 1 for a purchase, less the shares that are refunded.
    pub change: f64,
    /// Change of the number of purchases that were not refunded in full.
    pub count: i32,
    /// Change of the money spent on the item, in millionths of the currency's unit.
    pub money: i64,
    /// Part of one purchase that is taken back from the histories, in [0, 1].
    pub back: f64,
    /// The gain of a purchase.
    pub gain: f64,
    /// The gain of a purchase for the history with the item itself.
    pub item_gain: f64,
}
