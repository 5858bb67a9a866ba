//! What a user was shown and did not click, as a figure: the newest impressions and clicks of 64 items. It is kept only if a rule `seen`
//! of a live scene counts them.
//!
//! Of each item it holds the newest click, and the newest impressions after it, as many as any rule counts. Items are ordered by their
//! newest sign, an impression or a click; what is not newer than the newest sign of the 65th item is dropped, and never accepted again.
//! So it does not depend on the order of events what it holds: each bound drops the oldest, whenever they come.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::clock::{SECOND, Time};
use crate::decay::Decay;
use crate::id::{Gone, ItemRow};
use crate::model::EventKind;

/// Maximum number of items.
const ITEMS: usize = 64;
/// Largest second: twice of it is a `u32`.
const LAST: i64 = u32::MAX as i64 / 2;

/// An impression or a click of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Sign {
    item: u32,
    /// Twice the second since [`Time::LIKELY`]; for a click one more.
    time: u32,
}

/// The second and the item of a sign. No two items have the same.
type Key = (u32, u32);

/// Returns the second of an instant, since [`Time::LIKELY`]; one out of range counts as the nearest.
#[must_use]
pub fn second(at: Time) -> u32 {
    let second = at.since(Time::LIKELY).div_euclid(SECOND).clamp(0, LAST);
    u32::try_from(second).unwrap_or(0)
}

impl Sign {
    fn new((second, item): Key, is_click: bool) -> Self {
        let time = second << 1 | u32::from(is_click);
        Self { item, time }
    }

    const fn is_click(self) -> bool {
        self.time & 1 == 1
    }

    const fn key(self) -> Key {
        (self.time >> 1, self.item)
    }
}

/// The signs of one user.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Ring {
    /// What is not newer was dropped.
    floor: Option<Key>,
    /// By item and time. Of each item at most one click, which comes before its impressions.
    signs: Vec<Sign>,
}

impl Ring {
    /// Returns the places of the signs of an item.
    fn of(&self, item: u32) -> Range<usize> {
        let start = self.signs.partition_point(|sign| sign.item < item);
        let own = self.signs[start..].iter();
        start..start + own.take_while(|sign| sign.item == item).count()
    }

    /// Adds a sign, of whose item at most `most` impressions are kept. Returns the number of items that were dropped.
    fn add(&mut self, sign: Sign, most: usize) -> usize {
        if self.floor.is_some_and(|floor| sign.key() <= floor) {
            return 0;
        }
        let own = self.of(sign.item);
        let is_new = own.is_empty();
        if sign.is_click() {
            self.click(own, sign);
        } else {
            self.show(own, sign, most);
        }
        if is_new && self.items().count() > ITEMS {
            return self.drop_oldest();
        }
        0
    }

    /// Adds a click, which clears the impressions before it.
    fn click(&mut self, own: Range<usize>, click: Sign) {
        let signs = &self.signs[own.clone()];
        let is_known = signs
            .first()
            .is_some_and(|first| first.is_click() && *first >= click);
        if !is_known {
            let cleared = signs.iter().filter(|sign| **sign <= click).count();
            let cleared = own.start..own.start + cleared;
            self.signs.splice(cleared, [click]);
        }
    }

    /// Adds an impression, unless a click came after it.
    fn show(&mut self, own: Range<usize>, shown: Sign, most: usize) {
        let signs = &self.signs[own.clone()];
        let click = signs.first().filter(|first| first.is_click());
        if click.is_some_and(|click| shown <= *click) {
            return;
        }
        let clicks = usize::from(click.is_some());
        let place = own.start + signs.partition_point(|sign| *sign <= shown);
        if self.signs.len() == self.signs.capacity() {
            self.signs.reserve_exact(4 + self.signs.len() / 4);
        }
        self.signs.insert(place, shown);
        let beyond = (own.len() + 1 - clicks).saturating_sub(most);
        let oldest = own.start + clicks;
        self.signs.drain(oldest..oldest + beyond);
    }

    /// Returns the signs of each item.
    fn items(&self) -> impl Iterator<Item = &[Sign]> {
        self.signs.chunk_by(|one, next| one.item == next.item)
    }

    /// Drops the item whose newest sign is the oldest, and everything that is not newer. Returns the number of items dropped.
    fn drop_oldest(&mut self) -> usize {
        let newest = self.items().filter_map(|signs| signs.last());
        self.raise(newest.map(|sign| sign.key()).min())
    }

    /// Drops what is not newer than a key. Returns the number of items dropped.
    fn raise(&mut self, floor: Option<Key>) -> usize {
        let items = self.items().count();
        self.floor = self.floor.max(floor);
        let floor = self.floor;
        self.signs.retain(|sign| Some(sign.key()) > floor);
        items - self.items().count()
    }
}

/// What one user was shown and did not click; small for a user of whom nothing is kept.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Sights(Option<Box<Ring>>);

impl Sights {
    /// Returns the items with the number of impressions without a click since an instant, as far as they are counted.
    pub fn unclicked(&self, since: Time) -> impl Iterator<Item = (ItemRow, usize)> {
        let since = second(since);
        let items = self.0.iter().flat_map(|ring| ring.items());
        items.filter_map(move |signs| {
            let counts = |sign: &&Sign| !sign.is_click() && sign.key().0 >= since;
            Some((
                ItemRow(signs.first()?.item),
                signs.iter().filter(counts).count(),
            ))
        })
    }
}

