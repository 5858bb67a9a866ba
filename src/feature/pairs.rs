//! What one user bought, by item: a bounded history of decayed numbers of purchases, each with the days and the money behind it.
//!
//! A number and its mark have the same place in two lists, so that what compares numbers reads nothing else. A number takes 10 bytes, a
//! mark 8, or 24 if the item was bought more than once.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::decayed::Sums;
use super::history::{Entry, History};
use super::lanes::SixBytes;
use super::marks::{Mark, Marks};

/// The numbers and marks of one user, by item.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<Pair>")]
pub(super) struct Pairs {
    numbers: History<SixBytes>,
    marks: Marks,
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
    pub(super) fn numbers(&self) -> &History<SixBytes> {
        &self.numbers
    }

    /// Returns the marks, in the order of the numbers.
    pub(super) fn marks(&self) -> &Marks {
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
            self.marks.join(place, mark);
            return 0;
        }
        let len = self.len();
        if len < bound {
            self.numbers.push(number, bound);
            self.marks.push(mark, bound);
            return 0;
        }
        if len > bound {
            self.keep_strongest(bound);
        }
        if let Some(place) = self.numbers.displace(number) {
            self.marks.set(place, mark);
        }
        len - bound + 1
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
        self.numbers.bytes() + self.marks.bytes()
    }

    fn keep_strongest(&mut self, bound: usize) {
        let mut pairs: Vec<Pair> = self.pairs().collect();
        let size = |pair: &Pair| pair.number.weight.abs();
        pairs.sort_by(|a, b| size(b).total_cmp(&size(a)));
        pairs.truncate(bound);
        *self = pairs.into();
    }

    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let pairs = self.numbers.entries().zip(self.marks.iter());
        pairs.map(|(number, mark)| Pair { number, mark })
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
            marks: std::iter::repeat_n(Mark::NONE, numbers.len()).collect(),
            numbers: numbers.entries().collect::<Vec<_>>().into(),
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
    use crate::clock::{SECOND, Time};
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
    fn an_item_that_was_bought_once_takes_18_bytes() {
        let mut pairs = Pairs::default();
        let steps: Vec<Step> = (0..400).map(|item| (item, 1, 1, false)).collect();
        learn(&mut pairs, &steps, 400);
        assert!(pairs.bytes() <= 400 * 18, "{}", pairs.bytes());
        learn(&mut pairs, &steps, 400);
        assert!(pairs.bytes() <= 400 * 34, "{}", pairs.bytes());
    }
}
