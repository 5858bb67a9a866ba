//! What one user bought, by item: a bounded history of decayed numbers of purchases, each with the days and the money behind it.
//!
//! A number and its mark have the same place in two lists, so that what compares numbers reads nothing else. A number takes 12 bytes, a
//! mark 20.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::decayed::Sums;
use super::history::{Entry, History};
use crate::clock::{SECOND, Time};

/// When an item was bought first and last, how often and for how much. Marks are joined in any order.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Mark {
    /// Second of the first purchase since 1970; `u32::MAX` without any.
    pub(super) first: u32,
    /// Second of the last purchase since 1970; 0 without any.
    pub(super) last: u32,
    /// Number of purchases that were not refunded in full.
    pub(super) count: i32,
    /// Money of the purchases, less refunds, in two halves, the lower one first: whole, it would take four bytes more.
    sum: [u32; 2],
}

impl Mark {
    /// The mark of a number of which nothing else is known.
    pub(super) const NONE: Self = Self {
        first: u32::MAX,
        last: 0,
        count: 0,
        sum: [0; 2],
    };

    /// Returns the mark of a purchase at an instant.
    pub(super) fn bought(at: Time, count: i32, sum: i64) -> Self {
        let second = second(at);
        Self {
            first: second,
            last: second,
            ..Self::changed(count, sum)
        }
    }

    /// Returns the mark of a refund, which changes neither the first nor the last purchase.
    pub(super) fn changed(count: i32, sum: i64) -> Self {
        Self {
            count,
            sum: halves(sum),
            ..Self::NONE
        }
    }

    fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
        self.sum = halves(self.sum().saturating_add(other.sum()));
    }

    /// Returns the money of the purchases, less refunds, in millionths of the currency's unit.
    pub(super) fn sum(&self) -> i64 {
        let [low, high] = self.sum.map(u64::from);
        (high << u32::BITS | low).cast_signed()
    }
}

/// Returns the lower and the upper half of a number.
fn halves(number: i64) -> [u32; 2] {
    let number = number.cast_unsigned();
    [number & u64::from(u32::MAX), number >> u32::BITS].map(|half| u32::try_from(half).unwrap_or(0))
}

/// Returns the second of an instant since 1970; one out of range counts as the nearest.
fn second(at: Time) -> u32 {
    let second = at.millis().div_euclid(SECOND);
    u32::try_from(second.max(0)).unwrap_or(u32::MAX - 1)
}

/// The numbers and marks of one user, by item.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<Pair>")]
pub(super) struct Pairs {
    numbers: History,
    marks: Vec<Mark>,
}

/// One item, as it is stored.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Pair {
    number: Entry,
    mark: Mark,
}

impl Pairs {
    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Returns the decayed number of purchases by item.
    pub(super) fn numbers(&self) -> &History {
        &self.numbers
    }

    /// Returns the marks, in the order of the numbers.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Adds to the number of an item, within a bound on the items: beyond it the weakest number is evicted. Returns how many were.
    pub(super) fn add(&mut self, item: u32, change: f64, mark: Mark, bound: usize) -> usize {
        let number = Entry {
            key: item,
            weight: change,
        };
        if let Some(place) = self.numbers.place_of(item) {
            self.numbers.add_at(place, change);
            let known = self.marks.get_mut(place);
            known.into_iter().for_each(|known| known.join(mark));
            return 0;
        }
        let len = self.len();
        if len < bound {
            self.numbers.push(number, bound);
            self.grow(bound);
            self.marks.push(mark);
            return 0;
        }
        if len > bound {
            self.keep_strongest(bound);
        }
        let place = self.numbers.displace(number);
        if let Some(known) = place.and_then(|place| self.marks.get_mut(place)) {
            *known = mark;
        }
        len - bound + 1
    }

    /// Makes room for one more mark: by half, never past the bound.
    fn grow(&mut self, bound: usize) {
        let len = self.marks.len();
        if len == self.marks.capacity() {
            let most = bound.saturating_sub(len).max(1);
            self.marks.reserve_exact((len / 2).clamp(1, most));
        }
    }

    /// Adds every number of another user, within a bound on the items. Returns how many were evicted.
    pub(super) fn absorb(&mut self, other: &Self, bound: usize) -> usize {
        let pairs = other.pairs();
        pairs
            .map(|Pair { number, mark }| self.add(number.key, number.weight, mark, bound))
            .sum()
    }

    /// Removes an item.
    pub(super) fn forget(&mut self, item: u32) {
        if self.numbers.has(item) {
            let kept = self.pairs().filter(|pair| pair.number.key != item);
            *self = kept.collect::<Vec<_>>().into();
        }
    }

    /// Returns the bytes held on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.numbers.bytes() + self.marks.capacity() * size_of::<Mark>()
    }

    fn keep_strongest(&mut self, bound: usize) {
        let mut pairs: Vec<Pair> = self.pairs().collect();
        let size = |pair: &Pair| pair.number.weight.abs();
        pairs.sort_by(|a, b| size(b).total_cmp(&size(a)));
        pairs.truncate(bound);
        *self = pairs.into();
    }

    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let pairs = self.numbers.entries().zip(&self.marks);
        pairs.map(|(number, mark)| Pair {
            number,
            mark: *mark,
        })
    }
}

