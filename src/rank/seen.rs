//! The rule `seen`: items that the user was shown so often without a click that they are hidden, or that their own is multiplied.

use super::resolve::Candidate;
use super::view::View;
use crate::clock::{DAY, Time};
use crate::config::Seen as Limit;
use crate::id::{ItemRow, UserRow};
use crate::model::FactorPart;
use crate::number::narrow;

/// What the user of one request was shown too often.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// Items that are hidden, sorted.
    hidden: Vec<ItemRow>,
    /// Items that count for less, with the product of their factors, sorted.
    lowered: Vec<(ItemRow, f32)>,
    /// The limits that each item lowered is beyond.
    why: Vec<(ItemRow, &'a str, &'a Limit)>,
}

impl<'a> Seen<'a> {
    /// Returns what a user was shown too often by the live rules; `None` if there is nothing.
    pub(super) fn of(
        limits: Option<&[(&'a str, &'a Limit)]>,
        user: Option<UserRow>,
        view: &View<'_>,
    ) -> Option<Self> {
        let limits = limits.filter(|limits| !limits.is_empty())?;
        let sights = view.users.figures.sights.get(user?)?;
        Self::new(limits, view.as_of, |since| sights.unclicked(since))
    }

    /// Does the same at an instant, given the items with the number of impressions without a click since another.
    pub(super) fn new<I: Iterator<Item = (ItemRow, usize)>>(
        limits: &[(&'a str, &'a Limit)],
        as_of: Time,
        unclicked: impl Fn(Time) -> I,
    ) -> Option<Self> {
        let (mut hidden, mut why) = (Vec::new(), Vec::new());
        for &(name, limit) in limits {
            let items = unclicked(as_of.plus(-i64::from(limit.days) * DAY));
            for (item, _) in items.filter(|(_, count)| *count >= limit.after) {
                match limit.factor {
                    None => hidden.push(item),
                    Some(_) => why.push((item, name, limit)),
                }
            }
        }
        hidden.sort_unstable();
        why.sort_by_key(|(item, ..)| *item);
        let product = |of: &[(ItemRow, &str, &Limit)]| {
            let factors = of.iter().filter_map(|(.., limit)| limit.factor);
            Some((of.first()?.0, narrow(factors.product())))
        };
        let lowered = why.chunk_by(|(one, ..), (next, ..)| one == next);
        let lowered: Vec<(ItemRow, f32)> = lowered.filter_map(product).collect();
        let is_any = !hidden.is_empty() || !lowered.is_empty();
        is_any.then_some(Self {
            hidden,
            lowered,
            why,
        })
    }

    /// Returns whether it hides any item.
    pub(super) fn hides_any(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Returns whether it hides an item.
    pub(super) fn hides(&self, item: ItemRow) -> bool {
        self.hidden.binary_search(&item).is_ok()
    }

    /// Returns whether it lowers any item.
    pub(super) fn lowers(&self) -> bool {
        !self.lowered.is_empty()
    }

    /// Fills in the factors of one block of candidates: 1 for those that are not lowered.
    pub(super) fn fill(&self, block: &[Candidate<'_>], factors: &mut [f32]) {
        for (candidate, factor) in block.iter().zip(factors) {
            *factor = self.factor(candidate.row).unwrap_or(1.0);
        }
    }

    /// Returns the factor of an item, if it is lowered.
    pub(super) fn factor(&self, item: ItemRow) -> Option<f32> {
        let found = self.lowered.binary_search_by_key(&item, |(item, _)| *item);
        found.ok().map(|place| self.lowered[place].1)
    }

    /// Returns the factor of an item with its reason, if it is lowered.
    pub(super) fn explain(&self, item: ItemRow) -> Option<FactorPart> {
        let of = self.why.iter().filter(|(known, ..)| *known == item);
        let reason = of.map(|(_, name, limit)| {
            let Limit { after, days, .. } = limit;
            format!("{name}: shown at least {after} times in {days} days without a click")
        });
        Some(FactorPart {
            name: "seen",
            factor: self.factor(item)?,
            reason: reason.collect::<Vec<_>>().join("; "),
        })
    }
}
