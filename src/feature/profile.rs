//! The learnt profile of a user: decayed histories with tags, items and merchants, and follows.

use serde::{Deserialize, Serialize};

use super::bond::Bond;
use super::decayed::{Decayed, Sums};
use super::figure::Figure;
use super::history::{Entry, History};
use super::learned::{Learned, Trade};
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::clock::Time;
use crate::decay::Decay;
use crate::id::{Gone, ItemRow, MerchantRow, TagId};
use crate::model::EventKind;

/// The profile of one user.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Profile {
    histories: Decayed<Histories>,
    follows: Vec<Follow>,
    /// Number of events of the user.
    pub events: u32,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Histories {
    tags: History,
    items: History,
    merchants: History,
}

impl Sums for Histories {
    fn scale(&mut self, factor: f64) {
        self.tags.scale(factor);
        self.items.scale(factor);
        self.merchants.scale(factor);
    }

    fn is_blank(&self) -> bool {
        [&self.tags, &self.items, &self.merchants]
            .iter()
            .all(|history| history.is_empty())
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Follow {
    bond: Bond,
    at: Time,
    holds: bool,
}

impl Profile {
    /// Prepares for gains at an instant; returns what a gain of 1 adds to a sum.
    pub fn open(&mut self, learn: &Learn, at: Time) -> f64 {
        self.histories.open(learn.decay, at)
    }

    /// Adds to the history with a tag. Returns the number of entries evicted.
    pub fn add_tag(&mut self, learn: &Learn, tag: TagId, amount: f64) -> usize {
        self.histories.sums.tags.add(tag.0, amount, learn.max_tags)
    }

    /// Adds to the history with an item. Returns the number of entries evicted.
    pub fn add_item(&mut self, learn: &Learn, item: ItemRow, amount: f64) -> usize {
        self.histories
            .sums
            .items
            .add(item.0, amount, learn.max_items)
    }

    /// Adds to the history with a merchant. Returns the number of entries evicted.
    pub fn add_merchant(&mut self, learn: &Learn, merchant: MerchantRow, amount: f64) -> usize {
        self.histories
            .sums
            .merchants
            .add(merchant.0, amount, learn.max_merchants)
    }

    /// Records a follow or an unfollow. The latest by time holds; of two at one instant, the unfollow. At the bound, unfollows are evicted
    /// before follows, earliest first. Returns the number of entries evicted.
    pub fn follow(&mut self, learn: &Learn, bond: Bond, at: Time, holds: bool) -> usize {
        if let Some(known) = self.follows.iter_mut().find(|follow| follow.bond == bond) {
            if at > known.at || (at == known.at && !holds) {
                *known = Follow { bond, at, holds };
            }
            return 0;
        }
        self.follows.push(Follow { bond, at, holds });
        let over = self.follows.len().saturating_sub(learn.max_follows);
        for _ in 0..over {
            let earliest = (0..self.follows.len())
                .min_by_key(|&place| (self.follows[place].holds, self.follows[place].at));
            self.follows.swap_remove(earliest.unwrap_or(0));
        }
        over
    }

    /// Prefetches the three histories.
    pub fn prefetch(&self) {
        for history in [
            &self.histories.sums.tags,
            &self.histories.sums.items,
            &self.histories.sums.merchants,
        ] {
            history.prefetch();
        }
    }

    /// Returns the factor that turns a weight of a history into its value at an instant.
    #[must_use]
    pub fn left(&self, decay: Decay, at: Time) -> f64 {
        self.histories.left(decay, at)
    }

    /// Returns the history with tags.
    #[must_use]
    pub fn tags(&self) -> &History {
        &self.histories.sums.tags
    }

    /// Returns the values of the weights of some tags, those below 0 and those without a weight as 0, given what is [`Self::left`].
    #[must_use]
    pub fn liking<const N: usize>(&self, tags: &[TagId; N], left: f64) -> [f64; N] {
        let mut values = [0.0; N];
        for entry in self.tags().entries() {
            if let Some(place) = tags.iter().position(|tag| tag.0 == entry.key) {
                values[place] = (entry.weight * left).max(0.0);
            }
        }
        values
    }

    /// Returns the history with items.
    #[must_use]
    pub fn items(&self) -> &History {
        &self.histories.sums.items
    }

    /// Returns the history with merchants, without the bonds of follows.
    #[must_use]
    pub fn merchants(&self) -> &History {
        &self.histories.sums.merchants
    }

    /// Returns the merchants and creators that the user follows.
    pub fn follows(&self) -> impl Iterator<Item = Bond> {
        self.follows
            .iter()
            .filter(|follow| follow.holds)
            .map(|follow| follow.bond)
    }

    /// Adds the gains of an event to the histories. Returns the number of entries evicted.
    fn gain(&mut self, event: &Learned<'_>, learn: &Learn) -> usize {
        let (gain, item_gain) = (event.gain, event.item_gain);
        if gain.abs() <= 0.0 && item_gain.abs() <= 0.0 {
            return 0;
        }
        let growth = self.open(learn, event.at);
        let weighed = event.tags.iter().filter(|(_, weight)| weight.abs() > 0.0);
        let tags = weighed.map(|&(tag, weight)| Entry {
            key: tag.0,
            weight: gain * f64::from(weight) * growth,
        });
        let mut evicted = self.histories.sums.tags.add_all(tags, learn.max_tags);
        if event.item.is_some() && item_gain.abs() > 0.0 {
            evicted += self.add_item(learn, event.item, item_gain * growth);
        }
        if event.merchant.is_some() && gain.abs() > 0.0 {
            evicted += self.add_merchant(learn, event.merchant, gain * growth);
        }
        evicted
    }

    /// Takes back what a purchase gave to the histories, for the part that is refunded.
    pub fn take_back(&mut self, trade: &Trade, tags: &[(TagId, f32)], learn: &Learn) {
        let part = trade.back * self.open(learn, trade.at);
        let sums = &mut self.histories.sums;
        for &(tag, weight) in tags {
            sums.tags.take(tag.0, trade.gain * f64::from(weight) * part);
        }
        if trade.item.is_some() {
            sums.items.take(trade.item.0, trade.item_gain * part);
        }
        if trade.merchant.is_some() {
            sums.merchants.take(trade.merchant.0, trade.gain * part);
        }
    }
}

impl Figure for Profile {
    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize {
        self.events = self.events.saturating_add(1);
        let learn = moment.learn();
        let holds = event.kind == EventKind::Follow;
        let bond = event.bond;
        let evicted = bond.map_or(0, |bond| self.follow(&learn, bond, event.at, holds));
        let evicted = evicted + self.gain(event, &learn);
        let trade = event.trade.filter(|trade| trade.back > 0.0);
        trade
            .iter()
            .for_each(|trade| self.take_back(trade, event.tags, &learn));
        evicted
    }

    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize {
        let other = std::mem::take(other);
        self.events = self.events.saturating_add(other.events);
        let mut evicted = 0;
        for Follow { bond, at, holds } in other.follows {
            evicted += self.follow(learn, bond, at, holds);
        }
        let theirs = self.histories.meet(other.histories);
        let ours = &mut self.histories.sums;
        evicted += ours.tags.absorb(&theirs.tags, learn.max_tags);
        evicted += ours.items.absorb(&theirs.items, learn.max_items);
        let theirs = &theirs.merchants;
        evicted + ours.merchants.absorb(theirs, learn.max_merchants)
    }

    fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
        self.histories.change_decay(from, to, at);
    }

    fn knows(&self, gone: Gone) -> bool {
        match gone {
            Gone::Item(item) => self.items().has(item.0),
            Gone::Merchant(merchant) => {
                let bond = Bond::Merchant(merchant);
                self.merchants().has(merchant.0)
                    || self.follows.iter().any(|follow| follow.bond == bond)
            }
            Gone::Creator(creator) => {
                let bond = Bond::Creator(creator.into());
                self.tags().has(TagId::from(creator).0)
                    || self.follows.iter().any(|follow| follow.bond == bond)
            }
            Gone::User(_) => false,
        }
    }

    fn forget(&mut self, gone: Gone) {
        let sums = &mut self.histories.sums;
        match gone {
            Gone::Item(item) => sums.items.forget(item.0),
            Gone::Merchant(merchant) => {
                sums.merchants.forget(merchant.0);
                let bond = Bond::Merchant(merchant);
                self.follows.retain(|follow| follow.bond != bond);
            }
            Gone::Creator(creator) => {
                sums.tags.forget(TagId::from(creator).0);
                let bond = Bond::Creator(creator.into());
                self.follows.retain(|follow| follow.bond != bond);
            }
            Gone::User(_) => {}
        }
    }

    fn mark(&self, named: &mut Named) {
        let tags = self.tags().entries();
        tags.for_each(|entry| named.tag(TagId(entry.key)));
        let items = self.items().entries();
        items.for_each(|entry| named.item(ItemRow(entry.key)));
        let merchants = self.merchants().entries();
        merchants.for_each(|entry| named.merchant(MerchantRow(entry.key)));
        self.follows
            .iter()
            .for_each(|follow| named.bond(follow.bond));
    }

    fn heap_bytes(&self) -> usize {
        self.tags().bytes()
            + self.items().bytes()
            + self.merchants().bytes()
            + self.follows.capacity() * size_of::<Follow>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use proptest::prelude::*;

    fn learn(half_life_days: f64) -> Learn {
        #[expect(clippy::cast_precision_loss, reason = "a day in milliseconds is exact")]
        let day = DAY as f64;
        Learn {
            decay: Decay::new(half_life_days * day),
            max_items: 50,
            max_tags: 30,
            max_merchants: 20,
            max_follows: 3,
            max_clicks: 10,
            sights: 1,
        }
    }

    fn at(day: i64) -> Time {
        Time::default().plus(day * DAY)
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn sums_follow_the_formula_in_any_order(mut events in prop::collection::vec((0i64..4_000, -8.0..8.0f64), 1..40), half_life in 1.0..90.0f64) {
            let learn = learn(half_life);
            let now = at(4_000);
            let expected: f64 = events.iter().map(|&(day, gain)| gain * (-(4_000.0 - f64::from(i32::try_from(day).unwrap())) / half_life).exp2()).sum();
            for _ in 0..2 {
                let mut profile = Profile::default();
                for &(day, gain) in &events {
                    let growth = profile.open(&learn, at(day));
                    profile.add_item(&learn, ItemRow(7), gain * growth);
                }
                let got = profile.items().entries().next().unwrap().weight * profile.left(learn.decay, now);
                prop_assert!((got - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{got} {expected}");
                events.reverse();
            }
        }
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn absorbing_equals_learning_it_all(events in prop::collection::vec((any::<bool>(), 0u32..5, 0i64..4_000, -8.0..8.0f64), 0..40)) {
            let learn = learn(20.0);
            let now = at(4_000);
            let [mut all, mut one, mut other] = [const { None::<Profile> }; 3].map(Option::unwrap_or_default);
            for &(is_other, item, day, gain) in &events {
                for profile in [&mut all, if is_other { &mut other } else { &mut one }] {
                    let growth = profile.open(&learn, at(day));
                    profile.add_item(&learn, ItemRow(item), gain * growth);
                    profile.events += 1;
                    profile.follow(&learn, Bond::Merchant(MerchantRow(item % 2)), at(day), gain > 0.0);
                }
            }
            one.absorb(&mut other, &learn);
            let read = |profile: &Profile| {
                let left = profile.left(learn.decay, now);
                let mut items: Vec<(u32, f64)> = profile.items().entries().map(|it| (it.key, it.weight * left)).collect();
                items.sort_by_key(|(key, _)| *key);
                items
            };
            prop_assert_eq!(one.events, all.events);
            let follows = |profile: &Profile| [0, 1].map(|row| profile.follows().any(|bond| bond == Bond::Merchant(MerchantRow(row))));
            prop_assert_eq!(follows(&one), follows(&all));
            let (merged, learnt) = (read(&one), read(&all));
            prop_assert_eq!(merged.len(), learnt.len());
            for ((key, one), (other_key, other)) in merged.iter().zip(&learnt) {
                prop_assert_eq!(key, other_key);
                prop_assert!((one - other).abs() <= 1e-9 * (1.0 + other.abs()), "{} {}", one, other);
            }
            prop_assert_eq!(other.events, 0);
        }
    }

    #[test]
    fn the_latest_follow_by_time_holds() {
        let learn = learn(60.0);
        let bond = Bond::Merchant(MerchantRow(1));
        for order in [[(1, true), (2, false)], [(2, false), (1, true)]] {
            let mut profile = Profile::default();
            for (day, holds) in order {
                profile.follow(&learn, bond, at(day), holds);
            }
            assert_eq!(profile.follows().count(), 0);
            profile.follow(&learn, bond, at(3), true);
            assert!(profile.follows().eq([bond]));
        }
    }
}