impl Sights {
    /// Returns the items with the seconds of their impressions without a click, as [`second`] returns them.
    pub fn seconds(&self) -> impl Iterator<Item = (ItemRow, Vec<u32>)> {
        let items = self.0.iter().flat_map(|ring| ring.items());
        items.filter_map(|signs| {
            let shown = signs.iter().filter(|sign| !sign.is_click());
            let seconds: Vec<u32> = shown.map(|sign| sign.key().0).collect();
            let item = ItemRow(signs.first()?.item);
            (!seconds.is_empty()).then_some((item, seconds))
        })
    }
}

impl Figure for Sights {
    const ON_DEMAND: bool = true;

    #[inline(always)]
    fn concerns(event: &Learned<'_>) -> bool {
        event.sights > 0
            && matches!(event.kind, EventKind::Impression | EventKind::Click)
            && event.item.is_some()
    }

    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) -> usize {
        let key = (second(event.at), event.item.0);
        let sign = Sign::new(key, event.kind == EventKind::Click);
        self.0.get_or_insert_default().add(sign, event.sights)
    }

    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize {
        let Some(other) = other.0.take() else {
            return 0;
        };
        let ring = self.0.get_or_insert_default();
        let dropped = ring.raise(other.floor);
        let signs = other.signs.iter();
        dropped
            + signs
                .map(|sign| ring.add(*sign, learn.sights))
                .sum::<usize>()
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}

    fn knows(&self, gone: Gone) -> bool {
        let ring = self.0.as_ref();
        matches!(gone, Gone::Item(item) if ring.is_some_and(|ring| !ring.of(item.0).is_empty()))
    }

    fn forget(&mut self, gone: Gone) {
        if let (Gone::Item(item), Some(ring)) = (gone, &mut self.0) {
            let own = ring.of(item.0);
            ring.signs.drain(own);
        }
    }

    fn is_blank(&self) -> bool {
        self.0.is_none()
    }

    fn mark(&self, named: &mut Named) {
        let signs = self.0.iter().flat_map(|ring| &ring.signs);
        signs.for_each(|sign| named.item(ItemRow(sign.item)));
    }

    fn heap_bytes(&self) -> usize {
        let ring = self.0.as_ref();
        ring.map_or(0, |ring| {
            size_of_val(&**ring) + ring.signs.capacity() * size_of::<Sign>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Returns what a ring holds after these signs, by its definition.
    fn model(signs: &[Sign], most: usize) -> Vec<Sign> {
        let mut items: BTreeMap<u32, Vec<Sign>> = BTreeMap::new();
        for sign in signs {
            items.entry(sign.item).or_default().push(*sign);
        }
        let mut newest: Vec<Key> = items
            .values()
            .map(|signs| signs.iter().map(|sign| sign.key()).max().unwrap())
            .collect();
        newest.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
        let floor = newest.get(ITEMS).copied();
        let mut held = Vec::new();
        for mut signs in items.into_values() {
            signs.sort_unstable();
            let click = signs.iter().rfind(|sign| sign.is_click()).copied();
            let after = signs.iter().filter(|sign| Some(**sign) > click);
            let after: Vec<Sign> = after.copied().collect();
            held.extend(click);
            held.extend(&after[after.len().saturating_sub(most)..]);
        }
        held.retain(|sign| Some(sign.key()) > floor);
        held
    }

    fn ring(signs: &[Sign], most: usize) -> Ring {
        let mut ring = Ring::default();
        for sign in signs {
            ring.add(*sign, most);
        }
        ring
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn a_ring_follows_its_definition_in_any_order(
            signs in prop::collection::vec((0u32..90, 0u32..400, 0u8..6), 0..400), most in 1usize..5, seed in any::<u64>(),
        ) {
            let sign = |&(item, second, kind): &(u32, u32, u8)| Sign::new((second, item), kind == 0);
            let mut signs: Vec<Sign> = signs.iter().map(sign).collect();
            let right = model(&signs, most);
            for _ in 0..3 {
                prop_assert_eq!(&ring(&signs, most).signs, &right);
                Random::new(seed).shuffle(&mut signs);
            }
            let (one, other) = signs.split_at(signs.len() / 2);
            let (mut one, mut other) = (ring(one, most), ring(other, most));
            one.raise(other.floor);
            other.signs.drain(..).for_each(|sign| { one.add(sign, most); });
            prop_assert_eq!(&one.signs, &right, "of two users who are one");
            let stored = postcard::to_allocvec(&one).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Ring>(&stored).unwrap().signs, one.signs);
        }
    }

    #[test]
    fn a_click_clears_an_item() {
        let at = |second: i64| Time::LIKELY.plus(second * SECOND);
        let sign = |second: i64, is_click| Sign::new((super::second(at(second)), 7), is_click);
        let mut sights = Sights::default();
        let count = |sights: &Sights, since: i64| sights.unclicked(at(since)).next().unwrap();
        for second in [10, 20, 30] {
            let ring = sights.0.get_or_insert_default();
            ring.add(sign(second, false), 3);
        }
        assert_eq!(count(&sights, 0), (ItemRow(7), 3));
        assert_eq!(count(&sights, 20), (ItemRow(7), 2));
        sights.0.as_mut().unwrap().add(sign(20, true), 3);
        assert_eq!(count(&sights, 0), (ItemRow(7), 1));
    }
}
