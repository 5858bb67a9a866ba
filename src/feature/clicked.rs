//! Whom a user clicked on, as a figure: the last click on each item, merchant and creator, and the last purchase of each item.
//!
//! It tells whether an exposure or a click is still evidence: a user counts once a runner, and again after 28 days. A bounded list: when
//! it is full of recent clicks, further ones are not kept, and nothing is evidence of what the list does not name. Dropping the oldest
//! instead would let one account count as often as it likes.

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::clock::{DAY, SECOND, Time};
use crate::decay::Decay;
use crate::id::{Gone, ItemRow, KeyOf, LastClick, RunnerKey};
use crate::model::EventKind;

/// Seconds after which a click may be dropped: longer than a user needs to count again, and than a newcomer is watched.
const KEPT: i64 = 32 * DAY / SECOND;

/// Bits of a key that mark the purchase of an item.
const BOUGHT: u32 = 0b11 << 30;

/// The last click of one user on one runner.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Click {
    /// The runner's key, or that of an item with [`BOUGHT`].
    key: u32,
    at: LastClick,
}

/// The last clicks of one user, by key.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Clicked(Box<[Click]>);

/// Returns the keys of the runners of an impression or a click; of the purchase of an item.
fn keys(event: &Learned<'_>) -> [Option<u32>; 3] {
    if event.kind == EventKind::Purchase {
        return [bought(event.item), None, None];
    }
    event.runners().map(|runner| runner.map(RunnerKey::number))
}

fn bought(item: ItemRow) -> Option<u32> {
    RunnerKey::new(KeyOf::Item(item)).map(|key| key.number() | BOUGHT)
}

/// Returns the key of the purchase of a deleted item.
fn bought_of(gone: Gone) -> Option<u32> {
    match gone {
        Gone::Item(item) => bought(item),
        Gone::Merchant(_) | Gone::Creator(_) | Gone::User(_) => None,
    }
}

/// Returns whether a click may be dropped at an instant.
fn is_old(click: LastClick, now: LastClick) -> bool {
    let age = click.before(now);
    age.is_some_and(|seconds| i64::from(seconds) > KEPT)
}

impl Clicked {
    /// Returns the last click on each runner of an event, or the last purchase of its item, before the event.
    #[must_use]
    pub fn last(&self, event: &Learned<'_>, most: usize) -> [LastClick; 3] {
        keys(event).map(|key| self.last_of(key, event.at, most))
    }

    /// Returns the last click on each of some runners, as an exposure at an instant finds it.
    #[must_use]
    pub fn last_clicks(
        &self,
        runners: [Option<RunnerKey>; 3],
        at: Time,
        most: usize,
    ) -> [LastClick; 3] {
        runners.map(|runner| self.last_of(runner.map(RunnerKey::number), at, most))
    }

    fn last_of(&self, key: Option<u32>, at: Time, most: usize) -> LastClick {
        let Some(key) = key else {
            return LastClick::UNKNOWN;
        };
        match self.find(key) {
            Ok(place) => self.0[place].at,
            Err(_) if self.has_room(LastClick::at(at), most) => LastClick::NEVER,
            Err(_) => LastClick::UNKNOWN,
        }
    }

    fn find(&self, key: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |click| click.key)
    }

    fn has_room(&self, now: LastClick, most: usize) -> bool {
        let oldest = || self.0.iter().map(|click| click.at).min();
        self.0.len() < most || oldest().is_some_and(|oldest| is_old(oldest, now))
    }

    /// Notes a click. Returns whether it is not kept.
    fn note(&mut self, key: u32, now: LastClick, most: usize) -> bool {
        if let Ok(place) = self.find(key) {
            self.0[place].at = self.0[place].at.max(now);
            return false;
        }
        if !self.has_room(now, most) {
            return true;
        }
        let mut clicks = std::mem::take(&mut self.0).into_vec();
        if clicks.len() >= most {
            clicks.retain(|click| !is_old(click.at, now));
        }
        let is_full = clicks.len() >= most;
        if !is_full {
            let place = clicks.partition_point(|click| click.key < key);
            clicks.reserve_exact(1);
            clicks.insert(place, Click { key, at: now });
        }
        self.0 = clicks.into_boxed_slice();
        is_full
    }
}

impl Figure for Clicked {
    fn concerns(event: &Learned<'_>) -> bool {
        matches!(event.kind, EventKind::Click | EventKind::Purchase)
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize {
        let (now, most) = (LastClick::at(event.at), moment.config.exposure.clicks);
        let keys = keys(event).into_iter().flatten();
        keys.filter(|key| self.note(*key, now, most)).count()
    }

    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize {
        let other = std::mem::take(&mut other.0);
        let mut both = std::mem::take(&mut self.0).into_vec();
        both.extend(other);
        // Of two clicks on one runner the later one.
        both.sort_unstable_by_key(|click| (click.key, std::cmp::Reverse(click.at)));
        both.dedup_by_key(|click| click.key);
        let beyond = both.len().saturating_sub(learn.max_clicks);
        if beyond > 0 {
            both.sort_unstable_by_key(|click| (std::cmp::Reverse(click.at), click.key));
            both.truncate(learn.max_clicks);
            both.sort_unstable_by_key(|click| click.key);
        }
        self.0 = both.into_boxed_slice();
        beyond
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}

    fn knows(&self, gone: Gone) -> bool {
        let own = gone.key().map(RunnerKey::number);
        let purchase = bought_of(gone);
        let mut keys = [own, purchase].into_iter().flatten();
        keys.any(|key| self.find(key).is_ok())
    }

    fn forget(&mut self, gone: Gone) {
        let Some(own) = gone.key().map(RunnerKey::number) else {
            return;
        };
        let purchase = bought_of(gone);
        let mut clicks = std::mem::take(&mut self.0).into_vec();
        clicks.retain(|click| click.key != own && Some(click.key) != purchase);
        self.0 = clicks.into_boxed_slice();
    }

    fn mark(&self, named: &mut Named) {
        for click in &self.0 {
            match key_of(click.key) {
                KeyOf::Item(item) => named.item(item),
                KeyOf::Merchant(merchant) => named.merchant(merchant),
                KeyOf::Creator(creator) => named.tag(creator.into()),
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// Returns the runner of a key, of a purchase too.
const fn key_of(key: u32) -> KeyOf {
    if key & BOUGHT == BOUGHT {
        return RunnerKey::from_number(key & !BOUGHT).of();
    }
    RunnerKey::from_number(key).of()
}