impl Sums for Pairs {
    fn scale(&mut self, factor: f64) {
        self.numbers.scale(factor);
    }

    fn is_blank(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl From<Vec<Pair>> for Pairs {
    fn from(pairs: Vec<Pair>) -> Self {
        let numbers: Vec<Entry> = pairs.iter().map(|pair| pair.number).collect();
        Self {
            numbers: numbers.into(),
            marks: pairs.into_iter().map(|pair| pair.mark).collect(),
        }
    }
}

impl From<History> for Pairs {
    fn from(numbers: History) -> Self {
        Self {
            marks: vec![Mark::NONE; numbers.len()],
            numbers,
        }
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pairs = serializer.serialize_seq(Some(self.len()))?;
        for pair in self.pairs() {
            pairs.serialize_element(&pair)?;
        }
        pairs.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Returns what is held, by item; numbers to seven digits, because sums of floats depend on their order.
    fn held(pairs: &Pairs) -> BTreeMap<u32, (String, u32, u32, i32, String)> {
        let of = |Pair { number, mark }: Pair| {
            let digits = |x: f64| format!("{:.6}", x + 0.0);
            let sum = digits(Money(mark.sum()).units());
            let shown = (
                digits((number.weight * 1e6).round() / 1e6),
                mark.first,
                mark.last,
                mark.count,
                sum,
            );
            (number.key, shown)
        };
        pairs.pairs().map(of).collect()
    }

    type Step = (u32, i32, u32, bool);

    fn learn(pairs: &mut Pairs, steps: &[Step], bound: usize) -> usize {
        let add = |&(item, quarters, at, is_refund): &Step| {
            let (change, at) = (
                f64::from(quarters) / 4.0,
                Time::default().plus(i64::from(at) * SECOND),
            );
            let mark = if is_refund {
                Mark::changed(-quarters, -i64::from(quarters) * 250_000)
            } else {
                Mark::bought(at, quarters, i64::from(quarters) * 250_000)
            };
            pairs.add(item, if is_refund { -change } else { change }, mark, bound)
        };
        steps.iter().map(add).sum()
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn pairs_hold_the_same_in_any_order(
            mut steps in prop::collection::vec((0u32..9, 0i32..9, 0u32..1_000, any::<bool>()), 0..60), part in 0usize..60,
        ) {
            let mut pairs = Pairs::default();
            prop_assert_eq!(learn(&mut pairs, &steps, 9), 0);
            let (one, other) = steps.split_at(part.min(steps.len()));
            let [mut first, mut second] = [Pairs::default(), Pairs::default()];
            learn(&mut first, one, 9);
            learn(&mut second, other, 9);
            first.absorb(&second, 9);
            prop_assert_eq!(held(&first), held(&pairs), "of two users who are one");
            steps.reverse();
            let mut reversed = Pairs::default();
            learn(&mut reversed, &steps, 9);
            prop_assert_eq!(held(&reversed), held(&pairs));
            let stored = postcard::to_allocvec(&pairs).unwrap();
            let restored: Pairs = postcard::from_bytes(&stored).unwrap();
            prop_assert_eq!(held(&restored), held(&pairs));
            pairs.forget(3);
            let mut kept = held(&restored);
            kept.remove(&3);
            prop_assert_eq!(held(&pairs), kept);
        }

        #[test]
        fn marks_stay_with_their_numbers_at_a_bound(
            steps in prop::collection::vec((0u32..40, 1i32..9, 0u32..1_000, any::<bool>()), 0..200), bounds in [1usize..12, 1usize..12],
        ) {
            let (mut pairs, mut evicted) = (Pairs::default(), 0);
            for (number, step) in steps.iter().enumerate() {
                let bound = bounds[usize::from(number > steps.len() / 2)];
                evicted += learn(&mut pairs, std::slice::from_ref(step), bound);
                prop_assert_eq!(pairs.numbers.len(), pairs.marks.len());
                let quarters = |pair: Pair| (pair.number.weight * 4.0 - f64::from(pair.mark.count)).abs();
                prop_assert!(pairs.pairs().all(|pair| quarters(pair) < 1e-9));
            }
            let items: std::collections::BTreeSet<u32> = steps.iter().map(|step| step.0).collect();
            prop_assert!(items.len() <= pairs.len() + evicted);
        }
    }

    #[test]
    fn an_item_takes_32_bytes() {
        assert_eq!(size_of::<Mark>(), 20);
        let mut pairs = Pairs::default();
        let steps: Vec<Step> = (0..400).map(|item| (item, 4, 1, false)).collect();
        learn(&mut pairs, &steps, 400);
        assert!(pairs.bytes() <= 400 * 32, "{}", pairs.bytes());
    }
}
